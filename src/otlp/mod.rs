//! OpenTelemetry: what is logged, as spans and log records of OTLP.
//!
//! | file | job |
//! |---|---|
//! | [`names`] | every name of both dialects (`gen_ai.*` and OpenInference), and the version of the convention |
//! | [`model`] | a span, a log record and what stands in them |
//! | [`encode`] | requests from them, as protobuf or JSON |
//! | [`ids`] | trace and span ids from ours, and W3C `traceparent` |
//! | [`fold`] | lines of the Maxim log API, in order, into spans: open entities and their ends |
//! | [`entity`], [`data`], [`left`] | one open entity, what its lines come to, and those that have left |
//! | `lineage`, `records` | the trace and session that an entity belongs to; what is kept of those that are open |
//! | [`span`] | the span that an entity becomes |
//! | [`json`] | JSON read where it stands, and written |
//! | [`entry`] | a structured entry as a log record |
//! | [`config`] | where it goes: the configuration and the standard environment |
//! | [`export`] | one request: compression, and what its answer comes to |
//! | `answer` | what a success says of what was refused |
//! | [`logs`], [`traces`] | the protocols that a pipeline delivers by |
//! | `whole` | a folder that keeps what leaves it, and whole requests: for tests and `maxim-dev` only |
//!
//! Everything above [`config`] in this table is pure: no file, no network, no clock, and nothing of this crate but
//! `text::time`, for `maxim-dev relay` folds with the same files; it judges answers with `answer`.

#![forbid(unsafe_code)]

mod answer;
pub mod config;
pub mod data;
pub mod encode;
pub mod entity;
pub mod entry;
pub mod export;
pub mod fold;
pub mod ids;
pub mod json;
pub mod left;
mod lineage;
pub mod logs;
pub mod model;
pub mod names;
mod proto;
mod records;
pub mod span;
#[cfg(test)]
mod tests;
pub mod traces;
#[cfg(test)]
mod whole;
