//! What stands on printed invoices and credit notes. An invoice stays what it was when it became final: payments do not change it, only a
//! mark tells that it is a draft or void.

use std::fmt::Write as _;

use domain::invoicing::amounts::{Discount, TaxSum};
use domain::invoicing::decimals::PriceMinor;
use domain::invoicing::invoice::InvoiceStatus;
use domain::invoicing::issuer::{BankAccount, IssuerFacts};
use domain::invoicing::lines::InvoiceLine;
use domain::invoicing::values::{Address, TaxCategory, TaxMode};
use domain::kernel::{AggregateId, Currency, Day, Money};

use super::credit_note_list::{self, CreditNoteRow};
use super::invoice_list::{self, InvoiceRow};
use crate::document::Align::{Left, Right};
use crate::document::{Document, Sum, Table};
use crate::model::{DocumentDef, Printed};

/// `GET /v1/invoicing/invoice/{id}/pdf`
pub const INVOICE: DocumentDef = DocumentDef {
    context: "invoicing",
    name: "invoice",
    summary: "The invoice as it is sent to the customer.",
    source: Printed::Row { model: &invoice_list::DEF, describe: |row| serde_json::from_str(row).map(|row: InvoiceRow| invoice(&row)) },
};

/// `GET /v1/invoicing/credit-note/{id}/pdf`
pub const CREDIT_NOTE: DocumentDef = DocumentDef {
    context: "invoicing",
    name: "credit-note",
    summary: "The credit note as it is sent to the customer; its id is its number.",
    source: Printed::Row {
        model: &credit_note_list::DEF,
        describe: |row| serde_json::from_str(row).map(|row: CreditNoteRow| credit_note(&row)),
    },
};

fn invoice(row: &InvoiceRow) -> Document {
    let number = row.number.as_ref().map(AggregateId::as_str);
    let mark = match row.status {
        InvoiceStatus::Draft => Some("DRAFT"),
        InvoiceStatus::Discarded => Some("DISCARDED"),
        InvoiceStatus::Voided => Some("VOID"),
        InvoiceStatus::Finalized | InvoiceStatus::Credited | InvoiceStatus::WrittenOff => None,
    };
    let mut facts = vec![("Invoice number".to_owned(), number.unwrap_or("not given yet").to_owned())];
    fact(&mut facts, "Date", row.date.map(day));
    fact(&mut facts, "Due date", row.due_date.map(day));
    fact(&mut facts, "Your order", row.purchase_order.as_deref().map(str::to_owned));
    fact(&mut facts, "Reference", row.reference.as_deref().or(row.source_reference.as_deref()).map(str::to_owned));
    fact(&mut facts, "Your tax number", row.customer_tax_id.as_deref().map(str::to_owned));
    let mut table = Table::new(&[
        ("Description", Left, 44),
        ("Quantity", Right, 13),
        ("Unit price", Right, 15),
        ("Tax", Right, 10),
        ("Amount", Right, 18),
    ]);
    table.rows = row.lines.iter().map(|line| line_of(line, row)).collect();
    let mut notes = Vec::new();
    if let Some(note) = &row.note {
        notes.push((String::new(), note.to_string()));
    }
    notes.extend(tax_notes(&row.taxes));
    if row.status == InvoiceStatus::Finalized || row.status == InvoiceStatus::Draft {
        notes.push(("Payment".to_owned(), payment_note(row)));
    }
    Document {
        title: number.map_or_else(|| "Invoice".to_owned(), |number| format!("Invoice {number}")),
        mark: mark.map(str::to_owned),
        file_name: number.unwrap_or(&row.id).to_owned(),
        date: row.date.map(|date| date.0),
        sender: sender(row.issuer.as_ref()),
        recipient: recipient(&row.customer_name, row.customer_address.as_ref()),
        facts,
        introduction: (row.tax_mode == TaxMode::Inclusive).then(|| "Prices include tax.".to_owned()),
        table,
        sums: sums(&row.currency, row.net_minor, &row.taxes, row.total_minor, "Total"),
        summary: Some(("Taxes".to_owned(), taxes(&row.taxes))),
        notes,
        footer: footer(row.issuer.as_ref()),
    }
}

