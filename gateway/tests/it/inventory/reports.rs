//! Reports against figures that were computed by hand from what [`traded`](super::read_models::traded) does.

use serde_json::{Value, json};

use super::fields;
use super::read_models::{live, traded};

/// Today, and days from it, as in reports.
fn day(from_now: i64) -> String {
    (platform::clock::now() + chrono::TimeDelta::days(from_now)).date_naive().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_tell_the_expected_figures() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    let position = traded(&client).await;
    let ask = async |uri: &str| client.data(uri, &position).await;

    let available = ask("availability").await;
    let names = ["sku", "on_hand", "reserved", "allocated", "safety_stock", "available"];
    assert_eq!(fields(&available, &names), [json!(["CUP", 6, 1, 2, 0, 3]), json!(["TEA", 12, 0, 3, 2, 7])]);
    let warehouses = fields(available[1]["warehouses"].as_array().unwrap(), &["warehouse_id", "on_hand", "available"]);
    assert_eq!(warehouses, [json!(["annex", 3, 2]), json!(["main", 9, 5])]);
    let annex = ask("availability?sku=TEA&warehouse_id=annex").await;
    assert_eq!(fields(&annex, &names), [json!(["TEA", 3, 0, 0, 1, 2])]);

    let low = ask("reorder-list").await;
    let names = ["item_id", "level", "reorder_point", "shortfall", "order_quantity", "order_value_minor", "supplier", "suggestion_id"];
    let expected = [json!(["tea:annex", 3, 12, 9, 25, 2500, "Yama", "tea:annex:2"]), json!(["tea:main", 6, 12, 6, 25, 2500, "Yama", null])];
    assert_eq!(fields(&low, &names), expected);
    assert_eq!(ask("reorder-list?supplier=Nobody").await, [] as [Value; 0]);

    let names = ["item_id", "from_days", "quantity", "value_minor", "layer_count"];
    let expected = [
        json!(["cup:main", 0, 4, 200, 1]),
        json!(["cup:main", 90, 2, 100, 1]),
        json!(["tea:annex", 0, 3, 520, 2]),
        json!(["tea:main", 0, 9, 1717, 2]),
    ];
    assert_eq!(fields(&ask("ageing").await, &names), expected);
    let later = ask(&format!("ageing?product_id=tea&warehouse_id=annex&as_of={}", day(15))).await;
    assert_eq!(fields(&later, &names), [json!(["tea:annex", 0, 1, 200, 1]), json!(["tea:annex", 30, 2, 320, 1])]);

    let cover = ask("days-of-cover?days=10").await;
    let names = ["item_id", "on_hand", "shipped", "shipped_per_day", "days_of_cover", "runs_out_on"];
    let expected = [
        json!(["tea:main", 9, 12, 1.2, 7.5, day(7)]),
        json!(["cup:main", 6, 0, 0.0, null, null]),
        json!(["tea:annex", 3, 0, 0.0, null, null]),
    ];
    assert_eq!(fields(&cover, &names).len(), expected.len());
    for (found, wanted) in fields(&cover, &names).iter().zip(&expected) {
        for (found, wanted) in found.as_array().unwrap().iter().zip(wanted.as_array().unwrap()) {
            assert!(found == wanted || found.as_f64().is_some() && found.as_f64() == wanted.as_f64(), "{found} is not {wanted}");
        }
    }
    drop(projectors);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_is_valued_now_and_at_the_end_of_a_day() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    let position = traded(&client).await;
    let names = ["item_id", "quantity", "value_minor", "valuation"];
    let now = [json!(["cup:main", 6, 300, "moving_average"]), json!(["tea:annex", 3, 520, "fifo"]), json!(["tea:main", 9, 1717, "fifo"])];
    assert_eq!(fields(&client.data("valuation", &position).await, &names), now);
    assert_eq!(fields(&client.data(&format!("valuation?as_of={}", day(0)), &position).await, &names), now);
    assert_eq!(client.data(&format!("valuation?as_of={}", day(-1)), &position).await, [] as [Value; 0]);
    let totals = client.data("valuation-summary", &position).await;
    let expected = [json!(["annex", "Tea", "EUR", 1, 520]), json!(["main", "Tea", "EUR", 1, 1717]), json!(["main", null, "EUR", 1, 300])];
    assert_eq!(fields(&totals, &["warehouse_id", "category", "currency", "product_count", "value_minor"]), expected);

    // As if the first receipts and the shipment had been booked five days ago.
    sqlx::query("UPDATE inventory_movement_list_v1 SET booked_on = booked_on - 5 WHERE movement_id IN ('R-1', 'R-2', 'S-1')")
        .execute(&gateway.db.worker)
        .await
        .unwrap();
    let then = client.data(&format!("valuation?as_of={}", day(-3)), &position).await;
    assert_eq!(fields(&then, &names), [json!(["tea:main", 8, 1600, "fifo"])]);
    let totals = client.data(&format!("valuation-summary?as_of={}", day(-3)), &position).await;
    assert_eq!(fields(&totals, &["warehouse_id", "value_minor"]), [json!(["main", 1600])]);
    let cover = client.data("days-of-cover?days=5&product_id=tea&warehouse_id=main", &position).await;
    assert_eq!(fields(&cover, &["shipped"]), [json!([0])], "one left today and one came back; the others left before");
    drop(projectors);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_reservation_is_available_before_it_is_tidied_up() {
    let (gateway, projectors) = live().await;
    let client = gateway.client("member").await;
    client.product("tea", json!({})).await;
    client.warehouse("main").await;
    client.receive("tea:main", "R-1", 10, 100).await;
    client.must("stock-item/tea:main/reserve", json!({ "reservation_id": "long", "quantity": 1, "ttl_seconds": 3600 })).await;
    let short = json!({ "reservation_id": "short", "quantity": 4, "ttl_seconds": 1 });
    let position = client.must("stock-item/tea:main/reserve", short).await;
    let names = ["on_hand", "reserved", "available"];
    let started = platform::clock::now();
    loop {
        let found = fields(&client.data("availability", &position).await, &names);
        if found == [json!([10, 1, 9])] {
            break;
        }
        assert_eq!(found, [json!([10, 5, 5])]);
        assert!(platform::clock::now() < started + chrono::TimeDelta::seconds(10), "the reservation does not expire");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(fields(&client.data("stock-list", &position).await, &names), [json!([10, 5, 5])]);
    drop(projectors);
    gateway.stop().await;
}
