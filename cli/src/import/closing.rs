//! What a row asks for beyond the command that creates its record.
//!
//! Exports mix open and closed deals in one stage column, while a deal here is opened in an open stage and then won or lost. A row
//! whose cell holds such an end is created without the cell, and a second command brings it to its end.

use domain::kernel::ImportColumn;
use serde_json::{Map, Value, json};

/// Prefix of columns that fill no field of the creating command.
pub const ASIDE: char = '@';

/// One end that a row can ask for.
struct End {
    /// Cells that ask for it, in lower case.
    cells: &'static [&'static str],
    command: &'static str,
    /// Field of the command that takes the reason, and what it holds where the row gives none.
    reason: Option<(&'static str, &'static str)>,
}

/// The ends of the rows of one import.
pub struct Closing {
    context: &'static str,
    import: &'static str,
    /// The field whose cell asks for an end.
    field: &'static str,
    /// The field that holds the day of the end, and the field of the command that takes it.
    day: (&'static str, &'static str),
    ends: &'static [End],
    /// Columns that only the second command needs.
    pub columns: &'static [ImportColumn],
}

/// The column of the reason for an end.
pub const REASON: &str = "@reason";
/// The longest reason that is passed on, in characters.
const REASON_CHARS_MAX: usize = 64;

const CLOSINGS: &[Closing] = &[Closing {
    context: "crm",
    import: "deals",
    field: "stage",
    day: ("expected_close", "closed_on"),
    ends: &[
        End { cells: &["won", "closed won", "closedwon"], command: "win", reason: None },
        End { cells: &["lost", "closed lost", "closedlost"], command: "lose", reason: Some(("reason", "other")) },
    ],
    columns: &[ImportColumn {
        field: REASON,
        headers: &["lost reason", "loss reason", "closed lost reason", "reason lost", "reason for loss", "lost reason 1"],
    }],
}];

/// A command that follows the one that creates.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowUp {
    /// Its name.
    pub command: &'static str,
    /// Its fields.
    pub body: Value,
}

/// The closing of an import, if it has one.
pub fn of(context: &str, import: &str) -> Option<&'static Closing> {
    CLOSINGS.iter().find(|closing| closing.context == context && closing.import == import)
}

impl Closing {
    /// Takes the end that a row asks for out of its fields. `today` is the latest day on which something can have ended.
    pub fn take(&self, body: &mut Map<String, Value>, reason: Option<&str>, today: &str) -> Option<FollowUp> {
        let cell = body.get(self.field)?.as_str()?;
        let words: Vec<&str> = cell.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let cell = words.join(" ").to_lowercase();
        let end = self.ends.iter().find(|end| end.cells.contains(&cell.as_str()))?;
        body.remove(self.field);
        let mut fields = Map::new();
        if let Some(day) = body.get(self.day.0).and_then(Value::as_str).filter(|day| *day <= today) {
            fields.insert(self.day.1.to_owned(), json!(day));
        }
        if let Some((field, fallback)) = end.reason {
            let reason: String = reason.unwrap_or(fallback).chars().take(REASON_CHARS_MAX).collect();
            fields.insert(field.to_owned(), json!(reason));
        }
        Some(FollowUp { command: end.command, body: Value::Object(fields) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_opens_a_closed_deal_and_then_closes_it() {
        let closing = of("crm", "deals").unwrap();
        let take = |stage: &str, day: &str, reason: Option<&str>| {
            let mut body = json!({ "name": "x", "stage": stage, "expected_close": day }).as_object().unwrap().clone();
            let follow = closing.take(&mut body, reason, "2026-03-01");
            (body.contains_key("stage"), follow.map(|follow| (follow.command, follow.body)))
        };
        assert_eq!(take("Closed-Won ", "2022-04-03", None), (false, Some(("win", json!({ "closed_on": "2022-04-03" })))));
        assert_eq!(take("Lost", "2027-01-01", Some("Price")), (false, Some(("lose", json!({ "reason": "Price" })))));
        assert_eq!(take("LOST", "2027-01-01", None), (false, Some(("lose", json!({ "reason": "other" })))));
        assert_eq!(take("Proposal", "2022-04-03", None), (true, None));
        assert!(of("crm", "contacts").is_none());
    }
}
