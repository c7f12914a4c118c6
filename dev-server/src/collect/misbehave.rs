//! Misbehaviour on command: what is set, what is left of it, and what it does to the next request.
//!
//! One table names every setting for the command line, for `POST /control` and for `--help`. A setting is changed
//! whole or not at all, also when several come in one document. The decisions are made here; carrying them out
//! (waiting, cutting a connection) is [`crate::serve::connection`]'s.
//!
//! When several settings apply to one ingestion request, the first of this order wins and only its countdown
//! moves: drop_before_read, drop, truncate, unauthorized, redirect, status, fail, random_fail, max_body, poison,
//! then the server's own checks of the request, then error_body, drop_after_accept.

use memchr::memmem;
use serde_json::{Map, Value, json};

/// One row of the table of settings.
pub struct Setting {
    /// The name in `POST /control`; the flag is the same with dashes.
    pub name: &'static str,
    /// The form of the value; empty for a switch.
    pub value: &'static str,
    pub help: &'static str,
}

impl Setting {
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    pub fn is_switch(&self) -> bool {
        self.value.is_empty()
    }
}

const fn setting(name: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { name, value, help }
}

pub const SETTINGS: &[Setting] = &[
    setting("fail", "STATUS:N", "answer the next N ingestion requests with STATUS"),
    setting("status", "STATUS", "answer every ingestion request with STATUS"),
    setting("random_fail", "PERCENT", "answer that share of the ingestion requests with 503"),
    setting("seed", "N", "start of random_fail's sequence (default 1)"),
    setting("retry_after", "TEXT", "Retry-After header of the failures: seconds or an HTTP date"),
    setting("error_body", "N", "answer the next N ingestion requests with 200 and an error member"),
    setting(
        "reject",
        "N",
        "take the next N spans or log records of OpenTelemetry for rejected in partial_success",
    ),
    setting("unauthorized", "", "answer 401 to every API request"),
    setting("unknown_repository", "", "answer the repository check with an error member"),
    setting("redirect", "URL", "answer ingestion requests with 302 to URL"),
    setting("max_body", "BYTES", "answer 413 to ingestion bodies above BYTES"),
    setting("poison", "TEXT", "answer 400 to ingestion bodies that contain TEXT"),
    setting("delay_ms", "MS", "wait before each answer of the API"),
    setting("slow_body_bps", "BYTES", "read the bodies of API requests at BYTES a second"),
    setting("drop_before_read", "N", "reset the next N ingestion requests before their body is read"),
    setting("drop", "N", "read the next N ingestion requests, then close without an answer"),
    setting("truncate", "N", "cut the answers to the next N ingestion requests in the middle"),
    setting("drop_after_accept", "N", "count the next N accepted batches, then close without an answer"),
    setting("upload_url_fail", "STATUS:N", "answer the next N requests for an upload URL with STATUS"),
    setting("upload_fail", "STATUS:N", "answer the next N uploads with STATUS"),
    setting("upload_drop", "N", "reset the next N uploads in the middle of their body"),
];

/// A status for the next `left` requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failures {
    status: u16,
    left: u64,
}

/// What is set now. Countdowns of zero and `None` mean "not set".
#[derive(Clone, Debug)]
pub struct Behaviour {
    fail: Option<Failures>,
    status: Option<u16>,
    random_fail: f64,
    seed: u64,
    random_state: u64,
    retry_after: Option<String>,
    error_body: u64,
    reject: u64,
    unauthorized: bool,
    unknown_repository: bool,
    redirect: Option<String>,
    max_body: Option<u64>,
    poison: Option<String>,
    delay_ms: u64,
    slow_body_bps: u64,
    drop_before_read: u64,
    drop: u64,
    truncate: u64,
    drop_after_accept: u64,
    upload_url_fail: Option<Failures>,
    upload_fail: Option<Failures>,
    upload_drop: u64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            fail: None,
            status: None,
            random_fail: 0.0,
            seed: 1,
            random_state: 1,
            retry_after: None,
            error_body: 0,
            reject: 0,
            unauthorized: false,
            unknown_repository: false,
            redirect: None,
            max_body: None,
            poison: None,
            delay_ms: 0,
            slow_body_bps: 0,
            drop_before_read: 0,
            drop: 0,
            truncate: 0,
            drop_after_accept: 0,
            upload_url_fail: None,
            upload_fail: None,
            upload_drop: 0,
        }
    }
}

/// A failure to answer with.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: u16,
    pub message: String,
    pub retry_after: Option<String>,
    pub location: Option<String>,
}

