//! Invoices from the files of other products, line by line.

use super::draft::drafted;
use super::{Customer, Header, ImportInvoiceLine, Invoice, InvoiceEvent, InvoiceRejection};
use crate::invoicing::decimals::money_of;
use crate::invoicing::lines::{InvoiceLineInput, LineRejection, numbered};
use crate::invoicing::number_series::INVOICES;
use crate::invoicing::values::{digest, party_id};
use crate::kernel::{AggregateId, Context, Decision, Refusal};

/// The length of an id that nobody has chosen (a UUID).
const MADE_ID_CHARS: usize = 36;

impl Invoice {
    pub(super) fn import_line(&self, command: ImportInvoiceLine, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let number = command.number.clone().map_or_else(|| number_of(context.aggregate_id), Ok)?;
        let header = Header {
            customer: Customer {
                customer_id: command.customer_id.unwrap_or_else(|| party_id(&command.customer_name)).into(),
                customer_name: command.customer_name,
                customer_address: command.customer_address,
                customer_email: command.customer_email,
                customer_tax_id: command.customer_tax_id,
            },
            currency: command.unit_price.currency,
            tax_mode: command.tax_mode,
            series: INVOICES.to_owned(),
            number: Some(number),
            date: command.date,
            due_date: command.due_date,
            payment_terms_days: None,
            purchase_order: command.purchase_order,
            reference: None,
            note: command.note,
            source: None,
        };
        let named = command.line_id.is_some();
        let mut input = InvoiceLineInput {
            line_id: command.line_id,
            description: command.description,
            product_id: command.product_id,
            sku: command.sku,
            quantity: command.quantity,
            unit: None,
            unit_price: command.unit_price,
            discount: command.discount,
            tax_rate_percent: command.tax_rate_percent,
            tax_category: None,
            tax_amount: money_of(command.tax_amount, command.unit_price.currency)?,
            revenue_role: command.revenue_role,
            account: command.account,
        };
        if !named {
            let InvoiceLineInput { description, sku, quantity, unit_price, discount, tax_rate_percent, tax_amount, .. } = &input;
            let said = format!("{description:?} {sku:?} {quantity:?} {unit_price:?} {discount:?} {tax_rate_percent:?} {tax_amount:?}");
            input.line_id = Some(id_of(&said));
        }
        if context.version == 0 {
            return drafted(header, vec![input], context);
        }
        let header = self.draft()?;
        let line = input.line(numbered(self.lines.len() + 1), header.currency, header.tax_mode)?;
        match self.lines.iter().find(|known| known.line_id == line.line_id) {
            Some(known) if *known == line && named => Ok(Decision::nothing()),
            Some(known) if named => Err(LineRejection::Exists(known.line_id.to_string()).into()),
            Some(_) => Err(InvoiceRejection::LineRepeated.into()),
            None => self.with_line(line),
        }
    }
}

/// The number that an id stands for, unless nobody has chosen it.
fn number_of(id: &str) -> Result<AggregateId, InvoiceRejection> {
    let made = id.len() == MADE_ID_CHARS && uuid::Uuid::try_parse(id).is_ok();
    if made { Err(InvoiceRejection::NoNumber) } else { id.parse().map_err(|_| InvoiceRejection::NoNumber) }
}

/// The id of a line that only its contents name.
fn id_of(contents: &str) -> AggregateId {
    digest(contents).parse().expect("hexadecimal digits make an id")
}
