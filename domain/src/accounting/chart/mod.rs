//! The chart of accounts. A tenant has one, with the id `default`.
//!
//! The chart holds in one place what every posting must know: the accounts that templates opened, which account plays which role, and
//! through which day the books are closed. A posting then requires one aggregate to be unchanged, and not one for each line, which
//! matters because it is what limits the rate of postings. The accounts, the posting profile and the calendar write their share of it in
//! the transaction of their own events. Accounts that were opened one by one are not listed; a posting to them looks at them.

mod template;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::template::accounts_of;
pub use self::template::{Template, TemplateAccount};
use super::account::{Account, AccountOpened, Terms};
use super::period::{CalendarOpened, Period};
use super::posting_profile::{PostingProfile, PostingRolesSet};
use super::values::{DEFAULT, Role, accounts_by_role};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Day, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many currencies a chart holds at most; each brings a set of accounts.
const CURRENCIES_MAX: usize = 20;

// ---------------------------------------------------------------------------------------------------------- events

/// An account as the chart lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// The account's code.
    pub account: String,
    /// What a posting must know of it.
    #[serde(flatten)]
    pub terms: Terms,
}

/// A template was applied: its accounts were opened and its roles assigned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartTemplateApplied {
    /// The template.
    pub template: Template,
    /// The currency of the accounts.
    pub currency: Currency,
    /// The accounts that it opened. Accounts that were there before stay unlisted.
    pub accounts: Vec<Listed>,
    /// The roles that had no account in this currency, and the accounts that play them now.
    #[schemars(schema_with = "accounts_by_role")]
    pub roles: BTreeMap<Role, AggregateId>,
}

/// A listed account was closed or taken into use again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartListingChanged {
    /// The account's code.
    pub account: String,
    /// Whether postings are refused.
    pub closed: bool,
}

/// The posting profile has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartRoleChanged {
    /// The role.
    pub role: Role,
    /// The currency of the postings.
    pub currency: Currency,
    /// The account that plays it.
    pub account: AggregateId,
}

/// The books are closed through another day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartClosingChanged {
    /// The last closed day; none while all days are open.
    pub closed_through: Option<Day>,
}

/// A posting named a role that nothing played in its currency yet: the account that the template has for it plays it from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartRoleFilled {
    /// The role.
    pub role: Role,
    /// The currency of the postings.
    pub currency: Currency,
    /// The account that plays it.
    pub account: AggregateId,
    /// What a posting must know of it, where it was opened and is listed; nothing for one that was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

events! {
    /// What happens to the chart.
    pub enum ChartEvent {
        ChartTemplateApplied = "chart_template_applied" 1,
        ChartListingChanged = "chart_listing_changed" 1,
        ChartRoleChanged = "chart_role_changed" 1,
        ChartRoleFilled = "chart_role_filled" 1,
        ChartClosingChanged = "chart_closing_changed" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A template in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// The template.
    pub template: Template,
    /// The currency.
    pub currency: Currency,
}

/// The chart's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chart {
    /// The currency of the first template: that of the books.
    pub currency: Option<Currency>,
    /// The templates that were applied.
    pub applied: Vec<Applied>,
    /// The listed accounts by code.
    pub accounts: BTreeMap<String, Terms>,
    /// Which account plays which role, by the currency of the posting.
    pub roles: BTreeMap<Role, BTreeMap<Currency, AggregateId>>,
    /// The last closed day.
    pub closed_through: Option<Day>,
}

impl Chart {
    /// The account that plays the role in postings of this currency.
    pub fn account_of(&self, role: Role, currency: Currency) -> Option<&AggregateId> {
        self.roles.get(&role)?.get(&currency)
    }

