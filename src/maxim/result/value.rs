//! Reading foreign JSON without ever refusing it.
//!
//! A member that is null counts as absent, everywhere. One of another type than the documentation
//! says is read as what it plainly means (a count in a text, an id that is a number), else as absent.

use serde_json::{Map, Value};

/// What every value can be asked.
pub(super) trait Read {
    /// The member, unless it is absent or null.
    fn given(&self, name: &str) -> Option<&Value>;

    /// The first of these members that is given: some clients write names in another case.
    fn either(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.given(name))
    }

    /// The member's text.
    fn text(&self, name: &str) -> Option<&str> {
        self.given(name)?.as_str()
    }

    /// The member's text, if it says something; a number is its digits.
    fn filled(&self, name: &str) -> Option<String> {
        self.given(name).and_then(filled)
    }

    /// The member's count.
    fn count(&self, name: &str) -> Option<u64> {
        self.given(name).and_then(count)
    }

    /// The member's items; one that is no array is the only item.
    fn list(&self, name: &str) -> &[Value] {
        match self.given(name) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// The member, if it is an object.
    fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.given(name)?.as_object()
    }
}

impl Read for Value {
    fn given(&self, name: &str) -> Option<&Value> {
        given_in(self.as_object()?, name)
    }
}

impl Read for Map<String, Value> {
    fn given(&self, name: &str) -> Option<&Value> {
        given_in(self, name)
    }
}

/// One copy for the hundreds of places that ask. In an object of few members comparing the names costs less than
/// hashing the one that is looked for.
#[inline(never)]
fn given_in<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    const FEW: usize = 16;
    let member = match members.len() {
        ..=FEW => members.iter().find_map(|(other, member)| (other == name).then_some(member)),
        _ => members.get(name),
    };
    member.filter(|member| !member.is_null())
}

/// A text that says something: some providers open a stream with empty ids and models.
pub(super) fn filled(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A count, however it is written: as an integer, a float (Cohere documents its own as such) or a text.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| from_float(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn from_float(float: f64) -> Option<u64> {
    /// Above 2⁵³ a float no longer says which integer it is.
    const EXACT_IN_F64: f64 = 9_007_199_254_740_992.0;
    (0.0..=EXACT_IN_F64).contains(&float).then_some(float.round() as u64)
}

/// Whether it is an integer of 64 bits, written as one: what the log API reads as a count or a time.
pub(super) fn is_integer(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.is_i64() || number.is_u64())
}

/// A time in Unix seconds, from a number of seconds or milliseconds, its text, or RFC 3339.
pub(super) fn seconds(value: &Value) -> Option<Value> {
    /// As seconds, beyond the year 5000.
    const MILLISECONDS: u64 = 100_000_000_000;
    if let Some(number) = count(value) {
        let seconds = if number >= MILLISECONDS { number / 1000 } else { number };
        return (seconds > 0).then(|| seconds.into());
    }
    let time = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.timestamp().into())
}

/// The members that are given and that `known` does not name: what is kept under the provider's own name.
pub(super) fn rest(object: &Value, known: &[&str]) -> Map<String, Value> {
    let members = object.as_object().into_iter().flatten();
    let unknown = members.filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
    unknown.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Adds members that are not there yet.
pub(super) fn add_new(members: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        members.entry(name).or_insert(value);
    }
}

/// Adds what a later chunk says to what the ones before said: lists are joined, objects member by member,
/// anything else is replaced. A chunk that repeats a list, or begins with it, stands for it.
pub(super) fn merge(before: &mut Value, after: &Value) {
    match (before, after) {
        (_, Value::Null) => {}
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                match members.get_mut(name) {
                    Some(member) => merge(member, value),
                    None => drop(members.insert(name.clone(), value.clone())),
                }
            }
        }
        (Value::Array(items), Value::Array(more)) => match more.starts_with(items) {
            true => items.clone_from(more),
            false => items.extend(more.iter().filter(|item| !item.is_null()).cloned()),
        },
        (before, after) => before.clone_from(after),
    }
}

/// As [`merge`], for a set of members.
pub(super) fn merge_members(members: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match members.get_mut(&name) {
            Some(member) => merge(member, &value),
            None => drop(members.insert(name, value)),
        }
    }
}

/// Adds an item to a list among members.
pub(super) fn push(members: &mut Map<String, Value>, name: &str, item: Value) {
    match members.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(items) => items.push(item),
        other => *other = Value::Array(vec![other.take(), item]),
    }
}

/// Adds to a text among members.
pub(super) fn append(members: &mut Map<String, Value>, name: &str, part: &str) {
    match members.get_mut(name) {
        Some(Value::String(text)) => text.push_str(part),
        _ => drop(members.insert(name.to_owned(), part.into())),
    }
}
