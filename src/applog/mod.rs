//! Structured application logs: levels, data and tags, flows of steps, raw documents.
//!
//! A call is filtered by level before anything else, then builds one JSON entry on the caller's
//! thread and appends it to the client's pipeline; nothing here waits or does I/O but what says so
//! ([`raw`] and remote flows). [`protocol`] says how entries travel.

#![forbid(unsafe_code)]

pub mod client;
pub mod config;
pub mod defaults;
pub mod document;
pub mod entry;
pub mod flow;
pub mod protocol;
pub mod raw;

pub use client::Client;
pub use config::{ClientConfig, Environment};
pub use document::{Format, RawOptions};
pub use entry::{Entry, Level};
pub use flow::Flow;
