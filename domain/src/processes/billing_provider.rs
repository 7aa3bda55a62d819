//! The payment provider is told of customers and plans, asked for pages, and asked to change the subscriptions that it bills.

use serde_json::{Value, json};

use crate::billing::checkout::{Checkout, CheckoutEvent};
use crate::billing::customer::{Customer, CustomerEvent};
use crate::billing::plan::{Plan, PlanEvent};
use crate::billing::subscription::{Subscription, SubscriptionEvent};
use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, event_of};

/// `billing.provider`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.provider",
    summary: "Tells the payment provider of customers and plans, and asks it for pages and for changes of subscriptions.",
    reacts_to: &[
        "billing.customer_registered",
        "billing.customer_updated",
        "billing.customer_erased",
        "billing.plan_published",
        "billing.plan_retired",
        "billing.checkout_opened",
        "billing.subscription_provider_change_requested",
    ],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let found = match event.aggregate_type.as_str() {
        "customer" => customer(event)?,
        "plan" => plan(event)?,
        "checkout" => checkout(event)?,
        "subscription" => subscription(event)?,
        _ => None,
    };
    let step = |(name, body): (&'static str, Value)| Step {
        name,
        lane: format!("{}/{}", event.aggregate_type, event.aggregate_id),
        action: Action::Effect { name, body },
    };
    Ok(found.map(step).into_iter().collect())
}

type Found = Result<Option<(&'static str, Value)>, DecodeEventError>;

fn customer(event: &RecordedEvent) -> Found {
    let id = &event.aggregate_id;
    let body = match event_of::<Customer>(event)? {
        Some(CustomerEvent::CustomerRegistered(e)) => json!({ "customer_id": id, "profile": e.profile, "external_ids": {} }),
        Some(CustomerEvent::CustomerUpdated(e)) => json!({ "customer_id": id, "profile": e.profile, "external_ids": e.external_ids }),
        // Without a profile, the provider is asked to forget.
        Some(CustomerEvent::CustomerErased(e)) => json!({ "customer_id": id, "profile": null, "external_ids": e.external_ids }),
        _ => return Ok(None),
    };
    Ok(Some(("stripe.customer", body)))
}

fn plan(event: &RecordedEvent) -> Found {
    Ok(match event_of::<Plan>(event)? {
        Some(PlanEvent::PlanPublished(e)) => {
            let terms = e.terms;
            let body = json!({
                "plan_id": event.aggregate_id, "version": e.version, "name": terms.name, "description": terms.description,
                "price": terms.price, "interval": terms.interval
            });
            Some(("stripe.price", body))
        }
        Some(PlanEvent::PlanRetired(e)) => {
            Some(("stripe.retire_price", json!({ "plan_id": event.aggregate_id, "version": e.version, "link": e.link })))
        }
        _ => None,
    })
}

fn checkout(event: &RecordedEvent) -> Found {
    let Some(CheckoutEvent::CheckoutOpened(e)) = event_of::<Checkout>(event)? else { return Ok(None) };
    let mut body = json!(e);
    body["checkout_id"] = json!(event.aggregate_id);
    Ok(Some(("stripe.checkout", body)))
}

fn subscription(event: &RecordedEvent) -> Found {
    let Some(SubscriptionEvent::ProviderChangeRequested(e)) = event_of::<Subscription>(event)? else { return Ok(None) };
    let mut body = json!(e);
    body["subscription_id"] = json!(event.aggregate_id);
    Ok(Some(("stripe.subscription", body)))
}
