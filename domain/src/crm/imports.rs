//! How the files that common CRM products export become commands: the columns of `HubSpot`, Salesforce, Pipedrive and Zoho.
//!
//! Headers are compared in lower case with every run of punctuation and spaces as one space: `E-mail` is `e mail`, and
//! `State/Region` is `state region`. Where two columns of a file match one field, the header that is listed first wins. The
//! field `id` is not a field of the command but the id of the record. A cell for a field that holds [`Money`](crate::kernel::Money)
//! is a decimal number in major units (`1,250.00`), and the field followed by `.currency` takes the column of its currency. Columns for
//! fields that only the creating command has (a deal's stage, a lead's owner) do not take part in updates.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const GIVEN_NAME: ImportColumn = column("given_name", &["first name", "given name", "firstname", "forename", "vorname"]);
const FAMILY_NAME: ImportColumn = column("family_name", &["last name", "family name", "lastname", "surname", "nachname"]);
const EMAIL: ImportColumn = column(
    "email",
    &[
        "email",
        "e mail",
        "email address",
        "e mail address",
        "email work",
        "work email",
        "primary email",
        "mail",
        "person email",
        "email home",
    ],
);
const PHONE: ImportColumn = column(
    "phone",
    &[
        "phone number",
        "phone",
        "telephone",
        "business phone",
        "work phone",
        "phone work",
        "mobile phone number",
        "mobile phone",
        "mobile",
        "cell phone",
        "phone mobile",
        "telefon",
        "home phone",
        "phone home",
        "other phone",
    ],
);
const PHONE_REGION: ImportColumn = column("phone_region", &["country code", "phone country", "phone region"]);
const JOB_TITLE: ImportColumn = column("job_title", &["job title", "title", "position", "role"]);
const COMPANY_NAME: ImportColumn = column(
    "company_name",
    &["company name", "company", "account name", "organization", "organisation", "organization name", "associated company", "employer"],
);
const WEBSITE: ImportColumn = column("website", &["website url", "website", "web site", "url", "homepage", "web address"]);
const SOURCE: ImportColumn = column(
    "source",
    &["lead source", "original source", "source", "original traffic source", "original source type", "source channel", "deal source"],
);
const TAGS: ImportColumn = column("tags", &["tags", "tag", "labels", "label", "categories"]);
const NOTE: ImportColumn = column("note", &["description", "notes", "note", "comments", "about us", "message"]);
const CURRENCY: &[&str] =
    &["currency", "deal currency", "currency code", "currency iso code", "opportunity currency", "deal currency code"];

const STREET: ImportColumn = column(
    "address.street",
    &["street address", "mailing street", "billing street", "street", "address", "address line 1", "address street", "postal address"],
);
const POSTAL_CODE: ImportColumn = column(
    "address.postal_code",
    &[
        "postal code",
        "zip",
        "zip code",
        "zip postal code",
        "postcode",
        "mailing zip",
        "mailing zip postal code",
        "mailing postal code",
        "billing zip",
        "billing zip postal code",
        "billing code",
        "billing postal code",
        "plz",
    ],
);
const CITY: ImportColumn = column("address.city", &["city", "mailing city", "billing city", "town", "address city", "ort"]);
const REGION: ImportColumn = column(
    "address.region",
    &[
        "state region",
        "state",
        "state province",
        "mailing state",
        "mailing state province",
        "billing state",
        "billing state province",
        "province",
        "region",
        "county",
    ],
);
const COUNTRY: ImportColumn =
    column("address.country", &["country region", "country", "mailing country", "billing country", "address country", "land"]);

const CONTACTS: ImportDef = ImportDef {
    name: "contacts",
    aggregate: "contact",
    create: "register",
    update: "update",
    columns: &[
        column("id", &["record id", "contact id", "id", "person id", "contact record id", "record id contact", "external id"]),
        GIVEN_NAME,
        FAMILY_NAME,
        EMAIL,
        PHONE,
        PHONE_REGION,
        JOB_TITLE,
        column("company_id", &["company id", "primary associated company id", "account id", "organization id"]),
        COMPANY_NAME,
        column("owner", &["contact owner", "owner", "contact owner name", "owner name", "person owner", "hubspot owner", "assigned to"]),
        SOURCE,
        TAGS,
        NOTE,
        STREET,
        POSTAL_CODE,
        CITY,
        REGION,
        COUNTRY,
    ],
    lists: &["tags"],
    in_order: &[],
};

