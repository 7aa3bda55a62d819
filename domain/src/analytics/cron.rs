//! When something recurs, in the five fields of cron (POSIX.1-2017, `crontab`): minute, hour, day of the month, month, day of the week.

use std::borrow::Cow;
use std::ops::{Deref, RangeInclusive};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The longest expression.
const CHARS_MAX: usize = 100;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The fields in order: name, values, names of values and the value of the first of them.
type Field = (&'static str, RangeInclusive<u32>, &'static [&'static str], u32);
const FIELDS: [Field; 5] = [
    ("minute", 0..=59, &[], 0),
    ("hour", 0..=23, &[], 0),
    ("day of the month", 1..=31, &[], 0),
    ("month", 1..=12, &MONTHS, 1),
    // 7 is Sunday, too.
    ("day of the week", 0..=7, &DAYS, 0),
];

/// A cron expression, such as `0 7 * * mon-fri`. Fields hold `*`, values, ranges and lists of them, each with a step behind `/`;
/// months and days of the week may be named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron(String);

impl TryFrom<String> for Cron {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > CHARS_MAX {
            return Err(format!("the expression has more than {CHARS_MAX} characters"));
        }
        let text = text.to_ascii_lowercase();
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() != FIELDS.len() {
            return Err("write five fields: minute, hour, day of the month, month, day of the week, e.g. `0 7 * * mon-fri`".to_owned());
        }
        for (field, part) in FIELDS.iter().zip(&parts) {
            part.split(',').try_for_each(|item| check(field, item))?;
        }
        Ok(Self(parts.join(" ")))
    }
}

/// One item of a list: `*`, a value or a range, perhaps with a step.
fn check(field: &Field, item: &str) -> Result<(), String> {
    let (name, values, _, _) = field;
    let refuse = || format!("`{item}` is no {name}: values are {} to {}, ranges `a-b`, steps `*/n`", values.start(), values.end());
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let steps = step.is_none_or(|step| number(step).is_some_and(|step| (1..=*values.end()).contains(&step)));
    let fits = match range.split_once('-') {
        _ if range == "*" => true,
        Some((from, to)) => matches!((value(field, from), value(field, to)), (Some(from), Some(to)) if from <= to),
        // A step needs something to step over.
        None => step.is_none() && value(field, range).is_some(),
    };
    if fits && steps { Ok(()) } else { Err(refuse()) }
}

fn number(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn value((_, values, names, first): &Field, text: &str) -> Option<u32> {
    let by_name = || names.iter().position(|name| *name == text).and_then(|index| u32::try_from(index).ok()).map(|index| index + first);
    number(text).or_else(by_name).filter(|value| values.contains(value))
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.0
    }
}

impl Deref for Cron {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Cron {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cron".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let description = "Minute, hour, day of the month, month, day of the week: `0 7 * * mon-fri`.";
        json_schema!({
            "type": "string", "minLength": 9, "maxLength": CHARS_MAX, "description": description, "examples": ["0 7 * * mon-fri"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_cron_are_understood_and_others_refused() {
        let parse = |text: &str| Cron::try_from(text.to_owned()).map(String::from);
        for good in ["* * * * *", "0 7 * * 1-5", "*/15 0-6,22,23 1,15 * *", "59 23 31 12 7", "0-30/10 * * 1-12/3 0"] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
        assert_eq!(parse(" 0  7 * JAN-Mar MON,Fri ").as_deref(), Ok("0 7 * jan-mar mon,fri"));
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5/2 * * * *",
            "*/0 * * * *",
            "5-3 * * * *",
            "a * * * *",
            "* * * mon *",
            "1, * * * *",
            "-1 * * * *",
            "* * * * mon#1",
            "+1 * * * *",
            "001 * * * *",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!("{} * * * *", "1,".repeat(60))).is_err());
    }
}
