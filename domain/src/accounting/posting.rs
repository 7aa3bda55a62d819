//! What every posting must satisfy, whether an entry, a reversal or a hold leads to it.
//!
//! In order: at least two lines with amounts above zero; debits equal credits in each currency; a day that is not in the future and
//! not closed; lines that name open accounts in the currency of the line; control accounts only as their subledgers allow; room in the
//! accounts that have a limit. What needs no other aggregate is checked first.
//!
//! Control accounts are worth what their subledgers say, so they are not posted to like others. What customers owe and suppliers are owed
//! always has a party. The stock has a process that posts each of its movements, and nobody else posts to its account: opening stock
//! is taken over by `inventory/stock-movement/open-stock`. What a process has posted in the name of another context is undone there.

use super::account::{Account, AccountPosted, Terms};
use super::chart::{Chart, NewAccount};
use super::journal_entry::{JournalEntryPosted, Line};
use super::values::{AMOUNT_MINOR_MAX, Control, DEFAULT, Description, IfClosed, Party, Reference, Role, Side};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Day, Decision, Money, Refusal};
use crate::rejections;

/// Lines of an entry at most; accounts that the chart does not list are looked at one by one.
pub const LINES_MAX: usize = 200;

/// The process that posts the movements of the stock.
const STOCK_PROCESS: &str = "inventory.ledger";

/// The sources that are contexts with processes of their own, and the process that posts in the name of each.
const PROCESSES: [(&str, &str); 2] = [("inventory", STOCK_PROCESS), ("invoicing", "invoicing.ledger")];

/// The process that alone posts entries of this source, where there is one.
fn process_of(source: &str) -> Option<&'static str> {
    PROCESSES.iter().find(|(name, _)| *name == source).map(|(_, process)| *process)
}

/// Whether entries of this source may be posted and undone by whoever asks.
pub fn may_post(source: Option<&str>, context: &Context<'_>) -> bool {
    source.and_then(process_of).is_none_or(|process| context.actor.is_process(process))
}

/// What a line is posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account.
    Account(AggregateId),
    /// Whatever account plays the role in the currency of the line.
    Role(Role),
}

impl Target {
    /// From the two fields of which a command gives one.
    pub fn of(account: Option<AggregateId>, role: Option<Role>) -> Option<Self> {
        match (account, role) {
            (Some(account), None) => Some(Self::Account(account)),
            (None, Some(role)) => Some(Self::Role(role)),
            _ => None,
        }
    }
}

/// A line that is to be posted.
#[derive(Clone, Debug)]
pub struct DraftLine {
    /// Where to; nothing where the command names neither an account nor a role, or both.
    pub target: Option<Target>,
    /// The side.
    pub side: Side,
    /// How much.
    pub amount: Money,
    /// Customer or supplier, where it is not that of the entry.
    pub party: Option<Party>,
    /// Document, where it is not that of the entry.
    pub reference: Option<Reference>,
    /// Remarks.
    pub memo: Option<Description>,
}

impl DraftLine {
    /// A line without anything else.
    pub fn new(target: Target, side: Side, amount: Money) -> Self {
        Self { target: Some(target), side, amount, party: None, reference: None, memo: None }
    }
}

/// An entry that is to be posted.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The day for which it counts.
    pub date: Day,
    /// What becomes of it if that day is closed.
    pub if_closed: IfClosed,
    /// What it is about.
    pub description: Option<Description>,
    /// The document behind it.
    pub reference: Option<Reference>,
    /// Where it comes from.
    pub source: Option<Reference>,
    /// Customer or supplier.
    pub party: Option<Party>,
    /// The lines.
    pub lines: Vec<DraftLine>,
    /// The entry that it undoes.
    pub reverses: Option<String>,
    /// The hold that led to it, and the account on which the hold has reserved the amount.
    pub hold: Option<(String, AggregateId)>,
}

impl Draft {
    /// An entry of these lines.
    pub fn new(date: Day, lines: Vec<DraftLine>) -> Self {
        let if_closed = IfClosed::Refuse;
        Self { date, if_closed, description: None, reference: None, source: None, party: None, lines, reverses: None, hold: None }
    }
}

/// What an entry does beside standing in the journal.
#[derive(Debug, Default)]
pub struct Effects {
    /// What it does to limited accounts.
    limited: Vec<(String, AccountPosted)>,
    /// The accounts that it needs and that are new.
    opened: Vec<NewAccount>,
}

