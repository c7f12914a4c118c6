//! Text on the hot path: JSON, times, numbers and ids, as bytes appended to the caller's buffer.
//!
//! A log call spends most of its time here, so everything in this room works on slices, writes to
//! a [`Buffer`](buffer::Buffer) that the caller keeps, and allocates nothing but that buffer's growth. Nothing here
//! knows what a trace or a log entry is, does I/O, or panics on any input.
//!
//! | module | job |
//! |---|---|
//! | [`json`] | check and compact a JSON document; walk one that has been compacted |
//! | [`buffer`] | the bytes of a line, with room to spare behind them |
//! | [`escape`] | write JSON strings and URL query values |
//! | [`object`] | write a JSON object member by member |
//! | [`mod@stringify`] | the members of an object as strings, as the log API wants them |
//! | [`time`] | RFC 3339 texts with microseconds |
//! | [`decimal`] | integers in decimal |
//! | [`id`] | the ids of entities: checked, or newly made |
//! | [`lossy`] | what becomes of a value that cannot be sent as it is, where a logger would rather degrade than drop |

#![forbid(unsafe_code)]

pub mod buffer;
pub mod decimal;
pub mod escape;
pub mod id;
pub mod json;
pub mod lossy;
pub mod object;
mod scan;
pub mod scratch;
pub mod stringify;
pub mod time;
