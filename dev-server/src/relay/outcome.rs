//! What an attempt to forward came to: the rows of the library's delivery table (`src/delivery/answer.rs`), and what
//! the OpenTelemetry protocol adds to them.

use std::time::{Duration, SystemTime};

use crate::delivery::answer::{Row, Said};
use crate::delivery::retry_after;
use crate::model::plain::shorten;
use crate::otlp::answer::partial_success;
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
            Row::Success => match (taken(kind, &answer.body, &said), said) {
                (Some((rejected, why)), _) => Outcome::Delivered { rejected, why },
                (None, Said::Error(_) | Said::Denied) => Outcome::Retry { after: None, why },
                (None, _) => Outcome::Hold { why: format!("not the service's answer: {why}") },
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

/// How many items a success took for rejected, and why; `None` if it is no success.
fn taken(kind: Kind, body: &[u8], said: &Said) -> Option<(u64, String)> {
    match kind.is_otlp() {
        true => partial_success(body, false),
        false => (*said == Said::Fine || body.trim_ascii().is_empty()).then_some((0, String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Outcome {
        let answer = Answer { status, retry_after: Some("7".into()), body: body.as_bytes().to_vec() };
        Outcome::of(Kind::Lines, &answer)
    }

    #[test]
    fn only_what_an_endpoint_of_opentelemetry_answers_is_its_success() {
        let of = |body: &[u8]| {
            Outcome::of(Kind::Spans, &Answer { status: 200, retry_after: None, body: body.to_vec() })
        };
        for body in [&b""[..], b"{}", &[0x0a, 0], &[0x10, 1]] {
            assert_eq!(of(body), Outcome::Delivered { rejected: 0, why: String::new() }, "{body:?}");
        }
        assert_eq!(of(&[0x0a, 2, 0x08, 3]), Outcome::Delivered { rejected: 3, why: String::new() });
        for page in ["<html>log in</html>", "error", "moved"] {
            assert!(matches!(of(page.as_bytes()), Outcome::Hold { .. }), "{page}");
        }
        assert!(matches!(of(br#"{"error":"no"}"#), Outcome::Retry { .. }));
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
