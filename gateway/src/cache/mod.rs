//! Answers that are kept, so that what is asked again and again is computed once.
//!
//! An answer is kept with the [`Stamp`] of the tables that it was read from: how far each projection behind it had come, in which version.
//! It is given only while the stamp is what Postgres says at that moment, so it is never older than what the query itself would answer:
//! position tokens, rebuilds and mended projections need no thought of their own, and nothing has to be told when rows change. What that
//! costs is one small statement, shared by all who ask at the same time ([`pulse`]).
//!
//! Answers are kept in this process and, where there is one, in Redis, for all gateways. Redis may be emptied, slow, away or wrong about a
//! value: a value is sealed for its key and tenant, and one that does not open is none.

mod pulse;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use domain::kernel::TenantId;
use futures::FutureExt as _;
use platform::redis::Redis;
use quick_cache::Weighter;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use self::pulse::Pulse;
use crate::freshness::{Freshness, Pair, Stamp};
use crate::health::{Health, Probe};
use crate::options::GatewayOptions;
use crate::position::Token;
use crate::problem::Problem;
use crate::queries::OpenJson;
use crate::state::GatewayState;

/// The largest answer that is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Statements of which it is remembered whether their answers are worth keeping.
const SHAPES_MAX: usize = 4096;
/// Bytes of a seal.
const SEAL_BYTES: usize = 32;
/// What an entry costs besides its answer.
const ENTRY_BYTES: u64 = 256;
/// Tells that an answer was kept.
const CACHE: HeaderName = HeaderName::from_static("neuroops-cache");

/// A question as the cache knows it.
pub struct Asked {
    /// `tenant:{id}:answer:{digest}`
    key: String,
    /// The statement, whatever its values: how long it takes is a matter of the statement.
    shape: u64,
    pairs: Vec<Pair>,
    partition: i32,
}

impl Asked {
    /// What is asked: the statement and everything else that the answer depends on, besides the rows.
    pub fn new<'a>(
        state: &GatewayState,
        tenant: TenantId,
        projections: &[&'static str],
        statement: &'a str,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let cache = state.cache();
        let mut hasher = cache.seal.clone();
        for part in [statement].into_iter().chain(parts) {
            // Lengths first: no two different lists of parts hash the same text.
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self {
            key: format!("tenant:{tenant}:answer:{}", hex::encode(hasher.finalize())),
            shape: cache.hasher.hash_one(statement),
            pairs: state.catalogue().pairs(projections),
            partition: state.partition(tenant),
        }
    }
}

/// A kept answer.
struct Kept {
    stamp: Stamp,
    answer: Arc<str>,
    since: Instant,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Arc<Kept>> for ByBytes {
    fn weight(&self, key: &String, kept: &Arc<Kept>) -> u64 {
        ENTRY_BYTES + (key.len() + kept.answer.len()) as u64
    }
}

/// The answers that are kept.
pub struct Cache {
    own: quick_cache::sync::Cache<String, Arc<Kept>, ByBytes>,
    redis: Option<Redis>,
    pulse: Pulse,
    /// How long statements took last, in µs.
    shapes: quick_cache::sync::Cache<u64, u64>,
    hasher: RandomState,
    /// Begins every key and seal: keyed by the gateways' secret, and different for every schema, so that a value of another platform or
    /// version is none.
    seal: Sha256,
    lasts: Duration,
    worth: Duration,
}

impl Cache {
    /// An empty cache.
    pub fn start(pool: PgPool, options: &GatewayOptions) -> Self {
        let mut seal = Sha256::new();
        for part in ["answers", env!("CARGO_PKG_VERSION"), &options.jwt_secret, &platform::postgres::schema_fingerprint()] {
            seal.update((part.len() as u64).to_le_bytes());
            seal.update(part);
        }
        let entries = usize::try_from(options.cache_bytes_max / 4096).unwrap_or(usize::MAX).max(16);
        Self {
            own: quick_cache::sync::Cache::with_weighter(entries, options.cache_bytes_max, ByBytes),
            redis: options.redis.clone(),
            pulse: Pulse::start(pool),
            shapes: quick_cache::sync::Cache::new(SHAPES_MAX),
            hasher: RandomState::new(),
            seal,
            lasts: options.cache_lasts,
            worth: options.cache_worth,
        }
    }

    /// The answer, if one is kept that is what the tables say now and includes these positions.
    pub async fn answer(&self, asked: &Asked, positions: &[Token]) -> Result<Option<Response>, Problem> {
        if !self.is_worth(asked) {
            return Ok(None);
        }
        let own = self.own.get(&asked.key).filter(|kept| kept.since.elapsed() < self.lasts);
        if own.is_none() && self.redis.is_none() {
            return Ok(None);
        }
        let shared = async { if own.is_none() { self.shared(asked).await } else { None } };
        let (now, shared) = tokio::join!(self.pulse.read(&asked.pairs, asked.partition), shared);
        // What Postgres cannot say now, the query itself will find out.
        let Some((now, stamp)) = now.and_then(|now| now.stamp().map(|stamp| (now, stamp))) else { return Ok(None) };
        if !now.includes(positions) {
            return Ok(None);
        }
        let (found, place) = match (own, shared) {
            (Some(kept), _) if kept.stamp == stamp => (kept, "own"),
            // Another gateway may have asked since the rows have changed.
            (Some(_), _) => match self.shared(asked).await.filter(|kept| kept.stamp == stamp) {
                Some(kept) => (kept, "shared"),
                None => return Ok(missed("stale")),
            },
            (None, Some(kept)) if kept.stamp == stamp => (kept, "shared"),
            (None, Some(_)) => return Ok(missed("stale")),
            (None, None) => return Ok(missed("absent")),
        };
        if place == "shared" {
            self.own.insert(asked.key.clone(), found.clone());
        }
        metrics::counter!("neuroops_cache_hits_total", "place" => place).increment(1);
        let mut response = OpenJson(found.answer.to_string()).respond(&now)?;
        response.headers_mut().insert(CACHE, HeaderValue::from_static("hit"));
        Ok(Some(response))
    }