/// What happens to an ingestion request before the server looks at its content.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Proceed,
    Fail(Failure),
    /// Close without an answer.
    Drop,
    /// Send a part of the answer, then close.
    Truncate,
}

/// What happens to a request that is in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    Accept,
    /// Not accepted: 200 with an `error` member.
    ErrorBody,
    /// Accepted and counted, but closed without an answer.
    AcceptAndDrop,
}

impl Behaviour {
    /// Changes the settings named in `changes`, all of them or none.
    pub fn change(&mut self, changes: &Map<String, Value>) -> Result<(), String> {
        let mut changed = self.clone();
        for (name, value) in changes {
            changed.set(name, value)?;
        }
        *self = changed;
        Ok(())
    }

    /// Changes one setting. Null, false, zero and an empty text clear it; numbers may come as text.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let wrong = |form: &str| format!("{name} takes {form}, not {value}");
        let count = || whole(value).ok_or_else(|| wrong("a whole number"));
        match name {
            "fail" => self.fail = failures(value).map_err(wrong)?,
            "upload_url_fail" => self.upload_url_fail = failures(value).map_err(wrong)?,
            "upload_fail" => self.upload_fail = failures(value).map_err(wrong)?,
            "status" => {
                self.status = match count()? {
                    0 => None,
                    number => Some(status(number).ok_or_else(|| wrong("a status from 200 to 599"))?),
                }
            }
            "random_fail" => {
                self.random_fail = decimal(value)
                    .filter(|percent| (0.0..=100.0).contains(percent))
                    .ok_or_else(|| wrong("a percentage from 0 to 100"))?;
            }
            "seed" => {
                self.seed = count()?;
                self.random_state = self.seed;
            }
            "retry_after" => {
                let given = text(value).ok_or_else(|| wrong("a text"))?;
                if given.as_deref().is_some_and(|value| value.contains(['\r', '\n'])) {
                    return Err(wrong("one line of text"));
                }
                self.retry_after = given;
            }
            "redirect" => {
                let given = text(value).ok_or_else(|| wrong("a URL"))?;
                if given.as_deref().is_some_and(|value| value.contains(['\r', '\n'])) {
                    return Err(wrong("a URL"));
                }
                self.redirect = given;
            }
            "poison" => self.poison = text(value).ok_or_else(|| wrong("a text"))?,
            "unauthorized" => self.unauthorized = switch(value).ok_or_else(|| wrong("true or false"))?,
            "unknown_repository" => {
                self.unknown_repository = switch(value).ok_or_else(|| wrong("true or false"))?;
            }
            "max_body" => self.max_body = Some(count()?).filter(|&limit| limit > 0),
            "error_body" => self.error_body = count()?,
            "reject" => self.reject = count()?,
            "delay_ms" => self.delay_ms = count()?,
            "slow_body_bps" => self.slow_body_bps = count()?,
            "drop_before_read" => self.drop_before_read = count()?,
            "drop" => self.drop = count()?,
            "truncate" => self.truncate = count()?,
            "drop_after_accept" => self.drop_after_accept = count()?,
            "upload_drop" => self.upload_drop = count()?,
            _ => {
                let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
                return Err(format!("no setting is called {name:?}; there are {}", names.join(", ")));
            }
        }
        Ok(())
    }

    /// The settings as `POST /control` takes them, with what is left of each countdown.
    pub fn to_json(&self) -> Value {
        let failures = |failures: Option<Failures>| failures.map(|f| format!("{}:{}", f.status, f.left));
        json!({
            "fail": failures(self.fail),
            "status": self.status,
            "random_fail": self.random_fail,
            "seed": self.seed,
            "retry_after": self.retry_after,
            "error_body": self.error_body,
            "reject": self.reject,
            "unauthorized": self.unauthorized,
            "unknown_repository": self.unknown_repository,
            "redirect": self.redirect,
            "max_body": self.max_body,
            "poison": self.poison,
            "delay_ms": self.delay_ms,
            "slow_body_bps": self.slow_body_bps,
            "drop_before_read": self.drop_before_read,
            "drop": self.drop,
            "truncate": self.truncate,
            "drop_after_accept": self.drop_after_accept,
            "upload_url_fail": failures(self.upload_url_fail),
            "upload_fail": failures(self.upload_fail),
            "upload_drop": self.upload_drop,
        })
    }

    pub fn delay_ms(&self) -> u64 {
        self.delay_ms
    }

    pub fn slow_body_bps(&self) -> u64 {
        self.slow_body_bps
    }

    pub fn unknown_repository(&self) -> bool {
        self.unknown_repository
    }

    /// Whether the text of a body must be at hand for [`Behaviour::ingestion`].
    pub fn reads_bodies(&self) -> bool {
        self.poison.is_some()
    }

    /// Whether a body of that announced length is certain to be refused, so that it need not be sent.
    pub fn exceeds(&self, length: u64) -> bool {
        self.max_body.is_some_and(|limit| length > limit)
    }

    /// Whether this ingestion request is to be reset before its body is read.
    pub fn take_drop_before_read(&mut self) -> bool {
        take(&mut self.drop_before_read)
    }

    /// Whether this upload is to be reset in the middle of its body.
    pub fn take_upload_drop(&mut self) -> bool {
        take(&mut self.upload_drop)
    }

    /// The failure that every route of the API shares.
    pub fn refuse_everyone(&self) -> Option<Failure> {
        self.unauthorized.then(|| self.failure(401, "unauthorized on command"))
    }

    /// How many of that many items are to be rejected, the first of them.
    pub fn take_rejects(&mut self, items: u64) -> u64 {
        let rejected = self.reject.min(items);
        self.reject -= rejected;
        rejected
    }

    /// The failure for a request for an upload URL.
    pub fn upload_url(&mut self) -> Option<Failure> {
        let status = next_failure(&mut self.upload_url_fail)?;
        Some(self.failure(status, "upload_url_fail on command"))
    }

    /// The failure for an upload.
    pub fn upload(&mut self) -> Option<Failure> {
        let status = next_failure(&mut self.upload_fail)?;
        Some(self.failure(status, "upload_fail on command"))
    }

    /// Decides on an ingestion request with a body of `length` bytes. `body` is its text where it was collected,
    /// which it is whenever [`Behaviour::reads_bodies`].
    pub fn ingestion(&mut self, length: u64, body: Option<&[u8]>) -> Verdict {
        if take(&mut self.drop) {
            return Verdict::Drop;
        }
        if take(&mut self.truncate) {
            return Verdict::Truncate;
        }
        if let Some(failure) = self.refuse_everyone() {
            return Verdict::Fail(failure);
        }
        if let Some(url) = self.redirect.clone() {
            let mut failure = self.failure(302, "redirected on command");
            failure.location = Some(url);
            return Verdict::Fail(failure);
        }
        if let Some(status) = self.status {
            return Verdict::Fail(self.failure(status, "status on command"));
        }
        if let Some(status) = next_failure(&mut self.fail) {
            return Verdict::Fail(self.failure(status, "fail on command"));
        }
        if self.random_fail > 0.0 && self.next_random() * 100.0 < self.random_fail {
            return Verdict::Fail(self.failure(503, "random_fail on command"));
        }
        if self.exceeds(length) {
            return Verdict::Fail(self.failure(413, "the body is larger than max_body"));
        }
        let has = |body, poison: &String| memmem::find(body, poison.as_bytes()).is_some();
        if body.zip(self.poison.as_ref()).is_some_and(|(body, poison)| has(body, poison)) {
            return Verdict::Fail(self.failure(400, "the body contains the poison text"));
        }
        Verdict::Proceed
    }

    /// Decides on an ingestion request that is in order.
    pub fn ending(&mut self) -> Ending {
        if take(&mut self.error_body) {
            Ending::ErrorBody
        } else if take(&mut self.drop_after_accept) {
            Ending::AcceptAndDrop
        } else {
            Ending::Accept
        }
    }

    fn failure(&self, status: u16, message: &str) -> Failure {
        Failure { status, message: message.to_owned(), retry_after: self.retry_after.clone(), location: None }
    }

    /// The next number in [0, 1) of a sequence that only the seed decides (splitmix64, Steele et al. 2014).
    fn next_random(&mut self) -> f64 {
        self.random_state = self.random_state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random_state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn take(countdown: &mut u64) -> bool {
    let due = *countdown > 0;
    *countdown = countdown.saturating_sub(1);
    due
}

fn next_failure(failures: &mut Option<Failures>) -> Option<u16> {
    let current = failures.as_mut()?;
    let status = current.status;
    current.left -= 1;
    if current.left == 0 {
        *failures = None;
    }
    Some(status)
}

fn failures(value: &Value) -> Result<Option<Failures>, &'static str> {
    const FORM: &str = "STATUS:N with a status from 200 to 599";
    let Some(given) = text(value).ok_or(FORM)? else { return Ok(None) };
    let (number, left) = given.split_once(':').ok_or(FORM)?;
    let status = number.parse().ok().and_then(status).ok_or(FORM)?;
    let left = left.parse().map_err(|_| FORM)?;
    Ok((left > 0).then_some(Failures { status, left }))
}

