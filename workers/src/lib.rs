//! Everything that runs beside the gateways: the relay, the projectors, and housekeeping.
//!
//! Each piece of work is held by one process at a time through a lease in Postgres, so any number of worker processes may run.
//! Nothing here knows a context by name.

mod host;
mod janitor;
pub mod processes;
pub mod relay;

pub use host::{Roles, WorkerHealth, WorkerOptions, Workers};