impl Effects {
    /// Adds them to a decision.
    pub fn book<E>(self, decision: Decision<E>) -> Decision<E> {
        let decision = self.opened.into_iter().fold(decision, |decision, account| account.open(decision));
        self.limited.into_iter().fold(decision, |decision, (code, posted)| decision.also::<Account>(code, posted))
    }
}

/// An entry that may be posted, and what it does besides.
#[derive(Debug)]
pub struct Posting {
    /// The entry.
    pub event: JournalEntryPosted,
    effects: Effects,
}

impl Posting {
    /// The entry as the only event of the deciding aggregate.
    pub fn decide<A: Aggregate>(self) -> Decision<A::Event>
    where
        JournalEntryPosted: Into<A::Event>,
    {
        self.effects.book(Decision::event(self.event))
    }

    /// Takes the posting apart.
    pub fn into_parts(self) -> (JournalEntryPosted, Effects) {
        (self.event, self.effects)
    }
}

/// The account behind a line.
pub struct Resolved<'a> {
    /// Its code.
    pub code: AggregateId,
    /// What a posting must know of it.
    pub terms: Terms,
    /// The account itself, where the chart does not list it.
    pub account: Option<&'a Account>,
}

/// Finds the account that a line names. `number` is the line's, for messages.
pub fn resolve<'a>(
    number: usize,
    target: Option<Target>,
    currency: Currency,
    chart: Option<&'a Chart>,
    context: &Context<'a>,
) -> Result<Resolved<'a>, Refusal> {
    let code = match target {
        Some(Target::Account(code)) => code,
        Some(Target::Role(role)) => {
            let account = chart.and_then(|chart| chart.account_of(role, currency));
            account.cloned().ok_or(PostingRejection::RoleUnassigned(number, role, currency))?
        }
        None => return Err(PostingRejection::LineWithoutAccount(number).into()),
    };
    let listed = chart.and_then(|chart| chart.accounts.get(code.as_str())).copied();
    let (terms, account) = if let Some(terms) = listed {
        (terms, None)
    } else {
        let account = context.get::<Account>(code.as_str())?;
        let terms = account.and_then(|account| account.terms);
        (terms.ok_or_else(|| PostingRejection::UnknownAccount(number, code.to_string()))?, account)
    };
    if terms.closed {
        return Err(PostingRejection::ClosedAccount(number, code.to_string()).into());
    }
    if terms.currency != currency {
        return Err(PostingRejection::CurrencyMismatch(number, code.to_string(), terms.currency, currency).into());
    }
    Ok(Resolved { code, terms, account })
}

/// Finds the account that a line names, where a role that nothing plays in a currency yet gets the account that the chart's template has
/// for it.
fn resolve_or_open<'a>(
    number: usize,
    target: Option<Target>,
    currency: Currency,
    chart: Option<&'a Chart>,
    opened: &mut Vec<NewAccount>,
    context: &Context<'a>,
) -> Result<Resolved<'a>, Refusal> {
    if let (Some(Target::Role(role)), Some(chart)) = (&target, chart)
        && chart.account_of(*role, currency).is_none()
    {
        if let Some(new) = opened.iter().find(|new| (new.role, new.terms.currency) == (*role, currency)) {
            return Ok(Resolved { code: new.code.clone(), terms: new.terms, account: context.get::<Account>(new.code.as_str())? });
        }
        if let Some(new) = chart.account_for(*role, currency, context)? {
            let resolved = Resolved { code: new.code.clone(), terms: new.terms, account: context.get::<Account>(new.code.as_str())? };
            opened.push(new);
            return Ok(resolved);
        }
    }
    resolve(number, target, currency, chart, context)
}

/// Fails where a control account is not to be posted to like this.
pub fn check_control(number: usize, found: &Resolved<'_>, has_party: bool, context: &Context<'_>) -> Result<(), PostingRejection> {
    match found.terms.control() {
        Some(Control::Inventory) if !context.actor.is_process(STOCK_PROCESS) => {
            Err(PostingRejection::StockByHand(number, found.code.to_string()))
        }
        Some(Control::Receivable | Control::Payable) if !has_party => Err(PostingRejection::PartyMissing(number, found.code.to_string())),
        _ => Ok(()),
    }
}

