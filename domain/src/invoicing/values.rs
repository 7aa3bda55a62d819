//! Values that the documents of invoicing share: parties, sources, methods of payment.

use std::borrow::Cow;

use chrono::Days;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::kernel::{AggregateId, Context, Currency, Day, Money, Text, fold};
use crate::rejections;

/// A name of a person, company or thing.
pub type Name = Text<200>;
/// A longer remark, printed on the document.
pub type Note = Text<2_000>;
/// A short word: a unit, a stock keeping unit, an account's code.
pub type Label = Text<64>;
/// Why something was done.
pub type Reason = Text<500>;
/// What a document is about: a project, a subscription.
pub type Subject = Text<400>;
/// What a payment is known by; as long as the remittance information of a credit transfer (ISO 20022, `Ustrd`, 140 characters).
pub type Reference = Text<140>;

/// The largest amount of money that a document carries, in minor units; thousands of them can be added up in 64 bits.
pub const AMOUNT_MINOR_MAX: i64 = 9_000_000_000_000_000;

// ------------------------------------------------------------------------------------------------------- documents

/// Whether the prices of a document include its taxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxMode {
    /// Tax comes on top of prices.
    #[default]
    Exclusive,
    /// Prices include tax.
    Inclusive,
}

/// Why a tax rate applies; the codes of EN 16931 (UNTDID 5305) are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxCategory {
    /// A rate above zero (S).
    Standard,
    /// A rate of zero (Z).
    Zero,
    /// Exempt from tax (E).
    Exempt,
    /// The buyer accounts for the tax (AE).
    ReverseCharge,
    /// Exported goods (G).
    Export,
    /// Outside the scope of the tax (O).
    OutOfScope,
}

/// Which revenue a line of an invoice is; the accounting has an account for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevenueRole {
    /// Goods.
    #[default]
    SalesRevenue,
    /// Services.
    ServiceRevenue,
    /// What is yet to be delivered.
    DeferredRevenue,
}

/// What a line of a bill is for; the accounting has an account for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpenseRole {
    /// What is used up.
    #[default]
    Expense,
    /// Goods for stock. Their receipt, booked before or after the bill, brings the stock its value and meets the bill here; `inventory`
    /// means the same.
    #[serde(alias = "inventory")]
    GoodsReceivedNotInvoiced,
    /// Fees of banks and payment services.
    Fees,
}

/// A role as the accounting names it.
pub trait Role {
    /// The name.
    fn role(self) -> &'static str;
}

impl Role for RevenueRole {
    fn role(self) -> &'static str {
        match self {
            Self::SalesRevenue => "sales_revenue",
            Self::ServiceRevenue => "service_revenue",
            Self::DeferredRevenue => "deferred_revenue",
        }
    }
}

impl Role for ExpenseRole {
    fn role(self) -> &'static str {
        match self {
            Self::Expense => "expense",
            Self::GoodsReceivedNotInvoiced => "goods_received_not_invoiced",
            Self::Fees => "fees",
        }
    }
}

/// How money changed hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", from = "String")]
#[schemars(!from)]
pub enum PaymentMethod {
    /// To or from a bank account.
    #[default]
    BankTransfer,
    /// Collected from the payer's bank account.
    DirectDebit,
    /// By credit or debit card.
    Card,
    /// By cheque.
    Cheque,
    /// In cash.
    Cash,
    /// Otherwise, such as through a payment service.
    Other,
}

impl From<String> for PaymentMethod {
    /// Reads the names of common products too: `Credit Card`, `Check`, `Bank transfer`. Any other word means [`PaymentMethod::Other`].
    fn from(text: String) -> Self {
        match fold(&text).replace(['-', ' '], "_").as_str() {
            "bank_transfer" | "bank" | "transfer" | "wire" | "wire_transfer" | "ach" | "eft" | "sepa" => Self::BankTransfer,
            "card" | "credit_card" | "debit_card" => Self::Card,
            "cheque" | "check" => Self::Cheque,
            "cash" => Self::Cash,
            debit if debit.ends_with("_debit") => Self::DirectDebit,
            // Payment services have dozens of methods, and add to them.
            _ => Self::Other,
        }
    }
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number, further lines separated by line ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<Text<500>>,
    /// Postal code as written in the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Text<32>>,
    /// City or town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Name>,
    /// State, province or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
    /// Country, as a name or an ISO 3166-1 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Name>,
}

/// The longest email address (RFC 5321 §4.5.3.1.3, less the angle brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// An email address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if email_address::EmailAddress::is_valid(text) && text.len() <= EMAIL_BYTES_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err("the text is not an email address".to_owned())
        }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl JsonSchema for Email {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Email".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "email", "maxLength": EMAIL_BYTES_MAX })
    }
}

/// What a document comes from, such as the period of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The context.
    pub context: Text<40>,
    /// The id of the thing in that context.
    pub id: Text<200>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text<200>>,
}

// --------------------------------------------------------------------------------------------------------- patches

/// A field of a patch: absent leaves the value as it is, `null` clears it, anything else sets it.
pub type Patch<T> = Option<Option<T>>;

/// Sets a field from a [`Patch`].
pub fn set<T>(field: &mut Option<T>, patch: Patch<T>) {
    if let Some(value) = patch {
        *field = value;
    }
}

