//! What users see while something is down (`docs/outages.md`), with a proxy between us and the real server that breaks on purpose.
//!
//! Outages last a few seconds here; `NEUROOPS_OUTAGE_SECONDS=60` makes each as long as that.

mod clients;
mod http;
mod kafka;
mod postgres;
mod projectors;
mod redis;
mod rig;
