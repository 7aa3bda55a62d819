//! How fresh an answer is, and waiting until it is fresh enough.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::kernel::TenantId;
use platform::tenant_tx::TenantTx;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::time::Instant;

use crate::commands::POSITION;
use crate::headers;
use crate::position::Token;
use crate::problem::Problem;
use crate::state::GatewayState;
use crate::wait::Goal;

/// The header that tells how many events of the tenant's log partitions an answer does not include yet.
const LAG: HeaderName = HeaderName::from_static("neuroops-lag-events");

/// A projection and a context that it reads.
pub type Pair = (&'static str, &'static str);

/// How far a projection has come in one of the tenant's log partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    projection: String,
    applied: Token,
    head: i64,
    /// The version of its tables, and how often rows were mended without its moving on.
    version: i32,
    repaired: i64,
}

/// What an answer includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    standings: Vec<Standing>,
    /// The day in the database's time zone, which some statements look at.
    day: String,
}

/// Names one state of the tables behind an answer: an answer that was read under the same stamp is what would be read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub [u8; 32]);

/// `as_of` in answers.
#[derive(Serialize)]
pub struct AsOf {
    /// Position tokens: everything up to them is included.
    positions: Vec<String>,
    /// Events of the tenant's log partitions that are not included yet; some may be other tenants'.
    lag_events: i64,
}

/// The statement behind every [`Freshness`]: one row for each projection, context and partition that is asked for.
const STANDINGS: &str = "k.number, k.projection, k.context, k.partition, coalesce(p.active_version, 0) AS version, coalesce(p.repaired, 0) AS repaired, \
        coalesce(c.position, 0) AS position, coalesce(h.position, 0) AS head, current_date::text AS day \
    FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS k (projection, context, partition, number) \
    LEFT JOIN runtime.projections p ON p.projection = k.projection \
    LEFT JOIN runtime.checkpoints c ON c.projection = k.projection AND c.version = p.active_version \
        AND c.context = k.context AND c.partition = k.partition \
    LEFT JOIN log.heads h ON h.context = k.context AND h.partition = k.partition ORDER BY k.number";

fn standing(row: &PgRow) -> Result<Standing, sqlx::Error> {
    let applied = Token { context: row.try_get("context")?, partition: row.try_get("partition")?, position: row.try_get("position")? };
    let (projection, head) = (row.try_get("projection")?, row.try_get("head")?);
    Ok(Standing { projection, applied, head, version: row.try_get("version")?, repaired: row.try_get("repaired")? })
}

impl Freshness {
    /// Reads it in the transaction of the answer. Also bounds the statements that follow, and keeps Postgres from compiling them: that takes longer
    /// than most of them run, and is on where an outside server says nothing else.
    pub async fn read(connection: &mut PgConnection, pairs: &[Pair], partition: i32, timeout_ms: u128) -> Result<Self, sqlx::Error> {
        if pairs.is_empty() {
            sqlx::query("SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true)")
                .bind(timeout_ms.to_string())
                .execute(connection)
                .await?;
            return Self::of(&[]);
        }
        let statement = format!("SELECT set_config('statement_timeout', $4, true), set_config('jit', 'off', true), {STANDINGS}");
        let (projections, contexts): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
        let partitions = vec![partition; pairs.len()];
        let query = sqlx::query(&statement).bind(projections).bind(contexts).bind(partitions).bind(timeout_ms.to_string());
        Self::of(&query.fetch_all(connection).await?)
    }

    /// Reads several at once, each of its own pairs and partition, outside any transaction.
    pub async fn read_many(pool: &PgPool, wanted: &[(&[Pair], i32)]) -> Result<Vec<Self>, sqlx::Error> {
        let (mut projections, mut contexts, mut partitions) = (Vec::new(), Vec::new(), Vec::new());
        for (pairs, partition) in wanted {
            for (projection, context) in *pairs {
                projections.push(*projection);
                contexts.push(*context);
                partitions.push(*partition);
            }
        }
        let statement = format!("SELECT {STANDINGS}");
        let rows = sqlx::query(&statement).bind(projections).bind(contexts).bind(partitions).fetch_all(pool).await?;
        let mut rest = rows.as_slice();
        let mut all = Vec::with_capacity(wanted.len());
        for (pairs, _) in wanted {
            let (own, others) = rest.split_at_checked(pairs.len()).ok_or(sqlx::Error::RowNotFound)?;
            rest = others;
            all.push(Self::of(own)?);
        }
        Ok(all)
    }

    fn of(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let day = rows.first().map_or(Ok(String::new()), |row| row.try_get("day"))?;
        Ok(Self { standings: rows.iter().map(standing).collect::<Result<_, _>>()?, day })
    }

