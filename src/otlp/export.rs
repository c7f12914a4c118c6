//! One request of OTLP over HTTP: compressed once an endpoint elsewhere has taken one, and its answer judged.
//!
//! An answer may say that some of a request's spans or records were refused (`partial_success`); the specification
//! forbids to send them again, and does not say which they were: the host is told how many. 429 and 503 name their
//! time. What the specification calls permanent (400) is bisected, so that only what is at fault is put into
//! quarantine; other refusals are held as everywhere, for an address or a key can be put right.

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use flate2::write::GzEncoder;

use super::answer::partial_success;
use super::config::{Compression, OtlpConfig};
use super::encode::Encoding;
use crate::delivery::{Body, Http, Outcome, Request, Response, is_on_this_machine};

/// Smaller requests are not worth compressing.
const LEAST_COMPRESSED: usize = 1_024;

// What is known of an endpoint and compression.
const UNKNOWN: u8 = 0;
const TAKES_GZIP: u8 = 1;
const REFUSES_GZIP: u8 = 2;

/// Sends requests to one endpoint.
pub struct Exporter {
    config: OtlpConfig,
    gzip: AtomicU8,
}

impl Exporter {
    /// An exporter of which the endpoint has not been asked anything. What goes no further than this machine is not
    /// worth compressing.
    pub fn new(config: OtlpConfig) -> Exporter {
        let gzip = match config.compression {
            Compression::Learned if is_on_this_machine(&config.traces_url) => REFUSES_GZIP,
            Compression::Learned => UNKNOWN,
            Compression::Gzip => TAKES_GZIP,
            Compression::None => REFUSES_GZIP,
        };
        Exporter { config, gzip: AtomicU8::new(gzip) }
    }

    /// How it was made.
    pub fn config(&self) -> &OtlpConfig {
        &self.config
    }

    /// Sends one request.
    pub fn send(&self, http: &mut Http, url: &str, body: &[u8], deadline: Instant) -> Outcome {
        let deadline = self.config.timeout.map_or(deadline, |most| deadline.min(Instant::now() + most));
        let compressed = self.gzip.load(Ordering::Relaxed) == TAKES_GZIP && body.len() >= LEAST_COMPRESSED;
        let response = match compressed {
            true => self.post(http, url, &gzip(body), true, deadline),
            false => self.post(http, url, body, false, deadline),
        };
        let learns = self.config.compression == Compression::Learned;
        let response = match response {
            // It may be the compression that it does not take.
            Ok(response) if compressed && learns && matches!(response.status, 400 | 415 | 501) => {
                let plain = self.post(http, url, body, false, deadline);
                if plain.as_ref().is_ok_and(|response| (200..300).contains(&response.status)) {
                    self.gzip.store(REFUSES_GZIP, Ordering::Relaxed);
                }
                plain
            }
            response => response,
        };
        match response {
            Ok(response) => {
                if (200..300).contains(&response.status) {
                    let _ =
                        self.gzip.compare_exchange(UNKNOWN, TAKES_GZIP, Ordering::Relaxed, Ordering::Relaxed);
                }
                classify(&response, self.config.encoding)
            }
            Err(error) => error.into(),
        }
    }

    fn post(
        &self,
        http: &mut Http,
        url: &str,
        body: &[u8],
        compressed: bool,
        deadline: Instant,
    ) -> Result<Response, crate::delivery::TransportError> {
        let content_type = ("content-type", self.config.encoding.content_type());
        let headers = [content_type, ("content-encoding", "gzip")];
        let request = Request {
            method: "POST",
            url,
            headers: if compressed { &headers } else { &headers[..1] },
            credential: None,
            private: &self.config.headers,
            body: Body::Bytes(body),
        };
        http.send(request, deadline)
    }
}

/// Compressed with gzip.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// What an answer comes to.
pub fn classify(response: &Response, encoding: Encoding) -> Outcome {
    let status = response.status;
    match status {
        200..=299 if response.encoding.is_some() || response.is_cut => Outcome::of(response),
        200..=299 => match partial_success(&response.body, encoding == Encoding::Json) {
            Some((0, why)) if why.is_empty() => Outcome::Delivered,
            Some((rejected, why)) => {
                let why = plain(&response.strike_out(&why));
                let what = match rejected {
                    0 => "took a request and says of it".to_owned(),
                    _ => format!("refused {rejected} of a request"),
                };
                Outcome::Partly { rejected, why: format!("the endpoint {what}: {why}") }
            }
            None => Outcome::of(response),
        },
        401 | 403 => {
            let why = format!(
                "HTTP {status} (are the headers (otlp_headers, OTEL_EXPORTER_OTLP_HEADERS) right?): {}",
                words(response)
            );
            Outcome::Unauthorized { status, why }
        }
        // Another media type is wanted, or another address: nothing is wrong with the records.
        415 => Outcome::Hold { why: format!("HTTP 415 at {}: {}", response.url, words(response)) },
        _ => Outcome::of(response),
    }
}

/// How many characters of an answer are told.
const QUOTED: usize = 200;

fn words(response: &Response) -> String {
    plain(&response.shown())
}

/// Somebody else's words, fit for one line of ours.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(QUOTED).collect()
}
