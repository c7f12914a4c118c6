//! What an endpoint says with a success: how many spans or records it refused, and why. Pure, and included by maxim-dev,
//! whose relay judges as the library does.

use serde_json::Value as Json;

use super::proto::{Field, fields};
use crate::delivery::Said;

/// How many were refused, and why, of an answer with the status of a success; `None` if it is none: a page to log in at, say.
/// `is_json` if it must be JSON.
pub fn partial_success(body: &[u8], is_json: bool) -> Option<(u64, String)> {
    if body.trim_ascii().is_empty() {
        return Some((0, String::new()));
    }
    // Some answer in JSON whatever they were sent.
    if is_json || body.trim_ascii().starts_with(b"{") {
        // What else says that it is no success is judged as everywhere.
        if Said::by(body) != Said::Fine {
            return None;
        }
        let answer: Json = serde_json::from_slice(body).ok()?;
        // JSON of protobuf has both spellings of a name.
        let of = |names: &[&str], json: &Json| names.iter().find_map(|name| json.get(*name)).cloned();
        let Some(partial) = of(&["partialSuccess", "partial_success"], &answer) else {
            return Some((0, String::new()));
        };
        let counts = ["rejectedSpans", "rejectedLogRecords", "rejected_spans", "rejected_log_records"];
        let rejected = of(&counts, &partial)
            .and_then(|given| given.as_u64().or_else(|| given.as_str()?.parse().ok()))
            .unwrap_or(0);
        let why = of(&["errorMessage", "error_message"], &partial);
        return Some((rejected, why.as_ref().and_then(Json::as_str).unwrap_or_default().to_owned()));
    }
    // Many a text reads as a message of fields that nobody knows ("error" is one); no message of these is printable.
    if body.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..)) {
        return None;
    }
    let mut found = (0, String::new());
    for field in fields(body) {
        // Fields of a later version say nothing, in this message and in the one within.
        let (1, Field::Bytes(partial)) = field? else { continue };
        for field in fields(partial) {
            match field? {
                // A number below 0 is none.
                (1, Field::Number(rejected)) => found.0 = u64::try_from(rejected as i64).unwrap_or(0),
                (2, Field::Bytes(why)) => found.1 = String::from_utf8_lossy(why).into_owned(),
                _ => {}
            }
        }
    }
    Some(found)
}
