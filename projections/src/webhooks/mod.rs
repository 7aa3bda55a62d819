//! The read side of webhooks: endpoints, and what they were to be told again.

pub mod endpoint_list;
pub mod replay_list;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;
use crate::subscriptions::WebhooksDef;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[&endpoint_list::DEF, &replay_list::DEF];

/// The context `webhooks`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::webhooks::CONTEXT,
    projections: || vec![RowProjection::<endpoint_list::EndpointList>::boxed(), RowProjection::<replay_list::ReplayList>::boxed()],
    read_models: READ_MODELS,
    reports: &[],
};

/// The endpoints, for the gateway and the workers.
pub const WEBHOOKS: WebhooksDef = WebhooksDef {
    context: "webhooks",
    aggregate: "endpoint",
    issuing: &["register", "rotate-secret"],
    addressing: &["register", "change"],
    replay: "replay",
    disable: "disable",
    gone: "gone",
    endpoints: &endpoint_list::DEF,
    replays: &replay_list::DEF,
};

#[cfg(test)]
mod tests;