/// The day for which an entry of this day counts, and the day itself where that is another one.
fn counted_day(date: Day, if_closed: IfClosed, chart: Option<&Chart>) -> Result<(Day, Option<Day>), PostingRejection> {
    let Some(closed) = chart.and_then(|chart| chart.closed_through).filter(|closed| date <= *closed) else { return Ok((date, None)) };
    let next = closed.0.succ_opt().and_then(|next| Day::try_from(next).ok()).filter(|_| if_closed == IfClosed::NextOpenDay);
    let next = next.ok_or_else(|| PostingRejection::PeriodClosed(date.0.to_string(), closed.0.to_string()))?;
    Ok((next, Some(date)))
}

/// Checks an entry against everything that it must satisfy. `entry_id` is the id under which it will stand in the journal.
pub fn prepare(draft: Draft, entry_id: &str, context: &Context<'_>) -> Result<Posting, Refusal> {
    check_lines(&draft.lines)?;
    check_not_future(draft.date, context)?;
    if !may_post(draft.source.as_deref(), context) {
        return Err(PostingRejection::SourceReserved(draft.source.as_deref().unwrap_or_default().to_owned()).into());
    }
    let chart = context.get::<Chart>(DEFAULT)?;
    let (date, document_date) = counted_day(draft.date, draft.if_closed, chart)?;
    let Draft { description, reference, source, party, lines, reverses, hold, .. } = draft;
    let mut sums: Vec<(AggregateId, &Account, i64, i64)> = Vec::new();
    let (mut posted, mut opened) = (Vec::with_capacity(lines.len()), Vec::new());
    for (index, line) in lines.into_iter().enumerate() {
        let DraftLine { target, side, amount, party: line_party, reference, memo } = line;
        let role = if let Some(Target::Role(role)) = target { Some(role) } else { None };
        let found = resolve_or_open(index + 1, target, amount.currency, chart, &mut opened, context)?;
        // What is undone was posted somehow; undoing it sets it right.
        if reverses.is_none() {
            check_control(index + 1, &found, line_party.is_some() || party.is_some(), context)?;
        }
        let Resolved { code, terms, account } = found;
        if let Some(account) = account.filter(|account| account.sums.is_some()) {
            let at = sums.iter().position(|(known, ..)| *known == code).unwrap_or_else(|| {
                sums.push((code.clone(), account, 0, 0));
                sums.len() - 1
            });
            match side {
                Side::Debit => sums[at].2 += amount.amount_minor,
                Side::Credit => sums[at].3 += amount.amount_minor,
            }
        }
        posted.push(Line { account: code, side, amount, role, party: line_party, reference, memo, control: terms.control() });
    }
    let mut limited = Vec::with_capacity(sums.len());
    for (code, account, debit_minor, credit_minor) in sums {
        let reserved = hold.as_ref().is_some_and(|(_, held)| *held == code);
        if !account.has_room(debit_minor, credit_minor, reserved) {
            return Err(limit_exceeded(&code, account).into());
        }
        limited.push((code.into(), AccountPosted { entry_id: entry_id.to_owned(), debit_minor, credit_minor }));
    }
    let hold_id = hold.map(|(hold_id, _)| hold_id);
    let event = JournalEntryPosted { date, document_date, description, reference, source, party, lines: posted, reverses, hold_id };
    Ok(Posting { event, effects: Effects { limited, opened } })
}

/// What to say where a limited account has no room.
pub fn limit_exceeded(code: &AggregateId, account: &Account) -> PostingRejection {
    let available = i64::try_from(account.available_minor().unwrap_or(0)).unwrap_or(i64::MAX);
    let currency = account.terms.map_or(Currency::EUR, |terms| terms.currency);
    PostingRejection::LimitExceeded(code.to_string(), Money::new(available, currency))
}

/// Checks what the lines say by themselves.
fn check_lines(lines: &[DraftLine]) -> Result<(), PostingRejection> {
    if lines.len() < 2 {
        return Err(PostingRejection::TooFewLines);
    }
    if lines.len() > LINES_MAX {
        return Err(PostingRejection::TooManyLines(LINES_MAX));
    }
    // One currency, mostly. The number and size of lines are bounded, so the sums fit.
    let mut sums: Vec<(Currency, i64, i64)> = Vec::with_capacity(1);
    for (index, DraftLine { side, amount, .. }) in lines.iter().enumerate() {
        check_amount(*amount, index + 1)?;
        let at = sums.iter().position(|(currency, ..)| *currency == amount.currency).unwrap_or_else(|| {
            sums.push((amount.currency, 0, 0));
            sums.len() - 1
        });
        match side {
            Side::Debit => sums[at].1 += amount.amount_minor,
            Side::Credit => sums[at].2 += amount.amount_minor,
        }
    }
    match sums.into_iter().find(|(_, debit, credit)| debit != credit) {
        Some((currency, debit, credit)) => Err(PostingRejection::Unbalanced(Money::new(debit, currency), Money::new(credit, currency))),
        None => Ok(()),
    }
}

