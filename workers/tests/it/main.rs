//! The relay, the readers of the log, and clients of the `postgres_es` views, against a real Postgres and a real Kafka.

mod kafka_away;
mod postgres_es;
mod readers;
mod relay;
mod relay_faults;
mod support;
#[path = "../../../commands/tests/it/tally.rs"]
mod tally;
