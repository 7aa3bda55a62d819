//! What the log says of contacts and deals, folded from the events' JSON by a few plain rules: neither the domain nor the
//! projections have a part in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{LogEvent, Rows};

/// Columns of `crm_contact_list` that are copied from the profile.
const PROFILE: [&str; 7] = ["given_name", "family_name", "email", "phone", "job_title", "owner", "note"];
/// Columns of `crm_deal_list` that are copied from the facts.
const FACTS: [&str; 3] = ["name", "owner", "note"];

/// Rows by tenant and id, with the columns that are compared.
type Table = BTreeMap<(String, String), Map<String, Value>>;

/// The rows that should be there.
#[derive(Default)]
pub struct Fold {
    contacts: Table,
    deals: Table,
}

impl Fold {
    /// Applies an event; events of other aggregates change nothing.
    pub fn apply(&mut self, event: &LogEvent) {
        let key = (event.tenant.clone(), event.id.clone());
        let (table, source, columns) = match (event.place.0.as_str(), event.aggregate.as_str()) {
            ("crm", "contact") => (&mut self.contacts, "profile", &PROFILE[..]),
            ("crm", "deal") => (&mut self.deals, "facts", &FACTS[..]),
            _ => return,
        };
        if event.event_type == "contact_erased" {
            table.remove(&key);
            return;
        }
        let row = table.entry(key).or_default();
        let mut set = |column: &str, value: &Value| drop(row.insert(column.to_owned(), value.clone()));
        if let Some(facts) = event.payload.get(source) {
            for column in columns {
                set(column, &facts[*column]);
            }
        }
        set("version", &json!(event.sequence));
        match event.event_type.as_str() {
            "deal_opened" => {
                set("status", &json!("open"));
                set("stage_id", &event.payload["stage"]["id"]);
                set("amount_minor", &event.payload["amount"]["amount_minor"]);
                set("currency", &event.payload["amount"]["currency"]);
            }
            "deal_amount_set" => {
                set("amount_minor", &event.payload["to"]["amount_minor"]);
                set("currency", &event.payload["to"]["currency"]);
            }
            "deal_stage_moved" => set("stage_id", &event.payload["to"]["id"]),
            "deal_won" => {
                set("status", &json!("won"));
                set("stage_id", &event.payload["to"]["id"]);
            }
            _ => {}
        }
    }

    /// How the read models differ from the fold.
    pub fn differences(&self, contacts: &Rows, deals: &Rows) -> Vec<String> {
        [("contact", &self.contacts, contacts), ("deal", &self.deals, deals)]
            .into_iter()
            .flat_map(|(what, expected, rows)| compare(what, expected, rows))
            .collect()
    }
}

fn compare(what: &str, expected: &Table, rows: &Rows) -> Vec<String> {
    let found: BTreeMap<(String, String), &Value> =
        rows.iter().map(|(tenant, row)| ((tenant.clone(), row["id"].as_str().unwrap_or_default().to_owned()), row)).collect();
    let mut differences = Vec::new();
    if found.len() != rows.len() {
        differences.push(format!("{} rows of {what}s have the id of another", rows.len() - found.len()));
    }
    for ((tenant, id), columns) in expected {
        let Some(row) = found.get(&(tenant.clone(), id.clone())) else {
            differences.push(format!("{what} {id} has no row"));
            continue;
        };
        for (column, value) in columns.iter().filter(|(column, value)| row[column.as_str()] != **value) {
            differences.push(format!("{what} {id}: {column} is {} and should be {value}", row[column.as_str()]));
        }
    }
    let unknown = found.keys().filter(|key| !expected.contains_key(*key));
    differences.extend(unknown.map(|(_, id)| format!("the row of {what} {id} comes from no event")));
    differences
}
