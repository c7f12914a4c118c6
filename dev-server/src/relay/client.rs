//! Requests out: the service as the relay speaks to it, with its key and its headers.

use std::io::{self, Read as _, Write as _};

use flate2::{Compression, write::GzEncoder};

use crate::cli::args::Target;
use crate::cli::client::agent;
use crate::collect::http::Head;
use crate::collect::routes::{decode, may_have_key, origin_form, segment};
use crate::relay::body::Kind;
use crate::relay::outcome::Answer;

/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

pub struct Client {
    agent: ureq::Agent,
    target: Target,
    key: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub fn new(target: &Target) -> io::Result<Client> {
        let url = target.url().trim_end_matches('/').to_owned();
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let key = environment("MAXIM_API_KEY");
        let headers = match target {
            Target::Maxim(_) => Vec::new(),
            Target::Otlp(_) => headers(&environment("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default()),
        };
        // A collector beside the relay has no key and needs none; a key goes out encrypted or not at all.
        let has_secret = matches!(target, Target::Maxim(_)) || !headers.is_empty();
        if !may_have_key(&url) && (has_secret || !url.starts_with("http://")) {
            return Err(io::Error::other(
                "an https URL, or http on this machine: the key goes with the data",
            ));
        }
        let (key, target) = match target {
            Target::Maxim(_) => {
                (key.ok_or_else(|| io::Error::other("MAXIM_API_KEY is not set"))?, Target::Maxim(url))
            }
            Target::Otlp(_) => (String::new(), Target::Otlp(url)),
        };
        let agent = agent(target.url());
        Ok(Client { agent, target, key, headers })
    }

    pub fn send(&self, kind: Kind, target: &str, body: &[u8]) -> Result<Answer, String> {
        let base = self.target.url();
        let (url, key_header, content_type) = match kind {
            Kind::Lines => {
                (format!("{base}/api/sdk/v3/log?id={}", segment(target)), "x-maxim-api-key", "text/plain")
            }
            Kind::Entries => (format!("{base}/v1/logs"), "x-api-key", "application/json"),
            Kind::Raw => (format!("{base}/v1/logs?{target}"), "x-api-key", "text/plain"),
            Kind::Spans => (format!("{base}/v1/traces"), "", "application/x-protobuf"),
            Kind::Logs => (format!("{base}/v1/logs"), "", "application/x-protobuf"),
        };
        let mut request = self.agent.post(&url).header("content-type", content_type);
        if !key_header.is_empty() {
            request = request.header(key_header, &self.key);
        }
        for (name, value) in self.headers.iter().filter(|_| kind.is_otlp()) {
            request = request.header(name, value);
        }
        let answer = if kind.is_otlp() {
            let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
            let zipped =
                zipped.write_all(body).and_then(|()| zipped.finish()).map_err(|error| error.to_string())?;
            request.header("content-encoding", "gzip").send(&zipped[..])
        } else {
            request.send(body)
        };
        read(answer)
    }

    /// Asks the service what a client asked, with the relay's key.
    pub fn ask(&self, head: &Head, key_header: &str, body: &[u8]) -> Result<Answer, String> {
        let url = format!("{}{}", self.target.url(), origin_form(&head.target).0);
        let answer = if head.method == "GET" {
            self.agent.get(&url).header(key_header, &self.key).call()
        } else {
            self.agent
                .post(&url)
                .header(key_header, &self.key)
                .header("content-type", "application/json")
                .send(body)
        };
        read(answer)
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let retry_after =
        answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    let (_, reader) = answer.into_parts();
    reader.into_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body).map_err(|error| error.to_string())?;
    Ok(Answer { status, retry_after, body })
}

/// `name=value,name=value`, percent-encoded, as `OTEL_EXPORTER_OTLP_HEADERS` has it.
fn headers(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| decode(text.trim(), false).into_owned();
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name).to_ascii_lowercase(), decoded(value)))
        .collect()
}
