//! What stands on a printed statement of account: what a customer owed at the beginning of a period, what moved it, what is owed at its
//! end, and for how long that has been due.

use domain::invoicing::issuer::IssuerFacts;
use domain::invoicing::values::Address;
use domain::kernel::{Currency, Day, Money};
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{bank_line, day, fact, footer, named, plain, recipient, sender};
use super::movement_list::{self, MovementKind};
use super::{customer_credit, invoice_list, issuer_profile};
use crate::document::Align::{Left, Right};
use crate::document::{Document, Sum, Table};
use crate::model::Allowed::Through;
use crate::model::ColumnKind::{Date, Text};
use crate::model::{DocumentDef, Parameter, Printed, ReportDef};

/// `GET /v1/invoicing/customer-statement/{customer_id}/pdf`
pub const STATEMENT: DocumentDef = DocumentDef {
    context: "invoicing",
    name: "customer-statement",
    summary: "A customer's statement of account: opening balance, movements, closing balance, and how long what is open has been due.",
    source: Printed::Report { report: &ROWS, describe },
};

/// A century, in days.
const DAYS_MAX: usize = 36_600;

/// What is printed, in one state of the database.
const ROWS: ReportDef = ReportDef {
    context: "invoicing",
    name: "customer-statement",
    summary: "The rows of a printed statement of account.",
    projections: &[
        movement_list::DEF.projection,
        invoice_list::DEF.projection,
        customer_credit::DEF.projection,
        issuer_profile::DEF.projection,
    ],
    parameters: &[
        Parameter::required("customer_id", Text, "The customer's."),
        Parameter::optional(
            "currency",
            Text,
            "The currency of the statement, an ISO 4217 code; that of the latest movement where none is given.",
        ),
        Parameter::optional("from", Date, "Movements before this day are the opening balance; where none is given, all are listed."),
        Parameter::optional("to", Date, "The last day of the period; today (UTC) where none is given.").among(Through {
            from: "from",
            bucket: "day",
            most: DAYS_MAX,
        }),
    ],
    sql: include_str!("reports/statement_document.sql"),
    schema: |generator| Row::json_schema(generator),
    not_found_if_empty: true,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "row", rename_all = "snake_case")]
