//! The projection runtime against a real Postgres: batches, checkpoints, parking, rebuilds, leases.

mod apply;
mod leases;
mod parking;
mod rebuild;
mod shop;
mod support;
