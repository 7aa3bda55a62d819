//! Commands that become due by the clock.
//!
//! A read model says when ([`DueDef`]): a runner, one for each definition by a lease, sends the command of each row whose `due_at` has come, under
//! the key `due/<aggregate>/<id>/<due_at>`, and sleeps until the next one comes. The aggregate decides; its events move the row on. Until
//! they have reached the read model, the row is left alone. A row that stays due because its command is refused, or changes nothing, is
//! kept in `runtime.due_troubles` and tried again after growing pauses.

mod rows;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use commands::{CommandBus, CommandRequest};
use domain::kernel::{Actor, AggregateId, DueDef, TenantId};
use futures::FutureExt as _;
use platform::clock;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use rows::{DueRow, Key, Rows, STILL_DUE};
pub use rows::{Trouble, troubles};

use crate::processes::Backoff;
use crate::sending::{Answer, answer_of};

/// How long a command may take before its outcome counts as unknown.
const COMMAND_MAX: Duration = Duration::from_secs(30);
/// How often rows are forgotten that were in trouble and are no longer due.
const TIDY: Duration = Duration::from_mins(1);
/// How long is waited for room, where too many rows are under way.
const CROWDED: Duration = Duration::from_millis(100);
/// Commands in a row that change nothing although the row is due, after which somebody should look.
const IDLE_MAX: u32 = 3;

/// How due commands are sent.
#[derive(Clone, Copy, Debug)]
pub struct DueOptions {
    /// Commands under way at the same time, for each definition.
    pub in_flight_max: usize,
    /// Rows that were sent and whose effect has not reached the read model yet; more wait in the table.
    pub awaited_max: usize,
    /// How long the effect of a command may take to reach the read model before it is sent again, under the same key.
    pub effect: Backoff,
    /// Pauses after failures that pass by themselves.
    pub passing: Backoff,
    /// Pauses after refusals.
    pub refused: Backoff,
    /// How often a runner looks for rows that were added since its last look.
    pub look: Duration,
}

impl Default for DueOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 64,
            awaited_max: 2048,
            effect: Backoff { first: Duration::from_secs(5), longest: Duration::from_mins(5) },
            passing: Backoff { first: Duration::from_millis(500), longest: Duration::from_mins(1) },
            refused: Backoff { first: Duration::from_secs(10), longest: Duration::from_hours(1) },
            look: Duration::from_secs(1),
        }
    }
}

/// A definition in its context.
#[derive(Clone, Copy, Debug)]
pub struct DueSource {
    /// The context.
    pub context: &'static str,
    /// What is due when.
    pub def: &'static DueDef,
}

impl DueSource {
    /// Its name, `<context>.<aggregate>.<command>`.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.context, self.def.aggregate, self.def.command)
    }

    /// The name of the lease on it.
    pub fn lease_name(&self) -> String {
        format!("due/{}/{}", self.def.table, self.name())
    }
}

/// A row that was sent.
struct Sent {
    /// When it is looked at again, should it still be due.
    until: Instant,
    attempts: u32,
    /// How often its command has changed nothing.
    idle: u32,
    /// Whether it is no longer under way.
    answered: bool,
}

/// Sends the commands of one definition.
pub struct DueRunner {
    source: DueSource,
    name: String,
    pool: PgPool,
    bus: Arc<CommandBus>,
    options: DueOptions,
}

impl DueRunner {
    /// A runner on a pool of the worker role.
    pub fn new(source: DueSource, pool: PgPool, bus: Arc<CommandBus>, options: DueOptions) -> Self {
        Self { source, name: source.name(), pool, bus, options }
    }

    /// What it sends.
    pub fn source(&self) -> DueSource {
        self.source
    }

