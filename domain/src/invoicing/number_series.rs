//! A number series: where invoices and credit notes get their numbers from, without gaps.
//!
//! A number is taken in the transaction that finalises its document, so none is ever skipped or given twice. The series `default`
//! (`INV-0001`) and `credit-note` (`CN-0001`) exist without being defined; defining them changes how their numbers look. A series that
//! starts anew each year counts every year, that of the document's date, by itself.

use std::collections::BTreeMap;

use chrono::Datelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, AggregateId, ClaimAction, Context, Day, Decision, Refusal, Text, fold};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The series of invoices that name none.
pub const INVOICES: &str = "default";
/// The series of credit notes that name none.
pub const CREDIT_NOTES: &str = "credit-note";
/// Scope of the claims on prefixes.
pub const PREFIX_SCOPE: &str = "number_series.prefix";
/// Scope of the claims on numbers.
pub const NUMBER_SCOPE: &str = "document.number";
/// The most digits that a number is padded to.
const PADDING_MAX: u8 = 12;
/// The longest prefix, in characters.
const PREFIX_CHARS_MAX: usize = 20;
/// The key of the count of a series that does not start anew.
const EVER: i32 = 0;

/// What a document is known by; can stand in an address as it is.
pub type DocumentNumber = AggregateId;

// ---------------------------------------------------------------------------------------------------------- events

/// How the numbers of a series look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberFormat {
    /// What stands in front.
    pub prefix: String,
    /// The number of digits, filled up with zeros.
    pub padding: u8,
    /// Whether counting starts anew each year; the year stands between prefix and number then: `INV-2026-0001`.
    pub yearly: bool,
}

/// It was said how the numbers of the series look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberSeriesDefined {
    /// How they look.
    #[serde(flatten)]
    pub format: NumberFormat,
    /// The first number, where none has been taken yet.
    pub first: u64,
}

/// A document took the next number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberTaken {
    /// The year that counts, or 0 where counting does not start anew.
    pub year: i32,
    /// The number.
    pub sequence: u64,
    /// The number as it stands on the document.
    pub number: DocumentNumber,
    /// The kind of document: `invoice` or `credit_note`.
    pub document: String,
    /// The invoice that the document is, or belongs to.
    pub invoice_id: String,
}

/// No more numbers are taken from the series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberSeriesRetired {}

