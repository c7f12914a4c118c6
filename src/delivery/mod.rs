//! Delivery: the way of records from a spool to an API, knowing nothing of what they mean.
//!
//! A [`Pipeline`] owns a spool and the one thread that empties it. The thread takes a batch of
//! records, frames them into a request body, lets the [`Protocol`] send it, and acts on the
//! [`Outcome`] as the delivery table of the architecture has it:
//!
//! | outcome | what becomes of the records |
//! |---|---|
//! | delivered (a 2xx without a body, or with a JSON object without an `error`) | acknowledged; the spool forgets them |
//! | retry | kept; full-jitter backoff, or what `Retry-After` says |
//! | unauthorized (the key, or a proxy's user) | kept; probes after 1, 5, 15 minutes |
//! | bad request | bisected until the bad record stands alone, which is quarantined |
//! | too large | halved; a single record that is too large is quarantined; the limit is remembered for a while |
//! | hold | kept for 15 minutes: the address is wrong, the service has moved, or somebody else answers |
//! | aside | this record waits, and those behind it only until the next attempt |
//! | unusable | this one record can never be sent: quarantined |
//!
//! Promises: at least once and in order; one request in flight (of entries, whose order is not told by arrival, up
//! to 16 while there is a backlog for a service far away) and at most one idle connection per pipeline; a caller of [`Pipeline::append`] never waits for the network; every waiting call
//! returns within its timeout and says what is still held; no lock is held while a callback runs;
//! no credential appears in an error text, and none is sent in the clear to another machine.
//!
//! Does not: format records, choose endpoints (that is the protocol's part), or keep records
//! (that is the spool's).

#![forbid(unsafe_code)]

mod answer;
mod body_limit;
mod config;
mod engine;
mod flushes;
mod http;
mod link;
mod losses;
mod outcome;
mod pipeline;
mod policy;
mod progress;
mod protocol;
mod reporting;
mod scarcity;
mod schedule;
mod settings;
#[cfg(test)]
mod simulation;
mod state_note;
mod synchronous;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
mod writer;

pub use answer::Said;
pub use config::PipelineConfig;
pub use flushes::Done;
#[cfg(test)]
pub use http::HttpConfig;
pub use http::{
    Body, Fault, Http, Request, Response, StorageUrlRule, TransportError, check_ca_file, checked_url,
    is_on_this_machine,
};
pub use link::Reach;
pub use outcome::Outcome;
pub use pipeline::{Pipeline, Stats};
pub use policy::{BackoffConfig, Policy, random_dice};
pub use protocol::{Framing, Protocol};
pub use settings::{DEFAULT_MAX_DISK_BYTES, MAX_AGE, Settings, default_max_memory_bytes};
