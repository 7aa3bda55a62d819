//! Drafting, and becoming final.

use super::{
    AddInvoiceLine, Customer, DiscardInvoice, DraftInvoice, EraseCustomer, FinalizeInvoice, Header, Invoice, InvoiceCustomerErased,
    InvoiceDiscarded, InvoiceDrafted, InvoiceEvent, InvoiceFinalized, InvoiceLineAdded, InvoiceLineRemoved, InvoiceRejection,
    InvoiceStatus, InvoiceUpdated, RemoveInvoiceLine, UpdateInvoice, reminders,
};
use crate::invoicing::issuer::{Issuer, TERMS_DAYS_MAX};
use crate::invoicing::lines::{
    DocumentLine, InvoiceLine, InvoiceLineInput, LINES_MAX, LineRejection, check_names, check_targets, numbered, totals,
};
use crate::invoicing::number_series::{self, INVOICES, NUMBER_SCOPE, NumberSeries};
use crate::invoicing::values::{changed_fields, days_after, past_day, set};
use crate::kernel::{Context, Decision, Refusal, fold};

/// Drafts an invoice.
pub(super) fn draft(command: DraftInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
    let header = Header {
        customer: Customer {
            customer_id: command.customer_id.into(),
            customer_name: command.customer_name,
            customer_address: command.customer_address,
            customer_email: command.customer_email,
            customer_tax_id: command.customer_tax_id,
        },
        currency: command.currency,
        tax_mode: command.tax_mode,
        series: command.series.map_or_else(|| INVOICES.to_owned(), String::from),
        number: command.number,
        date: command.date,
        due_date: command.due_date,
        payment_terms_days: command.payment_terms_days,
        purchase_order: command.purchase_order,
        reference: command.reference,
        note: command.note,
        source: command.source,
    };
    let claimed = header.number.clone();
    let decision = drafted(header, command.lines, context)?;
    Ok(match claimed {
        Some(number) => decision.claim(NUMBER_SCOPE, fold(number.as_str()), "number"),
        None => decision,
    })
}

/// The decision that drafts an invoice with these lines.
pub(super) fn drafted(header: Header, lines: Vec<InvoiceLineInput>, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
    check_terms(header.payment_terms_days)?;
    NumberSeries::require(&header.series, context)?;
    if lines.len() > LINES_MAX {
        return Err(LineRejection::TooMany(LINES_MAX).into());
    }
    let lines: Vec<InvoiceLine> =
        lines.into_iter().enumerate().map(|(index, line)| line_of(line, index + 1, &header)).collect::<Result<_, Refusal>>()?;
    check_names(&lines)?;
    let totals = totals(&lines, header.currency)?;
    Ok(Decision::event(InvoiceDrafted { header, lines, totals }))
}

fn line_of(line: InvoiceLineInput, number: usize, header: &Header) -> Result<InvoiceLine, Refusal> {
    if line.tax_amount.is_some() && header.number.is_none() {
        return Err(InvoiceRejection::StatedTax.into());
    }
    Ok(line.line(numbered(number), header.currency, header.tax_mode)?)
}

fn check_terms(days: Option<u16>) -> Result<(), InvoiceRejection> {
    if days.is_some_and(|days| days > TERMS_DAYS_MAX) { Err(InvoiceRejection::Terms(TERMS_DAYS_MAX)) } else { Ok(()) }
}

impl Invoice {
    pub(super) fn update(&self, command: UpdateInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let before = self.draft()?;
        let mut header = before.clone();
        let customer = &mut header.customer;
        if let Some(id) = command.customer_id {
            customer.customer_id = id.into();
        }
        if let Some(name) = command.customer_name {
            customer.customer_name = name;
        }
        set(&mut customer.customer_address, command.customer_address);
        set(&mut customer.customer_email, command.customer_email);
        set(&mut customer.customer_tax_id, command.customer_tax_id);
        set(&mut header.date, command.date);
        set(&mut header.due_date, command.due_date);
        set(&mut header.payment_terms_days, command.payment_terms_days);
        set(&mut header.purchase_order, command.purchase_order);
        set(&mut header.reference, command.reference);
        set(&mut header.note, command.note);
        header.tax_mode = command.tax_mode.unwrap_or(header.tax_mode);
        header.currency = command.currency.unwrap_or(header.currency);
        if let Some(series) = command.series {
            header.series = series.into();
            NumberSeries::require(&header.series, context)?;
        }
        check_terms(header.payment_terms_days)?;
        if header.currency != before.currency && !self.lines.is_empty() {
            return Err(InvoiceRejection::CurrencyOfLines.into());
        }
        let changed = changed_fields(before, &header);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let lines = (header.tax_mode != before.tax_mode && !self.lines.is_empty())
            .then(|| self.lines.iter().map(|line| line.in_mode(header.tax_mode)).collect::<Result<Vec<_>, _>>())
            .transpose()?;
        let totals = totals(lines.as_ref().unwrap_or(&self.lines), header.currency)?;
        Ok(Decision::event(InvoiceUpdated { changed, header, lines, totals }))
    }

