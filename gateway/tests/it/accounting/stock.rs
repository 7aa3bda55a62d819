//! What the stock says that was to be posted, beside what was posted.

use commands::log::{self, Append, Check, NewEvent, Outcome};
use serde_json::{Value, json};
use uuid::Uuid;

use super::books::{Books, entry, euros};

impl Books {
    /// Records an event of the stock, as the inventory would.
    async fn stock(&self, event_type: &'static str, value: &Value) -> Uuid {
        let tenant = self.client.tenant;
        let partition = domain::kernel::partition_of(&domain::kernel::TenantId(tenant).partition_key(), self.gateway.db.partitions);
        let event_id = platform::clock::new_id();
        let id = format!("item-{event_id}");
        let event = NewEvent {
            aggregate_type: "stock_item",
            aggregate_id: id.clone(),
            sequence: 1,
            event_id,
            event_type,
            event_version: 1,
            payload: json!({ "sku": "A", "value": value }).to_string(),
        };
        let append = Append {
            tenant_id: tenant,
            context: "inventory",
            partition,
            idempotency: None,
            root: ("stock_item", id.clone(), 1),
            checks: vec![Check { aggregate_type: "stock_item", aggregate_id: id, expected: 0, write: true, drawn: false }],
            claims: Vec::new(),
            events: vec![event],
            metadata: "{}".to_owned(),
        };
        let outcomes = log::append(&self.gateway.db.app, &[append]).await.unwrap();
        assert!(matches!(outcomes[..], [Outcome::Accepted { .. }]), "{outcomes:?}");
        event_id
    }

    /// The rows of the check, once it includes all of both contexts.
    async fn stock_checks(&self, query: &str) -> Vec<Value> {
        self.wait_for("stock-check-list", "inventory").await;
        self.read(&format!("stock-check-list?{query}")).await
    }

    /// An entry of the process that posts the stock's movements.
    async fn moved(&self, id: &str, debit: &str, credit: &str, amount_minor: i64) {
        self.posted_by("inventory.ledger", id, &entry("2024-03-31", debit, credit, amount_minor)).await;
    }

    async fn stock_status(&self, query: &str) -> Value {
        self.stock_checks("").await;
        self.read(&format!("consistency{query}")).await.into_iter().find(|check| check["check"] == "stock_equals_ledger").unwrap()
    }
}

#[tokio::test]
async fn a_change_of_the_stock_that_is_not_posted_is_an_alarm_after_some_minutes() {
    let books = Books::open().await.projecting().await;
    let received = books.stock("stock_received", &euros(500)).await;
    books.stock("stock_counted", &euros(9)).await;
    books.stock("stock_adjusted", &euros(0)).await;
    let pending = books.stock_status("").await;
    assert_eq!((&pending["status"], &pending["difference_minor"], &pending["count"]), (&json!("pending"), &json!(-500), &json!(1)));
    assert_eq!(books.stock_status("?minutes=0").await["status"], "alarm");
    books.moved(&received.to_string(), "1300", "2050", 500).await;
    assert_eq!(books.stock_status("?minutes=0").await["status"], "ok");
    let rows = books.stock_checks("").await;
    assert_eq!((rows.len(), &rows[0]["entries"], &rows[0]["difference_minor"]), (1, &json!([received.to_string()]), &json!(0)));
    books.stop().await;
}

#[tokio::test]
async fn wrong_and_unexpected_postings_to_the_stock_account_are_told() {
    let books = Books::open().await.projecting().await;
    let shipped = books.stock("stock_shipped", &euros(-200)).await;
    // Posted in two steps, and a cent too little.
    books.moved(&format!("{shipped}-goods"), "5000", "1300", 150).await;
    books.moved(&format!("{shipped}-freight"), "5000", "1300", 49).await;
    books.moved("for-nothing", "1300", "3900", 7).await;
    let by_hand = books.send("journal-entry/by-hand/post", &entry("2024-03-31", "1300", "3900", 7)).await;
    by_hand.is_problem(422, "accounting.inventory_posted_by_hand");
    let rows = books.stock_checks("difference_minor.ne=0").await;
    let told: Vec<_> =
        rows.iter().map(|row| (row["event_id"].as_str().unwrap().to_owned(), row["difference_minor"].as_i64().unwrap())).collect();
    assert_eq!(told, [("for-nothing".to_owned(), 7), (shipped.to_string(), 1)]);
    assert_eq!(books.stock_status("?minutes=0").await["difference_minor"], 8);
    books.stop().await;
}
