//! How long to wait after a failure. Pure: the clock and the dice are the caller's.
//!
//! A retryable failure waits a random time below a bound that doubles (full jitter: it spreads the
//! clients of a recovering service best), unless the service named a time. A refused key is probed
//! after 1, 5 and then every 15 minutes; a wrong address after 15 minutes. Any success resets it all.

use std::time::Duration;

use crate::process::unique;

/// The wait while nothing at the address takes records.
pub const HOLD: Duration = Duration::from_secs(15 * 60);
/// The waits before a refused key is tried again; the last one repeats.
const PROBES: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(5 * 60), Duration::from_secs(15 * 60)];
/// The bounds of what a service may ask for in `Retry-After`.
pub const RETRY_AFTER: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(15 * 60);

/// The backoff after retryable failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffConfig {
    /// The bound of the first wait; it doubles with each failure.
    pub initial: Duration,
    /// The bound never grows above this.
    pub max: Duration,
    /// After this many retries in a row the host is told that delivery has been given up for now.
    /// The records stay held, and attempts go on at the longest wait. `None`: never told.
    pub max_retries: Option<u32>,
}

/// The least bounds of the first wait and of any: what is given as less is taken for these, so that nobody asks a
/// service that is away without a pause.
const LEAST_INITIAL: Duration = Duration::from_millis(100);
const LEAST_MAX: Duration = Duration::from_secs(1);

impl BackoffConfig {
    /// A host's wishes, within reason.
    pub fn of_host(initial: Duration, max: Duration, max_retries: u32) -> BackoffConfig {
        let initial = initial.max(LEAST_INITIAL);
        BackoffConfig { initial, max: max.max(initial).max(LEAST_MAX), max_retries: Some(max_retries) }
    }
}

impl Default for BackoffConfig {
    fn default() -> BackoffConfig {
        BackoffConfig { initial: Duration::from_millis(500), max: Duration::from_secs(60), max_retries: None }
    }
}

/// Where the next random number comes from, uniform over all 64 bits.
pub type Dice = Box<dyn FnMut() -> u64 + Send>;

/// The failures in a row, and the wait that follows from them.
pub struct Policy {
    config: BackoffConfig,
    dice: Dice,
    retries: u32,
    probes: usize,
}

impl Policy {
    /// A policy that throws `dice` for its jitter.
    pub fn new(config: BackoffConfig, dice: Dice) -> Policy {
        Policy { config, dice, retries: 0, probes: 0 }
    }

    /// The wait after a retryable failure.
    pub fn after_failure(&mut self, service_says: Option<Duration>) -> Duration {
        let doubled = 2u32.checked_pow(self.retries).unwrap_or(u32::MAX);
        self.retries = self.retries.saturating_add(1);
        if let Some(wait) = service_says {
            return wait.clamp(*RETRY_AFTER.start(), *RETRY_AFTER.end());
        }
        let exhausted = self.config.max_retries.is_some_and(|most| self.retries > most);
        let bound = match exhausted {
            true => self.config.max,
            false => self.config.initial.saturating_mul(doubled).min(self.config.max),
        };
        // The upper 53 bits, as many as an f64 holds, give a fraction in [0, 1).
        let fraction = ((self.dice)() >> 11) as f64 / (1u64 << 53) as f64;
        bound.mul_f64(fraction)
    }

    /// Whether the last failure was the one that used up the retries.
    pub fn gave_up(&self) -> bool {
        self.config.max_retries.is_some_and(|most| self.retries == most.saturating_add(1))
    }

    /// The wait after the service refused the key.
    pub fn after_unauthorized(&mut self) -> Duration {
        let wait = PROBES[self.probes.min(PROBES.len() - 1)];
        self.probes += 1;
        wait
    }

    /// The service took something: start afresh.
    pub fn succeeded(&mut self) {
        self.retries = 0;
        self.probes = 0;
    }
}

/// Dice for production: SplitMix64. Its seed is not the standard library's, which panics where no randomness
/// can be had.
pub fn random_dice() -> Dice {
    dice(unique::number())
}

