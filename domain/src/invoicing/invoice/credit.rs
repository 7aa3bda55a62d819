//! Credit notes.

use super::{CreditInvoice, ENTRIES_MAX, Invoice, InvoiceCredited, InvoiceEvent, InvoiceRejection};
use crate::invoicing::credits::{CreditRejection, credit_lines, credit_net, left_of};
use crate::invoicing::customer_account::{self, CreditReason, CustomerCreditAdded};
use crate::invoicing::lines::totals;
use crate::invoicing::number_series::{self, CREDIT_NOTES, NumberSeries};
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::past_day;
use crate::kernel::{Context, Decision, Refusal};

impl Invoice {
    /// What is left to be credited, in minor units.
    pub(super) fn left_to_credit(&self) -> i64 {
        self.lines.iter().map(|line| left_of(line, &self.credited).gross).sum()
    }

    pub(super) fn credit(&self, command: CreditInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, issued) = self.owed()?;
        if let Some(total) = self.credit_notes.get(&command.reference) {
            let same = command.amount.is_none_or(|amount| amount == *total);
            return if same {
                Ok(Decision::nothing())
            } else {
                Err(InvoiceRejection::CreditReferenceUsed(command.reference.to_string()).into())
            };
        }
        if self.credit_notes.len() >= ENTRIES_MAX {
            return Err(InvoiceRejection::TooMany(ENTRIES_MAX).into());
        }
        if command.lines.len() > self.lines.len() {
            return Err(CreditRejection::Ambiguous.into());
        }
        let date = past_day(command.date, context)?;
        let lines = match command.net {
            None => credit_lines(&self.lines, &self.credited, &command.lines, command.amount, header.currency)?,
            Some(net) if command.lines.is_empty() && command.amount.is_none() => {
                credit_net(&self.lines, &self.credited, net, header.currency)?
            }
            Some(_) => return Err(CreditRejection::Ambiguous.into()),
        };
        let totals = totals(&lines, header.currency)?;
        let settlement = Settlement::of(totals.gross.amount_minor, self.open_minor, self.written_off_minor, header.currency);
        let series = command.series.map_or_else(|| CREDIT_NOTES.to_owned(), String::from);
        let taken = NumberSeries::next(&series, "credit_note", date, context)?;
        let customer = &header.customer;
        let credited = InvoiceCredited {
            source: header.source.clone(),
            number: taken.number.clone(),
            series: series.clone(),
            invoice_number: issued.number.clone(),
            invoice_date: issued.date,
            date,
            customer: customer.clone(),
            currency: header.currency,
            lines,
            totals,
            settlement,
            issuer: issued.issuer.clone(),
            reason: command.reason,
            reference: command.reference,
            balance: self.open_after(settlement.applied.amount_minor),
        };
        let added = CustomerCreditAdded {
            customer_name: customer.customer_name.clone(),
            amount: settlement.excess,
            reason: CreditReason::CreditNote,
            document_id: context.aggregate_id.to_owned(),
        };
        // A credit note is a document of its own: its number must not be that of its invoice.
        let document = format!("{}:credit-{}", context.aggregate_id, self.credit_notes.len() + 1);
        let decision = number_series::take(Decision::event(credited), &series, taken, document, context)?;
        customer_account::add(decision, &customer.customer_id, added, context)
    }
}
