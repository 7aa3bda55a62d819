//! Read models: filled live by projectors, batch by batch, they are what a rebuild from the log makes of them.

use std::time::Duration;

use projections::runtime::rebuild::rebuild;
use projections::runtime::{LogHeads, LogReader, Projector, Tail, TailOptions};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{INVENTORY, euro, fields};
use crate::harness::{Client, Gateway};

/// A gateway whose projections are at work until the guard is dropped.
pub async fn live() -> (Gateway, DropGuard) {
    let gateway = Gateway::start(INVENTORY, |options| gateway::GatewayOptions { wait_timeout: Duration::from_secs(20), ..options }).await;
    let cancel = CancellationToken::new();
    let heads = LogHeads::watch(gateway.db.worker.clone());
    let options = TailOptions { contexts: vec!["inventory".to_owned()], kafka: None, group: "test".to_owned() };
    let tail = Tail::start(LogReader::new(gateway.db.worker.clone()), heads, options, cancel.clone()).await.expect("a tail");
    for projection in (INVENTORY[0].projections)() {
        let projector = Projector::new(projection, gateway.db.worker.clone(), tail.clone());
        let cancel = cancel.clone();
        tokio::spawn(async move { projector.run(&cancel).await });
    }
    (gateway, cancel.drop_guard())
}

/// A company whose stock has moved in every way; answers the last position.
pub async fn traded(client: &Client) -> String {
    let tea =
        json!({ "cost": euro(100), "reorder_point": 12, "reorder_quantity": 25, "safety_stock": 2, "supplier": "Yama", "category": "Tea" });
    client.product("tea", tea).await;
    client.product("cup", json!({ "valuation": "moving_average", "price": euro(950) })).await;
    for id in ["main", "annex"] {
        client.warehouse(id).await;
    }
    let day = |ago: i64| json!((platform::clock::now() - chrono::TimeDelta::days(ago)).date_naive());
    // Tea, first in first out: 10 at 1.00 forty days ago, 10 at 2.00 ten days ago.
    let receive = |movement: &str, ago: i64, cost: i64| json!({ "movement_id": movement, "quantity": 10, "unit_cost": euro(cost), "received_on": day(ago) });
    client.must("stock-item/tea:main/receive", receive("R-1", 40, 100)).await;
    client.must("stock-item/tea:main/receive", receive("R-2", 10, 200)).await;
    // Cups on average: 3 for 1.00 and 4 for 3.00 make 7 for 4.00.
    let opening = json!({ "sku": "CUP", "quantity": 3, "total_cost": euro(100), "received_on": day(100) });
    client.must("stock-movement/O-1/open-stock", opening).await;
    client.must("stock-movement/R-3/receive", json!({ "sku": "CUP", "quantity": 4, "total_cost": euro(300), "reference": "DN-3" })).await;
    // 12 teas leave: 10.00 + 4.00. One comes back, at 14.00 / 12.
    client.must("stock-item/tea:main/ship", json!({ "movement_id": "S-1", "quantity": 12, "customer_id": "C-1" })).await;
    client
        .must("stock-item/tea:main/return", json!({ "movement_id": "B-1", "shipment_id": "S-1", "quantity": 1, "reason": "broken" }))
        .await;
    // Five teas that had come twenty days ago at 1.50 are recorded late: two of them would have left instead.
    let late = json!({ "movement_id": "R-4", "quantity": 5, "unit_cost": euro(150), "received_on": day(20) });
    client.must("stock-item/tea:main/receive", late).await;
    // They cost 1.60 in truth: 3 are left.
    client.must("stock-movement/R-4/adjust-cost", json!({ "unit_cost": euro(160) })).await;
    client.must("stock-item/tea:main/transfer", json!({ "movement_id": "T-1", "to_warehouse_id": "annex", "quantity": 4 })).await;
    client.must("stock-item/tea:annex/adjust", json!({ "movement_id": "A-1", "quantity": -1, "reason": "damaged" })).await;
    client.must("stock-item/cup:main/count", json!({ "movement_id": "N-1", "counted": 6 })).await;
    client.must("stock-item/cup:main/revalue", json!({ "movement_id": "V-1", "value": euro(300), "note": "chipped" })).await;
    // Reservations of all kinds.
    client.must("stock-item/cup:main/reserve", json!({ "reservation_id": "cart", "quantity": 1, "reference": "cart 5" })).await;
    client.must("stock-item/tea:main/allocate", json!({ "reservation_id": "hand", "quantity": 2, "reference": "ORD-2" })).await;
    let lines = json!([{ "sku": "TEA", "quantity": 2 }, { "sku": "CUP", "quantity": 2 }]);
    client.must("stock-reservation/o-1/place", json!({ "lines": lines, "reference": "ORD-1", "customer_id": "C-2" })).await;
    client.must("stock-reservation/o-1/allocate", json!({})).await;
    let part = json!([{ "item_id": "tea:main", "quantity": 1 }]);
    client.must("stock-reservation/o-1/ship", json!({ "shipment_id": "P-1", "lines": part })).await;
    client.must("stock-reservation/o-2/place", json!({ "lines": [{ "sku": "CUP", "quantity": 1 }] })).await;
    client.must("stock-reservation/o-2/release", json!({ "reason": "changed her mind" })).await;
    client.must("reorder-suggestion/tea:annex:1/suggest", json!({
        "product_id": "tea", "sku": "TEA", "product_name": "Tea", "warehouse_id": "annex", "level": 3, "reorder_point": 12, "quantity": 25
    })).await;
    client.must("reorder-suggestion/tea:annex:1/accept", json!({ "reference": "PO-1" })).await;
    client.must("reorder-suggestion/tea:annex:2/suggest", json!({
        "product_id": "tea", "sku": "TEA", "product_name": "Tea", "warehouse_id": "annex", "level": 3, "reorder_point": 12, "quantity": 25
    })).await;
    // Rows follow their product and their warehouse.
    client.must("product/tea/update", json!({ "name": "Green tea", "safety_stock": 1 })).await;
    client.must("warehouse/annex/rename", json!({ "name": "Annex" })).await;
    client.must("product/cup/discontinue", json!({})).await
}

