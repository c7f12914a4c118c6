//! Responses as a proxy or a client has them on the wire: server-sent events, lines of JSON, values one after the
//! other, a body that was cut short, events in an envelope, and lists of chunks in a list.

use std::borrow::Cow;

use super::value::Read;
use super::{answer, error, relaxed};
use crate::maxim::tree;
use base64::Engine;
use serde_json::Value;

/// Envelopes within envelopes that are taken off.
const MOST_NESTED: u32 = 4;
/// How often a byte of a stream may be looked at in search of a whole event.
const MOST_LOOKS: usize = 16;

/// A text that is no JSON, read as what it plainly is: JSON behind a byte order mark, the array of its events, lines
/// or values, or a body that was cut short, closed where it breaks off.
pub(super) fn read(text: &str) -> Option<Value> {
    let unmarked = text.trim_start_matches('\u{feff}');
    if unmarked.len() < text.len() {
        if let Some(value) = parse(unmarked) {
            return Some(value);
        }
    }
    let text = &with_line_feeds(unmarked);
    with_its_names(|| {
        events(text)
            .or_else(|| lines(text))
            .or_else(|| sequence(text))
            .or_else(|| relaxed::read(text))
            .or_else(|| cut_short(text))
    })
    .or_else(|| within(text))
}

/// An answer behind something else: the head of an HTTP response, the fence of a block of code, a prefix against
/// scripts; or events behind such.
fn within(text: &str) -> Option<Value> {
    let of_events = || {
        let first = ["data: {", "data:{", "data: ["]
            .iter()
            .filter_map(|field| text.find(&format!("\n{field}")))
            .min()?;
        events(text.get(first + 1..)?)
    };
    let of_value = || {
        let (before, rest) = text.split_at_checked(text.find(['{', '['])?)?;
        let (value, after) = rest.split_at_checked(end_of_value(rest)?)?;
        let value = parse(value).filter(|_| is_around(before, after))?;
        answer::is_answer(&value).then_some(value)
    };
    of_events().or_else(|| of_log(text)).or_else(of_value)
}

/// Whether what stands before and behind an answer is no text of its own: the head of a response, a name and such
/// in one line, the fence of a block of code, the end of a call.
fn is_around(before: &str, after: &str) -> bool {
    let head = before.trim();
    let is_of_curl = |line: &str| line.trim().is_empty() || line.starts_with(['<', '>', '*']);
    let is_head = head.starts_with("HTTP/")
        || (head.len() <= LONGEST_PREFIX && head.lines().count() <= 1)
        || head.lines().all(is_of_curl);
    is_head && after.trim().chars().all(|character| "`)];'\"\0 0\r\n".contains(character))
}

/// Longer, what stands before a value in its line is no time and name.
const LONGEST_PREFIX: usize = 100;

/// The chunks of a stream that the lines of a log end in, each behind a time and such. Where one line has anything
/// else, it is somebody's text.
fn of_log(text: &str) -> Option<Value> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let mut chunks = Vec::new();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none();
        if line.ends_with("[DONE]") && line.len() <= LONGEST_PREFIX {
            continue;
        }
        let (_, value) = line.split_at_checked(line.find('{').filter(|at| *at <= LONGEST_PREFIX)?)?;
        chunks.push(parse(value).or_else(|| is_last.then(|| cut_short(value)).flatten())?);
    }
    let is_stream = chunks.len() > 1 && chunks.iter().all(is_chunk);
    is_stream.then_some(Value::Array(chunks))
}

/// Whether it is plainly a chunk or an event of a provider's stream, or the error that ends one.
fn is_chunk(chunk: &Value) -> bool {
    const TYPES: [&str; 8] = [
        "response.",
        "message_",
        "content_block_",
        "message-",
        "content-",
        "tool-call-",
        "text-",
        "tool-plan-",
    ];
    let is_of_choices = chunk.list("choices").iter().any(|choice| choice.get("delta").is_some())
        || chunk.text("object") == Some("chat.completion.chunk");
    let is_event = chunk
        .text("type")
        .is_some_and(|kind| TYPES.iter().any(|begin| kind.starts_with(begin)) || kind == "ping");
    let is_of_candidates =
        chunk.list("candidates").iter().any(|candidate| candidate.given("content").is_some());
    is_of_choices || is_event || is_of_candidates || error::is_all(chunk)
}

/// A text whose lines end in a line feed: server-sent events may end theirs in a carriage return too.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// Whether a text begins as a stream of server-sent events does.
fn is_stream(text: &str) -> bool {
    let fields = ["data:", "event:", "id:", "retry:", ":"];
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    first.is_some_and(|line| fields.iter().any(|field| line.starts_with(field)))
}

