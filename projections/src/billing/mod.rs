//! The read side of billing.

pub mod bill_list;
pub mod checkout_list;
pub mod customer_list;
mod feature_gate;
pub mod mrr_movement;
pub mod payment_list;
pub mod plan_list;
pub mod reconciliation_list;
mod reports;
pub mod subscription_list;
mod table;
pub mod usage_list;

pub use feature_gate::SubscribedFeatures;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[
    &plan_list::DEF,
    &customer_list::DEF,
    &subscription_list::DEF,
    &bill_list::DEF,
    &usage_list::DEF,
    &payment_list::DEF,
    &checkout_list::DEF,
    &mrr_movement::DEF,
    &reconciliation_list::DEF,
    &reconciliation_list::DRIFTS,
];

/// The context `billing`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::billing::CONTEXT,
    projections: || {
        vec![
            RowProjection::<plan_list::PlanList>::boxed(),
            RowProjection::<customer_list::CustomerList>::boxed(),
            RowProjection::<subscription_list::SubscriptionList>::boxed(),
            RowProjection::<bill_list::BillList>::boxed(),
            RowProjection::<usage_list::UsageList>::boxed(),
            RowProjection::<payment_list::PaymentList>::boxed(),
            RowProjection::<checkout_list::CheckoutList>::boxed(),
            RowProjection::<mrr_movement::MrrMovement>::boxed(),
            RowProjection::<reconciliation_list::ReconciliationList>::boxed(),
            RowProjection::<reconciliation_list::DriftList>::boxed(),
        ]
    },
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
