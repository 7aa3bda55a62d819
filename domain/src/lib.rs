//! The business rules of NeuroOps, pure: aggregates, their commands, events and rejections.
//!
//! # Adding a context
//! A context is a folder here with one file per aggregate and a [`kernel::ContextDef`] in its `mod.rs`. An aggregate file reads
//! top to bottom as: what it is, events, state and `apply`, commands, `handle`, rejections, tests. `cargo xtask new-context <name>`
//! writes the skeleton; `docs/adding-a-context.md` is the checklist. A context never imports another context.

pub mod kernel;

pub mod accounting;
pub mod analytics;
pub mod billing;
pub mod crm;
pub mod inventory;
pub mod invoicing;
pub mod processes;
pub mod scheduling;
pub mod webhooks;
