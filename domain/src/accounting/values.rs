//! Values that the aggregates of the ledger share: sides, kinds of accounts, roles.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::kernel::{AggregateId, Text};

/// The id of the aggregates of which a tenant has one: the chart, the posting profile, the calendar.
pub const DEFAULT: &str = "default";
/// The largest amount of one line, in minor units; hundreds of them can be added up in 64 bits.
pub const AMOUNT_MINOR_MAX: i64 = 9_000_000_000_000_000;

/// What people call an account.
pub type Name = Text<200>;
/// What an entry is about.
pub type Description = Text<500>;
/// The number of the document behind an entry: an invoice, a receipt. Open items are matched by it.
pub type Reference = Text<100>;
/// The customer or supplier, by the id that its own context gives it.
pub type Party = Text<128>;

/// A side of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left side.
    Debit,
    /// The right side.
    Credit,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

/// Where an account stands in the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// What the company owns; balance sheet.
    Asset,
    /// What it owes; balance sheet.
    Liability,
    /// What belongs to its owners; balance sheet.
    Equity,
    /// What it earns; profit and loss.
    Revenue,
    /// What it spends; profit and loss.
    Expense,
}

impl AccountType {
    /// The side on which accounts of this type increase, contra accounts excepted.
    pub const fn normal_side(self) -> Side {
        match self {
            Self::Asset | Self::Expense => Side::Debit,
            Self::Liability | Self::Equity | Self::Revenue => Side::Credit,
        }
    }
}

/// A finer kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subtype {
    /// Cash on hand (asset).
    Cash,
    /// A bank account (asset).
    Bank,
    /// The control account of what customers owe (asset).
    Receivable,
    /// The control account of the stock (asset).
    Inventory,
    /// Taxes that the authorities give back (asset).
    TaxReceivable,
    /// Other assets that become cash within a year.
    CurrentAsset,
    /// Equipment, buildings, and what they have lost in value.
    FixedAsset,
    /// The control account of what suppliers are owed (liability).
    Payable,
    /// Taxes that are owed (liability).
    TaxPayable,
    /// Other liabilities that are due within a year.
    CurrentLiability,
    /// Loans and other liabilities that are due later.
    LongTermLiability,
    /// What the owners brought in and took out (equity).
    Capital,
    /// Results of earlier years (equity).
    RetainedEarnings,
    /// Revenue of the ordinary business.
    OperatingRevenue,
    /// Revenue besides (revenue).
    OtherIncome,
    /// What was sold has cost (expense).
    CostOfSales,
    /// Expenses of the ordinary business.
    OperatingExpense,
    /// Loss in value of fixed assets (expense).
    Depreciation,
    /// Expenses besides, such as interest and taxes on income (expense).
    OtherExpense,
}

impl Subtype {
    /// The type that it belongs to.
    pub const fn account_type(self) -> AccountType {
        match self {
            Self::Cash | Self::Bank | Self::Receivable | Self::Inventory | Self::TaxReceivable | Self::CurrentAsset | Self::FixedAsset => {
                AccountType::Asset
            }
            Self::Payable | Self::TaxPayable | Self::CurrentLiability | Self::LongTermLiability => AccountType::Liability,
            Self::Capital | Self::RetainedEarnings => AccountType::Equity,
            Self::OperatingRevenue | Self::OtherIncome => AccountType::Revenue,
            Self::CostOfSales | Self::OperatingExpense | Self::Depreciation | Self::OtherExpense => AccountType::Expense,
        }
    }

    /// What an account of this kind sums up, where it is a control account.
    pub const fn control(self) -> Option<Control> {
        match self {
            Self::Receivable => Some(Control::Receivable),
            Self::Payable => Some(Control::Payable),
            Self::Inventory => Some(Control::Inventory),
            _ => None,
        }
    }
}

