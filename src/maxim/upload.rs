//! Uploads: content goes to a URL that the log API gives for its key, and never with the API key.

use std::time::Instant;

use serde_json::Value;

use super::config::Config;
use crate::delivery::{Body, Http, Outcome, Request};
use crate::secret::Secret;
use crate::text::buffer::Buffer;
use crate::text::escape::push_percent_encoded;

/// What an upload came to.
pub(super) enum Uploaded {
    /// What any request may come to.
    Outcome(Outcome),
    /// The storage refuses the content, or the URL that it was given for it.
    Refused(String),
}

impl Uploaded {
    /// A refusal is of this URL, which is good for a while only, as far as one can tell: ask for another.
    pub fn outcome(self) -> Outcome {
        match self {
            Uploaded::Outcome(outcome) => outcome,
            Uploaded::Refused(why) => Outcome::Retry { after: None, why },
        }
    }
}

/// What an upload needs to know of a repository.
pub(super) struct Uploader {
    base_url: String,
    api_key: Secret,
    /// The repository's id, which keys begin with.
    pub repository: String,
}

impl Uploader {
    pub fn new(config: &Config) -> Uploader {
        Uploader {
            base_url: config.settings.base_url.clone(),
            api_key: config.api_key.clone(),
            repository: config.repository.clone(),
        }
    }

    /// Asks for a URL and puts the content there.
    pub fn upload(
        &self,
        http: &mut Http,
        key: &str,
        mime: &str,
        size: u64,
        body: Body<'_>,
        deadline: Instant,
    ) -> Uploaded {
        let url = match self.url(http, key, mime, size, deadline) {
            Ok(url) => url,
            Err(outcome) => return Uploaded::Outcome(outcome),
        };
        let request =
            Request { method: "PUT", url: &url, headers: &[("content-type", mime)], credential: None, body };
        match Outcome::from(http.send(request, deadline)) {
            Outcome::Unauthorized { why, .. } | Outcome::BadRequest { why, .. } | Outcome::Hold { why } => {
                Uploaded::Refused(format!("upload of {key}: {why}"))
            }
            Outcome::TooLarge { why } => {
                Uploaded::Outcome(Outcome::Unusable { why: format!("upload of {key}: {why}") })
            }
            other => Uploaded::Outcome(other),
        }
    }

    fn url(
        &self,
        http: &mut Http,
        key: &str,
        mime: &str,
        size: u64,
        deadline: Instant,
    ) -> Result<String, Outcome> {
        let mut query = Buffer::new();
        for (name, value) in [("?key=", key), ("&mimeType=", mime)] {
            query.extend_from_slice(name.as_bytes());
            push_percent_encoded(&mut query, value);
        }
        let query = String::from_utf8_lossy(&query);
        let base = &self.base_url;
        let request = Request {
            method: "GET",
            url: &format!("{base}/api/sdk/v1/log-repositories/attachments/upload-url{query}&size={size}"),
            headers: &[("x-maxim-sdk-version", env!("CARGO_PKG_VERSION"))],
            credential: Some(("x-maxim-api-key", &self.api_key)),
            body: Body::Empty,
        };
        let response = http.send(request, deadline).map_err(Outcome::from)?;
        match Outcome::of(&response) {
            Outcome::Delivered => {}
            other => return Err(other),
        }
        let answer: Option<Value> = serde_json::from_slice(&response.body).ok();
        let url = answer.as_ref().and_then(|answer| answer.pointer("/data/url")?.as_str());
        url.map(str::to_owned).ok_or_else(|| Outcome::Retry {
            after: None,
            why: "the service answered without the upload URL that it should give".to_owned(),
        })
    }
}