fn credit_note(row: &CreditNoteRow) -> Document {
    let mut facts = vec![("Credit note number".to_owned(), row.id.clone()), ("Date".to_owned(), day(row.date))];
    fact(&mut facts, "Invoice credited", Some(format!("{} of {}", row.invoice_number, day(row.invoice_date))));
    fact(&mut facts, "Your tax number", row.customer_tax_id.as_deref().map(str::to_owned));
    let mut table = Table::new(&[("Description", Left, 54), ("Net", Right, 16), ("Tax", Right, 12), ("Amount", Right, 18)]);
    table.rows = row
        .lines
        .iter()
        .map(|line| vec![line.description.to_string(), plain(line.net), format!("{} %", line.tax_rate_percent), plain(line.gross)])
        .collect();
    let mut notes = tax_notes(&row.taxes);
    let mut settled = String::new();
    let amount = |minor| named(&row.currency, minor);
    if row.applied_minor > 0 {
        let _ = write!(settled, "{} is set off against invoice {}.", amount(row.applied_minor), row.invoice_number);
    }
    if row.excess_minor > 0 {
        let gap = if settled.is_empty() { "" } else { " " };
        let _ = write!(settled, "{gap}{} stays to your credit.", amount(row.excess_minor));
    }
    if !settled.is_empty() {
        notes.push(("Settlement".to_owned(), settled));
    }
    Document {
        title: format!("Credit note {}", row.id),
        mark: None,
        file_name: row.id.clone(),
        date: Some(row.date.0),
        sender: sender(row.issuer.as_ref()),
        recipient: recipient(&row.customer_name, row.customer_address.as_ref()),
        facts,
        introduction: Some(row.reason.to_string()),
        table,
        sums: sums(&row.currency, row.net_minor, &row.taxes, row.total_minor, "Total credit"),
        summary: Some(("Taxes".to_owned(), taxes(&row.taxes))),
        notes,
        footer: footer(row.issuer.as_ref()),
    }
}

pub(super) fn fact(facts: &mut Vec<(String, String)>, label: &str, value: Option<String>) {
    if let Some(value) = value {
        facts.push((label.to_owned(), value));
    }
}

fn line_of(line: &InvoiceLine, row: &InvoiceRow) -> Vec<String> {
    let mut description = line.description.to_string();
    if let Some(sku) = &line.sku {
        let _ = write!(description, "\n{}", &**sku);
    }
    match line.discount {
        Some(Discount::Percent(percent)) => {
            let _ = write!(description, "\nless {percent} %");
        }
        Some(Discount::Amount(amount)) => {
            let _ = write!(description, "\nless {}", plain(amount));
        }
        None => {}
    }
    let unit = line.unit.as_ref().map(|unit| format!(" {}", &**unit)).unwrap_or_default();
    let amount = if row.tax_mode == TaxMode::Inclusive { line.gross } else { line.net };
    vec![
        description,
        format!("{}{unit}", line.quantity),
        unit_price(line.unit_price.amount_minor, line.unit_price.currency),
        format!("{} %", line.tax_rate_percent),
        plain(amount),
    ]
}

fn sums(currency: &str, net_minor: i64, taxes: &[TaxSum], total_minor: i64, label: &str) -> Vec<Sum> {
    let sum = |label: String, minor, strong| Sum { label, value: named(currency, minor), strong };
    let mut sums = vec![sum("Net".to_owned(), net_minor, false)];
    let charged = taxes.iter().filter(|tax| tax.tax.amount_minor != 0);
    sums.extend(charged.map(|tax| sum(format!("Tax {} %", tax.tax_rate_percent), tax.tax.amount_minor, false)));
    sums.push(sum(label.to_owned(), total_minor, true));
    sums
}

fn taxes(taxes: &[TaxSum]) -> Table {
    let mut table = Table::new(&[("Rate", Left, 34), ("Net", Right, 22), ("Tax", Right, 22), ("Gross", Right, 22)]);
    let row = |sum: &TaxSum| {
        let gross = Money::new(sum.net.amount_minor + sum.tax.amount_minor, sum.net.currency);
        let rate = match sum.tax_category {
            TaxCategory::Standard | TaxCategory::Zero => format!("{} %", sum.tax_rate_percent),
            TaxCategory::Exempt => "exempt".to_owned(),
            TaxCategory::ReverseCharge => "reverse charge".to_owned(),
            TaxCategory::Export => "export".to_owned(),
            TaxCategory::OutOfScope => "out of scope".to_owned(),
        };
        vec![rate, plain(sum.net), plain(sum.tax), plain(gross)]
    };
    table.rows = taxes.iter().map(row).collect();
    table
}

/// What must be said where no tax is charged.
fn tax_notes(taxes: &[TaxSum]) -> Vec<(String, String)> {
    let said = |sum: &TaxSum| match sum.tax_category {
        TaxCategory::Exempt => Some("Exempt from tax."),
        TaxCategory::ReverseCharge => Some("Reverse charge: the tax is due from the recipient."),
        TaxCategory::Export => Some("Export: no tax is charged."),
        TaxCategory::OutOfScope => Some("Outside the scope of the tax."),
        TaxCategory::Standard | TaxCategory::Zero => None,
    };
    taxes.iter().filter_map(said).map(|text| (String::new(), text.to_owned())).collect()
}

fn payment_note(row: &InvoiceRow) -> String {
    let mut text = match (&row.number, row.due_date) {
        (Some(number), Some(due)) => {
            format!("Please pay {} by {}, quoting {number}.", named(&row.currency, row.total_minor), day(due))
        }
        _ => "This is a draft; nothing is to be paid yet.".to_owned(),
    };
    let issuer = row.issuer.as_ref();
    if let Some(account) = issuer.and_then(|issuer| issuer.bank_account.as_ref()) {
        let _ = write!(text, "\n{}", bank_line(account, issuer.map(|issuer| &*issuer.name)));
    }
    if let Some(note) = issuer.and_then(|issuer| issuer.payment_note.as_ref()) {
        let _ = write!(text, "\n{}", &**note);
    }
    text
}