    /// What all projections behind the answer have applied, by context.
    pub fn positions(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.standings.iter().map(|standing| standing.applied.clone()).collect();
        // The least position of each context comes first in this order.
        tokens.sort_unstable();
        tokens.dedup_by(|later, first| later.context == first.context);
        tokens
    }

    /// The last positions of the log at that time, by context.
    pub fn heads(&self) -> Vec<Token> {
        let mut heads: Vec<Token> =
            self.standings.iter().map(|standing| Token { position: standing.head, ..standing.applied.clone() }).collect();
        heads.sort_unstable();
        heads.dedup();
        heads
    }

    /// As it stands in answers.
    pub fn as_of(&self) -> AsOf {
        let positions = self.positions();
        let behind = |token: &Token| self.head(token).map_or(0, |head| (head - token.position).max(0));
        AsOf { lag_events: positions.iter().map(behind).sum(), positions: positions.iter().map(ToString::to_string).collect() }
    }

    /// As it stands in headers. The positions can be handed to `NeuroOps-Wait-For` of a later query, which then sees no less.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let as_of = self.as_of();
        if let Ok(positions) = HeaderValue::from_str(&as_of.positions.join(",")) {
            headers.insert(POSITION, positions);
        }
        headers.insert(LAG, HeaderValue::from(as_of.lag_events));
    }

    /// Names the state of the tables; nothing where no projection is behind the answer.
    pub fn stamp(&self) -> Option<Stamp> {
        if self.standings.is_empty() {
            return None;
        }
        let mut hasher = Sha256::new();
        hasher.update(self.day.as_bytes());
        for Standing { projection, applied, version, repaired, .. } in &self.standings {
            hasher.update(format!("\n{projection} {applied} {version} {repaired}").as_bytes());
        }
        Some(Stamp(hasher.finalize().into()))
    }

    fn head(&self, token: &Token) -> Option<i64> {
        self.standings.iter().find(|standing| standing.applied.context == token.context).map(|standing| standing.head)
    }

    fn check_known(&self, wanted: &[Token]) -> Result<(), Problem> {
        match wanted.iter().find(|token| self.head(token).is_some_and(|head| token.position > head)) {
            Some(token) => Err(Problem::bad_value("position_unknown", "NeuroOps-Wait-For", format!("the log has no position {token}"))),
            None => Ok(()),
        }
    }

    /// Whether everything up to these positions is included, as far as the answer's projections read their contexts.
    pub fn includes(&self, wanted: &[Token]) -> bool {
        wanted.iter().all(|token| {
            let mut readers = self.standings.iter().filter(|standing| standing.applied.context == token.context);
            readers.all(|standing| standing.applied.position >= token.position)
        })
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
    let pairs = state.catalogue().pairs(projections);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(projection: &str, context: &str, position: i64) -> Standing {
        let applied = Token { context: context.to_owned(), partition: 3, position };
        Standing { projection: projection.to_owned(), applied, head: 10, version: 1, repaired: 0 }
    }

    fn fresh(standings: &[Standing]) -> Freshness {
        Freshness { standings: standings.to_vec(), day: "2026-03-01".to_owned() }
    }

    #[test]
    fn the_least_advanced_projection_of_a_context_counts() {
        let fresh = fresh(&[standing("a", "x", 9), standing("b", "x", 7), standing("b", "y", 10)]);
        assert_eq!(fresh.as_of().positions, ["x/3@7", "y/3@10"]);
        assert_eq!(fresh.as_of().lag_events, 3);
        let token = |context: &str, position| [Token { context: context.to_owned(), partition: 3, position }];
        assert!(fresh.includes(&token("x", 7)) && !fresh.includes(&token("x", 8)) && fresh.includes(&token("z", 99)));
        assert!(fresh.check_known(&token("x", 10)).is_ok() && fresh.check_known(&token("x", 11)).is_err());
    }

    #[test]
    fn a_stamp_changes_with_whatever_changes_the_rows() {
        let base = || fresh(&[standing("a", "x", 9), standing("b", "x", 7)]);
        let stamp = base().stamp();
        assert_eq!(stamp, base().stamp());
        let changes: [fn(&mut Freshness); 5] = [
            |fresh| fresh.standings[0].applied.position = 10,
            |fresh| fresh.standings[1].version = 2,
            |fresh| fresh.standings[1].repaired = 1,
            |fresh| fresh.day = "2026-03-02".to_owned(),
            |fresh| drop(fresh.standings.pop()),
        ];
        for change in changes {
            let mut other = base();
            change(&mut other);
            assert_ne!(other.stamp(), stamp);
        }
        let mut moved = base();
        moved.standings[0].head = 11;
        assert_eq!(moved.stamp(), stamp, "events that were not applied change no rows");
        assert_eq!(fresh(&[]).stamp(), None);
    }
}
