//! A structured entry as a log record, one to one.

use serde_json::{Map, Value as Json};

use super::ids;
use super::model::{Attributes, LogRecord, Value};
use super::names::{gen_ai, own};

/// What an entry says of the service that logged it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The application or service.
    pub source: String,
    /// Its version.
    pub version: Option<String>,
    /// Where it runs.
    pub environment: Option<String>,
}

impl Origin {
    /// The resource: `known` (which comes first), and what the entry says beside it.
    pub fn resource(&self, known: &Attributes) -> Attributes {
        let mut attributes = known.clone();
        for (name, value) in [
            (gen_ai::SERVICE_NAME, Some(&self.source).filter(|source| !source.is_empty())),
            (gen_ai::SERVICE_VERSION, self.version.as_ref()),
            (gen_ai::ENVIRONMENT, self.environment.as_ref()),
        ] {
            if let Some(value) = value
                && !attributes.iter().any(|(known, _)| known == name)
            {
                attributes.push((name.to_owned(), value.as_str().into()));
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
pub fn fold(entry: &[u8], now_ns: u64) -> Result<(Origin, LogRecord), String> {
    let entry: Map<String, Json> = serde_json::from_slice(entry).map_err(|error| error.to_string())?;
    let text = |name: &str| entry.get(name).and_then(Json::as_str);
    let level = text("level").unwrap_or("info");
    let severity = match level {
        "debug" => 5,
        "warn" => 13,
        "error" => 17,
        _ => 9,
    };
    let mut attributes = Attributes::new();
    for (member, name) in MEMBERS {
        if let Some(value) = text(member) {
            attributes.push((name.to_owned(), value.into()));
        }
    }
    if let Some(step) = entry.get("stepIndex").and_then(Json::as_i64) {
        attributes.push((own::FLOW_STEP.to_owned(), step.into()));
    }
    if let Some(tags) = entry.get("tags").and_then(Value::of_json) {
        attributes.push((own::TAGS.to_owned(), tags));
    }
    let data = entry.get("data").and_then(Json::as_object);
    // An error's message stands in the data.
    let is_error = text("errorName").is_some() || text("errorStack").is_some();
    let mut ids = (None, None);
    for (key, value) in data.into_iter().flatten() {
        let as_text = value.as_str();
        match (key.as_str(), as_text) {
            ("trace_id", Some(digits)) if ids::digits::<16>(digits).is_some() => {
                ids.0 = ids::digits(digits);
                continue;
            }
            ("span_id", Some(digits)) if ids::digits::<8>(digits).is_some() => {
                ids.1 = ids::digits(digits);
                continue;
            }
            ("message", Some(message)) if is_error => {
                attributes.push((gen_ai::EXCEPTION_MESSAGE.to_owned(), message.into()));
                continue;
            }
            _ => {}
        }
        let Some(value) = Value::of_json(value) else { continue };
        let is_taken = attributes.iter().any(|(known, _)| known == key);
        let name = if is_taken || key.is_empty() { format!("{}{key}", own::DATA) } else { key.clone() };
        attributes.push((name, value));
    }
    let time_ns =
        entry.get("timestamp").and_then(Json::as_u64).map_or(now_ns, |ms| ms.saturating_mul(1_000_000));
    let owned = |name: &str| text(name).map(str::to_owned);
    let origin = Origin {
        source: owned("source").unwrap_or_default(),
        version: owned("version"),
        environment: owned("environment"),
    };
    let record = LogRecord {
        time_ns,
        severity,
        severity_text: level.to_ascii_uppercase(),
        event_name: String::new(),
        body: entry.get("message").and_then(Value::of_json),
        attributes,
        trace_id: ids.0,
        span_id: ids.1,
    };
    Ok((origin, record))
}
