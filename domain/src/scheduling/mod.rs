//! What must happen later: timers that send a command at a point in time, or again and again by the clocks of a time zone.

mod imports;
pub mod timer;

use crate::kernel::{AggregateType, ContextDef, DueDef};

/// The context `scheduling`.
pub static CONTEXT: ContextDef = ContextDef {
    name: "scheduling",
    summary: "Timers that send a command at a point in time, or again and again by the clocks of a time zone.",
    aggregates: || vec![<dyn AggregateType>::of::<timer::Timer>()],
    imports: imports::IMPORTS,
    due: &[DueDef { table: "scheduling_timer_list", aggregate: "timer", command: "fire" }],
    setup: &[],
};
