//! The write side against a real Postgres: the append, the command bus, isolation of tenants, and what survives lost connections.

mod append;
mod bus;
mod catalog;
mod claims;
mod connection_loss;
mod consistency;
mod cqrs;
mod idempotency;
mod migrations;
mod partitions;
mod pool_leak;
mod snapshots;
mod support;
mod tally;