fn status(number: u64) -> Option<u16> {
    (200..=599).contains(&number).then_some(number as u16)
}

/// `Some(None)` when the value clears the setting, `None` when it is not a text.
fn text(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null | Value::Bool(false) => Some(None),
        Value::String(text) => Some(Some(text.clone()).filter(|text| !text.is_empty())),
        Value::Number(number) => Some(Some(number.to_string())),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Null | Value::Bool(false) => Some(0),
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

fn decimal(value: &Value) -> Option<f64> {
    match value {
        Value::Null | Value::Bool(false) => Some(0.0),
        Value::String(text) => text.parse().ok(),
        number => number.as_f64(),
    }
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        value => value.as_bool(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaviour(document: Value) -> Behaviour {
        let mut behaviour = Behaviour::default();
        behaviour.change(document.as_object().expect("an object")).expect("a valid document");
        behaviour
    }

    fn statuses(behaviour: &mut Behaviour, requests: usize) -> Vec<u16> {
        (0..requests)
            .map(|_| match behaviour.ingestion(10, Some(b"body")) {
                Verdict::Fail(failure) => failure.status,
                Verdict::Proceed => 200,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn every_setting_of_the_table_can_be_set_and_is_reported() {
        for setting in SETTINGS {
            let value = match setting.value {
                "" => json!(true),
                "STATUS:N" => json!("500:3"),
                "STATUS" => json!("500"),
                _ => json!("7"),
            };
            let mut behaviour = Behaviour::default();
            behaviour.set(setting.name, &value).unwrap_or_else(|error| panic!("{error}"));
            let reported = behaviour.to_json();
            assert_ne!(
                reported[setting.name],
                Behaviour::default().to_json()[setting.name],
                "{}",
                setting.name
            );
            behaviour.set(setting.name, &Value::Null).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_countdown_ends() {
        assert_eq!(statuses(&mut behaviour(json!({"fail": "503:2"})), 3), [503, 503, 200]);
        let mut dropping = behaviour(json!({"drop": 1}));
        assert_eq!(dropping.ingestion(0, None), Verdict::Drop);
        assert_eq!(dropping.ingestion(0, None), Verdict::Proceed);
    }

    #[test]
    fn a_status_stays_until_it_is_cleared() {
        let mut failing = behaviour(json!({"status": 429}));
        assert_eq!(statuses(&mut failing, 3), [429, 429, 429]);
        failing.set("status", &Value::Null).expect("cleared");
        assert_eq!(statuses(&mut failing, 1), [200]);
    }

    #[test]
    fn random_failures_depend_on_the_seed_only() {
        let document = json!({"random_fail": 30, "seed": 5});
        let first = statuses(&mut behaviour(document.clone()), 1000);
        assert_eq!(first, statuses(&mut behaviour(document), 1000));
        assert_ne!(first, statuses(&mut behaviour(json!({"random_fail": 30, "seed": 6})), 1000));
        let failed = first.iter().filter(|&&status| status == 503).count();
        assert!((200..400).contains(&failed), "{failed} of 1000 at 30 %");
    }

    #[test]
    fn poison_and_size_are_checked() {
        let mut checking = behaviour(json!({"poison": "bad", "max_body": 100}));
        assert!(
            matches!(checking.ingestion(3, Some(b"bad")), Verdict::Fail(failure) if failure.status == 400)
        );
        assert!(
            matches!(checking.ingestion(101, Some(b"x")), Verdict::Fail(failure) if failure.status == 413)
        );
        assert_eq!(checking.ingestion(100, Some(b"good")), Verdict::Proceed);
    }

    #[test]
    fn a_wrong_document_changes_nothing() {
        let mut unchanged = behaviour(json!({"drop": 2}));
        let changes = json!({"drop": 9, "fail": "often"});
        let error = unchanged.change(changes.as_object().expect("an object")).expect_err("refused");
        assert!(error.contains("STATUS:N"), "{error}");
        assert_eq!(unchanged.to_json()["drop"], 2);
    }

    #[test]
    fn a_header_value_cannot_carry_a_line_break() {
        assert!(Behaviour::default().set("retry_after", &json!("1\r\nX: y")).is_err());
        assert!(Behaviour::default().set("redirect", &json!("http://x\r\nX: y")).is_err());
    }
}
