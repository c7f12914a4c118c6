//! The wire line of the Maxim log API: `{entity}{id={id},action={action},data={json object}}`.

use memchr::memmem;
use serde::de::IgnoredAny;

/// How the key of an upload is recognised whose text is a log line of its own.
pub const LARGE_LOG_FOLDER: &str = "/large-logs/";

/// A line taken apart; `data` is the text of its JSON object.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub entity: &'a str,
    pub id: &'a str,
    pub action: &'a str,
    pub data: &'a [u8],
}

/// Takes a line apart; `None` when it does not have the form. The data is not looked at.
pub fn parse(line: &[u8]) -> Option<Line<'_>> {
    let open = memchr::memchr(b'{', line)?;
    let rest = line[open + 1..].strip_prefix(b"id=")?.strip_suffix(b"}")?;
    let action = memmem::find(rest, b",action=")?;
    let after = &rest[action + b",action=".len()..];
    let data = memmem::find(after, b",data=")?;
    let word = |bytes| std::str::from_utf8(bytes).ok().filter(|word| !word.is_empty());
    Some(Line {
        entity: word(&line[..open])?,
        id: word(&rest[..action])?,
        action: word(&after[..data])?,
        data: &after[data + b",data=".len()..],
    })
}

/// Whether a text is a JSON object.
pub fn is_object(data: &[u8]) -> bool {
    data.trim_ascii_start().first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(data).is_ok()
}

/// The lines of a body: what stands between line ends, without an empty piece after the last one.
pub fn split(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(body).filter(|body| !body.is_empty());
    rest = rest.map(|body| body.strip_suffix(b"\n").unwrap_or(body));
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr(b'\n', text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_apart_at_its_first_separators() {
        let line = br#"trace{id=t-1,action=update,data={"input":"a,data=b,action=c}"}}"#;
        let parsed = parse(line).expect("a line");
        assert_eq!((parsed.entity, parsed.id, parsed.action), ("trace", "t-1", "update"));
        assert_eq!(parsed.data, br#"{"input":"a,data=b,action=c}"}"#);
        assert!(is_object(parsed.data));
    }

    #[test]
    fn what_is_no_line_is_none() {
        for text in
            ["", "trace", "{id=a,action=b,data={}}", "trace{id=a,action=b,data={} ", "trace{id=a,data={}}"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert!(!is_object(b"[1]"));
        assert!(!is_object(b"{\"a\":1}x"));
    }

    #[test]
    fn the_number_of_lines_does_not_depend_on_a_final_line_end() {
        let count = |body: &str| split(body.as_bytes()).count();
        assert_eq!(
            [count(""), count("\n"), count("a"), count("a\n"), count("a\nb"), count("a\n\nb\n")],
            [0, 1, 1, 1, 2, 3]
        );
    }
}
