//! What every posting must satisfy, whether an entry, a reversal or a hold leads to it.
//!
//! In order: at least two lines with amounts above zero; debits equal credits in each currency; a day that is not in the future and
//! not closed; lines that name open accounts in the currency of the line; room in the accounts that have a limit. What needs no other
//! aggregate is checked first.

use super::account::{Account, AccountPosted, Terms};
use super::chart::Chart;
use super::journal_entry::{JournalEntryPosted, Line};
use super::values::{AMOUNT_MINOR_MAX, DEFAULT, Description, Party, Reference, Role, Side};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Day, Decision, Money, Refusal};
use crate::rejections;

/// Lines of an entry at most; accounts that the chart does not list are looked at one by one.
pub const LINES_MAX: usize = 200;

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
        Self { date, description: None, reference: None, source: None, party: None, lines, reverses: None, hold: None }
    }
}

/// An entry that may be posted, and what it does to limited accounts.
#[derive(Debug)]
pub struct Posting {
    /// The entry.
    pub event: JournalEntryPosted,
    limited: Vec<(String, AccountPosted)>,
}

impl Posting {
    /// Adds what the posting does to limited accounts.
    pub fn book<E>(limited: Vec<(String, AccountPosted)>, decision: Decision<E>) -> Decision<E> {
        limited.into_iter().fold(decision, |decision, (code, posted)| decision.also::<Account>(code, posted))
    }

    /// The entry as the only event of the deciding aggregate.
    pub fn decide<A: Aggregate>(self) -> Decision<A::Event>
    where
        JournalEntryPosted: Into<A::Event>,
    {
        Self::book(self.limited, Decision::event(self.event))
    }

    /// Takes the posting apart.
    pub fn into_parts(self) -> (JournalEntryPosted, Vec<(String, AccountPosted)>) {
        (self.event, self.limited)
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

/// Checks an entry against everything that it must satisfy. `entry_id` is the id under which it will stand in the journal.
pub fn prepare(draft: Draft, entry_id: &str, context: &Context<'_>) -> Result<Posting, Refusal> {
    check_lines(&draft.lines)?;
    check_not_future(draft.date, context)?;
    let chart = context.get::<Chart>(DEFAULT)?;
    if let Some(closed) = chart.and_then(|chart| chart.closed_through).filter(|closed| draft.date <= *closed) {
        return Err(PostingRejection::PeriodClosed(draft.date.0.to_string(), closed.0.to_string()).into());
    }
    let Draft { date, description, reference, source, party, lines, reverses, hold } = draft;
    let mut sums: Vec<(AggregateId, &Account, i64, i64)> = Vec::new();
    let mut posted = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let DraftLine { target, side, amount, party, reference, memo } = line;
        let Resolved { code, terms, account } = resolve(index + 1, target, amount.currency, chart, context)?;
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
        posted.push(Line { account: code, side, amount, party, reference, memo, control: terms.control() });
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
    let event = JournalEntryPosted { date, description, reference, source, party, lines: posted, reverses, hold_id };
    Ok(Posting { event, limited })
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
