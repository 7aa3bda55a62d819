//! The write side: from a command to a durable event.
//!
//! [`CommandBus::execute`] loads the aggregate ([`states`]), lets the domain decide, and hands the decision to the [`appender`], which
//! commits everything that is queued as one batch ([`log`]). A command is acknowledged only when Postgres has made it durable.
//!
//! Nothing here knows a context by name: the bus works from the [`domain::kernel::ContextDef`]s that it is given.

pub mod appender;
mod bus;
pub mod cqrs_store;
pub mod log;
mod request;
pub mod states;

pub use bus::{BusOptions, CommandBus};
pub use request::{CommandError, CommandRequest, Receipt, ReceiptEvent};
