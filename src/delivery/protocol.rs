//! What a pipeline must know of an API, and the table that turns its answers into outcomes.
//!
//! The Maxim log API and the structured log API differ in framing, limits, endpoints and headers:
//! in one implementation of [`Protocol`] each, and nowhere else.

use std::time::{Duration, Instant};

use crate::delivery::http::{Fault, Http, Response, TransportError};
use crate::spool::{BatchLimits, Kind};

/// How many characters of a service's own words go into an error text.
const QUOTED_CHARACTERS: usize = 200;

/// One API: how records become requests.
///
/// Both `send_` functions run on the pipeline's thread and may block, but not past `deadline`.
pub trait Protocol: Send + Sync {
    /// How much goes into one batch.
    fn limits(&self) -> BatchLimits;

    /// What stands around and between the records of a batch.
    fn framing(&self) -> Framing;

    /// Whether a record of this kind and length is sent by itself, by [`Protocol::send_alone`].
    fn alone(&self, kind: Kind, len: usize) -> bool;

    /// Sends a framed batch of `records` records; normally one request.
    fn send_batch(&self, http: &mut Http, body: &[u8], records: usize, deadline: Instant) -> Outcome;

    /// Sends one record by itself: an upload, a raw ingestion.
    fn send_alone(&self, http: &mut Http, kind: Kind, payload: &[u8], deadline: Instant) -> Outcome;

    /// Called on the pipeline's thread whenever its spool has looked after its files: the moment to do so
    /// for what is kept elsewhere.
    fn upkeep(&self) {}
}

/// What stands around and between the records of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// Before the first record.
    pub prefix: &'static [u8],
    /// Between two records.
    pub separator: &'static [u8],
    /// After the last record.
    pub suffix: &'static [u8],
}

/// What an attempt to send came to. Every `why` is for a person and holds no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service has the records.
    Delivered,
    /// Not now: keep and try again, not before `after` if the service named a time.
    Retry {
        /// The service's own wish, already clamped.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// The service refuses the key: keep, and probe now and then.
    Unauthorized {
        /// The HTTP status, 401 or 403.
        status: u16,
        /// What the service said.
        why: String,
    },
    /// More than the service takes in one request.
    TooLarge {
        /// What the service said.
        why: String,
    },
    /// The service refuses at least one of the records.
    BadRequest {
        /// The HTTP status, 400 or 422.
        status: u16,
        /// What the service said.
        why: String,
    },
    /// Nothing at this address takes records at present: keep for a good while.
    Hold {
        /// What was found instead.
        why: String,
    },
    /// This record, sent alone, can never be sent (its file is gone): quarantine it.
    Unusable {
        /// What is wrong with it.
        why: String,
    },
}

impl Outcome {
    /// The delivery table, for a service's answer.
    ///
    /// A 2xx whose JSON body has an `error` member is a failure. The service doesn't say whether
    /// it is of the moment or of the records, so it is read as [`Outcome::Retry`]: a wrong "retry"
    /// delays, a wrong "bad request" would quarantine good records.
    pub fn of(response: &Response) -> Outcome {
        let status = response.status;
        match status {
            200..=299 => match error_member(&response.body) {
                None => Outcome::Delivered,
                Some(said) => {
                    Outcome::Retry { after: None, why: format!("HTTP {status} with an error: {said}") }
                }
            },
            300..=399 => {
                let target = match &response.location {
                    Some(location) => format!(" to {location}"),
                    None => String::new(),
                };
                Outcome::Hold { why: format!("HTTP {status}: a redirect{target}, which is not followed") }
            }
            400 | 422 => Outcome::BadRequest { status, why: why(response) },
            401 | 403 => Outcome::Unauthorized { status, why: why(response) },
            413 => Outcome::TooLarge { why: why(response) },
            429 | 503 => Outcome::Retry { after: response.retry_after, why: why(response) },
            501 => Outcome::Hold { why: why(response) },
            // 404 and 405 by the table; the rest of the 4xx range (402, 410, 451 …) says as little
            // about the records and as much about the address or the account.
            402..=499 if status != 408 && status != 425 => Outcome::Hold { why: why(response) },
            _ => Outcome::Retry { after: None, why: why(response) },
        }
    }
}

impl From<TransportError> for Outcome {
    fn from(error: TransportError) -> Outcome {
        match error.fault {
            Fault::Network => Outcome::Retry { after: None, why: error.why },
            Fault::Refused => Outcome::Hold { why: error.why },
            Fault::Body => Outcome::Unusable { why: error.why },
        }
    }
}

