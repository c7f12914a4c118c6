//! A clock that all processors share, read as fast as it can be: for the order of what threads did, and
//! for nothing else.

use std::sync::atomic::{AtomicU8, Ordering, fence};

use super::system;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

const UNKNOWN: u8 = 0;
const COUNTER: u8 = 1;
const CLOCK: u8 = 2;

static KIND: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Decides which clock it is, once in a process: the processor's time stamp counter where the kernel has found that
/// all processors' agree and keeps its own time by it, else the monotonic clock. May look at a file.
pub fn prepare() {
    if KIND.load(Ordering::Relaxed) == UNKNOWN {
        let kind = if keeps_time_by_counter() { COUNTER } else { CLOCK };
        // Whoever was first has decided.
        let _ = KIND.compare_exchange(UNKNOWN, kind, Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn keeps_time_by_counter() -> bool {
    std::fs::read_to_string(CLOCK_SOURCE).is_ok_and(|source| source.trim() == "tsc")
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn keeps_time_by_counter() -> bool {
    false
}

/// The time, after [`prepare`]: not before any stamp that was taken before this call.
#[inline(always)]
pub fn now() -> u64 {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if KIND.load(Ordering::Relaxed) == COUNTER {
        // SAFETY: every x86-64 processor has both. The fence keeps the counter from being read before what
        // comes before.
        return unsafe {
            std::arch::x86_64::_mm_lfence();
            std::arch::x86_64::_rdtsc()
        };
    }
    system::monotonic_ns() as u64
}

/// The time before anything that comes after this call: it is read before that begins.
pub fn before_what_follows() -> u64 {
    let stamp = now();
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    // SAFETY: every x86-64 processor has it.
    unsafe {
        std::arch::x86_64::_mm_lfence();
    }
    fence(Ordering::SeqCst);
    stamp
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn a_stamp_is_not_before_one_that_another_thread_took_and_told_of() {
        prepare();
        let last = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100_000 {
                        let told = last.load(Ordering::Acquire);
                        let stamp = now();
                        assert!(stamp >= told, "{stamp} after {told}");
                        last.fetch_max(stamp, Ordering::AcqRel);
                    }
                });
            }
        });
    }
}
