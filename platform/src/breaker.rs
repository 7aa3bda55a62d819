//! A circuit breaker for calls of the outside: after some failures in a row nothing is called for a while, then one call at a time is
//! let through until enough of them have succeeded.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens, tries again and closes.
#[derive(Clone, Copy, Debug)]
pub struct BreakerOptions {
    /// Failures in a row after which it opens.
    pub failures_max: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// Successes in a row after which it closes again.
    pub successes_min: u32,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures_max: 5, open_for: Duration::from_secs(30), successes_min: 3 }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { successes: u32, calling: bool },
}

/// Stands before calls of one service.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    state: Mutex<State>,
}

/// Nothing is called at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service failed repeatedly and is left alone for {retry_after:?}")]
pub struct BreakerOpen {
    /// When it is worth asking again.
    pub retry_after: Duration,
}

/// Leave to make one call. Dropped without an outcome, it counts as a failure: somebody lost patience.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    settled: bool,
}

impl Breaker {
    /// A closed one.
    pub fn new(options: BreakerOptions) -> Self {
        Self { options, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Asks for leave to make a call.
    pub fn enter(&self) -> Result<Pass<'_>, BreakerOpen> {
        self.enter_at(Instant::now())
    }

    /// Whether calls are let through freely.
    pub fn is_closed(&self) -> bool {
        matches!(*self.state(), State::Closed { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter_at(&self, now: Instant) -> Result<Pass<'_>, BreakerOpen> {
        let mut state = self.state();
        match *state {
            State::Closed { .. } => {}
            State::Open { until } if now < until => return Err(BreakerOpen { retry_after: until - now }),
            State::Open { .. } => *state = State::HalfOpen { successes: 0, calling: true },
            State::HalfOpen { calling: true, .. } => return Err(BreakerOpen { retry_after: Duration::from_secs(1) }),
            State::HalfOpen { successes, .. } => *state = State::HalfOpen { successes, calling: true },
        }
        Ok(Pass { breaker: self, settled: false })
    }

    fn succeeded(&self) {
        let mut state = self.state();
        *state = match *state {
            State::HalfOpen { successes, .. } if successes + 1 < self.options.successes_min => {
                State::HalfOpen { successes: successes + 1, calling: false }
            }
            // A call that began before the breaker opened says nothing about the service now.
            State::Open { until } => State::Open { until },
            _ => State::Closed { failures: 0 },
        };
    }

    fn failed_at(&self, now: Instant) {
        let mut state = self.state();
        let open = State::Open { until: now + self.options.open_for };
        *state = match *state {
            State::Closed { failures } if failures + 1 < self.options.failures_max => State::Closed { failures: failures + 1 },
            State::Closed { .. } => {
                tracing::warn!(failures = self.options.failures_max, "a service failed repeatedly; its circuit breaker opens");
                open
            }
            State::HalfOpen { .. } => open,
            State::Open { until } => State::Open { until },
        };
    }
}

impl Pass<'_> {
    /// The service answered, whatever it said.
    pub fn succeeded(mut self) {
        self.settled = true;
        self.breaker.succeeded();
    }

    /// The service did not answer, or could not serve.
    pub fn failed(self) {
        drop(self);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.failed_at(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.enter().expect("let through").failed();
        }
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_not_before() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 4);
        breaker.enter().unwrap().succeeded();
        fail(&breaker, 4);
        assert!(breaker.is_closed(), "a success in between starts the count anew");
        drop(breaker.enter().unwrap());
        let refused = breaker.enter().expect_err("open");
        assert!(refused.retry_after <= Duration::from_secs(30) && refused.retry_after > Duration::from_secs(25));
    }

    #[test]
    fn after_half_a_minute_one_call_at_a_time_is_tried_and_three_successes_close_it() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        let later = Instant::now() + Duration::from_secs(31);
        assert!(breaker.enter_at(later.checked_sub(Duration::from_secs(2)).unwrap()).is_err());
        for _ in 0..3 {
            let pass = breaker.enter_at(later).expect("half open");
            assert!(breaker.enter_at(later).is_err(), "one at a time");
            assert!(!breaker.is_closed());
            pass.succeeded();
        }
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_failure_while_half_open_opens_it_again() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        let later = Instant::now() + Duration::from_secs(31);
        breaker.enter_at(later).unwrap().succeeded();
        breaker.enter_at(later).unwrap().failed();
        assert!(breaker.enter().is_err());
    }

    #[test]
    fn a_late_success_does_not_close_it() {
        let breaker = Breaker::new(BreakerOptions::default());
        let early = breaker.enter().unwrap();
        fail(&breaker, 5);
        early.succeeded();
        assert!(!breaker.is_closed());
    }
}
