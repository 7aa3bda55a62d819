//! Health, metrics and documentation.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use projections::contexts::CONTEXTS;
use serde_json::Value;

use crate::harness::{Answer, Gateway, send};
use crate::lab;

async fn get(gateway: &Gateway, uri: &str) -> Answer {
    send(&gateway.router, Request::get(uri).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn health_and_metrics_need_no_token() {
    let gateway = Gateway::lab().await;
    assert_eq!(get(&gateway, "/health/live").await.status, StatusCode::OK);
    let ready = get(&gateway, "/health/ready").await;
    assert_eq!((ready.status, &ready.json()["status"]), (StatusCode::OK, &Value::from("ok")));
    let metrics = get(&gateway, "/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    get(&gateway, "/nothing").await.is_problem(404, "unknown_route");
    gateway.stop().await;
}

#[tokio::test]
async fn the_documentation_works_without_the_internet() {
    let gateway = Gateway::lab().await;
    let page = get(&gateway, "/docs/").await;
    assert!(page.text().contains("swagger-ui-bundle.js") && !page.text().contains("https://"), "{}", page.text());
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(get(&gateway, &format!("/docs/{asset}")).await.status, StatusCode::OK, "{asset}");
    }
    assert!(get(&gateway, "/docs/swagger-initializer.js").await.text().contains("/openapi.json"));
    assert_eq!(get(&gateway, "/docs").await.status, StatusCode::PERMANENT_REDIRECT);
    get(&gateway, "/docs/nothing.js").await.is_problem(404, "unknown_route");
    gateway.stop().await;
}

#[tokio::test]
async fn schemas_are_listed_and_served() {
    let gateway = Gateway::lab().await;
    let index = get(&gateway, "/schemas").await.json();
    let urls: Vec<&str> = ["events", "commands", "answers"]
        .iter()
        .flat_map(|kind| index[kind].as_array().unwrap())
        .map(|entry| entry["url"].as_str().unwrap())
        .collect();
    assert_eq!(urls.len(), 8);
    for url in urls {
        let schema = get(&gateway, url).await;
        assert_eq!(schema.header("content-type"), "application/schema+json");
        assert_eq!(schema.json()["$id"], url);
    }
    let event = get(&gateway, "/schemas/lab/sample_taken.v1.json").await;
    assert_eq!(event.json(), get(&gateway, "/schemas/lab.sample_taken.v1.json").await.json());
    let answers = get(&gateway, "/schemas/lab/answers.json").await.json();
    assert!(answers["$defs"]["lab.samples"]["$defs"]["row"].is_object(), "{answers}");
    let topics = get(&gateway, index["topics"].as_str().unwrap()).await;
    assert_eq!(topics.header("content-type"), "application/yaml");
    assert!(topics.text().contains("$ref\": \"./lab/sample_taken.v1.json\""), "{}", topics.text());
    for missing in ["/schemas/x.json", "/schemas/lab/x.json"] {
        get(&gateway, missing).await.is_problem(404, "unknown_schema");
    }
    gateway.stop().await;
}

/// The page of the documentation describes and is not described.
const UNDESCRIBED: [&str; 3] = ["/docs", "/docs/", "/docs/{file}"];

/// Routes that stand for all contexts; what they are in each is described one by one.
const GENERIC: [&str; 4] = [
    "/v1/{context}/{name}",
    "/v1/{context}/{name}/{second}",
    "/v1/{context}/{name}/{id}/{last}",
    "/v1/{context}/{name}/{id}/{last}/{file}",
];

#[test]
fn every_route_is_described() {
    let document = gateway::openapi_document(lab::CONTEXTS);
    let routes: Vec<&str> =
        include_str!("../../src/router.rs").split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.len() > 10, "{routes:?}");
    for route in &routes {
        let excepted = UNDESCRIBED.contains(route) || GENERIC.contains(route);
        assert!(excepted || document["paths"].get(route).is_some(), "{route} is not in the OpenAPI document");
    }
    for excepted in UNDESCRIBED.iter().chain(&GENERIC) {
        assert!(routes.contains(excepted), "{excepted} is no route");
    }
}

/// All references of a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.insert(reference);
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_openapi_document_is_whole_and_always_the_same() {
    for contexts in [lab::CONTEXTS, CONTEXTS] {
        let document = gateway::openapi_document(contexts);
        assert_eq!(document.to_string(), gateway::openapi_document(contexts).to_string());
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path} shares its operationId");
                let mut names = BTreeSet::new();
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().or_else(|| parameter["$ref"].as_str()).unwrap();
                    assert!(names.insert(name), "{path} has the parameter {name} twice");
                }
                let in_path = path.matches('{').count();
                let declared = operation["parameters"].as_array().into_iter().flatten();
                let declared =
                    declared.filter(|parameter| parameter["in"] == "path" || parameter["$ref"] == "#/components/parameters/Id").count();
                assert_eq!(in_path, declared, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_call_and_others_may_not() {
    let gateway = Gateway::start(lab::CONTEXTS, |options| gateway::GatewayOptions {
        cors_origins: vec!["https://app.example".to_owned()],
        ..options
    })
    .await;
    let ask = async |origin: &str| {
        let request = Request::builder()
            .method("OPTIONS")
            .uri("/v1/lab/samples")
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        send(&gateway.router, request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask("https://app.example").await.header("access-control-allow-origin"), "https://app.example");
    let headers = [("origin", "https://app.example")];
    let refused = gateway.client("owner").await.get_with("/v1/lab/nothing", &headers).await;
    refused.is_problem(404, "unknown_read_model");
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example", "a page can read what went wrong");
    assert_eq!(ask("https://evil.example").await.header("access-control-allow-origin"), "");
    gateway.stop().await;
}