    pub(super) fn add_line(&self, command: AddInvoiceLine) -> Result<Decision<InvoiceEvent>, Refusal> {
        let header = self.draft()?;
        let AddInvoiceLine(input) = command;
        if input.line_id.is_none() {
            return Err(InvoiceRejection::LineWithoutId.into());
        }
        let line = line_of(input, self.lines.len() + 1, header)?;
        match self.lines.iter().find(|known| known.line_id == line.line_id) {
            Some(known) if *known == line => Ok(Decision::nothing()),
            Some(known) => Err(LineRejection::Exists(known.line_id.to_string()).into()),
            None => self.with_line(line),
        }
    }

    /// The decision that adds a line whose name is not taken.
    pub(super) fn with_line(&self, line: InvoiceLine) -> Result<Decision<InvoiceEvent>, Refusal> {
        if self.lines.len() >= LINES_MAX {
            return Err(LineRejection::TooMany(LINES_MAX).into());
        }
        let mut lines = self.lines.clone();
        lines.push(line.clone());
        Ok(Decision::event(InvoiceLineAdded { line, totals: totals(&lines, self.currency())? }))
    }

    pub(super) fn remove_line(&self, command: RemoveInvoiceLine) -> Result<Decision<InvoiceEvent>, Refusal> {
        self.draft()?;
        let lines: Vec<InvoiceLine> = self.lines.iter().filter(|line| line.line_id != command.line_id).cloned().collect();
        if lines.len() == self.lines.len() {
            return Err(LineRejection::Unknown(command.line_id.to_string()).into());
        }
        Ok(Decision::event(InvoiceLineRemoved { line_id: command.line_id, totals: totals(&lines, self.currency())? }))
    }

    pub(super) fn discard(&self, command: DiscardInvoice) -> Result<Decision<InvoiceEvent>, InvoiceRejection> {
        if self.status == InvoiceStatus::Discarded {
            return Ok(Decision::nothing());
        }
        let header = self.draft()?;
        let decision = Decision::event(InvoiceDiscarded { reason: command.reason });
        Ok(match &header.number {
            Some(number) => decision.release(NUMBER_SCOPE, fold(number.as_str())),
            None => decision,
        })
    }

    pub(super) fn finalize(&self, command: &FinalizeInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        if let Some(issued) = &self.issued {
            let same = command.date.is_none_or(|date| date == issued.date);
            return if same { Ok(Decision::nothing()) } else { Err(InvoiceRejection::Final.into()) };
        }
        let header = self.draft()?;
        if self.lines.is_empty() {
            return Err(InvoiceRejection::NoLines.into());
        }
        check_targets(&self.lines)?;
        let totals = totals(&self.lines, header.currency)?;
        if totals.gross.amount_minor < 0 {
            return Err(InvoiceRejection::NegativeTotal(totals.gross).into());
        }
        let issuer = Issuer::of_tenant(context)?;
        let date = past_day(command.date.or(header.date), context)?;
        let terms = header.payment_terms_days.unwrap_or(issuer.payment_terms_days);
        let due_date = header.due_date.unwrap_or_else(|| days_after(date, terms));
        if due_date.0 < date.0 {
            return Err(InvoiceRejection::DueBeforeDate(due_date.0.to_string(), date.0.to_string()).into());
        }
        let taken = match &header.number {
            Some(_) => None,
            None => Some(NumberSeries::next(&header.series, "invoice", date, context)?),
        };
        let number = taken.as_ref().map(|taken| &taken.number).or(header.number.as_ref()).ok_or(InvoiceRejection::NoNumber)?.clone();
        let finalized = InvoiceFinalized {
            number: number.clone(),
            series: taken.as_ref().map(|_| header.series.clone()),
            date,
            due_date,
            customer: header.customer.clone(),
            currency: header.currency,
            tax_mode: header.tax_mode,
            lines: self.lines.clone(),
            next_check_at: reminders::next_check(due_date, &issuer.reminder_days, false, 0).filter(|_| totals.gross.amount_minor > 0),
            totals,
            issuer: issuer.facts,
            purchase_order: header.purchase_order.clone(),
            reference: header.reference.clone(),
            note: header.note.clone(),
            source: header.source.clone(),
            reminder_days: issuer.reminder_days,
        };
        let decision = Decision::event(finalized);
        match taken {
            Some(taken) => number_series::take(decision, &header.series, taken, context.aggregate_id.to_owned(), context),
            // Imported drafts have not taken their number before.
            None => Ok(decision.claim(NUMBER_SCOPE, fold(number.as_str()), "number")),
        }
    }

    pub(super) fn erase_customer(&self, command: EraseCustomer) -> Result<Decision<InvoiceEvent>, InvoiceRejection> {
        if self.erased {
            return Ok(Decision::nothing());
        }
        if self.header.is_some() && self.status == InvoiceStatus::Draft {
            return Err(InvoiceRejection::NotFinal);
        }
        Ok(Decision::event(InvoiceCustomerErased { reason: command.reason }))
    }
}
