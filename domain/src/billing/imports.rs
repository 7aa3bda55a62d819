//! How the files that common billing products export become commands: the columns of Chargebee, Recurly and Stripe.
//!
//! Headers are compared in lower case with every run of punctuation and spaces as one space. A plan has a row for each of its charges, a
//! subscription a row for each time since when other terms were sold, usage a row for each record: rows that follow each other and name
//! the same plan or subscription make one command. Subscriptions are taken over: what is past is not billed again.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const CURRENCY: &[&str] = &["currency", "currency code", "plan currency"];

const PLANS: ImportDef = ImportDef {
    name: "plans",
    aggregate: "plan",
    create: "publish",
    // A plan that is there gets another version by the same command.
    update: "publish",
    columns: &[
        column("id", &["plan id", "plan code", "price id", "id"]),
        column("name", &["plan name", "name", "plan", "product name", "nickname"]),
        column("description", &["description", "plan description", "note"]),
        column("interval.unit", &["interval", "period unit", "billing period unit", "interval unit", "plan interval unit"]),
        column("interval.count", &["interval count", "period", "billing period", "interval length", "plan interval length"]),
        column("price", &["price", "amount", "unit amount", "flat price", "recurring price"]),
        column("price.currency", CURRENCY),
        column("trial_days", &["trial days", "trial period days", "trial length", "trial period"]),
        column("tax_rate_percent", &["tax rate", "tax percent", "vat rate", "tax rate percent"]),
        column("charges", &["charges"]),
        column("charges.metric", &["metric", "charge metric", "meter", "usage type"]),
        column("charges.aggregation", &["aggregation", "aggregate usage"]),
        column("charges.name", &["charge name", "charge", "add on name"]),
        column("charges.free_units", &["free units", "free quantity", "included units"]),
        column("charges.price.model", &["pricing model", "charge model", "billing scheme"]),
        column("charges.price.unit_amount", &["charge unit amount", "unit amount minor", "price per unit in minor units"]),
        column("charges.price.package_size", &["package size"]),
        column("charges.price.package_amount_minor", &["package amount", "package amount minor"]),
    ],
    lists: &[],
    in_order: &[],
};

const CUSTOMERS: ImportDef = ImportDef {
    name: "customers",
    aggregate: "customer",
    create: "register",
    update: "update",
    columns: &[
        column("id", &["customer id", "account code", "id", "external id"]),
        column("name", &["name", "customer name", "company", "company name", "account name"]),
        column("email", &["email", "billing email", "email address", "e mail"]),
        column("country", &["country", "country code", "billing country"]),
        column("tax_id", &["tax id", "vat number", "tax number", "vat id"]),
        column("tax_exempt", &["tax exempt", "exempt from tax", "exempt"]),
    ],
    lists: &[],
    in_order: &[],
};

const SUBSCRIPTIONS: ImportDef = ImportDef {
    name: "subscriptions",
    aggregate: "subscription",
    create: "take-over",
    // A subscription that is there is left as it is: none of the columns is a field of this command.
    update: "resume",
    columns: &[
        column("id", &["subscription id", "subscription", "id", "subscription code"]),
        column("customer_id", &["customer id", "account code", "customer"]),
        column("terms", &["terms"]),
        column(
            "terms.from",
            &["from", "start date", "started at", "start at", "since", "terms from", "current term start", "activated at"],
        ),
        column("terms.plan_id", &["plan id", "plan code", "plan", "price id"]),
        column("terms.quantity", &["quantity", "plan quantity", "seats"]),
        column("net_days", &["net days", "net terms", "days until due", "payment terms"]),
        column("billed_until", &["billed until", "billed through", "current period start"]),
        column("ended_at", &["ended at", "ended on", "cancelled at", "canceled at", "end date", "expired at"]),
        column("end_reason", &["end reason", "cancel reason", "cancellation reason", "reason", "reason code"]),
    ],
    lists: &[],
    in_order: &[],
};

const USAGE: ImportDef = ImportDef {
    name: "usage",
    aggregate: "usage",
    create: "record",
    update: "record",
    columns: &[
        column("id", &["subscription id", "subscription", "external subscription id"]),
        column("records", &["records"]),
        column("records.transaction_id", &["transaction id", "usage id", "event id", "recording id", "identifier"]),
        column("records.metric", &["metric", "meter", "event name", "code", "measured unit"]),
        column("records.value", &["value", "quantity", "amount", "units"]),
        column("records.key", &["key", "unique key", "user id"]),
        column("records.at", &["at", "timestamp", "usage date", "usage timestamp", "date", "recorded at"]),
    ],
    lists: &[],
    in_order: &[],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[PLANS, CUSTOMERS, SUBSCRIPTIONS, USAGE];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::billing::CONTEXT;

    #[test]
    fn a_header_is_normalised_and_fills_one_field() {
        for import in IMPORTS {
            let mut seen = BTreeSet::new();
            for header in import.columns.iter().flat_map(|column| column.headers) {
                let normal: String = header.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                assert_eq!(normal.split_whitespace().collect::<Vec<_>>().join(" "), **header);
                assert!(seen.insert(*header), "{}: `{header}` is listed twice", import.name);
            }
        }
    }

    #[test]
    fn a_subscription_that_exists_is_left_as_it_is() {
        let subscription = CONTEXT.aggregate("subscription").expect("the aggregate exists");
        let leaves = subscription.commands().iter().find(|def| def.name == SUBSCRIPTIONS.update).expect("the command exists");
        let schema = (leaves.schema)(&mut schemars::SchemaGenerator::default()).to_value();
        assert!(schema["properties"].as_object().is_none_or(serde_json::Map::is_empty));
    }
}
