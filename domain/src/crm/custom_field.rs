//! A custom field: a fact that the tenant keeps about contacts, companies, deals or leads beside the built-in ones.
//!
//! Its id is `<entity>.<key>`, such as `contact.tier`, so that a record's decision finds the field by the key of a value.
//! A retired field keeps the values that are stored and takes no new ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::values::{CUSTOM_VALUES_MAX, CustomValues, Label, Name, ValueRejection, normalise_domain, patch_custom};
use crate::kernel::{Aggregate, Context, Day, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many options a select field has at most.
const OPTIONS_MAX: usize = 200;
/// The longest text value, in characters.
const TEXT_LENGTH_MAX: usize = 4000;
/// The longest URL, in characters.
const URL_LENGTH_MAX: usize = 2000;
/// The longest key, in characters.
const KEY_LENGTH_MAX: usize = 64;

/// The kinds of records that have custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomEntity {
    /// Contacts.
    Contact,
    /// Companies.
    Company,
    /// Deals.
    Deal,
    /// Leads.
    Lead,
}

impl CustomEntity {
    const ALL: [Self; 4] = [Self::Contact, Self::Company, Self::Deal, Self::Lead];

    /// The name as it stands in a field's id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Lead => "lead",
        }
    }
}

/// What values a field takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A text of at most 4000 characters.
    #[default]
    Text,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day, `2026-03-01`.
    Date,
    /// One of the field's options.
    Select,
    /// An address that starts with `http://` or `https://`.
    Url,
}

// ---------------------------------------------------------------------------------------------------------- events

/// A field was defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldDefined {
    /// The records that have it.
    pub entity: CustomEntity,
    /// Its key among the values of a record.
    pub key: String,
    /// What people call it.
    pub label: Name,
    /// What values it takes.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The options of a select field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Label>,
}

/// The label or the options of a field changed; stored values stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldUpdated {
    /// The label after the change.
    pub label: Name,
    /// The options after the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Label>,
}

/// The field takes no new values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldRetired {}

events! {
    /// What happens to a custom field.
    pub enum CustomFieldEvent {
        CustomFieldDefined = "custom_field_defined" 1,
        CustomFieldUpdated = "custom_field_updated" 1,
        CustomFieldRetired = "custom_field_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A custom field's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomField {
    /// What people call it; nothing before it is defined.
    pub label: Option<Name>,
    /// What values it takes.
    pub field_type: FieldType,
    /// The options of a select field.
    pub options: Vec<Label>,
    /// Whether it takes no new values.
    pub retired: bool,
}

impl CustomField {
    fn accepts(&self, value: &Value) -> bool {
        match (self.field_type, value) {
            (FieldType::Text, Value::String(text)) => Text::<TEXT_LENGTH_MAX>::try_from(text.clone()).is_ok(),
            (FieldType::Number, Value::Number(_)) | (FieldType::Boolean, Value::Bool(_)) => true,
            (FieldType::Date, Value::String(_)) => serde_json::from_value::<Day>(value.clone()).is_ok(),
            (FieldType::Select, Value::String(text)) => self.options.iter().any(|option| **option == *text),
            (FieldType::Url, Value::String(text)) => is_url(text),
            _ => false,
        }
    }

    fn expectation(&self) -> &'static str {
        match self.field_type {
            FieldType::Text => "a text of 1 to 4000 characters",
            FieldType::Number => "a number",
            FieldType::Boolean => "true or false",
            FieldType::Date => "a day such as 2026-03-01",
            FieldType::Select => "one of the field's options",
            FieldType::Url => "an address that starts with http:// or https://",
        }
    }
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control()) && text.chars().count() <= URL_LENGTH_MAX;
    plain && rest.is_some_and(|rest| normalise_domain(rest).is_some())
}

/// Splits a field's id into entity and key.
fn parse_id(id: &str) -> Option<(CustomEntity, &str)> {
    let (entity, key) = id.split_once('.')?;
    let entity = CustomEntity::ALL.into_iter().find(|known| known.name() == entity)?;
    is_key(key).then_some((entity, key))
}

