//! Rejections that many commands lead to.

use serde_json::{Value, json};

use super::{euro, start};

/// A receipt of one piece.
fn receipt(number: usize, day: &str) -> (String, Value) {
    let body = json!({ "movement_id": format!("R-{number}"), "quantity": 1, "total_cost": euro(1), "received_on": day });
    ("stock-item/tea:main/receive".to_owned(), body)
}

#[tokio::test]
async fn an_item_has_only_so_many_layers_and_transfers_take_from_only_so_many() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.warehouse("annex").await;
    client.all((0..1_000).map(|number| receipt(number, "2026-01-05"))).await;
    let (path, body) = receipt(1_000, "2026-01-05");
    client.command(&path, &body).await.is_problem(422, "inventory.too_many_layers");
    let transfer = |quantity: i64| json!({ "movement_id": "T-1", "to_warehouse_id": "annex", "quantity": quantity });
    client.command("stock-item/tea:main/transfer", &transfer(101)).await.is_problem(422, "inventory.too_many_receipts");
    client.must("stock-item/tea:main/transfer", transfer(100)).await;
    client.must(&path, body).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_receipt_is_not_dated_before_layers_that_are_forgotten() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    for number in 0..51 {
        let (path, body) = receipt(number, "2026-01-05");
        client.must(&path, body).await;
        client.must("stock-item/tea:main/ship", json!({ "movement_id": format!("S-{number}"), "quantity": 1 })).await;
    }
    let (path, body) = receipt(51, "2026-01-04");
    client.command(&path, &body).await.is_problem(422, "inventory.backdated_too_far");
    let (path, body) = receipt(52, "2026-01-05");
    client.must(&path, body).await;
    gateway.stop().await;
}

#[tokio::test]
async fn goods_of_a_receipt_get_to_only_so_many_warehouses() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 200, 100).await;
    client.all((0..=100).map(|number| (format!("warehouse/w-{number}/open"), json!({ "name": "Van" })))).await;
    let transfer = |number: usize| {
        let body = json!({ "movement_id": format!("T-{number}"), "to_warehouse_id": format!("w-{number}"), "quantity": 1 });
        ("stock-item/tea:main/transfer".to_owned(), body)
    };
    client.all((0..100).map(transfer)).await;
    let (path, body) = transfer(100);
    client.command(&path, &body).await.is_problem(422, "inventory.too_many_places");
    // A late cost still finds the goods in all of them.
    let answer = client.command("stock-movement/R-1/adjust-cost", &json!({ "unit_cost": euro(110) })).await;
    assert_eq!(answer.json()["events"].as_array().map(Vec::len), Some(102), "{}", answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn an_item_has_only_so_many_reservations() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 10_000, 0).await;
    let reserve =
        |number: usize| ("stock-item/tea:main/reserve".to_owned(), json!({ "reservation_id": number.to_string(), "quantity": 1 }));
    client.all((0..2_000).map(reserve)).await;
    let (path, body) = reserve(2_000);
    client.command(&path, &body).await.is_problem(422, "inventory.too_many_reservations");
    gateway.stop().await;
}

#[tokio::test]
async fn a_reservation_leaves_in_only_so_many_shipments() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 200, 100).await;
    client.must("stock-reservation/o-1/place", json!({ "lines": [{ "sku": "TEA", "quantity": 200 }] })).await;
    let ship = |number: usize| {
        let lines = json!([{ "item_id": "tea:main", "quantity": 1 }]);
        ("stock-reservation/o-1/ship".to_owned(), json!({ "shipment_id": format!("P-{number}"), "lines": lines }))
    };
    client.all((0..100).map(ship)).await;
    let (path, body) = ship(100);
    client.command(&path, &body).await.is_problem(422, "inventory.too_many_shipments");
    gateway.stop().await;
}

#[tokio::test]
async fn a_reservation_of_as_many_items_as_it_may_have_is_one_command() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.warehouse("main-hall").await;
    let products = 0..50;
    let create = |number: usize| {
        let body = json!({ "name": "Thing", "sku": format!("S {number}"), "currency": "EUR", "reorder_point": 5 });
        (format!("product/p-{number}/create"), body)
    };
    client.all(products.clone().map(create)).await;
    let receive = |number: usize| {
        let body = json!({ "movement_id": format!("R-{number}"), "quantity": 2, "total_cost": euro(1) });
        (format!("stock-item/p-{number}:main-hall/receive"), body)
    };
    client.all(products.clone().map(receive)).await;
    let line = |number: usize| json!({ "sku": format!("s {number}"), "warehouse_id": "Main Hall", "quantity": 2 });
    let lines: Vec<Value> = products.map(line).collect();
    client.must("stock-reservation/o-1/place", json!({ "lines": lines })).await;
    client.must("stock-reservation/o-1/allocate", json!({})).await;
    client.must("stock-reservation/o-1/ship", json!({ "shipment_id": "P-1" })).await;
    client.must("warehouse/main-hall/close", json!({})).await;
    gateway.stop().await;
}
