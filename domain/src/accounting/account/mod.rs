//! An account of the ledger. Its id is its code.
//!
//! What is posted to an account is in the journal, not here: a posting to an ordinary account requires only that the account is
//! still as it was, so that postings do not wait for each other. A *limited* account is the exception. Its balance may not fall
//! further below zero than its limit says, so it keeps its sums, and each posting that touches it writes it. Only an account that
//! was opened with a limit knows all its postings; that is why a limit can be changed later but not added.
//!
//! The rule for a limited account of normal side credit (a wallet, a deposit): pending + posted debits + amount ≤ posted credits +
//! limit. For one of normal side debit (a cash box) debits and credits change places. An entry that both takes and gives counts
//! with what it takes on balance. What holds have reserved is pending.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chart::{Chart, ChartListingChanged};
use super::values::{AMOUNT_MINOR_MAX, AccountClass, AccountType, Control, DEFAULT, Name, Role, Side, Subtype};
use crate::kernel::{Aggregate, Context, Currency, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The longest code, in characters. An id that the platform makes up is longer, so every account has been given its code.
pub const CODE_LENGTH_MAX: usize = 20;

// ---------------------------------------------------------------------------------------------------------- events

/// An account was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountOpened {
    /// What people call it.
    pub name: Name,
    /// Where it stands in the statements.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// The finer kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<Subtype>,
    /// The currency of everything that is posted to it.
    pub currency: Currency,
    /// The side on which it increases.
    pub normal_side: Side,
    /// How far below zero its balance may fall, in minor units; an account without a limit may fall as far as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_minor: Option<i64>,
    /// Whether the chart lists it, so that a posting to it need not look at the account itself.
    #[serde(default)]
    pub listed: bool,
}

/// The account has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRenamed {
    /// The new name.
    pub name: Name,
}

/// Nothing more is posted to the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountClosed {}

/// The account is in use again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountReopened {}

/// The limit is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountLimitSet {
    /// How far below zero the balance may fall, in minor units.
    pub limit_minor: i64,
}

/// An entry was posted to a limited account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountPosted {
    /// The entry.
    pub entry_id: String,
    /// The sum of its debits of this account, in minor units.
    pub debit_minor: i64,
    /// The sum of its credits of this account.
    pub credit_minor: i64,
}

/// A hold reserved a part of a limited account's balance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountReserved {
    /// The hold.
    pub hold_id: String,
    /// What it reserved, in minor units.
    pub amount_minor: i64,
}

/// A hold gave back what it had reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountReleased {
    /// The hold.
    pub hold_id: String,
    /// What it had reserved, in minor units.
    pub amount_minor: i64,
}

events! {
    /// What happens to an account.
    pub enum AccountEvent {
        AccountOpened = "account_opened" 1,
        AccountRenamed = "account_renamed" 1,
        AccountClosed = "account_closed" 1,
        AccountReopened = "account_reopened" 1,
        AccountLimitSet = "account_limit_set" 1,
        AccountPosted = "account_posted" 1,
        AccountReserved = "account_reserved" 1,
        AccountReleased = "account_released" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// What a posting must know of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// Where it stands in the statements.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// The finer kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<Subtype>,
    /// The currency of everything that is posted to it.
    pub currency: Currency,
    /// The side on which it increases.
    pub normal_side: Side,
    /// Whether postings are refused.
    pub closed: bool,
}

impl Terms {
    /// What it sums up, where it is a control account.
    pub fn control(&self) -> Option<Control> {
        self.subtype.and_then(Subtype::control)
    }

    /// Whether the account may play the role.
    pub fn fit(&self, role: Role) -> bool {
        role.account_types().contains(&self.account_type) && self.control() == role.control()
    }
}

/// The sums of a limited account, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// How far below zero the balance may fall.
    pub limit_minor: i64,
    /// Posted debits.
    pub debit_minor: i64,
    /// Posted credits.
    pub credit_minor: i64,
    /// What holds have reserved.
    pub pending_minor: i64,
}

/// An account's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// What people call it; nothing before it is opened.
    pub name: Option<Name>,
    /// What a posting must know.
    pub terms: Option<Terms>,
    /// Whether the chart lists it.
    pub listed: bool,
    /// The sums of a limited account.
    pub sums: Option<Sums>,
}

impl Account {
    /// How much can still be taken from a limited account, in minor units; nothing for an account without a limit.
    pub fn available_minor(&self) -> Option<i128> {
        let (terms, sums) = (self.terms?, self.sums?);
        let (debit, credit) = (i128::from(sums.debit_minor), i128::from(sums.credit_minor));
        let balance = if terms.normal_side == Side::Credit { credit - debit } else { debit - credit };
        Some(balance + i128::from(sums.limit_minor) - i128::from(sums.pending_minor))
    }

