//! The append: one SQL call for a batch of commands.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
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

const APPEND: &str = "SELECT status, detail, accepted, first_position, recorded_at FROM log.append(\
    $1,$2,$3,$4,$5,$6,$7,$8, $9,$10,$11,$12,$13,$14,$15,$16, $17,$18,$19,$20,$21,$22,$23,$24, \
    $25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36)";

/// The columns of `log.append`, one vector a parameter.
#[derive(Default)]
struct Columns<'a> {
    commands: (Vec<Uuid>, Vec<&'a str>, Vec<i32>, Vec<Option<&'a str>>, Vec<Option<&'a [u8]>>, Vec<&'a str>, Vec<&'a str>, Vec<i64>),
    checks: (Vec<i32>, Vec<&'a str>, Vec<i32>, Vec<Uuid>, Vec<&'a str>, Vec<&'a str>, Vec<i64>, Vec<bool>),
    claims: (Vec<i32>, Vec<&'a str>, Vec<i32>, Vec<Uuid>, Vec<i32>, Vec<&'a str>, Vec<&'a str>, Vec<&'a str>),
    places: (Vec<i32>, Vec<&'a str>, Vec<i32>, Vec<Uuid>, Vec<&'a str>, Vec<&'a str>, Vec<i64>),
    bodies: (Vec<Uuid>, Vec<&'a str>, Vec<String>, Vec<&'a str>, Vec<&'a str>),
}

impl<'a> Columns<'a> {
    fn push(&mut self, number: i32, append: &'a Append) {
        let Append { tenant_id, context, partition, .. } = append;
        let (tenants, contexts, partitions, keys, hashes, types, ids, versions) = &mut self.commands;
        tenants.push(*tenant_id);
        contexts.push(context);
        partitions.push(*partition);
        keys.push(append.idempotency.as_ref().map(|(key, _)| key.as_str()));
        hashes.push(append.idempotency.as_ref().map(|(_, hash)| hash.as_slice()));
        types.push(append.root.0);
        ids.push(&append.root.1);
        versions.push(append.root.2);
        for check in &append.checks {
            let columns = &mut self.checks;
            columns.0.push(number);
            columns.1.push(context);
            columns.2.push(*partition);
            columns.3.push(*tenant_id);
            columns.4.push(check.aggregate_type);
            columns.5.push(&check.aggregate_id);
            columns.6.push(check.expected);
            columns.7.push(check.write);
        }
        for claim in &append.claims {
            let columns = &mut self.claims;
            columns.0.push(number);
            columns.1.push(context);
            columns.2.push(*partition);
            columns.3.push(*tenant_id);
            columns.4.push(claim.action);
            columns.5.push(claim.scope);
            columns.6.push(&claim.key);
            columns.7.push(&claim.holder);
        }
        for event in &append.events {
            let columns = &mut self.places;
            columns.0.push(number);
            columns.1.push(context);
            columns.2.push(*partition);
            columns.3.push(*tenant_id);
            columns.4.push(event.aggregate_type);
            columns.5.push(&event.aggregate_id);
            columns.6.push(event.sequence);
            let columns = &mut self.bodies;
            columns.0.push(event.event_id);
            columns.1.push(event.event_type);
            columns.2.push(event.event_version.to_string());
            columns.3.push(&event.payload);
            columns.4.push(&append.metadata);
        }
    }
}

/// Stores a batch and tells what became of each command, in order. Each command is accepted or refused on its own.
pub async fn append(pool: &PgPool, batch: &[Append]) -> Result<Vec<Outcome>, LogError> {
    let mut columns = Columns::default();
    for (index, append) in batch.iter().enumerate() {
        columns.push(i32::try_from(index + 1).map_err(|_| LogError::Protocol("a batch too large".to_owned()))?, append);
    }
    let Columns { commands: c, checks: w, claims: k, places: p, bodies: b } = columns;
    let query = sqlx::query(APPEND);
    let query = query.bind(c.0).bind(c.1).bind(c.2).bind(c.3).bind(c.4).bind(c.5).bind(c.6).bind(c.7);
    let query = query.bind(w.0).bind(w.1).bind(w.2).bind(w.3).bind(w.4).bind(w.5).bind(w.6).bind(w.7);
    let query = query.bind(k.0).bind(k.1).bind(k.2).bind(k.3).bind(k.4).bind(k.5).bind(k.6).bind(k.7);
    let query = query.bind(p.0).bind(p.1).bind(p.2).bind(p.3).bind(p.4).bind(p.5).bind(p.6);
    let query = query.bind(b.0).bind(b.1).bind(b.2).bind(b.3).bind(b.4);
    let row = query.fetch_one(pool).await?;
    outcomes(&row, batch.len())
}

fn outcomes(row: &PgRow, commands: usize) -> Result<Vec<Outcome>, LogError> {
    let status: Vec<i32> = row.try_get("status")?;
    let detail: Vec<Option<String>> = row.try_get("detail")?;
    let accepted: Option<Vec<i32>> = row.try_get("accepted")?;
    let first_positions: Option<Vec<i64>> = row.try_get("first_position")?;
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
    if status.len() != commands || detail.len() != commands {
        return Err(LogError::Protocol(format!("{} outcomes for {commands} commands", status.len())));
    }
    let mut positions = vec![0_i64; commands];
    for (number, first) in accepted.unwrap_or_default().into_iter().zip(first_positions.unwrap_or_default()) {
        if let Some(position) = usize::try_from(number - 1).ok().and_then(|index| positions.get_mut(index)) {
            *position = first;
        }
    }
    let malformed = |error: serde_json::Error| LogError::Protocol(error.to_string());
    let outcome = |((status, detail), first_position): ((i32, Option<String>), i64)| {
        let detail = detail.as_deref().unwrap_or("null");
        Ok(match status {
            0 if first_position > 0 => Outcome::Accepted { first_position, recorded_at },
            1 => Outcome::Replayed(serde_json::from_str(detail).map_err(malformed)?),
            2 => Outcome::KeyReused,
            3 => Outcome::Conflict,
            4 => Outcome::Claimed(serde_json::from_str(detail).map_err(malformed)?),
            5 => Outcome::Retry,
            other => return Err(LogError::Protocol(format!("the outcome {other}"))),
        })
    };
    status.into_iter().zip(detail).zip(positions).map(outcome).collect()
}
