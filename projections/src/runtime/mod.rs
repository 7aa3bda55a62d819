//! The runtime of projections.
//!
//! - [`Tail`] keeps the newest events of the log in memory, fed by Kafka or, while Kafka is away, by the log itself.
//! - A [`Projector`] applies one projection's events in batches. A batch, its effects and the checkpoint commit in one transaction;
//!   the checkpoint moves by compare-and-set, so a second instance cannot apply the same events.
//! - What a projector does not find in the tail it reads from the log: a gap, a restart, a rebuild.
//! - [`EventLog`], [`Feed`], [`LeaseTable`] and [`ProjectionStore`] are what these stand on: Postgres and Kafka, or a simulation of them.
//! - [`rebuild`] fills a new version of a projection's table beside the active one and swaps.

mod cells;
mod checkpoints;
mod kafka_source;
mod leases;
mod log_source;
mod parked;
pub mod planted;
mod projection;
mod projector;
pub mod rebuild;
mod rows;
mod store;
mod tail;
mod traced;

pub use checkpoints::{Checkpoints, Place, Position, active_checkpoints};
pub use kafka_source::{Feed, KafkaSource};
pub use leases::{Lease, LeaseTable, Leases, Seized, seize};
pub use log_source::{EventLog, Heads, LogHeads, LogReader, LogSource, read_event};
pub use parked::{Key, ParkedKey, key_of, parked_keys, request_retry};
pub use projection::{ApplyError, Gauge, Projection};
pub use projector::{Projector, ProjectorStatus};
pub use rows::{RowKey, RowModel, RowProjection, Rows, event_of};
pub use store::{PgStore, ProjectionStore};
pub use tail::{EventSource, SourceError, Tail, TailOptions, TailRead};
pub use traced::{event_attributes, sampled_trace};
