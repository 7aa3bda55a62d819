//! HTTP: who is calling, what they may do, and how requests become commands and queries.
//!
//! No context is named here: routes, documentation and permissions follow from [`projections::contexts::ContextEntry`]. One file
//! is one area of the API; errors become answers in [`problem`] only.
//!
//! # Adding an endpoint
//! Write its handler in a file of its own, route it in `router.rs` under `versioned` (with a token) or `open` (without), have it ask
//! [`auth::Caller::require`] for a permission, and describe it in `openapi/`: a test compares the two lists. `docs/adding-an-endpoint.md`
//! is the checklist.

mod access;
mod audit;
pub mod auth;
mod bounded;
mod bulk;
mod cache;
mod catalogue;
mod commands;
mod connection;
mod deny;
mod docs;
mod endpoints;
pub mod exports;
mod features;
mod freshness;
mod headers;
mod health;
mod history;
mod limits;
mod observe;
mod openapi;
mod options;
mod position;
mod print;
pub mod problem;
mod queries;
mod quota;
mod router;
mod saved;
mod series;
mod server;
mod state;
mod stream;
mod views;
mod wait;
mod webhooks;

pub use auth::issue;
pub use connection::ConnectionLimits;
pub use endpoints::{WebhookSupport, may_follow};
pub use health::{Health, Probe, Status, Vitals};
pub use openapi::{EventSchema, event_schemas, openapi_document, schema_files};
pub use options::GatewayOptions;
pub use router::{router, vitals_router};
pub use server::serve;
pub use state::{GatewayParts, GatewayState};
pub use webhooks::{DeliveryError, WebhookReceiver};
