//! An entry of the journal: what was posted to which accounts, for which day.
//!
//! An entry is never edited or deleted. What was wrong is reversed, once, by a new entry with the sides exchanged, and posted
//! again as it should have been. Evidence (a scanned receipt) can be attached at any time; the ledger keeps its digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod commands;

pub use self::commands::{
    AccountWord, AttachEvidence, JournalEntryCommand, JournalLine, PostEntry, PostJournal, PostLine, PostOpeningBalance, PostPair, Reverse,
};
use super::chart::Chart;
use super::posting::{Draft, DraftLine, Target, may_post, prepare, resolve};
use super::values::{Control, DEFAULT, Description, Party, Reference, Role, Side};
use crate::kernel::{Aggregate, AggregateId, Context, Day, Decision, Money, Refusal, Text};
use crate::{cqrs_aggregate, events, rejections};

/// Pieces of evidence of one entry at most.
const EVIDENCE_MAX: usize = 50;

// ---------------------------------------------------------------------------------------------------------- events

/// A line of an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The account.
    pub account: AggregateId,
    /// The side.
    pub side: Side,
    /// How much, above zero.
    pub amount: Money,
    /// The role by which the account was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Customer or supplier, where it is not that of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// Document, where it is not that of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Description>,
    /// What the account sums up, where it is a control account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// An entry was posted. In each currency its debits equal its credits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntryPosted {
    /// The day for which it counts.
    pub date: Day,
    /// The day of what it is about, where the books of that day were closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_date: Option<Day>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The document behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Reference>,
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// The lines, two or more.
    pub lines: Vec<Line>,
    /// The entry that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<String>,
    /// The hold that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<String>,
}

/// Another entry has undone this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntryReversed {
    /// The entry that undoes it.
    pub reversed_by: String,
    /// The day for which that one counts.
    pub date: Day,
}

/// A document, known by its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Its file name.
    pub name: Text<200>,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: Text<64>,
    /// Where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<1000>>,
    /// How long it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// A document was attached to the entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceAttached {
    /// The document.
    pub evidence: Evidence,
}

