//! Every rejection, with the commands that lead to it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{euro, start};
use crate::harness::Client;

/// A command: `aggregate/id/command` and its fields.
type Command = (&'static str, Value);

/// Codes that need more commands than a table shows; [`super::limits`] has them.
const ELSEWHERE: [&str; 6] =
    ["too_many_layers", "too_many_receipts", "too_many_places", "too_many_reservations", "too_many_shipments", "backdated_too_far"];

/// Commands that are accepted, the one that is refused, the code, and the fields at fault.
struct Case {
    given: Vec<Command>,
    when: Command,
    code: &'static str,
    fields: &'static [&'static str],
}

fn case(given: Vec<Command>, when: Command, code: &'static str, fields: &'static [&'static str]) -> Case {
    Case { given, when, code, fields }
}

/// What every case starts with: tea without a usual cost, ten pieces of it, and three warehouses, one of which is closed.
async fn company(client: &Client) {
    client.product("tea", json!({})).await;
    for id in ["main", "annex", "shut"] {
        client.warehouse(id).await;
    }
    client.must("warehouse/shut/close", json!({})).await;
    client.receive("tea:main", "R-1", 10, 100).await;
}

fn dollar() -> Value {
    json!({ "amount_minor": 1, "currency": "USD" })
}

fn receipt(patch: &Value) -> Value {
    let mut body = json!({ "movement_id": "R-9", "quantity": 1, "total_cost": euro(1) });
    body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    body
}

fn movement(id: &str, quantity: i64) -> Value {
    json!({ "movement_id": id, "quantity": quantity })
}

fn reserved() -> Vec<Command> {
    vec![("stock-item/tea:main/reserve", json!({ "reservation_id": "a", "quantity": 4 }))]
}

fn placed() -> Vec<Command> {
    vec![("stock-reservation/o-1/place", json!({ "lines": [{ "sku": "tea", "quantity": 4 }] }))]
}

fn shipped() -> Vec<Command> {
    vec![("stock-item/tea:main/ship", movement("S-1", 3))]
}

fn suggested() -> Vec<Command> {
    let body = json!({
        "product_id": "tea", "sku": "TEA", "product_name": "Tea", "warehouse_id": "main", "level": 1, "reorder_point": 2, "quantity": 3
    });
    vec![("reorder-suggestion/g-1/suggest", body)]
}

fn products() -> Vec<Case> {
    let create = |patch: Value| {
        let mut body = json!({ "name": "Cup", "sku": "CUP", "currency": "EUR" });
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        body
    };
    vec![
        case(vec![], ("product/a:b/create", create(json!({}))), "id_unusable", &["id"]),
        case(vec![], ("product/cup/create", create(json!({ "sku": "ü".repeat(60) }))), "sku_unusable", &["sku"]),
        case(vec![], ("product/cup/create", create(json!({ "currency": null }))), "currency_missing", &["currency"]),
        case(vec![], ("product/cup/create", create(json!({ "cost": dollar() }))), "currency_mismatch", &["cost"]),
        case(vec![], ("product/cup/create", create(json!({ "cost": euro(-1) }))), "amount_out_of_range", &["cost"]),
        case(vec![], ("product/tea/price", json!({ "price": euro(-1) })), "amount_out_of_range", &["price"]),
        case(vec![], ("warehouse/a:b/open", json!({ "name": "x" })), "id_unusable", &["id"]),
        case(vec![], ("warehouse/main/close", json!({})), "warehouse_not_empty", &["id"]),
    ]
}

fn receipts() -> Vec<Case> {
    let discontinued = vec![("product/tea/discontinue", json!({}))];
    let full = vec![("stock-item/tea:annex/receive", receipt(&json!({ "movement_id": "R-8", "quantity": 1_000_000_000_000_i64 })))];
    let goods = |patch: Value| {
        let mut body = json!({ "sku": "TEA", "quantity": 1, "total_cost": euro(1) });
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        body
    };
    let receive = |patch: Value| ("stock-item/tea:main/receive", receipt(&patch));
    let cost = &["unit_cost", "total_cost"];
    vec![
        case(vec![], receive(json!({ "movement_id": "R-1" })), "movement_exists", &["movement_id"]),
        case(vec![], receive(json!({ "total_cost": null })), "cost_missing", cost),
        case(vec![], receive(json!({ "unit_cost": euro(1) })), "cost_ambiguous", cost),
        case(vec![], receive(json!({ "total_cost": euro(-1) })), "amount_out_of_range", cost),
        case(vec![], receive(json!({ "total_cost": dollar() })), "currency_mismatch", cost),
        case(vec![], receive(json!({ "received_on": "2199-01-01" })), "day_in_future", &["received_on"]),
        case(vec![], ("stock-item/tea/receive", receipt(&json!({}))), "stock_item_unusable", &["id"]),
        case(vec![], ("stock-item/cup:main/receive", receipt(&json!({}))), "product_unknown", &["product_id"]),
        case(vec![], ("stock-item/tea:hall/receive", receipt(&json!({}))), "warehouse_unknown", &["warehouse_id"]),
        case(vec![], ("stock-item/tea:shut/receive", receipt(&json!({}))), "warehouse_closed", &["warehouse_id"]),
        case(discontinued, receive(json!({})), "product_discontinued", &["product_id"]),
        case(full, ("stock-item/tea:annex/receive", receipt(&json!({}))), "quantity_out_of_range", &["quantity"]),
        case(vec![], ("stock-movement/R-9/receive", goods(json!({ "sku": "CUP" }))), "sku_unknown", &["sku"]),
        case(vec![], ("stock-movement/R-9/receive", goods(json!({ "sku": null }))), "product_not_named", &["product_id", "sku"]),
        case(vec![], ("stock-movement/R-9/open-stock", goods(json!({ "warehouse_id": "Hall 7" }))), "warehouse_unknown", &["warehouse_id"]),
        case(shipped(), ("stock-movement/S-1/adjust-cost", json!({ "total_cost": euro(1) })), "not_a_receipt", &["id"]),
        case(vec![], ("stock-movement/R-1/adjust-cost", json!({})), "cost_missing", cost),
    ]
}

fn issues() -> Vec<Case> {
    let back = |shipment: &str, quantity: i64| json!({ "movement_id": "B-1", "shipment_id": shipment, "quantity": quantity });
    let journal = |kind: &str, quantity: i64| json!({ "kind": kind, "product_id": "tea", "quantity": quantity });
    let adjust = |quantity: i64| ("stock-item/tea:main/adjust", json!({ "movement_id": "A-1", "quantity": quantity, "reason": "lost" }));
    let transfer = |to: &str, quantity: i64| {
        ("stock-item/tea:main/transfer", json!({ "movement_id": "T-1", "to_warehouse_id": to, "quantity": quantity }))
    };
    let revalue = |value: Value| ("stock-item/tea:main/revalue", json!({ "movement_id": "V-1", "value": value }));
    let empty = vec![("stock-item/tea:main/ship", movement("S-1", 10))];
    vec![
        case(vec![], ("stock-item/tea:main/ship", movement("S-1", 11)), "insufficient_stock", &["quantity", "lines"]),
        case(vec![], ("stock-item/tea:main/ship", json!({ "movement_id": "S-1" })), "quantity_missing", &["quantity"]),
        case(shipped(), ("stock-item/tea:main/return", back("S-2", 1)), "shipment_unknown", &["shipment_id"]),
        case(shipped(), ("stock-item/tea:main/return", back("S-1", 4)), "exceeds_shipment", &["quantity"]),
        case(vec![], ("stock-movement/M-1/record", journal("shipment", 0)), "quantity_of_kind", &["quantity"]),
        case(vec![], ("stock-movement/M-1/record", journal("return", 1)), "shipment_missing", &["shipment_id"]),
        case(vec![], adjust(0), "adjustment_of_nothing", &["quantity"]),
        case(vec![], adjust(-11), "insufficient_stock", &["quantity", "lines"]),
        case(vec![], transfer("main", 1), "same_warehouse", &["to_warehouse_id"]),
        case(vec![], transfer("shut", 1), "warehouse_closed", &["warehouse_id"]),
        case(reserved(), transfer("annex", 7), "insufficient_stock", &["quantity", "lines"]),
        case(empty, revalue(euro(1)), "nothing_to_revalue", &["value"]),
        case(vec![], revalue(euro(-1)), "amount_out_of_range", &["value"]),
        case(vec![], revalue(dollar()), "currency_mismatch", &["value"]),
    ]
}

fn reservations() -> Vec<Case> {
    let reserve = |id: &str, quantity: i64| ("stock-item/tea:main/reserve", json!({ "reservation_id": id, "quantity": quantity }));
    let of = |id: &str| json!({ "reservation_id": id });
    let more = json!({ "movement_id": "S-1", "reservation_id": "a", "quantity": 5 });
    let released = || [placed(), vec![("stock-reservation/o-1/release", json!({}))]].concat();
    let ship = |patch: Value| {
        let mut body = json!({ "shipment_id": "P-1" });
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        ("stock-reservation/o-1/ship", body)
    };
    let other = json!({ "lines": [{ "item_id": "cup:main", "quantity": 1 }] });
    let place = |lines: Value| ("stock-reservation/o-2/place", json!({ "lines": lines }));
    vec![
        case(reserved(), reserve("b", 7), "insufficient_stock", &["quantity", "lines"]),
        case(reserved(), reserve("a", 5), "reservation_exists", &["reservation_id"]),
        case(vec![], ("stock-item/tea:main/release", of("a")), "reservation_unknown", &["reservation_id"]),
        case(vec![], ("stock-item/tea:main/allocate", of("a")), "quantity_missing", &["quantity"]),
        case(reserved(), ("stock-item/tea:main/ship", more), "exceeds_reservation", &["quantity"]),
        case(placed(), ("stock-item/tea:main/release", of("o-1")), "reservation_is_joint", &["reservation_id"]),
        case(vec![], place(json!([])), "line_count", &["lines"]),
        case(
            placed(),
            place(json!([{ "sku": "tea", "quantity": 4 }, { "sku": "tea", "quantity": 3 }])),
            "insufficient_stock",
            &["quantity", "lines"],
        ),
        case(released(), ("stock-reservation/o-1/allocate", json!({})), "reservation_resolved", &["id"]),
        case(placed(), ship(other), "not_in_reservation", &["lines"]),
        case(placed(), ship(json!({ "shipment_id": "P".repeat(127) })), "shipment_id_too_long", &["shipment_id"]),
        case(
            [suggested(), vec![("reorder-suggestion/g-1/accept", json!({}))]].concat(),
            ("reorder-suggestion/g-1/dismiss", json!({ "reason": "no" })),
            "suggestion_decided",
            &["id"],
        ),
    ]
}

#[tokio::test]
async fn every_rejection_has_its_code_and_its_fields() {
    let gateway = start().await;
    for case in [products(), receipts(), issues(), reservations()].into_iter().flatten() {
        let client = gateway.client("member").await;
        company(&client).await;
        for (path, body) in case.given {
            client.must(path, body).await;
        }
        let (path, body) = &case.when;
        let answer = client.command(path, body).await;
        answer.is_problem(422, &format!("inventory.{}", case.code));
        let problem = answer.json();
        let fields: Vec<&str> = problem["fields"].as_array().into_iter().flatten().map(|error| error["name"].as_str().unwrap()).collect();
        assert_eq!(fields, case.fields, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with('.') && detail.len() > 20, "{detail}");
    }
    gateway.stop().await;
}

/// The codes that the domain's sources declare: `=> "code" [fields]`.
fn declared(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            declared(&path, codes);
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some((code, rest)) = line.split_once("=> \"").and_then(|(_, rest)| rest.split_once("\" "))
                && rest.starts_with('[')
            {
                codes.insert(code.to_owned());
            }
        }
    }
}

