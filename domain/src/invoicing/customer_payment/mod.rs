//! A payment of a customer that is not for one invoice alone: over several invoices, more than they ask for, or before there is any.
//!
//! Its parts are payments of their invoices, written in the same transaction; what is for no invoice is credit on the customer's
//! account. The ledger follows the events of this aggregate: one line of a bank statement is one entry.

mod events;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::events::*;
use super::customer_account::{self, CreditReason, CustomerCreditAdded, CustomerCreditUsed};
use super::invoice::{Invoice, InvoiceRejection, PAYMENT_SCOPE, PaymentPart, payment_key};
use super::values::{Name, PaymentMethod, Reason, Reference, amount_of, erased_name, party_id, past_day};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Day, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, rejections};

/// How many invoices one payment is for at most.
const ALLOCATIONS_MAX: usize = 100;
/// How many refunds one payment has at most.
const REFUNDS_MAX: usize = 100;

// ----------------------------------------------------------------------------------------------------------- state

/// A customer payment's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPayment {
    /// The payment as it came in; nothing before that.
    pub received: Option<CustomerPaymentReceived>,
    /// The parts that are for invoices.
    pub allocations: Vec<Allocation>,
    /// What is for no invoice, in minor units.
    pub unallocated_minor: i64,
    /// Refunds: what each is known by, and how much.
    pub refunds: Vec<(Reference, Money)>,
    /// Whether it went back.
    pub reversed: bool,
    /// Whether the payer's name was erased.
    pub erased: bool,
}

impl CustomerPayment {
    fn known(&self) -> Result<&CustomerPaymentReceived, CustomerPaymentRejection> {
        match &self.received {
            Some(received) if !self.reversed => Ok(received),
            _ => Err(CustomerPaymentRejection::Reversed),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// A part of a payment, for one invoice.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocate {
    /// The invoice; the customer's own, and final.
    pub invoice_id: AggregateId,
    /// How much; as much as possible where it is left out.
    #[serde(default)]
    pub amount: Option<Money>,
}

/// Records a payment of a customer. Two payments of a customer never have the same reference.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivePayment {
    /// The customer's id; where it is left out, that of the invoices, or else one made from the name, the same for the same name.
    #[serde(default)]
    pub customer_id: Option<AggregateId>,
    /// The customer's name; that of the invoices where it is left out.
    #[serde(default)]
    pub customer_name: Option<Name>,
    /// How much came in.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the payment is known by.
    pub reference: Reference,
    /// The invoice that it is for, where it is one only.
    #[serde(default)]
    pub invoice_id: Option<AggregateId>,
    /// The invoices that it is for, in the order in which they are paid; at most 100. What is left becomes the customer's credit.
    #[serde(default)]
    pub allocations: Vec<Allocate>,
}

/// Gives back what is for no invoice, or a part of it. Recording a refund again under its reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPayment {
    /// How much; all that is for no invoice where it is left out.
    #[serde(default)]
    pub amount: Option<Money>,
    /// How; as it was paid where it is left out.
    #[serde(default)]
    pub method: Option<PaymentMethod>,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the refund is known by.
    pub reference: Reference,
}

/// Records that the whole payment went back: a cheque bounced, a direct debit was returned.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseCustomerPayment {
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// Why.
    pub reason: Reason,
}

/// Erases the payer's name, once the time is over for which it must be kept.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasePayer {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

