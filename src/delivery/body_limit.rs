//! The largest request body that the service takes, learned from its answers.
//!
//! A 413 halves it. Since a limit may be of the moment (a proxy in between, a deployment), it doubles
//! again after a number of requests that it had kept small were taken. Each time that turns out too
//! bold, the next trial waits for twice as many, so that a service with a lasting limit is hardly ever
//! sent too much.

/// Nobody limits requests to less: a 413 for less is a service that is out of order.
pub const LEAST: usize = 4 * 1024;
/// Requests taken before the limit is tried again, at first and at most.
const SUCCESSES_BEFORE_RAISE: std::ops::RangeInclusive<u32> = 16..=4_096;

/// What is known of the limit.
pub struct BodyLimit {
    bytes: usize,
    /// Requests of about this size in a row that were taken.
    taken: u32,
    /// How many it takes to try twice the size.
    successes_before_raise: u32,
    /// The limit has been raised since the last 413.
    raised: bool,
}

impl BodyLimit {
    /// None is known.
    pub fn new() -> BodyLimit {
        BodyLimit {
            bytes: usize::MAX,
            taken: 0,
            successes_before_raise: *SUCCESSES_BEFORE_RAISE.start(),
            raised: false,
        }
    }

    /// Bodies stay below this.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A body of so many bytes was too large.
    pub fn refused(&mut self, bytes: usize) {
        self.bytes = (bytes / 2).max(LEAST);
        self.taken = 0;
        if self.raised {
            self.successes_before_raise =
                (self.successes_before_raise * 2).min(*SUCCESSES_BEFORE_RAISE.end());
            self.raised = false;
        }
    }

    /// A body of so many bytes was taken.
    pub fn accepted(&mut self, bytes: usize) {
        // Smaller ones say nothing, and need no larger limit.
        if bytes <= self.bytes / 2 {
            return;
        }
        self.taken += 1;
        if self.taken >= self.successes_before_raise {
            self.taken = 0;
            self.bytes = self.bytes.saturating_mul(2);
            self.raised = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn take(limit: &mut BodyLimit, count: u32) {
        for _ in 0..count {
            limit.accepted(limit.bytes());
        }
    }

    #[test]
    fn a_limit_of_the_moment_is_forgotten_step_by_step() {
        let mut limit = BodyLimit::new();
        limit.refused(4 * MIB);
        assert_eq!(limit.bytes(), 2 * MIB);
        take(&mut limit, 15);
        assert_eq!(limit.bytes(), 2 * MIB);
        take(&mut limit, 1);
        assert_eq!(limit.bytes(), 4 * MIB);
        take(&mut limit, 16 * 60);
        assert_eq!(limit.bytes(), usize::MAX);
    }

    #[test]
    fn small_bodies_say_nothing_about_the_limit() {
        let mut limit = BodyLimit::new();
        limit.refused(4 * MIB);
        for _ in 0..1_000 {
            limit.accepted(MIB);
        }
        assert_eq!(limit.bytes(), 2 * MIB);
    }

    #[test]
    fn a_lasting_limit_is_tried_less_and_less_often() {
        let mut limit = BodyLimit::new();
        let (mut taken, mut refused) = (0, 0);
        while taken < 100_000 {
            let bytes = limit.bytes().min(5 * MIB);
            if bytes > MIB {
                limit.refused(bytes);
                refused += 1;
            } else {
                limit.accepted(bytes);
                taken += 1;
            }
        }
        assert!(refused < 40, "{refused} refused, {taken} taken");
    }

    #[test]
    fn only_a_trial_that_was_too_bold_makes_the_next_wait_for_twice_as_many() {
        let mut limit = BodyLimit::new();
        limit.refused(4 * MIB);
        take(&mut limit, 16);
        limit.refused(4 * MIB);
        take(&mut limit, 31);
        // What was not raised was not too bold; those taken before do not count any more.
        limit.refused(2 * MIB);
        take(&mut limit, 31);
        assert_eq!(limit.bytes(), MIB);
        take(&mut limit, 1);
        assert_eq!(limit.bytes(), 2 * MIB);
        take(&mut limit, 31);
        assert_eq!(limit.bytes(), 2 * MIB);
    }

    #[test]
    fn no_answer_makes_the_limit_useless() {
        let mut limit = BodyLimit::new();
        for _ in 0..1_000 {
            limit.refused(limit.bytes());
        }
        assert_eq!((limit.bytes(), LEAST), (4_096, 4_096));
    }
}
