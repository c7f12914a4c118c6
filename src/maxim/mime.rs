//! Which MIME types can be sent: a type goes into a URL and a header, and comes from whoever wrote the message.

/// Longer than any that is registered (RFC 6838 has 127 characters for each half).
const MOST: usize = 255;

/// Whether `text` is `type/subtype`, with parameters or without (RFC 9110, 8.3.1).
pub(super) fn is_valid(text: &str) -> bool {
    let mut parts = text.split(';');
    let kind = parts.next().and_then(|kind| kind.trim_end_matches([' ', '\t']).split_once('/'));
    text.len() <= MOST
        && kind.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
        && parts.all(|parameter| {
            parameter
                .trim_matches([' ', '\t'])
                .split_once('=')
                .is_some_and(|(name, value)| is_token(name) && (is_token(value) || is_quoted(value)))
        })
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// A quoted value without a quote or a backslash in it, which no parameter of a MIME type needs.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'))
}

/// Types of what has no mark of its own in its content, by the end of a file's name: texts, nearly all.
const BY_EXTENSION: [(&str, &str); 28] = [
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("eml", "message/rfc822"),
    ("geojson", "application/geo+json"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("ipynb", "application/x-ipynb+json"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("log", "text/plain"),
    ("markdown", "text/markdown"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("ndjson", "application/x-ndjson"),
    ("py", "text/x-python"),
    ("rst", "text/x-rst"),
    ("sql", "application/sql"),
    ("srt", "application/x-subrip"),
    ("svg", "image/svg+xml"),
    ("tex", "text/x-tex"),
    ("toml", "application/toml"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("vtt", "text/vtt"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
];

/// The type that the name of a file says, for content that does not.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    let of = |extension: &str| {
        BY_EXTENSION.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)).map(|(_, mime)| *mime)
    };
    of(if extension.eq_ignore_ascii_case("yml") { "yaml" } else { extension })
}

#[cfg(test)]
mod tests {
    use super::{BY_EXTENSION, by_name, is_valid};

    #[test]
    fn a_name_says_a_type_in_any_case_and_no_other() {
        assert_eq!(by_name("a/b.c/report.CSV"), Some("text/csv"));
        assert_eq!(by_name("config.yml"), Some("application/yaml"));
        for name in ["csv", "a.b/csv", "a.", "", "a.bin"] {
            assert_eq!(by_name(name), None, "{name}");
        }
        assert!(BY_EXTENSION.iter().all(|(_, mime)| is_valid(mime)));
    }

    #[test]
    fn a_type_has_two_halves_and_its_parameters_no_surprises() {
        let long = format!("image/{}", "a".repeat(70_000));
        for good in
            ["image/png", "image/svg+xml", "text/plain; charset=utf-8", "a/b;c=\"d e\";f=g", "audio/x.y-z"]
        {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "image",
            "image/",
            "/png",
            "image/png\r\nX-Evil: 1",
            "image/png\n",
            " image/png",
            "im age/png",
            "image/png;",
            "image/png; charset",
            "image/png; a=\"b\"c\"",
            "image/pn\u{e9}",
            "a/b/c",
            "*\u{0}/x",
            &long,
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
