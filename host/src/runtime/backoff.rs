//! How long a job that has failed waits before it is started again.

use crate::{pipeline::RestartPolicy, time::Duration};

/// A job that has run this long has come over what it failed on: attempts are counted anew.
const WELL_AFTER: Duration = Duration::from_secs(10 * 60);

/// Counts the attempts to start a job again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    policy: RestartPolicy,
    attempts: u32,
}

impl Backoff {
    /// No attempt has been made.
    pub(super) const fn new(policy: RestartPolicy) -> Self {
        let attempts = 0;
        Self { policy, attempts }
    }

    /// How many attempts have been made in a row.
    pub(super) const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long to wait, after a failure of a job that has run for so long; `None` if it is not to be
    /// started again. The wait is doubled each time, and is between half of that and all of it, as `random`
    /// has it, so that jobs that have failed together do not all come back at once.
    pub(super) fn next(&mut self, ran_for: Duration, random: u64) -> Option<Duration> {
        if ran_for >= WELL_AFTER {
            self.attempts = 0;
        }
        if self.attempts >= self.policy.attempts {
            return None;
        }
        let doubled = 1_i64
            .checked_shl(self.attempts)
            .filter(|factor| *factor > 0);
        let doubled = doubled.unwrap_or(i64::MAX);
        let (delay, most) = (
            self.policy.delay.as_micros(),
            self.policy.max_delay.as_micros(),
        );
        let delay = delay.saturating_mul(doubled).min(most);
        self.attempts += 1;
        let half = delay / 2;
        let jitter = i64::try_from(random >> 1).unwrap_or_default() % (delay - half + 1);
        Duration::from_micros(half + jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RestartPolicy = RestartPolicy {
        attempts: 5,
        delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(6),
    };

    #[test]
    fn waits_are_doubled_up_to_a_limit() {
        for random in [0, 7, u64::MAX] {
            let mut backoff = Backoff::new(POLICY);
            for most in [1, 2, 4, 6, 6] {
                let wait = backoff.next(Duration::ZERO, random).expect("one more");
                let most = Duration::from_secs(most);
                assert!(
                    wait <= most && wait.as_micros() >= most.as_micros() / 2,
                    "{wait}"
                );
            }
            assert_eq!(backoff.next(Duration::ZERO, random), None);
        }
    }

    #[test]
    fn attempts_are_counted_anew_when_a_job_was_well_for_long() {
        let mut backoff = Backoff::new(POLICY);
        for _ in 0..100 {
            assert!(backoff.next(WELL_AFTER, 3).is_some());
        }
        assert_eq!(backoff.attempts(), 1);
        for _ in 0..4 {
            assert!(backoff.next(Duration::from_secs(599), 3).is_some());
        }
        assert_eq!(backoff.next(Duration::from_secs(599), 3), None);
    }
}
