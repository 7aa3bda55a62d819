//! Entering a bill, and approving it.

use super::{
    AddBillLine, Bill, BillApproved, BillDisputeSettled, BillDisputed, BillEntered, BillEvent, BillHeader, BillLineAdded, BillLineRemoved,
    BillRejection, BillStatus, BillSupplierErased, BillUpdated, DisputeBill, EnterBill, EraseSupplier, ImportBillLine, RemoveBillLine,
    SettleDispute, UpdateBill,
};
use crate::invoicing::decimals::money_of;
use crate::invoicing::lines::{
    BillLine, BillLineInput, DocumentLine, LINES_MAX, LineRejection, check_names, check_targets, numbered, totals,
};
use crate::invoicing::values::{Reference, changed_fields, digest, party_id, set};
use crate::kernel::{AggregateId, Context, Decision, Money, Refusal, fold};

/// Scope of the claims on suppliers' numbers.
pub(super) const NUMBER_SCOPE: &str = "bill.supplier_number";

/// The key under which a supplier's number is claimed.
pub(super) fn number_key(header: &BillHeader) -> String {
    format!("{}/{}", header.supplier_id, fold(&header.supplier_number))
}

/// Enters a bill.
pub(super) fn enter(command: EnterBill) -> Result<Decision<BillEvent>, Refusal> {
    let header = BillHeader {
        supplier_id: command.supplier_id.into(),
        supplier_name: command.supplier_name,
        supplier_address: command.supplier_address,
        supplier_tax_id: command.supplier_tax_id,
        supplier_number: command.supplier_number,
        date: command.date,
        due_date: command.due_date.unwrap_or(command.date),
        currency: command.currency,
        tax_mode: command.tax_mode,
        purchase_order: command.purchase_order,
        note: command.note,
        source: command.source,
    };
    let key = number_key(&header);
    Ok(entered(header, command.lines, command.total)?.claim(NUMBER_SCOPE, key, "supplier_number"))
}

fn entered(header: BillHeader, lines: Vec<BillLineInput>, total: Option<Money>) -> Result<Decision<BillEvent>, Refusal> {
    check_dates(&header)?;
    if lines.len() > LINES_MAX {
        return Err(LineRejection::TooMany(LINES_MAX).into());
    }
    let lines: Vec<BillLine> = lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| line.line(numbered(index + 1), header.currency, header.tax_mode))
        .collect::<Result<_, _>>()?;
    check_names(&lines)?;
    let totals = totals(&lines, header.currency)?;
    if let Some(total) = total.filter(|total| *total != totals.gross) {
        return Err(BillRejection::TotalDiffers(totals.gross, total).into());
    }
    Ok(Decision::event(BillEntered { header, lines, totals }))
}

fn check_dates(header: &BillHeader) -> Result<(), BillRejection> {
    if header.due_date.0 < header.date.0 {
        return Err(BillRejection::DueBeforeDate(header.due_date.0.to_string(), header.date.0.to_string()));
    }
    Ok(())
}

impl Bill {
    pub(super) fn update(&self, command: UpdateBill) -> Result<Decision<BillEvent>, Refusal> {
        let before = self.entered()?;
        let mut header = before.clone();
        header.supplier_name = command.supplier_name.unwrap_or(header.supplier_name);
        header.supplier_number = command.supplier_number.unwrap_or(header.supplier_number);
        header.date = command.date.unwrap_or(header.date);
        header.due_date = command.due_date.unwrap_or(header.due_date);
        header.tax_mode = command.tax_mode.unwrap_or(header.tax_mode);
        set(&mut header.supplier_address, command.supplier_address);
        set(&mut header.supplier_tax_id, command.supplier_tax_id);
        set(&mut header.purchase_order, command.purchase_order);
        set(&mut header.note, command.note);
        check_dates(&header)?;
        let changed = changed_fields(before, &header);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let lines = (header.tax_mode != before.tax_mode && !self.lines.is_empty())
            .then(|| self.lines.iter().map(|line| line.in_mode(header.tax_mode)).collect::<Result<Vec<_>, _>>())
            .transpose()?;
        let totals = totals(lines.as_ref().unwrap_or(&self.lines), header.currency)?;
        let mut decision = Decision::nothing();
        if number_key(&header) != number_key(before) {
            decision = decision.release(NUMBER_SCOPE, number_key(before)).claim(NUMBER_SCOPE, number_key(&header), "supplier_number");
        }
        Ok(decision.and(BillUpdated { changed, header, lines, totals }))
    }

    pub(super) fn add_line(&self, command: AddBillLine) -> Result<Decision<BillEvent>, Refusal> {
        let header = self.entered()?;
        let AddBillLine(input) = command;
        if input.line_id.is_none() {
            return Err(BillRejection::LineWithoutId.into());
        }
        let line = input.line(numbered(self.lines.len() + 1), header.currency, header.tax_mode)?;
        match self.lines.iter().find(|known| known.line_id == line.line_id) {
            Some(known) if *known == line => Ok(Decision::nothing()),
            Some(known) => Err(LineRejection::Exists(known.line_id.to_string()).into()),
            None => self.with_line(line),
        }
    }

