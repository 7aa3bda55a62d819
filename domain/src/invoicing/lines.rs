//! The lines of documents, and what follows from them: totals, and sums for the ledger.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::amounts::{AmountRejection, Amounts, Discount, Price, Totals, rate_of};
use super::decimals::{Percent, Quantity, UnitPrice};
use super::values::{AMOUNT_MINOR_MAX, ExpenseRole, Label, RevenueRole, Role, TaxCategory, TaxMode, ValueRejection};
use crate::kernel::{AggregateId, Currency, Money, Text};
use crate::rejections;

/// How many lines a document has at most.
pub const LINES_MAX: usize = 500;
/// How many roles and accounts the lines of a document name at most, so that it can be one entry in the journal.
const TARGETS_MAX: usize = 150;

/// What a line is for.
pub type Description = Text<1_000>;

/// Where the amount of a line goes in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The role whose account takes it.
    pub role: String,
    /// The account that takes it instead of the role's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AggregateId>,
}

/// A part of a document's net amount, by where it goes in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// Where it goes.
    #[serde(flatten)]
    pub target: Target,
    /// The net amount.
    pub net: Money,
}

/// What lines of all kinds of documents have in common.
pub trait DocumentLine {
    /// What names the line within the document.
    fn line_id(&self) -> &AggregateId;
    /// What it is for.
    fn description(&self) -> &Description;
    /// Category and rate of its tax.
    fn tax_key(&self) -> (TaxCategory, Percent);
    /// Its amounts.
    fn amounts(&self) -> Amounts;
    /// Where its net amount goes.
    fn target(&self) -> Target;
    /// The line with its amounts for another tax mode.
    fn in_mode(&self, mode: TaxMode) -> Result<Self, LineRejection>
    where
        Self: Sized;
}

