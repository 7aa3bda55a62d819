//! A hold: a part of an account's balance that is reserved until it is posted, voided, or its time is up.
//!
//! A hold resolves once. Posting it takes all or a part of what it reserved to another account and releases the rest. On a limited account
//! what is reserved counts as taken, so that it cannot be spent twice; other accounts have nothing to keep and only the hold itself
//! remembers. A hold reserves on the side on which the account decreases.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{Account, AccountReleased, AccountReserved};
use super::chart::Chart;
use super::journal_entry::JournalEntry;
use super::posting::{Draft, DraftLine, Resolved, Target, check_amount, check_control, limit_exceeded, prepare, resolve};
use super::values::{DEFAULT, Description, Party, Reference, Role, Side};
use crate::kernel::{Aggregate, AggregateId, Context, Day, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The longest time that a hold lasts: a leap year.
const TIMEOUT_SECONDS_MAX: u32 = 366 * 86_400;

// ---------------------------------------------------------------------------------------------------------- events

/// An amount was reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldReserved {
    /// The account.
    pub account: AggregateId,
    /// The side on which it will be posted.
    pub side: Side,
    /// How much.
    pub amount: Money,
    /// When it is released by itself.
    pub expires_at: DateTime<Utc>,
    /// Whether the account has a limit and keeps what is reserved.
    pub limited: bool,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The document behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
}

/// The hold was posted, in whole or in part, and the rest released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldPosted {
    /// The entry.
    pub entry_id: String,
    /// What was posted.
    pub amount: Money,
    /// The account of the hold.
    pub account: AggregateId,
    /// What it had reserved.
    pub reserved: Money,
}

/// The hold was released by somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldVoided {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Description>,
    /// The account of the hold.
    pub account: AggregateId,
    /// What it had reserved.
    pub reserved: Money,
}

/// The hold was released because its time was up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldExpired {
    /// The account of the hold.
    pub account: AggregateId,
    /// What it had reserved.
    pub reserved: Money,
}

events! {
    /// What happens to a hold.
    pub enum HoldEvent {
        HoldReserved = "hold_reserved" 1,
        HoldPosted = "hold_posted" 1,
        HoldVoided = "hold_voided" 1,
        HoldExpired = "hold_expired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// By an entry.
    Posted,
    /// By somebody who released it.
    Voided,
    /// By the clock.
    Expired,
}

/// A hold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// What was reserved; nothing before.
    pub reserved: Option<HoldReserved>,
    /// How it ended; nothing while it is pending.
    pub resolution: Option<Resolution>,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Reserves an amount of an account for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveHold {
    /// The account.
    #[serde(default)]
    pub account: Option<AggregateId>,
    /// A role instead of an account.
    #[serde(default)]
    pub role: Option<Role>,
    /// How much, above zero.
    pub amount: Money,
    /// After how many seconds it is released by itself, 1 to 31,622,400 (366 days).
    #[schemars(range(min = 1, max = 31_622_400))]
    pub timeout_seconds: u32,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// The document behind it.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Customer or supplier.
    #[serde(default)]
    pub party: Option<Party>,
}

/// Posts all or a part of what was reserved to another account, and releases the rest.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostHold {
    /// The account on the other side.
    #[serde(default)]
    pub account: Option<AggregateId>,
    /// A role instead of an account.
    #[serde(default)]
    pub role: Option<Role>,
    /// How much, at most what was reserved; all of it where nothing is given.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The day for which the entry counts; today where none is given.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the entry is about; what the hold says where none is given.
    #[serde(default)]
    pub description: Option<Description>,
    /// The document behind the entry; that of the hold where none is given.
    #[serde(default)]
    pub reference: Option<Reference>,
}

/// Releases what was reserved.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidHold {
    /// Why.
    #[serde(default)]
    pub reason: Option<Description>,
}

/// Releases what was reserved if its time is up. The platform sends this by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireHold {}

