//! `/openapi.json` and `/schemas`, built from the contexts' metadata at the start and served from memory.

mod asyncapi;
mod audit;
mod commands;
mod components;
mod decimals;
mod fixed;
mod queries;
mod questions;
mod schemas;
mod yaml;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use projections::contexts::ContextEntry;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::catalogue::Catalogue;
use crate::problem::Problem;
use crate::state::GatewayState;

pub use schemas::EventSchema;

/// The documents, ready to be sent.
pub(crate) struct Documents {
    openapi: Bytes,
    index: Bytes,
    /// By the path behind `/schemas/`: each schema under its name, and the files of the tree.
    schemas: BTreeMap<String, Bytes>,
}

impl Documents {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let bytes = |value: &Value| Bytes::from(value.to_string());
        let contexts = schemas::of(catalogue);
        let named = schemas::all(&contexts).into_iter().map(|(name, schema)| (format!("{name}.json"), bytes(schema)));
        let files = schemas::files(&contexts).into_iter().map(|(path, text)| (path, Bytes::from(text)));
        Self { openapi: bytes(&document(catalogue)), index: bytes(&schemas::index(&contexts)), schemas: named.chain(files).collect() }
    }
}

/// The OpenAPI 3.1 document of these contexts.
pub fn openapi_document(contexts: &'static [ContextEntry]) -> Value {
    document(&Catalogue::new(contexts))
}

/// The tree of schemas as it is committed under `schemas/`: path and text.
pub fn schema_files(contexts: &'static [ContextEntry]) -> BTreeMap<String, String> {
    schemas::files(&schemas::of(&Catalogue::new(contexts)))
}

/// The schemas of all versions of all events.
pub fn event_schemas(contexts: &'static [ContextEntry]) -> Vec<EventSchema> {
    schemas::of(&Catalogue::new(contexts)).into_iter().flat_map(|context| context.events).collect()
}

/// `/openapi.json`
pub async fn serve(State(state): State<GatewayState>) -> Response {
    sent("application/json", state.documents().openapi.clone())
}

/// `/schemas`
pub async fn schema_index(State(state): State<GatewayState>) -> Response {
    sent("application/json", state.documents().index.clone())
}

/// `/schemas/{file}`
pub async fn schema(State(state): State<GatewayState>, Path(file): Path<String>) -> Result<Response, Problem> {
    schema_at(&state, &file)
}

/// `/schemas/{context}/{file}`
pub async fn schema_of_context(
    State(state): State<GatewayState>,
    Path((context, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    schema_at(&state, &format!("{context}/{file}"))
}

fn schema_at(state: &GatewayState, path: &str) -> Result<Response, Problem> {
    match state.documents().schemas.get(path) {
        Some(file) if std::path::Path::new(path).extension().is_some_and(|extension| extension == "yaml") => {
            Ok(sent("application/yaml", file.clone()))
        }
        Some(schema) => Ok(sent("application/schema+json", schema.clone())),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "unknown_schema", "There is no such schema; /schemas lists them.")),
    }
}

fn sent(content_type: &'static str, body: Bytes) -> Response {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "max-age=300")], body).into_response()
}

/// What grows while the contexts are gone through.
struct Builder {
    generator: SchemaGenerator,
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Builder {
    /// Adds an operation.
    fn operation(&mut self, path: &str, method: &str, operation: Value) {
        let item = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }

    /// Adds a schema, and answers a reference to it.
    fn schema(&mut self, name: &str, schema: Value) -> Value {
        self.schemas.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

fn document(catalogue: &Catalogue) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut builder = Builder { generator: settings.into_generator(), paths: Map::new(), schemas: Map::new() };
    fixed::describe(&mut builder, catalogue);
    audit::describe(&mut builder);
    questions::describe(&mut builder, catalogue);
    for entry in catalogue.entries() {
        commands::describe(&mut builder, entry);
        queries::describe(&mut builder, entry);
    }
    let mut schemas = builder.generator.take_definitions(true);
    schemas.extend(builder.schemas);
    schemas.extend(components::schemas());
    let tags: Vec<Value> = catalogue.entries().iter().map(|entry| json!({ "name": entry.name, "description": entry.summary })).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "NeuroOps",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Commands change aggregates and answer position tokens; read models and reports are queried, and can wait for a position. \
                Errors are RFC 9457 problem details with a stable `code`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": tags.into_iter().chain([json!({ "name": "platform", "description": "Bulk commands, event streams, health and documentation." }), json!({ "name": "audit", "description": "Signed checkpoints of the tenant's history, and proofs." })]).collect::<Vec<_>>(),
        "security": [{ "bearer": [] }, { "apiKey": [] }],
        "paths": builder.paths,
        "components": {
            "schemas": schemas,
            "responses": components::responses(),
            "parameters": components::parameters(),
            "headers": components::headers(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same token, for clients that cannot set Authorization." }
            }
        }
    });
    decimals::describe_as_texts(&mut document);
    document
}

/// An identifier for an operation, from the parts of its address.
fn operation_id(parts: &[&str]) -> String {
    parts.join("_").replace('-', "_")
}