pub(super) fn bank_line(account: &BankAccount, name: Option<&str>) -> String {
    let holder = account.holder.as_deref().or(name).unwrap_or_default();
    let parts = [Some(holder), Some(&*account.number), account.bank_code.as_deref(), account.bank_name.as_deref()];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

pub(super) fn sender(issuer: Option<&IssuerFacts>) -> Vec<String> {
    let Some(issuer) = issuer else { return Vec::new() };
    let mut lines = vec![issuer.name.to_string()];
    lines.extend(address_lines(issuer.address.as_ref()));
    let contact = [issuer.phone.as_deref().map(str::to_owned), issuer.email.clone().map(String::from)];
    lines.extend(contact.into_iter().flatten());
    lines.extend(issuer.website.as_deref().map(str::to_owned));
    lines
}

pub(super) fn footer(issuer: Option<&IssuerFacts>) -> Vec<String> {
    let Some(issuer) = issuer else { return Vec::new() };
    let tax = issuer.tax_id.as_deref().map(|id| format!("Tax number {id}"));
    let register = issuer.registration_number.as_deref().map(|number| format!("Registered as {number}"));
    let about: Vec<String> = [Some(issuer.name.to_string()), tax, register].into_iter().flatten().collect();
    let mut lines = vec![about.join(" · ")];
    lines.extend(issuer.footer.as_deref().map(str::to_owned));
    lines
}

pub(super) fn recipient(name: &str, address: Option<&Address>) -> Vec<String> {
    let mut lines = vec![name.to_owned()];
    lines.extend(address_lines(address));
    lines
}

fn address_lines(address: Option<&Address>) -> Vec<String> {
    let Some(address) = address else { return Vec::new() };
    let mut lines: Vec<String> = address.street.as_deref().into_iter().flat_map(str::lines).map(str::to_owned).collect();
    let town: Vec<&str> = [address.postal_code.as_deref(), address.city.as_deref()].into_iter().flatten().collect();
    lines.push(town.join(" "));
    lines.extend([address.region.as_deref(), address.country.as_deref()].into_iter().flatten().map(str::to_owned));
    lines.retain(|line| !line.is_empty());
    lines
}

pub(super) fn day(day: Day) -> String {
    day.0.to_string()
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount in major units: `1,234.50`.
pub(super) fn plain(amount: Money) -> String {
    decimal(i128::from(amount.amount_minor), u32::from(amount.currency.exponent()), usize::from(amount.currency.exponent()))
}

/// A number of so many decimals, of which those at the end that are 0 are left out down to `least`.
fn decimal(scaled: i128, places: u32, least: usize) -> String {
    let unit = 10_u128.pow(places);
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, rest) = (scaled.unsigned_abs() / unit, scaled.unsigned_abs() % unit);
    let mut fraction = if places == 0 { String::new() } else { format!("{rest:0width$}", width = places as usize) };
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(&whole.to_string()))
}

/// An amount with its currency: `EUR 1,234.50`.
pub(super) fn named(currency: &str, minor: i64) -> String {
    match Currency::try_from(currency) {
        Ok(known) => format!("{currency} {}", plain(Money::new(minor, known))),
        Err(_) => format!("{currency} {minor}"),
    }
}

/// The price of one, with as many decimals as it has, and at least those of the currency.
fn unit_price(price: PriceMinor, currency: Currency) -> String {
    let exponent = currency.exponent();
    decimal(price.scaled(), 6 + u32::from(exponent), exponent.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_decimals_of_their_currency() {
        let currency = |code: &str| Currency::try_from(code).unwrap();
        let amounts = [(123_456_789, "EUR"), (-5, "EUR"), (1_234, "JPY"), (1_234, "KWD"), (0, "EUR")];
        let written = amounts.map(|(minor, code)| plain(Money::new(minor, currency(code))));
        assert_eq!(written, ["1,234,567.89", "-0.05", "1,234", "1.234", "0.00"]);
        let prices = [("1250", "EUR"), ("0.25", "EUR"), ("12.5", "JPY"), ("-100000", "EUR")];
        let written = prices.map(|(price, code)| unit_price(price.parse().unwrap(), currency(code)));
        assert_eq!(written, ["12.50", "0.0025", "12.5", "-1,000.00"]);
    }

    #[test]
    fn an_address_leaves_out_what_is_not_known() {
        let address: Address = serde_json::from_str(r#"{"street": "Hof 3\nBack", "city": "Kraków"}"#).unwrap();
        assert_eq!(address_lines(Some(&address)), ["Hof 3", "Back", "Kraków"]);
    }
}
