//! The command bus.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::kernel::{
    AggregateId, AggregateKey, AggregateType, Claim, ClaimAction, Context, ContextDef, Creation, DecideError, ErasedDecision, Loaded,
    LoadedState, Metadata, Refusal, partition_of, wire_type,
};
use platform::clock;
use platform::telemetry::TraceParent;
use platform::telemetry::spans::{self, Step, StepKind};
use platform::tenant_tx::TenantTx;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::appender::Appender;
use crate::log::{Append, Check, ClaimChange, NewEvent, Outcome, StoredAnswer};
use crate::request::{CommandError, CommandRequest, Receipt, ReceiptEvent};
use crate::states::{States, StreamKey};

/// How often a command that lost a race is decided again.
const ATTEMPTS_MAX: u32 = 16;
/// Other aggregates that one decision may ask for.
const LOADED_MAX: usize = 256;
/// Locks that keep commands on one aggregate from racing each other within this process.
const LOCKS: usize = 4096;

/// How the bus is set up.
#[derive(Clone, Debug)]
pub struct BusOptions {
    /// The number of log partitions.
    pub partitions: i32,
    /// Batches that may be under way at the same time.
    pub lanes: usize,
    /// States kept in memory.
    pub cached_states_max: usize,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self { partitions: 16, lanes: platform::config::lanes_default() as usize, cached_states_max: 50_000 }
    }
}

/// Decides commands and stores what they lead to.
pub struct CommandBus {
    aggregates: HashMap<&'static str, HashMap<&'static str, &'static dyn AggregateType>>,
    options: BusOptions,
    pool: PgPool,
    states: States,
    appender: Appender,
    locks: Box<[Mutex<()>]>,
    hasher: RandomState,
}

/// The parts of a request that stay the same over all attempts.
struct Attempted<'a> {
    request: &'a CommandRequest,
    aggregate: &'static dyn AggregateType,
    id: String,
    partition: i32,
    command_id: Uuid,
    creates: bool,
    hash: Option<Vec<u8>>,
}

/// What one attempt came to.
enum Attempt {
    Done(Receipt),
    /// A race was lost, or a refusal rests on a state that may be stale.
    Again,
}

impl CommandBus {
    /// Starts a bus for these contexts. `pool` is connected as the application role.
    pub fn start(contexts: &[&'static ContextDef], pool: &PgPool, options: BusOptions) -> Arc<Self> {
        let aggregates = contexts
            .iter()
            .map(|context| (context.name, (context.aggregates)().into_iter().map(|aggregate| (aggregate.name(), aggregate)).collect()))
            .collect();
        Arc::new(Self {
            aggregates,
            states: States::start(pool, options.cached_states_max),
            appender: Appender::start(pool, options.lanes),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            hasher: RandomState::new(),
            pool: pool.clone(),
            options,
        })
    }

    /// The number of log partitions.
    pub fn partitions(&self) -> i32 {
        self.options.partitions
    }

    /// The aggregate type of that name.
    pub fn aggregate(&self, context: &str, aggregate: &str) -> Option<&'static dyn AggregateType> {
        self.aggregates.get(context)?.get(aggregate).copied()
    }

    /// Decides a command and stores its events. The answer means that they are durable.
    pub async fn execute(&self, request: CommandRequest) -> Result<Receipt, CommandError> {
        let attempted = self.prepare(&request)?;
        // Commands on one aggregate wait for each other here instead of refusing each other in Postgres. A new id has no rivals.
        let _turn = match &request.id {
            Some(id) => {
                let key = attempted.stream(attempted.aggregate.name(), id.as_str());
                let slot = usize::try_from(self.hasher.hash_one(&key) % LOCKS as u64).unwrap_or(0);
                Some(self.locks[slot].lock().await)
            }
            None => None,
        };
        let mut fresh = false;
        for attempt in 0..ATTEMPTS_MAX {
            match self.attempt(&attempted, fresh).await? {
                Attempt::Done(receipt) => return Ok(receipt),
                Attempt::Again => fresh = true,
            }
            if attempt > 2 {
                // Other processes race for the same aggregate: step back for a moment, each for a different one.
                let pause_ms = self.hasher.hash_one((attempt, attempted.command_id)) % (4 << attempt.min(5));
                tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
            }
        }
        Err(CommandError::Contended)
    }