    /// Sends what is due until cancelled.
    pub async fn run(&self, cancel: &CancellationToken) {
        let mut pause = Duration::from_millis(100);
        while !cancel.is_cancelled() {
            let started = Instant::now();
            let Some(Err(error)) = cancel.run_until_cancelled(self.follow()).await else { return };
            tracing::warn!(source = self.name, ?error, "due commands cannot be looked for; trying again");
            pause = if started.elapsed() > Duration::from_secs(10) {
                Duration::from_millis(100)
            } else {
                (pause * 2).min(Duration::from_secs(2))
            };
            cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    async fn follow(&self) -> Result<std::convert::Infallible, sqlx::Error> {
        let rows = Rows::new(self.pool.clone(), &self.source, self.name.clone()).await?;
        let (mut sent, mut under_way): (HashMap<Key, Sent>, JoinSet<(DueRow, Answer)>) = (HashMap::new(), JoinSet::new());
        rows.forget_settled().await?;
        let mut tidied = Instant::now();
        loop {
            if tidied.elapsed() > TIDY {
                rows.forget_settled().await?;
                tidied = Instant::now();
            }
            let now = clock::now();
            let room = self.options.in_flight_max.saturating_sub(under_way.len()).min(self.options.awaited_max.saturating_sub(sent.len()));
            let complete = self.start(&rows, &mut sent, &mut under_way, room, now).await?;
            let wait = if complete { self.rest(&rows, &sent, now).await? } else { self.options.look.min(CROWDED) };
            tokio::select! {
                Some(joined) = under_way.join_next() => {
                    let mut next = Some(joined);
                    while let Some(joined) = next {
                        if let Ok((row, answer)) = joined {
                            self.note(&rows, &mut sent, row, answer).await?;
                        }
                        next = under_way.try_join_next();
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends what is due, as far as there is room. Whether that is all of it.
    async fn start(
        &self,
        rows: &Rows,
        sent: &mut HashMap<Key, Sent>,
        under_way: &mut JoinSet<(DueRow, Answer)>,
        room: usize,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        if sent.len() > self.options.awaited_max / 2 {
            // Most of them have reached the read model by now.
            let answered: Vec<&Key> = sent.iter().filter(|(_, sent)| sent.answered).map(|(key, _)| key).collect();
            let still = rows.still_due(&answered).await?;
            sent.retain(|key, sent| !sent.answered || still.contains(key));
        }
        if room == 0 {
            return Ok(false);
        }
        let waiting: Vec<&Key> = sent.iter().filter(|(_, sent)| sent.until > Instant::now()).map(|(key, _)| key).collect();
        let due = rows.due(now, &waiting, i64::try_from(room).unwrap_or(i64::MAX)).await?;
        let complete = due.len() < room;
        if complete {
            // What is no longer due is done with.
            sent.retain(|key, sent| sent.until > Instant::now() || due.iter().any(|row| row.key == *key));
        }
        for row in due {
            let entry = sent.entry(row.key.clone()).or_insert_with(|| Sent {
                until: Instant::now(),
                attempts: 0,
                idle: row.idle(),
                answered: false,
            });
            (entry.until, entry.answered) = (Instant::now() + 2 * COMMAND_MAX, false);
            let request = self.request(&row, entry.idle);
            let (bus, context) = (self.bus.clone(), self.source.context);
            under_way.spawn(async move { (row, send(&bus, request, context).await) });
        }
        Ok(complete)
    }

    /// How long until a row becomes due or is to be tried again, or new ones are to be looked for.
    async fn rest(&self, rows: &Rows, sent: &HashMap<Key, Sent>, looked_at: DateTime<Utc>) -> Result<Duration, sqlx::Error> {
        let next = rows.next_after(looked_at).await?.map(|next| (next - clock::now()).to_std().unwrap_or_default());
        let again = sent.values().map(|sent| sent.until.saturating_duration_since(Instant::now())).min();
        let wait = [Some(self.options.look), next, again].into_iter().flatten().min().unwrap_or(self.options.look);
        // A timer that ends a moment early would find nothing.
        Ok(wait + Duration::from_millis(1))
    }

    fn request(&self, row: &DueRow, idle: u32) -> Option<CommandRequest> {
        let DueSource { context, def } = self.source;
        let at = row.key.due_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let key = format!("due/{}/{}/{at}", def.aggregate, row.key.id);
        Some(CommandRequest {
            tenant_id: TenantId(row.key.tenant),
            actor: Actor { subject: format!("due:{}", self.name), roles: vec!["service".to_owned()] },
            context: context.to_owned(),
            aggregate: def.aggregate.to_owned(),
            id: Some(AggregateId::try_from(row.key.id.clone()).ok()?),
            command: def.command.to_owned(),
            body: Bytes::from_static(b"{}"),
            expected_version: None,
            // "Nothing happened" is remembered under a key like any other answer; another question needs another key.
            idempotency_key: Some(if idle == 0 { key } else { format!("{key}/{idle}") }),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        })
    }

    async fn note(&self, rows: &Rows, sent: &mut HashMap<Key, Sent>, row: DueRow, answer: Answer) -> Result<(), sqlx::Error> {
        let mut entry = sent.remove(&row.key).unwrap_or(Sent { until: Instant::now(), attempts: 0, idle: row.idle(), answered: true });
        entry.attempts += 1;
        entry.answered = true;
        let outcome = match &answer {
            Answer::Done { events: 0, .. } => {
                entry.idle += 1;
                entry.until = Instant::now() + self.options.passing.after(entry.attempts, &row.key);
                if entry.idle >= IDLE_MAX {
                    let detail = "the command is accepted and changes nothing, and the row is still due";
                    rows.trouble(&row, entry.idle, self.options.refused.after(entry.idle, &row.key), STILL_DUE, detail).await?;
                }
                "idle"
            }
            Answer::Done { .. } => {
                entry.until = Instant::now() + self.options.effect.after(entry.attempts, &row.key);
                if row.attempts > 0 {
                    rows.settle(&row).await?;
                }
                "sent"
            }
            Answer::Refused { code, detail } => {
                let attempts = row.attempts.saturating_add(1);
                tracing::warn!(source = self.name, tenant = %row.key.tenant, id = row.key.id, code, detail, attempts, "a due command was refused");
                rows.trouble(&row, attempts, self.options.refused.after(attempts, &row.key), code, detail).await?;
                "refused"
            }
            Answer::Passing { code, detail, .. } => {
                tracing::debug!(source = self.name, tenant = %row.key.tenant, id = row.key.id, code, detail, "a due command failed and is sent again");
                entry.until = Instant::now() + self.options.passing.after(entry.attempts, &row.key);
                "failed"
            }
        };
        metrics::counter!("neuroops_due_commands_total", "source" => self.name.clone(), "outcome" => outcome).increment(1);
        // A row in trouble is kept away by the table.
        if !matches!(answer, Answer::Refused { .. }) {
            sent.insert(row.key, entry);
        }
        Ok(())
    }
}

async fn send(bus: &CommandBus, request: Option<CommandRequest>, context: &str) -> Answer {
    let Some(request) = request else { return Answer::refused("invalid_id", "the row's id is not one of an aggregate") };
    // A panic is a defect of one decision; the other rows have nothing to do with it.
    let answer = AssertUnwindSafe(bus.execute(request)).catch_unwind();
    match tokio::time::timeout(COMMAND_MAX, answer).await {
        Ok(Ok(result)) => answer_of(result, context),
        Ok(Err(_)) => Answer::passing("panicked", "the command ended in a panic; the log has the details", true),
        Err(_) => Answer::passing("timeout", format!("the command was not answered within {COMMAND_MAX:?}"), true),
    }
}

/// Publishes how late due commands are, and how many are in trouble.
pub async fn measure(pool: &PgPool, sources: &[DueSource]) -> Result<(), sqlx::Error> {
    for source in sources {
        let (late_seconds, troubled) = rows::lateness(pool, source).await?;
        metrics::gauge!("neuroops_due_late_seconds", "source" => source.name()).set(late_seconds);
        metrics::gauge!("neuroops_due_troubled", "source" => source.name()).set(troubled);
    }
    Ok(())
}
