//! Links between processes and servers: calls take time, fail before or after they have had their effect, and servers go away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::executor::{Sim, lock};

/// What can go wrong on a link, in cases of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// A call fails and has had no effect.
    pub refused: u64,
    /// A call has had its effect and its answer is lost.
    pub unanswered: u64,
    /// A call takes up to half a second.
    pub slow: u64,
    /// A call takes up to eight seconds.
    pub very_slow: u64,
}

impl Weather {
    /// Some weather; often a fine day.
    pub fn draw(sim: &Sim) -> Self {
        let draw = |most| if sim.chance(50) { sim.below(most) } else { 0 };
        Self { refused: draw(60), unanswered: draw(60), slow: draw(120), very_slow: draw(12) }
    }
}

/// A call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it had its effect.
    Refused,
    /// Perhaps afterwards.
    Unanswered,
}

/// The way to a server.
#[derive(Clone)]
pub struct Link {
    sim: Sim,
    weather: Weather,
    away_until: Arc<Mutex<Duration>>,
}

impl Link {
    /// A link in this weather.
    pub fn new(sim: &Sim, weather: Weather) -> Self {
        Self { sim: sim.clone(), weather, away_until: Arc::default() }
    }

    /// The server is away for a while.
    pub fn go_away(&self, pause: Duration) {
        *lock(&self.away_until) = self.sim.now() + pause;
    }

    /// Whether the server is away.
    pub fn is_away(&self) -> bool {
        self.sim.faults() && *lock(&self.away_until) > self.sim.now()
    }

    /// One way.
    pub async fn hop(&self) {
        let micros = match () {
            () if self.sim.fault(self.weather.very_slow) => self.sim.between(500_000, 8_000_000),
            () if self.sim.fault(self.weather.slow) => self.sim.between(5_000, 500_000),
            () => self.sim.between(100, 4_000),
        };
        self.sim.sleep(Duration::from_micros(micros)).await;
    }

    /// Has the server do something.
    pub async fn call<T>(&self, what: impl FnOnce() -> T) -> Result<T, Fault> {
        self.hop().await;
        if self.is_away() || self.sim.fault(self.weather.refused) {
            return Err(Fault::Refused);
        }
        let done = what();
        self.hop().await;
        if self.sim.fault(self.weather.unanswered) { Err(Fault::Unanswered) } else { Ok(done) }
    }

    /// The same, where the server is Postgres.
    pub async fn query<T>(&self, what: impl FnOnce() -> T) -> Result<T, sqlx::Error> {
        self.call(what).await.map_err(|_| sqlx::Error::PoolTimedOut)
    }
}
