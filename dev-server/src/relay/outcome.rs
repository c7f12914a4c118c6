//! What an attempt to forward came to: the rows of the library's delivery table (`src/delivery/answer.rs`), and what
//! the OpenTelemetry protocol adds to them.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::{logs::v1 as logs, trace::v1 as trace};
use prost::Message as _;

use crate::delivery::answer::{Row, Said};
use crate::delivery::retry_after;
use crate::model::plain::shorten;
use crate::relay::body::Kind;

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
        let said = Said::by(&answer.body);
        let words = match &said {
            Said::Error(words) | Said::Errors(words) => words.clone(),
            Said::Fine | Said::Denied | Said::Foreign => String::from_utf8_lossy(&answer.body).into_owned(),
        };
        let why = format!("HTTP {status}: {}", shorten(words.trim()));
        let after =
            || answer.retry_after.as_deref().and_then(|text| retry_after::parse(text, SystemTime::now()));
        match Row::of(status) {
            Row::Success if kind.is_otlp() => {
                let (rejected, why) = rejected(kind, &answer.body);
                Outcome::Delivered { rejected, why }
            }
            Row::Success => match said {
                Said::Fine => Outcome::Delivered { rejected: 0, why: String::new() },
                _ if answer.body.trim_ascii().is_empty() => {
                    Outcome::Delivered { rejected: 0, why: String::new() }
                }
                Said::Error(_) | Said::Denied => Outcome::Retry { after: None, why },
                Said::Errors(_) | Said::Foreign => {
                    Outcome::Hold { why: format!("not the service's answer: {why}") }
                }
            },
            Row::Redirect => Outcome::Hold { why: format!("not the service's answer: {why}") },
            Row::BadRequest => Outcome::Refused { why },
            Row::Unauthorized => Outcome::Unauthorized { why },
            Row::TooLarge => Outcome::TooLarge { why },
            Row::RetryAfter => Outcome::Retry { after: after(), why },
            // OpenTelemetry lets any status that is for another time name the time.
            Row::Retry => Outcome::Retry { after: after().filter(|_| kind.is_otlp()), why },
            Row::Hold => Outcome::Hold { why },
        }
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