    /// Whether these further debits and credits fit a limited account: in 64 bits, and in its limit unless a hold has `reserved` them.
    pub(super) fn has_room(&self, debit_minor: i64, credit_minor: i64, reserved: bool) -> bool {
        let (Some(terms), Some(sums), Some(available)) = (self.terms, self.sums, self.available_minor()) else { return true };
        let counted = sums.debit_minor.checked_add(debit_minor).is_some() && sums.credit_minor.checked_add(credit_minor).is_some();
        let (debit, credit) = (i128::from(debit_minor), i128::from(credit_minor));
        let taken = if terms.normal_side == Side::Credit { debit - credit } else { credit - debit };
        counted && (reserved || taken <= 0 || taken <= available)
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Opens an account. The id is its code, 1 to 20 characters such as `1200`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenAccount {
    /// What people call it.
    pub name: Name,
    /// Where it stands in the statements.
    #[serde(rename = "type")]
    pub class: AccountClass,
    /// The finer kind; it must belong to the type. Accounts of the kinds `receivable`, `payable` and `inventory` are control accounts.
    #[serde(default)]
    pub subtype: Option<Subtype>,
    /// The currency of everything that is posted to it; that of the chart where none is given.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The side on which it increases; that of its type where none is given. Contra accounts increase on the other side.
    #[serde(default)]
    pub normal_side: Option<Side>,
    /// How far below zero the balance may fall, such as nothing at all for a wallet or a cash box. Postings to an account with a
    /// limit wait for each other; leave it out where none is needed.
    #[serde(default)]
    pub limit: Option<Money>,
}

/// Gives an account another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameAccount {
    /// The new name.
    pub name: Name,
}

/// Closes an account to further postings. What was posted stays.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {}

/// Takes a closed account into use again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenAccount {}

/// Changes how far the balance of a limited account may fall below zero. It applies to later postings and holds.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimit {
    /// The new limit, in the account's currency.
    pub limit: Money,
}

