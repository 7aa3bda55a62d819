//! Everything that runs beside the gateways: the relay, the projectors, process managers, due commands, webhooks, the notary, and housekeeping.
//!
//! Each piece of work is held by one process at a time through a lease in Postgres, so any number of worker processes may run.
//! Nothing here knows a context by name.

pub mod due;
mod host;
mod janitor;
pub mod notary;
pub mod processes;
pub mod relay;
pub mod sending;
pub mod webhooks;

pub use host::{Automation, Roles, WorkerHealth, WorkerOptions, Workers, run_while_held};