events! {
    /// What happens to an entry.
    pub enum JournalEntryEvent {
        JournalEntryPosted = "journal_entry_posted" 1,
        JournalEntryReversed = "journal_entry_reversed" 1,
        EvidenceAttached = "evidence_attached" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// An entry's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntry {
    /// What was posted; nothing before.
    pub posted: Option<JournalEntryPosted>,
    /// The entry that undoes it.
    pub reversed_by: Option<String>,
    /// The documents behind it.
    pub evidence: Vec<Evidence>,
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for JournalEntry {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "journal-entry";
    type Command = JournalEntryCommand;
    type Event = JournalEntryEvent;

    fn apply(&mut self, event: &JournalEntryEvent) {
        match event {
            JournalEntryEvent::JournalEntryPosted(e) => self.posted = Some(e.clone()),
            JournalEntryEvent::JournalEntryReversed(e) => self.reversed_by = Some(e.reversed_by.clone()),
            JournalEntryEvent::EvidenceAttached(e) => self.evidence.push(e.evidence.clone()),
        }
    }

    fn handle(&self, command: JournalEntryCommand, context: &Context<'_>) -> Result<Decision<JournalEntryEvent>, Refusal> {
        let draft = match command {
            JournalEntryCommand::PostEntry(command) => command.draft(),
            JournalEntryCommand::PostPair(command) => command.draft(),
            JournalEntryCommand::PostJournal(command) => command.draft()?,
            JournalEntryCommand::PostOpeningBalance(command) => match opening_balance(command, context)? {
                Some(draft) => draft,
                None => return Ok(Decision::nothing()),
            },
            JournalEntryCommand::Reverse(command) => return self.reverse(command, context),
            JournalEntryCommand::AttachEvidence(command) => return Ok(self.attach(command)?),
        };
        Ok(prepare(draft, context.aggregate_id, context)?.decide::<Self>())
    }
}

cqrs_aggregate!(JournalEntry);

/// The entry of an opening balance; nothing where the balance is zero.
fn opening_balance(command: PostOpeningBalance, context: &Context<'_>) -> Result<Option<Draft>, Refusal> {
    let PostOpeningBalance { date, account, debit, credit, balance, description, reference, party } = command;
    let given = [debit, credit, balance].into_iter().flatten();
    let Some(currency) = given.map(|money| money.currency).next() else { return Err(EntryRejection::NoBalance.into()) };
    let minor = |money: Option<Money>| money.map_or(0, |money| i128::from(money.amount_minor));
    if [debit, credit, balance].into_iter().flatten().any(|money| money.currency != currency)
        || (debit.or(credit).is_some() && balance.is_some())
    {
        return Err(EntryRejection::NoBalance.into());
    }
    let target = Target::Account(account.0);
    let chart = context.get::<Chart>(DEFAULT)?;
    let normal = resolve(1, Some(target.clone()), currency, chart, context)?.terms.normal_side;
    // Debits count as positive from here on.
    let net = minor(debit) - minor(credit) + if normal == Side::Debit { minor(balance) } else { -minor(balance) };
    if net == 0 {
        return Ok(None);
    }
    let side = if net > 0 { Side::Debit } else { Side::Credit };
    let amount = Money::new(i64::try_from(net.abs()).unwrap_or(i64::MAX), currency);
    let lines = vec![DraftLine::new(target, side, amount), DraftLine::new(Target::Role(Role::OpeningBalance), side.opposite(), amount)];
    Ok(Some(Draft { description, reference, party, ..Draft::new(date, lines) }))
}

impl JournalEntry {
    fn reverse(&self, command: Reverse, context: &Context<'_>) -> Result<Decision<JournalEntryEvent>, Refusal> {
        let Some(posted) = &self.posted else { return Err(EntryRejection::NotPosted.into()) };
        if let Some(reversed_by) = &self.reversed_by {
            return Err(EntryRejection::AlreadyReversed(reversed_by.clone()).into());
        }
        let source = posted.source.as_deref();
        if !may_post(source, context) {
            return Err(EntryRejection::OfAnotherContext(source.unwrap_or_default().to_owned()).into());
        }
        let date = command.date.unwrap_or_else(|| Day(context.now.date_naive()).max(posted.date));
        if date < posted.date {
            return Err(EntryRejection::BeforeEntry(posted.date.0.to_string()).into());
        }
        let reversal_id = context.fresh_id(0).to_string();
        context.get::<Self>(&reversal_id)?;
        let lines = posted.lines.iter().map(|line| reversed(line, posted, context.aggregate_id)).collect();
        let draft = Draft {
            description: command.description.or_else(|| posted.description.clone()),
            reference: posted.reference.clone(),
            source: posted.source.clone(),
            party: posted.party.clone(),
            reverses: Some(context.aggregate_id.to_owned()),
            ..Draft::new(date, lines)
        };
        let (entry, effects) = prepare(draft, &reversal_id, context)?.into_parts();
        let decision = Decision::event(JournalEntryReversed { reversed_by: reversal_id.clone(), date });
        Ok(effects.book(decision.also::<Self>(reversal_id, entry)))
    }

    fn attach(&self, command: AttachEvidence) -> Result<Decision<JournalEntryEvent>, EntryRejection> {
        let AttachEvidence { name, sha256, url, size_bytes } = command;
        let digest = sha256.to_ascii_lowercase();
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(EntryRejection::InvalidDigest);
        }
        if self.evidence.iter().any(|known| *known.sha256 == digest) {
            return Ok(Decision::nothing());
        }
        if self.evidence.len() >= EVIDENCE_MAX {
            return Err(EntryRejection::TooMuchEvidence(EVIDENCE_MAX));
        }
        let sha256 = digest.try_into().map_err(|_| EntryRejection::InvalidDigest)?;
        Ok(Decision::event(EvidenceAttached { evidence: Evidence { name, sha256, url, size_bytes } }))
    }
}

/// A line with the sides exchanged. One that opened an item of its own, for want of a document, settles that very item.
fn reversed(line: &Line, entry: &JournalEntryPosted, entry_id: &str) -> DraftLine {
    let mut draft = DraftLine::new(Target::Account(line.account.clone()), line.side.opposite(), line.amount);
    (draft.party, draft.reference, draft.memo) = (line.party.clone(), line.reference.clone(), line.memo.clone());
    let opened_item = line.control.is_some_and(|control| control.increases_on() == line.side);
    if opened_item && line.reference.is_none() && entry.reference.is_none() {
        draft.reference = entry_id.to_owned().try_into().ok();
    }
    draft
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an entry refuses a command.
    pub enum EntryRejection in "accounting" {
        /// Nothing was posted under the id.
        #[error("The entry was never posted.")]
        NotPosted => "entry_not_posted" ["id"],
        /// The entry was reversed before.
        #[error("The entry was reversed by `{0}`; an entry is reversed once.")]
        AlreadyReversed(String) => "already_reversed" ["id"],
        /// A reversal that comes before what it reverses.
        #[error("The entry is dated {0}; a reversal cannot be dated earlier.")]
        BeforeEntry(String) => "reversal_before_entry" ["date"],
        /// The entry follows from a document or a movement, which stays.
        #[error("The entry comes from the context `{0}`; undo what it is about there (a credit note, a void, a correction of the stock), and the books follow.")]
        OfAnotherContext(String) => "entry_of_another_context" ["id"],
        /// An opening balance without an amount, or with several that contradict each other.
        #[error("Give the balance as a debit and a credit of one currency, or as one balance.")]
        NoBalance => "balance_missing" ["debit", "credit", "balance"],
        /// A line of a journal with both sides or neither.
        #[error("Line {0}: give a debit, a credit or a signed amount.")]
        LineWithoutAmount(usize) => "line_without_amount" ["lines"],
        /// Not a SHA-256.
        #[error("A SHA-256 is written as 64 hexadecimal digits.")]
        InvalidDigest => "invalid_sha256" ["sha256"],
        /// Too many documents.
        #[error("An entry holds at most {0} pieces of evidence.")]
        TooMuchEvidence(usize) => "too_much_evidence" ["id"],
    }
}

#[cfg(test)]
mod tests;
