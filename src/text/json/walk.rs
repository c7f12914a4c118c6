//! Walking compacted JSON: slices of the text instead of a tree.

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `-1.5e3`
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// What kind of value `value` is; its first byte tells.
#[inline]
pub fn kind(value: &[u8]) -> Kind {
    match value.first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't') => Kind::True,
        Some(b'f') => Kind::False,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Null,
    }
}

/// The text between the quotes, escapes as they are, if `value` is a string.
#[inline]
pub fn as_str_raw(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// Whether `value` is a number without a fraction and an exponent, of any length.
#[inline]
pub fn is_integer(value: &[u8]) -> bool {
    kind(value) == Kind::Number && value[1..].iter().all(u8::is_ascii_digit)
}

/// The members of an object: raw names without their quotes, and values. None if it is no object.
#[inline]
pub fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = first_item(object, b'{');
    std::iter::from_fn(move || {
        let key = at?;
        let key_end = string_end(object, key);
        let value = key_end + 1;
        if object.get(key_end) != Some(&b':') || value >= object.len() {
            return None;
        }
        let end = value_end(object, value);
        at = next_item(object, end);
        Some((&object[key + 1..key_end - 1], &object[value..end]))
    })
}

/// The elements of an array. None if it is no array.
#[inline]
pub fn elements(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = first_item(array, b'[');
    std::iter::from_fn(move || {
        let start = at?;
        let end = value_end(array, start);
        at = next_item(array, end);
        Some(&array[start..end])
    })
}

/// Where the first item is of a container that begins with `open`.
#[inline]
fn first_item(container: &[u8], open: u8) -> Option<usize> {
    match container {
        [first, next, _, ..] if *first == open && !matches!(next, b'}' | b']') => Some(1),
        _ => None,
    }
}

/// Where the next item is, after one that ended at `end`.
#[inline]
fn next_item(container: &[u8], end: usize) -> Option<usize> {
    (container.get(end) == Some(&b',') && end + 1 < container.len()).then_some(end + 1)
}

/// Where the value that begins at `start` ends; always behind `start`, never behind the text.
pub fn value_end(json: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut depth = 0_usize;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 1 { at + 1 } else { at.max(start + 1) },
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at.max(start + 1),
            _ => {}
        }
        at += 1;
    }
    json.len()
}

/// Where the string that begins at `start` ends, its closing quote included.
pub fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
            return json.len();
        };
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
}
