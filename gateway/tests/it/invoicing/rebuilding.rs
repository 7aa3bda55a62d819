//! A read model that is filled anew from the log equals the one that followed it.

use projections::runtime::rebuild::rebuild;
use serde_json::json;

use super::reading::trade;
use super::{Books, CONTEXTS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rebuilt_read_model_equals_the_live_one() {
    let books = Books::open().await;
    trade(&books).await;
    books.must("invoice/feb", "check-due", &json!({})).await;
    books.must("customer-payment/several", "reverse", &json!({ "reason": "returned" })).await;
    books.must("invoice/jan", "erase-customer", &json!({ "reason": "asked" })).await;
    books.must("number-series/shop", "define", &json!({ "prefix": "S-" })).await;
    let pool = &books.gateway.db.worker;
    for projection in CONTEXTS.iter().flat_map(|context| (context.projections)()) {
        let table = projection.tables()[0];
        // A question that waits for the last command: the live rows include everything then.
        let name = table.trim_start_matches("invoicing_").replace('_', "-");
        assert!(!books.rows(&name).await.is_empty(), "{table} has rows");
        let rows = || async {
            let statement = format!("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY tenant_id, id), '') FROM {table} t");
            sqlx::query_scalar::<_, String>(&statement).fetch_one(pool).await.unwrap()
        };
        let live = rows().await;
        let report = rebuild(pool, projection.as_ref(), |_| {}).await.unwrap();
        assert_eq!((report.version, report.parked_keys), (2, 0), "{table}");
        assert_eq!(rows().await, live, "{table}");
    }
    books.close().await;
}
