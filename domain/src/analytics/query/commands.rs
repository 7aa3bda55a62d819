//! What can be asked of a saved query.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Chart, Definition, Name, Role, TimeZone};
use crate::analytics::cron::Cron;
use crate::analytics::export::FileFormat;
use crate::analytics::question::{QueryParameter, Question};
use crate::commands;
use crate::kernel::Text;

/// Saves a query. Whoever sends the command owns it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveQuery {
    /// What people call it; unique within the tenant, whatever the letter case.
    pub name: Name,
    /// What it tells.
    #[serde(default)]
    pub description: Option<Text<2000>>,
    /// What is asked.
    pub question: Question,
    /// What a run can or must set, at most 20.
    #[serde(default)]
    pub parameters: Vec<QueryParameter>,
    /// How the answer is best drawn.
    #[serde(default)]
    pub chart: Option<Chart>,
}

impl From<SaveQuery> for Definition {
    fn from(command: SaveQuery) -> Self {
        let SaveQuery { name, description, question, parameters, chart } = command;
        Self { name, description, question, parameters, chart }
    }
}

/// Gives a query another definition, all of it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseQuery {
    /// What people call it; unique within the tenant, whatever the letter case.
    pub name: Name,
    /// What it tells.
    #[serde(default)]
    pub description: Option<Text<2000>>,
    /// What is asked.
    pub question: Question,
    /// What a run can or must set, at most 20.
    #[serde(default)]
    pub parameters: Vec<QueryParameter>,
    /// How the answer is best drawn.
    #[serde(default)]
    pub chart: Option<Chart>,
}

impl From<ReviseQuery> for Definition {
    fn from(command: ReviseQuery) -> Self {
        let ReviseQuery { name, description, question, parameters, chart } = command;
        Self { name, description, question, parameters, chart }
    }
}

/// Lets roles run a query; those that are not named no longer may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareQuery {
    /// The roles, at most 32; none makes the query private.
    pub roles: Vec<Role>,
}

/// Makes a query somebody else's.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverQuery {
    /// The subject of the new owner's token.
    pub owner: Text<256>,
}

/// Says when a query runs by itself. None of its parameters may be required then.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleQuery {
    /// When.
    pub cron: Cron,
    /// The time zone of the fields, by its name in the IANA database, such as `Europe/Berlin`.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// The format of the answers.
    #[serde(default)]
    pub format: FileFormat,
}

/// Runs a query whose time has come. The platform sends this; before that it changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunDueQuery {}

/// Keeps a query from running by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnscheduleQuery {}

/// Deletes a query; its name is free again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteQuery {}

commands! {
    /// What can be asked of a saved query.
    pub enum QueryCommand {
        creates "save" => SaveQuery {
            "name": "Open deals of a colleague",
            "question": { "context": "crm", "source": "deal-list", "terms": { "status": "open", "owner": "{owner}", "sort": "-amount_minor" } },
            "parameters": [{ "name": "owner", "kind": "text", "required": true, "description": "Who looks after the deals." }],
            "chart": { "kind": "bar", "x": "name", "y": ["amount_minor"] }
        },
        "revise" => ReviseQuery {
            "name": "Deals of a colleague",
            "question": { "context": "crm", "source": "deal-list", "terms": { "owner": "{owner}" } },
            "parameters": [{ "name": "owner", "kind": "text", "default": "ada@example.com" }]
        },
        "share" => ShareQuery { "roles": ["analyst", "member"] },
        "hand-over" => HandOverQuery { "owner": "grace@example.com" },
        "schedule" => ScheduleQuery { "cron": "0 7 * * mon-fri", "time_zone": "Europe/Berlin", "format": "csv" },
        "run-due" => RunDueQuery {},
        "unschedule" => UnscheduleQuery {},
        "delete" => DeleteQuery {},
    }
}
