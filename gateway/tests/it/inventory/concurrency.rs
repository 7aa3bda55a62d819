//! Many buyers at a time.

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::{Value, json};

use super::start;
use crate::harness::{Answer, Client};

/// Buyers of one round.
const BUYERS: usize = 64;
/// The pieces that are left for them.
const PIECES: usize = 10;
/// Rounds, each with a product of its own.
const ROUNDS: usize = 6;

/// Sends a command as a client does: again, where the answer is that nothing was stored because too many wanted the same.
async fn insist(client: &Client, path: &str, body: &Value) -> Answer {
    loop {
        let answer = client.command(path, body).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        assert_eq!(answer.json()["code"], "contended", "{}", answer.text());
    }
}

/// How many of the answers are yes; all others say that there is not enough.
fn sold(answers: &[Answer]) -> usize {
    for refused in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        refused.is_problem(422, "inventory.insufficient_stock");
    }
    answers.iter().filter(|answer| answer.status == StatusCode::OK).count()
}

/// The state of an aggregate.
async fn state(client: &Client, path: &str) -> Value {
    let answer = client.get(&format!("/v1/inventory/{path}/history?as_of=9999-12-31T23:59:59Z")).await;
    answer.json()["state"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_orders_for_the_last_10_pieces_exactly_10_succeed_every_round() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.warehouse("main").await;
    for round in 0..ROUNDS {
        let product = format!("tea-{round}");
        client.product(&product, json!({})).await;
        client.receive(&format!("{product}:main"), &format!("R-{round}"), 10, 100).await;
        let buy = async |buyer: usize| {
            if round.is_multiple_of(2) {
                // An order of its own for each buyer: they race in the log.
                let order = json!({ "lines": [{ "sku": product, "quantity": 1 }] });
                insist(&client, &format!("stock-reservation/o-{round}-{buyer}/place"), &order).await
            } else {
                // Straight to the item: they race for its turn.
                let body = json!({ "reservation_id": format!("b-{buyer}"), "quantity": 1 });
                insist(&client, &format!("stock-item/{product}:main/reserve"), &body).await
            }
        };
        let answers = join_all((0..BUYERS).map(buy)).await;
        assert_eq!(sold(&answers), PIECES, "round {round}");
        let item = state(&client, &format!("stock-item/{product}:main")).await;
        assert_eq!(item["holds"].as_object().map(serde_json::Map::len), Some(PIECES), "{item}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_several_items_are_filled_whole_or_not_at_all() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.warehouse("main").await;
    for product in ["tea", "cup"] {
        client.product(product, json!({})).await;
        client.receive(&format!("{product}:main"), &format!("R-{product}"), 10, 100).await;
    }
    // Lines in either order, and the tea twice: whoever gets the one gets the other.
    let buy = async |buyer: usize| {
        let mut lines =
            vec![json!({ "sku": "tea", "quantity": 1 }), json!({ "sku": "cup", "quantity": 2 }), json!({ "sku": "TEA", "quantity": 1 })];
        if buyer.is_multiple_of(2) {
            lines.reverse();
        }
        insist(&client, &format!("stock-reservation/o-{buyer}/place"), &json!({ "lines": lines })).await
    };
    let answers = join_all((0..24).map(buy)).await;
    assert_eq!(sold(&answers), 5);
    for product in ["tea", "cup"] {
        let item = state(&client, &format!("stock-item/{product}:main")).await;
        let kept: Vec<i64> = item["holds"].as_object().unwrap().values().map(|hold| hold["quantity"].as_i64().unwrap()).collect();
        assert_eq!(kept, [2; 5], "{product}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warehouse_that_closes_while_goods_arrive_is_empty_or_open() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    let (mut closed, mut open) = (0, 0);
    for round in 0..12 {
        let (product, warehouse) = (format!("tea-{round}"), format!("hall-{round}"));
        client.product(&product, json!({})).await;
        client.warehouse(&warehouse).await;
        let body = json!({ "movement_id": format!("R-{round}"), "quantity": 1, "total_cost": super::euro(1) });
        let (item, path) = (format!("stock-item/{product}:{warehouse}/receive"), format!("warehouse/{warehouse}/close"));
        let nothing = json!({});
        let (arrived, closing) = tokio::join!(client.command(&item, &body), client.command(&path, &nothing));
        match (arrived.status.as_u16(), closing.status.as_u16()) {
            (200, 422) => {
                closing.is_problem(422, "inventory.warehouse_not_empty");
                open += 1;
            }
            (422, 200) => {
                arrived.is_problem(422, "inventory.warehouse_closed");
                closed += 1;
            }
            other => panic!("round {round}: {other:?}: {} {}", arrived.text(), closing.text()),
        }
    }
    assert_eq!(closed + open, 12);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_movement_that_is_sent_by_many_at_a_time_happens_once() {
    let gateway = start().await;
    let client = gateway.client("member").await;
    client.warehouse("main").await;
    client.product("tea", json!({})).await;
    client.receive("tea:main", "R-1", 10, 100).await;
    let body = json!({ "movement_id": "S-1", "quantity": 4 });
    let answers = join_all((0..16).map(|_| client.command("stock-item/tea:main/ship", &body))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    let stored = answers.iter().filter(|answer| !answer.json()["events"].as_array().unwrap().is_empty()).count();
    assert_eq!((stored, state(&client, "stock-item/tea:main").await["stock"]["on_hand"].clone()), (1, json!(6)));
    gateway.stop().await;
}