    /// A role that the account plays.
    pub fn role_of(&self, account: &str) -> Option<Role> {
        let plays = |accounts: &BTreeMap<Currency, AggregateId>| accounts.values().any(|known| known.as_str() == account);
        self.roles.iter().find(|(_, accounts)| plays(accounts)).map(|(role, _)| *role)
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Opens the accounts of a template, lists them in the chart, and gives them their roles. The first template fixes the currency of the
/// books and opens the calendar. Applied again in another currency it opens a further set, whose codes end with the currency
/// (`1200-USD`); roles that an account of that currency plays already stay where they are.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyTemplate {
    /// The template.
    pub template: Template,
    /// The currency of the accounts.
    pub currency: Currency,
}

commands! {
    /// What can be asked of the chart.
    pub enum ChartCommand {
        either "apply-template" => ApplyTemplate { "template": "trading_company", "currency": "EUR" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Chart {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "chart";
    type Command = ChartCommand;
    type Event = ChartEvent;

    fn apply(&mut self, event: &ChartEvent) {
        match event {
            ChartEvent::ChartTemplateApplied(e) => {
                self.currency.get_or_insert(e.currency);
                self.applied.push(Applied { template: e.template, currency: e.currency });
                self.accounts.extend(e.accounts.iter().map(|listed| (listed.account.clone(), listed.terms)));
                for (role, account) in &e.roles {
                    self.roles.entry(*role).or_default().insert(e.currency, account.clone());
                }
            }
            ChartEvent::ChartListingChanged(e) => {
                if let Some(terms) = self.accounts.get_mut(&e.account) {
                    terms.closed = e.closed;
                }
            }
            ChartEvent::ChartRoleChanged(e) => {
                self.roles.entry(e.role).or_default().insert(e.currency, e.account.clone());
            }
            ChartEvent::ChartRoleFilled(e) => {
                if let Some(terms) = e.terms {
                    self.accounts.insert(e.account.to_string(), terms);
                }
                self.roles.entry(e.role).or_default().insert(e.currency, e.account.clone());
            }
            ChartEvent::ChartClosingChanged(e) => self.closed_through = e.closed_through,
        }
    }

    fn handle(&self, command: ChartCommand, context: &Context<'_>) -> Result<Decision<ChartEvent>, Refusal> {
        match command {
            ChartCommand::ApplyTemplate(command) => self.apply_template(&command, context),
        }
    }
}

cqrs_aggregate!(Chart);

impl Chart {
    fn apply_template(&self, command: &ApplyTemplate, context: &Context<'_>) -> Result<Decision<ChartEvent>, Refusal> {
        if context.aggregate_id != DEFAULT {
            return Err(ChartRejection::OnlyDefault.into());
        }
        let ApplyTemplate { template, currency } = *command;
        if self.applied.contains(&Applied { template, currency }) {
            return Ok(Decision::nothing());
        }
        if !self.has_room_for(currency) {
            return Err(ChartRejection::TooManyCurrencies(CURRENCIES_MAX).into());
        }
        let base = self.currency.is_none_or(|base| base == currency);
        let mut opened = Vec::new();
        let mut event = ChartTemplateApplied { template, currency, accounts: Vec::new(), roles: BTreeMap::new() };
        for account in accounts_of(template) {
            let code = account.code_in(currency, base);
            let terms = account.terms(currency);
            if let Some(known) = context.get::<Account>(code.as_str())? {
                check_known(known, terms, code.as_str())?;
            } else {
                event.accounts.push(Listed { account: code.to_string(), terms });
                opened.push((code.to_string(), account.opened(currency, base)));
            }
            if let Some(role) = account.role.filter(|role| self.account_of(*role, currency).is_none()) {
                event.roles.insert(role, code);
            }
        }
        let calendar = context.get::<Period>(DEFAULT)?;
        context.get::<PostingProfile>(DEFAULT)?;
        let mut decision = Decision::event(event.clone());
        for (code, account) in opened {
            decision = decision.also::<Account>(code, account);
        }
        if calendar.is_none() {
            decision = decision.also::<Period>(DEFAULT, CalendarOpened { first_day: None, fiscal_year_start_month: 1 });
        }
        if !event.roles.is_empty() {
            decision = decision.also::<PostingProfile>(DEFAULT, PostingRolesSet { currency, roles: event.roles });
        }
        Ok(decision)
    }
}

/// An account that a chart's template has for a role, and that a posting needs.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The role.
    pub role: Role,
    /// Its code.
    pub code: AggregateId,
    /// What a posting must know of it.
    pub terms: Terms,
    /// How it is opened; nothing where it is there.
    opened: Option<AccountOpened>,
}

impl NewAccount {
    /// Adds to a decision that it is opened and plays its role.
    pub(super) fn open<E>(self, decision: Decision<E>) -> Decision<E> {
        let Self { role, code, terms, opened } = self;
        let currency = terms.currency;
        let filled = ChartRoleFilled { role, currency, account: code.clone(), terms: opened.is_some().then_some(terms) };
        let set = PostingRolesSet { currency, roles: BTreeMap::from([(role, code.clone())]) };
        let decision = decision.also::<Chart>(DEFAULT, filled).also::<PostingProfile>(DEFAULT, set);
        match opened {
            Some(opened) => decision.also::<Account>(code, opened),
            None => decision,
        }
    }
}

impl Chart {
    /// Whether accounts in this currency may be added.
    fn has_room_for(&self, currency: Currency) -> bool {
        let mut currencies: BTreeSet<Currency> = self.applied.iter().map(|applied| applied.currency).collect();
        currencies.extend(self.roles.values().flat_map(BTreeMap::keys));
        currencies.contains(&currency) || currencies.len() < CURRENCIES_MAX
    }

    /// The account that a template of the chart has for a role which nothing plays in this currency yet. Nothing where no template has
    /// one, where the chart is full, or where an account of that code is of another kind.
    pub(super) fn account_for(&self, role: Role, currency: Currency, context: &Context<'_>) -> Result<Option<NewAccount>, Refusal> {
        let mut accounts = self.applied.iter().flat_map(|applied| accounts_of(applied.template));
        let Some(account) = accounts.find(|account| account.role == Some(role)).filter(|_| self.has_room_for(currency)) else {
            return Ok(None);
        };
        let base = self.currency == Some(currency);
        let (code, terms) = (account.code_in(currency, base), account.terms(currency));
        let opened = match context.get::<Account>(code.as_str())? {
            Some(known) if check_known(known, terms, code.as_str()).is_err() => return Ok(None),
            Some(_) => None,
            None => Some(account.opened(currency, base)),
        };
        context.get::<PostingProfile>(DEFAULT)?;
        Ok(Some(NewAccount { role, code, terms, opened }))
    }
}

/// An account that was there before the template stays as it is, if the template's postings fit it.
fn check_known(known: &Account, wanted: Terms, code: &str) -> Result<(), ChartRejection> {
    let same = |terms: Terms| {
        !terms.closed
            && (terms.account_type, terms.currency, terms.normal_side) == (wanted.account_type, wanted.currency, wanted.normal_side)
            && terms.control() == wanted.control()
    };
    if known.terms.is_some_and(same) { Ok(()) } else { Err(ChartRejection::AccountDiffers(code.to_owned())) }
}

impl TemplateAccount {
    /// Its code in a chart: that of the template in the currency of the books, followed by the currency in any other.
    fn code_in(&self, currency: Currency, base: bool) -> AggregateId {
        let code = if base { self.code.to_owned() } else { format!("{}-{currency}", self.code) };
        AggregateId::try_from(code).expect("the code of a template is an id")
    }

    fn terms(&self, currency: Currency) -> Terms {
        let account_type = self.subtype.account_type();
        let normal_side = if self.contra { account_type.normal_side().opposite() } else { account_type.normal_side() };
        Terms { account_type, subtype: Some(self.subtype), currency, normal_side, closed: false }
    }

    fn opened(&self, currency: Currency, base: bool) -> AccountOpened {
        let Terms { account_type, subtype, normal_side, .. } = self.terms(currency);
        let name = if base { self.name.to_owned() } else { format!("{} ({currency})", self.name) };
        let name = name.try_into().expect("the name of a template is a name");
        AccountOpened { name, account_type, subtype, currency, normal_side, limit_minor: None, listed: true }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the chart, the posting profile or the calendar refuses a command.
    pub enum ChartRejection in "accounting" {
        /// Another id than `default`.
        #[error("A tenant has one chart, one posting profile and one calendar, each with the id `default`.")]
        OnlyDefault => "only_default" ["id"],
        /// Too many sets of accounts.
        #[error("A chart holds accounts in at most {0} currencies.")]
        TooManyCurrencies(usize) => "too_many_currencies" ["currency"],
        /// An account with a code of the template is of another kind.
        #[error("The account `{0}` exists and is closed, or of another type, currency, side or kind than the template's; apply another template, or open the accounts that are missing one by one.")]
        AccountDiffers(String) => "template_conflict" ["template"],
    }
}

#[cfg(test)]
mod tests;
