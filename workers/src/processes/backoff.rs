//! Pauses between attempts.

use std::hash::{DefaultHasher, Hash, Hasher as _};
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
    /// The pause after so many attempts at a thing.
    pub fn after(&self, attempts: u32, thing: impl Hash) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        let pause = doubled.min(self.longest);
        let mut hasher = DefaultHasher::new();
        (attempts, thing).hash(&mut hasher);
        let chance = u32::try_from(hasher.finish() % 512).unwrap_or(0);
        pause.mul_f64(0.75 + f64::from(chance) / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_differ() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_mins(1) };
        let within = |thing: u32, attempts: u32, least_ms: u64, most_ms: u64| {
            let pause = backoff.after(attempts, thing);
            assert!((Duration::from_millis(least_ms)..=Duration::from_millis(most_ms)).contains(&pause), "{attempts}: {pause:?}");
        };
        for thing in 0..50 {
            within(thing, 1, 75, 125);
            within(thing, 2, 150, 250);
            within(thing, 5, 1200, 2000);
            within(thing, 12, 45_000, 75_000);
            within(thing, u32::MAX, 45_000, 75_000);
        }
        let pauses: std::collections::HashSet<Duration> = (0..50).map(|thing| backoff.after(3, thing)).collect();
        assert!(pauses.len() > 5);
    }
}