fn is_key(key: &str) -> bool {
    key.len() <= KEY_LENGTH_MAX
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Applies a command's custom values to a record's, after checking them against the fields that the tenant has defined for such
/// records. `null`, which clears a value, is always accepted, so that values of retired fields can be removed.
pub fn set_custom(entity: CustomEntity, values: &mut CustomValues, patch: &CustomValues, context: &Context<'_>) -> Result<(), Refusal> {
    if patch.len() > CUSTOM_VALUES_MAX {
        return Err(ValueRejection::TooManyCustomValues(CUSTOM_VALUES_MAX).into());
    }
    for (key, value) in patch.iter().filter(|(_, value)| !value.is_null()) {
        let unknown = || CustomFieldRejection::Unknown(entity.name(), key.chars().take(KEY_LENGTH_MAX).collect());
        if !is_key(key) {
            return Err(unknown().into());
        }
        let field = context.get::<CustomField>(&format!("{}.{key}", entity.name()))?.ok_or_else(unknown)?;
        if field.retired {
            return Err(CustomFieldRejection::Retired(key.clone()).into());
        }
        if !field.accepts(value) {
            return Err(CustomFieldRejection::InvalidValue(key.clone(), field.expectation()).into());
        }
    }
    Ok(patch_custom(values, patch)?)
}

// -------------------------------------------------------------------------------------------------------- commands

/// Defines a custom field. The id says which records have it and under which key: `contact.tier`. Keys have 1 to 64
/// lower-case letters, digits and underscores and start with a letter.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineCustomField {
    /// What people call it.
    pub label: Name,
    /// What values it takes.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The options of a select field, 1 to 200; other types have none.
    #[serde(default)]
    pub options: Vec<Label>,
}

/// Changes the label or the options of a field. Values that are stored stay, even where their option is gone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCustomField {
    /// What people call it.
    pub label: Option<Name>,
    /// The options, replaced as a whole.
    pub options: Option<Vec<Label>>,
}

/// Retires a field: it takes no new values.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireCustomField {}