#[test]
fn no_rejection_is_forgotten() {
    let mut codes = BTreeSet::new();
    declared(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/inventory"), &mut codes);
    let tried = [products(), receipts(), issues(), reservations()].into_iter().flatten().map(|case| case.code);
    let tried: BTreeSet<String> = tried.chain(ELSEWHERE).map(str::to_owned).collect();
    assert_eq!(tried, codes);
}

#[tokio::test]
async fn a_number_or_an_item_that_is_taken_names_its_holder() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    company(&client).await;
    let answer = client.command("product/other/create", &json!({ "name": "x", "sku": " tea", "currency": "EUR" })).await;
    answer.is_problem(409, "inventory.duplicate");
    assert_eq!(answer.json()["candidates"], json!([{ "id": "tea", "field": "sku" }]));
    let (path, body) = suggested().remove(0);
    client.must(path, body.clone()).await;
    let answer = client.command("reorder-suggestion/g-2/suggest", &body).await;
    answer.is_problem(409, "inventory.duplicate");
    assert_eq!(answer.json()["candidates"], json!([{ "id": "g-1", "field": "product_id" }]));
    client.must("reorder-suggestion/g-1/dismiss", json!({ "reason": "no" })).await;
    client.must("reorder-suggestion/g-2/suggest", body).await;
    client.command("stock-movement/R-1/receive", &json!({ "sku": "TEA", "quantity": 1 })).await.is_problem(409, "inventory.already_exists");
    client.command("stock-item/tea:annex/release", &json!({ "reservation_id": "a" })).await.is_problem(404, "inventory.not_found");
    gateway.stop().await;
}

#[tokio::test]
async fn numbers_out_of_bounds_are_refused_while_the_command_is_read() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    company(&client).await;
    for body in [movement("S-1", 0), movement("S-1", 1_000_000_000_001), json!({ "movement_id": "a b", "quantity": 1 })] {
        client.command("stock-item/tea:main/ship", &body).await.is_problem(400, "invalid_field");
    }
    gateway.stop().await;
}
