//! What invoices, payments and bills say that customers owe, have to their credit, and suppliers are owed, beside what was posted under their
//! events. Entries that people make by hand have no document in other contexts and are left out.

use chrono::{DateTime, Utc};
use domain::accounting::journal_entry::{JournalEntryPosted, Line};
use domain::accounting::values::{Control, Role};
use domain::kernel::{Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Check, Part};
use crate::model::ColumnKind::{Integer, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::Gauge;

/// The projection's name.
pub const PROJECTION: &str = "accounting.subledger_check";

const RECEIVABLE: &str = "receivable";
const PAYABLE: &str = "payable";
const CREDIT: &str = "customer_credit";

/// What an event changes: the subledger, 1 for a debit or -1 for a credit, and where the amount stands in the event. `*` stands for every
/// element of a list.
type Change = (&'static str, i64, &'static str);

/// What the events of invoicing change, by type.
const CHANGES: &[(&str, &[Change])] = &[
    ("invoice_finalized", &[(RECEIVABLE, 1, "totals.gross")]),
    ("payment_recorded", &[(RECEIVABLE, -1, "applied"), (CREDIT, -1, "excess")]),
    ("payment_reversed", &[(RECEIVABLE, 1, "applied"), (CREDIT, 1, "excess")]),
    ("payment_refunded", &[(RECEIVABLE, 1, "applied"), (CREDIT, 1, "excess")]),
    ("credit_applied", &[(RECEIVABLE, -1, "amount"), (CREDIT, 1, "amount")]),
    ("invoice_credited", &[(RECEIVABLE, -1, "applied"), (CREDIT, -1, "excess")]),
    ("invoice_voided", &[(RECEIVABLE, -1, "totals.gross")]),
    ("invoice_written_off", &[(RECEIVABLE, -1, "amount")]),
    ("customer_payment_received", &[(RECEIVABLE, -1, "allocations.*.applied"), (CREDIT, -1, "unallocated")]),
    (
        "customer_payment_allocated",
        &[(CREDIT, 1, "allocation.amount"), (RECEIVABLE, -1, "allocation.applied"), (CREDIT, -1, "allocation.excess")],
    ),
    ("customer_payment_refunded", &[(CREDIT, 1, "amount")]),
    ("customer_payment_reversed", &[(RECEIVABLE, 1, "allocations.*.applied"), (CREDIT, 1, "unallocated")]),
    ("customer_credit_refunded", &[(CREDIT, 1, "amount")]),
    ("bill_approved", &[(PAYABLE, -1, "totals.gross")]),
    ("bill_payment_recorded", &[(PAYABLE, 1, "amount")]),
    ("bill_payment_reversed", &[(PAYABLE, -1, "amount")]),
    ("bill_credited", &[(PAYABLE, 1, "totals.gross")]),
    ("bill_refund_recorded", &[(PAYABLE, -1, "amount")]),
    ("bill_voided", &[(PAYABLE, 1, "totals.gross")]),
];

/// Fills the table.
pub const CHECK: Check = Check {
    name: PROJECTION,
    tables: &["accounting_subledger_check"],
    contexts: &["accounting", "invoicing"],
    part_column: "subledger",
    expected,
    part_of,
    word: "\"source\":",
    gauges: &[Gauge {
        name: "neuroops_accounting_inconsistent",
        label: "check",
        statement: include_str!("subledger_inconsistent.sql"),
        known: &["receivables_equal_documents", "payables_equal_documents", "customer_credit_equals_documents"],
    }],
};

fn expected(event: &RecordedEvent) -> Result<Vec<Part>, String> {
    let found = CHANGES.iter().find(|(name, _)| event.context == "invoicing" && *name == event.event_type);
    let Some((_, changes)) = found else { return Ok(Vec::new()) };
    let payload: Value = serde_json::from_str(&event.payload).map_err(|error| error.to_string())?;
    if is_told_elsewhere(&event.event_type, &payload) {
        return Ok(Vec::new());
    }
    let mut parts = Vec::new();
    for (name, sign, path) in *changes {
        let signed = |money: Money| Part { name, money: Money::new(sign * money.amount_minor, money.currency) };
        parts.extend(amounts_at(&payload, path)?.into_iter().map(signed));
    }
    Ok(parts)
}

/// Whether an event of a type that matters changes nothing by itself.
fn is_told_elsewhere(event_type: &str, payload: &Value) -> bool {
    match event_type {
        // The part of a payment over several invoices, which has an event of its own.
        "payment_recorded" | "payment_reversed" => !payload["customer_payment_id"].is_null(),
        // A bill that was never owed.
        "bill_voided" => payload["was_approved"] != true,
        _ => false,
    }
}

/// The amounts at a place in an event.
fn amounts_at(value: &Value, path: &str) -> Result<Vec<Money>, String> {
    let Some((field, rest)) = path.split_once('.') else {
        let money = Money::deserialize(&value[path]).map_err(|error| format!("`{path}`: {error}"))?;
        return Ok(vec![money]);
    };
    if field != "*" {
        return amounts_at(&value[field], rest);
    }
    let elements = value.as_array().ok_or("the event has no list where one is expected")?;
    let all = elements.iter().map(|element| amounts_at(element, rest)).collect::<Result<Vec<_>, _>>()?;
    Ok(all.concat())
}

/// Control accounts are what they are; the account of customers' credit is known by its role.
fn part_of(entry: &JournalEntryPosted, line: &Line) -> Option<&'static str> {
    if entry.source.as_deref() != Some("invoicing") {
        return None;
    }
    match line.control {
        Some(Control::Receivable) => Some(RECEIVABLE),
        Some(Control::Payable) => Some(PAYABLE),
        _ => (line.role == Some(Role::CustomerCredit)).then_some(CREDIT),
    }
}