commands! {
    /// What can be asked of a customer's payment.
    pub enum CustomerPaymentCommand {
        creates "receive" => ReceivePayment {
            "customer_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "customer_name": "Zoë Łukasiewicz",
            "amount": { "amount_minor": 250_000, "currency": "EUR" }, "method": "bank_transfer", "date": "2026-03-01", "reference": "2026-03-01/18"
        },
        "allocate" => Allocate { "invoice_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "amount": { "amount_minor": 100_000, "currency": "EUR" } },
        "refund" => RefundPayment { "reference": "2026-03-08/3" },
        "reverse" => ReverseCustomerPayment { "reason": "cheque bounced" },
        "erase-customer" => ErasePayer { "reason": "request of 2036-03-01, GDPR article 17" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for CustomerPayment {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "customer-payment";
    type Command = CustomerPaymentCommand;
    type Event = CustomerPaymentEvent;

    fn apply(&mut self, event: &CustomerPaymentEvent) {
        match event {
            CustomerPaymentEvent::CustomerPaymentReceived(e) => {
                self.allocations.clone_from(&e.allocations);
                self.unallocated_minor = e.unallocated.amount_minor;
                self.received = Some(e.clone());
            }
            CustomerPaymentEvent::CustomerPaymentAllocated(e) => {
                self.allocations.push(e.allocation.clone());
                self.unallocated_minor = e.unallocated.amount_minor;
            }
            CustomerPaymentEvent::CustomerPaymentRefunded(e) => {
                self.refunds.push((e.reference.clone(), e.amount));
                self.unallocated_minor = e.unallocated.amount_minor;
            }
            CustomerPaymentEvent::CustomerPaymentReversed(_) => {
                self.reversed = true;
                self.unallocated_minor = 0;
            }
            CustomerPaymentEvent::CustomerPaymentErased(_) => {
                self.erased = true;
                if let Some(received) = &mut self.received {
                    received.customer_name = erased_name();
                }
            }
        }
    }

    fn handle(&self, command: CustomerPaymentCommand, context: &Context<'_>) -> Result<Decision<CustomerPaymentEvent>, Refusal> {
        match command {
            CustomerPaymentCommand::ReceivePayment(command) => receive(command, context),
            CustomerPaymentCommand::Allocate(command) => self.allocate(&command, context),
            CustomerPaymentCommand::RefundPayment(command) => self.refund(command, context),
            CustomerPaymentCommand::ReverseCustomerPayment(command) => self.reverse(command, context),
            CustomerPaymentCommand::ErasePayer(_) if self.erased => Ok(Decision::nothing()),
            CustomerPaymentCommand::ErasePayer(command) => Ok(Decision::event(CustomerPaymentErased { reason: command.reason })),
        }
    }
}

cqrs_aggregate!(CustomerPayment);

/// The invoice that a part is for.
fn invoice_of<'a>(id: &AggregateId, context: &Context<'a>) -> Result<&'a Invoice, Refusal> {
    let invoice = context.get::<Invoice>(id.as_str())?;
    invoice.ok_or_else(|| CustomerPaymentRejection::UnknownInvoice(id.to_string()).into())
}

/// What all parts of one payment share.
struct Shared<'a> {
    payment_id: &'a str,
    customer_id: &'a str,
    currency: Currency,
    method: PaymentMethod,
    date: Day,
    reference: &'a Reference,
}

impl Shared<'_> {
    /// Allocates a part of what is left, and writes it to the invoice.
    fn allocate(
        &self,
        wanted: &Allocate,
        left_minor: i64,
        decision: Decision<CustomerPaymentEvent>,
        context: &Context<'_>,
    ) -> Result<(Allocation, Decision<CustomerPaymentEvent>), Refusal> {
        let invoice = invoice_of(&wanted.invoice_id, context)?;
        let owner = invoice.header.as_ref().map(|header| header.customer.customer_id.as_str());
        if owner != Some(self.customer_id) {
            return Err(CustomerPaymentRejection::AnothersInvoice(wanted.invoice_id.to_string()).into());
        }
        let payable_minor = invoice.payable()?.amount_minor;
        let amount_minor = match wanted.amount {
            Some(amount) => amount_of(amount, self.currency)?,
            None => left_minor.min(payable_minor),
        };
        if amount_minor > left_minor || left_minor == 0 {
            return Err(CustomerPaymentRejection::NotEnoughLeft(Money::new(left_minor, self.currency)).into());
        }
        if amount_minor > payable_minor {
            return Err(InvoiceRejection::MoreThanOpen(invoice.payable()?).into());
        }
        let part = invoice.payment(PaymentPart {
            payment_id: self.payment_id.to_owned(),
            customer_payment_id: Some(self.payment_id.to_owned()),
            amount: Money::new(amount_minor, self.currency),
            method: self.method,
            date: self.date,
            reference: self.reference.clone(),
        })?;
        let allocation = Allocation {
            invoice_id: wanted.invoice_id.to_string(),
            number: part.number.clone(),
            amount: part.amount,
            settlement: part.settlement,
        };
        Ok((allocation, decision.also::<Invoice>(wanted.invoice_id.as_str(), part)))
    }
}