const COMPANIES: ImportDef = ImportDef {
    name: "companies",
    aggregate: "company",
    create: "register",
    update: "update",
    columns: &[
        column("id", &["record id", "company id", "account id", "organization id", "id", "record id company", "external id"]),
        column(
            "name",
            &["company name", "account name", "organization name", "name", "company", "account", "organization", "organisation"],
        ),
        column("domain", &["company domain name", "domain", "domain name", "web domain", "company domain"]),
        WEBSITE,
        column("industry", &["industry", "sector", "branche"]),
        column("employees", &["number of employees", "employees", "no of employees", "employee count", "company size", "headcount"]),
        column("annual_revenue", &["annual revenue", "revenue", "annual turnover"]),
        column("annual_revenue.currency", CURRENCY),
        PHONE,
        PHONE_REGION,
        column("owner", &["company owner", "account owner", "organization owner", "owner", "owner name", "assigned to"]),
        TAGS,
        NOTE,
        STREET,
        POSTAL_CODE,
        CITY,
        REGION,
        COUNTRY,
    ],
    lists: &["tags"],
    in_order: &[],
};

const LEADS: ImportDef = ImportDef {
    name: "leads",
    aggregate: "lead",
    create: "capture",
    update: "update",
    columns: &[
        column("id", &["record id", "lead id", "id", "external id"]),
        GIVEN_NAME,
        FAMILY_NAME,
        EMAIL,
        PHONE,
        PHONE_REGION,
        COMPANY_NAME,
        JOB_TITLE,
        WEBSITE,
        SOURCE,
        column("owner", &["lead owner", "owner", "contact owner", "owner name", "assigned to"]),
        TAGS,
        NOTE,
        STREET,
        POSTAL_CODE,
        CITY,
        REGION,
        COUNTRY,
    ],
    lists: &["tags"],
    in_order: &[],
};

const DEALS: ImportDef = ImportDef {
    name: "deals",
    aggregate: "deal",
    create: "open",
    update: "update",
    columns: &[
        column("id", &["record id", "deal id", "opportunity id", "id", "potential id", "external id"]),
        column("name", &["deal name", "opportunity name", "deal title", "title", "name", "potential name", "opportunity"]),
        column("pipeline_id", &["pipeline id"]),
        column("stage", &["deal stage", "stage", "sales stage", "opportunity stage"]),
        column("amount", &["amount", "deal value", "value", "deal amount", "opportunity amount"]),
        column("amount.currency", CURRENCY),
        column("contact_id", &["contact id", "primary contact id", "person id"]),
        column("company_id", &["company id", "primary associated company id", "account id", "organization id"]),
        column("owner", &["deal owner", "opportunity owner", "owner", "owner name", "assigned to"]),
        column("expected_close", &["expected close date", "close date", "closing date", "expected close", "expected closing date"]),
        SOURCE,
        TAGS,
        NOTE,
    ],
    lists: &["tags"],
    in_order: &[],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[CONTACTS, COMPANIES, LEADS, DEALS];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::crm::CONTEXT;

    /// The properties of a schema that has them, or of the one that it refers to.
    fn has_field(schema: &serde_json::Value, root: &serde_json::Value, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let resolve = |schema: &serde_json::Value| -> Option<serde_json::Value> {
            let name = schema["$ref"].as_str()?.rsplit('/').next()?.to_owned();
            root.get(&name).cloned()
        };
        let candidates: Vec<serde_json::Value> =
            std::iter::once(schema.clone()).chain(schema["anyOf"].as_array().cloned().unwrap_or_default()).collect();
        candidates.iter().map(|schema| resolve(schema).unwrap_or_else(|| schema.clone())).any(|schema| {
            let property = &schema["properties"][*first];
            !property.is_null() && has_field(property, root, rest)
        })
    }

    #[test]
    fn every_column_fills_a_field_of_the_command_that_creates() {
        for import in IMPORTS {
            let aggregate = CONTEXT.aggregate(import.aggregate).expect("the aggregate exists");
            let command = |name: &str| aggregate.commands().iter().find(|def| def.name == name).expect("the command exists");
            command(import.update);
            let mut generator = schemars::SchemaGenerator::default();
            let schema = (command(import.create).schema)(&mut generator).to_value();
            let definitions = serde_json::Value::Object(generator.definitions().clone());
            for column in import.columns.iter().filter(|column| column.field != "id") {
                let path: Vec<&str> = column.field.split('.').collect();
                assert!(has_field(&schema, &definitions, &path), "{}: {}", import.name, column.field);
            }
            for list in import.lists {
                assert!(import.columns.iter().any(|column| column.field == *list), "{}: {list}", import.name);
            }
        }
    }

    #[test]
    fn a_header_is_normalised_and_fills_one_field() {
        for import in IMPORTS {
            let mut seen = BTreeSet::new();
            for header in import.columns.iter().flat_map(|column| column.headers) {
                let normal: String = header.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                assert_eq!(normal.split_whitespace().collect::<Vec<_>>().join(" "), **header);
                assert!(seen.insert(*header), "{}: `{header}` is listed twice", import.name);
            }
        }
    }
}
