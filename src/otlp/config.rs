//! Where it goes: what the configuration says, else the standard environment variables of OpenTelemetry.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::encode::{Encoding, Signal, hex};
use super::model::{Attributes, Resource};
use super::names::{SCOPE_NAME, SCOPE_VERSION, gen_ai};
use crate::secret::Secret;
use crate::status::{Error, Result, Status};

/// The Collector on this machine.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";
/// An entity that has not ended for so long leaves as incomplete.
pub const DEFAULT_INCOMPLETE_AFTER: Duration = Duration::from_secs(3_600);
/// What a service without a name is called.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// When requests are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Once an endpoint on another machine has taken a request, until it refuses a compressed one.
    Learned,
    /// Always, with gzip.
    Gzip,
    /// Never.
    None,
}

/// Everything that a pipeline must know of an endpoint of OTLP.
#[derive(Clone, Debug)]
pub struct OtlpConfig {
    /// Where spans go, exactly.
    pub traces_url: String,
    /// Where log records go, exactly.
    pub logs_url: String,
    /// What these two were taken from: a field of the configuration, or a variable.
    pub url_names: [String; 2],
    /// Headers of every request.
    pub headers: Vec<(String, Secret)>,
    /// How requests are written.
    pub encoding: Encoding,
    /// When they are compressed.
    pub compression: Compression,
    /// What all spans and records have in common.
    pub resource: Resource,
    /// How long a request may take; `None`: as long as it usually may.
    pub timeout: Option<Duration>,
    /// When an entity without an end leaves as incomplete.
    pub incomplete_after: Duration,
}

/// What a configuration says; empty texts count as absent.
#[derive(Default)]
pub struct Given<'a> {
    /// The base address, to which the signal's path is added.
    pub base_url: Option<&'a str>,
    /// The exact address.
    pub url: Option<&'a str>,
    /// `key=value,key=value`.
    pub headers: Option<&'a str>,
    /// How requests are written.
    pub encoding: Option<Encoding>,
    /// Whether they are compressed.
    pub compression: Option<bool>,
    /// What the service is called.
    pub service_name: Option<&'a str>,
    /// `key=value,key=value`.
    pub resource_attributes: Option<&'a str>,
    /// When an entity without an end leaves as incomplete.
    pub incomplete_after: Option<Duration>,
}

/// Reads an environment variable; empty ones count as absent.
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether the environment says that nothing is to be sent.
pub fn is_disabled() -> bool {
    std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"))
}

/// A file of certificates that the environment names for a signal.
pub fn certificate(signal: Signal) -> Option<String> {
    of_signal(signal, "CERTIFICATE", &environment).map(|(_, path)| path)
}

/// The configuration for a signal, completed from the environment.
pub fn resolve(signal: Signal, given: &Given<'_>) -> Result<OtlpConfig> {
    resolve_with(signal, given, &environment)
}

/// What is no text there is not absent: it is refused by whatever reads it, or keeps a mark in its place.
fn environment(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn name_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "TRACES",
        Signal::Logs => "LOGS",
    }
}

/// A variable's name and value: the signal's own, or the one for all.
fn of_signal(signal: Signal, what: &str, env: Env<'_>) -> Option<(String, String)> {
    let names =
        [format!("OTEL_EXPORTER_OTLP_{}_{what}", name_of(signal)), format!("OTEL_EXPORTER_OTLP_{what}")];
    names.into_iter().find_map(|name| env(&name).map(|value| (name, value)))
}

/// Headers that each request has of its own.
const OWN_HEADERS: [&str; 6] =
    ["connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"];

/// `key=value,key=value` as headers; an error names where they were taken from.
fn headers(from: &str, text: &str) -> Result<Vec<(String, Secret)>> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_legal = |byte: u8| (0x20..0x7f).contains(&byte) || byte == b'\t';
    let mut headers = Vec::new();
    for (name, value) in pairs(from, text)? {
        let name = name.to_ascii_lowercase();
        let why = match &*name {
            _ if !name.bytes().all(is_token) => "the name {name:?} holds characters that HTTP does not allow",
            _ if !value.bytes().all(is_legal) => {
                "the value of {name} holds characters that HTTP does not allow"
            }
            own if OWN_HEADERS.contains(&own) => "{name} is set by the library itself",
            _ => {
                headers.push((name, Secret::new(&value)));
                continue;
            }
        };
        let why = why.replace("{name:?}", &format!("{name:?}")).replace("{name}", &name);
        return Err(Error::new(Status::InvalidArgument, format!("{from}: {why}")));
    }
    Ok(headers)
}

