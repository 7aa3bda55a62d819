//! The ledger's calendar: through which day the books are closed. A tenant has one, with the id `default`.
//!
//! Days are closed from the beginning of the books through a day, so that what has been reported stays as it was; a correction is posted
//! on an open day. Today is never closed, so that there is an open day for whatever happens. Reopening takes a reason, because it makes
//! reported figures change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chart::{Chart, ChartClosingChanged, ChartRejection};
use super::posting::check_not_future;
use super::values::{DEFAULT, Description};
use crate::kernel::{Aggregate, Context, Day, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

// ---------------------------------------------------------------------------------------------------------- events

/// The calendar was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarOpened {
    /// The first day on which something may be posted; any day where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Day>,
    /// The month in which business years begin, 1 to 12.
    pub fiscal_year_start_month: u8,
}

/// All days through this one were closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BooksClosed {
    /// The last closed day.
    pub through: Day,
}

/// Days were opened again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BooksReopened {
    /// The first day that is open again.
    pub from: Day,
    /// Why.
    pub reason: Description,
}

events! {
    /// What happens to the calendar.
    pub enum PeriodEvent {
        CalendarOpened = "calendar_opened" 1,
        BooksClosed = "books_closed" 1,
        BooksReopened = "books_reopened" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The calendar's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// The first day on which something may be posted.
    pub first_day: Option<Day>,
    /// The month in which business years begin.
    pub fiscal_year_start_month: u8,
    /// The last closed day; none while all days are open.
    pub closed_through: Option<Day>,
}

/// The day before, within the years that a date may name.
fn day_before(day: Day) -> Option<Day> {
    day.0.pred_opt().and_then(|before| Day::try_from(before).ok())
}

// -------------------------------------------------------------------------------------------------------- commands

/// Opens the calendar. Applying a template to the chart opens it too, for business years that begin in January.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCalendar {
    /// The first day on which something may be posted, such as the day of the opening balances; any day where none is given.
    #[serde(default)]
    pub first_day: Option<Day>,
    /// The month in which business years begin, 1 to 12; January where none is given.
    #[serde(default = "january")]
    #[schemars(range(min = 1, max = 12))]
    pub fiscal_year_start_month: u8,
}

const fn january() -> u8 {
    1
}

/// Closes all days through this one. Days that are closed already stay closed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseThrough {
    /// The last day to be closed, at the latest yesterday: what happens today must be posted for today.
    pub date: Day,
}

/// Opens the days from this one on again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenBooks {
    /// The first day to be opened again.
    pub from: Day,
    /// Why.
    pub reason: Description,
}

