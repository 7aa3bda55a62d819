//! What the tests of this crate share.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use commands::log::{Append, Check, NewEvent};
use commands::{BusOptions, CommandBus, CommandRequest};
use domain::kernel::{Actor, ContextDef, TenantId, partition_of};
use platform::clock;
use platform::postgres::ContextTypes;
use platform::testing::TestDatabase;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::tally;

/// The contexts of the test databases.
const CONTEXTS: &[&ContextDef] = &[&domain::crm::CONTEXT, &tally::CONTEXT];

/// Names and types of those contexts, and of `external`.
pub fn context_types() -> Vec<ContextTypes> {
    let mut contexts: Vec<_> = CONTEXTS.iter().map(|context| context.types()).collect();
    contexts.push(("external".to_owned(), Vec::new()));
    contexts
}

/// A database of its own for a test.
pub async fn database() -> TestDatabase {
    TestDatabase::create(&context_types()).await
}

/// A pool of its own, as each gateway has one.
pub fn gateway_pool(database: &TestDatabase) -> PgPool {
    platform::postgres::pool(&database.app_url, 8).expect("a valid URL")
}

/// A bus with a pool of its own.
pub fn bus(database: &TestDatabase) -> Arc<CommandBus> {
    let options = BusOptions { partitions: database.partitions, lanes: 2, ..BusOptions::default() };
    CommandBus::start(CONTEXTS, &gateway_pool(database), options)
}

/// A command to a tally.
pub fn request(tenant: Uuid, id: &str, command: &str, body: &Value) -> CommandRequest {
    CommandRequest {
        tenant_id: TenantId(tenant),
        actor: Actor { subject: "tester".to_owned(), roles: vec!["owner".to_owned()] },
        context: "shop".to_owned(),
        aggregate: "tally".to_owned(),
        id: Some(id.parse().expect("an id")),
        command: command.to_owned(),
        body: Bytes::from(body.to_string()),
        expected_version: None,
        idempotency_key: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }
}

/// A command to a contact.
pub fn contact(tenant: Uuid, id: &str, command: &str, body: &Value) -> CommandRequest {
    CommandRequest { context: "crm".to_owned(), aggregate: "contact".to_owned(), ..request(tenant, id, command, body) }
}

/// The log partition of a tenant.
pub fn partition(database: &TestDatabase, tenant: Uuid) -> i32 {
    partition_of(&TenantId(tenant).partition_key(), database.partitions)
}

/// An append that writes events to one tally which stands at `expected`.
pub fn draft(database: &TestDatabase, tenant: Uuid, id: &str, expected: i64, events: i64) -> Append {
    let event = |number| NewEvent {
        aggregate_type: "tally",
        aggregate_id: id.to_owned(),
        sequence: expected + number,
        event_id: clock::new_id(),
        event_type: "counted",
        event_version: 1,
        payload: format!(r#"{{"token":"{id}","number":{number}}}"#),
    };
    Append {
        tenant_id: tenant,
        context: "shop",
        partition: partition(database, tenant),
        idempotency: None,
        root: ("tally", id.to_owned(), expected + events),
        checks: vec![Check { aggregate_type: "tally", aggregate_id: id.to_owned(), expected, write: true, drawn: false }],
        claims: Vec::new(),
        events: (1..=events).map(event).collect(),
        metadata: "{}".to_owned(),
    }
}

/// The last position of a log partition of the context `shop`.
pub async fn head(database: &TestDatabase, partition: i32) -> i64 {
    sqlx::query_scalar("SELECT position FROM log.heads WHERE context = 'shop' AND partition = $1")
        .bind(partition)
        .fetch_one(&database.worker)
        .await
        .expect("a head")
}

/// Whatever is wrong with the log as a whole; nothing, in a sound one. Tells how many events there are.
pub async fn assert_sound(database: &TestDatabase) -> i64 {
    const POSITIONS: &str = "SELECT format('%s/%s: head %s, %s events from %s to %s', h.context, h.partition, h.position, count(e.position), min(e.position), max(e.position)) \
        FROM log.heads h LEFT JOIN log.events e USING (context, partition) GROUP BY h.context, h.partition, h.position \
        HAVING h.position <> count(e.position) OR h.position <> coalesce(max(e.position), 0) OR coalesce(min(e.position), 1) <> 1";
    const STREAMS: &str = "SELECT format('%s/%s: %s events, last sequence %s', aggregate_type, aggregate_id, count(*), max(sequence)) FROM log.events \
        GROUP BY context, tenant_id, aggregate_type, aggregate_id HAVING count(*) <> max(sequence) OR min(sequence) <> 1";
    const CLOCKS: &str = "SELECT format('%s/%s@%s is older than its predecessor', context, partition, position) FROM \
        (SELECT *, lag(recorded_at) OVER (PARTITION BY context, partition ORDER BY position) AS before FROM log.events) e WHERE recorded_at < before";
    const IDS: &str = "SELECT format('%s stands %s times', event_id, count(*)) FROM log.events GROUP BY event_id HAVING count(*) > 1";
    for statement in [POSITIONS, STREAMS, CLOCKS, IDS] {
        let wrong: Vec<String> = sqlx::query_scalar(statement).fetch_all(&database.worker).await.expect("the log is read");
        assert_eq!(wrong, [""; 0]);
    }
    sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&database.worker).await.expect("the log is read")
}

/// Looks until it is there.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Lets a future be woken `polls` times and drops it then, as a cancelled request is.
pub async fn cancelled_after<F: Future>(polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Numbers that look random and are the same for the same seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// Dice with a seed from `NEUROOPS_TEST_SEED` or, without it, from the clock; the seed is printed.
    #[expect(clippy::disallowed_methods, reason = "tests are configured by their runner alone")]
    pub fn seeded(test: &str) -> Self {
        let given = std::env::var("NEUROOPS_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| clock::now().timestamp_micros().unsigned_abs());
        println!("{test}: NEUROOPS_TEST_SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}
