//! What answers of all providers are put together from: texts, arguments, reasons, sums, ids.

use super::value::Read;
use crate::process::unique::Uuid;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Adds to a text that may not have begun: no part at all stays null, an empty part is `""`.
pub(super) fn append(text: &mut Option<String>, part: &str) {
    text.get_or_insert_default().push_str(part);
}

/// A call's arguments as JSON text: a text is one already, an absent value is no arguments.
pub(super) fn arguments(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A provider's finish reason in OpenAI's words; one that `known` does not list stays as it is.
pub(super) fn finish_reason(given: &str, known: &[(&str, &str)]) -> String {
    let found = known.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(given));
    found.map_or(given, |(_, ours)| ours).to_owned()
}

/// The finish reason in a member.
pub(super) fn finished(holder: &Value, name: &str, known: &[(&str, &str)]) -> Option<String> {
    holder.filled(name).map(|reason| finish_reason(&reason, known))
}

/// The sum of what was given, at most what a count can hold.
pub(super) fn sum(counts: &[Option<u64>]) -> u64 {
    counts.iter().flatten().fold(0, |total, &count| total.saturating_add(count))
}

/// Adds a chunk's log probabilities to those before it: arrays of the same name are joined.
pub(super) fn append_logprobs(joined: &mut Option<Value>, chunk: &Value) {
    let Some(Value::Object(before)) = joined else {
        *joined = Some(chunk.clone());
        return;
    };
    for (name, after) in chunk.as_object().into_iter().flatten() {
        match (before.get_mut(name), after) {
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more.iter().cloned()),
            (Some(_), Value::Null) => {}
            _ => {
                before.insert(name.clone(), after.clone());
            }
        }
    }
}

/// An id for what has none.
pub(super) fn new_id() -> String {
    Uuid::new().as_str().to_owned()
}

/// The time, for an answer without one: Unix seconds.
pub(super) fn now() -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().into()
}
