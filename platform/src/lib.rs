//! What several roles need: configuration, Postgres, Kafka, Redis, telemetry, requests to the outside, and the servers that `neuroops up` brings itself.

pub mod breaker;
pub mod clock;
pub mod config;
pub mod egress;
pub mod embedded;
pub mod kafka;
pub mod postgres;
pub mod proofs;
pub mod redis;
pub mod telemetry;
pub mod tenant_tx;
pub mod vault;

#[cfg(feature = "testing")]
pub mod testing;
