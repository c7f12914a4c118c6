//! The delivery table's rows, and what a service says in a body. Pure, and included by maxim-dev, whose relay follows
//! the same table (`dev-server/src/delivery`).

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The row of the delivery table that a status falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A success, if its body says so ([`Said`]).
    Success,
    /// Never followed.
    Redirect,
    /// The key is refused, or a proxy's user.
    Unauthorized,
    /// At least one record is refused for what it is.
    BadRequest,
    /// More than is taken in one request.
    TooLarge,
    /// Later, when the answer says so.
    RetryAfter,
    /// Later.
    Retry,
    /// Nothing at this address takes records at present.
    Hold,
}

impl Row {
    /// By an HTTP status.
    pub fn of(status: u16) -> Row {
        match status {
            200..=299 => Row::Success,
            300..=399 => Row::Redirect,
            400 | 422 => Row::BadRequest,
            401 | 403 | 407 => Row::Unauthorized,
            413 => Row::TooLarge,
            429 | 503 => Row::RetryAfter,
            408 | 425 => Row::Retry,
            // The rest of the 4xx range (402, 404, 410, 451 …) says as little about the records and as much about
            // the address or the account.
            402..=499 | 501 => Row::Hold,
            _ => Row::Retry,
        }
    }
}

/// A body as the service's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// An object without a complaint.
    Fine,
    /// What its `error` says.
    Error(String),
    /// What its `errors` say.
    Errors(String),
    /// That it is no success, by its `success`, `ok`, `status` or `statusCode`.
    Denied,
    /// No JSON object.
    Foreign,
}

impl Said {
    /// By a body. Of a member that stands there twice, whichever says something counts.
    pub fn by(body: &[u8]) -> Said {
        let mut json = serde_json::Deserializer::from_slice(body);
        match json.deserialize_map(Complaints).and_then(|found| json.end().map(|()| found)) {
            Err(_) => Said::Foreign,
            Ok(Complaint { error: Some(said), .. }) => Said::Error(said),
            Ok(Complaint { errors: Some(said), .. }) => Said::Errors(said),
            Ok(Complaint { denied: true, .. }) => Said::Denied,
            Ok(_) => Said::Fine,
        }
    }
}

#[derive(Default)]
struct Complaint {
    error: Option<String>,
    errors: Option<String>,
    denied: bool,
}

struct Complaints;

impl<'de> Visitor<'de> for Complaints {
    type Value = Complaint;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Complaint, A::Error> {
        let mut found = Complaint::default();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "error" => found.error = words(&members.next_value()?).or(found.error),
                "errors" => match members.next_value()? {
                    Value::Array(list) if list.is_empty() => {}
                    Value::Object(list) if list.is_empty() => {}
                    errors => found.errors = words(&errors).or(found.errors),
                },
                "success" | "ok" | "status" | "statusCode" => found.denied |= denies(&members.next_value()?),
                "data" => {
                    let data: Value = members.next_value()?;
                    found.denied |= data.get("success").is_some_and(denies);
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Whether `success` or a status says that something went wrong: `false`, a word for it, or a number that HTTP has for it.
fn denies(value: &Value) -> bool {
    match value {
        Value::Bool(is_success) => !is_success,
        Value::String(word) => matches!(word.as_str(), "error" | "fail" | "failed" | "failure"),
        Value::Number(number) => number.as_u64().is_some_and(|status| (400..600).contains(&status)),
        _ => false,
    }
}

/// The words of a complaint, if it says something: `null`, `false`, `0` and an empty text do not.
fn words(complaint: &Value) -> Option<String> {
    match complaint {
        Value::Null | Value::Bool(false) => None,
        Value::String(message) => (!message.is_empty()).then(|| message.clone()),
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        other => match other.get("message").and_then(Value::as_str) {
            Some(message) if !message.is_empty() => Some(message.to_owned()),
            _ => Some(other.to_string()),
        },
    }
}