/// What a control account sums up: the balances of a subledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// What each customer owes.
    Receivable,
    /// What each supplier is owed.
    Payable,
    /// What is in stock.
    Inventory,
}

impl Control {
    /// The side on which open items arise: invoices are debits of customers and credits of suppliers.
    pub const fn increases_on(self) -> Side {
        match self {
            Self::Receivable | Self::Inventory => Side::Debit,
            Self::Payable => Side::Credit,
        }
    }
}

/// What becomes of an entry whose day is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfClosed {
    /// It is refused.
    #[default]
    Refuse,
    /// It counts for the first open day, and keeps its own day as that of its document.
    NextOpenDay,
}

/// The schema of accounts by their role; that of a map alone would allow any word for a role.
pub fn accounts_by_role(generator: &mut SchemaGenerator) -> Schema {
    let (role, account) = (generator.subschema_for::<Role>(), generator.subschema_for::<AggregateId>());
    json_schema!({ "type": "object", "propertyNames": role, "additionalProperties": account })
}

/// What other contexts post to without knowing the tenant's accounts: the posting profile says which account plays the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What customers owe.
    AccountsReceivable,
    /// What suppliers are owed.
    AccountsPayable,
    /// Cash on hand.
    Cash,
    /// The bank account of daily payments.
    Bank,
    /// Revenue from goods.
    SalesRevenue,
    /// Revenue from services.
    ServiceRevenue,
    /// Sales tax collected.
    SalesTaxPayable,
    /// Sales tax paid to suppliers.
    InputTax,
    /// The stock.
    Inventory,
    /// Goods that came in before their bill.
    GoodsReceivedNotInvoiced,
    /// Cost of what was sold.
    CostOfGoodsSold,
    /// Stock that was lost, found or revalued.
    InventoryAdjustment,
    /// What customers have paid in excess.
    CustomerCredit,
    /// What customers will never pay.
    BadDebt,
    /// Differences of a cent.
    Rounding,
    /// What was invoiced and is earned later.
    DeferredRevenue,
    /// Results of earlier years.
    RetainedEarnings,
    /// The other side of opening balances.
    OpeningBalance,
    /// Fees of banks and payment providers.
    Fees,
    /// Expenses without an account of their own.
    Expense,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 20] = [
        Self::AccountsReceivable,
        Self::AccountsPayable,
        Self::Cash,
        Self::Bank,
        Self::SalesRevenue,
        Self::ServiceRevenue,
        Self::SalesTaxPayable,
        Self::InputTax,
        Self::Inventory,
        Self::GoodsReceivedNotInvoiced,
        Self::CostOfGoodsSold,
        Self::InventoryAdjustment,
        Self::CustomerCredit,
        Self::BadDebt,
        Self::Rounding,
        Self::DeferredRevenue,
        Self::RetainedEarnings,
        Self::OpeningBalance,
        Self::Fees,
        Self::Expense,
    ];

    /// Its name, as in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountsReceivable => "accounts_receivable",
            Self::AccountsPayable => "accounts_payable",
            Self::Cash => "cash",
            Self::Bank => "bank",
            Self::SalesRevenue => "sales_revenue",
            Self::ServiceRevenue => "service_revenue",
            Self::SalesTaxPayable => "sales_tax_payable",
            Self::InputTax => "input_tax",
            Self::Inventory => "inventory",
            Self::GoodsReceivedNotInvoiced => "goods_received_not_invoiced",
            Self::CostOfGoodsSold => "cost_of_goods_sold",
            Self::InventoryAdjustment => "inventory_adjustment",
            Self::CustomerCredit => "customer_credit",
            Self::BadDebt => "bad_debt",
            Self::Rounding => "rounding",
            Self::DeferredRevenue => "deferred_revenue",
            Self::RetainedEarnings => "retained_earnings",
            Self::OpeningBalance => "opening_balance",
            Self::Fees => "fees",
            Self::Expense => "expense",
        }
    }
}