    fn with_line(&self, line: BillLine) -> Result<Decision<BillEvent>, Refusal> {
        if self.lines.len() >= LINES_MAX {
            return Err(LineRejection::TooMany(LINES_MAX).into());
        }
        let mut lines = self.lines.clone();
        lines.push(line.clone());
        Ok(Decision::event(BillLineAdded { line, totals: totals(&lines, self.currency())? }))
    }

    pub(super) fn remove_line(&self, command: RemoveBillLine) -> Result<Decision<BillEvent>, Refusal> {
        self.entered()?;
        let lines: Vec<BillLine> = self.lines.iter().filter(|line| line.line_id != command.line_id).cloned().collect();
        if lines.len() == self.lines.len() {
            return Err(LineRejection::Unknown(command.line_id.to_string()).into());
        }
        Ok(Decision::event(BillLineRemoved { line_id: command.line_id, totals: totals(&lines, self.currency())? }))
    }

    pub(super) fn import_line(&self, command: ImportBillLine, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        let number = command.supplier_number.clone().map_or_else(|| number_of(context.aggregate_id), Ok)?;
        let named = command.line_id.is_some();
        let mut input = BillLineInput {
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
            expense_role: command.expense_role,
            account: command.account,
        };
        if !named {
            let BillLineInput { description, sku, quantity, unit_price, discount, tax_rate_percent, tax_amount, .. } = &input;
            let said = format!("{description:?} {sku:?} {quantity:?} {unit_price:?} {discount:?} {tax_rate_percent:?} {tax_amount:?}");
            input.line_id = digest(&said).parse().ok();
        }
        if context.version == 0 {
            let header = BillHeader {
                supplier_id: command.supplier_id.unwrap_or_else(|| party_id(&command.supplier_name)).into(),
                supplier_name: command.supplier_name,
                supplier_address: None,
                supplier_tax_id: None,
                supplier_number: number,
                date: command.date,
                due_date: command.due_date.unwrap_or(command.date),
                currency: command.unit_price.currency,
                tax_mode: command.tax_mode,
                purchase_order: None,
                note: command.note,
                source: None,
            };
            return entered(header, vec![input], None);
        }
        let header = self.entered()?;
        let line = input.line(numbered(self.lines.len() + 1), header.currency, header.tax_mode)?;
        match self.lines.iter().find(|known| known.line_id == line.line_id) {
            Some(known) if *known == line && named => Ok(Decision::nothing()),
            Some(known) if named => Err(LineRejection::Exists(known.line_id.to_string()).into()),
            Some(_) => Err(BillRejection::LineRepeated.into()),
            None => self.with_line(line),
        }
    }

    pub(super) fn approve(&self, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        if self.status == BillStatus::Approved {
            return Ok(Decision::nothing());
        }
        let header = self.entered()?;
        if let Some(reason) = &self.disputed {
            return Err(BillRejection::Disputed(reason.to_string()).into());
        }
        if self.lines.is_empty() {
            return Err(BillRejection::NoLines.into());
        }
        check_targets(&self.lines)?;
        let totals = totals(&self.lines, header.currency)?;
        if totals.gross.amount_minor < 0 {
            return Err(BillRejection::NegativeTotal(totals.gross).into());
        }
        let approved_by = context.actor.subject.clone();
        // Imported bills have not taken their number before.
        let decision = Decision::nothing().claim(NUMBER_SCOPE, number_key(header), "supplier_number");
        Ok(decision.and(BillApproved { header: header.clone(), lines: self.lines.clone(), totals, approved_by }))
    }

    pub(super) fn dispute(&self, command: DisputeBill) -> Result<Decision<BillEvent>, BillRejection> {
        if self.status == BillStatus::Voided {
            return Err(BillRejection::Voided);
        }
        match &self.disputed {
            Some(reason) if *reason == command.reason => Ok(Decision::nothing()),
            Some(reason) => Err(BillRejection::DisputedOtherwise(reason.to_string())),
            None => Ok(Decision::event(BillDisputed { reason: command.reason })),
        }
    }

    pub(super) fn settle_dispute(&self, command: SettleDispute) -> Result<Decision<BillEvent>, BillRejection> {
        if self.status == BillStatus::Voided {
            return Err(BillRejection::Voided);
        }
        Ok(match self.disputed {
            Some(_) => Decision::event(BillDisputeSettled { note: command.note }),
            None => Decision::nothing(),
        })
    }

    pub(super) fn erase_supplier(&self, command: EraseSupplier) -> Result<Decision<BillEvent>, BillRejection> {
        if self.erased {
            return Ok(Decision::nothing());
        }
        if self.status == BillStatus::Entered {
            return Err(BillRejection::NotApproved);
        }
        Ok(Decision::event(BillSupplierErased { reason: command.reason }))
    }
}

/// The number that an id stands for, unless nobody has chosen it.
fn number_of(id: &str) -> Result<Reference, BillRejection> {
    let made = uuid::Uuid::try_parse(id).is_ok();
    let id: AggregateId = id.parse().map_err(|_| BillRejection::NoNumber)?;
    if made { Err(BillRejection::NoNumber) } else { Reference::try_from(String::from(id)).map_err(|_| BillRejection::NoNumber) }
}
