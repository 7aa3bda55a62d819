//! What can be asked of an entry, and how each way of saying it becomes a draft.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::EntryRejection;
use crate::accounting::posting::{Draft, DraftLine, Target};
use crate::accounting::values::{Description, IfClosed, Party, Reference, Role, Side, SideWord};
use crate::commands;
use crate::kernel::{AggregateId, Day, Money, Text};

/// An account as files of other products name it: the code, perhaps followed by the name (`1200 · Accounts receivable`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountWord(pub AggregateId);

impl TryFrom<String> for AccountWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let code = text.split_whitespace().next().unwrap_or_default().trim_end_matches([':', '-', '·']);
        AggregateId::try_from(code.to_owned()).map(Self).map_err(|error| format!("an account is named by its code, and {error}"))
    }
}

impl JsonSchema for AccountWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AccountWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "description": "An account's code; what follows a space is taken for its name" })
    }
}

/// A line of an entry that is to be posted: `account` or `role`, a side and an amount.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostLine {
    /// The account.
    #[serde(default)]
    pub account: Option<AggregateId>,
    /// A role instead of an account; the posting profile says which account plays it in the currency of the amount.
    #[serde(default)]
    pub role: Option<Role>,
    /// The side.
    pub side: Side,
    /// How much, above zero.
    pub amount: Money,
    /// Customer or supplier, where it is not that of the entry.
    #[serde(default)]
    pub party: Option<Party>,
    /// Document, where it is not that of the entry: the invoice that this part of a payment settles.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Remarks.
    #[serde(default)]
    pub memo: Option<Description>,
}

/// Posts an entry. In each currency its debits must equal its credits.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostEntry {
    /// The day for which it counts: not in the future, and not closed.
    pub date: Day,
    /// What becomes of the entry if that day is closed: `refuse`, or `next_open_day`, for which it then counts.
    #[serde(default)]
    pub if_closed: IfClosed,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// The number of the document behind it. Payments settle the open items of the same reference.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Where it comes from, such as `payroll`. `invoicing` and `inventory` are the platform's own.
    #[serde(default)]
    pub source: Option<Reference>,
    /// Customer or supplier; lines may name another.
    #[serde(default)]
    pub party: Option<Party>,
    /// The lines, 2 to 200.
    pub lines: Vec<PostLine>,
}

/// Posts an entry of one amount from one account to another.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostPair {
    /// The day for which it counts.
    pub date: Day,
    /// The account.
    pub account: AccountWord,
    /// The account on the other side.
    pub contra_account: AccountWord,
    /// The side of `account`; debit where none is given.
    #[serde(default)]
    pub side: Option<SideWord>,
    /// How much; a negative amount changes the sides.
    pub amount: Money,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// The number of the document behind it.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Customer or supplier.
    #[serde(default)]
    pub party: Option<Party>,
}

/// A line as journals of other products list it: a debit, a credit, or an amount that is negative for a credit.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalLine {
    /// The account.
    pub account: AccountWord,
    /// What it is debited with.
    #[serde(default)]
    pub debit: Option<Money>,
    /// What it is credited with.
    #[serde(default)]
    pub credit: Option<Money>,
    /// What it is debited with or, below zero, credited with.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Customer or supplier.
    #[serde(default)]
    pub party: Option<Party>,
    /// Remarks.
    #[serde(default)]
    pub memo: Option<Description>,
}

/// Posts an entry whose lines are written as journals of other products write them. Lines without an amount are left out.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostJournal {
    /// The day for which it counts.
    pub date: Day,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// The number of the document behind it.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// The lines, 2 to 200.
    pub lines: Vec<JournalLine>,
}

/// Posts what an account holds when the books begin; the other side is the account that plays the role `opening_balance`. A balance of
/// zero posts nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostOpeningBalance {
    /// The day for which it counts, mostly that on which the books begin.
    pub date: Day,
    /// The account.
    pub account: AccountWord,
    /// What stands on its debit side.
    #[serde(default)]
    pub debit: Option<Money>,
    /// What stands on its credit side.
    #[serde(default)]
    pub credit: Option<Money>,
    /// The balance on the side on which the account increases, instead of debit and credit.
    #[serde(default)]
    pub balance: Option<Money>,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// The number of the open document, for balances of customers and suppliers.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Customer or supplier.
    #[serde(default)]
    pub party: Option<Party>,
}

/// Undoes an entry by a new one with the sides exchanged.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reverse {
    /// The day for which the reversal counts, not before the entry's; today where none is given.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the reversal is about; the entry's description where none is given.
    #[serde(default)]
    pub description: Option<Description>,
}

