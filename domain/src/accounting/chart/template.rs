//! Charts of accounts to start from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::accounting::values::{Role, Subtype};

/// A chart to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Buys and sells goods, and perhaps services.
    TradingCompany,
    /// Sells services and keeps no stock.
    ServiceCompany,
}

/// An account of a template.
#[derive(Debug)]
pub struct TemplateAccount {
    /// Its code in the currency of the books.
    pub code: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What it is.
    pub subtype: Subtype,
    /// Whether it increases on the other side than its type.
    pub contra: bool,
    /// The role that it plays.
    pub role: Option<Role>,
    /// Whether only those need it who keep stock.
    pub goods: bool,
}

const fn account(code: &'static str, name: &'static str, subtype: Subtype) -> TemplateAccount {
    TemplateAccount { code, name, subtype, contra: false, role: None, goods: false }
}

const fn playing(code: &'static str, name: &'static str, subtype: Subtype, role: Role) -> TemplateAccount {
    TemplateAccount { role: Some(role), ..account(code, name, subtype) }
}

const fn contra(code: &'static str, name: &'static str, subtype: Subtype) -> TemplateAccount {
    TemplateAccount { contra: true, ..account(code, name, subtype) }
}

const fn stock(code: &'static str, name: &'static str, subtype: Subtype, role: Option<Role>) -> TemplateAccount {
    TemplateAccount { role, goods: true, ..account(code, name, subtype) }
}

const ACCOUNTS: &[TemplateAccount] = &[
    playing("1000", "Cash on hand", Subtype::Cash, Role::Cash),
    playing("1100", "Bank", Subtype::Bank, Role::Bank),
    account("1150", "Payments in transit", Subtype::CurrentAsset),
    playing("1200", "Accounts receivable", Subtype::Receivable, Role::AccountsReceivable),
    contra("1290", "Allowance for doubtful accounts", Subtype::CurrentAsset),
    stock("1300", "Inventory", Subtype::Inventory, Some(Role::Inventory)),
    playing("1400", "Input tax", Subtype::TaxReceivable, Role::InputTax),
    account("1450", "Prepaid expenses", Subtype::CurrentAsset),
    account("1500", "Other receivables", Subtype::CurrentAsset),
    account("1600", "Equipment", Subtype::FixedAsset),
    account("1650", "Vehicles", Subtype::FixedAsset),
    contra("1690", "Accumulated depreciation", Subtype::FixedAsset),
    playing("2000", "Accounts payable", Subtype::Payable, Role::AccountsPayable),
    stock("2050", "Goods received, not invoiced", Subtype::CurrentLiability, Some(Role::GoodsReceivedNotInvoiced)),
    playing("2100", "Sales tax payable", Subtype::TaxPayable, Role::SalesTaxPayable),
    playing("2150", "Customer credit", Subtype::CurrentLiability, Role::CustomerCredit),
    playing("2200", "Deferred revenue", Subtype::CurrentLiability, Role::DeferredRevenue),
    account("2300", "Wages payable", Subtype::CurrentLiability),
    account("2350", "Income tax payable", Subtype::TaxPayable),
    account("2400", "Accrued expenses", Subtype::CurrentLiability),
    account("2500", "Loans", Subtype::LongTermLiability),
    account("3000", "Share capital", Subtype::Capital),
    playing("3100", "Retained earnings", Subtype::RetainedEarnings, Role::RetainedEarnings),
    contra("3200", "Drawings and dividends", Subtype::Capital),
    playing("3900", "Opening balances", Subtype::Capital, Role::OpeningBalance),
    playing("4000", "Sales", Subtype::OperatingRevenue, Role::SalesRevenue),
    playing("4100", "Services", Subtype::OperatingRevenue, Role::ServiceRevenue),
    stock("4200", "Shipping charged to customers", Subtype::OperatingRevenue, None),
    contra("4300", "Discounts and returns", Subtype::OperatingRevenue),
    account("4900", "Other income", Subtype::OtherIncome),
    account("4950", "Currency gains", Subtype::OtherIncome),
    stock("5000", "Cost of goods sold", Subtype::CostOfSales, Some(Role::CostOfGoodsSold)),
    stock("5100", "Inventory adjustments", Subtype::CostOfSales, Some(Role::InventoryAdjustment)),
    stock("5200", "Freight and duties", Subtype::CostOfSales, None),
    account("5300", "Subcontractors", Subtype::CostOfSales),
    account("6000", "Wages and salaries", Subtype::OperatingExpense),
    account("6050", "Social security", Subtype::OperatingExpense),
    account("6100", "Rent", Subtype::OperatingExpense),
    account("6200", "Utilities", Subtype::OperatingExpense),
    account("6300", "Office and software", Subtype::OperatingExpense),
    account("6400", "Marketing", Subtype::OperatingExpense),
    account("6500", "Travel", Subtype::OperatingExpense),
    account("6600", "Legal and professional fees", Subtype::OperatingExpense),
    account("6700", "Insurance", Subtype::OperatingExpense),
    playing("6800", "Bank and payment fees", Subtype::OperatingExpense, Role::Fees),
    playing("6850", "Bad debts", Subtype::OperatingExpense, Role::BadDebt),
    account("6900", "Depreciation", Subtype::Depreciation),
    playing("6950", "Rounding differences", Subtype::OperatingExpense, Role::Rounding),
    playing("6990", "Other expenses", Subtype::OperatingExpense, Role::Expense),
    account("7000", "Interest", Subtype::OtherExpense),
    account("7100", "Income tax", Subtype::OtherExpense),
    account("7200", "Currency losses", Subtype::OtherExpense),
];

/// The accounts of a template.
pub fn accounts_of(template: Template) -> impl Iterator<Item = &'static TemplateAccount> {
    ACCOUNTS.iter().filter(move |account| template == Template::TradingCompany || !account.goods)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<&str> = ACCOUNTS.iter().map(|account| account.code).collect();
        assert!(codes.is_sorted());
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_trading_company_has_an_account_for_every_role() {
        let roles: Vec<Role> = accounts_of(Template::TradingCompany).filter_map(|account| account.role).collect();
        assert_eq!(roles.len(), Role::ALL.len());
        assert_eq!(roles.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(Role::ALL));
    }

    #[test]
    fn a_service_company_has_no_stock() {
        assert!(accounts_of(Template::ServiceCompany).all(|account| !account.goods && account.subtype != Subtype::Inventory));
    }
}