commands! {
    /// What can be asked of the calendar.
    pub enum PeriodCommand {
        either "open" => OpenCalendar { "first_day": "2026-01-01", "fiscal_year_start_month": 1 },
        "close-through" => CloseThrough { "date": "2026-01-31" },
        "reopen" => ReopenBooks { "from": "2026-01-01", "reason": "The auditor found a missing invoice." },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Period {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "period";
    type Command = PeriodCommand;
    type Event = PeriodEvent;

    fn apply(&mut self, event: &PeriodEvent) {
        match event {
            PeriodEvent::CalendarOpened(e) => {
                (self.first_day, self.fiscal_year_start_month) = (e.first_day, e.fiscal_year_start_month);
                self.closed_through = self.closed_through.max(e.first_day.and_then(day_before));
            }
            PeriodEvent::BooksClosed(e) => self.closed_through = Some(e.through),
            PeriodEvent::BooksReopened(e) => self.closed_through = day_before(e.from),
        }
    }

    fn handle(&self, command: PeriodCommand, context: &Context<'_>) -> Result<Decision<PeriodEvent>, Refusal> {
        let event: PeriodEvent = match command {
            PeriodCommand::OpenCalendar(command) => match self.open(&command, context)? {
                Some(event) => event.into(),
                None => return Ok(Decision::nothing()),
            },
            PeriodCommand::CloseThrough(CloseThrough { date }) => {
                if self.closed_through.is_some_and(|closed| closed >= date) {
                    return Ok(Decision::nothing());
                }
                if date.0 >= context.now.date_naive() {
                    return Err(PeriodRejection::NotOver(date.0.to_string()).into());
                }
                BooksClosed { through: date }.into()
            }
            PeriodCommand::ReopenBooks(ReopenBooks { from, reason }) => {
                if self.closed_through.is_none_or(|closed| closed < from) {
                    return Ok(Decision::nothing());
                }
                if let Some(first) = self.first_day.filter(|first| from < *first) {
                    return Err(PeriodRejection::BeforeFirstDay(first.0.to_string()).into());
                }
                BooksReopened { from, reason }.into()
            }
        };
        let mut after = self.clone();
        after.apply(&event);
        let decision = Decision::event(event);
        if after.closed_through == self.closed_through {
            return Ok(decision);
        }
        context.get::<Chart>(DEFAULT)?;
        Ok(decision.also::<Chart>(DEFAULT, ChartClosingChanged { closed_through: after.closed_through }))
    }
}

cqrs_aggregate!(Period);

impl Period {
    /// The calendar as asked for, unless it is so already. A calendar that a template opened takes its first day and month once.
    fn open(&self, command: &OpenCalendar, context: &Context<'_>) -> Result<Option<CalendarOpened>, Refusal> {
        if context.aggregate_id != DEFAULT {
            return Err(ChartRejection::OnlyDefault.into());
        }
        let OpenCalendar { first_day, fiscal_year_start_month } = *command;
        if !(1..=12).contains(&fiscal_year_start_month) {
            return Err(PeriodRejection::InvalidMonth.into());
        }
        if let Some(first_day) = first_day {
            check_not_future(first_day, context)?;
        }
        if context.version > 0 {
            if (first_day, fiscal_year_start_month) == (self.first_day, self.fiscal_year_start_month) {
                return Ok(None);
            }
            if self.first_day.is_some() || self.closed_through.is_some() {
                return Err(PeriodRejection::InUse.into());
            }
        }
        Ok(Some(CalendarOpened { first_day, fiscal_year_start_month }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the calendar refuses a command.
    pub enum PeriodRejection in "accounting" {
        /// Not a month.
        #[error("A month is a number from 1 to 12.")]
        InvalidMonth => "invalid_month" ["fiscal_year_start_month"],
        /// The calendar is in use.
        #[error("The calendar has a first day or closed days already and stays as it is.")]
        InUse => "calendar_in_use" ["first_day", "fiscal_year_start_month"],
        /// A day that is not over.
        #[error("The books cannot be closed through {0}, which is not over; close them through an earlier day.")]
        NotOver(String) => "day_not_over" ["date"],
        /// Before the books begin.
        #[error("The books begin on {0}; no earlier day can be opened.")]
        BeforeFirstDay(String) => "before_first_day" ["from"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::accounting::tests::decide_default;
    use crate::kernel::testing::{assert_examples_decode, given_nothing};

    fn day(text: &str) -> Day {
        Day(text.parse().unwrap())
    }

    /// The calendar after these commands, each of which must be accepted; with what the last one told the chart.
    fn after(commands: &[(&str, Value)]) -> (Period, Option<String>) {
        let (mut period, mut told) = (Period::default(), None);
        for (version, (name, body)) in commands.iter().enumerate() {
            let decision = decide_default(&period, name, body, |world| world.at_version(i64::try_from(version).unwrap())).unwrap();
            told = decision.others.first().map(|other| other.event.payload().unwrap());
            decision.events.iter().for_each(|event| period.apply(event));
        }
        (period, told)
    }

    fn decide(period: &Period, name: &str, body: &Value) -> Result<Decision<PeriodEvent>, String> {
        decide_default(period, name, body, |world| world.at_version(1))
    }

    #[test]
    fn days_are_closed_and_opened_again() {
        let open = ("open", json!({ "first_day": "2026-01-01", "fiscal_year_start_month": 4 }));
        let (period, told) = after(std::slice::from_ref(&open));
        assert_eq!((period.closed_through, told.as_deref()), (Some(day("2025-12-31")), Some(r#"{"closed_through":"2025-12-31"}"#)));
        let (period, told) = after(&[open.clone(), ("close-through", json!({ "date": "2026-01-31" }))]);
        assert_eq!((period.closed_through, told.as_deref()), (Some(day("2026-01-31")), Some(r#"{"closed_through":"2026-01-31"}"#)));
        assert!(decide(&period, "close-through", &json!({ "date": "2026-01-15" })).unwrap().is_nothing());
        assert!(decide(&period, "open", &open.1).unwrap().is_nothing());
        let reopen = |from: &str| json!({ "from": from, "reason": "late invoice" });
        let reopened = decide(&period, "reopen", &reopen("2026-01-15")).unwrap();
        let mut again = period.clone();
        again.apply(&reopened.events[0]);
        assert_eq!(again.closed_through, Some(day("2026-01-14")));
        assert!(decide(&again, "reopen", &reopen("2026-01-15")).unwrap().is_nothing());
    }

    #[test]
    fn a_calendar_that_a_template_opened_takes_its_first_day_once() {
        let (period, _) = after(&[("open", json!({}))]);
        assert_eq!((period.fiscal_year_start_month, period.closed_through), (1, None));
        let (period, _) = after(&[("open", json!({})), ("open", json!({ "first_day": "2026-01-01" }))]);
        let other = decide(&period, "open", &json!({ "first_day": "2026-02-01" }));
        assert_eq!(other.unwrap_err(), "accounting.calendar_in_use");
    }

    #[test]
    fn what_cannot_be_closed_or_opened_is_refused() {
        let (period, _) = after(&[("open", json!({ "first_day": "2026-01-01" }))]);
        let refused = |name: &str, body: Value| decide(&period, name, &body).unwrap_err();
        assert_eq!(refused("close-through", json!({ "date": "2026-03-02" })), "accounting.day_not_over");
        assert_eq!(refused("close-through", json!({ "date": "2026-03-01" })), "accounting.day_not_over");
        assert!(decide(&period, "close-through", &json!({ "date": "2026-02-28" })).is_ok());
        assert_eq!(refused("reopen", json!({ "from": "2025-12-01", "reason": "x" })), "accounting.before_first_day");
        assert_eq!(refused("open", json!({ "fiscal_year_start_month": 13 })), "accounting.invalid_month");
        assert_eq!(refused("open", json!({ "first_day": "2026-04-01" })), "accounting.future_date");
        given_nothing::<Period>().when_json("open", &json!({})).then_rejected("accounting.only_default");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Period>();
    }
}
