//! Read models and reports in the OpenAPI document.

use projections::model::{Allowed, Column, ColumnKind, DocumentDef, Parameter, Printed, ReadModelDef, ReportDef};
use serde_json::{Map, Value, json};

use super::components::{parameter, problems};
use super::{Builder, operation_id};
use crate::catalogue::Entry;
use crate::exports::TableFormat;
use crate::print::PDF;
use crate::queries::{FORMATS, Format, LIMIT_DEFAULT, LIMIT_MAX, Operator, operators};

/// The formats of one row.
const ROW_FORMATS: [Format; 2] = [Format::Json, Format::Table(TableFormat::Csv)];
/// Where the OpenAPI document describes the freshness of an answer.
const AS_OF: &str = "#/components/schemas/AsOf";
const PROBLEMS: [&str; 9] = ["400", "401", "403", "404", "405", "406", "414", "429", "503"];

/// Describes the read side of a context.
pub fn describe(builder: &mut Builder, entry: &Entry) {
    for def in entry.read_models {
        let row = (def.schema)(&mut builder.generator).to_value();
        let row = builder.schema(&format!("{}.{}.row", def.context, def.name), row);
        let path = format!("/v1/{}/{}", def.context, def.name);
        builder.operation(&path, "get", list(def, &row));
        builder.operation(&format!("{path}/{{id}}"), "get", one(def, &row));
    }
    for def in entry.reports {
        let row = (def.schema)(&mut builder.generator).to_value();
        let row = builder.schema(&format!("{}.{}.row", def.context, def.name), row);
        builder.operation(&format!("/v1/{}/{}", def.context, def.name), "get", report(def, &row));
    }
    for def in entry.documents {
        builder.operation(&format!("/v1/{}/{}/{{id}}/pdf", def.context, def.name), "get", printed(def));
    }
}

/// The schema of a value of this type in a query string.
fn value_schema(kind: ColumnKind) -> Value {
    match kind {
        ColumnKind::Text | ColumnKind::List | ColumnKind::Json => {
            json!({ "type": "string", "maxLength": 1024, "pattern": r"^[^\u0000]*$" })
        }
        ColumnKind::Integer => json!({ "type": "integer", "format": "int64" }),
        ColumnKind::Number => json!({ "type": "number" }),
        ColumnKind::Boolean => json!({ "type": "boolean" }),
        ColumnKind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        ColumnKind::Date => json!({ "type": "string", "format": "date" }),
    }
}

fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": description })
}

fn filters(column: &Column) -> impl Iterator<Item = Value> {
    let plain = operators(column.kind)
        .first()
        .map(|operator| query(column.name, &value_schema(column.kind), &format!("`{}` {}.", column.name, operator.describe())));
    let name = column.name;
    let kind = column.kind;
    plain.into_iter().chain(operators(kind).iter().map(move |operator| {
        let description = format!("`{name}` {}.", operator.describe());
        let full = format!("{name}.{}", operator.name());
        match operator {
            Operator::In => {
                let mut items = value_schema(kind);
                if items["pattern"].is_string() {
                    items["pattern"] = json!(r"^[^,\u0000]*$");
                }
                let mut parameter = query(&full, &json!({ "type": "array", "minItems": 1, "maxItems": 100, "items": items }), &description);
                parameter["style"] = json!("form");
                parameter["explode"] = json!(false);
                parameter
            }
            Operator::Null => query(&full, &json!({ "type": "boolean" }), &description),
            _ => query(&full, &value_schema(kind), &description),
        }
    }))
}

fn fields_of(def: &ReadModelDef) -> Value {
    let names: Vec<&str> = def.columns.iter().map(|column| column.name).collect();
    let mut parameter =
        query("fields", &json!({ "type": "array", "minItems": 1, "items": { "enum": names } }), "The columns of the answer.");
    parameter["style"] = json!("form");
    parameter["explode"] = json!(false);
    parameter
}

fn list(def: &ReadModelDef, row: &Value) -> Value {
    let sorts: Vec<String> = def
        .columns
        .iter()
        .filter(|column| column.sortable)
        .flat_map(|column| [column.name.to_owned(), format!("-{}", column.name)])
        .collect();
    let mut parameters = vec![
        query(
            "limit",
            &json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT }),
            "Rows of a page. As CSV, NDJSON, Parquet or Arrow, all rows up to 100,000 where it is left out, and at most so many.",
        ),
        query("cursor", &json!({ "type": "string" }), "`next_cursor` of the page before, with the same sort order and filters."),
        fields_of(def),
        parameter("WaitFor"),
    ];
    if !sorts.is_empty() {
        parameters.push(query("sort", &json!({ "enum": sorts }), "The column to sort by; `-` turns the order around."));
    }
    if def.search.is_some() {
        parameters.push(query(
            "q",
            &json!({ "type": "string", "maxLength": 200, "pattern": r"^[^\u0000]*$" }),
            "Words that are all in the row.",
        ));
    }
    parameters.extend(def.columns.iter().flat_map(filters));
    let partial = json!({ "type": "object", "description": "A row, or the columns of it that `fields` names." });
    let item = json!({ "anyOf": [row, partial] });
    json!({
        "operationId": operation_id(&["list", def.context, def.name]),
        "tags": [def.context],
        "summary": def.summary,
        "x-permission": format!("{}.read", def.context),
        "parameters": parameters,
        "responses": responses(&page(&item, true, AS_OF), &FORMATS)
    })
}

