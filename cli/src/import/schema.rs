//! What a command takes, read from its JSON Schema: nothing here knows a particular aggregate.

use std::collections::BTreeSet;

use anyhow::Context as _;
use domain::kernel::AggregateType;
use serde_json::Value;

/// How a cell becomes a value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A number of which every digit counts, written as text.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A calendar day.
    Day,
    /// A point in time.
    When,
    /// An amount and its currency.
    Money,
    /// Several texts.
    List,
    /// An object of which nothing is known.
    Object,
}

/// The fields of one command.
pub struct Fields {
    schema: Value,
    definitions: Value,
}

impl Fields {
    /// The fields of the command of that name.
    pub fn of(aggregate: &dyn AggregateType, command: &str) -> anyhow::Result<Self> {
        let def = aggregate.commands().iter().find(|def| def.name == command);
        let def = def.with_context(|| format!("the aggregate `{}` has no command `{command}`", aggregate.name()))?;
        let mut generator = schemars::SchemaGenerator::default();
        let schema = (def.schema)(&mut generator).to_value();
        let mut fields = Self { schema, definitions: Value::Object(generator.definitions().clone()) };
        if let Some(resolved) = fields.resolve(&fields.schema) {
            fields.schema = resolved.clone();
        }
        Ok(fields)
    }

    fn resolve(&self, schema: &Value) -> Option<&Value> {
        let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
        self.definitions.get(name)
    }

    /// The schemas that a value may follow: the schema itself, those that it refers to and its alternatives.
    fn alternatives<'a>(&'a self, schema: &'a Value, found: &mut Vec<&'a Value>) {
        match self.resolve(schema) {
            Some(resolved) => self.alternatives(resolved, found),
            None => found.push(schema),
        }
        for alternative in ["anyOf", "oneOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
            self.alternatives(alternative, found);
        }
    }

    fn at(&self, path: &str) -> Vec<&Value> {
        let mut schemas = vec![&self.schema];
        for name in path.split('.') {
            let mut next = Vec::new();
            // The fields of a list of objects are those of its elements.
            let mut elements = Vec::new();
            schemas.iter().filter(|schema| schema["items"].is_object()).for_each(|list| self.alternatives(&list["items"], &mut elements));
            for schema in schemas.into_iter().chain(elements) {
                let property = &schema["properties"][name];
                if property.is_object() {
                    self.alternatives(property, &mut next);
                } else if schema["additionalProperties"] == Value::Bool(true) || schema["additionalProperties"].is_object() {
                    next.push(&schema["additionalProperties"]);
                }
            }
            schemas = next;
        }
        schemas
    }

    /// The list of objects that the path leads into, such as `lines` for `lines.account`.
    pub fn list_of(&self, path: &str) -> Option<String> {
        let (list, _) = path.split_once('.')?;
        (self.kind(list) == Some(Kind::List)).then(|| list.to_owned())
    }

    /// How cells for the field at that path are read; `None` where the command has no such field.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        let schemas = self.at(path);
        if schemas.is_empty() {
            return None;
        }
        let has_type =
            |name: &str| schemas.iter().any(|s| s["type"] == name || s["type"].as_array().is_some_and(|t| t.iter().any(|t| t == name)));
        let format = |name: &str| schemas.iter().any(|schema| schema["format"] == name);
        Some(if schemas.iter().any(|schema| !schema["properties"]["amount_minor"].is_null()) {
            Kind::Money
        } else if has_type("array") {
            Kind::List
        } else if has_type("object") && schemas.iter().all(|schema| schema["properties"].is_null()) {
            Kind::Object
        } else if has_type("integer") {
            Kind::Integer
        } else if has_type("number") && has_type("string") {
            Kind::Decimal
        } else if has_type("number") {
            Kind::Number
        } else if has_type("boolean") {
            Kind::Boolean
        } else if format("date") {
            Kind::Day
        } else if format("date-time") {
            Kind::When
        } else {
            Kind::Text
        })
    }

    /// The names of the fields at the top.
    pub fn names(&self) -> BTreeSet<String> {
        self.schema["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// The names of the fields that cannot be left out.
    pub fn required(&self) -> Vec<String> {
        let names = self.schema["required"].as_array();
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_reads_kinds_from_the_schema() {
        let fields = |aggregate: &str, command: &str| Fields::of(domain::crm::CONTEXT.aggregate(aggregate).unwrap(), command).unwrap();
        let (deal, company, contact) = (fields("deal", "open"), fields("company", "register"), fields("contact", "register"));
        assert_eq!(deal.kind("amount"), Some(Kind::Money));
        assert_eq!(deal.kind("expected_close"), Some(Kind::Day));
        assert_eq!(deal.kind("tags"), Some(Kind::List));
        assert_eq!(deal.kind("custom.tier"), Some(Kind::Text));
        assert_eq!(deal.kind("nothing"), None);
        assert_eq!(deal.required(), ["name"]);
        assert_eq!(company.kind("employees"), Some(Kind::Integer));
        assert_eq!(company.kind("allow_duplicate"), Some(Kind::Boolean));
        assert_eq!(company.kind("address.city"), Some(Kind::Text));
        assert_eq!(contact.kind("address"), Some(Kind::Text));
        assert!(contact.required().is_empty());
        assert!(!fields("deal", "update").names().contains("amount"));
        assert!(Fields::of(domain::crm::CONTEXT.aggregate("deal").unwrap(), "nothing").is_err());
    }

    #[test]
    fn import_tells_numbers_that_keep_every_digit_from_others() {
        let plan = Fields::of(domain::billing::CONTEXT.aggregate("plan").unwrap(), "publish").unwrap();
        assert_eq!((plan.kind("tax_rate_percent"), plan.kind("charges.price.unit_amount")), (Some(Kind::Decimal), Some(Kind::Decimal)));
        assert_eq!((plan.kind("trial_days"), plan.kind("charges.price.package_amount_minor")), (Some(Kind::Integer), Some(Kind::Integer)));
    }

    #[test]
    fn import_tells_objects_without_known_fields_from_others() {
        let timer = Fields::of(domain::scheduling::CONTEXT.aggregate("timer").unwrap(), "schedule").unwrap();
        assert_eq!((timer.kind("command.body"), timer.kind("command.context")), (Some(Kind::Object), Some(Kind::Text)));
        assert_eq!((timer.kind("schedule.cron"), timer.kind("schedule.at")), (Some(Kind::Text), Some(Kind::When)));
    }

    #[test]
    fn import_finds_the_fields_of_the_elements_of_a_list() {
        let entry = Fields::of(domain::accounting::CONTEXT.aggregate("journal-entry").unwrap(), "post-journal").unwrap();
        assert_eq!((entry.kind("lines"), entry.kind("lines.account")), (Some(Kind::List), Some(Kind::Text)));
        assert_eq!((entry.kind("lines.debit"), entry.kind("lines.nothing")), (Some(Kind::Money), None));
        assert_eq!((entry.list_of("lines.debit").as_deref(), entry.list_of("date")), (Some("lines"), None));
    }
}