/// The same for each seed every time.
pub fn dice(seed: u64) -> Dice {
    let mut state = seed;
    Box::new(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// A policy whose dice always fall on the same fraction of the bound.
    fn loaded(config: BackoffConfig, throw: u64) -> Policy {
        Policy::new(config, Box::new(move || throw))
    }

    #[test]
    fn dice_fall_as_those_of_splitmix64_and_a_wrong_address_waits_for_a_quarter_of_an_hour() {
        // The first numbers of the published generator for the seed 0.
        let mut dice = dice(0);
        assert_eq!([dice(), dice()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert_eq!(HOLD, seconds(900));
    }

    #[test]
    fn the_bound_of_the_wait_doubles_up_to_its_maximum() {
        let mut policy = loaded(BackoffConfig::default(), 1 << 63);
        let waits: Vec<u128> = (0..9).map(|_| policy.after_failure(None).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        policy.succeeded();
        assert_eq!(policy.after_failure(None).as_millis(), 250);
    }

    #[test]
    fn a_host_cannot_ask_for_no_wait_at_all() {
        let mut policy = loaded(BackoffConfig::of_host(Duration::ZERO, Duration::ZERO, 3), 1 << 63);
        let waits: Vec<u128> = (0..6).map(|_| policy.after_failure(None).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 500, 500, 500]);
        let slow = BackoffConfig::of_host(seconds(5), seconds(2), 3);
        assert_eq!((slow.initial, slow.max), (seconds(5), seconds(5)));
    }

    #[test]
    fn the_jitter_covers_the_whole_range_from_zero() {
        let config = BackoffConfig { initial: seconds(8), max: seconds(8), max_retries: None };
        assert_eq!(loaded(config, 0).after_failure(None), Duration::ZERO);
        let most = loaded(config, u64::MAX).after_failure(None);
        assert!(most <= seconds(8) && most > Duration::from_millis(7_999), "{most:?}");
        let mut fair = Policy::new(config, random_dice());
        let waits: Vec<Duration> = (0..200).map(|_| fair.after_failure(None)).collect();
        assert!(waits.iter().any(|wait| *wait < seconds(2)) && waits.iter().any(|wait| *wait > seconds(6)));
    }

    #[test]
    fn ten_thousand_failures_neither_overflow_nor_wait_longer() {
        let mut policy = loaded(BackoffConfig::default(), u64::MAX);
        for _ in 0..10_000 {
            assert!(policy.after_failure(None) <= seconds(60));
        }
    }

    #[test]
    fn the_services_own_time_is_taken_within_bounds() {
        let mut policy = loaded(BackoffConfig::default(), 0);
        assert_eq!(policy.after_failure(Some(seconds(7))), seconds(7));
        assert_eq!(policy.after_failure(Some(Duration::ZERO)), seconds(1));
        assert_eq!(policy.after_failure(Some(seconds(86_400))), seconds(900));
    }

    #[test]
    fn a_refused_key_is_probed_after_one_five_and_then_every_fifteen_minutes() {
        let mut policy = loaded(BackoffConfig::default(), 0);
        let waits: Vec<u64> = (0..5).map(|_| policy.after_unauthorized().as_secs()).collect();
        assert_eq!(waits, [60, 300, 900, 900, 900]);
        policy.succeeded();
        assert_eq!(policy.after_unauthorized(), seconds(60));
    }

    #[test]
    fn giving_up_is_said_once_and_the_longest_wait_follows() {
        let config = BackoffConfig { initial: seconds(1), max: seconds(30), max_retries: Some(3) };
        let mut policy = loaded(config, 1 << 63);
        let mut said = Vec::new();
        for _ in 0..6 {
            let wait = policy.after_failure(None);
            said.push((wait.as_millis(), policy.gave_up()));
        }
        let expected =
            [(500, false), (1_000, false), (2_000, false), (15_000, true), (15_000, false), (15_000, false)];
        assert_eq!(said, expected);
    }
}