/// An amount that can be posted: above zero, and so that sums stay within 64 bits.
pub fn check_amount(amount: Money, number: usize) -> Result<(), PostingRejection> {
    if (1..=AMOUNT_MINOR_MAX).contains(&amount.amount_minor) { Ok(()) } else { Err(PostingRejection::AmountOutOfRange(number)) }
}

/// A day on which something can have happened; the day of the easternmost time zone counts as today.
pub fn check_not_future(date: Day, context: &Context<'_>) -> Result<(), PostingRejection> {
    let today = context.now.date_naive();
    let future = today.succ_opt().is_some_and(|tomorrow| date.0 > tomorrow);
    if future { Err(PostingRejection::FutureDate(date.0.to_string())) } else { Ok(()) }
}

rejections! {
    /// Why nothing is posted.
    pub enum PostingRejection in "accounting" {
        /// One line, or none.
        #[error("An entry has at least two lines.")]
        TooFewLines => "too_few_lines" ["lines"],
        /// More lines than an entry may have.
        #[error("An entry has at most {0} lines; divide it.")]
        TooManyLines(usize) => "too_many_lines" ["lines"],
        /// Zero, negative, or beyond all measure.
        #[error("Line {0}: an amount is above zero and at most 9,000,000,000,000,000 minor units; put it on the other side instead of negating it.")]
        AmountOutOfRange(usize) => "amount_out_of_range" ["lines"],
        /// Debits and credits differ.
        #[error("Debits are {0} and credits {1}; they must be equal in each currency.")]
        Unbalanced(Money, Money) => "unbalanced" ["lines"],
        /// A day to come.
        #[error("{0} is in the future; date the entry today or earlier.")]
        FutureDate(String) => "future_date" ["date"],
        /// A closed day.
        #[error("The books are closed through {1}, and {0} is not after that; choose a later day, or reopen the books.")]
        PeriodClosed(String, String) => "period_closed" ["date"],
        /// Neither an account nor a role, or both.
        #[error("Line {0}: name either an account or a role.")]
        LineWithoutAccount(usize) => "line_without_account" ["lines"],
        /// An entry in the name of a context whose process posts for it.
        #[error("Entries of the source `{0}` are posted by the platform itself; leave the source out, or name another one.")]
        SourceReserved(String) => "source_reserved" ["source"],
        /// The control account of the stock is not posted to by hand.
        #[error("Line {0}: the account `{1}` is worth what the stock is worth, and follows its movements; change the stock instead: `inventory/stock-movement/open-stock` takes over what was there before, `inventory/stock-item/adjust` corrects it.")]
        StockByHand(usize, String) => "inventory_posted_by_hand" ["lines"],
        /// A debt without a debtor or creditor.
        #[error("Line {0}: the account `{1}` tells what each customer owes or each supplier is owed; name the `party`.")]
        PartyMissing(usize, String) => "party_missing" ["lines", "party"],
        /// No account plays the role.
        #[error("Line {0}: no account plays the role `{1}` in {2}; give it to one with posting-profile/default/set-role.")]
        RoleUnassigned(usize, Role, Currency) => "role_unassigned" ["lines"],
        /// No such account.
        #[error("Line {0}: there is no account `{1}`.")]
        UnknownAccount(usize, String) => "account_unknown" ["lines"],
        /// A closed account.
        #[error("Line {0}: the account `{1}` is closed; reopen it, or choose another one.")]
        ClosedAccount(usize, String) => "account_closed" ["lines"],
        /// A line in another currency than its account.
        #[error("Line {0}: the account `{1}` is in {2}, and the amount in {3}.")]
        CurrencyMismatch(usize, String, Currency, Currency) => "currency_mismatch" ["lines"],
        /// A limited account has no room.
        #[error("The limit of the account `{0}` allows no more than {1}.")]
        LimitExceeded(String, Money) => "limit_exceeded" ["lines"],
    }
}