fn receive(command: ReceivePayment, context: &Context<'_>) -> Result<Decision<CustomerPaymentEvent>, Refusal> {
    let mut wanted = command.allocations;
    wanted.extend(command.invoice_id.map(|invoice_id| Allocate { invoice_id, amount: None }));
    if wanted.len() > ALLOCATIONS_MAX {
        return Err(CustomerPaymentRejection::TooManyAllocations(ALLOCATIONS_MAX).into());
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(double) = wanted.iter().find(|part| !seen.insert(&part.invoice_id)) {
        return Err(CustomerPaymentRejection::AllocatedAlready(double.invoice_id.to_string()).into());
    }
    let first = wanted.first().map(|part| invoice_of(&part.invoice_id, context)).transpose()?;
    let first = first.and_then(|invoice| invoice.header.as_ref()).map(|header| &header.customer);
    let of_invoice = first.map(|customer| customer.customer_id.clone());
    let of_name = command.customer_name.as_ref().map(|name| party_id(name).into());
    let customer_id = command.customer_id.map(String::from).or(of_invoice).or(of_name).ok_or(CustomerPaymentRejection::NoCustomer)?;
    let customer_name = command.customer_name.or_else(|| first.map(|customer| customer.customer_name.clone()));
    let customer_name = customer_name.ok_or(CustomerPaymentRejection::NoCustomer)?;
    let currency = command.amount.currency;
    let mut left = amount_of(command.amount, currency)?;
    let shared = Shared {
        payment_id: context.aggregate_id,
        customer_id: &customer_id,
        currency,
        method: command.method,
        date: past_day(command.date, context)?,
        reference: &command.reference,
    };
    let mut decision = Decision::nothing().claim(PAYMENT_SCOPE, payment_key(&customer_id, &command.reference), "reference");
    let mut allocations = Vec::with_capacity(wanted.len());
    for part in &wanted {
        let (allocation, written) = shared.allocate(part, left, decision, context)?;
        left -= allocation.amount.amount_minor;
        decision = written;
        allocations.push(allocation);
    }
    let unallocated = Money::new(left, currency);
    let added = CustomerCreditAdded {
        customer_name: customer_name.clone(),
        amount: unallocated,
        reason: CreditReason::Unallocated,
        document_id: context.aggregate_id.to_owned(),
    };
    let received = CustomerPaymentReceived {
        customer_id: customer_id.clone(),
        customer_name,
        amount: command.amount,
        method: command.method,
        date: shared.date,
        reference: command.reference.clone(),
        allocations,
        unallocated,
    };
    customer_account::add(decision.and(received), &customer_id, added, context)
}

impl CustomerPayment {
    fn allocate(&self, command: &Allocate, context: &Context<'_>) -> Result<Decision<CustomerPaymentEvent>, Refusal> {
        let received = self.known()?;
        if let Some(known) = self.allocations.iter().find(|known| known.invoice_id == command.invoice_id.as_str()) {
            let same = command.amount.is_none_or(|amount| amount == known.amount);
            return if same {
                Ok(Decision::nothing())
            } else {
                Err(CustomerPaymentRejection::AllocatedAlready(known.invoice_id.clone()).into())
            };
        }
        if self.allocations.len() >= ALLOCATIONS_MAX {
            return Err(CustomerPaymentRejection::TooManyAllocations(ALLOCATIONS_MAX).into());
        }
        let shared = Shared {
            payment_id: context.aggregate_id,
            customer_id: &received.customer_id,
            currency: received.amount.currency,
            method: received.method,
            date: past_day(None, context)?,
            reference: &received.reference,
        };
        let (allocation, decision) = shared.allocate(command, self.unallocated_minor, Decision::nothing(), context)?;
        let amount = allocation.amount;
        let used = CustomerCreditUsed { amount, reason: CreditReason::Applied, document_id: context.aggregate_id.to_owned() };
        let allocated = CustomerPaymentAllocated {
            customer_id: received.customer_id.clone(),
            date: shared.date,
            reference: received.reference.clone(),
            unallocated: Money::new(self.unallocated_minor - amount.amount_minor, amount.currency),
            allocation,
        };
        customer_account::take(decision.and(allocated), &received.customer_id, used, context)
    }

    fn refund(&self, command: RefundPayment, context: &Context<'_>) -> Result<Decision<CustomerPaymentEvent>, Refusal> {
        let received = self.known()?;
        if let Some((_, amount)) = self.refunds.iter().find(|(reference, _)| *reference == command.reference) {
            let same = command.amount.is_none_or(|wanted| wanted == *amount);
            return if same {
                Ok(Decision::nothing())
            } else {
                Err(CustomerPaymentRejection::RefundReferenceUsed(command.reference.to_string()).into())
            };
        }
        if self.refunds.len() >= REFUNDS_MAX {
            return Err(CustomerPaymentRejection::TooManyRefunds(REFUNDS_MAX).into());
        }
        let currency = received.amount.currency;
        let left = Money::new(self.unallocated_minor, currency);
        let amount = command.amount.unwrap_or(left);
        if amount_of(amount, currency)? > self.unallocated_minor {
            return Err(CustomerPaymentRejection::NotEnoughLeft(left).into());
        }
        let used = CustomerCreditUsed { amount, reason: CreditReason::Refund, document_id: context.aggregate_id.to_owned() };
        let refunded = CustomerPaymentRefunded {
            customer_id: received.customer_id.clone(),
            customer_name: received.customer_name.clone(),
            amount,
            method: command.method.unwrap_or(received.method),
            date: past_day(command.date, context)?,
            reference: command.reference,
            unallocated: Money::new(self.unallocated_minor - amount.amount_minor, currency),
        };
        customer_account::take(Decision::event(refunded), &received.customer_id, used, context)
    }

    fn reverse(&self, command: ReverseCustomerPayment, context: &Context<'_>) -> Result<Decision<CustomerPaymentEvent>, Refusal> {
        if self.reversed {
            return Ok(Decision::nothing());
        }
        let received = self.known()?;
        if !self.refunds.is_empty() {
            return Err(CustomerPaymentRejection::Refunded.into());
        }
        let date = past_day(command.date, context)?;
        let mut decision = Decision::nothing();
        for allocation in &self.allocations {
            let id = allocation.invoice_id.parse().map_err(|_| CustomerPaymentRejection::UnknownInvoice(allocation.invoice_id.clone()))?;
            let invoice = invoice_of(&id, context)?;
            let part = invoice.payments.iter().find(|payment| payment.payment_id == context.aggregate_id && !payment.reversed);
            if let Some(part) = part {
                decision = decision.also::<Invoice>(id.as_str(), invoice.reversal(part, date, command.reason.clone())?);
            }
        }
        let unallocated = Money::new(self.unallocated_minor, received.amount.currency);
        let used = CustomerCreditUsed { amount: unallocated, reason: CreditReason::Reversal, document_id: context.aggregate_id.to_owned() };
        let reversed = CustomerPaymentReversed {
            customer_id: received.customer_id.clone(),
            customer_name: received.customer_name.clone(),
            amount: received.amount,
            method: received.method,
            date,
            reference: received.reference.clone(),
            reason: command.reason,
            allocations: self.allocations.clone(),
            unallocated,
        };
        customer_account::take(decision.and(reversed), &received.customer_id, used, context)
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a customer's payment refuses a command.
    pub enum CustomerPaymentRejection in "invoicing" {
        /// Nobody.
        #[error("Say who paid: the customer's name, or an invoice of theirs.")]
        NoCustomer => "customer_missing" ["customer_id", "customer_name"],
        /// No such invoice.
        #[error("There is no invoice `{0}`.")]
        UnknownInvoice(String) => "invoice_unknown" ["invoice_id", "allocations"],
        /// Somebody else's invoice.
        #[error("The invoice `{0}` is another customer's.")]
        AnothersInvoice(String) => "invoice_of_another_customer" ["invoice_id", "allocations"],
        /// The same invoice twice.
        #[error("A part of the payment is for the invoice `{0}` already; a payment is for each invoice once.")]
        AllocatedAlready(String) => "already_allocated" ["invoice_id", "allocations"],
        /// More than is left.
        #[error("{0} of the payment is for no invoice yet; no more can be allocated or given back.")]
        NotEnoughLeft(Money) => "payment_exhausted" ["amount", "allocations"],
        /// Too many invoices.
        #[error("A payment is for at most {0} invoices.")]
        TooManyAllocations(usize) => "too_many_allocations" ["allocations"],
        /// Another refund has the reference.
        #[error("Another refund of the payment has the reference `{0}`; give this one another.")]
        RefundReferenceUsed(String) => "refund_reference_used" ["reference"],
        /// Too many refunds.
        #[error("A payment has at most {0} refunds.")]
        TooManyRefunds(usize) => "too_many_refunds" ["reference"],
        /// A part was given back.
        #[error("A part of the payment was given back to the payer; it cannot be reversed as a whole.")]
        Refunded => "payment_refunded" ["id"],
        /// The payment went back.
        #[error("The payment was reversed.")]
        Reversed => "payment_reversed" ["id"],
    }
}

#[cfg(test)]
mod tests;
