//! What an attempt to send came to: an outcome for each row of the delivery table ([`Row`]), in words for a person.
//!
//! Success is what says so: a 2xx without a body, or with a JSON object (the service's form of an answer)
//! whose `error` and `errors` say nothing. `null`, `false`, `0` and `""` say nothing, and so do `errors` of `[]`
//! and `{}`. Everything else under a 2xx is somebody else's answer (a captive portal, a proxy, a wrong address)
//! or one that cannot be read (compressed, longer than what is read): the records are kept, and its first words
//! are told.

use std::time::Duration;

use crate::delivery::answer::{Row, Said};
use crate::delivery::http::{Fault, Response, TransportError};
use crate::spool::RecordKind;
use crate::status::{self, Error, Status};

/// How many characters of a service's own words go into an error text.
const QUOTED_CHARACTERS: usize = 200;

/// What an attempt to send came to. Every `why` is for a person and holds no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service has the records.
    Delivered,
    /// The service has the request and refused some of it for good, without saying which.
    Partly {
        /// How many.
        rejected: u64,
        /// What the service said.
        why: String,
    },
    /// Not now: keep and try again, not before `after` if the service named a time.
    Retry {
        /// The service's own wish, already clamped.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// The service refuses the key, or the proxy its user: keep, and probe now and then.
    Unauthorized {
        /// The HTTP status: 401, 403 or 407.
        status: u16,
        /// What was said.
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
    /// The pipeline has been closed, and these are not for it any more: the next one of its kind has them.
    Left {
        /// What they wait for.
        why: String,
    },
    /// Some of the records have to wait for a while, whatever becomes of the others: those that stand before
    /// them leave, and a batch that begins with one is tried again after `wait`.
    Aside {
        /// How long.
        wait: Duration,
        /// What kind of trouble: [`Status::Rejected`] or [`Status::Network`].
        status: Status,
        /// Why they have to.
        why: String,
    },
    /// This record, sent alone, can never be sent (its file is gone): quarantine it.
    Unusable {
        /// What is wrong with it.
        why: String,
    },
}

impl Outcome {
    /// Of a record that a later version has written and this one has adopted.
    pub fn unknown_kind(kind: RecordKind) -> Outcome {
        Outcome::Unusable { why: format!("a record of kind {} is not known to this version", kind.0) }
    }

    /// What somebody is told who waits for the answer to a question of their own.
    pub fn told(self) -> status::Result<()> {
        let (status, why) = match self {
            Outcome::Delivered => return Ok(()),
            Outcome::Unauthorized { why, .. } => (Status::Unauthorized, why),
            Outcome::Partly { why, .. } => (Status::Rejected, why),
            Outcome::Retry { why, .. }
            | Outcome::TooLarge { why }
            | Outcome::BadRequest { why, .. }
            | Outcome::Hold { why }
            | Outcome::Left { why }
            | Outcome::Aside { why, .. }
            | Outcome::Unusable { why } => (Status::Rejected, why),
        };
        Err(Error::new(status, why))
    }

    /// The delivery table, for a service's answer.
    ///
    /// A 2xx whose JSON body has an `error` member is a failure. The service doesn't say whether
    /// it is of the moment or of the records, so it is read as [`Outcome::Retry`]: a wrong "retry"
    /// delays, a wrong "bad request" would quarantine good records.
    pub fn of(response: &Response) -> Outcome {
        let status = response.status;
        match Row::of(status) {
            Row::Success => Outcome::of_success(response),
            Row::Redirect => {
                let target = match &response.location {
                    Some(location) => format!(" to {}", quote(location)),
                    None => String::new(),
                };
                let why =
                    format!("HTTP {status} at {}: a redirect{target}, which is not followed", response.url);
                Outcome::Hold { why }
            }
            Row::BadRequest => Outcome::BadRequest { status, why: why(response) },
            Row::Unauthorized => {
                let advice = match status {
                    401 => "is the API key (MAXIM_API_KEY) right?",
                    403 => "may the API key (MAXIM_API_KEY) write to this repository?",
                    _ => "a proxy asks for a user and password, as in http://user:password@host:port",
                };
                Outcome::Unauthorized { status, why: advised(response, advice) }
            }
            Row::TooLarge => Outcome::TooLarge { why: why(response) },
            Row::RetryAfter => Outcome::Retry { after: response.retry_after, why: why(response) },
            Row::Retry => Outcome::Retry { after: None, why: why(response) },
            Row::Hold if matches!(status, 404 | 405) => {
                let advice = format!("at {}: is the base URL right?", response.url);
                Outcome::Hold { why: advised(response, &advice) }
            }
            Row::Hold => Outcome::Hold { why: why(response) },
        }
    }

    fn of_success(response: &Response) -> Outcome {
        let status = response.status;
        let hold = |what: &str| {
            let said = quote(&response.shown());
            let why = format!("HTTP {status} from {} {what}: {said}", response.url);
            Outcome::Hold { why }
        };
        if let Some(encoding) = &response.encoding {
            return hold(&format!("in an encoding that was not asked for ({})", quote(encoding)));
        }
        if response.text().iter().all(u8::is_ascii_whitespace) {
            return Outcome::Delivered;
        }
        if response.is_cut {
            return hold("with more than is read of an answer");
        }
        match Said::by(response.text()) {
            Said::Fine => Outcome::Delivered,
            Said::Error(said) => {
                let said = quote(&response.strike_out(&said));
                Outcome::Retry { after: None, why: format!("HTTP {status} with an error: {said}") }
            }
            Said::Denied => {
                let said = quote(&response.shown());
                Outcome::Retry {
                    after: None,
                    why: format!("HTTP {status} that says it is no success: {said}"),
                }
            }
            Said::Errors(said) => {
                let said = quote(&response.strike_out(&said));
                Outcome::Hold { why: format!("HTTP {status} with errors: {said}") }
            }
            Said::Foreign => {
                hold("that is not the service's JSON (is the base URL right? is there a login page?)")
            }
        }
    }

    /// The same for a storage's answer to an upload: it may say that it has the content in whatever form.
    /// A page of HTML and an XML document of an `Error` are no such answers.
    pub fn of_storage(response: &Response) -> Outcome {
        let outcome = Outcome::of(response);
        let is_success = (200..=299).contains(&response.status);
        match outcome {
            Outcome::Hold { why }
                if is_success && !is_refusal(response.text()) && response.encoding.is_none() =>
            {
                match Said::by(response.text()) {
                    Said::Errors(_) => Outcome::Hold { why },
                    _ => Outcome::Delivered,
                }
            }
            outcome => outcome,
        }
    }
}

impl From<TransportError> for Outcome {
    fn from(error: TransportError) -> Outcome {
        match error.fault {
            Fault::Network | Fault::Unread => Outcome::Retry { after: None, why: error.why },
            Fault::Proxy { status } => Outcome::Unauthorized { status, why: error.why },
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

/// Whether a storage's success is none: a page for a person, or S3's document of an error.
fn is_refusal(body: &[u8]) -> bool {
    const HEAD: usize = 512;
    let head = body[..body.len().min(HEAD)].trim_ascii_start().to_ascii_lowercase();
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    head.starts_with(b"<") && (has(b"<html") || has(b"<!doctype html") || has(b"<error"))
}

/// The status, and what the service said about it.
fn why(response: &Response) -> String {
    let said = match Said::by(response.text()) {
        Said::Error(said) | Said::Errors(said) => quote(&response.strike_out(&said)),
        _ => quote(&response.shown()),
    };
    match said.is_empty() {
        true => format!("HTTP {}", response.status),
        false => format!("HTTP {}: {said}", response.status),
    }
}

/// The same, and what a person may do about it.
fn advised(response: &Response, advice: &str) -> String {
    format!("{} ({advice})", why(response))
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
    use crate::delivery::http::MAX_ANSWER_BYTES;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, url: "https://service.test/v1".into(), body: body.into(), ..Response::default() }
    }

    /// The row of the table an answer falls into.
    fn row(status: u16, body: &str) -> &'static str {
        name(&Outcome::of(&answer(status, body)))
    }

    fn name(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Partly { .. } => "partly",
            Outcome::Retry { .. } => "retry",
            Outcome::Unauthorized { .. } => "unauthorized",
            Outcome::TooLarge { .. } => "too large",
            Outcome::BadRequest { .. } => "bad request",
            Outcome::Hold { .. } => "hold",
            Outcome::Left { .. } => "left",
            Outcome::Aside { .. } => "aside",
            Outcome::Unusable { .. } => "unusable",
        }
    }

    fn words(outcome: Outcome) -> String {
        match outcome {
            Outcome::Retry { why, .. }
            | Outcome::Unauthorized { why, .. }
            | Outcome::BadRequest { why, .. }
            | Outcome::Hold { why } => why,
            other => panic!("{other:?}"),
        }
    }

    const PAGE: &str = "<!DOCTYPE html><html><body>Please accept the terms of this network</body></html>";

    #[test]
    fn every_status_falls_into_the_row_of_the_delivery_table() {
        let table: [(&str, &[u16]); 6] = [
            ("delivered", &[200, 201, 202, 204, 299]),
            ("retry", &[100, 408, 425, 429, 500, 502, 503, 504, 599]),
            ("unauthorized", &[401, 403, 407]),
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
    fn success_is_what_says_so() {
        for body in [
            "",
            " \r\n",
            "{}",
            "\u{feff}{}",
            r#"{"data":{"success":true}}"#,
            r#"{"error":null,"errors":null}"#,
            r#"{"error":false,"errors":[]}"#,
            r#"{"error":"","errors":{}}"#,
            r#"{"error":0}"#,
            r#"{"data":{"error":"not at the top"}}"#,
        ] {
            assert_eq!(row(200, body), "delivered", "{body}");
        }
        for body in [
            r#"{"error":{"message":"no"}}"#,
            r#"{"error":"no"}"#,
            r#"{"error":true}"#,
            r#"{"error":{}}"#,
            "\u{feff}{\"error\":\"no\"}",
            r#"{"error":"no","error":null}"#,
            r#"{"error":null,"error":"no"}"#,
        ] {
            assert_eq!(row(200, body), "retry", "{body}");
        }
        for body in [
            PAGE,
            "OK",
            "true",
            "[]",
            "null",
            r#"["error"]"#,
            r#""error""#,
            r#"{"data":1} trailing"#,
            r#"{"data":"#,
            r#"{"success":[],"errors":[{"id":"x","status":400}]}"#,
            "\u{1f}\u{8b}\u{8}",
        ] {
            assert_eq!(row(200, body), "hold", "{body}");
            assert_eq!(row(207, body), "hold", "{body}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_no_success() {
        let compressed = Response { encoding: Some("br".into()), ..answer(200, "{}") };
        assert!(words(Outcome::of(&compressed)).contains("not asked for (br)"));
        let long = format!("{{\"data\":\"{}", "x".repeat(MAX_ANSWER_BYTES as usize));
        let cut = Response { is_cut: true, ..answer(200, &long) };
        assert!(words(Outcome::of(&cut)).contains("more than is read"));
    }

    #[test]
    fn a_storage_may_say_its_success_in_whatever_form_but_as_a_page_or_an_error() {
        let of = |body: &str| name(&Outcome::of_storage(&answer(201, body)));
        for body in ["", "{}", "Created", "<PostResponse><Key>k</Key></PostResponse>", r#"["k"]"#] {
            assert_eq!(of(body), "delivered", "{body}");
        }
        let error = "<?xml version='1.0'?><Error><Code>InternalError</Code></Error>";
        for body in [PAGE, " <HTML>", error, r#"{"errors":["no"]}"#] {
            assert_eq!(of(body), "hold", "{body}");
        }
        assert_eq!(of(r#"{"error":"no"}"#), "retry");
        assert_eq!(name(&Outcome::of_storage(&answer(403, ""))), "unauthorized");
    }

    #[test]
    fn what_went_wrong_says_where_and_what_to_check() {
        let why = |status, body| words(Outcome::of(&answer(status, body)));
        assert_eq!(why(401, ""), "HTTP 401 (is the API key (MAXIM_API_KEY) right?)");
        assert_eq!(why(404, "no"), "HTTP 404: no (at https://service.test/v1: is the base URL right?)");
        assert!(why(200, PAGE).contains("from https://service.test/v1 that is not the service's JSON"));
        assert!(why(200, PAGE).ends_with(PAGE), "{}", why(200, PAGE));
        assert_eq!(why(207, r#"{"errors":["no"]}"#), r#"HTTP 207 with errors: ["no"]"#);
    }

    #[test]
    fn only_429_and_503_take_the_services_time() {
        for (status, expected) in [(429, true), (503, true), (500, false), (408, false)] {
            let response = Response { retry_after: Some(Duration::from_secs(7)), ..answer(status, "") };
            match Outcome::of(&response) {
                Outcome::Retry { after, .. } => assert_eq!(after.is_some(), expected, "HTTP {status}"),
                other => panic!("HTTP {status} is {other:?}"),
            }
        }
    }

    #[test]
    fn an_error_text_quotes_one_short_line_of_the_answer() {
        let why = words(Outcome::of(&answer(500, &"x".repeat(5_000))));
        assert_eq!(why.chars().count(), "HTTP 500: ".len() + QUOTED_CHARACTERS + 1);
        assert_eq!(words(Outcome::of(&answer(400, r#"{"error":{"message":"a\nb"}}"#))), "HTTP 400: a b");
    }

    #[test]
    fn a_fault_of_the_body_condemns_the_record_and_one_of_the_network_does_not() {
        let outcome = |fault| Outcome::from(TransportError { fault, why: String::new() });
        assert!(matches!(outcome(Fault::Network), Outcome::Retry { after: None, .. }));
        assert!(matches!(outcome(Fault::Refused), Outcome::Hold { .. }));
        assert!(matches!(outcome(Fault::Proxy { status: 407 }), Outcome::Unauthorized { status: 407, .. }));
        assert!(matches!(outcome(Fault::Body), Outcome::Unusable { .. }));
    }
}
