//! Pauses between attempts.

use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::time::Duration;

/// Pauses that double from attempt to attempt up to a longest one, each shortened or lengthened by up to a quarter, so that what failed
/// together does not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first attempt.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after so many attempts.
    pub fn after(&self, attempts: u32) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        let pause = doubled.min(self.longest);
        // Each hasher has keys of its own: chance enough for this.
        let chance = u32::try_from(RandomState::new().hash_one(attempts) % 512).unwrap_or(0);
        pause.mul_f64(0.75 + f64::from(chance) / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_differ() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_mins(1) };
        let within = |attempts: u32, least_ms: u64, most_ms: u64| {
            let pause = backoff.after(attempts);
            assert!((Duration::from_millis(least_ms)..=Duration::from_millis(most_ms)).contains(&pause), "{attempts}: {pause:?}");
        };
        for _ in 0..50 {
            within(1, 75, 125);
            within(2, 150, 250);
            within(5, 1200, 2000);
            within(12, 45_000, 75_000);
            within(u32::MAX, 45_000, 75_000);
        }
        let pauses: std::collections::HashSet<Duration> = (0..50).map(|_| backoff.after(3)).collect();
        assert!(pauses.len() > 5);
    }
}
