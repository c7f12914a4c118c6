//! What an attempt to forward came to: the library's delivery table (`src/delivery/outcome.rs`), and that of the
//! OpenTelemetry protocol, over one small answer.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::{logs::v1 as logs, trace::v1 as trace};
use prost::Message as _;
use serde_json::Value;

use crate::delivery::retry_after;
use crate::draw::tree::shorten;
use crate::relay::store::Kind;

#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service has the records; of spans and log records, it rejected so many for good.
    Delivered { rejected: u64, why: String },
    /// Not now.
    Retry { after: Option<Duration>, why: String },
    /// The key is refused: keep, and probe now and then.
    Unauthorized { why: String },
    /// Nothing at this address takes records at present.
    Hold { why: String },
    /// More than the service takes in one request.
    TooLarge { why: String },
    /// At least one of the records is refused for what it is.
    Refused { why: String },
}

/// An answer, as far as it is read.
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Outcome {
    pub fn of(kind: Kind, answer: &Answer) -> Outcome {
        let status = answer.status;
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let complaint = json.as_ref().and_then(|json| says(&json["error"]).or_else(|| says(&json["errors"])));
        let words = complaint.clone().unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned());
        let why = format!("HTTP {status}: {}", shorten(words.trim()));
        let after =
            || answer.retry_after.as_deref().and_then(|text| retry_after::parse(text, SystemTime::now()));
        match status {
            200..=299 if kind.is_otlp() => {
                let (rejected, why) = rejected(kind, &answer.body);
                Outcome::Delivered { rejected, why }
            }
            200..=299 if complaint.is_some() => Outcome::Retry { after: None, why },
            200..=299
                if json.as_ref().is_some_and(Value::is_object) || answer.body.trim_ascii().is_empty() =>
            {
                Outcome::Delivered { rejected: 0, why: String::new() }
            }
            200..=399 => Outcome::Hold { why: format!("not the service's answer: {why}") },
            // OpenTelemetry names the statuses that are for another time; all others are of the data.
            400 | 422 => Outcome::Refused { why },
            401 | 403 | 407 => Outcome::Unauthorized { why },
            413 => Outcome::TooLarge { why },
            429 | 503 => Outcome::Retry { after: after(), why },
            408 | 425 | 500 | 502 | 504.. => {
                Outcome::Retry { after: after().filter(|_| kind.is_otlp()), why }
            }
            _ => Outcome::Hold { why },
        }
    }
}

/// What a complaint says; `null`, `false`, `0`, an empty text, list or object say nothing.
fn says(complaint: &Value) -> Option<String> {
    match complaint {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(list) if list.is_empty() => None,
        other => Some(other["message"].as_str().map_or_else(|| other.to_string(), str::to_owned)),
    }
}

/// How many items a success took for rejected, and why.
fn rejected(kind: Kind, body: &[u8]) -> (u64, String) {
    let (count, why) = match kind {
        Kind::Spans => trace::ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
            .map_or((0, String::new()), |partial| (partial.rejected_spans, partial.error_message)),
        _ => logs::ExportLogsServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
            .map_or((0, String::new()), |partial| (partial.rejected_log_records, partial.error_message)),
    };
    (u64::try_from(count).unwrap_or(0), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Outcome {
        let answer = Answer { status, retry_after: Some("7".into()), body: body.as_bytes().to_vec() };
        Outcome::of(Kind::Lines, &answer)
    }

    #[test]
    fn only_what_says_so_is_a_success() {
        let delivered = Outcome::Delivered { rejected: 0, why: String::new() };
        for body in ["", " \n", "{}", r#"{"data":{"success":true}}"#, r#"{"error":null,"errors":[]}"#] {
            assert_eq!(of(200, body), delivered, "{body}");
        }
        assert!(matches!(of(200, r#"{"error":{"message":"no"}}"#), Outcome::Retry { .. }));
        assert!(matches!(of(200, "<html>"), Outcome::Hold { .. }));
        assert!(matches!(of(302, ""), Outcome::Hold { .. }));
        assert!(matches!(of(404, ""), Outcome::Hold { .. }));
        assert!(matches!(of(400, ""), Outcome::Refused { .. }));
        assert!(matches!(of(401, ""), Outcome::Unauthorized { .. }));
        assert!(matches!(of(413, ""), Outcome::TooLarge { .. }));
        assert!(matches!(of(500, ""), Outcome::Retry { after: None, .. }));
        assert!(matches!(of(429, ""), Outcome::Retry { after: Some(seven), .. } if seven.as_secs() == 7));
    }
}
