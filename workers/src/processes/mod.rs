//! Process managers at work: events become steps, once each, and steps become commands and calls of the outside, in order.
//!
//! - [`Recorder`] is a projection: it inserts the steps that follow from events, in the transaction that moves the process's checkpoint.
//! - [`Runner`] claims lanes of steps and takes them: through the command bus, or by an [`EffectHandler`].
//! - [`overview`], [`steps`] and [`retry`] are for operators.
//!
//! A process is a [`ProcessDef`](domain::kernel::ProcessDef) of the domain. Nothing here knows one by name.

mod backoff;
mod effects;
mod operate;
mod recorder;
mod runner;
mod store;
mod taking;

pub use backoff::Backoff;
pub use effects::{EffectError, EffectHandler, EffectStep, Effects};
pub use operate::{Backlog, Overview, ShownStep, StepFilter, backlogs, overview, retry, steps};
pub use recorder::{Recorder, projection_name};
pub use runner::{ProcessOptions, Runner, lease_name};
pub use store::{ClaimedLane, ClaimedStep, LaneReport, Outcome, Steps, Store, StoreError, Taken};
