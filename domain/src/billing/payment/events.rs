//! What happens to a payment.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::billing::dunning::FinalAction;
use crate::billing::values::{ExternalId, Label, Name, Note};
use crate::events;
use crate::kernel::{Day, Money, Text};

/// Whether an authorised amount is captured at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// At once.
    #[default]
    Automatic,
    /// When somebody asks for it.
    Manual,
}

/// A payment was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRequested {
    /// Who pays.
    pub customer_id: String,
    /// What the payer is called.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// The payment provider's id of the payer, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_customer: Option<ExternalId>,
    /// How much.
    pub amount: Money,
    /// The subscription that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// The invoice that it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// What the payer reads, such as the number of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text<100>>,
    /// The last day on which it is in time.
    pub due_on: Day,
    /// When it counts as overdue.
    pub due_at: DateTime<Utc>,
    /// Whether an authorised amount is captured at once.
    pub capture: CaptureMode,
}

/// The payer must do something, such as confirm with their bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentActionRequired {
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// Where the payer does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<2_000>>,
}

/// The amount is held for us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAuthorized {
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// How much.
    pub amount: Money,
    /// Until when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The provider is asked to capture what it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptureRequested {
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// How much of it; the rest is released.
    pub amount: Money,
}

/// The money is ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptured {
    /// How much.
    pub amount: Money,
    /// How it was paid: `card`, `bank_transfer` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Label>,
    /// The provider's id of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// When.
    pub captured_at: DateTime<Utc>,
    /// Who paid.
    pub customer_id: String,
    /// The subscription that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// The invoice that it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// Whether it came after nobody waited for it any more.
    #[serde(default)]
    pub late: bool,
    /// Whether the invoice has it already, because it was recorded there first.
    #[serde(default)]
    pub recorded: bool,
    /// What the payer is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Option<Name>,
}

/// The provider took an amount that had come in already. It is ours until it is given back, which is asked for at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCapturedAgain {
    /// How much.
    pub amount: Money,
    /// How it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Label>,
    /// The provider's id of the payment.
    pub external_id: ExternalId,
    /// When.
    pub captured_at: DateTime<Utc>,
    /// Who paid.
    pub customer_id: String,
    /// What the payer is called.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// The invoice that had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
}

/// Another amount is owed than before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAdjusted {
    /// What is owed now.
    pub amount: Money,
    /// What was owed before.
    pub before: Money,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
    /// The provider's id of the payment, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// An attempt to collect the amount failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentFailed {
    /// Which attempt, from 1.
    pub attempt: u16,
    /// The provider's code, such as `card_declined`.
    pub code: Label,
    /// What the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Note>,
    /// The provider's id of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// When the next step of dunning follows, where it is overdue already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
}

/// The amount is overdue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentOverdue {
    /// When the first step of dunning follows.
    pub next_at: DateTime<Utc>,
}

/// A step of dunning: the amount is asked for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentDunned {
    /// Which step, from 1.
    pub step: u16,
    /// Which attempt to collect the amount follows from it.
    pub attempt: u16,
    /// When the next step follows.
    pub next_at: DateTime<Utc>,
    /// What is asked for.
    pub amount: Money,
    /// Who pays.
    pub customer_id: String,
    /// The provider's id of the payer, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_customer: Option<ExternalId>,
    /// The provider's id of the payment, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What the payer reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text<100>>,
    /// Whether an authorised amount is captured at once.
    pub capture: CaptureMode,
}

/// The last step of dunning brought nothing: the amount counts as uncollectible. Should it arrive after all, it is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentGivenUp {
    /// How many attempts there were.
    pub attempts: u16,
    /// What happens to the subscription.
    pub action: FinalAction,
    /// How much is lost.
    pub amount: Money,
    /// The invoice that is not paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
}

/// The payment is not asked for any more. Should it arrive after all, it is given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentVoided {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
    /// The provider's id of the payment, so that it can be called off there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// Some of the money is to be given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefundRequested {
    /// The refund.
    pub refund_id: String,
    /// How much.
    pub amount: Money,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
    /// The provider's id of the payment; without one it is given back by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// Money was given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefundCompleted {
    /// The refund.
    pub refund_id: String,
    /// How much.
    pub amount: Money,
    /// The provider's id of the refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// Who got it.
    pub customer_id: String,
    /// The invoice that had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// When.
    pub refunded_at: DateTime<Utc>,
    /// How it had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Label>,
}

/// Money could not be given back, or came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefundFailed {
    /// The refund.
    pub refund_id: String,
    /// How much.
    pub amount: Money,
    /// Why not.
    pub reason: Note,
    /// Whether it had been given back before: it is ours again.
    #[serde(default)]
    pub came_back: bool,
    /// Who should have got it.
    pub customer_id: String,
    /// What they are called.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// The invoice that had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// When.
    pub failed_at: DateTime<Utc>,
    /// How it had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Label>,
}

/// The payer's bank demands the money back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChargebackOpened {
    /// The provider's id of the dispute.
    pub dispute_id: ExternalId,
    /// How much.
    pub amount: Money,
    /// Why, in the provider's words.
    pub reason: Label,
    /// Who paid.
    pub customer_id: String,
    /// The invoice that had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargebackOutcome {
    /// The money is ours.
    Won,
    /// The money is gone.
    Lost,
}

/// A dispute ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChargebackClosed {
    /// The provider's id of the dispute.
    pub dispute_id: ExternalId,
    /// How it ended.
    pub outcome: ChargebackOutcome,
    /// How much it was about.
    pub amount: Money,
    /// Who paid.
    pub customer_id: String,
    /// The invoice that had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
}

events! {
    /// What happens to a payment.
    pub enum PaymentEvent {
        PaymentRequested = "payment_requested" 1,
        PaymentActionRequired = "payment_action_required" 1,
        PaymentAuthorized = "payment_authorized" 1,
        PaymentCaptureRequested = "payment_capture_requested" 1,
        PaymentCaptured = "payment_captured" 1,
        PaymentCapturedAgain = "payment_captured_again" 1,
        PaymentAdjusted = "payment_adjusted" 1,
        PaymentFailed = "payment_failed" 1,
        PaymentOverdue = "payment_overdue" 1,
        PaymentDunned = "payment_dunned" 1,
        PaymentGivenUp = "payment_given_up" 1,
        PaymentVoided = "payment_voided" 1,
        RefundRequested = "refund_requested" 1,
        RefundCompleted = "refund_completed" 1,
        RefundFailed = "refund_failed" 1,
        ChargebackOpened = "chargeback_opened" 1,
        ChargebackClosed = "chargeback_closed" 1,
    }
}