events! {
    /// What happens to a number series.
    pub enum NumberSeriesEvent {
        NumberSeriesDefined = "number_series_defined" 1,
        NumberTaken = "number_taken" 1,
        NumberSeriesRetired = "number_series_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A number series' state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberSeries {
    /// How its numbers look; nothing before it is defined.
    pub format: Option<NumberFormat>,
    /// The first number of a series that does not start anew each year; 0 means 1.
    pub first: u64,
    /// The last number of each year, or under 0 that of all.
    pub last: BTreeMap<i32, u64>,
    /// Whether it is out of use.
    pub retired: bool,
}

impl NumberSeries {
    /// How the numbers of a series look that nobody has defined.
    fn builtin(id: &str) -> Option<NumberFormat> {
        let prefix = match id {
            INVOICES => "INV-",
            CREDIT_NOTES => "CN-",
            _ => return None,
        };
        Some(NumberFormat { prefix: prefix.to_owned(), padding: 4, yearly: false })
    }

    /// How the numbers of the series `id` look.
    pub fn format_of(&self, id: &str) -> Option<NumberFormat> {
        self.format.clone().or_else(|| Self::builtin(id))
    }

    /// Checks that there is a series `id`.
    pub(super) fn require(id: &str, context: &Context<'_>) -> Result<(), Refusal> {
        let format = context.get::<Self>(id)?.map_or_else(|| Self::builtin(id), |series| series.format_of(id));
        if format.is_some() { Ok(()) } else { Err(NumberSeriesRejection::Unknown(id.to_owned()).into()) }
    }

    /// Takes the next number of the series `id` for a document of this day. Write it with [`Decision::also`], and claim it.
    pub(super) fn next(id: &str, document: &str, day: Day, context: &Context<'_>) -> Result<NumberTaken, Refusal> {
        let unknown = Self::default();
        let series = context.get::<Self>(id)?.unwrap_or(&unknown);
        let Some(format) = series.format_of(id) else { return Err(NumberSeriesRejection::Unknown(id.to_owned()).into()) };
        if series.retired {
            return Err(NumberSeriesRejection::Retired(id.to_owned()).into());
        }
        let year = if format.yearly { day.0.year() } else { EVER };
        let first = if format.yearly { 1 } else { series.first.max(1) };
        let sequence = series.last.get(&year).map_or(first, |last| last + 1);
        let digits = format!("{sequence:0width$}", width = usize::from(format.padding));
        let text = if format.yearly { format!("{}{year}-{digits}", format.prefix) } else { format!("{}{digits}", format.prefix) };
        // A prefix of 20 characters, a year and 20 digits are an id.
        let number = AggregateId::try_from(text).map_err(|_| NumberSeriesRejection::Prefix(PREFIX_CHARS_MAX))?;
        Ok(NumberTaken { year, sequence, number, document: document.to_owned(), invoice_id: context.aggregate_id.to_owned() })
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Says how the numbers of a series look. A series can be defined again to give its further numbers another prefix or padding.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineNumberSeries {
    /// What stands in front, 1 to 20 of the characters `A–Z a–z 0–9 . _ ~ : -`: `INV-`. No two series have the same.
    pub prefix: Text<20>,
    /// The number of digits, filled up with zeros, 1 to 12; 4 where it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 12))]
    pub padding: Option<u8>,
    /// Whether counting starts anew each year. Cannot be changed once a number has been taken.
    #[serde(default)]
    pub yearly: bool,
    /// The next number, for those who come from another system; 1 where it is left out. Only before the first number is taken, and not
    /// for a series that starts anew each year: a number that is skipped would be a gap.
    #[serde(default)]
    #[schemars(range(min = 1, max = 999_999_999_999u64))]
    pub next_number: Option<u64>,
}

/// Takes a series out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireNumberSeries {}

commands! {
    /// What can be asked of a number series.
    pub enum NumberSeriesCommand {
        either "define" => DefineNumberSeries { "prefix": "B2B-", "padding": 5, "yearly": true },
        "retire" => RetireNumberSeries {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for NumberSeries {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "number-series";
    type Command = NumberSeriesCommand;
    type Event = NumberSeriesEvent;

    fn apply(&mut self, event: &NumberSeriesEvent) {
        match event {
            NumberSeriesEvent::NumberSeriesDefined(e) => {
                self.format = Some(e.format.clone());
                self.first = e.first;
                self.retired = false;
            }
            NumberSeriesEvent::NumberTaken(e) => {
                self.last.insert(e.year, e.sequence);
            }
            NumberSeriesEvent::NumberSeriesRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: NumberSeriesCommand, context: &Context<'_>) -> Result<Decision<NumberSeriesEvent>, Refusal> {
        match command {
            NumberSeriesCommand::DefineNumberSeries(command) => Ok(self.define(&command, context.aggregate_id)?),
            NumberSeriesCommand::RetireNumberSeries(_) if self.retired => Ok(Decision::nothing()),
            NumberSeriesCommand::RetireNumberSeries(_) => {
                let prefix = self.format_of(context.aggregate_id).map(|format| fold(&format.prefix)).unwrap_or_default();
                Ok(Decision::event(NumberSeriesRetired {}).release(PREFIX_SCOPE, prefix))
            }
        }
    }
}

cqrs_aggregate!(NumberSeries);

impl NumberSeries {
    fn define(&self, command: &DefineNumberSeries, id: &str) -> Result<Decision<NumberSeriesEvent>, NumberSeriesRejection> {
        let prefix = command.prefix.to_string();
        let padding = command.padding.unwrap_or(4);
        if AggregateId::try_from(prefix.clone()).is_err() || prefix.chars().count() > PREFIX_CHARS_MAX {
            return Err(NumberSeriesRejection::Prefix(PREFIX_CHARS_MAX));
        }
        if !(1..=PADDING_MAX).contains(&padding) {
            return Err(NumberSeriesRejection::Padding(PADDING_MAX));
        }
        let format = NumberFormat { prefix, padding, yearly: command.yearly };
        let before = self.format_of(id);
        let used = !self.last.is_empty();
        let next = self.last.get(&EVER).map_or(self.first.max(1), |last| last + 1);
        let wanted = command.next_number.unwrap_or(next);
        if wanted == 0 || wanted > 999_999_999_999 || (command.yearly && wanted != 1 && command.next_number.is_some()) {
            return Err(NumberSeriesRejection::NextNumber);
        }
        if used && (before.as_ref().is_some_and(|before| before.yearly != format.yearly) || wanted != next) {
            return Err(NumberSeriesRejection::InUse);
        }
        let first = if command.yearly || used { self.first.max(1) } else { wanted };
        if self.format.as_ref() == Some(&format) && self.first == first && !self.retired {
            return Ok(Decision::nothing());
        }
        let key = fold(&format.prefix);
        let mut decision = Decision::nothing();
        if let Some(old) = before.map(|before| fold(&before.prefix)).filter(|old| *old != key) {
            decision = decision.release(PREFIX_SCOPE, old);
        }
        Ok(decision.claim(PREFIX_SCOPE, key, "prefix").and(NumberSeriesDefined { format, first }))
    }
}

/// Takes the next number for a document of the deciding invoice: the number is written to the series, and claimed for the document, so that
/// no other has it, wherever its number comes from. `document` is the invoice's id, or a name for its credit note.
pub(super) fn take<E>(
    mut decision: Decision<E>,
    id: &str,
    taken: NumberTaken,
    document: String,
    context: &Context<'_>,
) -> Result<Decision<E>, Refusal> {
    let unnamed = context.get::<NumberSeries>(id)?.is_none();
    if let Some(format) = NumberSeries::builtin(id).filter(|_| unnamed) {
        // The first number of a series that exists without being defined takes its prefix, so that no other series gets it.
        let key = fold(&format.prefix);
        decision = decision.with_claim(ClaimAction::TakeIfFree, PREFIX_SCOPE, key, "series", Some(id.to_owned()));
    }
    let number = fold(taken.number.as_str());
    Ok(decision.with_claim(ClaimAction::Take, NUMBER_SCOPE, number, "number", Some(document)).also::<NumberSeries>(id, taken))
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a number series refuses a command, or gives no number.
    pub enum NumberSeriesRejection in "invoicing" {
        /// No such series.
        #[error("There is no number series `{0}`; define it first.")]
        Unknown(String) => "series_unknown" ["series"],
        /// Out of use.
        #[error("The number series `{0}` is retired; define it again or name another.")]
        Retired(String) => "series_retired" ["series"],
        /// A prefix that cannot stand in a number.
        #[error("A prefix has 1 to {0} characters, each a letter, a digit or one of . _ ~ : -")]
        Prefix(usize) => "series_prefix_invalid" ["prefix"],
        /// Number of digits.
        #[error("A number has 1 to {0} digits.")]
        Padding(u8) => "series_padding_invalid" ["padding"],
        /// A first number that cannot be.
        #[error("The next number is between 1 and 999999999999; a series that starts anew each year starts with 1.")]
        NextNumber => "series_next_number_invalid" ["next_number"],
        /// Would leave a gap, or number twice.
        #[error("Numbers of the series have been taken: neither the next number nor the yearly start can be changed. Define another series.")]
        InUse => "series_in_use" ["next_number", "yearly"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};
    use crate::kernel::{Actor, AggregateKey, Loaded, LoadedState, State, TenantId};

    fn defined(prefix: &str, yearly: bool, first: u64) -> NumberSeriesEvent {
        NumberSeriesDefined { format: NumberFormat { prefix: prefix.into(), padding: 4, yearly }, first }.into()
    }

    fn taken(year: i32, sequence: u64) -> NumberSeriesEvent {
        let number = format!("X-{sequence}").parse().unwrap();
        NumberTaken { year, sequence, number, document: "invoice".into(), invoice_id: "i".into() }.into()
    }

    fn used() -> Given<NumberSeries> {
        given([defined("X-", false, 7), taken(0, 7)])
    }

    #[test]
    fn a_series_takes_its_prefix_and_says_how_numbers_look() {
        let body = json!({ "prefix": "X-", "next_number": 7 });
        let then = given_nothing::<NumberSeries>().when_json("define", &body);
        assert_eq!(then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect::<Vec<_>>(), [(ClaimAction::Take, "x-")]);
        then.then([defined("X-", false, 7)]).when_json("define", &body).then_nothing();
    }

    #[test]
    fn a_series_in_use_changes_its_looks_and_not_its_count() {
        let then = used().when_json("define", &json!({ "prefix": "Y-" }));
        let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect();
        assert_eq!(claims, [(ClaimAction::Release, "x-"), (ClaimAction::Take, "y-")]);
        let given = then.then([defined("Y-", false, 7)]);
        assert_eq!(given.state().last.get(&0), Some(&7));
        used().when_json("define", &json!({ "prefix": "X-", "next_number": 8 })).then_nothing();
        used().when_json("define", &json!({ "prefix": "X-", "next_number": 9 })).then_rejected("invoicing.series_in_use");
        used().when_json("define", &json!({ "prefix": "X-", "yearly": true })).then_rejected("invoicing.series_in_use");
    }

    #[test]
    fn impossible_series_are_refused() {
        let when = |body| given_nothing::<NumberSeries>().when_json("define", &body);
        when(json!({ "prefix": "A/B" })).then_rejected("invoicing.series_prefix_invalid");
        when(json!({ "prefix": "A", "padding": 0 })).then_rejected("invoicing.series_padding_invalid");
        when(json!({ "prefix": "A", "padding": 13 })).then_rejected("invoicing.series_padding_invalid");
        when(json!({ "prefix": "A", "next_number": 0 })).then_rejected("invoicing.series_next_number_invalid");
        when(json!({ "prefix": "A", "yearly": true, "next_number": 5 })).then_rejected("invoicing.series_next_number_invalid");
    }

    #[test]
    fn a_retired_series_gives_its_prefix_back_until_it_is_defined_again() {
        let then = used().when_json("retire", &json!({}));
        assert_eq!(then.claims()[0].action, ClaimAction::Release);
        let retired = then.then([NumberSeriesRetired {}.into()]).when_json("retire", &json!({})).then_nothing();
        let again = retired.when_json("define", &json!({ "prefix": "X-" })).then([defined("X-", false, 7)]);
        assert!(!again.state().retired);
    }

    #[test]
    fn numbers_follow_each_other_and_start_anew_where_they_should() {
        let day = |text: &str| Day(text.parse().unwrap());
        let next = |events: Vec<NumberSeriesEvent>, id: &str, on: &str| {
            let given = given::<NumberSeries>(events);
            let state: State = Arc::new(given.state().clone());
            let key = AggregateKey { aggregate_type: NumberSeries::TYPE, id: id.to_owned() };
            let loaded = Loaded::from([(key, LoadedState { version: 1, state })]);
            let (actor, now) = (Actor::default(), "2026-03-01T12:00:00Z".parse().unwrap());
            let context = Context::new(TenantId(Uuid::nil()), "i", Uuid::nil(), now, &actor, &loaded);
            match NumberSeries::next(id, "invoice", day(on), &context) {
                Ok(taken) => Ok((taken.sequence, taken.number.to_string())),
                Err(Refusal::Rejected(rejection)) => Err(rejection.code),
                Err(Refusal::Needs(key)) => panic!("{key:?} is not asked for"),
            }
        };
        let number = |events, on| next(events, "s", on).unwrap();
        assert_eq!(number(vec![defined("X-", false, 1)], "2026-01-31"), (1, "X-0001".into()));
        assert_eq!(number(vec![defined("X-", false, 7), taken(0, 7)], "2026-01-31"), (8, "X-0008".into()));
        assert_eq!(number(vec![defined("X-", false, 99_999)], "2026-01-31"), (99_999, "X-99999".into()));
        assert_eq!(number(vec![defined("X-", true, 1), taken(2025, 41)], "2025-12-31"), (42, "X-2025-0042".into()));
        assert_eq!(number(vec![defined("X-", true, 1), taken(2025, 41)], "2026-01-01"), (1, "X-2026-0001".into()));
        assert_eq!(next(vec![], INVOICES, "2026-01-01").unwrap(), (1, "INV-0001".into()));
        assert_eq!(next(vec![], CREDIT_NOTES, "2026-01-01").unwrap(), (1, "CN-0001".into()));
        assert_eq!(next(vec![], "s", "2026-01-01").unwrap_err(), "invoicing.series_unknown");
        let retired = vec![defined("X-", true, 1), NumberSeriesRetired {}.into()];
        assert_eq!(next(retired, "s", "2026-01-01").unwrap_err(), "invoicing.series_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<NumberSeries>();
    }
}
