//! A customer's account: the credit that a customer has from payments in excess and from credit notes on what was paid. Its id is
//! the customer's. It comes into being with the first credit; invoices take from it, and what is left can be paid back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Name, PaymentMethod, Reason, Reference, amount_of, past_day};
use crate::kernel::{Aggregate, Context, Currency, Day, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many refunds of one account are remembered, so that none is booked twice.
const REFUNDS_MAX: usize = 1_000;

// ---------------------------------------------------------------------------------------------------------- events

/// What a movement of credit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditReason {
    /// A payment of an invoice was more than was owed.
    Overpayment,
    /// A credit note was for more than was owed.
    CreditNote,
    /// A payment was not, or not wholly, for invoices.
    Unallocated,
    /// The credit settled an invoice.
    Applied,
    /// A payment was given back to the payer.
    Refund,
    /// A payment that had brought the credit was reversed.
    Reversal,
}

/// The customer has more credit. What it comes from has its own event; this one moves nothing in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreditAdded {
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much.
    pub amount: Money,
    /// What it comes from.
    pub reason: CreditReason,
    /// The invoice or payment that it comes from.
    pub document_id: String,
}

/// The customer has less credit. What it went to has its own event; this one moves nothing in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreditUsed {
    /// How much.
    pub amount: Money,
    /// What it went to.
    pub reason: CreditReason,
    /// The invoice or payment that it went to.
    pub document_id: String,
}

/// Credit was paid back to the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreditRefunded {
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What the refund is known by.
    pub reference: Reference,
}

/// The customer's name was erased on request. Read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerAccountErased {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

events! {
    /// What happens to a customer's account.
    pub enum CustomerAccountEvent {
        CustomerCreditAdded = "customer_credit_added" 1,
        CustomerCreditUsed = "customer_credit_used" 1,
        CustomerCreditRefunded = "customer_credit_refunded" 1,
        CustomerAccountErased = "customer_account_erased" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A customer account's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerAccount {
    /// The customer's name, as the last document had it; nothing once it is erased.
    pub customer_name: Option<Name>,
    /// The credit by currency, in minor units.
    pub credit: BTreeMap<Currency, i64>,
    /// Refunds by their references.
    pub refunds: BTreeMap<Reference, Money>,
}

impl CustomerAccount {
    /// The credit of a customer in a currency, in minor units.
    pub(super) fn credit_of(customer_id: &str, currency: Currency, context: &Context<'_>) -> Result<i64, Refusal> {
        let account = context.get::<Self>(customer_id)?;
        Ok(account.and_then(|account| account.credit.get(&currency).copied()).unwrap_or(0))
    }

    /// Checks that so much credit is there.
    pub(super) fn check(customer_id: &str, wanted: Money, context: &Context<'_>) -> Result<(), Refusal> {
        let credit = Self::credit_of(customer_id, wanted.currency, context)?;
        if wanted.amount_minor > credit {
            return Err(CustomerAccountRejection::NotEnough(Money::new(credit, wanted.currency)).into());
        }
        Ok(())
    }
}

/// Adds credit to a customer's account, if there is any to add.
pub(super) fn add<E>(
    decision: Decision<E>,
    customer_id: &str,
    added: CustomerCreditAdded,
    context: &Context<'_>,
) -> Result<Decision<E>, Refusal> {
    if added.amount.amount_minor == 0 {
        return Ok(decision);
    }
    context.get::<CustomerAccount>(customer_id)?;
    Ok(decision.also::<CustomerAccount>(customer_id, added))
}

/// Takes credit from a customer's account, if any is to be taken; refuses where there is not enough.
pub(super) fn take<E>(
    decision: Decision<E>,
    customer_id: &str,
    used: CustomerCreditUsed,
    context: &Context<'_>,
) -> Result<Decision<E>, Refusal> {
    if used.amount.amount_minor == 0 {
        return Ok(decision);
    }
    CustomerAccount::check(customer_id, used.amount, context)?;
    Ok(decision.also::<CustomerAccount>(customer_id, used))
}

// -------------------------------------------------------------------------------------------------------- commands

/// Records that credit was paid back to the customer. Recording a refund again under its reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundCredit {
    /// How much.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the refund is known by.
    pub reference: Reference,
}

