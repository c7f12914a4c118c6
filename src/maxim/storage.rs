//! The storage of uploads: content goes to a URL that the log API gives for its key, and never with the API key.

use std::time::Instant;

use serde_json::Value;

use super::config::LoggerConfig;
use crate::delivery::{Body, Fault, Http, Outcome, Request, StorageUrlRule, TransportError};
use crate::secret::Secret;
use crate::text::buffer::Buffer;
use crate::text::escape::push_percent_encoded;

/// What an upload came to.
pub(super) enum UploadOutcome {
    /// The storage has the content.
    Done,
    /// This content is refused, or the URL that was given for it: by the storage, or already by the service.
    Refused(String),
    /// The storage does not answer, or with something that says nothing about the content.
    Failed(String),
    /// The content cannot be read at present.
    Unread(String),
    /// This content can never be uploaded.
    Impossible(String),
    /// What has nothing to do with this upload: the service takes none at present.
    General(Outcome),
}

impl UploadOutcome {
    /// The outcome of a record that must not be overtaken: the others wait for it.
    pub fn outcome(self) -> Outcome {
        match self {
            UploadOutcome::Done => Outcome::Delivered,
            UploadOutcome::Refused(why) | UploadOutcome::Failed(why) | UploadOutcome::Unread(why) => {
                Outcome::Retry { after: None, why }
            }
            UploadOutcome::Impossible(why) => Outcome::Unusable { why },
            UploadOutcome::General(outcome) => outcome,
        }
    }
}

/// Where the content of uploads goes, for one repository.
pub(super) struct Storage {
    base_url: String,
    api_key: Secret,
    rule: StorageUrlRule,
    /// The repository's id, which keys begin with.
    pub repository: String,
}

impl Storage {
    pub fn new(config: &LoggerConfig) -> Storage {
        Storage {
            base_url: config.settings.base_url.clone(),
            rule: StorageUrlRule::of(&config.settings.base_url),
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
    ) -> UploadOutcome {
        let url = match self.url(http, key, mime, size, deadline) {
            Ok(url) => url,
            Err(uploaded) => return uploaded,
        };
        let told = |why| format!("upload of {key}: {why}");
        if let Err(why) = self.rule.check(&url) {
            return UploadOutcome::Refused(told(why));
        }
        let request = Request {
            method: "PUT",
            url: &url,
            headers: &[("content-type", mime)],
            credential: None,
            private: &[],
            body,
        };
        let response = match http.send(request, deadline) {
            Ok(response) => response,
            Err(TransportError { fault: Fault::Unread, why }) => return UploadOutcome::Unread(told(why)),
            Err(error) => {
                return match Outcome::from(error) {
                    Outcome::Unusable { why } => UploadOutcome::Impossible(told(why)),
                    Outcome::Hold { why } => UploadOutcome::Refused(told(why)),
                    Outcome::Retry { why, .. } => UploadOutcome::Failed(told(why)),
                    other => UploadOutcome::General(other),
                };
            }
        };
        match Outcome::of_storage(&response) {
            Outcome::Delivered | Outcome::Partly { .. } => UploadOutcome::Done,
            Outcome::TooLarge { why } => UploadOutcome::Impossible(told(why)),
            Outcome::Retry { why, .. } => UploadOutcome::Failed(told(why)),
            // A page instead of the storage's answer.
            Outcome::Hold { why } if response.status < 300 => UploadOutcome::Failed(told(why)),
            Outcome::Unauthorized { why, .. }
            | Outcome::BadRequest { why, .. }
            | Outcome::Hold { why }
            | Outcome::Left { why }
            | Outcome::Aside { why, .. }
            | Outcome::Unusable { why } => UploadOutcome::Refused(told(why)),
        }
    }

    fn url(
        &self,
        http: &mut Http,
        key: &str,
        mime: &str,
        size: u64,
        deadline: Instant,
    ) -> Result<String, UploadOutcome> {
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
            private: &[],
            body: Body::Empty,
        };
        let told = |why| format!("the upload URL of {key}: {why}");
        let response = http.send(request, deadline).map_err(|error| UploadOutcome::General(error.into()))?;
        match Outcome::of(&response) {
            Outcome::Delivered => {}
            // It is asked for a URL and nothing else: what it refuses is this one.
            Outcome::BadRequest { why, .. } | Outcome::TooLarge { why } => {
                return Err(UploadOutcome::Refused(told(why)));
            }
            Outcome::Hold { why } if response.status >= 400 => return Err(UploadOutcome::Refused(told(why))),
            other => return Err(UploadOutcome::General(other)),
        }
        let answer: Option<Value> = serde_json::from_slice(response.text()).ok();
        let url = answer.as_ref().and_then(|answer| answer.pointer("/data/url")?.as_str());
        url.map(str::to_owned).ok_or_else(|| {
            UploadOutcome::Failed(told("the service answered without the URL that it should give".to_owned()))
        })
    }
}