/// The data of server-sent events: of each event one value.
fn events(text: &str) -> Option<Value> {
    if !is_stream(text) {
        return None;
    }
    let mut events = Vec::new();
    let mut data = String::new();
    // Events that are never whole must not cost more than a few looks at the text.
    let mut effort = text.len() * MOST_LOOKS;
    for line in text.lines().map(str::trim_end).chain(Some("")) {
        if let Some(more) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(more.strip_prefix(' ').unwrap_or(more));
        }
        // Some separate their events by one line break only.
        let mut is_whole = || {
            effort = effort.saturating_sub(data.len());
            effort > 0 && parse(&data).is_some()
        };
        if !data.is_empty() && (line.is_empty() || is_whole()) {
            let event = std::mem::take(&mut data);
            if event.trim() != "[DONE]" {
                events.push(parse(&event).or_else(|| cut_short(&event)).unwrap_or(Value::String(event)));
            }
        }
    }
    events.retain(|event| !event.is_null());
    (!events.is_empty()).then_some(Value::Array(events))
}

/// Lines of JSON, as Ollama and TGI stream them: at least two.
fn lines(text: &str) -> Option<Value> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let mut values = Vec::new();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none();
        let value = parse(line).or_else(|| is_last.then(|| cut_short(line)).flatten())?;
        values.push(value);
    }
    (values.len() > 1 && values.iter().all(Value::is_object)).then_some(Value::Array(values))
}

/// Values one after the other, with or without commas, white space or record separators (RFC 7464) between them: at
/// least two, each an object or an array. What follows the last whole one is kept as far as it goes; behind a single one
/// that is an answer, such as a proxy's page, it is not.
fn sequence(text: &str) -> Option<Value> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',' || c == '\u{1e}');
        if rest.is_empty() {
            break;
        }
        let Some(end) = end_of_value(rest) else {
            // The first must be whole.
            values.extend(cut_short(rest).filter(|_| !values.is_empty()));
            break;
        };
        let Some(value) = rest.get(..end).and_then(parse) else {
            values.truncate(usize::from(values.len() == 1));
            break;
        };
        values.push(value);
        rest = rest.get(end..)?;
    }
    match &values[..] {
        [one] => answer::is_answer(one).then(|| one.clone()),
        _ => (!values.is_empty()).then_some(Value::Array(values)),
    }
}

/// Where the object or array that a text begins with ends.
fn end_of_value(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

fn parse(text: &str) -> Option<Value> {
    let exact = tree::read(text.as_bytes());
    exact.or_else(|| tree::read(without_lone_surrogates(text).as_bytes())).or_else(|| relaxed::read(text))
}

/// A text that is a whole JSON value, or a stream as a proxy has it.
pub(super) fn read_whole(text: &str) -> Option<Value> {
    parse(text).or_else(|| read(text)).map(unwrap).filter(|value| value.is_object() || value.is_array())
}

/// A body that breaks off, with what is open closed and what is half left out; `None` if it is wrong
/// otherwise.
pub(super) fn cut_short(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (closers, safe) = open_at_end(text)?;
    let close = |upto: &str, closers: &[u8]| {
        let mut whole = upto.to_owned();
        whole.extend(closers.iter().rev().map(|&byte| char::from(byte)));
        parse(&whole)
    };
    let in_text = closers.last() == Some(&b'"');
    if in_text {
        // A text keeps what came of it, unless it breaks off in an escape or is a member's name.
        for shorter in 0..=12 {
            let Some(upto) = text.len().checked_sub(shorter).and_then(|end| text.get(..end)) else {
                continue;
            };
            if let Some(value) = close(upto, &closers) {
                return Some(value);
            }
        }
    }
    close(text, &closers).or_else(|| {
        let (end, closers) = safe?;
        close(text.get(..end)?, &closers)
    })
}

/// What is open at the end of a text, and the last place after a whole value, with what was open there.
type Open = (Vec<u8>, Option<(usize, Vec<u8>)>);

/// What closes a text.
const QUOTE: u8 = b'"';

fn open_at_end(text: &str) -> Option<Open> {
    let mut open: Vec<u8> = Vec::new();
    let mut safe = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if open.last() == Some(&b'"') {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => drop(open.pop()),
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => open.push(b'"'),
            b'{' | b'[' => {
                open.push(byte + 2);
                safe = Some(at + 1);
            }
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    return None;
                }
                safe = Some(at + 1);
            }
            b',' => safe = Some(at),
            _ => {}
        }
    }
    // Since that place at most a text has been opened.
    let around = open.strip_suffix(&[QUOTE]).unwrap_or(&open);
    let safe = safe.map(|at| (at, around.to_vec()));
    (!open.is_empty()).then_some((open, safe))
}

