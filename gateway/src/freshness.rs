//! How fresh an answer is, and waiting until it is fresh enough.

use axum::http::HeaderMap;
use domain::kernel::TenantId;
use platform::tenant_tx::TenantTx;
use serde::Serialize;
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::headers;
use crate::position::Token;
use crate::problem::Problem;
use crate::state::GatewayState;
use crate::wait::Goal;

/// How far the projections behind an answer have come in one of the tenant's log partitions.
struct Place {
    applied: Token,
    head: i64,
}

/// What an answer includes.
pub struct Freshness {
    places: Vec<Place>,
}

/// `as_of` in answers.
#[derive(Serialize)]
pub struct AsOf {
    /// Position tokens: everything up to them is included.
    positions: Vec<String>,
    /// Events of the tenant's log partitions that are not included yet; some may be other tenants'.
    lag_events: i64,
}

impl Freshness {
    /// Reads it in the transaction of the answer. Also bounds the statements that follow.
    async fn read(connection: &mut PgConnection, pairs: &[(&str, &str)], partition: i32, timeout_ms: u128) -> Result<Self, sqlx::Error> {
        const READ: &str = "SELECT k.context, coalesce(min(coalesce(c.position, 0)), 0), coalesce(max(h.position), 0), \
                set_config('statement_timeout', $4, true) \
            FROM unnest($1::text[], $2::text[]) AS k (projection, context) \
            LEFT JOIN runtime.projections p ON p.projection = k.projection \
            LEFT JOIN runtime.checkpoints c ON c.projection = k.projection AND c.version = p.active_version \
                AND c.context = k.context AND c.partition = $3 \
            LEFT JOIN log.heads h ON h.context = k.context AND h.partition = $3 \
            GROUP BY k.context ORDER BY k.context";
        let (projections, contexts): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
        let query = sqlx::query_as(READ).bind(projections).bind(contexts).bind(partition).bind(timeout_ms.to_string());
        let rows: Vec<(String, i64, i64, String)> = query.fetch_all(connection).await?;
        let place =
            |(context, position, head, _): (String, i64, i64, String)| Place { applied: Token { context, partition, position }, head };
        Ok(Self { places: rows.into_iter().map(place).collect() })
    }

    /// As it stands in answers.
    pub fn as_of(&self) -> AsOf {
        AsOf {
            positions: self.places.iter().map(|place| place.applied.to_string()).collect(),
            lag_events: self.places.iter().map(|place| (place.head - place.applied.position).max(0)).sum(),
        }
    }

    fn place(&self, token: &Token) -> Option<&Place> {
        self.places.iter().find(|place| place.applied.context == token.context)
    }

    fn check_known(&self, wanted: &[Token]) -> Result<(), Problem> {
        match wanted.iter().find(|token| self.place(token).is_some_and(|place| token.position > place.head)) {
            Some(token) => Err(Problem::bad_value("position_unknown", "NeuroOps-Wait-For", format!("the log has no position {token}"))),
            None => Ok(()),
        }
    }

    fn includes(&self, wanted: &[Token]) -> bool {
        wanted.iter().all(|token| self.place(token).is_none_or(|place| place.applied.position >= token.position))
    }
}

/// The positions that the caller wants to see.
pub fn wanted(state: &GatewayState, tenant: TenantId, headers: &HeaderMap) -> Result<Vec<Token>, Problem> {
    let Some(value) = headers::single(headers, "neuroops-wait-for")? else { return Ok(Vec::new()) };
    let text = value.to_str().unwrap_or_default();
    let tokens = Token::list(text, "NeuroOps-Wait-For", state.partition(tenant))?;
    for token in &tokens {
        if !state.catalogue().entries().iter().any(|entry| entry.name == token.context) {
            return Err(Problem::bad_value("invalid_position", "NeuroOps-Wait-For", format!("there is no context `{}`", token.context)));
        }
    }
    Ok(tokens)
}

/// Begins the transaction of an answer from these projections once they include what is wanted. Rows and freshness come from one
/// state of the database.
pub async fn begin(
    state: &GatewayState,
    tenant: TenantId,
    projections: &[&'static str],
    wanted: &[Token],
) -> Result<(TenantTx, Freshness), Problem> {
    let partition = state.partition(tenant);
    let pairs: Vec<(&str, &str)> =
        projections.iter().flat_map(|name| state.catalogue().contexts_of(name).iter().map(move |context| (*name, *context))).collect();
    let deadline = Instant::now() + state.options().wait_timeout;
    loop {
        let mut tx = TenantTx::begin_snapshot(state.pool(), tenant.0).await?;
        let fresh = Freshness::read(&mut tx, &pairs, partition, state.options().statement_timeout.as_millis()).await?;
        fresh.check_known(wanted)?;
        if fresh.includes(wanted) {
            return Ok((tx, fresh));
        }
        tx.commit().await?;
        let goals: Vec<Goal> = wanted
            .iter()
            .flat_map(|token| {
                let readers = pairs.iter().filter(|(_, context)| *context == token.context);
                readers.map(|(projection, _)| Goal { projection: (*projection).to_owned(), token: token.clone() })
            })
            .collect();
        if !state.watcher().reached(&goals, deadline).await || Instant::now() >= deadline {
            let seconds = state.options().wait_timeout.as_secs();
            let detail = format!("The read model did not reach the position within {seconds} s. Ask again, or without NeuroOps-Wait-For.");
            return Err(Problem::unavailable("not_caught_up", detail));
        }
    }
}