    /// Keeps an answer that was read under this freshness and took so long.
    pub fn keep(&self, asked: &Asked, freshness: &Freshness, answer: &OpenJson, took: Duration) {
        self.shapes.insert(asked.shape, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let Some(stamp) = freshness.stamp().filter(|_| took >= self.worth && answer.0.len() <= ANSWER_BYTES_MAX) else { return };
        let answer: Arc<str> = answer.0.as_str().into();
        if let Some(redis) = &self.redis {
            redis.set(asked.key.clone(), self.sealed(&asked.key, stamp, &answer), self.lasts);
        }
        self.own.insert(asked.key.clone(), Arc::new(Kept { stamp, answer, since: Instant::now() }));
    }

    /// Whether such statements take long enough. One that was never seen may.
    fn is_worth(&self, asked: &Asked) -> bool {
        // Nothing tells when the answer of a statement that reads no projection changes.
        !asked.pairs.is_empty() && self.shapes.get(&asked.shape).is_none_or(|micros| u128::from(micros) >= self.worth.as_micros())
    }

    async fn shared(&self, asked: &Asked) -> Option<Arc<Kept>> {
        let value = self.redis.as_ref()?.get(&asked.key).await?;
        let (stamp, answer) = self.opened(&asked.key, &value)?;
        Some(Arc::new(Kept { stamp, answer, since: Instant::now() }))
    }

    /// Seal, stamp, answer.
    fn sealed(&self, key: &str, stamp: Stamp, answer: &str) -> Vec<u8> {
        let mut value = Vec::with_capacity(SEAL_BYTES + stamp.0.len() + answer.len());
        value.extend_from_slice(&self.seal_of(key, &stamp.0, answer.as_bytes()));
        value.extend_from_slice(&stamp.0);
        value.extend_from_slice(answer.as_bytes());
        value
    }

    fn opened(&self, key: &str, value: &[u8]) -> Option<(Stamp, Arc<str>)> {
        let (seal, rest) = value.split_at_checked(SEAL_BYTES)?;
        let (stamp, answer) = rest.split_at_checked(32)?;
        let stamp: [u8; 32] = stamp.try_into().ok()?;
        if seal != self.seal_of(key, &stamp, answer) {
            metrics::counter!("neuroops_cache_unreadable_total").increment(1);
            return None;
        }
        Some((Stamp(stamp), std::str::from_utf8(answer).ok()?.into()))
    }

    fn seal_of(&self, key: &str, stamp: &[u8], answer: &[u8]) -> [u8; SEAL_BYTES] {
        let mut hasher = self.seal.clone();
        for part in [&b"value"[..], key.as_bytes(), stamp, answer] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

fn missed(why: &'static str) -> Option<Response> {
    metrics::counter!("neuroops_cache_misses_total", "why" => why).increment(1);
    None
}

/// Words of statements whose answers change without any row changing.
const OF_THE_CLOCK: [&str; 9] = [
    "now()",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "current_timestamp",
    "localtimestamp",
    "current_time",
    "localtime",
    "random",
];

/// Whether a statement looks at the clock, or draws lots. The day alone (`current_date`) is a part of stamps.
pub fn looks_at_the_clock(statement: &str) -> bool {
    let statement = statement.to_ascii_lowercase();
    OF_THE_CLOCK.iter().any(|word| statement.contains(word))
        || ["'now'", "'today'", "'yesterday'", "'tomorrow'"].iter().any(|word| statement.contains(word))
}

/// How Redis is, for health.
pub fn probe(redis: Redis) -> Probe {
    Arc::new(move || std::future::ready(redis.trouble().map_or_else(Health::ok, Health::degraded)).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_look_at_the_clock_are_told_from_others() {
        for statement in ["SELECT now()", "select a from t where b < Current_Timestamp", "select 'now'::timestamptz", "order by random()"] {
            assert!(looks_at_the_clock(statement), "{statement}");
        }
        for statement in ["SELECT current_date", "SELECT a FROM known WHERE today = 'x'"] {
            assert!(!looks_at_the_clock(statement), "{statement}");
        }
    }

    #[tokio::test]
    async fn a_value_opens_under_its_own_key_and_untouched_only() {
        let pool = platform::postgres::pool("postgres://nobody@127.0.0.1:1/nothing", 1).unwrap();
        let cache = Cache::start(pool.clone(), &GatewayOptions::new("a secret"));
        let stamp = Stamp([7; 32]);
        let value = cache.sealed("tenant:a:answer:x", stamp, "{}");
        let (found, answer) = cache.opened("tenant:a:answer:x", &value).unwrap();
        assert_eq!((found, &*answer), (stamp, "{}"));
        assert!(cache.opened("tenant:b:answer:x", &value).is_none(), "a value of another tenant is none");
        let other = Cache::start(pool, &GatewayOptions::new("another secret"));
        assert!(other.opened("tenant:a:answer:x", &value).is_none(), "a value of another platform is none");
        for index in 0..value.len() {
            let mut altered = value.clone();
            altered[index] ^= 1;
            assert!(cache.opened("tenant:a:answer:x", &altered).is_none(), "{index}");
            assert!(cache.opened("tenant:a:answer:x", &value[..index]).is_none(), "{index}");
        }
    }
}
