//! The read side: projections turn the log into tables that users query.
//!
//! A read model is a file in the folder of its context: a row struct, how events change rows ([`runtime::RowModel`]), and what may be
//! asked of it ([`model::ReadModelDef`]). The [`runtime`] does the rest: batches, checkpoints, parking, rebuilds.
//!
//! # Adding a read model
//! Write `src/<context>/<read_model>.rs`, declare its table in the context's migration with `runtime.declare_read_model`, and list it in
//! `src/<context>/mod.rs`. `docs/adding-a-context.md` is the checklist.

pub mod contexts;
pub mod document;
pub mod features;
pub mod model;
pub mod question;
pub mod runtime;
mod shapes;
pub mod sql_access;
pub mod subscriptions;

pub mod accounting;
pub mod analytics;
pub mod billing;
pub mod crm;
pub mod inventory;
pub mod invoicing;
pub mod scheduling;
pub mod webhooks;
