//! When a failed delivery is tried again.

use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::time::Duration;

/// The longest pause that a receiver may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Pauses after the first, second … failed attempt, and how long after the first attempt the last one may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The pauses.
    pub pauses: Vec<Duration>,
    /// From the first attempt to the last.
    pub within: Duration,
}

impl Default for RetrySchedule {
    /// The schedule that Standard Webhooks 1.0 suggests, ended after three days.
    fn default() -> Self {
        let minutes = [5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60, 24 * 60].map(Duration::from_mins);
        Self { pauses: [Duration::from_secs(5)].into_iter().chain(minutes).collect(), within: Duration::from_hours(72) }
    }
}

impl RetrySchedule {
    /// The pause after so many failed attempts, the first of which was so long ago; none where it was the last one.
    pub fn after(&self, attempts: u32, since_first: Duration, asked: Option<Duration>) -> Option<Duration> {
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let pause = *self.pauses.get(index)?;
        let left = self.within.checked_sub(since_first).filter(|left| !left.is_zero())?;
        // What failed together does not come back together. Each hasher has keys of its own: chance enough for this.
        let chance = u32::try_from(RandomState::new().hash_one(attempts) % 256).unwrap_or(0);
        let pause = pause.mul_f64(0.9 + f64::from(chance) / 1280.0).max(asked.unwrap_or_default().min(RETRY_AFTER_MAX));
        Some(pause.min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_attempt_is_within_three_days_of_the_first() {
        let schedule = RetrySchedule::default();
        for _ in 0..20 {
            let (mut at, mut attempts, mut pauses) = (Duration::ZERO, 1, Vec::new());
            while let Some(pause) = schedule.after(attempts, at, None) {
                pauses.push(pause);
                at += pause;
                attempts += 1;
            }
            assert!((Duration::from_hours(65)..=Duration::from_hours(72)).contains(&at), "{at:?}");
            assert_eq!(attempts, 10);
            assert!(pauses[0] < Duration::from_secs(6) && pauses[0] > Duration::from_secs(4), "{pauses:?}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_and_not_for_ever() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.after(1, Duration::ZERO, Some(Duration::from_mins(7))), Some(Duration::from_mins(7)));
        assert!(schedule.after(1, Duration::ZERO, Some(Duration::ZERO)).unwrap() > Duration::from_secs(4));
        assert_eq!(schedule.after(1, Duration::ZERO, Some(Duration::MAX)), Some(RETRY_AFTER_MAX));
        assert_eq!(schedule.after(1, Duration::from_hours(72), None), None);
        assert_eq!(schedule.after(10, Duration::ZERO, None), None);
    }
}
