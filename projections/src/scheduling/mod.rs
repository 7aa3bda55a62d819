//! The read side of timers.

pub mod firing_list;
pub mod timer_list;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[&timer_list::DEF, &firing_list::DEF];

/// The context `scheduling`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::scheduling::CONTEXT,
    projections: || vec![RowProjection::<timer_list::TimerList>::boxed(), RowProjection::<firing_list::FiringList>::boxed()],
    read_models: READ_MODELS,
    reports: &[],
};

#[cfg(test)]
mod tests;