/// Reads a present field of a [`Patch`]; use with `#[serde(default, deserialize_with = "patched")]`.
pub fn patched<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The names of the fields in which two records differ, in order.
pub fn changed_fields<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let fields = |record: &T| match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let mut changed: Vec<String> =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    changed.sort();
    changed.dedup();
    changed
}

// ---------------------------------------------------------------------------------------------------------- checks

/// A day that is not in the future, where the day of the easternmost time zone counts as today; today (UTC) where none is given.
pub fn past_day(day: Option<Day>, context: &Context<'_>) -> Result<Day, ValueRejection> {
    let today = context.now.date_naive();
    let day = day.unwrap_or(Day(today));
    if today.succ_opt().is_some_and(|tomorrow| day.0 > tomorrow) { Err(ValueRejection::DayInFuture(day.0.to_string())) } else { Ok(day) }
}

/// The day so many days later.
pub fn days_after(day: Day, days: u16) -> Day {
    Day(day.0.checked_add_days(Days::new(days.into())).unwrap_or(day.0))
}

/// An amount that can change hands: more than nothing, not absurd, in this currency.
pub fn amount_of(amount: Money, currency: Currency) -> Result<i64, ValueRejection> {
    if amount.currency != currency {
        return Err(ValueRejection::CurrencyMismatch(amount.currency, currency));
    }
    if (1..=AMOUNT_MINOR_MAX).contains(&amount.amount_minor) {
        Ok(amount.amount_minor)
    } else {
        Err(ValueRejection::AmountOutOfRange(Money::new(AMOUNT_MINOR_MAX, currency)))
    }
}

/// What stands in place of a name that was erased.
///
/// # Panics
/// Never: the literal is a name.
pub fn erased_name() -> Name {
    Name::try_from("(erased)".to_owned()).expect("the literal is a name")
}

/// The id of a party that a file names without an id: the readable letters of its name, and a digest of the folded name that tells
/// apart what the letters do not.
pub(super) fn party_id(name: &str) -> AggregateId {
    let folded = fold(name);
    let words: Vec<String> =
        folded.split_whitespace().map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>()).collect();
    let readable: String = words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join("-").chars().take(60).collect();
    let id = if readable.is_empty() { digest(&folded) } else { format!("{readable}-{}", digest(&folded)) };
    AggregateId::try_from(id).expect("letters, digits and hyphens make an id")
}

/// A short name for a text: FNV-1a with 64 bits, which is enough to tell apart what one tenant writes, and not meant to resist an attack.
pub(super) fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

rejections! {
    /// Why a value is refused, whatever document it is for.
    pub enum ValueRejection in "invoicing" {
        /// Something that has not happened yet.
        #[error("{0} is in the future; give a day up to today.")]
        DayInFuture(String) => "day_in_future" ["date"],
        /// An amount of nothing, less than nothing, or an absurd one.
        #[error("An amount is more than 0 and at most {0}.")]
        AmountOutOfRange(Money) => "amount_out_of_range" ["amount"],
        /// An amount that the currency cannot express.
        #[error("{0} is not an amount of {1}; give no more decimals than the currency has.")]
        NotAnAmount(String, Currency) => "amount_not_of_currency" ["tax_amount"],
        /// An amount in another currency than that of the document.
        #[error("The amount is in {0}, and the document in {1}; give it in {1}.")]
        CurrencyMismatch(Currency, Currency) => "currency_mismatch" ["amount", "unit_price"],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn methods_of_payment_are_known_by_several_names() {
        let read = |text: &str| serde_json::from_value::<PaymentMethod>(json!(text)).ok();
        assert_eq!(read("Credit Card"), Some(PaymentMethod::Card));
        assert_eq!(read("bank-transfer"), Some(PaymentMethod::BankTransfer));
        assert_eq!((read("sepa_debit"), read("klarna")), (Some(PaymentMethod::DirectDebit), Some(PaymentMethod::Other)));
        for method in ["bank_transfer", "direct_debit", "card", "cheque", "cash", "other"] {
            assert_eq!(serde_json::to_value(read(method).unwrap()).unwrap(), json!(method));
        }
    }

    #[test]
    fn a_party_is_known_by_its_name_however_it_is_written() {
        assert_eq!(party_id("ACME  Ltd."), party_id("acme ltd."));
        assert_ne!(party_id("Łukasz Żółć"), party_id("Łukasz Żółw"));
        assert!(party_id("ACME Ltd.").as_str().starts_with("acme-ltd-"));
        assert_eq!(party_id("株式会社").as_str().len(), 16);
    }

    #[test]
    fn a_bill_of_goods_meets_their_receipt_and_not_the_stock() {
        let read = |text: &str| serde_json::from_value::<ExpenseRole>(json!(text)).unwrap().role();
        assert_eq!(
            (read("inventory"), read("goods_received_not_invoiced")),
            ("goods_received_not_invoiced", "goods_received_not_invoiced")
        );
    }

    #[test]
    fn an_email_address_is_one() {
        assert!(Email::try_from(" ada@example.com ".to_owned()).is_ok() && Email::try_from("ada".to_owned()).is_err());
    }
}