commands! {
    /// What can be asked of an account.
    pub enum AccountCommand {
        creates "open" => OpenAccount { "name": "Petty cash Hamburg", "type": "asset", "subtype": "cash", "currency": "EUR" },
        "rename" => RenameAccount { "name": "Petty cash Altona" },
        "close" => CloseAccount {},
        "reopen" => ReopenAccount {},
        "set-limit" => SetLimit { "limit": { "amount_minor": 50_000, "currency": "EUR" } },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Account {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AccountOpened(e) => {
                self.name = Some(e.name.clone());
                self.terms = Some(Terms {
                    account_type: e.account_type,
                    subtype: e.subtype,
                    currency: e.currency,
                    normal_side: e.normal_side,
                    closed: false,
                });
                self.listed = e.listed;
                self.sums = e.limit_minor.map(|limit_minor| Sums { limit_minor, ..Sums::default() });
            }
            AccountEvent::AccountRenamed(e) => self.name = Some(e.name.clone()),
            AccountEvent::AccountClosed(_) => self.set_closed(true),
            AccountEvent::AccountReopened(_) => self.set_closed(false),
            AccountEvent::AccountLimitSet(e) => self.change(|sums| sums.limit_minor = e.limit_minor),
            AccountEvent::AccountPosted(e) => self.change(|sums| {
                sums.debit_minor += e.debit_minor;
                sums.credit_minor += e.credit_minor;
            }),
            AccountEvent::AccountReserved(e) => self.change(|sums| sums.pending_minor += e.amount_minor),
            AccountEvent::AccountReleased(e) => self.change(|sums| sums.pending_minor -= e.amount_minor),
        }
    }

    fn handle(&self, command: AccountCommand, context: &Context<'_>) -> Result<Decision<AccountEvent>, Refusal> {
        match command {
            AccountCommand::OpenAccount(command) => open(command, context),
            AccountCommand::RenameAccount(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            AccountCommand::RenameAccount(command) => Ok(Decision::event(AccountRenamed { name: command.name })),
            AccountCommand::CloseAccount(_) => self.close(context),
            AccountCommand::ReopenAccount(_) => self.reopen(context),
            AccountCommand::SetLimit(command) => Ok(self.set_limit(&command)?),
        }
    }
}

cqrs_aggregate!(Account);

fn open(command: OpenAccount, context: &Context<'_>) -> Result<Decision<AccountEvent>, Refusal> {
    let OpenAccount { name, class, subtype, currency, normal_side, limit } = command;
    let code = context.aggregate_id;
    if code.len() > CODE_LENGTH_MAX {
        return Err(AccountRejection::InvalidCode(CODE_LENGTH_MAX).into());
    }
    let subtype = subtype.or(class.subtype);
    if subtype.is_some_and(|subtype| subtype.account_type() != class.account_type) {
        return Err(AccountRejection::SubtypeMismatch.into());
    }
    let currency = if let Some(currency) = currency {
        currency
    } else {
        let chart = context.get::<Chart>(DEFAULT)?;
        chart.and_then(|chart| chart.currency).ok_or(AccountRejection::CurrencyMissing)?
    };
    if let Some(limit) = limit {
        check_limit(limit, currency)?;
    }
    Ok(Decision::event(AccountOpened {
        name,
        account_type: class.account_type,
        subtype,
        currency,
        normal_side: normal_side.unwrap_or(class.account_type.normal_side()),
        limit_minor: limit.map(|limit| limit.amount_minor),
        listed: false,
    }))
}

fn check_limit(limit: Money, currency: Currency) -> Result<(), AccountRejection> {
    if limit.currency != currency {
        return Err(AccountRejection::LimitCurrency(limit.currency.to_string(), currency.to_string()));
    }
    if !(0..=AMOUNT_MINOR_MAX).contains(&limit.amount_minor) {
        return Err(AccountRejection::LimitOutOfRange);
    }
    Ok(())
}

impl Account {
    fn set_closed(&mut self, closed: bool) {
        if let Some(terms) = &mut self.terms {
            terms.closed = closed;
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Sums)) {
        if let Some(sums) = &mut self.sums {
            change(sums);
        }
    }

    fn is_closed(&self) -> bool {
        self.terms.is_some_and(|terms| terms.closed)
    }

    fn close(&self, context: &Context<'_>) -> Result<Decision<AccountEvent>, Refusal> {
        if self.is_closed() {
            return Ok(Decision::nothing());
        }
        if self.sums.is_some_and(|sums| sums.pending_minor > 0) {
            return Err(AccountRejection::HasHolds.into());
        }
        let chart = context.get::<Chart>(DEFAULT)?;
        if let Some(role) = chart.and_then(|chart| chart.role_of(context.aggregate_id)) {
            return Err(AccountRejection::PlaysRole(role).into());
        }
        Ok(self.list(Decision::event(AccountClosed {}), context.aggregate_id, true))
    }

    fn reopen(&self, context: &Context<'_>) -> Result<Decision<AccountEvent>, Refusal> {
        if !self.is_closed() {
            return Ok(Decision::nothing());
        }
        if self.listed {
            context.get::<Chart>(DEFAULT)?;
        }
        Ok(self.list(Decision::event(AccountReopened {}), context.aggregate_id, false))
    }

    /// Tells the chart, where it lists the account.
    fn list(&self, decision: Decision<AccountEvent>, code: &str, closed: bool) -> Decision<AccountEvent> {
        if !self.listed {
            return decision;
        }
        decision.also::<Chart>(DEFAULT, ChartListingChanged { account: code.to_owned(), closed })
    }

    fn set_limit(&self, command: &SetLimit) -> Result<Decision<AccountEvent>, AccountRejection> {
        let (Some(terms), Some(sums)) = (self.terms, self.sums) else { return Err(AccountRejection::NotLimited) };
        check_limit(command.limit, terms.currency)?;
        let limit_minor = command.limit.amount_minor;
        Ok(if limit_minor == sums.limit_minor { Decision::nothing() } else { Decision::event(AccountLimitSet { limit_minor }) })
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an account refuses a command.
    pub enum AccountRejection in "accounting" {
        /// The code is missing or too long.
        #[error("The id of an account is its code, 1 to {0} characters such as `1200`; name it in the address.")]
        InvalidCode(usize) => "invalid_code" ["id"],
        /// A subtype of another type.
        #[error("The subtype does not belong to the type; leave one of them out, or choose one that fits.")]
        SubtypeMismatch => "subtype_mismatch" ["subtype", "type"],
        /// Neither the command nor the chart names a currency.
        #[error("Name the account's currency; the tenant has no chart that gives one.")]
        CurrencyMissing => "currency_missing" ["currency"],
        /// A limit in another currency.
        #[error("The limit is in {0} and the account in {1}; give the limit in the account's currency.")]
        LimitCurrency(String, String) => "limit_currency_mismatch" ["limit"],
        /// A limit below zero or beyond all measure.
        #[error("A limit is an amount from 0 to 9,000,000,000,000,000 minor units.")]
        LimitOutOfRange => "limit_out_of_range" ["limit"],
        /// An account without a limit.
        #[error("The account was opened without a limit and does not know its sums; open one with a limit instead.")]
        NotLimited => "account_not_limited" ["id"],
        /// Holds are pending.
        #[error("Holds on the account are pending; post or void them first.")]
        HasHolds => "account_has_holds" ["id"],
        /// The posting profile names it.
        #[error("The account plays the role `{0}` in the posting profile; give the role to another account first.")]
        PlaysRole(Role) => "account_plays_role" ["id"],
    }
}

#[cfg(test)]
mod tests;