impl Role {
    /// What the account that plays the role sums up, where it must be a control account. The accounts of all other roles must not be one.
    pub const fn control(self) -> Option<Control> {
        match self {
            Self::AccountsReceivable => Some(Control::Receivable),
            Self::AccountsPayable => Some(Control::Payable),
            Self::Inventory => Some(Control::Inventory),
            _ => None,
        }
    }

    /// The types of which the account that plays the role may be.
    pub const fn account_types(self) -> &'static [AccountType] {
        match self {
            Self::AccountsReceivable | Self::Inventory | Self::Cash | Self::Bank => &[AccountType::Asset],
            Self::AccountsPayable | Self::GoodsReceivedNotInvoiced | Self::CustomerCredit | Self::DeferredRevenue => {
                &[AccountType::Liability]
            }
            // Some keep one account for both taxes.
            Self::SalesTaxPayable | Self::InputTax => &[AccountType::Liability, AccountType::Asset],
            Self::SalesRevenue | Self::ServiceRevenue => &[AccountType::Revenue],
            Self::InventoryAdjustment | Self::Rounding => &[AccountType::Expense, AccountType::Revenue],
            Self::CostOfGoodsSold | Self::BadDebt | Self::Fees | Self::Expense => &[AccountType::Expense],
            Self::RetainedEarnings | Self::OpeningBalance => &[AccountType::Equity],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text in lower case, with every run of anything but letters and digits as one space.
fn plain_words(text: &str) -> String {
    let spaced: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type of an account as a command gives it: one of the five types, or what common products call a kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountClass {
    /// The type.
    pub account_type: AccountType,
    /// The finer kind, where the word says it.
    pub subtype: Option<Subtype>,
}

/// Words of `QuickBooks`, Xero and German charts for a finer kind of account.
const KIND_WORDS: &[(Subtype, &[&str])] = &[
    (Subtype::Cash, &["cash", "cash on hand", "kasse"]),
    (Subtype::Bank, &["bank", "bank account", "checking", "savings", "bankkonto"]),
    (Subtype::Receivable, &["accounts receivable", "accounts receivable a r", "receivable", "trade debtors", "debtors", "forderungen"]),
    (Subtype::Inventory, &["inventory", "stock", "vorräte"]),
    (
        Subtype::CurrentAsset,
        &["current asset", "current assets", "other current asset", "other current assets", "prepayment", "umlaufvermögen"],
    ),
    (
        Subtype::FixedAsset,
        &["fixed asset", "fixed assets", "non current asset", "non current assets", "other asset", "other assets", "anlagevermögen"],
    ),
    (Subtype::Payable, &["accounts payable", "accounts payable a p", "payable", "trade creditors", "creditors", "verbindlichkeiten"]),
    (
        Subtype::CurrentLiability,
        &["current liability", "current liabilities", "other current liability", "other current liabilities", "credit card"],
    ),
    (
        Subtype::LongTermLiability,
        &["long term liability", "long term liabilities", "non current liability", "non current liabilities", "loan"],
    ),
    (Subtype::Capital, &["capital", "share capital", "owners equity", "owner s equity"]),
    (Subtype::RetainedEarnings, &["retained earnings", "gewinnvortrag"]),
    (Subtype::OperatingRevenue, &["sales", "operating revenue", "erlöse", "umsatzerlöse"]),
    (Subtype::OtherIncome, &["other income", "other revenue"]),
    (Subtype::CostOfSales, &["cost of goods sold", "cost of sales", "direct costs", "direct cost", "wareneinsatz", "materialaufwand"]),
    (Subtype::OperatingExpense, &["operating expense", "operating expenses", "overhead", "overheads"]),
    (Subtype::Depreciation, &["depreciation", "abschreibungen"]),
    (Subtype::OtherExpense, &["other expense", "other expenses"]),
];

/// Words for the five types.
const TYPE_WORDS: &[(AccountType, &[&str])] = &[
    (AccountType::Asset, &["asset", "assets", "aktiva", "aktivkonto"]),
    (AccountType::Liability, &["liability", "liabilities", "fremdkapital", "passivkonto"]),
    (AccountType::Equity, &["equity", "eigenkapital"]),
    (AccountType::Revenue, &["revenue", "revenues", "income", "ertrag", "erträge"]),
    (AccountType::Expense, &["expense", "expenses", "aufwand", "aufwendungen"]),
];

impl TryFrom<String> for AccountClass {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words = plain_words(&text);
        let word = words.as_str();
        let account_type = TYPE_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(found, _)| *found);
        if let Some(account_type) = account_type {
            return Ok(Self { account_type, subtype: None });
        }
        let subtype = KIND_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(found, _)| *found);
        let subtype = subtype.ok_or("the type is one of asset, liability, equity, revenue, expense, or a kind such as `Current Asset`")?;
        Ok(Self { account_type: subtype.account_type(), subtype: Some(subtype) })
    }
}

