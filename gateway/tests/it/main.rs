//! The gateway against a real Postgres. A context of its own ([`lab`]) stands for all; the contexts that ship are walked through
//! in [`coverage`].

mod accounting;
mod auth;
mod billing;
mod bulk;
mod commands;
mod coverage;
mod documents;
mod harness;
mod history;
mod inventory;
mod invoicing;
mod lab;
mod queries;
mod scheduling;
mod stream;