/// Attaches a document to an entry. The same bytes are attached once.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachEvidence {
    /// Its file name.
    pub name: Text<200>,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: Text<64>,
    /// Where it is kept.
    #[serde(default)]
    pub url: Option<Text<1000>>,
    /// How long it is.
    #[serde(default)]
    pub size_bytes: Option<u64>,
}

commands! {
    /// What can be asked of an entry.
    pub enum JournalEntryCommand {
        creates "post" => PostEntry {
            "date": "2026-01-31",
            "description": "Invoice 2026-0001",
            "reference": "2026-0001",
            "party": "customer-7",
            "lines": [
                { "role": "accounts_receivable", "side": "debit", "amount": { "amount_minor": 11_900, "currency": "EUR" } },
                { "account": "4000", "side": "credit", "amount": { "amount_minor": 10_000, "currency": "EUR" } },
                { "account": "2100", "side": "credit", "amount": { "amount_minor": 1_900, "currency": "EUR" } }
            ]
        },
        creates "post-pair" => PostPair {
            "date": "2026-01-31", "account": "6100", "contra_account": "1100", "amount": { "amount_minor": 120_000, "currency": "EUR" },
            "description": "Rent for January"
        },
        creates "post-journal" => PostJournal {
            "date": "2026-01-31",
            "description": "Wages for January",
            "lines": [
                { "account": "6000 Wages", "debit": { "amount_minor": 300_000, "currency": "EUR" } },
                { "account": "1100 Bank", "credit": { "amount_minor": 300_000, "currency": "EUR" } }
            ]
        },
        creates "post-opening-balance" => PostOpeningBalance {
            "date": "2026-01-01", "account": "1100", "balance": { "amount_minor": 500_000, "currency": "EUR" }
        },
        "reverse" => Reverse { "date": "2026-02-01" },
        "attach-evidence" => AttachEvidence {
            "name": "receipt.pdf", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "size_bytes": 48_213
        },
    }
}

impl PostEntry {
    pub(super) fn draft(self) -> Draft {
        let line = |line: PostLine| {
            let PostLine { account, role, side, amount, party, reference, memo } = line;
            DraftLine { target: Target::of(account, role), side, amount, party, reference, memo }
        };
        let Self { date, if_closed, description, reference, source, party, lines } = self;
        Draft { if_closed, description, reference, source, party, ..Draft::new(date, lines.into_iter().map(line).collect()) }
    }
}

impl PostPair {
    pub(super) fn draft(self) -> Draft {
        let Self { date, account, contra_account, side, amount, description, reference, party } = self;
        let side = side.map_or(Side::Debit, |word| word.0);
        let (side, amount) = signed(amount, side);
        let lines = vec![
            DraftLine::new(Target::Account(account.0), side, amount),
            DraftLine::new(Target::Account(contra_account.0), side.opposite(), amount),
        ];
        Draft { description, reference, party, ..Draft::new(date, lines) }
    }
}

/// An amount that is not negative, and the side on which it stands.
fn signed(amount: Money, side: Side) -> (Side, Money) {
    if amount.amount_minor >= 0 {
        return (side, amount);
    }
    (side.opposite(), Money::new(amount.amount_minor.saturating_neg(), amount.currency))
}

impl PostJournal {
    pub(super) fn draft(self) -> Result<Draft, EntryRejection> {
        let Self { date, description, reference, lines } = self;
        let mut drafts = Vec::with_capacity(lines.len());
        for (index, line) in lines.into_iter().enumerate() {
            let JournalLine { account, debit, credit, amount, party, memo } = line;
            let filled = |money: &Money| money.amount_minor != 0;
            let (side, amount) = match (debit.filter(filled), credit.filter(filled), amount.filter(filled)) {
                (Some(debit), None, None) => signed(debit, Side::Debit),
                (None, Some(credit), None) => signed(credit, Side::Credit),
                (None, None, Some(amount)) => signed(amount, Side::Debit),
                (None, None, None) if debit.or(credit).or(amount).is_some() => continue,
                _ => return Err(EntryRejection::LineWithoutAmount(index + 1)),
            };
            drafts.push(DraftLine { party, memo, ..DraftLine::new(Target::Account(account.0), side, amount) });
        }
        Ok(Draft { description, reference, ..Draft::new(date, drafts) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_the_code_before_its_name() {
        let code = |text: &str| AccountWord::try_from(text.to_owned()).map(|word| word.0.to_string());
        for text in ["1200", " 1200 ", "1200 · Accounts receivable", "1200: Accounts receivable", "1200 Forderungen"] {
            assert_eq!(code(text).as_deref(), Ok("1200"), "{text}");
        }
        assert!(code("").is_err() && code("Ä 1").is_err());
    }
}