/// Erases the customer's name from the account, once there is no credit left to be paid back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseAccountCustomer {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

commands! {
    /// What can be asked of a customer's account.
    pub enum CustomerAccountCommand {
        "refund-credit" => RefundCredit {
            "amount": { "amount_minor": 2_500, "currency": "EUR" }, "method": "bank_transfer", "date": "2026-03-01", "reference": "refund 17"
        },
        "erase-customer" => EraseAccountCustomer { "reason": "request of 2036-03-01, GDPR article 17" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for CustomerAccount {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "customer-account";
    type Command = CustomerAccountCommand;
    type Event = CustomerAccountEvent;

    fn apply(&mut self, event: &CustomerAccountEvent) {
        match event {
            CustomerAccountEvent::CustomerCreditAdded(e) => {
                self.customer_name = Some(e.customer_name.clone());
                *self.credit.entry(e.amount.currency).or_default() += e.amount.amount_minor;
            }
            CustomerAccountEvent::CustomerCreditUsed(e) => *self.credit.entry(e.amount.currency).or_default() -= e.amount.amount_minor,
            CustomerAccountEvent::CustomerCreditRefunded(e) => {
                *self.credit.entry(e.amount.currency).or_default() -= e.amount.amount_minor;
                self.refunds.insert(e.reference.clone(), e.amount);
            }
            CustomerAccountEvent::CustomerAccountErased(_) => self.customer_name = None,
        }
    }

    fn handle(&self, command: CustomerAccountCommand, context: &Context<'_>) -> Result<Decision<CustomerAccountEvent>, Refusal> {
        match command {
            CustomerAccountCommand::RefundCredit(command) => self.refund(command, context),
            CustomerAccountCommand::EraseAccountCustomer(_) if self.customer_name.is_none() => Ok(Decision::nothing()),
            CustomerAccountCommand::EraseAccountCustomer(command) => match self.credit.iter().find(|(_, credit)| **credit > 0) {
                Some((currency, credit)) => Err(CustomerAccountRejection::CreditLeft(Money::new(*credit, *currency)).into()),
                None => Ok(Decision::event(CustomerAccountErased { reason: command.reason })),
            },
        }
    }
}

cqrs_aggregate!(CustomerAccount);

impl CustomerAccount {
    fn refund(&self, command: RefundCredit, context: &Context<'_>) -> Result<Decision<CustomerAccountEvent>, Refusal> {
        match self.refunds.get(&command.reference) {
            Some(amount) if *amount == command.amount => return Ok(Decision::nothing()),
            Some(_) => return Err(CustomerAccountRejection::ReferenceUsed(command.reference.to_string()).into()),
            None if self.refunds.len() >= REFUNDS_MAX => return Err(CustomerAccountRejection::TooMany(REFUNDS_MAX).into()),
            None => {}
        }
        let currency = command.amount.currency;
        let amount_minor = amount_of(command.amount, currency)?;
        let credit = self.credit.get(&currency).copied().unwrap_or(0);
        if amount_minor > credit {
            return Err(CustomerAccountRejection::NotEnough(Money::new(credit, currency)).into());
        }
        let Some(customer_name) = self.customer_name.clone() else {
            return Err(CustomerAccountRejection::NotEnough(command.amount).into());
        };
        Ok(Decision::event(CustomerCreditRefunded {
            customer_name,
            amount: command.amount,
            method: command.method,
            date: past_day(command.date, context)?,
            reference: command.reference,
        }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a customer's account refuses a command, or gives no credit.
    pub enum CustomerAccountRejection in "invoicing" {
        /// Less credit than that.
        #[error("The customer has {0} of credit; no more can be used or paid back.")]
        NotEnough(Money) => "credit_insufficient" ["amount"],
        /// Credit that somebody must be able to pay back.
        #[error("The customer has {0} of credit; pay it back before the name is erased.")]
        CreditLeft(Money) => "credit_left" ["id"],
        /// Another refund has the reference.
        #[error("Another refund of the customer has the reference `{0}`; give this one another.")]
        ReferenceUsed(String) => "refund_reference_used" ["reference"],
        /// Too many refunds.
        #[error("An account has at most {0} refunds.")]
        TooMany(usize) => "too_many_refunds" ["reference"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{Given, assert_examples_decode, given};

    fn euro(amount_minor: i64) -> Money {
        Money::new(amount_minor, Currency::EUR)
    }

    fn with_credit() -> Given<CustomerAccount> {
        let name = Name::try_from("Ada".to_owned()).unwrap();
        let added =
            CustomerCreditAdded { customer_name: name, amount: euro(100), reason: CreditReason::Overpayment, document_id: "i-1".into() };
        given([added.into()])
    }

    fn body(amount_minor: i64, reference: &str) -> serde_json::Value {
        json!({ "amount": { "amount_minor": amount_minor, "currency": "EUR" }, "reference": reference })
    }

    #[test]
    fn credit_is_paid_back_once() {
        let expected = CustomerCreditRefunded {
            customer_name: Name::try_from("Ada".to_owned()).unwrap(),
            amount: euro(60),
            method: PaymentMethod::BankTransfer,
            date: Day("2026-03-01".parse().unwrap()),
            reference: Reference::try_from("r-1".to_owned()).unwrap(),
        };
        let given = with_credit().when_json("refund-credit", &body(60, "r-1")).then([expected.into()]);
        assert_eq!(given.state().credit[&Currency::EUR], 40);
        let given = given.when_json("refund-credit", &body(60, "r-1")).then_nothing();
        given.when_json("refund-credit", &body(61, "r-1")).then_rejected("invoicing.refund_reference_used");
    }

    #[test]
    fn no_more_than_the_credit_is_paid_back() {
        with_credit().when_json("refund-credit", &body(101, "r")).then_rejected("invoicing.credit_insufficient");
        with_credit().when_json("refund-credit", &body(0, "r")).then_rejected("invoicing.amount_out_of_range");
        let mut dollars = body(5, "r");
        dollars["amount"]["currency"] = json!("USD");
        with_credit().when_json("refund-credit", &dollars).then_rejected("invoicing.credit_insufficient");
        let mut later = body(5, "r");
        later["date"] = json!("2026-03-05");
        with_credit().when_json("refund-credit", &later).then_rejected("invoicing.day_in_future");
    }

    #[test]
    fn an_account_remembers_a_bounded_number_of_refunds() {
        let events = (0..REFUNDS_MAX).map(|number| {
            let refunded = CustomerCreditRefunded {
                customer_name: Name::try_from("Ada".to_owned()).unwrap(),
                amount: euro(0),
                method: PaymentMethod::Cash,
                date: Day("2026-03-01".parse().unwrap()),
                reference: Reference::try_from(format!("r-{number}")).unwrap(),
            };
            refunded.into()
        });
        given::<CustomerAccount>(events).when_json("refund-credit", &body(1, "more")).then_rejected("invoicing.too_many_refunds");
    }

    #[test]
    fn a_name_is_erased_once_nothing_is_left_to_be_paid_back() {
        let reason = json!({ "reason": "asked" });
        with_credit().when_json("erase-customer", &reason).then_rejected("invoicing.credit_left");
        let given = with_credit().when_json("refund-credit", &body(100, "r-1")).then_accepted();
        let given = given.when_json("erase-customer", &reason).then_accepted();
        assert_eq!(given.state().customer_name, None);
        given.when_json("erase-customer", &reason).then_nothing();
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<CustomerAccount>();
    }
}
