//! The shapes of the reports' answers. The statements build them; these types only describe them.

use chrono::{DateTime, Utc};
use domain::billing::reconciliation::DriftKind;
use domain::billing::values::FeatureValue;
use schemars::JsonSchema;

use crate::billing::subscription_list::SubscriptionState;
use crate::shapes::shapes;

shapes! {
    /// Recurring revenue of a month in one currency, in minor units.
    MonthlyRevenue {
        /// The month, `2026-03`, in UTC.
        month: String,
        /// ISO 4217 code.
        currency: String,
        /// When the month began.
        opening_minor: i64,
        /// Of subscriptions that began.
        new_minor: i64,
        /// Of subscriptions that grew.
        expansion_minor: i64,
        /// Of subscriptions that shrank; not positive.
        contraction_minor: i64,
        /// Of subscriptions that ended; not positive.
        churn_minor: i64,
        /// When the month ended, or now.
        closing_minor: i64,
    }

    /// Recurring revenue of a plan in one currency, in minor units.
    AnnualRevenue {
        /// The plan.
        plan_id: String,
        /// What people call it.
        plan_name: String,
        /// ISO 4217 code.
        currency: String,
        /// Subscriptions that bring something.
        subscriptions: i64,
        /// Their customers.
        customers: i64,
        /// Their seats or units.
        quantity: i64,
        /// A month.
        mrr_minor: i64,
        /// A year.
        arr_minor: i64,
    }

    /// What was lost in a month, in one currency.
    Churn {
        /// The month, `2026-03`, in UTC.
        month: String,
        /// ISO 4217 code.
        currency: String,
        /// Subscriptions that brought something when it began.
        opening_count: i64,
        /// What they brought, in minor units.
        opening_minor: i64,
        /// Those of them that bring nothing any more.
        churned_count: i64,
        /// What those had brought.
        churned_minor: i64,
        /// Lost subscriptions out of those at the beginning.
        subscription_churn_rate: f64,
        /// Revenue lost by ends and shrinking, out of that at the beginning.
        gross_revenue_churn_rate: f64,
        /// The same less what others grew; negative where they grew more.
        net_revenue_churn_rate: f64,
    }

    /// What is overdue, in one currency and for so many days.
    Overdue {
        /// ISO 4217 code.
        currency: String,
        /// `0-7`, `8-30`, `31-60` or `61+` days.
        days: String,
        /// Payments.
        payment_count: i64,
        /// Their customers.
        customer_count: i64,
        /// Their subscriptions.
        subscription_count: i64,
        /// What they come to, in minor units.
        amount_minor: i64,
    }

    /// A feature of a subscription.
    Entitlement {
        /// The subscription.
        subscription_id: String,
        /// The customer.
        customer_id: String,
        /// The plan.
        plan_id: String,
        /// Where the subscription stands.
        status: SubscriptionState,
        /// The feature.
        feature: String,
        /// A switch, a number or a word.
        value: FeatureValue,
        /// `plan` or `override`.
        source: String,
        /// Until when the override holds.
        until: Option<DateTime<Utc>>,
        /// Whether the feature may be used now.
        granted: bool,
    }

    /// A metric of the period that is under way.
    CurrentUsage {
        /// The subscription.
        subscription_id: String,
        /// The customer.
        customer_id: String,
        /// The plan.
        plan_id: String,
        /// The metric.
        metric: String,
        /// The start of the period.
        period_start: DateTime<Utc>,
        /// Its end; none for a period that has not begun to be served by the clock.
        period_end: Option<DateTime<Utc>>,
        /// The number of records.
        count: i64,
        /// The sum of their values.
        sum: f64,
        /// The greatest value.
        max: Option<f64>,
        /// The value of the record with the latest time.
        latest: Option<f64>,
        /// The number of different keys.
        unique_count: i64,
        /// When it changed last.
        updated_at: DateTime<Utc>,
    }

    /// A difference that the last comparison found.
    LatestDrift {
        /// The comparison.
        reconciliation_id: String,
        /// When it ended.
        finished_at: DateTime<Utc>,
        /// What kind of difference it is.
        kind: DriftKind,
        /// What it is about.
        object: String,
        /// Our id.
        object_id: Option<String>,
        /// The provider's id.
        external_id: Option<String>,
        /// How it is here.
        ours: Option<String>,
        /// How it is there.
        theirs: Option<String>,
        /// Whether a command has mended it.
        repaired: bool,
        /// Why it was not mended.
        note: Option<String>,
    }
}