/// Declares the lines of a kind of document: as commands give them, and as events hold them.
macro_rules! lines {
    ($input:ident, $line:ident, $field:ident: $role:ty, $document:literal) => {
        #[doc = concat!("A line of ", $document, ", as commands give it.")]
        #[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $input {
            /// Names the line within the document; where it is left out among the first lines, they are numbered from 1.
            #[serde(default)]
            pub line_id: Option<AggregateId>,
            /// What it is for.
            pub description: Description,
            /// The product.
            #[serde(default)]
            pub product_id: Option<Text<128>>,
            /// The stock keeping unit.
            #[serde(default)]
            pub sku: Option<Label>,
            /// How many; 1 where it is left out. Not 0.
            #[serde(default)]
            pub quantity: Option<Quantity>,
            /// What is counted: `h`, `kg`, `pcs`.
            #[serde(default)]
            pub unit: Option<Text<16>>,
            /// The price of one, in the currency of the document; below 0 for what is taken off.
            pub unit_price: UnitPrice,
            /// What is taken off.
            #[serde(default)]
            pub discount: Option<Discount>,
            /// The tax rate; where it is left out, the one that `tax_amount` follows from, or else 0.
            #[serde(default)]
            pub tax_rate_percent: Option<Percent>,
            /// Why the rate applies; `standard` for rates above 0 and `zero` for 0 where it is left out.
            #[serde(default)]
            pub tax_category: Option<TaxCategory>,
            /// The tax as the document of somebody else states it, where it differs from what follows from the rate.
            #[serde(default)]
            pub tax_amount: Option<Money>,
            /// What the line is in the accounting.
            #[serde(default)]
            pub $field: $role,
            /// The account that takes it instead of the role's.
            #[serde(default)]
            pub account: Option<AggregateId>,
        }

        #[doc = concat!("A line of ", $document, ", with its amounts.")]
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $line {
            /// What names it within the document.
            pub line_id: AggregateId,
            /// What it is for.
            pub description: Description,
            /// The product.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub product_id: Option<Text<128>>,
            /// The stock keeping unit.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sku: Option<Label>,
            /// How many.
            pub quantity: Quantity,
            /// What is counted.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub unit: Option<Text<16>>,
            /// The price of one.
            pub unit_price: UnitPrice,
            /// What is taken off.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub discount: Option<Discount>,
            /// Why the tax rate applies.
            pub tax_category: TaxCategory,
            /// The tax rate.
            pub tax_rate_percent: Percent,
            /// The tax as a document of somebody else states it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub stated_tax: Option<Money>,
            /// What the line is in the accounting.
            pub $field: $role,
            /// The account that takes it instead of the role's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub account: Option<AggregateId>,
            /// Without tax.
            pub net: Money,
            /// The tax.
            pub tax: Money,
            /// With tax.
            pub gross: Money,
        }

        impl $input {
            /// The line with its amounts. `line_id` names it where the command does not.
            pub fn line(self, line_id: AggregateId, currency: Currency, mode: TaxMode) -> Result<$line, LineRejection> {
                let quantity = self.quantity.unwrap_or_else(one);
                let rate = match (self.tax_rate_percent, self.tax_amount) {
                    (Some(rate), _) => rate,
                    (None, None) => nothing(),
                    (None, Some(tax)) => {
                        let (unit_price, discount) = (self.unit_price.amount_minor, self.discount);
                        let untaxed = Price { quantity, unit_price, discount, rate: nothing(), stated_tax: Some(tax.amount_minor) };
                        rate_of(untaxed.amounts(mode)?.net, tax.amount_minor)
                    }
                };
                let none = Money::new(0, currency);
                let line = $line {
                    line_id: self.line_id.unwrap_or(line_id),
                    description: self.description,
                    product_id: self.product_id,
                    sku: self.sku,
                    quantity,
                    unit: self.unit,
                    unit_price: self.unit_price,
                    discount: self.discount,
                    tax_category: self.tax_category.unwrap_or(if rate.is_zero() { TaxCategory::Zero } else { TaxCategory::Standard }),
                    tax_rate_percent: rate,
                    stated_tax: self.tax_amount,
                    $field: self.$field,
                    account: self.account,
                    net: none,
                    tax: none,
                    gross: none,
                };
                line.check(currency)?;
                line.in_mode(mode)
            }
        }

        impl $line {
            fn check(&self, currency: Currency) -> Result<(), LineRejection> {
                let discount = match self.discount {
                    Some(Discount::Amount(amount)) => Some(amount.currency),
                    _ => None,
                };
                let stated = self.stated_tax.map(|tax| tax.currency);
                let stranger = [Some(self.unit_price.currency), discount, stated].into_iter().flatten().find(|given| *given != currency);
                if let Some(given) = stranger {
                    return Err(LineRejection::Value(ValueRejection::CurrencyMismatch(given, currency)));
                }
                if self.quantity.is_zero() {
                    return Err(LineRejection::NoQuantity);
                }
                if (self.tax_category == TaxCategory::Standard) == self.tax_rate_percent.is_zero() {
                    return Err(LineRejection::RateAgainstCategory);
                }
                match self.stated_tax {
                    Some(tax) if tax.amount_minor.abs() > AMOUNT_MINOR_MAX => Err(LineRejection::Amount(AmountRejection::TooLarge)),
                    _ => Ok(()),
                }
            }
        }

        impl DocumentLine for $line {
            fn line_id(&self) -> &AggregateId {
                &self.line_id
            }

            fn description(&self) -> &Description {
                &self.description
            }

            fn tax_key(&self) -> (TaxCategory, Percent) {
                (self.tax_category, self.tax_rate_percent)
            }

            fn amounts(&self) -> Amounts {
                Amounts { net: self.net.amount_minor, tax: self.tax.amount_minor, gross: self.gross.amount_minor }
            }

            fn target(&self) -> Target {
                Target { role: self.$field.role().to_owned(), account: self.account.clone() }
            }

            fn in_mode(&self, mode: TaxMode) -> Result<Self, LineRejection> {
                let price = Price {
                    quantity: self.quantity,
                    unit_price: self.unit_price.amount_minor,
                    discount: self.discount,
                    rate: self.tax_rate_percent,
                    stated_tax: self.stated_tax.map(|tax| tax.amount_minor),
                };
                let Amounts { net, tax, gross } = price.amounts(mode)?;
                let money = |amount_minor| Money::new(amount_minor, self.unit_price.currency);
                Ok(Self { net: money(net), tax: money(tax), gross: money(gross), ..self.clone() })
            }
        }
    };
}

