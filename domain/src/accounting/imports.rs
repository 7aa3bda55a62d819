//! How files of other accounting products become commands: the columns of `QuickBooks`, Xero and DATEV.
//!
//! Headers are compared in lower case with every run of punctuation and spaces as one space. Four files are understood:
//!
//! - `accounts`: a chart of accounts, one account a row. The code is the account's id; a row whose account exists renames it.
//! - `opening-balances`: a trial balance, one account a row; each row is posted against the opening balances.
//! - `journal`: one posting a row, with account and contra account, as DATEV writes it. A file with decimal commas says so with
//!   `--decimal-comma`.
//! - `entries`: one line of an entry a row, as `QuickBooks` and Xero write journals; rows that follow each other with the same number make
//!   one entry.
//!
//! One currency column counts for all amounts of a row. Accounts are named by their codes; what follows a space is taken for the name. A row that names an account that is not there is
//! refused with its line.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const DATE: ImportColumn = column(
    "date",
    &["date", "journal date", "transaction date", "posting date", "journaldate", "belegdatum", "buchungsdatum", "datum", "entry date"],
);
const DESCRIPTION: ImportColumn =
    column("description", &["narration", "memo description", "memo", "description", "private note", "buchungstext", "text", "details"]);
const REFERENCE: ImportColumn =
    column("reference", &["reference", "ref", "document number", "doc no", "invoice number", "belegfeld 1", "belegnummer", "beleg"]);
const PARTY: ImportColumn = column("party", &["customer id", "supplier id", "vendor id", "contact id", "party"]);
const CURRENCY: &[&str] = &["currency", "currency code", "wkz umsatz", "währung", "waehrung", "wkz"];
const ACCOUNT_CODE: &[&str] = &[
    "account code",
    "accountcode",
    "account number",
    "account no",
    "account",
    "code",
    "konto",
    "kontonummer",
    "accountname",
    "account name",
];
const DEBIT: &[&str] = &["debit", "debits", "debit amount", "soll", "ytd debit"];
const CREDIT: &[&str] = &["credit", "credits", "credit amount", "haben", "ytd credit"];

/// No row of a journal changes an entry that exists: none of its fields is one of this command's.
const LEAVES_AS_IT_IS: &str = "attach-evidence";

const ACCOUNTS: ImportDef = ImportDef {
    name: "accounts",
    aggregate: "account",
    create: "open",
    update: "rename",
    columns: &[
        column("id", &["code", "account code", "account number", "account no", "number", "acct no", "konto", "kontonummer", "id"]),
        column("name", &["account name", "name", "account", "kontobezeichnung", "beschriftung", "bezeichnung", "kontobeschriftung"]),
        column("type", &["type", "account type", "kontoart", "class"]),
        column("subtype", &["subtype", "account subtype"]),
        column("currency", &["currency", "currency code", "währung", "waehrung"]),
        column("normal_side", &["normal balance", "normal side"]),
        column("limit", &["limit"]),
    ],
    lists: &[],
    in_order: &[],
};

const OPENING_BALANCES: ImportDef = ImportDef {
    name: "opening-balances",
    aggregate: "journal-entry",
    create: "post-opening-balance",
    update: LEAVES_AS_IT_IS,
    columns: &[
        DATE,
        column("account", ACCOUNT_CODE),
        column("debit", DEBIT),
        column("debit.currency", CURRENCY),
        column("credit", CREDIT),
        column("balance", &["balance", "opening balance", "saldo", "eb wert", "amount"]),
        DESCRIPTION,
        REFERENCE,
        PARTY,
    ],
    lists: &[],
    in_order: &[],
};

const JOURNAL: ImportDef = ImportDef {
    name: "journal",
    aggregate: "journal-entry",
    create: "post-pair",
    update: LEAVES_AS_IT_IS,
    columns: &[
        DATE,
        column("account", &["account", "account code", "konto", "debit account", "sollkonto"]),
        column(
            "contra_account",
            &["contra account", "offset account", "credit account", "gegenkonto ohne bu schlüssel", "gegenkonto", "habenkonto"],
        ),
        column("side", &["side", "debit credit", "d c", "soll haben kennzeichen", "s h", "sh"]),
        column("amount", &["amount", "umsatz ohne soll haben kz", "umsatz", "betrag"]),
        column("amount.currency", CURRENCY),
        DESCRIPTION,
        REFERENCE,
        PARTY,
    ],
    lists: &[],
    in_order: &[],
};

const ENTRIES: ImportDef = ImportDef {
    name: "entries",
    aggregate: "journal-entry",
    create: "post-journal",
    update: LEAVES_AS_IT_IS,
    columns: &[
        column("id", &["journal no", "journalno", "journal number", "journal id", "entry no", "entry number", "num", "id"]),
        DATE,
        column("description", &["narration", "memo", "private note", "buchungstext"]),
        REFERENCE,
        column("lines", &["lines"]),
        column("lines.account", ACCOUNT_CODE),
        column("lines.debit", DEBIT),
        column("lines.debit.currency", CURRENCY),
        column("lines.credit", CREDIT),
        column("lines.amount", &["amount", "betrag"]),
        column("lines.memo", &["description", "line description", "details"]),
        column("lines.party", &["customer id", "supplier id", "vendor id", "contact id", "party"]),
    ],
    lists: &[],
    in_order: &[],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[ACCOUNTS, OPENING_BALANCES, JOURNAL, ENTRIES];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::accounting::CONTEXT;

    /// Whether a schema, or one that it refers to, or that of the elements of its list, has the field.
    fn has_field(schema: &Value, root: &Value, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let mut candidates = vec![schema.clone()];
        candidates.extend(schema["anyOf"].as_array().cloned().unwrap_or_default());
        let resolve =
            |schema: &Value| schema["$ref"].as_str().map_or_else(|| schema.clone(), |name| root[name.rsplit('/').next().unwrap()].clone());
        candidates.iter().map(resolve).any(|schema| {
            let property = &schema["properties"][*first];
            let element = &property["items"];
            !property.is_null() && has_field(if element.is_null() { property } else { element }, root, rest)
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
            let definitions = Value::Object(generator.definitions().clone());
            for column in import.columns.iter().filter(|column| column.field != "id") {
                let path: Vec<&str> = column.field.split('.').collect();
                assert!(has_field(&schema, &definitions, &path), "{}: {}", import.name, column.field);
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

    #[test]
    fn an_entry_that_exists_is_left_as_it_is() {
        let entry = CONTEXT.aggregate("journal-entry").expect("the aggregate exists");
        let leaves = entry.commands().iter().find(|def| def.name == LEAVES_AS_IT_IS).expect("the command exists");
        let schema = (leaves.schema)(&mut schemars::SchemaGenerator::default()).to_value();
        let taken: BTreeSet<&String> = schema["properties"].as_object().expect("the command has fields").keys().collect();
        for import in IMPORTS.iter().filter(|import| import.update == LEAVES_AS_IT_IS) {
            assert!(import.columns.iter().all(|column| !taken.contains(&column.field.to_owned())), "{}", import.name);
        }
    }
}