pub(super) fn resolve_with(signal: Signal, given: &Given<'_>, env: Env<'_>) -> Result<OtlpConfig> {
    let refuse = |reason: String| Err(Error::new(Status::InvalidArgument, reason));
    let present =
        |text: Option<&'_ str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    // A word out of a few, in whatever case.
    let word =
        |what: &str| of_signal(signal, what, env).map(|(name, word)| (name, word.to_ascii_lowercase()));
    let protocol = word("PROTOCOL");
    let is_of_environment = present(given.url).is_none() && present(given.base_url).is_none();
    let goes_there = is_of_environment && of_signal(signal, "ENDPOINT", env).is_some();
    let encoding = match (given.encoding, &protocol) {
        (Some(encoding), _) => encoding,
        (None, Some((_, value))) if value == "http/json" => Encoding::Json,
        (None, Some((name, value))) if value == "grpc" && goes_there => {
            return refuse(format!(
                "{name}: grpc is not spoken; give the address for http (port 4318), and set http/protobuf"
            ));
        }
        (None, Some((name, value))) if value != "http/protobuf" && goes_there => {
            return refuse(format!("{name}: {value:?} is neither http/protobuf nor http/json"));
        }
        _ => Encoding::Protobuf,
    };
    let compression = word("COMPRESSION");
    let compression = match (given.compression, compression.as_ref().map(|(name, value)| (name, &**value))) {
        (Some(true), _) | (None, Some((_, "gzip"))) => Compression::Gzip,
        (Some(false), _) | (None, Some((_, "none"))) => Compression::None,
        (None, None) => Compression::Learned,
        (None, Some((name, other))) => return refuse(format!("{name}: {other:?} is neither gzip nor none")),
    };
    let given_headers = present(given.headers).map(|headers| ("otlp_headers".to_owned(), headers));
    let headers = match given_headers.or_else(|| of_signal(signal, "HEADERS", env)) {
        Some((from, text)) => headers(&from, &text)?,
        None => Vec::new(),
    };
    let timeout =
        match of_signal(signal, "TIMEOUT", env).map(|(name, text)| (name, text.trim().parse::<u64>())) {
            None | Some((_, Ok(0))) => None,
            Some((_, Ok(ms))) => Some(Duration::from_millis(ms)),
            Some((name, Err(_))) => return refuse(format!("{name}: a number of milliseconds is needed")),
        };
    let url = |signal: Signal| -> (String, String) {
        let path = match signal {
            Signal::Traces => "/v1/traces",
            Signal::Logs => "/v1/logs",
        };
        let under = |base: &str| format!("{}{path}", base.trim_end_matches('/'));
        if let Some(url) = present(given.url) {
            // What is not of the signal that the address is for stands beside it.
            let url = match signal {
                Signal::Logs if url.ends_with("/v1/traces") => url.replace("/v1/traces", "/v1/logs"),
                _ => url,
            };
            return ("otlp_url".to_owned(), url);
        }
        if let Some(base) = present(given.base_url) {
            return ("otlp_url".to_owned(), under(&base));
        }
        let own = format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", name_of(signal));
        match of_signal(signal, "ENDPOINT", env) {
            Some((name, url)) if name == own => (name, url),
            Some((name, base)) => (name, under(&base)),
            None => ("otlp_url".to_owned(), under(DEFAULT_ENDPOINT)),
        }
    };
    let ((traces_from, traces_url), (logs_from, logs_url)) = (url(Signal::Traces), url(Signal::Logs));
    Ok(OtlpConfig {
        traces_url,
        logs_url,
        url_names: [traces_from, logs_from],
        headers,
        encoding,
        compression,
        resource: resource(given, env)?,
        timeout,
        incomplete_after: given.incomplete_after.unwrap_or(DEFAULT_INCOMPLETE_AFTER),
    })
}

/// The service: its name and attributes, and who speaks for it.
fn resource(given: &Given<'_>, env: Env<'_>) -> Result<Resource> {
    let variable = "OTEL_RESOURCE_ATTRIBUTES";
    let texts =
        [(variable, env(variable)), ("resource_attributes", given.resource_attributes.map(str::to_owned))];
    let mut attributes = Attributes::new();
    let mut set = |name: String, value: String| {
        attributes.retain(|(known, _)| *known != name);
        attributes.push((name.into(), value.into()));
    };
    for (from, text) in texts {
        for (name, value) in pairs(from, &text.unwrap_or_default())? {
            let Some(name) = decoded(&name) else { return Err(not_decoded(from, "a key")) };
            set(name, value);
        }
    }
    let name = given.service_name.map(str::to_owned).filter(|name| !name.is_empty());
    if let Some(name) = name.or_else(|| env("OTEL_SERVICE_NAME")) {
        set(gen_ai::SERVICE_NAME.to_owned(), name);
    }
    for (name, value) in
        [(gen_ai::SDK_NAME, SCOPE_NAME), (gen_ai::SDK_LANGUAGE, "rust"), (gen_ai::SDK_VERSION, SCOPE_VERSION)]
    {
        set(name.to_owned(), value.to_owned());
    }
    Ok(Resource { attributes })
}

fn not_decoded(name: &str, what: &str) -> Error {
    Error::new(Status::InvalidArgument, format!("{name}: {what} is not percent-encoded UTF-8"))
}

/// `key=value,key=value`, with values as in a URL.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>> {
    let refuse = |reason: &str| Err(Error::new(Status::InvalidArgument, format!("{name}: {reason}")));
    let mut pairs = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else { return refuse("key=value,key=value is needed") };
        let value = decoded(value.trim()).ok_or_else(|| not_decoded(name, "a value"))?;
        if key.trim().is_empty() {
            return refuse("a key is empty");
        }
        pairs.push((key.trim().to_owned(), value));
    }
    Ok(pairs)
}

/// Percent-encoded text decoded; a percent sign that encodes nothing stands for itself.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = (byte == b'%').then(|| after.get(..2)).flatten();
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match code {
            Some(code) => {
                out.push(code);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(out).ok()
}

impl OtlpConfig {
    /// A resource that names its service.
    pub fn named_resource(&self) -> Resource {
        let mut resource = self.resource.clone();
        if !resource.attributes.iter().any(|(name, _)| name == gen_ai::SERVICE_NAME) {
            resource.attributes.push((gen_ai::SERVICE_NAME.into(), UNKNOWN_SERVICE.into()));
        }
        resource
    }

    /// What the headers are, as one secret, to tell one identity's records from another's.
    pub fn secret(&self) -> Secret {
        let mut all = zeroize::Zeroizing::new(String::new());
        for (name, value) in &self.headers {
            all.push_str(name);
            all.push_str(&value.fingerprint());
        }
        Secret::new(&all)
    }

    /// The identity of records for this service: its resource, and how they are written.
    pub fn identity(&self) -> String {
        let text = format!("{:?}", (&self.resource, self.encoding));
        hex(&Sha256::digest(text)[..8])
    }
}
