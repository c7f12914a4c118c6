//! libmaxim: log what AI applications do, from any language.
//!
//! A log call formats one line on the caller's thread and copies it into a segment that survives
//! the process; one writer thread per logger ships segments over HTTP; what cannot be shipped
//! stays on disk until it can.
//!
//! Data goes one way, down through the rooms, and no room knows a room above it:
//!
//! | room | job |
//! |---|---|
//! | [`ffi`] | the C ABI: pointers become references, panics become statuses |
//! | [`maxim`], [`applog`] | what is logged: the JSON of one action, one structured entry |
//! | [`otlp`] | the same as OpenTelemetry's spans and log records, for other services |
//! | [`control`] | what may leave: masks, content that stays here, samples, limits |
//! | [`delivery`] | batches, retries, quarantine, HTTP |
//! | [`spool`] | records in segments that survive the process |
//! | [`text`], [`process`], [`status`], [`report`], [`secret`] | what every room needs: JSON, time and ids; fork, threads and clocks; errors; credentials |

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

#[cfg(not(panic = "unwind"))]
compile_error!(
    "libmaxim turns panics into statuses at its boundary and must be built with panic = \"unwind\""
);

mod applog;
mod control;
mod delivery;
pub mod ffi;
mod maxim;
mod otlp;
mod process;
mod report;
mod secret;
mod spool;
mod status;
mod sync;
mod text;
