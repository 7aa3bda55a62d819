//! What can be asked of a payment.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CaptureMode, ChargebackOutcome};
use crate::billing::values::{ExternalId, Label, Note};
use crate::commands;
use crate::kernel::{AggregateId, Day, Money, Text, When};

/// Asks for a payment.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPayment {
    /// Who pays; must be registered for billing.
    pub customer_id: AggregateId,
    /// How much; more than nothing.
    pub amount: Money,
    /// The subscription that it is for.
    #[serde(default)]
    pub subscription_id: Option<AggregateId>,
    /// The invoice that it pays.
    #[serde(default)]
    pub invoice_id: Option<AggregateId>,
    /// What the payer reads, such as the number of the invoice.
    #[serde(default)]
    pub reference: Option<Text<100>>,
    /// The last day on which it is in time; today (UTC) where nothing is said.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// Whether an authorised amount is captured at once: `automatic` or `manual`.
    #[serde(default)]
    pub capture: CaptureMode,
}

/// Says that the payer must do something.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequireAction {
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// Where the payer does it.
    #[serde(default)]
    pub url: Option<Text<2_000>>,
}

/// Says that an amount is held for us.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizePayment {
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// How much; the whole amount where nothing is said.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Until when it is held.
    #[serde(default)]
    pub expires_at: Option<When>,
}

/// Asks the provider to capture what it holds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestCapture {
    /// How much, at most what is held; all of it where nothing is said.
    pub amount: Option<Money>,
}

/// Says that the money is ours: the provider tells, or somebody saw it on the bank account. What the provider takes after the amount was
/// paid otherwise is given back.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapturePayment {
    /// How much, at most what was asked for or is held; all of it where nothing is said.
    pub amount: Option<Money>,
    /// How it was paid: `card`, `bank_transfer` …
    pub method: Option<Label>,
    /// The provider's id of the payment.
    pub external_id: Option<ExternalId>,
    /// When; now where nothing is said.
    pub captured_at: Option<When>,
    /// Whether the invoice has it already, because it was recorded there first.
    pub recorded: bool,
}

/// Says that an attempt to collect the amount failed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailPayment {
    /// The provider's code, such as `card_declined`.
    pub code: Label,
    /// What the provider says.
    #[serde(default)]
    pub message: Option<Note>,
    /// The provider's id of the payment.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// Which attempt; the last one where nothing is said.
    #[serde(default)]
    pub attempt: Option<u16>,
}

/// Calls the payment off. What was captured is refunded instead.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoidPayment {
    /// Why.
    pub reason: Option<Note>,
}

/// Says what is still owed of it, because the invoice was paid or credited in part, or is owed again. Nothing owed calls the payment off;
/// one that was captured or called off is left alone.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustPayment {
    /// How much is owed.
    pub amount: Money,
    /// Why.
    #[serde(default)]
    pub reason: Option<Note>,
}

/// Takes the next step of dunning. Sent by the clock; does nothing while none is due.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dun {}

/// Gives money back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefund {
    /// Your id of the refund: sent again under the same id, it is the same refund.
    pub refund_id: AggregateId,
    /// How much; all that is left where nothing is said.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Why.
    #[serde(default)]
    pub reason: Option<Note>,
}

/// Says that money was given back. A refund that was not asked for here is taken over.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRefund {
    /// The refund.
    pub refund_id: AggregateId,
    /// How much; what was asked for where nothing is said.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The provider's id of the refund.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
}

/// Says that money could not be given back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailRefund {
    /// The refund.
    pub refund_id: AggregateId,
    /// Why not.
    pub reason: Note,
    /// The provider's id of the refund. A refund that the provider made by itself and never completed is passed over.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
}

/// Says that the payer's bank demands the money back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenChargeback {
    /// The provider's id of the dispute.
    pub dispute_id: ExternalId,
    /// How much; all that was captured where nothing is said.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Why, in the provider's words.
    pub reason: Label,
}

/// Says how a dispute ended.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseChargeback {
    /// The provider's id of the dispute.
    pub dispute_id: ExternalId,
    /// How it ended: `won` or `lost`.
    pub outcome: ChargebackOutcome,
}

commands! {
    /// What can be asked of a payment.
    pub enum PaymentCommand {
        creates "request" => RequestPayment {
            "customer_id": "c-1", "amount": { "amount_minor": 11_900, "currency": "EUR" }, "due_on": "2026-03-15", "reference": "R-1001"
        },
        "require-action" => RequireAction { "external_id": "pi_123", "url": "https://pay.example.com/confirm/1" },
        "authorize" => AuthorizePayment { "external_id": "pi_123" },
        "request-capture" => RequestCapture {},
        "capture" => CapturePayment { "method": "bank_transfer" },
        "fail" => FailPayment { "code": "card_declined", "message": "The card was declined." },
        "void" => VoidPayment { "reason": "The invoice was voided." },
        "adjust" => AdjustPayment { "amount": { "amount_minor": 8_000, "currency": "EUR" }, "reason": "The invoice was credited in part." },
        "dun" => Dun {},
        "refund" => RequestRefund { "refund_id": "r-1", "amount": { "amount_minor": 1_900, "currency": "EUR" }, "reason": "goodwill" },
        "complete-refund" => CompleteRefund { "refund_id": "r-1" },
        "fail-refund" => FailRefund { "refund_id": "r-1", "reason": "The account is closed." },
        "open-chargeback" => OpenChargeback { "dispute_id": "dp_123", "reason": "fraudulent" },
        "close-chargeback" => CloseChargeback { "dispute_id": "dp_123", "outcome": "won" },
    }
}