commands! {
    /// What can be asked of a custom field.
    pub enum CustomFieldCommand {
        creates "define" => DefineCustomField { "label": "Tier", "type": "select", "options": ["gold", "silver"] },
        "update" => UpdateCustomField { "options": ["gold", "silver", "bronze"] },
        "retire" => RetireCustomField {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for CustomField {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "custom-field";
    type Command = CustomFieldCommand;
    type Event = CustomFieldEvent;

    fn apply(&mut self, event: &CustomFieldEvent) {
        match event {
            CustomFieldEvent::CustomFieldDefined(e) => {
                self.label = Some(e.label.clone());
                self.field_type = e.field_type;
                self.options.clone_from(&e.options);
            }
            CustomFieldEvent::CustomFieldUpdated(e) => {
                self.label = Some(e.label.clone());
                self.options.clone_from(&e.options);
            }
            CustomFieldEvent::CustomFieldRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: CustomFieldCommand, context: &Context<'_>) -> Result<Decision<CustomFieldEvent>, Refusal> {
        match command {
            CustomFieldCommand::DefineCustomField(command) => {
                let (entity, key) = parse_id(context.aggregate_id).ok_or(CustomFieldRejection::InvalidId)?;
                check_options(command.field_type, &command.options)?;
                let DefineCustomField { label, field_type, options } = command;
                Ok(Decision::event(CustomFieldDefined { entity, key: key.to_owned(), label, field_type, options }))
            }
            CustomFieldCommand::UpdateCustomField(command) => Ok(self.update(command)?),
            CustomFieldCommand::RetireCustomField(_) if self.retired => Ok(Decision::nothing()),
            CustomFieldCommand::RetireCustomField(_) => Ok(Decision::event(CustomFieldRetired {})),
        }
    }
}

cqrs_aggregate!(CustomField);

impl CustomField {
    fn update(&self, command: UpdateCustomField) -> Result<Decision<CustomFieldEvent>, CustomFieldRejection> {
        let id = || CustomFieldRejection::Retired(self.label.as_deref().unwrap_or_default().to_owned());
        let before = self.label.as_ref().filter(|_| !self.retired).ok_or_else(id)?;
        let label = command.label.unwrap_or_else(|| before.clone());
        let options = command.options.unwrap_or_else(|| self.options.clone());
        check_options(self.field_type, &options)?;
        if label == *before && options == self.options {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(CustomFieldUpdated { label, options }))
    }
}

fn check_options(field_type: FieldType, options: &[Label]) -> Result<(), CustomFieldRejection> {
    let bounds = if field_type == FieldType::Select { 1..=OPTIONS_MAX } else { 0..=0 };
    let unique = options.iter().enumerate().all(|(index, option)| !options[..index].contains(option));
    if bounds.contains(&options.len()) && unique { Ok(()) } else { Err(CustomFieldRejection::InvalidOptions(OPTIONS_MAX)) }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a custom field refuses a command, or refuses a value.
    pub enum CustomFieldRejection in "crm" {
        /// The id does not say what the field is for.
        #[error("The id of a custom field is `contact.`, `company.`, `deal.` or `lead.` and a key of lower-case letters, digits and `_`.")]
        InvalidId => "custom_field_id_invalid" ["id"],
        /// Options that do not fit the type.
        #[error("A select field has 1 to {0} different options; fields of other types have none.")]
        InvalidOptions(usize) => "custom_field_options_invalid" ["options", "type"],
        /// A value for a field that is not defined.
        #[error("There is no custom field `{0}.{1}`; define it first.")]
        Unknown(&'static str, String) => "custom_field_unknown" ["custom"],
        /// A retired field.
        #[error("The custom field `{0}` was retired.")]
        Retired(String) => "custom_field_retired" ["custom", "id"],
        /// A value of the wrong type.
        #[error("The custom field `{0}` takes {1}.")]
        InvalidValue(String, &'static str) => "custom_value_invalid" ["custom"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crm::contact::Contact;
    use crate::kernel::testing::{ID, assert_examples_decode, given, given_nothing};
    use crate::kernel::{Actor, Loaded, TenantId};

    fn label<const N: usize>(text: &str) -> Text<N> {
        text.to_owned().try_into().unwrap()
    }

    fn defined(field_type: FieldType, options: &[&str]) -> CustomFieldEvent {
        let options = options.iter().map(|option| label(option)).collect();
        CustomFieldDefined { entity: CustomEntity::Contact, key: "tier".into(), label: label("Tier"), field_type, options }.into()
    }

    fn define(id: &str, body: &Value) -> Result<Decision<CustomFieldEvent>, Refusal> {
        let (actor, loaded) = (Actor::default(), Loaded::new());
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let context = Context::new(TenantId(uuid::Uuid::nil()), id, uuid::Uuid::nil(), now, &actor, &loaded);
        let command = serde_json::from_value::<DefineCustomField>(body.clone()).unwrap();
        CustomField::default().handle(command.into(), &context)
    }

    fn code(refusal: Refusal) -> String {
        match refusal {
            Refusal::Rejected(rejection) => rejection.code,
            Refusal::Needs(key) => panic!("needs {key:?}"),
        }
    }

    #[test]
    fn the_id_says_what_the_field_is_for() {
        let decision = define("contact.tier", &json!({ "label": "Tier", "type": "select", "options": ["gold"] })).unwrap();
        assert_eq!(decision.events, [defined(FieldType::Select, &["gold"])]);
        for bad in [ID, "contact", "person.tier", "contact.", "contact.Tier", "contact.a.b", "lead.9", &format!("deal.{}", "x".repeat(65))]
        {
            let refusal = define(bad, &json!({ "label": "Tier", "type": "text" })).unwrap_err();
            assert_eq!(code(refusal), "crm.custom_field_id_invalid", "{bad}");
        }
    }

    #[test]
    fn only_select_fields_have_options() {
        let options =
            |field_type: &str, options: &Value| define("deal.x", &json!({ "label": "X", "type": field_type, "options": options }));
        let many: Vec<String> = (0..=OPTIONS_MAX).map(|n| n.to_string()).collect();
        for (field_type, list) in [("select", json!([])), ("text", json!(["a"])), ("select", json!(["a", "a"])), ("select", json!(many))] {
            assert_eq!(code(options(field_type, &list).unwrap_err()), "crm.custom_field_options_invalid");
        }
    }

    #[test]
    fn an_update_changes_label_and_options_until_the_field_is_retired() {
        let body = json!({ "options": ["gold", "lead"] });
        let updated = CustomFieldUpdated { label: label("Tier"), options: vec![label("gold"), label("lead")] };
        let given = given::<CustomField>([defined(FieldType::Select, &["gold"])])
            .when_json("update", &body)
            .then([updated.into()])
            .when_json("update", &body)
            .then_nothing();
        let retired =
            given.when_json("retire", &json!({})).then([CustomFieldRetired {}.into()]).when_json("retire", &json!({})).then_nothing();
        retired.when_json("update", &body).then_rejected("crm.custom_field_retired");
        let text = self::given::<CustomField>([defined(FieldType::Text, &[])]);
        text.when_json("update", &body).then_rejected("crm.custom_field_options_invalid");
    }

    #[test]
    fn values_are_checked_against_the_field() {
        let long = "x".repeat(TEXT_LENGTH_MAX + 1);
        let cases: [(FieldType, Vec<Value>, Vec<Value>); 6] = [
            (FieldType::Text, vec![json!("a")], vec![json!(""), json!(1), json!(long)]),
            (FieldType::Number, vec![json!(1), json!(-1.5)], vec![json!("1"), json!(true)]),
            (FieldType::Boolean, vec![json!(true)], vec![json!("true"), json!(1)]),
            (FieldType::Date, vec![json!("2026-03-01")], vec![json!("2026-13-01"), json!("0001-01-01"), json!(5)]),
            (FieldType::Select, vec![json!("gold")], vec![json!("Gold"), json!("tin")]),
            (FieldType::Url, vec![json!("https://a.io/x?y")], vec![json!("a.io"), json!("ftp://a.io"), json!("https://a b.io")]),
        ];
        for (field_type, good, bad) in cases {
            let options: &[&str] = if field_type == FieldType::Select { &["gold"] } else { &[] };
            let when = |value: &Value| {
                given_nothing::<Contact>()
                    .and::<CustomField>("contact.tier", [defined(field_type, options)])
                    .when_json("register", &json!({ "given_name": "Ada", "custom": { "tier": value } }))
            };
            for value in good {
                when(&value).then_accepted();
            }
            for value in bad {
                when(&value).then_rejected("crm.custom_value_invalid");
            }
        }
    }

    #[test]
    fn values_of_unknown_and_retired_fields_are_refused_but_can_be_cleared() {
        let when = |custom: Value| {
            given_nothing::<Contact>()
                .and::<CustomField>("contact.tier", [defined(FieldType::Text, &[]), CustomFieldRetired {}.into()])
                .when_json("register", &json!({ "given_name": "Ada", "custom": custom }))
        };
        when(json!({ "tier": "gold" })).then_rejected("crm.custom_field_retired");
        when(json!({ "rank": "gold" })).then_rejected("crm.custom_field_unknown");
        when(json!({ "no key": "gold" })).then_rejected("crm.custom_field_unknown");
        when(json!({ "tier": null, "rank": null })).then_accepted();
        let many: serde_json::Map<String, Value> = (0..=CUSTOM_VALUES_MAX).map(|n| (format!("k{n}"), Value::Null)).collect();
        when(Value::Object(many)).then_rejected("crm.too_many_custom_values");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<CustomField>();
    }
}
