//! What the commands of a timer consist of.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDateTime};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TimerRejection;
use crate::kernel::{Aggregate, AggregateId, Text, When};

/// The longest body of a stored command, in bytes of JSON.
const BODY_BYTES_MAX: usize = 16 << 10;
/// Years that a date in a command may name.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// A date and a time as clocks show them (`2026-03-29T02:30:00`), between the years 1900 and 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NaiveDateTime", into = "NaiveDateTime")]
pub struct LocalTime(pub NaiveDateTime);

impl TryFrom<NaiveDateTime> for LocalTime {
    type Error = String;

    fn try_from(time: NaiveDateTime) -> Result<Self, String> {
        if YEARS.contains(&time.year()) { Ok(Self(time)) } else { Err("the year is not within 1900 to 2199".to_owned()) }
    }
}

impl From<LocalTime> for NaiveDateTime {
    fn from(time: LocalTime) -> Self {
        time.0
    }
}

impl JsonSchema for LocalTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "LocalTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?$",
            "description": "Date and time as clocks show them, without an offset; years 1900 to 2199"
        })
    }
}

/// When a timer fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Schedule {
    /// Once, at a point in time.
    At(When),
    /// Once, when the clocks of the time zone show this.
    Local(LocalTime),
    /// Again and again, when the clocks of the time zone match.
    Cron(Text<100>),
}

/// A schedule as JSON: an object with one of these.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<LocalTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cron: Option<Text<100>>,
}

impl TryFrom<Written> for Schedule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written { at: Some(at), local: None, cron: None } => Ok(Self::At(at)),
            Written { at: None, local: Some(wall), cron: None } => Ok(Self::Local(wall)),
            Written { at: None, local: None, cron: Some(pattern) } => Ok(Self::Cron(pattern)),
            _ => Err("a schedule has either `at`, `local` or `cron`".to_owned()),
        }
    }
}

impl From<Schedule> for Written {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::At(at) => Self { at: Some(at), ..Self::default() },
            Schedule::Local(wall) => Self { local: Some(wall), ..Self::default() },
            Schedule::Cron(pattern) => Self { cron: Some(pattern), ..Self::default() },
        }
    }
}

impl JsonSchema for Schedule {
    fn schema_name() -> Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = |name: &str, description: &str, schema: Schema| {
            json_schema!({
                "type": "object", "description": description, "properties": { name: schema }, "required": [name], "additionalProperties": false
            })
        };
        let at = one("at", "Once, at a point in time.", generator.subschema_for::<When>());
        let local = "Once, when the clocks of the time zone show this. What they never show because they are turned forward comes right \
            after; what they show twice comes the first time.";
        let local = one("local", local, generator.subschema_for::<LocalTime>());
        let cron = "Again and again, when the clocks of the time zone match: minute, hour, day of the month, month, day of the week. \
            `0 9 * * MON-FRI` is nine o'clock on working days.";
        let cron = one("cron", cron, generator.subschema_for::<Text<100>>());
        json_schema!({ "description": "When a timer fires.", "oneOf": [at, local, cron] })
    }
}

/// The fields of a stored command: a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(pub Map<String, Value>);

impl JsonSchema for Body {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Body".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "At most 16 KiB as JSON" })
    }
}

/// A command to be sent later. Whether it fits the command that it names shows when it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredCommand {
    /// The context, as in the command's address.
    pub context: Text<60>,
    /// The aggregate's type.
    pub aggregate: Text<60>,
    /// The aggregate's id. Without it, each firing goes to an aggregate of its own, whose id is that of the firing's event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AggregateId>,
    /// The command.
    pub command: Text<60>,
    /// The command's fields.
    #[serde(default)]
    #[schemars(extend("x-personal" = true))]
    pub body: Body,
}

impl StoredCommand {
    /// Whether it has the shape of a command that a timer may send.
    pub(super) fn check(&self) -> Result<(), TimerRejection> {
        for name in [&self.context, &self.aggregate, &self.command] {
            let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(letters) {
                return Err(TimerRejection::CommandInvalid(name.to_string()));
            }
        }
        if &*self.context == super::Timer::CONTEXT {
            return Err(TimerRejection::CommandsTimer);
        }
        // What was read from JSON can be written as JSON.
        let bytes = serde_json::to_string(&self.body).map_or(usize::MAX, |body| body.len());
        if bytes > BODY_BYTES_MAX {
            return Err(TimerRejection::CommandTooLarge(bytes, BODY_BYTES_MAX));
        }
        Ok(())
    }
}
