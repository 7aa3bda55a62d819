//! The shapes of the reports' answers. The statements build them; these types only describe them.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;

use crate::shapes::shapes;

shapes! {
    /// An account of the trial balance. Accounts to which nothing was posted are left out.
    TrialBalanceRow {
        /// The account's code.
        account: String,
        /// What people call it.
        name: String,
        /// Where it stands in the statements.
        r#type: String,
        /// ISO 4217 code.
        currency: String,
        /// All debits, in minor units.
        debit_minor: i64,
        /// All credits.
        credit_minor: i64,
        /// What the debits exceed the credits by, if they do.
        debit_balance_minor: i64,
        /// What the credits exceed the debits by, if they do.
        credit_balance_minor: i64,
    }

    /// What one account holds.
    AccountBalance {
        /// The account's code.
        account: String,
        /// What people call it.
        name: String,
        /// Where it stands in the statements.
        r#type: String,
        /// ISO 4217 code.
        currency: String,
        /// The side on which it increases.
        normal_side: String,
        /// All debits, in minor units.
        debit_minor: i64,
        /// All credits.
        credit_minor: i64,
        /// The balance on the side on which the account increases.
        balance_minor: i64,
        /// What holds have reserved at present.
        pending_minor: i64,
        /// How far below zero the balance may fall at present; nothing where there is no limit.
        limit_minor: Option<i64>,
    }

    /// A row of the general ledger: what was there before, a line, or what is there at the end.
    GeneralLedgerRow {
        /// `opening`, `line` or `closing`.
        kind: String,
        /// The line.
        id: Option<String>,
        /// Its day; the day asked for in the other rows.
        date: Option<NaiveDate>,
        /// The entry.
        entry_id: Option<String>,
        /// What the entry is about.
        description: Option<String>,
        /// The document.
        reference: Option<String>,
        /// Customer or supplier.
        party: Option<String>,
        /// Remarks.
        memo: Option<String>,
        /// What the account is debited with, in minor units.
        debit_minor: Option<i64>,
        /// What the account is credited with.
        credit_minor: Option<i64>,
        /// The balance after the row, on the side on which the account increases.
        balance_minor: i64,
        /// In the closing row: how many lines there are between the two days.
        line_count: Option<i64>,
        /// In the closing row: the last line that is shown, where there are more; ask for those with `after`.
        next: Option<String>,
    }

    /// An account in a statement.
    StatementAccount {
        /// The part of the statement.
        section: String,
        /// The account's code.
        account: String,
        /// What people call it.
        name: String,
        /// The amount, positive as is usual in its section, in minor units.
        amount_minor: i64,
    }

    /// What was earned and spent in one currency.
    ProfitAndLoss {
        /// ISO 4217 code.
        currency: String,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
        /// Revenue of the ordinary business, in minor units.
        revenue_minor: i64,
        /// What was sold has cost.
        cost_of_sales_minor: i64,
        /// Revenue less cost of sales.
        gross_profit_minor: i64,
        /// Expenses of the ordinary business.
        operating_expenses_minor: i64,
        /// Gross profit less operating expenses.
        operating_result_minor: i64,
        /// Other income.
        other_income_minor: i64,
        /// Other expenses, taxes on income included.
        other_expenses_minor: i64,
        /// What remains.
        net_income_minor: i64,
        /// The accounts that moved.
        accounts: Vec<StatementAccount>,
    }

    /// What the company owns and owes in one currency.
    BalanceSheet {
        /// ISO 4217 code.
        currency: String,
        /// The day.
        as_of: NaiveDate,
        /// When its business year began.
        year_start: NaiveDate,
        /// Assets, in minor units.
        assets_minor: i64,
        /// Liabilities.
        liabilities_minor: i64,
        /// Equity accounts.
        equity_minor: i64,
        /// Results of earlier business years that were not carried to an equity account.
        earlier_results_minor: i64,
        /// The result of the business year so far.
        current_year_result_minor: i64,
        /// Liabilities, equity and results; as much as the assets.
        liabilities_and_equity_minor: i64,
        /// The accounts that hold anything.
        accounts: Vec<StatementAccount>,
    }

    /// A row of a statement of account: what was open before, a line, or what is open at the end.
    StatementRow {
        /// `opening`, `line` or `closing`.
        kind: String,
        /// The control account.
        account: String,
        /// What people call it.
        name: String,
        /// ISO 4217 code.
        currency: String,
        /// The line.
        id: Option<String>,
        /// Its day; the day asked for in the other rows.
        date: Option<NaiveDate>,
        /// The entry.
        entry_id: Option<String>,
        /// What the entry is about.
        description: Option<String>,
        /// The document.
        reference: Option<String>,
        /// Debit, in minor units.
        debit_minor: Option<i64>,
        /// Credit.
        credit_minor: Option<i64>,
        /// What is owed after the row: by a customer, or to a supplier.
        balance_minor: i64,
    }

    /// What one customer owes or one supplier is owed.
    AgedParty {
        /// The customer or supplier; none for what names nobody.
        party: Option<String>,
        /// The control account.
        account: String,
        /// ISO 4217 code.
        currency: String,
        /// What is owed on balance, in minor units.
        total_minor: i64,
        /// Items opened up to 30 days ago.
        days_0_30_minor: i64,
        /// Items opened 31 to 60 days ago.
        days_31_60_minor: i64,
        /// Items opened 61 to 90 days ago.
        days_61_90_minor: i64,
        /// Items opened more than 90 days ago.
        days_over_90_minor: i64,
        /// Payments beyond all open items.
        unassigned_minor: i64,
        /// How many items are open.
        open_items: i64,
        /// When the oldest of them was opened.
        oldest_on: Option<NaiveDate>,
    }

    /// An invoice or bill that is not paid.
    OpenItem {
        /// The customer or supplier; none for what names nobody.
        party: Option<String>,
        /// The control account.
        account: String,
        /// ISO 4217 code.
        currency: String,
        /// The document, or the entry where there is none.
        item: String,
        /// When it was opened.
        opened_on: NaiveDate,
        /// For how many days it has been open.
        days: i64,
        /// What is left after what was paid for it, in minor units.
        amount_minor: i64,
        /// What is left after unassigned payments too.
        open_minor: i64,
    }

    /// Two figures that must agree.
    ConsistencyCheck {
        /// `debits_equal_credits`, `balances_equal_entries`, `subledger_equals_control` or `stock_equals_ledger`.
        check: String,
        /// The control account, for subledgers.
        account: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// What is expected, in minor units: debits, the sum of the entries, the control account, the stock's changes that are unsettled.
        expected_minor: i64,
        /// What is found: credits, the balances, the named parties' items, what was posted for those changes.
        actual_minor: i64,
        /// Found less expected.
        difference_minor: i64,
        /// Accounts added up; accounts that differ; parties; changes that are unsettled.
        count: i64,
        /// Since when the oldest change of the stock has been unsettled.
        since: Option<DateTime<Utc>>,
        /// `ok`, `pending` or `alarm`.
        status: String,
    }
}
