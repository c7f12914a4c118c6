//! Descriptors in a host that may have closed its standard ones.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The first number that is nobody's standard input, output or error.
const FIRST: i32 = 3;

/// The same open file or socket under a number that no `printf` writes to and no `getchar` reads from: the system gives the
/// lowest free number, which is a standard one where the host has closed that.
pub fn beyond_standard(descriptor: impl Into<OwnedFd>) -> io::Result<OwnedFd> {
    let descriptor = descriptor.into();
    if descriptor.as_raw_fd() >= FIRST {
        return Ok(descriptor);
    }
    Ok(rustix::io::fcntl_dupfd_cloexec(&descriptor, FIRST)?)
}
