//! The time that the machine has run, which nobody sets: unlike the system's clock, which may be years off and be
//! put right at any moment.

use std::sync::OnceLock;
use std::time::Duration;

use super::system;

/// The clock and the kernel's own account of the same time differ by no more than it takes to read both.
const TOLERANCE: Duration = Duration::from_secs(10);

/// Since the machine was started, the time that it slept included.
pub fn elapsed() -> Duration {
    Duration::from_nanos(system::since_boot_ns().max(0) as u64)
}

/// Which boot of the machine this is; zeros where that cannot be told, or where the clock shows other times than
/// those of other processes on the machine. Reads files the first time.
pub fn id() -> [u8; 16] {
    static ID: OnceLock<[u8; 16]> = OnceLock::new();
    *ID.get_or_init(|| {
        let (id, uptime, offsets) = system::boot();
        if is_trusted(&uptime, &offsets) { parse(&id) } else { [0; 16] }
    })
}

fn parse(text: &str) -> [u8; 16] {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16).unwrap_or(0).to_be_bytes()
}

fn is_trusted(uptime: &str, offsets: &str) -> bool {
    let seconds = uptime.split_whitespace().next().and_then(|seconds| seconds.parse().ok());
    let uptime = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // Where the kernel has no time namespaces nothing is said.
    let is_shifted = offsets
        .lines()
        .filter_map(|line| line.strip_prefix("boottime"))
        .any(|offset| offset.split_whitespace().any(|number| number != "0"));
    !is_shifted && uptime.is_some_and(|uptime| elapsed().abs_diff(uptime) < TOLERANCE)
}
