//! Life in somebody else's process: which process this is, threads that disturb nobody, where it runs.
//!
//! Promises: [`epoch`] differs from the value in every ancestor, after whatever kind of fork;
//! a thread of ours never runs one of the host's signal handlers; work with files on a thread of the host's
//! raises no signal there and is not cut short ([`Undisturbed`]); small pieces of memory are there where the system has none
//! ([`memory`]); nothing here installs a signal handler or panics for want of a resource.
//!
//! Does not: decide what to do after a fork. The owner of a resource compares epochs and
//! leaves what it inherited to the parent.

pub mod boot;
pub mod clock;
mod container;
mod files;
#[cfg_attr(windows, path = "fork_windows.rs")]
mod fork;
mod fork_cell;
mod lambda;
mod memory;
pub mod monotonic;
pub mod stamp;
#[cfg_attr(unix, path = "system/unix.rs")]
#[cfg_attr(windows, path = "system/windows.rs")]
mod system;
mod threads;
mod undisturbed;
pub mod unique;

pub use container::memory_limit;
pub use files::{FileFacts, open_small, read_small};
#[cfg(unix)]
pub use fork::forks;
pub use fork::{epoch, is_forked};
pub use fork_cell::ForkCell;
pub use lambda::is_running_on_lambda;
pub use memory::{
    NoMemory, can_map, has_memory, is_short_of, leave_if_short_of, memory_shortages, reserve_or_leave,
    system_has, without_waiting,
};
pub(crate) use system::own_stack;
pub use system::{
    beyond_standard, facts_at, file_facts, is_passing, open_for_reading, out_of_memory, path_of,
    socket_identity, stderr_is_ready, write_to_stderr,
};
pub(crate) use threads::spawn_bare;
pub use threads::{on_own_stack, spawn_masked, spawn_scoped_masked, try_on_own_stack};
pub use undisturbed::{Undisturbed, hold_cancellation};
