//! An aggregate as it was.

use anyhow::{Context as _, Result, anyhow, ensure};
use chrono::{DateTime, Utc};
use domain::kernel::{AggregateType, State, TenantId, partition_of};
use platform::postgres;
use platform::tenant_tx::TenantTx;
use projections::contexts;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::Moment;
use super::difference::{Difference, Row};

/// Sequence, type, version, payload, time, and index in the history of an event.
type Event = (i64, String, String, String, DateTime<Utc>, Option<i64>);

/// Events that are read at once.
const PAGE: i64 = 1000;

fn known(context: &str, name: &str) -> Result<&'static dyn AggregateType> {
    let domains = contexts::domains();
    let domain = domains.iter().find(|domain| domain.name == context).with_context(|| {
        let names: Vec<&str> = domains.iter().map(|domain| domain.name).collect();
        format!("there is no context `{context}`; there are {}", names.join(", "))
    })?;
    let types = (domain.aggregates)();
    let names: Vec<&str> = types.iter().map(|found| found.name()).collect();
    types
        .into_iter()
        .find(|found| found.name() == name)
        .ok_or_else(|| anyhow!("{context} has no aggregate `{name}`; it has {}", names.join(", ")))
}

/// Folds the aggregate twice: up to the moment, and to its end.
pub async fn replay(pool: &PgPool, tenant: Uuid, name: &str, moment: Moment) -> Result<Difference> {
    const READ: &str = "SELECT e.sequence, e.event_type, e.event_version, e.payload::text, e.recorded_at, l.leaf_index FROM log.events e \
        LEFT JOIN audit.leaves l ON l.tenant_id = e.tenant_id AND l.event_id = e.event_id AND l.context = e.context AND l.position = e.position \
        WHERE e.context = $1 AND e.partition = $2 AND e.tenant_id = $3 AND e.aggregate_type = $4 AND e.aggregate_id = $5 AND e.sequence > $6 \
        ORDER BY e.sequence LIMIT $7";
    let mut parts = name.splitn(3, '/');
    let (Some(context), Some(kind), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(anyhow!("name the aggregate as context/aggregate/id"));
    };
    let aggregate = known(context, &kind.replace('-', "_"))?;
    let partition = partition_of(&TenantId(tenant).partition_key(), postgres::check(pool).await?);
    let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
    let (mut state, mut sequence): (State, i64) = (aggregate.empty(), 0);
    let mut then: Option<(i64, Option<Value>)> = None;
    loop {
        let query = sqlx::query_as(READ).bind(context).bind(partition).bind(tenant).bind(aggregate.name()).bind(id);
        let page: Vec<Event> = query.bind(sequence).bind(PAGE).fetch_all(&mut *tx).await?;
        let last = page.len() < usize::try_from(PAGE)?;
        for (number, event_type, version, payload, at, index) in page {
            let before = index.is_some_and(|index| index < moment.to) && moment.at.is_none_or(|moment| at <= moment);
            if !before && then.is_none() {
                then = Some((sequence, shown(aggregate, &state, sequence)?));
            }
            aggregate
                .apply(&mut state, &event_type, &version, &payload)
                .with_context(|| format!("event {number} of {name} cannot be read"))?;
            sequence = number;
        }
        if last {
            break;
        }
    }
    tx.commit().await?;
    ensure!(sequence > 0, "there is no {kind} `{id}` in {context}");
    let now = shown(aggregate, &state, sequence)?;
    let (version, then) = match then {
        Some(then) => then,
        None => (sequence, now.clone()),
    };
    let what = format!("{name}: version {version} then, {sequence} now");
    Ok(Difference::of(what, then.map(|then| Row::new(name, then)), now.map(|now| Row::new(name, now))))
}

fn shown(aggregate: &'static dyn AggregateType, state: &State, version: i64) -> Result<Option<Value>> {
    if version == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&aggregate.snapshot(state)?)?))
}