impl JsonSchema for AccountClass {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AccountClass".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 1,
            "description": "`asset`, `liability`, `equity`, `revenue` or `expense`; or a kind of account as QuickBooks, Xero or a German chart names it, such as `Current Asset`, which also gives the subtype"
        })
    }
}

/// A side as files of other products write it: `debit`, `Dr`, `S` (Soll), `credit`, `Cr`, `H` (Haben).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SideWord(pub Side);

impl TryFrom<String> for SideWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match plain_words(&text).as_str() {
            "debit" | "debits" | "dr" | "d" | "s" | "soll" => Ok(Self(Side::Debit)),
            "credit" | "credits" | "cr" | "c" | "h" | "haben" => Ok(Self(Side::Credit)),
            _ => Err("the side is `debit` or `credit` (also Dr, Cr, S, H)".to_owned()),
        }
    }
}

impl JsonSchema for SideWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SideWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "description": "`debit` or `credit`; also Dr, Cr, S (Soll), H (Haben)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_accounts_are_understood_as_common_products_name_them() {
        let class = |text: &str| AccountClass::try_from(text.to_owned()).map(|class| (class.account_type, class.subtype));
        for (text, account_type, subtype) in [
            ("asset", AccountType::Asset, None),
            ("Income", AccountType::Revenue, None),
            ("Accounts receivable (A/R)", AccountType::Asset, Some(Subtype::Receivable)),
            ("Other Current Assets", AccountType::Asset, Some(Subtype::CurrentAsset)),
            ("Non-current Liability", AccountType::Liability, Some(Subtype::LongTermLiability)),
            ("Direct Costs", AccountType::Expense, Some(Subtype::CostOfSales)),
            ("Aufwand", AccountType::Expense, None),
        ] {
            assert_eq!(class(text), Ok((account_type, subtype)), "{text}");
        }
        assert!(class("").is_err() && class("thing").is_err());
    }

    #[test]
    fn every_kind_belongs_to_the_type_of_its_words() {
        let mut seen = std::collections::BTreeSet::new();
        for word in KIND_WORDS.iter().flat_map(|(_, words)| *words).chain(TYPE_WORDS.iter().flat_map(|(_, words)| *words)) {
            assert_eq!(plain_words(word), **word);
            assert!(seen.insert(*word), "`{word}` is listed twice");
        }
    }

    #[test]
    fn sides_are_understood_as_files_write_them() {
        let side = |text: &str| SideWord::try_from(text.to_owned()).map(|word| word.0);
        assert_eq!((side("Dr."), side("H")), (Ok(Side::Debit), Ok(Side::Credit)));
        assert!(side("left").is_err());
    }

    #[test]
    fn a_role_is_named_as_it_is_written() {
        let names: std::collections::BTreeSet<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        assert_eq!(names.len(), Role::ALL.len());
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }
}
