//! A structured entry as a log record, one to one.

use std::borrow::Cow;

use super::ids;
use super::json::JsonText;
use super::model::{AttributeValue, Attributes, LogRecord};
use super::names::{gen_ai, own};

/// What an entry says of the service that logged it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntryOrigin {
    /// The application or service.
    pub source: String,
    /// Its version.
    pub version: Option<String>,
    /// Where it runs.
    pub environment: Option<String>,
}

impl EntryOrigin {
    /// The resource: `known` (which comes first), and what the entry says beside it.
    pub fn resource(&self, known: &Attributes<'static>) -> Attributes<'static> {
        let mut attributes = known.clone();
        for (name, value) in [
            (gen_ai::SERVICE_NAME, Some(&self.source).filter(|source| !source.is_empty())),
            (gen_ai::SERVICE_VERSION, self.version.as_ref()),
            (gen_ai::ENVIRONMENT, self.environment.as_ref()),
        ] {
            let is_said = attributes.iter().any(|(known, _)| known == name);
            if let Some(value) = value.filter(|_| !is_said) {
                attributes.push((name.into(), value.clone().into()));
            }
        }
        attributes
    }
}

/// Members that have attributes of their own, and those attributes.
const MEMBERS: [(&str, &str); 9] = [
    ("userId", gen_ai::USER),
    ("sessionId", gen_ai::SESSION),
    ("requestId", own::REQUEST_ID),
    ("errorName", gen_ai::EXCEPTION_TYPE),
    ("errorStack", gen_ai::EXCEPTION_STACK),
    ("flowId", own::FLOW_ID),
    ("dataset", own::DATASET),
    ("ipAddress", gen_ai::CLIENT_ADDRESS),
    ("country", gen_ai::COUNTRY),
];

/// The entry of a JSON text. An error says why it is none.
pub fn fold(entry: &[u8], now_ns: u64) -> Result<(EntryOrigin, LogRecord<'_>), String> {
    let entry = std::str::from_utf8(entry).map_err(|_| "not UTF-8".to_owned())?;
    let entry = JsonText::parse(entry).filter(|entry| entry.is_object()).ok_or("no JSON object")?;
    let text = |name: &str| entry.text_at(name);
    let level = text("level").unwrap_or("info".into());
    let (severity, word) = match &*level {
        "debug" => (5, "DEBUG".into()),
        "info" => (9, "INFO".into()),
        "warn" => (13, "WARN".into()),
        "error" => (17, "ERROR".into()),
        other => (9, other.to_ascii_uppercase().into()),
    };
    let mut attributes = Attributes::new();
    for (member, name) in MEMBERS {
        if let Some(value) = text(member) {
            attributes.push((name.into(), value.into()));
        }
    }
    if let Some(step) = entry.get("stepIndex").and_then(JsonText::as_i64) {
        attributes.push((own::FLOW_STEP.into(), step.into()));
    }
    if let Some(tags) = entry.get("tags").and_then(AttributeValue::of_json) {
        attributes.push((own::TAGS.into(), tags));
    }
    let data = entry.get("data");
    // An error's message stands in the data.
    let is_error = text("errorName").is_some() || text("errorStack").is_some();
    let mut ids = (None, None);
    for (key, value) in data.into_iter().flat_map(JsonText::members) {
        match (&*key, value.text()) {
            ("trace_id", Some(digits)) if ids::some_digits::<16>(&digits).is_some() => {
                ids.0 = ids::some_digits(&digits);
                continue;
            }
            ("span_id", Some(digits)) if ids::some_digits::<8>(&digits).is_some() => {
                ids.1 = ids::some_digits(&digits);
                continue;
            }
            ("message", Some(message)) if is_error => {
                attributes.push((gen_ai::EXCEPTION_MESSAGE.into(), message.into()));
                continue;
            }
            _ => {}
        }
        let Some(value) = AttributeValue::of_json(value) else { continue };
        let is_taken = attributes.iter().any(|(known, _)| *known == key);
        let name = if is_taken || key.is_empty() { Cow::from([own::DATA, &*key].concat()) } else { key };
        attributes.push((name, value));
    }
    let time_ns =
        entry.get("timestamp").and_then(JsonText::as_u64).map_or(now_ns, |ms| ms.saturating_mul(1_000_000));
    let owned = |name: &str| text(name).map(Cow::into_owned);
    let origin = EntryOrigin {
        source: owned("source").unwrap_or_default(),
        version: owned("version"),
        environment: owned("environment"),
    };
    let record = LogRecord {
        time_ns,
        severity,
        severity_text: word,
        event_name: Cow::Borrowed(""),
        body: entry.get("message").and_then(AttributeValue::of_json),
        attributes,
        trace_id: ids.0,
        span_id: ids.1,
    };
    Ok((origin, record))
}