/// `\ud83d` without its other half, which is no character, as the character that says so. A cut through a text
/// between the two is where it comes from.
pub(super) fn without_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let taken = match unit(escape) {
            Some(0xd800..=0xdbff) if matches!(escape.get(6..).and_then(unit), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            Some(_) => 6,
            None => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        out.push_str(escape.get(..taken).unwrap_or(escape));
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Takes the envelopes off: a text that is itself JSON or a stream, events with their `data`, and the chunks of
/// InvokeModelWithResponseStream with their bytes.
pub(super) fn unwrap(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let whole = || read(&text).filter(|_| text.trim_start().len() > 1);
            let inner = with_its_names(|| parse_nested(&text)).or_else(whole);
            inner.map_or(Value::String(text), |inner| unwrap_events(inner, MOST_NESTED))
        }
        other => unwrap_events(other, MOST_NESTED),
    }
}

/// What a text is read as. One that has calls in it is a client's print of an answer, or a model's own text, which the
/// names of the functions belong to: `get_weather(city='Paris')`.
fn with_its_names(reading: impl FnOnce() -> Option<Value>) -> Option<Value> {
    let (read, loses_names) = relaxed::watched(reading);
    let is_answer = |value: &Value| {
        let value = unwrap_events(value.clone(), MOST_NESTED);
        answer::has_answer(&value)
            || value.as_array().is_some_and(|items| items.iter().any(answer::has_answer))
    };
    read.filter(|value| !loses_names || is_answer(value))
}

/// A text in a text, a few times over.
fn parse_nested(text: &str) -> Option<Value> {
    let mut inner = parse(text)?;
    for _ in 0..MOST_NESTED {
        match inner {
            Value::String(text) => inner = parse(&text)?,
            inner => return Some(inner).filter(|inner| inner.is_object() || inner.is_array()),
        }
    }
    None
}

fn unwrap_events(value: Value, nested: u32) -> Value {
    let Some(nested) = nested.checked_sub(1) else { return value };
    let Value::Array(events) = value else { return value };
    if !events.is_empty() && events.iter().all(Value::is_string) {
        // A stream as the texts that came one after the other, or as its lines without their ends.
        let texts: Vec<&str> = events.iter().filter_map(Value::as_str).collect();
        let text =
            if texts.iter().all(|text| is_whole_lines(text)) { texts.join("\n") } else { texts.concat() };
        let read = with_its_names(|| parse(&text).filter(|whole| !whole.is_string()).or_else(|| read(&text)));
        return read.map_or(Value::Array(events), |read| unwrap_events(read, nested));
    }
    if is_list_of_lists(&events) {
        let flat = events.into_iter().flat_map(|event| match event {
            Value::Array(chunks) => chunks,
            chunk => vec![chunk],
        });
        return unwrap_events(Value::Array(flat.collect()), nested);
    }
    let wrapped = events.iter().filter(|event| envelope(event).is_some()).count();
    let all = wrapped > 0
        && events.iter().all(|event| envelope(event).is_some() || is_done(event) || is_told_bare(event));
    if !all {
        return Value::Array(events);
    }
    let inner = |event: &Value| envelope(event).or_else(|| is_told_bare(event).then(|| event.clone()));
    Value::Array(events.iter().filter_map(inner).collect())
}

/// Whether each line of a text says something whole: a field of server-sent events, or JSON.
fn is_whole_lines(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| {
        let data = line.strip_prefix("data:").map(str::trim);
        let is_field = || ["event:", "id:", "retry:", ":"].iter().any(|field| line.starts_with(field));
        match data {
            Some(data) => data.is_empty() || data == "[DONE]" || parse(data).is_some(),
            None => line.is_empty() || is_field() || parse(line).is_some(),
        }
    })
}

/// Chunks of a stream, some or all of them in lists, as a client that reads several at a time has them.
fn is_list_of_lists(events: &[Value]) -> bool {
    events.iter().any(Value::is_array)
        && events.iter().all(|event| match event {
            Value::Array(chunks) => chunks.iter().all(Value::is_object),
            chunk => chunk.is_object(),
        })
        && events.iter().any(|event| event.as_array().is_none_or(|chunks| !chunks.is_empty()))
}

/// What stands between events in envelopes without one: how the stream fares.
fn is_told_bare(event: &Value) -> bool {
    error::is_all(event) || error::is_no_error(event)
}

fn is_done(event: &Value) -> bool {
    event.get("data").is_some_and(|data| data == "[DONE]") || event.is_string()
}

/// What is in an event's envelope, if that is one.
fn envelope(event: &Value) -> Option<Value> {
    let members = event.as_object()?;
    if let Some(bytes) = event.given("chunk").and_then(|chunk| chunk.text("bytes")) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).ok()?;
        return tree::read(&bytes).filter(Value::is_object);
    }
    let of_an_event = ["event", "data", "id", "retry"];
    if !members.keys().all(|name| of_an_event.contains(&name.as_str())) {
        return None;
    }
    match event.given("data")? {
        Value::String(text) => parse(text).filter(Value::is_object),
        data if data.is_object() && members.len() > 1 => Some(data.clone()),
        _ => None,
    }
}