commands! {
    /// What can be asked of a hold.
    pub enum HoldCommand {
        creates "reserve" => ReserveHold {
            "account": "1100", "amount": { "amount_minor": 5_000, "currency": "EUR" }, "timeout_seconds": 3_600, "description": "Deposit"
        },
        "post" => PostHold { "account": "6500", "amount": { "amount_minor": 4_200, "currency": "EUR" } },
        "void" => VoidHold { "reason": "The order was cancelled." },
        "expire" => ExpireHold {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Hold {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "hold";
    type Command = HoldCommand;
    type Event = HoldEvent;

    fn apply(&mut self, event: &HoldEvent) {
        match event {
            HoldEvent::HoldReserved(e) => self.reserved = Some(e.clone()),
            HoldEvent::HoldPosted(_) => self.resolution = Some(Resolution::Posted),
            HoldEvent::HoldVoided(_) => self.resolution = Some(Resolution::Voided),
            HoldEvent::HoldExpired(_) => self.resolution = Some(Resolution::Expired),
        }
    }

    fn handle(&self, command: HoldCommand, context: &Context<'_>) -> Result<Decision<HoldEvent>, Refusal> {
        if let HoldCommand::ReserveHold(command) = command {
            return reserve(command, context);
        }
        let Some(reserved) = &self.reserved else { return Err(HoldRejection::NotReserved.into()) };
        match (command, self.resolution) {
            (HoldCommand::VoidHold(_), Some(Resolution::Voided)) | (HoldCommand::ExpireHold(_), Some(_)) => Ok(Decision::nothing()),
            (HoldCommand::ExpireHold(_), None) if context.now < reserved.expires_at => Ok(Decision::nothing()),
            (_, Some(resolution)) => Err(HoldRejection::Resolved(resolution).into()),
            (HoldCommand::PostHold(command), None) => reserved.post(command, context),
            (HoldCommand::VoidHold(VoidHold { reason }), None) => {
                let event = HoldVoided { reason, account: reserved.account.clone(), reserved: reserved.amount };
                reserved.release(event.into(), context)
            }
            (HoldCommand::ExpireHold(_) | HoldCommand::ReserveHold(_), None) => {
                reserved.release(HoldExpired { account: reserved.account.clone(), reserved: reserved.amount }.into(), context)
            }
        }
    }
}

cqrs_aggregate!(Hold);

fn reserve(command: ReserveHold, context: &Context<'_>) -> Result<Decision<HoldEvent>, Refusal> {
    let ReserveHold { account, role, amount, timeout_seconds, description, reference, party } = command;
    if !(1..=TIMEOUT_SECONDS_MAX).contains(&timeout_seconds) {
        return Err(HoldRejection::TimeoutOutOfRange(TIMEOUT_SECONDS_MAX).into());
    }
    check_amount(amount, 1)?;
    let chart = context.get::<Chart>(DEFAULT)?;
    let found = resolve(1, Target::of(account, role), amount.currency, chart, context)?;
    check_control(1, &found, party.is_some(), context)?;
    let Resolved { code, terms, account } = found;
    let side = terms.normal_side.opposite();
    let (debit, credit) = if side == Side::Debit { (amount.amount_minor, 0) } else { (0, amount.amount_minor) };
    let account = account.filter(|account| account.sums.is_some());
    if let Some(account) = account.filter(|account| !account.has_room(debit, credit, false)) {
        return Err(limit_exceeded(&code, account).into());
    }
    let limited = account.is_some();
    let event = HoldReserved {
        account: code.clone(),
        side,
        amount,
        expires_at: context.now + TimeDelta::seconds(timeout_seconds.into()),
        limited,
        description,
        reference,
        party,
    };
    let decision = Decision::event(event);
    if !limited {
        return Ok(decision);
    }
    let reserved = AccountReserved { hold_id: context.aggregate_id.to_owned(), amount_minor: amount.amount_minor };
    Ok(decision.also::<Account>(code, reserved))
}

impl HoldReserved {
    /// Ends the hold, and gives a limited account back what it has kept.
    fn release(&self, event: HoldEvent, context: &Context<'_>) -> Result<Decision<HoldEvent>, Refusal> {
        let decision = Decision::event(event);
        if !self.limited {
            return Ok(decision);
        }
        context.get::<Account>(self.account.as_str())?;
        let released = AccountReleased { hold_id: context.aggregate_id.to_owned(), amount_minor: self.amount.amount_minor };
        Ok(decision.also::<Account>(self.account.clone(), released))
    }

    fn post(&self, command: PostHold, context: &Context<'_>) -> Result<Decision<HoldEvent>, Refusal> {
        let PostHold { account, role, amount, date, description, reference } = command;
        if context.now >= self.expires_at {
            return Err(HoldRejection::Expired(self.expires_at.to_rfc3339()).into());
        }
        let amount = amount.unwrap_or(self.amount);
        if amount.currency != self.amount.currency || amount.amount_minor > self.amount.amount_minor {
            return Err(HoldRejection::Exceeded(self.amount).into());
        }
        let entry_id = context.fresh_id(0).to_string();
        context.get::<JournalEntry>(&entry_id)?;
        let other =
            DraftLine { target: Target::of(account, role), ..DraftLine::new(Target::Role(Role::Cash), self.side.opposite(), amount) };
        let draft = Draft {
            description: description.or_else(|| self.description.clone()),
            reference: reference.or_else(|| self.reference.clone()),
            party: self.party.clone(),
            hold: Some((context.aggregate_id.to_owned(), self.account.clone())),
            ..Draft::new(
                date.unwrap_or(Day(context.now.date_naive())),
                vec![DraftLine::new(Target::Account(self.account.clone()), self.side, amount), other],
            )
        };
        let (entry, effects) = prepare(draft, &entry_id, context)?.into_parts();
        let event = HoldPosted { entry_id: entry_id.clone(), amount, account: self.account.clone(), reserved: self.amount };
        let decision = self.release(event.into(), context)?.also::<JournalEntry>(entry_id, entry);
        Ok(effects.book(decision))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

impl std::fmt::Display for Resolution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Posted => "posted",
            Self::Voided => "voided",
            Self::Expired => "expired",
        })
    }
}

rejections! {
    /// Why a hold refuses a command.
    pub enum HoldRejection in "accounting" {
        /// Nothing was reserved under the id.
        #[error("Nothing was reserved.")]
        NotReserved => "hold_not_reserved" ["id"],
        /// The hold has ended.
        #[error("The hold was {0}; a hold resolves once. Reserve a new one.")]
        Resolved(Resolution) => "hold_resolved" ["id"],
        /// The hold's time is up.
        #[error("The hold has expired at {0}; reserve a new one.")]
        Expired(String) => "hold_expired" ["id"],
        /// More than was reserved, or another currency.
        #[error("The hold reserved {0}; post no more than that, in the same currency.")]
        Exceeded(Money) => "hold_exceeded" ["amount"],
        /// No time, or too much.
        #[error("A hold lasts from 1 to {0} seconds.")]
        TimeoutOutOfRange(u32) => "timeout_out_of_range" ["timeout_seconds"],
    }
}

#[cfg(test)]
mod tests;
