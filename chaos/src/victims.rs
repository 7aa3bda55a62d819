//! What is hit, and how.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cluster::{Cluster, GATEWAYS, WORKERS};
use crate::dice::Dice;

/// A part of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// A gateway or a worker, by its place.
    Process(usize),
    /// Postgres.
    Postgres,
    /// Kafka.
    Kafka,
    /// Redis, which comes back empty when it is killed.
    Redis,
}

impl Victim {
    /// All there are.
    pub fn all(redis: bool) -> Vec<Self> {
        let processes = GATEWAYS.into_iter().chain(WORKERS).map(Self::Process);
        processes.chain([Self::Postgres, Self::Kafka]).chain(redis.then_some(Self::Redis)).collect()
    }

    /// Whether it is one of our own programs, whose recovery is promised.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Process(_))
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process(0) => "gateway 1",
            Self::Process(1) => "gateway 2",
            Self::Process(2) => "worker 1",
            Self::Process(_) => "worker 2",
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
            Self::Redis => "redis",
        }
    }
}

/// How it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// SIGKILL; started again after this time, where no supervisor does it at once.
    Kill(Duration),
    /// SIGSTOP for this time, then SIGCONT.
    Freeze(Duration),
}

impl Way {
    /// A way for this victim. Our processes are frozen for longer and shorter than their leases last, which is 5 s.
    pub fn choose(victim: Victim, freeze: bool, dice: &mut Dice) -> Self {
        match (freeze, victim) {
            (false, _) => Self::Kill(dice.between(100, 1500)),
            (true, Victim::Process(_)) => Self::Freeze(dice.between(1000, 8000)),
            (true, _) => Self::Freeze(dice.between(1000, 5000)),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(_) => write!(f, "SIGKILL"),
            Self::Freeze(time) => write!(f, "SIGSTOP {:.1} s", time.as_secs_f64()),
        }
    }
}

impl Cluster {
    /// Hits a victim and brings it back. Tells since when it could have recovered: since it was killed, or let go on.
    pub async fn strike(&mut self, victim: Victim, way: Way) -> Result<Instant> {
        match way {
            Way::Kill(away) => {
                let begun = Instant::now();
                match victim {
                    Victim::Process(index) => {
                        self.processes[index].kill()?;
                        tokio::time::sleep(away).await;
                        let binary = self.binary().to_owned();
                        self.processes[index].spawn(&binary)?;
                    }
                    Victim::Redis => {
                        let redis = self.redis.as_mut().context("there is a Redis")?;
                        redis.kill();
                        tokio::time::sleep(away).await;
                        tokio::task::block_in_place(|| redis.restart());
                    }
                    // Their supervisors start them again.
                    Victim::Postgres | Victim::Kafka => signal(&self.server(victim)?[..1], Signal::SIGKILL)?,
                }
                Ok(begun)
            }
            Way::Freeze(time) => {
                if let (Victim::Redis, Some(redis)) = (victim, &self.redis) {
                    redis.freeze();
                    tokio::time::sleep(time).await;
                    redis.thaw();
                    return Ok(Instant::now());
                }
                let pids =
                    || if let Victim::Process(index) = victim { Ok(vec![self.processes[index].pid()?]) } else { self.server(victim) };
                // A server that is stopped makes no more processes; those that it has made are stopped then.
                signal(&pids()?[..1], Signal::SIGSTOP)?;
                let pids = pids()?;
                signal(&pids, Signal::SIGSTOP)?;
                tokio::time::sleep(time).await;
                signal(&pids, Signal::SIGCONT)?;
                Ok(Instant::now())
            }
        }
    }

    /// The processes of a server, its main one first.
    fn server(&self, victim: Victim) -> Result<Vec<Pid>> {
        let server = if victim == Victim::Postgres { &self.postgres } else { &self.kafka };
        let pids = server.as_ref().context("the server runs")?.pids();
        let (_, main) = pids.first().context("the server runs")?;
        let main = i32::try_from(*main)?;
        Ok(std::iter::once(main).chain(children_of(main)).map(Pid::from_raw).collect())
    }
}

/// Sends a signal to all. One that has ended meanwhile is no error, but the first, the server itself, must take it.
fn signal(pids: &[Pid], signal: Signal) -> Result<()> {
    for (number, pid) in pids.iter().enumerate() {
        let sent = kill(*pid, signal);
        if number == 0 {
            sent.with_context(|| format!("process {pid} takes {signal}"))?;
        }
    }
    Ok(())
}

/// Postgres serves each session by a process of its own.
fn children_of(parent: i32) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// The fourth field of `/proc/<pid>/stat`; the second, the program's name, may hold anything, but ends with the last bracket.
fn parent_of(pid: i32) -> Option<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
