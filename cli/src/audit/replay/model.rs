//! A read model as it was.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use domain::kernel::RecordedEvent;
use platform::postgres::begin_worker;
use projections::contexts;
use projections::model::ReadModelDef;
use projections::runtime::{ApplyError, Projection, read_event};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::super::bar;
use super::Moment;
use super::difference::{Difference, Row};

/// The version of the tables that are filled; they are gone when the transaction ends, and no rebuild comes near.
const VERSION: i32 = 1_000_000_000;
/// Events that are applied at once.
const PAGE: i64 = 2000;
/// Rows that are compared at most.
const ROWS_MAX: i64 = 500_000;

fn known(name: &str) -> Result<&'static ReadModelDef> {
    let all = || contexts::CONTEXTS.iter().flat_map(|context| context.read_models.iter().copied());
    let full = |def: &ReadModelDef| format!("{}/{}", def.context, def.name);
    all().find(|def| full(def) == name).ok_or_else(|| {
        let names: Vec<String> = all().map(full).collect();
        anyhow!("there is no read model `{name}`; there are {}", names.join(", "))
    })
}

/// Fills the read model up to the moment in tables of its own, and compares it with the one that is read.
pub async fn replay(worker: &PgPool, tenant: Uuid, name: &str, moment: Moment) -> Result<Difference> {
    const MAKE: &str = "SELECT runtime.create_version($1, (SELECT active_version FROM runtime.projections WHERE projection = $2), $3)";
    let def = known(name)?;
    let projection = contexts::projections().into_iter().find(|projection| projection.name() == def.projection);
    let projection = projection.with_context(|| format!("nothing fills {name}"))?;
    // Rolled back at the end, whatever happens: the tables are this transaction's own.
    let mut tx = begin_worker(worker).await?;
    for table in projection.tables() {
        sqlx::query(MAKE).bind(table).bind(projection.name()).bind(VERSION).execute(&mut *tx).await?;
    }
    let events = apply(&mut tx, projection.as_ref(), tenant, moment).await?;
    let keys = key_columns(&mut tx, def.table).await?;
    let then = rows(&mut tx, &format!("{}_v{VERSION}", def.table), tenant, &keys).await?;
    let now = rows(&mut tx, def.table, tenant, &keys).await?;
    tx.rollback().await?;
    Ok(Difference::of(format!("{name}: {} rows then (from {events} events), {} now", then.len(), now.len()), then, now))
}

async fn apply(connection: &mut PgConnection, projection: &dyn Projection, tenant: Uuid, moment: Moment) -> Result<usize> {
    const READ: &str = "SELECT l.leaf_index, e.context, e.partition, e.position, e.event_id, e.tenant_id, e.aggregate_type, e.aggregate_id, e.sequence, \
            e.event_type, e.event_version, e.payload::text AS payload, e.metadata::text AS metadata, e.recorded_at \
        FROM audit.leaves l JOIN log.events e ON e.context = l.context AND e.partition = l.partition AND e.position = l.position \
            AND e.tenant_id = l.tenant_id \
        WHERE l.tenant_id = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 AND e.context = ANY ($4) \
            AND ($5::timestamptz IS NULL OR e.recorded_at <= $5) ORDER BY l.leaf_index";
    let bar = bar("replay");
    bar.set_length(moment.to.unsigned_abs());
    let (mut from, mut applied) = (0, 0);
    while from < moment.to {
        let to = moment.to.min(from + PAGE);
        let query = sqlx::query(READ).bind(tenant).bind(from).bind(to).bind(projection.contexts()).bind(moment.at);
        let found = query.fetch_all(&mut *connection).await?;
        let events: Vec<Arc<RecordedEvent>> = found.iter().map(|row| read_event(row).map(Arc::new)).collect::<Result<_, _>>()?;
        projection.apply(connection, VERSION, &events).await.map_err(|error| match error {
            ApplyError::Event { index, reason } => {
                let event = &events[index];
                anyhow!("the event at {}/{}@{} cannot be applied: {reason}", event.context, event.partition, event.position)
            }
            other @ ApplyError::Database(_) => other.into(),
        })?;
        applied += events.len();
        from = to;
        bar.set_position(from.unsigned_abs());
    }
    bar.finish_and_clear();
    Ok(applied)
}

/// The columns of the primary key behind a view, besides the tenant's.
async fn key_columns(connection: &mut PgConnection, table: &str) -> Result<Vec<String>> {
    const READ: &str = "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
        WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attname <> 'tenant_id' ORDER BY array_position(i.indkey::int2[], a.attnum)";
    Ok(sqlx::query_scalar(READ).bind(format!("{table}_v{VERSION}")).fetch_all(connection).await?)
}

async fn rows(connection: &mut PgConnection, table: &str, tenant: Uuid, keys: &[String]) -> Result<Vec<Row>> {
    let statement = format!("SELECT to_jsonb(t)::text FROM {table} t WHERE t.tenant_id = $1 LIMIT $2");
    let texts: Vec<String> = sqlx::query_scalar(&statement).bind(tenant).bind(ROWS_MAX + 1).fetch_all(connection).await?;
    ensure!(i64::try_from(texts.len())? <= ROWS_MAX, "{table} has more than {ROWS_MAX} rows of this tenant, which is too much to compare");
    let row = |text: String| {
        let value: Value = serde_json::from_str(&text)?;
        let shown = |key: &String| match &value[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let key: Vec<String> = keys.iter().map(shown).collect();
        Ok(Row::new(key.join("/"), value))
    };
    texts.into_iter().map(row).collect()
}
