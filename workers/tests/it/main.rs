//! The relay, the readers of the log, process managers, due commands, and clients of the `postgres_es` views, against a real Postgres and a
//! real Kafka.

mod declarations;
mod due;
mod kafka_away;
mod notary;
mod postgres_es;
mod process_support;
mod processes;
mod readers;
mod relay;
mod relay_faults;
mod schedules;
mod support;
#[path = "../../../commands/tests/it/tally.rs"]
mod tally;
mod timers;
mod webhooks;
