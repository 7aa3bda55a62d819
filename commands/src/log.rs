//! The append: one SQL call for a batch of commands.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo};
use sqlx::{PgPool, Postgres, Row};
use uuid::Uuid;

/// An event to be stored.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The aggregate's type.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The aggregate's version after the event.
    pub sequence: i64,
    /// `UUIDv7`.
    pub event_id: Uuid,
    /// Name of the event type.
    pub event_type: &'static str,
    /// Version of the payload's schema.
    pub event_version: u32,
    /// JSON.
    pub payload: String,
}

/// A version that must hold when the command is stored.
#[derive(Clone, Debug)]
pub struct Check {
    /// The aggregate's type.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// Its version; 0 says that it must not exist.
    pub expected: i64,
    /// Whether the command writes it.
    pub write: bool,
    /// Whether the id was drawn for this very append, so that nobody has it yet and there is nothing to look up. (The index on streams
    /// would refuse a second aggregate with the id.)
    pub drawn: bool,
}

/// A unique key that is taken or given back.
#[derive(Clone, Debug)]
pub struct ClaimChange {
    /// 0 take, 1 take if free, 2 release; the numbers of `log.append`.
    pub action: i32,
    /// Name space of the key.
    pub scope: &'static str,
    /// The key.
    pub key: String,
    /// The aggregate on whose behalf it is done.
    pub holder: String,
}

/// One accepted decision, as the log stores it.
#[derive(Clone, Debug)]
pub struct Append {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The context.
    pub context: &'static str,
    /// The log partition.
    pub partition: i32,
    /// The idempotency key and the command's hash.
    pub idempotency: Option<(String, Vec<u8>)>,
    /// The deciding aggregate: type, id, and version after the command.
    pub root: (&'static str, String, i64),
    /// Versions that must hold.
    pub checks: Vec<Check>,
    /// Unique keys.
    pub claims: Vec<ClaimChange>,
    /// The events, at least one.
    pub events: Vec<NewEvent>,
    /// Metadata of all the events, as JSON.
    pub metadata: String,
}

/// A unique key that another aggregate holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeldClaim {
    /// Name space of the key.
    pub scope: String,
    /// The key.
    pub key: String,
    /// The aggregate that holds it.
    pub holder: String,
}

/// The answer that an idempotency key remembers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoredAnswer {
    /// The deciding aggregate.
    pub aggregate_id: String,
    /// Its version after the command.
    pub version: i64,
    /// Position of the command's first event.
    pub first_position: i64,
    /// How many events the command led to.
    pub event_count: i32,
}

/// What became of one command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored; the events have consecutive positions from the first on.
    Accepted {
        /// Position of the first event.
        first_position: i64,
        /// When the log recorded it.
        recorded_at: DateTime<Utc>,
    },
    /// Stored earlier under the same idempotency key.
    Replayed(StoredAnswer),
    /// The idempotency key belongs to another command.
    KeyReused,
    /// A version is not as expected.
    Conflict,
    /// Unique keys are held by other aggregates.
    Claimed(Vec<HeldClaim>),
    /// An earlier command of the batch touched the same thing; decide again.
    Retry,
}

/// Why a batch could not be stored, or why it is not known whether it was.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No connection to Postgres, before or during the call.
    #[error("the event log cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// Postgres refused the call; nothing was stored.
    #[error("the event log refused the append")]
    Refused(#[source] sqlx::Error),
    /// The function answered something unexpected.
    #[error("the event log answered {0}")]
    Protocol(String),
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // Classes 08 (connection), 40 (rollback), 53 (resources), 57 (operator intervention, such as a restart) and a server that
            // has become a read-only standby (25006): it may work later.
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let passing = ["08", "53", "57", "40", "25006"].iter().any(|class| code.starts_with(class));
                if passing { Self::Unavailable(error) } else { Self::Refused(error) }
            }
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => Self::Protocol(error.to_string()),
            _ => Self::Unavailable(error),
        }
    }
}

const APPEND: &str = "SELECT status, detail, positions, recorded_at FROM log.append($1, $2,$3, $4,$5,$6,$7,$8, $9,$10, \
    $11,$12,$13,$14,$15,$16,$17,$18,$19,$20, $21,$22,$23,$24,$25,$26,$27, $28,$29,$30,$31,$32,$33,$34,$35,$36,$37,$38)";

/// JSON that is stored byte for byte.
struct JsonText<'a>(&'a str);