/// A digest of all rows of a read model.
async fn digest(gateway: &Gateway, table: &str) -> (i64, String) {
    let statement = format!("SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY tenant_id, id)), '') FROM {table} t");
    sqlx::query_as(&statement).fetch_one(&gateway.db.worker).await.expect("the read model is read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_filled_live_are_what_a_rebuild_makes_of_them() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    let position = traded(&client).await;
    for model in INVENTORY[0].read_models {
        let rows = client.data(model.name, &position).await;
        assert!(!rows.is_empty(), "{}", model.name);
    }
    drop(projectors);
    for projection in (INVENTORY[0].projections)() {
        let table = projection.tables()[0];
        let live = digest(&gateway, table).await;
        let report = rebuild(&gateway.db.worker, projection.as_ref(), |_| {}).await.expect("rebuilt");
        assert_eq!((report.version, report.parked_keys), (2, 0), "{table}");
        assert_eq!(digest(&gateway, table).await, live, "{table}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_tell_what_has_happened() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    let position = traded(&client).await;

    let stock = client.data("stock-list?sort=id", &position).await;
    let names =
        ["id", "on_hand", "reserved", "allocated", "safety_stock", "available", "value_minor", "low", "product_name", "warehouse_name"];
    let annex = json!(["tea:annex", 3, 0, 0, 1, 2, 520, true, "Green tea", "Annex"]);
    let cups = json!(["cup:main", 6, 1, 2, 0, 3, 300, false, "The cup", "Warehouse main"]);
    let main = json!(["tea:main", 9, 0, 3, 1, 5, 1717, true, "Green tea", "Warehouse main"]);
    assert_eq!(fields(&stock, &names), [cups, annex, main]);

    let layers = client.data("layer-list?product_id=tea&sort=received_on", &position).await;
    let found = fields(&layers, &["item_id", "layer", "quantity", "value_minor"]);
    let expected = [
        // Three of the late receipt at 1.60 and one at 2.00 went to the annex, where one of the former broke.
        json!(["tea:annex", "R-4", 2, 320]),
        json!(["tea:annex", "R-2", 1, 200]),
    ];
    assert!(expected.iter().all(|row| found.contains(row)), "{found:?}");
    assert_eq!(layers.iter().map(|row| row["quantity"].as_i64().unwrap()).sum::<i64>(), 12);

    let movements = client.data("movement-list?item_id=tea:main&sort=recorded_at", &position).await;
    let names = ["kind", "movement_id", "quantity", "value_minor", "expensed_minor", "on_hand", "stock_value_minor", "reason"];
    assert_eq!(
        fields(&movements, &names),
        [
            json!(["receipt", "R-1", 10, 1000, 0, 10, 1000, null]),
            json!(["receipt", "R-2", 10, 2000, 0, 20, 3000, null]),
            json!(["shipment", "S-1", -12, -1400, 0, 8, 1600, null]),
            json!(["return", "B-1", 1, 117, 0, 9, 1717, "broken"]),
            json!(["receipt", "R-4", 5, 750, 0, 14, 2467, null]),
            json!(["revaluation", "R-4", 0, 100, 0, 14, 2567, "backdated_receipt"]),
            json!(["revaluation", "R-4", 0, 30, 20, 14, 2597, "late_cost"]),
            json!(["transfer_out", "T-1", -4, -680, 0, 10, 1917, null]),
            json!(["shipment", "P-1-1", -1, -200, 0, 9, 1717, null]),
        ]
    );

    let holds = client.data("reservation-list?sort=id", &position).await;
    let names = ["id", "status", "quantity", "open_quantity", "joint", "reference"];
    assert_eq!(
        fields(&holds, &names),
        [
            json!(["cup:main:cart", "reserved", 1, 1, false, "cart 5"]),
            json!(["cup:main:o-1", "allocated", 2, 2, true, "ORD-1"]),
            json!(["cup:main:o-2", "released", 1, 0, true, null]),
            json!(["tea:main:hand", "allocated", 2, 2, false, "ORD-2"]),
            json!(["tea:main:o-1", "allocated", 2, 1, true, "ORD-1"]),
        ]
    );
    let due: Vec<bool> = holds.iter().map(|row| row["due_at"].is_string()).collect();
    assert_eq!(due, [true, false, false, false, false]);

    let orders = client.data("stock-reservation-list?sort=id", &position).await;
    let names = ["id", "status", "quantity", "shipped", "reason", "due_at"];
    let expected = [json!(["o-1", "allocated", 4, 1, null, null]), json!(["o-2", "released", 1, 0, "changed her mind", null])];
    assert_eq!(fields(&orders, &names), expected);

    let suggestions = client.data("reorder-suggestion-list?sort=id", &position).await;
    let names = ["id", "status", "quantity", "ordered_quantity", "reference"];
    let expected = [json!(["tea:annex:1", "accepted", 25, 25, "PO-1"]), json!(["tea:annex:2", "open", 25, null, null])];
    assert_eq!(fields(&suggestions, &names), expected);

    let warehouses = client.data("warehouse-list?sort=id", &position).await;
    let expected = [json!(["annex", "Annex", 1, false]), json!(["main", "Warehouse main", 2, false])];
    assert_eq!(fields(&warehouses, &["id", "name", "stocked_products", "closed"]), expected);

    let products = client.data("product-list?q=green", &position).await;
    assert_eq!(fields(&products, &["id", "sku", "safety_stock", "version"]), [json!(["tea", "TEA", 1, 3])]);
    drop(projectors);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_is_due_to_be_looked_at_when_its_product_changes_and_not_its_stock() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({ "reorder_point": 5 })).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 10, 100).await;
    let row = async |position: &str| {
        let rows = client.data("stock-list", position).await;
        json!([rows[0]["low"], rows[0]["below"], rows[0]["due_at"].is_string()])
    };
    let review = async || client.must("stock-item/tea:main/review-reorder", json!({})).await;
    let changes = [
        ("product/tea/update", json!({ "reorder_point": 20 }), true),
        ("product/tea/discontinue", json!({}), false),
        ("product/tea/reinstate", json!({}), true),
        ("product/tea/update", json!({ "reorder_point": null }), false),
    ];
    for (command, body, low) in changes {
        assert_eq!(row(&client.must(command, body).await).await, json!([low, !low, true]), "{command}");
        assert_eq!(row(&review().await).await, json!([low, low, false]), "{command}");
    }
    // What moves the stock looks by itself.
    client.must("product/tea/update", json!({ "reorder_point": 8 })).await;
    let position = client.must("stock-item/tea:main/ship", json!({ "movement_id": "S-1", "quantity": 5 })).await;
    assert_eq!(row(&position).await, json!([true, true, false]));
    drop(projectors);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_found_and_ended_in_its_time() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 10, 100).await;
    let reserve = |id: &str, seconds: i64| json!({ "reservation_id": id, "quantity": 2, "ttl_seconds": seconds });
    client.must("stock-item/tea:main/reserve", reserve("long", 3600)).await;
    let lines = json!([{ "sku": "TEA", "quantity": 3 }]);
    client.must("stock-reservation/o-1/place", json!({ "lines": lines, "ttl_seconds": 1 })).await;
    let position = client.must("stock-item/tea:main/reserve", reserve("short", 1)).await;
    let holds = client.data("reservation-list?sort=id", &position).await;
    let due = |row: &Value| row["due_at"].as_str().map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(holds.iter().map(|row| due(row).is_some()).collect::<Vec<_>>(), [true, false, true]);
    let orders = client.data("stock-reservation-list", &position).await;
    let last = orders.iter().chain(&holds[2..]).filter_map(due).max().unwrap();
    // Nobody waits for the clock of a test: a command that is early changes nothing, and is sent until it is not.
    let ended = async |path: &str| loop {
        let answer = client.command(path, &json!({})).await.json();
        match answer["events"].as_array().unwrap().len() {
            0 => assert!(platform::clock::now() < last + chrono::TimeDelta::seconds(5), "{path} does not end"),
            _ => return answer["position"].as_str().unwrap().to_owned(),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    ended("stock-reservation/o-1/expire").await;
    let position = ended("stock-item/tea:main/expire-reservations").await;
    assert!(platform::clock::now() >= last);
    let holds = client.data("reservation-list?sort=id", &position).await;
    let expected = [json!(["long", "reserved", true]), json!(["o-1", "expired", false]), json!(["short", "expired", false])];
    let found: Vec<Value> = holds.iter().map(|row| json!([row["reservation_id"], row["status"], row["due_at"].is_string()])).collect();
    assert_eq!(found, expected);
    let orders = client.data("stock-reservation-list", &position).await;
    assert_eq!(fields(&orders, &["status", "due_at"]), [json!(["expired", null])]);
    let stock = client.data("stock-list", &position).await;
    assert_eq!(fields(&stock, &["on_hand", "reserved", "available"]), [json!([10, 2, 8])]);
    drop(projectors);
    gateway.stop().await;
}
