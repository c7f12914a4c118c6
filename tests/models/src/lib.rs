//! The spool's own code, with locks and atomics that a model checker can steer and watch.
//!
//! `src/spool` is included as it stands, with what it needs of `src/process`; only `crate::sync` is another one here. `tests/interleavings.rs`
//! runs it through every order in which threads can meet, and `tests/crash_points.rs` through everything
//! that a crash can leave in a segment's memory. Linux only, like the locks of the spool it looks at.

#[allow(dead_code, unused_imports)]
#[path = "../../../src/process/mod.rs"]
mod process;
#[allow(dead_code, unused_imports, clippy::len_without_is_empty)] // the library uses the rest of it
#[path = "../../../src/spool/mod.rs"]
pub mod spool;
pub mod stores;
mod sync;
#[allow(dead_code)]
mod text;

pub use sync::{explore, use_lane};