    fn prepare<'a>(&self, request: &'a CommandRequest) -> Result<Attempted<'a>, CommandError> {
        let aggregate = self
            .aggregate(&request.context, &request.aggregate)
            .ok_or_else(|| CommandError::Unknown(format!("aggregate `{}` in context `{}`", request.aggregate, request.context)))?;
        let def = aggregate
            .commands()
            .iter()
            .find(|def| def.name == request.command)
            .ok_or_else(|| CommandError::Unknown(format!("command `{}` of `{}`", request.command, request.aggregate)))?;
        let command_id = clock::new_id();
        let id = request.id.clone().map_or_else(|| clock::new_id().to_string(), String::from);
        Ok(Attempted {
            request,
            aggregate,
            partition: partition_of(&request.tenant_id.partition_key(), self.options.partitions),
            creates: def.creation == Creation::Creates,
            hash: request.idempotency_key.is_some().then(|| hash(request)),
            command_id,
            id,
        })
    }

    async fn attempt(&self, attempted: &Attempted<'_>, fresh: bool) -> Result<Attempt, CommandError> {
        let request = attempted.request;
        let now = clock::now();
        let root_key = attempted.stream(attempted.aggregate.name(), &attempted.id);
        let mut certain = fresh;
        let current = match self.states.cached(&root_key).filter(|_| !fresh) {
            Some(state) => state,
            // Most creating commands meet nothing: decide as if so, and let the append find out.
            None if attempted.creates && !fresh => LoadedState { version: 0, state: attempted.aggregate.empty() },
            None => {
                certain = true;
                self.states.load(root_key.clone(), attempted.partition, attempted.aggregate).await?
            }
        };
        let stale = request.expected_version.filter(|expected| *expected != current.version);
        let mut loaded = Loaded::new();
        let answer = loop {
            let context = Context::new(request.tenant_id, &attempted.id, attempted.command_id, now, &request.actor, &loaded);
            match (attempted.aggregate.decide(&current, &request.command, &request.body, context), stale) {
                (Err(DecideError::Decode(error)), _) => return Err(CommandError::Decode(error)),
                (_, Some(expected)) => break Err(CommandError::Precondition { expected, actual: current.version }),
                (Ok(decision), None) => break Ok(decision),
                (Err(DecideError::Refused(Refusal::Rejected(rejection))), None) => break Err(CommandError::Rejected(rejection)),
                (Err(DecideError::Refused(Refusal::Needs(key))), None) => {
                    let (found, from_cache) = self.other(attempted, &key, fresh, loaded.len()).await?;
                    certain &= !from_cache;
                    loaded.insert(key, found);
                }
            }
        };
        match answer {
            Ok(decision) if !decision.writes.is_empty() => self.store(attempted, decision).await,
            settled => {
                if let Some(receipt) = self.remembered(attempted).await? {
                    return Ok(Attempt::Done(receipt));
                }
                if !certain {
                    return Ok(Attempt::Again);
                }
                settled?;
                Ok(self.unchanged(attempted, current.version).await?.map_or(Attempt::Again, Attempt::Done))
            }
        }
    }

    /// The state of another aggregate that a decision asks for, and whether it comes from the cache.
    async fn other(
        &self,
        attempted: &Attempted<'_>,
        key: &AggregateKey,
        fresh: bool,
        loaded: usize,
    ) -> Result<(LoadedState, bool), CommandError> {
        if loaded >= LOADED_MAX {
            return Err(CommandError::Internal(format!("a decision asks for more than {LOADED_MAX} aggregates")));
        }
        let context = attempted.aggregate.context();
        let aggregate = self
            .aggregate(context, key.aggregate_type)
            .ok_or_else(|| CommandError::Internal(format!("{context} has no aggregate {}", key.aggregate_type)))?;
        let stream = attempted.stream(key.aggregate_type, &key.id);
        if let Some(state) = self.states.cached(&stream).filter(|_| !fresh) {
            return Ok((state, true));
        }
        Ok((self.states.load(stream, attempted.partition, aggregate).await?, false))
    }

    async fn store(&self, attempted: &Attempted<'_>, decision: ErasedDecision) -> Result<Attempt, CommandError> {
        let forget = |decision: &ErasedDecision| {
            for key in decision.writes.iter().map(|write| &write.key).chain(decision.guards.iter().map(|(key, _)| key)) {
                self.states.forget(&attempted.stream(key.aggregate_type, &key.id));
            }
        };
        let append = attempted.append(&decision)?;
        let events: Vec<String> =
            append.events.iter().map(|event| wire_type(append.context, event.event_type, &event.event_version.to_string())).collect();
        let version = append.root.2;
        let started = clock::now();
        let outcome = match self.appender.append(append).await {
            Ok(outcome) => outcome,
            Err(error) => {
                forget(&decision);
                return Err(error.into());
            }
        };
        match outcome {
            Outcome::Accepted { first_position, .. } => {
                attempted.trace(first_position, started);
                for write in decision.writes {
                    let stream = attempted.stream(write.key.aggregate_type, &write.key.id);
                    let after = write.expected + i64::try_from(write.events.len()).unwrap_or(i64::MAX);
                    let Some(aggregate) = self.aggregate(stream.context, stream.aggregate_type) else { continue };
                    let state = LoadedState { version: after, state: write.state };
                    self.states.remember(stream, attempted.partition, aggregate, write.expected, state);
                }
                Ok(Attempt::Done(attempted.receipt(attempted.id.clone(), version, first_position, events)))
            }
            Outcome::Conflict | Outcome::Retry => {
                forget(&decision);
                Ok(Attempt::Again)
            }
            Outcome::Replayed(answer) => match self.replay(attempted, answer).await {
                // It is stored, perhaps by this very request: "nothing was stored" would be wrong.
                Err(CommandError::Unavailable) => Err(CommandError::Unresolved),
                replayed => replayed.map(Attempt::Done),
            },
            Outcome::KeyReused => Err(CommandError::KeyReused),
            Outcome::Claimed(held) => Err(CommandError::Claimed {
                aggregate: attempted.aggregate.name(),
                held: held
                    .into_iter()
                    .map(|held| {
                        let wanted = |claim: &&Claim| claim.scope == held.scope && claim.key == held.key;
                        (decision.claims.iter().find(wanted).map_or("id", |claim| claim.field), held)
                    })
                    .collect(),
            }),
        }
    }

    /// The first answer, where the command was accepted earlier under its idempotency key.
    async fn remembered(&self, attempted: &Attempted<'_>) -> Result<Option<Receipt>, CommandError> {
        const QUERY: &str = "SELECT command_hash, aggregate_id, version, first_position, event_count FROM log.idempotency \
            WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND key = $4";
        let (Some(key), Some(hash)) = (&attempted.request.idempotency_key, &attempted.hash) else { return Ok(None) };
        let read = async {
            let mut tx = TenantTx::begin(&self.pool, attempted.request.tenant_id.0).await?;
            let query = sqlx::query_as(QUERY).bind(attempted.aggregate.context()).bind(attempted.partition);
            let row: Option<(Vec<u8>, String, i64, i64, i32)> =
                query.bind(attempted.request.tenant_id.0).bind(key).fetch_optional(&mut *tx).await?;
            tx.commit().await?;
            Ok(row)
        };
        let Some((stored, aggregate_id, version, first_position, event_count)) = read.await.map_err(unavailable)? else {
            return Ok(None);
        };
        if stored != *hash {
            return Err(CommandError::KeyReused);
        }
        self.replay(attempted, StoredAnswer { aggregate_id, version, first_position, event_count }).await.map(Some)
    }

    /// Rebuilds the first answer from the log, byte for byte.
    async fn replay(&self, attempted: &Attempted<'_>, answer: StoredAnswer) -> Result<Receipt, CommandError> {
        const QUERY: &str = "SELECT event_type, event_version FROM log.events WHERE context = $1 AND partition = $2 \
            AND position >= $3 AND position < $3 + $4 AND tenant_id = $5 ORDER BY position";
        let context = attempted.aggregate.context();
        let read = async {
            let mut tx = TenantTx::begin(&self.pool, attempted.request.tenant_id.0).await?;
            let query = sqlx::query_as(QUERY).bind(context).bind(attempted.partition).bind(answer.first_position);
            let rows: Vec<(String, String)> =
                query.bind(answer.event_count).bind(attempted.request.tenant_id.0).fetch_all(&mut *tx).await?;
            tx.commit().await?;
            Ok(rows)
        };
        let events = read.await.map_err(unavailable)?;
        let events = events.iter().map(|(name, version)| wire_type(context, name, version)).collect();
        Ok(attempted.receipt(answer.aggregate_id, answer.version, answer.first_position, events))
    }

    /// The answer to a command that changes nothing, remembered under its idempotency key. The position is the log partition's last,
    /// so a query that waits for it is up to date. `None` where another command has just been accepted under the key.
    async fn unchanged(&self, attempted: &Attempted<'_>, version: i64) -> Result<Option<Receipt>, CommandError> {
        let next: Result<i64, sqlx::Error> = sqlx::query_scalar("SELECT log.remember($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(attempted.request.tenant_id.0)
            .bind(attempted.aggregate.context())
            .bind(attempted.partition)
            .bind(attempted.request.idempotency_key.as_deref())
            .bind(attempted.hash.as_deref())
            .bind(attempted.aggregate.name())
            .bind(&attempted.id)
            .bind(version)
            .fetch_one(&self.pool)
            .await;
        match next {
            Ok(next) => Ok(Some(attempted.receipt(attempted.id.clone(), version, next, Vec::new()))),
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is used as a mapping function")]
fn unavailable(error: sqlx::Error) -> CommandError {
    tracing::warn!(%error, "Postgres did not answer");
    CommandError::Unavailable
}

/// What must be the same when an idempotency key is used again: everything that the caller decides.
fn hash(request: &CommandRequest) -> Vec<u8> {
    let mut hasher = Sha256::new();
    let id = request.id.as_ref().map_or("", AggregateId::as_str);
    let expected = request.expected_version.map(|version| version.to_string()).unwrap_or_default();
    for part in [&request.aggregate, id, &request.command, &expected] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&request.body);
    hasher.finalize().to_vec()
}

impl Attempted<'_> {
    fn stream(&self, aggregate_type: &'static str, id: &str) -> StreamKey {
        StreamKey { tenant_id: self.request.tenant_id, context: self.aggregate.context(), aggregate_type, id: id.to_owned() }
    }

    /// Shows a command of a recorded trace, so that one request can be followed to its row.
    fn trace(&self, position: i64, started: DateTime<Utc>) {
        let parent = self.request.traceparent.as_deref().and_then(TraceParent::parse);
        let Some(parent) = parent.filter(|parent| parent.sampled) else { return };
        let context = self.aggregate.context();
        let step = || Step {
            name: format!("append {context}").into(),
            kind: StepKind::Client,
            started,
            attributes: vec![
                ("db.system.name", "postgresql".to_owned()),
                ("db.operation.name", "append".to_owned()),
                ("neuroops.command", format!("{context}.{}.{}", self.request.aggregate, self.request.command)),
                ("neuroops.command_id", self.command_id.to_string()),
                ("neuroops.position", position.to_string()),
            ],
        };
        if !spans::export(parent, step) {
            tracing::info!(trace_id = parent.trace_id_hex(), command_id = %self.command_id, position, "appended");
        }
    }

    fn metadata(&self) -> Metadata {
        Metadata {
            actor: self.request.actor.subject.clone(),
            command_id: self.command_id,
            correlation_id: self.request.correlation_id.clone().unwrap_or_else(|| self.command_id.to_string()),
            causation_id: self.request.causation_id.clone(),
            traceparent: self.request.traceparent.clone(),
        }
    }

    fn append(&self, decision: &ErasedDecision) -> Result<Append, CommandError> {
        let internal = |error: serde_json::Error| CommandError::Internal(error.to_string());
        let mut events = Vec::new();
        let mut version = None;
        for write in &decision.writes {
            let mut sequence = write.expected;
            for event in &write.events {
                sequence += 1;
                events.push(NewEvent {
                    aggregate_type: write.key.aggregate_type,
                    aggregate_id: write.key.id.clone(),
                    sequence,
                    event_id: clock::new_id(),
                    event_type: event.def().name,
                    event_version: event.def().version,
                    payload: event.payload().map_err(internal)?,
                });
            }
            if write.key.aggregate_type == self.aggregate.name() && write.key.id == self.id {
                version = Some(sequence);
            }
        }
        let own_guard = decision.guards.iter().find(|(key, _)| key.aggregate_type == self.aggregate.name() && key.id == self.id);
        let version = version.or(own_guard.map(|(_, version)| *version)).unwrap_or(0);
        let check = |key: &AggregateKey, expected, write| Check {
            aggregate_type: key.aggregate_type,
            aggregate_id: key.id.clone(),
            expected,
            write,
            drawn: self.request.id.is_none() && key.aggregate_type == self.aggregate.name() && key.id == self.id,
        };
        let writes = decision.writes.iter().map(|write| check(&write.key, write.expected, true));
        let guards = decision.guards.iter().map(|(key, version)| check(key, *version, false));
        Ok(Append {
            tenant_id: self.request.tenant_id.0,
            context: self.aggregate.context(),
            partition: self.partition,
            idempotency: self.request.idempotency_key.clone().zip(self.hash.clone()),
            root: (self.aggregate.name(), self.id.clone(), version),
            checks: writes.chain(guards).collect(),
            claims: decision.claims.iter().map(|claim| self.claim(claim)).collect(),
            events,
            metadata: serde_json::to_string(&self.metadata()).map_err(internal)?,
        })
    }

    fn claim(&self, claim: &Claim) -> ClaimChange {
        ClaimChange {
            action: match claim.action {
                ClaimAction::Take => 0,
                ClaimAction::TakeIfFree => 1,
                ClaimAction::Release => 2,
            },
            scope: claim.scope,
            key: claim.key.clone(),
            holder: claim.holder.clone().unwrap_or_else(|| self.id.clone()),
        }
    }

    fn receipt(&self, id: String, version: i64, first_position: i64, events: Vec<String>) -> Receipt {
        let events: Vec<ReceiptEvent> =
            (first_position..).zip(events).map(|(position, event_type)| ReceiptEvent { event_type, position }).collect();
        let last = events.last().map_or(first_position - 1, |event| event.position);
        Receipt { id, version, events, position: format!("{}/{}@{last}", self.aggregate.context(), self.partition) }
    }
}