enum Row {
    Head(Box<Head>),
    Movement(Movement),
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Head {
    customer_id: String,
    customer_name: String,
    customer_address: Option<Address>,
    customer_tax_id: Option<String>,
    issuer: Option<IssuerFacts>,
    currency: String,
    first_day: Option<Day>,
    last_day: Day,
    opening_minor: i64,
    charged_minor: i64,
    settled_minor: i64,
    closing_minor: i64,
    not_due_minor: i64,
    days_1_to_30_minor: i64,
    days_31_to_60_minor: i64,
    days_61_to_90_minor: i64,
    days_over_90_minor: i64,
    credit_minor: i64,
    other_currencies: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Movement {
    date: Day,
    kind: MovementKind,
    number: Option<String>,
    reference: Option<String>,
    amount_minor: i64,
    credit_minor: i64,
}

fn describe(rows: &[String]) -> Result<Document, serde_json::Error> {
    let (mut head, mut movements) = (None, Vec::with_capacity(rows.len()));
    for row in rows {
        match serde_json::from_str(row)? {
            Row::Head(found) => head = Some(*found),
            Row::Movement(movement) => movements.push(movement),
        }
    }
    let head = head.ok_or_else(|| serde::de::Error::custom("the statement has no head"))?;
    Ok(document(&head, &movements))
}

fn document(head: &Head, movements: &[Movement]) -> Document {
    let period = match head.first_day {
        Some(first) => format!("{} to {}", day(first), day(head.last_day)),
        None => format!("until {}", day(head.last_day)),
    };
    let mut facts = vec![
        ("Customer number".to_owned(), head.customer_id.clone()),
        ("Period".to_owned(), period),
        ("Currency".to_owned(), head.currency.clone()),
    ];
    fact(&mut facts, "Your tax number", head.customer_tax_id.clone());
    let named = |minor| named(&head.currency, minor);
    let sum = |label: &str, minor, strong| Sum { label: label.to_owned(), value: named(minor), strong };
    Document {
        title: "Statement of account".to_owned(),
        mark: None,
        file_name: format!("statement-{}-{}", head.customer_id, day(head.last_day)),
        date: Some(head.last_day.0),
        sender: sender(head.issuer.as_ref()),
        recipient: recipient(&head.customer_name, head.customer_address.as_ref()),
        facts,
        introduction: None,
        table: lines(head, movements),
        sums: vec![
            sum("Opening balance", head.opening_minor, false),
            sum("Charges", head.charged_minor, false),
            sum("Payments and credits", head.settled_minor, false),
            sum("Closing balance", head.closing_minor, true),
        ],
        summary: Some(("What is open, by how long it has been due".to_owned(), ageing(head))),
        notes: notes(head),
        footer: footer(head.issuer.as_ref()),
    }
}

/// An amount in major units, without its currency.
fn amount(currency: &str, minor: i64) -> String {
    Currency::try_from(currency).map_or_else(|_| minor.to_string(), |known| plain(Money::new(minor, known)))
}

fn lines(head: &Head, movements: &[Movement]) -> Table {
    let mut table = Table::new(&[
        ("Date", Left, 13),
        ("Movement", Left, 42),
        ("Charge", Right, 15),
        ("Payment, credit", Right, 15),
        ("Balance", Right, 15),
    ]);
    let amount = |minor| amount(&head.currency, minor);
    let mut balance = head.opening_minor;
    let first = head.first_day.map(day).unwrap_or_default();
    table.rows.push(vec![first, "Opening balance".to_owned(), String::new(), String::new(), amount(balance)]);
    for movement in movements {
        let change = movement.amount_minor.saturating_sub(movement.credit_minor);
        balance = balance.saturating_add(change);
        let (debit, credit) = match change {
            // What settles an invoice out of credit leaves the balance as it is.
            0 => (String::new(), String::new()),
            1.. => (amount(change), String::new()),
            _ => (String::new(), amount(change.saturating_neg())),
        };
        table.rows.push(vec![day(movement.date), said(movement, &amount), debit, credit, amount(balance)]);
    }
    table
}

/// What a movement was, and what it is known by.
fn said(movement: &Movement, amount: &dyn Fn(i64) -> String) -> String {
    let number = movement.number.as_deref();
    let (what, link) = match movement.kind {
        MovementKind::Invoice => ("Invoice", ""),
        MovementKind::Bill => ("Bill", ""),
        MovementKind::Payment => ("Payment", "for "),
        MovementKind::PaymentReversed => ("Payment that went back", "for "),
        MovementKind::CreditApplied => ("Credit set off", "against "),
        MovementKind::CreditNote => ("Credit note", ""),
        MovementKind::Void => ("Void invoice", ""),
        MovementKind::WriteOff => ("Given up", "of "),
        MovementKind::Refund => ("Refund", "for "),
    };
    let mut text = number.map_or_else(|| what.to_owned(), |number| format!("{what} {link}{number}"));
    if movement.kind == MovementKind::CreditApplied {
        text = format!("{text}: {}", amount(movement.credit_minor.saturating_neg()));
    }
    match movement.reference.as_deref() {
        Some(reference) if Some(reference) != number => format!("{text}\n{reference}"),
        _ => text,
    }
}

fn ageing(head: &Head) -> Table {
    let mut table = Table::new(&[("Due", Left, 60), ("Amount", Right, 40)]);
    let row = |label: &str, minor| vec![label.to_owned(), amount(&head.currency, minor)];
    table.rows = vec![
        row("Not yet", head.not_due_minor),
        row("For 1 to 30 days", head.days_1_to_30_minor),
        row("For 31 to 60 days", head.days_31_to_60_minor),
        row("For 61 to 90 days", head.days_61_to_90_minor),
        row("For more than 90 days", head.days_over_90_minor),
    ];
    if head.credit_minor != 0 {
        table.rows.push(row("Credit that is not used", head.credit_minor.saturating_neg()));
    }
    table.rows.push(row("Closing balance", head.closing_minor));
    table
}

fn notes(head: &Head) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let due = [head.days_1_to_30_minor, head.days_31_to_60_minor, head.days_61_to_90_minor, head.days_over_90_minor];
    let due = due.into_iter().fold(0_i64, i64::saturating_add);
    if due > 0 {
        let mut text = format!("{} is overdue on {}. Please pay it, quoting the invoices.", named(&head.currency, due), day(head.last_day));
        if let Some(account) = head.issuer.as_ref().and_then(|issuer| issuer.bank_account.as_ref()) {
            text.push('\n');
            text.push_str(&bank_line(account, head.issuer.as_ref().map(|issuer| &*issuer.name)));
        }
        notes.push(("Payment".to_owned(), text));
    }
    if !head.other_currencies.is_empty() {
        let others = head.other_currencies.join(", ");
        notes.push((String::new(), format!("Amounts in {others} are on statements of their own.")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn head() -> serde_json::Value {
        json!({
            "row": "head", "customer_id": "c-1", "customer_name": "Łukasz", "customer_address": null, "customer_tax_id": null, "issuer": null,
            "currency": "EUR", "first_day": "2026-02-01", "last_day": "2026-02-28", "opening_minor": 10_000, "charged_minor": 5_000,
            "settled_minor": -12_000, "closing_minor": 3_000, "not_due_minor": 5_000, "days_1_to_30_minor": 0, "days_31_to_60_minor": 0,
            "days_61_to_90_minor": 0, "days_over_90_minor": 0, "credit_minor": 2_000, "other_currencies": ["USD"]
        })
    }

    fn movement(kind: &str, amount_minor: i64, credit_minor: i64) -> serde_json::Value {
        json!({
            "row": "movement", "date": "2026-02-03", "kind": kind, "number": "INV-0002", "reference": "bank 1",
            "amount_minor": amount_minor, "credit_minor": credit_minor
        })
    }

    #[test]
    fn every_line_has_the_balance_after_it_and_the_last_is_the_closing_balance() {
        let movements = [movement("invoice", 5_000, 0), movement("payment", -10_000, 2_000), movement("credit_applied", -1_000, -1_000)];
        let rows: Vec<String> = std::iter::once(head()).chain(movements).map(|row| row.to_string()).collect();
        let document = describe(&rows).unwrap();
        let cells: Vec<[&str; 3]> = document.table.rows.iter().map(|row| [&*row[2], &*row[3], &*row[4]]).collect();
        assert_eq!(cells, [["", "", "100.00"], ["50.00", "", "150.00"], ["", "120.00", "30.00"], ["", "", "30.00"]]);
        assert_eq!(document.table.rows[3][1], "Credit set off against INV-0002: 10.00\nbank 1");
        assert_eq!(document.sums.last().unwrap().value, "EUR 30.00");
        let aged = &document.summary.as_ref().unwrap().1.rows;
        assert_eq!(aged[0][1..], ["50.00"]);
        assert_eq!(aged[5], ["Credit that is not used", "-20.00"]);
        assert_eq!(document.notes, [(String::new(), "Amounts in USD are on statements of their own.".to_owned())]);
    }

    #[test]
    fn what_is_overdue_is_asked_for_and_a_statement_needs_a_head() {
        let mut late = head();
        late["days_over_90_minor"] = json!(700);
        let document = describe(&[late.to_string()]).unwrap();
        assert!(document.notes[0].1.starts_with("EUR 7.00 is overdue on 2026-02-28."), "{:?}", document.notes);
        assert!(describe(&[movement("invoice", 1, 0).to_string()]).is_err());
    }
}
