//! The clock that log lines carry: UTC in microseconds, which never steps back.
//!
//! An entity's start and end are often set by different threads, and the log API takes a time to be
//! a duration's end. So the clock runs on the monotonic one from an anchor taken from
//! the system's. Once a second the anchor is looked at again: when the system's clock is ahead
//! (a freeze, a step forward) the anchor follows at once; when it is behind (a step back) this clock
//! runs [`SLEW_PER_MILLE`] slower until the two agree, so that a later call never gets an earlier time.
//!
//! The simpler clock, the latest time ever given or the system's if that is later, takes 15 instructions less (a span
//! reads the clock twice: 30 less of 1,745 by `scripts/instructions.sh`) and one store to a place that all
//! threads write. After a step back it stands still until the system's clock has caught up: an hour in which
//! everything takes no time.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::system;

/// How often the anchor is compared with the system's clock.
const REANCHOR_NS: i64 = 1_000_000_000;
/// Differences below this are the noise of reading two clocks one after the other.
const TOLERANCE_NS: i64 = 500_000;
/// How much slower the clock runs while the system's clock is behind it: 100 of 1000, so that a
/// duration measured meanwhile is at most a tenth too short.
const SLEW_PER_MILLE: i64 = 100;

/// Unix microseconds, never before an earlier answer in this process.
#[inline]
pub fn now_us() -> i64 {
    static CLOCK: Clock = Clock::new();
    CLOCK.at(system::monotonic_ns(), system::real_ns) / 1000
}

/// Unix milliseconds from the same clock.
#[inline]
pub fn now_ms() -> i64 {
    now_us() / 1000
}

/// The anchor, readable without a lock: `version` is odd while it is being changed.
struct Clock {
    version: AtomicU32,
    real_ns: AtomicI64,
    monotonic_ns: AtomicI64,
    slew_per_mille: AtomicI64,
}

impl Clock {
    const fn new() -> Clock {
        Clock {
            version: AtomicU32::new(0),
            real_ns: AtomicI64::new(0),
            // So long ago that the first call takes an anchor.
            monotonic_ns: AtomicI64::new(i64::MIN / 2),
            slew_per_mille: AtomicI64::new(0),
        }
    }

    /// Unix nanoseconds at a reading of the monotonic clock.
    #[inline]
    fn at(&self, monotonic: i64, real: impl FnOnce() -> i64) -> i64 {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let anchor = self.monotonic_ns.load(Ordering::Acquire);
            let since = monotonic.saturating_sub(anchor);
            let slew = self.slew_per_mille.load(Ordering::Acquire);
            let now = self.real_ns.load(Ordering::Acquire) + since - since / 1000 * slew;
            if version & 1 == 0 && self.version.load(Ordering::Relaxed) == version {
                if since < REANCHOR_NS {
                    return now;
                }
                return self.reanchor(version, monotonic, now, real());
            }
            // A thread that died between the two stores (in a forked child) leaves the version odd
            // for ever; the anchor that it was writing is at most a second of slew off.
            if version & 1 == 1 && since < REANCHOR_NS {
                return now;
            }
            if version & 1 == 1 {
                return real().max(now);
            }
        }
    }

    #[cold]
    fn reanchor(&self, version: u32, monotonic: i64, now: i64, real: i64) -> i64 {
        let first = self.monotonic_ns.load(Ordering::Relaxed) < 0;
        if self.version.compare_exchange(version, version | 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // Another thread is doing it; the old anchor is still good.
            return if first { real } else { now };
        }
        let ahead = if first { 0 } else { now - real };
        let (anchor, slew) = if first || ahead < -TOLERANCE_NS {
            (real, 0)
        } else {
            (now, if ahead > TOLERANCE_NS { SLEW_PER_MILLE } else { 0 })
        };
        self.real_ns.store(anchor, Ordering::Release);
        self.monotonic_ns.store(monotonic, Ordering::Release);
        self.slew_per_mille.store(slew, Ordering::Release);
        self.version.store(version.wrapping_add(2), Ordering::Release);
        anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn follows_the_system_clock_when_nothing_steps() {
        let clock = Clock::new();
        for step in 0..100 {
            let monotonic = step * SECOND / 3;
            let real = 1_700_000_000 * SECOND + monotonic;
            assert_eq!(clock.at(monotonic, || real), real);
        }
    }

    #[test]
    fn a_step_back_never_shows_and_is_caught_up_with() {
        let clock = Clock::new();
        let mut last = 0;
        for step in 0..1000 {
            let monotonic = step * SECOND / 4;
            // The system's clock is set back by five seconds after ten.
            let real = 1_700_000_000 * SECOND + monotonic - if step > 40 { 5 * SECOND } else { 0 };
            let now = clock.at(monotonic, || real);
            assert!(now > last, "step {step}: {now} after {last}");
            last = now;
            if step == 999 {
                assert!((now - real).abs() <= SECOND / 10, "off by {} ns", now - real);
            }
        }
    }

    #[test]
    fn the_noise_between_two_clocks_is_no_step_and_takes_no_time_back() {
        let clock = Clock::new();
        clock.at(0, || 1_700_000_000 * SECOND);
        let now = 1_700_000_002 * SECOND;
        assert_eq!(clock.at(2 * SECOND, || now - TOLERANCE_NS / 2), now);
    }

    #[test]
    fn a_thread_that_died_while_it_looked_at_the_clock_stops_nobody() {
        let clock = Clock::new();
        let start = 1_700_000_000 * SECOND;
        clock.at(0, || start);
        clock.version.fetch_or(1, Ordering::Release);
        assert_eq!(clock.at(SECOND / 2, || unreachable!("the anchor is good")), start + SECOND / 2);
        assert_eq!(clock.at(2 * SECOND, || start + 3 * SECOND), start + 3 * SECOND);
        assert_eq!(clock.at(2 * SECOND, || start), start + 2 * SECOND, "never before an earlier answer");
    }

    #[test]
    fn a_step_forward_is_followed_within_a_second() {
        let clock = Clock::new();
        clock.at(0, || 1_700_000_000 * SECOND);
        let real = 1_700_003_600 * SECOND;
        assert_eq!(clock.at(2 * SECOND, || real), real);
    }

    #[test]
    fn the_real_one_is_near_the_system_clock() {
        let system =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
        assert!((now_us() - system).abs() < 5_000_000);
        assert!((now_ms() * 1_000 - system).abs() < 5_000_000);
    }

    #[test]
    fn a_reading_lies_between_two_of_the_standard_librarys() {
        let theirs =
            || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as i64;
        // Unless somebody sets the clock back meanwhile.
        let lies_between = || {
            let (before, now, after) = (theirs(), system::real_ns(), theirs());
            before <= now && now <= after
        };
        assert!((0..100).any(|_| lies_between()));
    }
}