/// A change of what somebody owes, is owed, or has to his credit, beside what was posted because of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SubledgerCheckRow {
    /// The causing event's id, the subledger and the currency, with full stops between them.
    pub id: String,
    /// The causing event; the entry's id where no event is known.
    pub event_id: String,
    /// The causing event's type; nothing while only postings are known.
    pub event_type: Option<String>,
    /// `receivable`, `payable` or `customer_credit`.
    pub subledger: String,
    /// The currency of the amounts.
    pub currency: String,
    /// What the event says that was to be posted: debits less credits, in minor units.
    pub expected_minor: Option<i64>,
    /// What was posted.
    pub posted_minor: Option<i64>,
    /// Posted less expected; zero where all is well.
    pub difference_minor: i64,
    /// When the event was recorded.
    pub expected_at: Option<DateTime<Utc>>,
    /// When the last entry was posted.
    pub posted_at: Option<DateTime<Utc>>,
    /// The entries.
    pub entries: Vec<String>,
}

/// `GET /v1/accounting/subledger-check-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "subledger-check-list",
    summary: "What invoices, payments and bills change in debts and credit beside what was posted because of them; `difference_minor.ne=0` lists what does not agree.",
    table: "accounting_subledger_check",
    projection: PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("event_id", Text),
        Column::new("event_type", Text),
        Column::new("subledger", Text),
        Column::new("currency", Text),
        Column::new("expected_minor", Integer),
        Column::new("posted_minor", Integer),
        Column::new("difference_minor", Integer),
        Column::new("expected_at", Timestamp),
        Column::new("posted_at", Timestamp),
        Column::new("entries", List),
    ],
    default_sort: ("id", true),
    search: None,
    redirects: None,
    schema: |generator| SubledgerCheckRow::json_schema(generator),
};

#[cfg(test)]
mod tests {
    use domain::kernel::Currency;
    use domain::processes::PROCESSES;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_event_that_is_posted_is_expected_and_no_other() {
        let reacts = |name: &str| PROCESSES.iter().find(|process| process.name == name).map_or(&[][..], |process| process.reacts_to);
        let mut posted: Vec<String> = reacts("invoicing.ledger").iter().map(|&event| event.to_owned()).collect();
        let mut expected: Vec<String> = CHANGES.iter().map(|(name, _)| format!("invoicing.{name}")).collect();
        posted.sort();
        expected.sort();
        assert_eq!(posted, expected);
    }

    #[test]
    fn amounts_are_found_in_lists_and_objects_and_missed_where_they_are_not() {
        let money = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
        let event = json!({ "a": { "b": money(5) }, "list": [{ "c": money(1) }, { "c": money(2) }] });
        let euros = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(amounts_at(&event, "a.b"), Ok(vec![euros(5)]));
        assert_eq!(amounts_at(&event, "list.*.c"), Ok(vec![euros(1), euros(2)]));
        assert!(amounts_at(&event, "a.x").is_err() && amounts_at(&event, "a.*.c").is_err());
    }

    #[test]
    fn what_is_told_elsewhere_or_was_never_owed_changes_nothing() {
        assert!(is_told_elsewhere("payment_recorded", &json!({ "customer_payment_id": "p-1" })));
        assert!(!is_told_elsewhere("payment_recorded", &json!({})));
        assert!(is_told_elsewhere("bill_voided", &json!({ "was_approved": false })));
        assert!(!is_told_elsewhere("bill_voided", &json!({ "was_approved": true })));
    }
}
