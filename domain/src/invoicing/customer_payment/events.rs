//! What happens to a payment of a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::invoicing::number_series::DocumentNumber;
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::{Name, PaymentMethod, Reason, Reference};
use crate::kernel::{Day, Money};

/// A part of a payment that is for one invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: String,
    /// Its number.
    pub number: DocumentNumber,
    /// How much.
    pub amount: Money,
    /// Where it went.
    #[serde(flatten)]
    pub settlement: Settlement,
}

/// A payment came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPaymentReceived {
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much came in.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// The parts that are for invoices.
    pub allocations: Vec<Allocation>,
    /// What is for no invoice, and became credit.
    pub unallocated: Money,
}

/// A further part of the payment is for an invoice; it was credit until now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPaymentAllocated {
    /// The customer's id.
    pub customer_id: String,
    /// The part.
    #[serde(flatten)]
    pub allocation: Allocation,
    /// When.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// What is for no invoice still.
    pub unallocated: Money,
}

/// What was for no invoice was given back, or a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPaymentRefunded {
    /// The customer's id.
    pub customer_id: String,
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
    /// What is for no invoice still.
    pub unallocated: Money,
}

/// The whole payment went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPaymentReversed {
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much had come in.
    pub amount: Money,
    /// How it had been paid.
    pub method: PaymentMethod,
    /// When it went back.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// Why it went back.
    pub reason: Reason,
    /// The parts that had been for invoices.
    pub allocations: Vec<Allocation>,
    /// What had been for no invoice.
    pub unallocated: Money,
}

/// The payer's name was erased on request. Read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPaymentErased {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

events! {
    /// What happens to a customer's payment.
    pub enum CustomerPaymentEvent {
        CustomerPaymentReceived = "customer_payment_received" 1,
        CustomerPaymentAllocated = "customer_payment_allocated" 1,
        CustomerPaymentRefunded = "customer_payment_refunded" 1,
        CustomerPaymentReversed = "customer_payment_reversed" 1,
        CustomerPaymentErased = "customer_payment_erased" 1,
    }
}
