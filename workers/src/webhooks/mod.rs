//! Webhooks (Standard Webhooks 1.0): events of the log are posted to the endpoints that tenants have registered.
//!
//! - An endpoint has a cursor for each context: the position up to which the log was looked through for it ([`intake`]).
//! - What it is to be told of becomes lanes, one for each subject: the range of sequence numbers that is left. The events stay in the log.
//! - A lane's turn posts its next events in order ([`turn`]). A subject that fails waits by itself and holds back no other.
//! - All endpoints of some log partitions are one piece of work, held by one process at a time through a lease ([`shard`]).
//!
//! Delivery is at least once, in order for each subject; `webhook-id` is the event's id, by which receivers tell repetitions.

mod intake;
mod log;
mod operate;
mod registry;
mod retry;
mod shard;
mod signature;
mod store;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use platform::egress::Egress;
use platform::vault::Vault;
use projections::subscriptions::WebhooksDef;

pub use operate::{DeliveryFilter, Reach, ShownDelivery, deliveries, reaches};
pub use retry::RetrySchedule;
pub(crate) use shard::{SHARDS, Shard, ShardParts, lease_name};
pub use signature::sign;

/// How deliveries are made.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// When failed deliveries are tried again.
    pub schedule: RetrySchedule,
    /// Lanes of one shard that are worked on at the same time.
    pub turns_max: usize,
    /// Lanes of one endpoint that are worked on at the same time.
    pub endpoint_turns_max: usize,
    /// Lanes of an endpoint that may be open; more of its events wait in the log.
    pub lanes_max: usize,
    /// How often it is looked whether endpoints have changed.
    pub look: Duration,
    /// How long it is remembered what was delivered.
    pub kept: Duration,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self {
            schedule: RetrySchedule::default(),
            turns_max: 64,
            endpoint_turns_max: 8,
            lanes_max: 10_000,
            look: Duration::from_millis(500),
            kept: Duration::from_hours(7 * 24),
        }
    }
}

/// What deliveries need besides the log.
#[derive(Clone)]
pub struct Webhooks {
    /// Where endpoints are registered.
    pub def: &'static WebhooksDef,
    /// Posts.
    pub egress: Egress,
    /// Opens secrets.
    pub vault: Arc<Vault>,
    /// Whether one of the roles may follow the events of the context.
    pub may_follow: fn(&[String], &str) -> bool,
    /// How deliveries are made.
    pub options: WebhookOptions,
}