lines!(InvoiceLineInput, InvoiceLine, revenue_role: RevenueRole, "an invoice");
lines!(BillLineInput, BillLine, expense_role: ExpenseRole, "a bill");

fn nothing() -> Percent {
    Percent::try_from(0).expect("0 is a share")
}

fn one() -> Quantity {
    Quantity::try_from(1).expect("1 is a quantity")
}

/// The id of the line with this number.
pub(super) fn numbered(number: usize) -> AggregateId {
    AggregateId::try_from(number.to_string()).expect("digits make an id")
}

/// The sums over lines.
pub fn totals<L: DocumentLine>(lines: &[L], currency: Currency) -> Result<Totals, AmountRejection> {
    Totals::of(lines.iter().map(|line| (line.tax_key().0, line.tax_key().1, line.amounts())), currency)
}

/// The net amounts of lines by where they go in the ledger.
pub fn shares<L: DocumentLine>(lines: &[L], currency: Currency) -> Vec<Share> {
    let mut sums: BTreeMap<Target, i64> = BTreeMap::new();
    for line in lines {
        *sums.entry(line.target()).or_default() += line.amounts().net;
    }
    sums.into_iter().map(|(target, net)| Share { target, net: Money::new(net, currency) }).collect()
}

/// Checks the lines of a document that is about to be final: that there are not too many places for them in the ledger.
pub(super) fn check_targets<L: DocumentLine>(lines: &[L]) -> Result<(), LineRejection> {
    let targets: std::collections::BTreeSet<Target> = lines.iter().map(DocumentLine::target).collect();
    if targets.len() > TARGETS_MAX { Err(LineRejection::TooManyAccounts(TARGETS_MAX)) } else { Ok(()) }
}

/// Checks the lines of a new document: their number, and that each has a name of its own.
pub fn check_names<L: DocumentLine>(lines: &[L]) -> Result<(), LineRejection> {
    if lines.len() > LINES_MAX {
        return Err(LineRejection::TooMany(LINES_MAX));
    }
    let mut seen = std::collections::BTreeSet::new();
    match lines.iter().find(|line| !seen.insert(line.line_id())) {
        Some(double) => Err(LineRejection::Exists(double.line_id().to_string())),
        None => Ok(()),
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a line is refused.
    pub enum LineRejection in "invoicing" {
        /// A value of it.
        #[error("{0}")]
        Value(ValueRejection) => "currency_mismatch" ["unit_price", "discount", "tax_amount"],
        /// Its amounts.
        #[error("{0}")]
        Amount(AmountRejection) => "amount_too_large" ["quantity", "unit_price"],
        /// A discount beyond the line.
        #[error("A discount is between 0 and what the line amounts to.")]
        Discount => "discount_out_of_range" ["discount"],
        /// None of something.
        #[error("A line is for a quantity other than 0.")]
        NoQuantity => "quantity_missing" ["quantity"],
        /// A rate that the category does not have.
        #[error("The category `standard` has a rate above 0, and every other category the rate 0.")]
        RateAgainstCategory => "tax_rate_invalid" ["tax_category", "tax_rate_percent"],
        /// Too many lines.
        #[error("A document has at most {0} lines.")]
        TooMany(usize) => "too_many_lines" ["lines"],
        /// Too many accounts.
        #[error("The lines of a document name at most {0} accounts; use fewer.")]
        TooManyAccounts(usize) => "too_many_accounts" ["lines", "account"],
        /// Two lines of one name.
        #[error("The document has a line `{0}` already; give each line a `line_id` of its own.")]
        Exists(String) => "line_exists" ["line_id", "lines"],
        /// No such line.
        #[error("The document has no line `{0}`.")]
        Unknown(String) => "line_unknown" ["line_id"],
    }
}

impl From<AmountRejection> for LineRejection {
    fn from(rejection: AmountRejection) -> Self {
        match rejection {
            AmountRejection::DiscountTooLarge => Self::Discount,
            AmountRejection::TooLarge => Self::Amount(rejection),
        }
    }
}
