//! What the Maxim log API is told: sessions, traces, spans, generations, retrievals, tool calls.
//!
//! Every call validates its arguments, builds the wire line of one action on the caller's thread
//! and appends it to the logger's pipelines; nothing here waits or does I/O. [`protocol`] says how the
//! lines travel.

#![forbid(unsafe_code)]

pub mod actions;
pub mod attachment;
mod check;
pub mod config;
pub mod create;
mod gate;
pub mod line;
pub mod logger;
mod media;
mod messages;
mod mime;
mod models;
pub mod protocol;
pub mod result;
mod source;
mod storage;
mod tree;
mod turns;
mod upload_pipeline;
mod uploads;

pub use actions::{Event, Failure};
pub use attachment::{Attachment, Content};
pub use config::LoggerConfig;
pub use create::{ErrorEntry, Generation, Session, Span, ToolCall, Trace};
pub use line::Entity;
pub use logger::Logger;