impl sqlx::Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(114))
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(199))
    }
}

impl sqlx::Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

/// What two commands of one batch must not both touch if one of them writes it: a stream, a unique key, an idempotency key.
#[derive(PartialEq, Eq, Hash)]
enum Thing<'a> {
    Stream(&'a str, &'a str),
    Claim(&'a str, &'a str),
    Key(&'a str),
}

/// The columns of `log.append`, one vector a parameter.
#[derive(Default)]
#[expect(clippy::type_complexity, reason = "a vector for each parameter, in the order of the call")]
struct Columns<'a> {
    sent: i32,
    heads: HashMap<(&'a str, i32), i32>,
    streams: HashMap<(Uuid, &'a str, Thing<'a>, i64), i32>,
    written: HashSet<(Uuid, &'a str, Thing<'a>)>,
    places: (Vec<&'a str>, Vec<i32>),
    checks: (Vec<i32>, Vec<Uuid>, Vec<&'a str>, Vec<&'a str>, Vec<i64>),
    uses: (Vec<i32>, Vec<i32>),
    keys: (Vec<i32>, Vec<i32>, Vec<Uuid>, Vec<&'a str>, Vec<&'a [u8]>, Vec<&'a str>, Vec<&'a str>, Vec<i64>, Vec<Option<i32>>, Vec<i32>),
    claims: (Vec<i32>, Vec<i32>, Vec<Uuid>, Vec<i32>, Vec<&'a str>, Vec<&'a str>, Vec<&'a str>),
    events: (Vec<i32>, Vec<i32>, Vec<Uuid>, Vec<&'a str>, Vec<&'a str>, Vec<i64>),
    bodies: (Vec<Uuid>, Vec<&'a str>, Vec<String>, Vec<JsonText<'a>>, Vec<JsonText<'a>>),
}

/// A number that Postgres counts with; batches are far smaller.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// How a command takes part in a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In full.
    Full,
    /// An earlier command touches the same thing, so it must be decided again, unless it was accepted long ago under its key.
    KeyOnly,
    /// An earlier command touches the same thing.
    Absent,
}

impl<'a> Columns<'a> {
    /// Adds a command.
    fn push(&mut self, append: &'a Append) -> Part {
        let place = |thing| (append.tenant_id, append.context, thing);
        let stream = |check: &'a Check| place(Thing::Stream(check.aggregate_type, &check.aggregate_id));
        let claims = append.claims.iter().map(|claim| Thing::Claim(claim.scope, &claim.key));
        let own: HashSet<_> = claims.chain(append.idempotency.iter().map(|(key, _)| Thing::Key(key))).map(place).collect();
        let checks = || append.checks.iter().filter(|check| !check.drawn);
        let rival = checks().any(|check| self.written.contains(&stream(check))) || !self.written.is_disjoint(&own);
        // What a rival would have written counts too: it may be the earlier one that is refused.
        self.written.extend(own);
        self.written.extend(checks().filter(|check| check.write).map(stream));
        if rival && append.idempotency.is_none() {
            return Part::Absent;
        }
        self.sent += 1;
        let head = self.head(append.context, append.partition);
        if let Some((key, hash)) = &append.idempotency {
            let columns = &mut self.keys;
            columns.0.push(self.sent);
            columns.1.push(head);
            columns.2.push(append.tenant_id);
            columns.3.push(key);
            columns.4.push(hash);
            columns.5.push(append.root.0);
            columns.6.push(&append.root.1);
            columns.7.push(append.root.2);
            columns.8.push((!rival).then(|| number(self.events.0.len() + 1)));
            columns.9.push(number(append.events.len()));
        }
        if rival {
            return Part::KeyOnly;
        }
        for check in checks() {
            let (tenant, context, thing) = stream(check);
            let next = number(self.streams.len() + 1);
            let at = *self.streams.entry((tenant, context, thing, check.expected)).or_insert(next);
            if at == next {
                let columns = &mut self.checks;
                columns.0.push(head);
                columns.1.push(append.tenant_id);
                columns.2.push(check.aggregate_type);
                columns.3.push(&check.aggregate_id);
                columns.4.push(check.expected);
            }
            self.uses.0.push(self.sent);
            self.uses.1.push(at);
        }
        for claim in &append.claims {
            let columns = &mut self.claims;
            columns.0.push(self.sent);
            columns.1.push(head);
            columns.2.push(append.tenant_id);
            columns.3.push(claim.action);
            columns.4.push(claim.scope);
            columns.5.push(&claim.key);
            columns.6.push(&claim.holder);
        }
        self.push_events(append, head);
        Part::Full
    }

    fn push_events(&mut self, append: &'a Append, head: i32) {
        for event in &append.events {
            let columns = &mut self.events;
            columns.0.push(self.sent);
            columns.1.push(head);
            columns.2.push(append.tenant_id);
            columns.3.push(event.aggregate_type);
            columns.4.push(&event.aggregate_id);
            columns.5.push(event.sequence);
            let columns = &mut self.bodies;
            columns.0.push(event.event_id);
            columns.1.push(event.event_type);
            columns.2.push(event.event_version.to_string());
            columns.3.push(JsonText(&event.payload));
            columns.4.push(JsonText(&append.metadata));
        }
    }

    /// The number of a log partition.
    fn head(&mut self, context: &'a str, partition: i32) -> i32 {
        let next = number(self.heads.len() + 1);
        let head = *self.heads.entry((context, partition)).or_insert(next);
        if head == next {
            self.places.0.push(context);
            self.places.1.push(partition);
        }
        head
    }
}

/// Stores a batch and tells what became of each command, in order. Each command is accepted or refused on its own.
#[expect(clippy::many_single_char_names, reason = "the letters are those of the function's parameters")]
pub async fn append(pool: &PgPool, batch: &[Append]) -> Result<Vec<Outcome>, LogError> {
    let mut columns = Columns::default();
    let parts: Vec<Part> = batch.iter().map(|append| columns.push(append)).collect();
    let Columns { places: h, checks: s, uses: u, keys: i, claims: k, events: e, bodies: b, sent: commands, .. } = columns;
    let query = sqlx::query(APPEND).bind(commands).bind(h.0).bind(h.1);
    let query = query.bind(s.0).bind(s.1).bind(s.2).bind(s.3).bind(s.4).bind(u.0).bind(u.1);
    let query = query.bind(i.0).bind(i.1).bind(i.2).bind(i.3).bind(i.4).bind(i.5).bind(i.6).bind(i.7).bind(i.8).bind(i.9);
    let query = query.bind(k.0).bind(k.1).bind(k.2).bind(k.3).bind(k.4).bind(k.5).bind(k.6);
    let query = query.bind(e.0).bind(e.1).bind(e.2).bind(e.3).bind(e.4).bind(e.5);
    let query = query.bind(b.0).bind(b.1).bind(b.2).bind(b.3).bind(b.4);
    let row = query.fetch_one(pool).await?;
    outcomes(&row, batch, &parts)
}

fn outcomes(row: &PgRow, batch: &[Append], parts: &[Part]) -> Result<Vec<Outcome>, LogError> {
    let status: Vec<i32> = row.try_get("status")?;
    let detail: Vec<Option<String>> = row.try_get("detail")?;
    let positions: Vec<Option<i64>> = row.try_get("positions")?;
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
    let malformed = |error: serde_json::Error| LogError::Protocol(error.to_string());
    let mut answers = status.into_iter().zip(detail);
    let mut events = positions.iter();
    let mut outcome = |(append, part): (&Append, &Part)| {
        if *part == Part::Absent {
            return Ok(Outcome::Retry);
        }
        let (status, detail) = answers.next().ok_or_else(|| LogError::Protocol("too few outcomes".to_owned()))?;
        let detail = detail.as_deref().unwrap_or("null");
        let mut own = events.by_ref().take(if *part == Part::Full { append.events.len() } else { 0 });
        let first = own.next();
        own.for_each(drop);
        Ok(match (status, first) {
            (0, Some(Some(first_position))) => Outcome::Accepted { first_position: *first_position, recorded_at },
            (0, None) => Outcome::Retry,
            (1, _) => Outcome::Replayed(serde_json::from_str(detail).map_err(malformed)?),
            (2, _) => Outcome::KeyReused,
            (3, _) => Outcome::Conflict,
            (4, _) => Outcome::Claimed(serde_json::from_str(detail).map_err(malformed)?),
            (other, _) => return Err(LogError::Protocol(format!("the outcome {other}"))),
        })
    };
    let outcomes = batch.iter().zip(parts).map(&mut outcome).collect();
    if answers.next().is_some() || events.next().is_some() {
        return Err(LogError::Protocol("more outcomes than commands".to_owned()));
    }
    outcomes
}