impl From<Result<Response, TransportError>> for Outcome {
    fn from(result: Result<Response, TransportError>) -> Outcome {
        match result {
            Ok(response) => Outcome::of(&response),
            Err(error) => error.into(),
        }
    }
}

/// The status, and what the service said about it.
fn why(response: &Response) -> String {
    let said = match error_member(&response.body) {
        Some(said) => said,
        None => quote(&String::from_utf8_lossy(&response.body)),
    };
    match said.is_empty() {
        true => format!("HTTP {}", response.status),
        false => format!("HTTP {}: {said}", response.status),
    }
}

/// What the `error` member of a JSON object says, if there is one that says something.
fn error_member(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error")?;
    let message = match error {
        serde_json::Value::Null => return None,
        serde_json::Value::String(message) => message.clone(),
        other => match other.get("message").and_then(serde_json::Value::as_str) {
            Some(message) => message.to_owned(),
            None => other.to_string(),
        },
    };
    Some(quote(&message))
}

/// Somebody else's words, fit for one line of ours.
fn quote(text: &str) -> String {
    let mut quoted: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(QUOTED_CHARACTERS + 1)
        .collect();
    if let Some((end, _)) = quoted.char_indices().nth(QUOTED_CHARACTERS) {
        quoted.truncate(end);
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, retry_after: None, location: None, body: body.as_bytes().to_vec() }
    }

    /// The row of the table an answer falls into.
    fn row(status: u16, body: &str) -> &'static str {
        match Outcome::of(&answer(status, body)) {
            Outcome::Delivered => "delivered",
            Outcome::Retry { .. } => "retry",
            Outcome::Unauthorized { .. } => "unauthorized",
            Outcome::TooLarge { .. } => "too large",
            Outcome::BadRequest { .. } => "bad request",
            Outcome::Hold { .. } => "hold",
            Outcome::Unusable { .. } => "unusable",
        }
    }

    #[test]
    fn every_status_falls_into_the_row_of_the_delivery_table() {
        let table: [(&str, &[u16]); 6] = [
            ("delivered", &[200, 201, 202, 204, 299]),
            ("retry", &[100, 408, 425, 429, 500, 502, 503, 504, 599]),
            ("unauthorized", &[401, 403]),
            ("too large", &[413]),
            ("bad request", &[400, 422]),
            ("hold", &[301, 302, 304, 307, 308, 402, 404, 405, 410, 451, 501]),
        ];
        for (expected, statuses) in table {
            for status in statuses {
                assert_eq!(row(*status, ""), expected, "HTTP {status}");
            }
        }
    }

    #[test]
    fn an_error_member_makes_a_success_a_failure_unless_it_is_null() {
        assert_eq!(row(200, r#"{"error":{"message":"no"}}"#), "retry");
        assert_eq!(row(200, r#"{"error":"no"}"#), "retry");
        assert_eq!(row(200, r#"{"error":null,"data":{}}"#), "delivered");
        assert_eq!(row(200, r#"{"data":{"error":"not at the top"}}"#), "delivered");
        assert_eq!(row(200, "error"), "delivered");
        assert_eq!(row(200, r#"["error"]"#), "delivered");
    }

    #[test]
    fn only_429_and_503_take_the_services_time() {
        for (status, expected) in [(429, true), (503, true), (500, false), (408, false)] {
            let mut response = answer(status, "");
            response.retry_after = Some(Duration::from_secs(7));
            match Outcome::of(&response) {
                Outcome::Retry { after, .. } => assert_eq!(after.is_some(), expected, "HTTP {status}"),
                other => panic!("HTTP {status} is {other:?}"),
            }
        }
    }

    #[test]
    fn an_error_text_quotes_one_short_line_of_the_answer() {
        let long = "x".repeat(5_000);
        let Outcome::Retry { why, .. } = Outcome::of(&answer(500, &long)) else { panic!("not a retry") };
        assert_eq!(why.chars().count(), "HTTP 500: ".len() + QUOTED_CHARACTERS + 1);
        let Outcome::BadRequest { why, .. } = Outcome::of(&answer(400, r#"{"error":{"message":"a\nb"}}"#))
        else {
            panic!("not a bad request")
        };
        assert_eq!(why, "HTTP 400: a b");
    }

    #[test]
    fn a_fault_of_the_body_condemns_the_record_and_one_of_the_network_does_not() {
        let outcome = |fault| Outcome::from(TransportError { fault, why: String::new() });
        assert!(matches!(outcome(Fault::Network), Outcome::Retry { after: None, .. }));
        assert!(matches!(outcome(Fault::Refused), Outcome::Hold { .. }));
        assert!(matches!(outcome(Fault::Body), Outcome::Unusable { .. }));
    }
}
