//! Asks the domain itself what a row would claim and whether it could be accepted, without any record of the server.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use domain::kernel::{
    Actor, AggregateId, AggregateType, ClaimAction, Context, Creation, DecideError, DecodeError, Loaded, LoadedState, Refusal, TenantId,
    fold,
};
use platform::clock;
use serde_json::{Map, Value};

use super::convert::Remark;

/// Other aggregates that one decision may ask for.
const LOADED_MAX: usize = 64;
/// Stands for the record's own id.
const OWN_ID: &str = "import";

/// Decides commands on records that do not exist yet.
pub struct Judge {
    aggregate: &'static dyn AggregateType,
    command: &'static str,
    actor: Actor,
    hasher: RandomState,
}

/// A unique key that a row takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Tells it from other keys; stays the same within one run.
    pub hash: u64,
    /// The field that gives it.
    pub field: &'static str,
}

impl Judge {
    /// Judges this command.
    pub fn new(aggregate: &'static dyn AggregateType, command: &'static str) -> Self {
        Self { aggregate, command, actor: Actor::default(), hasher: RandomState::new() }
    }

    /// The key of a record's id.
    pub fn id_key(&self, id: &str) -> Key {
        Key { hash: self.hasher.hash_one(("id", id)), field: "id" }
    }

    /// The keys of other records that a row changes, so that rows which change the same one stay in order.
    pub fn order_keys(&self, fields: &Map<String, Value>, in_order: &'static [&'static str]) -> impl Iterator<Item = Key> {
        let named = in_order.iter().filter_map(|field| fields.get(*field).and_then(Value::as_str).map(|text| (*field, text)));
        named.map(|(field, text)| Key { hash: self.hasher.hash_one(("order", field, fold(text))), field })
    }

    /// The unique keys that a row takes, or why it is refused. What depends on records that only the server knows counts as good.
    pub fn judge(&self, fields: &Map<String, Value>) -> Result<Vec<Key>, Remark> {
        let def = self.aggregate.commands().iter().find(|def| def.name == self.command);
        if def.is_some_and(|def| def.creation == Creation::Requires) {
            return Ok(Vec::new());
        }
        let empty = LoadedState { version: 0, state: self.aggregate.empty() };
        let tenant = TenantId(uuid::Uuid::nil());
        let mut loaded = Loaded::new();
        let mut body = Cow::Borrowed(fields);
        loop {
            let context = Context::new(tenant, OWN_ID, uuid::Uuid::nil(), clock::now(), &self.actor, &loaded);
            let json = serde_json::to_vec(&*body).unwrap_or_default();
            let refused = match self.aggregate.decide(&empty, self.command, &json, context) {
                Ok(decision) => {
                    let takes = decision.claims.iter().filter(|claim| claim.action == ClaimAction::Take && claim.holder.is_none());
                    return Ok(takes
                        .map(|claim| Key { hash: self.hasher.hash_one((claim.scope, &claim.key)), field: claim.field })
                        .collect());
                }
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    // What has the record's own id, such as the subscription of a usage, only the server knows.
                    if loaded.len() >= LOADED_MAX || key.id == OWN_ID {
                        return Ok(Vec::new());
                    }
                    // A record that the row names is taken to exist: the row is judged as if it did not name it.
                    if body.values().any(|value| names(value, &key.id)) {
                        body.to_mut().retain(|_, value| !is_id(value, &key.id));
                    }
                    loaded.insert(key, LoadedState { version: 0, state: Arc::new(()) });
                    continue;
                }
                Err(DecideError::Refused(Refusal::Rejected(rejection))) => Remark::new(rejection.code, rejection.message),
                Err(DecideError::Decode(error)) => of_decode(&error),
            };
            return if matches!(body, Cow::Owned(_)) { Ok(Vec::new()) } else { Err(refused) };
        }
    }
}

/// Whether a value of a row, or one within it, is the id of a record, perhaps followed by its name, or stands for the id.
fn names(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => {
            is_id(value, id) || text.strip_prefix(id).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        }
        Value::Array(items) => items.iter().any(|item| names(item, id)),
        Value::Object(fields) => fields.values().any(|field| names(field, id)),
        _ => false,
    }
}

/// Whether a value is the id of a record, or the text that the id stands for.
fn is_id(value: &Value, id: &str) -> bool {
    value.as_str().is_some_and(|text| text == id || AggregateId::standing_for(text).is_ok_and(|found| found.as_str() == id))
}

fn of_decode(error: &DecodeError) -> Remark {
    match error {
        DecodeError::Field { path, message } => Remark::new(invalid_field(path), format!("`{path}`: {message}.")),
        other => Remark::new("malformed_json", other.to_string()),
    }
}

/// The reason under which refusals of one field are counted.
pub fn invalid_field(path: &str) -> String {
    if path.is_empty() { "invalid_field".to_owned() } else { format!("invalid_field {path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(aggregate: &str, command: &'static str, body: &serde_json::Value) -> Result<Vec<&'static str>, String> {
        let judge = Judge::new(domain::crm::CONTEXT.aggregate(aggregate).unwrap(), command);
        let keys = judge.judge(body.as_object().unwrap()).map_err(|remark| remark.code)?;
        Ok(keys.into_iter().map(|key| key.field).collect())
    }

    #[test]
    fn import_knows_which_keys_a_row_takes() {
        let contact = serde_json::json!({ "email": "A@b.de", "phone": "030 1234567", "phone_region": "DE" });
        assert_eq!(judge("contact", "register", &contact), Ok(vec!["email", "phone"]));
        assert_eq!(judge("contact", "register", &serde_json::json!({})), Err("crm.contact_without_identity".to_owned()));
        let long = serde_json::json!({ "job_title": "x".repeat(300) });
        assert_eq!(judge("contact", "register", &long), Err("invalid_field job_title".to_owned()));
    }

    #[test]
    fn import_cannot_judge_what_depends_on_other_records() {
        let contact = serde_json::json!({ "email": "a@b.de", "company_id": "c-1" });
        assert_eq!(judge("contact", "register", &contact), Ok(vec!["email"]));
        let line = |account: &str| serde_json::json!({ "account": account, "amount": { "amount_minor": 5, "currency": "EUR" } });
        let entry = serde_json::json!({ "date": "2026-01-31", "lines": [line("1200 Receivable"), line("1100")] });
        let judge_entry = Judge::new(domain::accounting::CONTEXT.aggregate("journal-entry").unwrap(), "post-journal");
        let judged = judge_entry.judge(entry.as_object().unwrap()).map_err(|remark| remark.code);
        assert_eq!(judged, Err("accounting.unbalanced".to_owned()), "what the row says by itself is judged");
        let balanced =
            serde_json::json!({ "date": "2026-01-31", "lines": [line("1200"), { "account": "1100", "credit": line("x")["amount"] }] });
        assert_eq!(judge_entry.judge(balanced.as_object().unwrap()).map_err(|remark| remark.code), Ok(Vec::new()));
        let deal = serde_json::json!({ "name": "x", "stage": "nowhere" });
        assert_eq!(judge("deal", "open", &deal), Err("crm.stage_unknown".to_owned()));
        let receipts = Judge::new(domain::inventory::CONTEXT.aggregate("stock-movement").unwrap(), "receive");
        let receipt = serde_json::json!({ "sku": "TEA 12/4", "quantity": 1 });
        assert_eq!(receipts.judge(receipt.as_object().unwrap()), Ok(Vec::new()), "a number means a product that only the server knows");
    }
}
