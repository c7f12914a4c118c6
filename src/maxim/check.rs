//! Whether the log repository exists and the key may write to it: one question to the service.

use std::time::{Duration, Instant};

use super::logger::Logger;
use crate::delivery::{Body, Http, Outcome, Request};
use crate::process;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::escape::push_percent_encoded;

impl Logger {
    /// Asks the service for the repository, and waits for the answer.
    pub fn check(&self, timeout: Duration) -> Result<()> {
        let config = self.config();
        if let Some(otlp) = &config.otlp {
            let deadline = Instant::now() + timeout;
            return process::on_own_stack("maxim-check", || self.check_otlp(otlp, deadline));
        }
        let mut id = Buffer::new();
        push_percent_encoded(&mut id, &config.repository);
        let url = format!(
            "{}/api/sdk/v3/log-repositories?loggerId={}",
            config.settings.base_url,
            String::from_utf8_lossy(&id)
        );
        let deadline = Instant::now() + timeout;
        process::on_own_stack("maxim-check", || {
            let request = Request {
                method: "GET",
                url: &url,
                headers: &[("x-maxim-sdk-version", env!("CARGO_PKG_VERSION"))],
                credential: Some(("x-maxim-api-key", &config.api_key)),
                private: &[],
                body: Body::Empty,
            };
            match Http::new(config.settings.http()).send(request, deadline) {
                Ok(response) => Outcome::of(&response).told(),
                Err(error) if Instant::now() >= deadline => Err(Error::new(Status::Timeout, error.why)),
                Err(error) => Err(Error::new(Status::Network, error.why)),
            }
        })
    }
}