fn one(def: &ReadModelDef, row: &Value) -> Value {
    let partial = json!({ "type": "object", "description": "The columns that `fields` names." });
    let mut all = responses(&json!({ "anyOf": [row, partial] }), &ROW_FORMATS);
    if def.redirects.is_some() {
        all["200"]["headers"]["Content-Location"] = json!({
            "schema": { "type": "string" }, "description": "The address of the row that the id was merged into, where it was."
        });
    }
    json!({
        "operationId": operation_id(&["get", def.context, def.name]),
        "tags": [def.context],
        "summary": format!("One row: {}", def.summary),
        "x-permission": format!("{}.read", def.context),
        "parameters": [parameter("Id"), fields_of(def), parameter("WaitFor")],
        "responses": all
    })
}

/// Parameters of a report in a query string.
fn in_query(known: &[Parameter]) -> impl Iterator<Item = Value> {
    known.iter().map(|known| {
        let mut schema = value_schema(known.kind);
        match known.allowed {
            Allowed::OneOf(texts) => schema = json!({ "type": "string", "enum": texts }),
            Allowed::Between(least, most) => (schema["minimum"], schema["maximum"]) = (json!(least), json!(most)),
            Allowed::Any | Allowed::Through { .. } => {}
        }
        if let Some(default) = known.default {
            schema["default"] = typed(known.kind, default);
        }
        let mut described = query(known.name, &schema, known.description);
        described["required"] = json!(known.required);
        described
    })
}

fn report(def: &ReportDef, row: &Value) -> Value {
    let mut parameters = vec![parameter("WaitFor")];
    parameters.extend(in_query(def.parameters));
    json!({
        "operationId": operation_id(&["report", def.context, def.name]),
        "tags": [def.context],
        "summary": def.summary,
        "x-permission": format!("{}.read", def.context),
        "parameters": parameters,
        "responses": responses(&page(row, false, AS_OF), &FORMATS)
    })
}

fn printed(def: &DocumentDef) -> Value {
    let mut all = problems(&["400", "401", "403", "404", "405", "429", "503"]);
    let pdf = json!({ "schema": { "type": "string", "contentMediaType": PDF, "contentEncoding": "binary" } });
    all.insert("200".to_owned(), json!({ "description": "The document.", "content": { PDF: pdf } }));
    let mut parameters = vec![parameter("Id"), parameter("WaitFor")];
    let description = match def.source {
        Printed::Row { model, .. } => format!("Prints the row of `{}` with this id (PDF, A4).", model.name),
        Printed::Report { report, .. } => {
            parameters.extend(in_query(report.parameters.get(1..).unwrap_or_default()));
            let id = report.parameters.first().map(|parameter| parameter.description).unwrap_or_default();
            format!("PDF, A4, over as many pages as it takes. The id: {id}")
        }
    };
    json!({
        "operationId": operation_id(&["print", def.context, def.name]),
        "tags": [def.context],
        "summary": def.summary,
        "description": description,
        "x-permission": format!("{}.read", def.context),
        "parameters": parameters,
        "responses": all
    })
}

/// A default value in the type of its schema.
fn typed(kind: ColumnKind, text: &str) -> Value {
    match kind {
        ColumnKind::Integer | ColumnKind::Number | ColumnKind::Boolean => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

/// The schema of an answer with rows; `as_of` is where the schema of its freshness stands.
pub fn page(item: &Value, paged: bool, as_of: &str) -> Value {
    let mut schema = json!({
        "type": "object", "required": ["data", "as_of"],
        "properties": { "data": { "type": "array", "items": item }, "as_of": { "$ref": as_of } }
    });
    if paged {
        schema["required"] = json!(["data", "next_cursor", "as_of"]);
        schema["properties"]["next_cursor"] = json!({ "type": ["string", "null"] });
    }
    schema
}

/// The answers of a query in these formats.
pub fn responses(schema: &Value, formats: &[Format]) -> Value {
    let mut all: Map<String, Value> = problems(&PROBLEMS);
    let content: Map<String, Value> = formats.iter().map(|format| (format.media_type().to_owned(), body(*format, schema))).collect();
    let mut headers = json!({
        "NeuroOps-Position": { "$ref": "#/components/headers/NeuroOps-Positions" },
        "NeuroOps-Lag-Events": { "$ref": "#/components/headers/NeuroOps-Lag-Events" }
    });
    if formats.len() > ROW_FORMATS.len() {
        headers["NeuroOps-Next-Cursor"] = json!({ "$ref": "#/components/headers/NeuroOps-Next-Cursor" });
    }
    let ok = json!({ "description": "The answer, in the format that `Accept` likes best.", "headers": headers, "content": content });
    all.insert("200".to_owned(), ok);
    Value::Object(all)
}

fn body(format: Format, schema: &Value) -> Value {
    match format {
        Format::Json => json!({ "schema": schema }),
        Format::Table(TableFormat::Csv | TableFormat::Ndjson) => json!({ "schema": { "type": "string" } }),
        Format::Table(_) => json!({ "schema": { "type": "string", "format": "binary" } }),
    }
}
