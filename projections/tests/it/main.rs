//! The projection runtime against a real Postgres: batches, checkpoints, parking, rebuilds, leases; and the read models of [`crm`].

mod apply;
mod crm;
mod leases;
mod parking;
mod rebuild;
mod shop;
mod support;
