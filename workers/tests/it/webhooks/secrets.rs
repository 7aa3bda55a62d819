//! What signs deliveries, and who sees it.

use platform::config::Secret;
use platform::tenant_tx::TenantTx;
use platform::vault::{TenantSecret, Vault};
use serde_json::{Value, json};
use uuid::Uuid;

use super::receiver::Receiver;
use super::{KEY, World, numbered};

impl World {
    /// The secrets of an endpoint, the newest last, as their owner was shown them.
    async fn secrets(&self, row: &Value) -> Vec<TenantSecret> {
        let vault = Vault::new(&[Secret::new(KEY)]).expect("a key");
        let mut tx = TenantTx::begin(&self.db.app, self.tenant).await.expect("a transaction");
        let mut secrets = Vec::new();
        for secret in row["secrets"].as_array().expect("secrets") {
            let id: Uuid = secret["id"].as_str().expect("an id").parse().expect("an id");
            secrets.push(vault.secret(&mut tx, self.tenant, id).await.expect("a secret"));
        }
        tx.commit().await.expect("committed");
        secrets
    }

    async fn listed(&self, secrets: usize) -> Value {
        let has = |row: &Value| row["secrets"].as_array().is_some_and(|found| found.len() == secrets);
        crate::support::eventually("the endpoint is listed", async || self.endpoint("e-1").await.filter(has)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_signed_with_every_secret_that_is_valid() {
    let world = World::start().await;
    let receiver = Receiver::start();
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    let first = world.secrets(&world.listed(1).await).await.remove(0).shown();
    world.count("a", numbered("a", 1)).await;
    let arrived = receiver.wait_for(1).await;
    assert!(arrived[0].is_signed_with(&first));
    assert_eq!(arrived[0].header("webhook-signature").split(' ').count(), 1);
    assert!(!arrived[0].is_signed_with(&format!("whsec_{}", "A".repeat(43) + "=")), "another secret does not fit");

    world.ask("e-1", "rotate-secret", &json!({ "overlap_seconds": 600 })).await;
    let row = world.listed(2).await;
    let second = world.secrets(&row).await.remove(1).shown();
    assert_ne!(first, second);
    // The workers look at endpoints a few times a second: what is sent until then has one signature.
    let mut sent = 1;
    let both = loop {
        sent += 1;
        world.count("a", [format!("a{sent}")]).await;
        let last = receiver.wait_for(sent).await.pop().expect("a delivery");
        if last.header("webhook-signature").split(' ').count() == 2 {
            break last;
        }
        assert!(sent < 200, "the new secret signs");
    };
    assert!(both.is_signed_with(&first) && both.is_signed_with(&second));

    world.ask("e-1", "revoke-secret", &json!({ "secret_id": row["secrets"][0]["id"] })).await;
    world.listed(1).await;
    loop {
        sent += 1;
        world.count("a", [format!("a{sent}")]).await;
        let last = receiver.wait_for(sent).await.pop().expect("a delivery");
        assert!(last.is_signed_with(&second));
        if !last.is_signed_with(&first) {
            break;
        }
        assert!(sent < 400, "the old secret signs no more");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_the_database_does_not_see_secrets() {
    let world = World::start().await;
    world.register("e-1", "https://hooks.example.com/", json!({})).await;
    let secret = world.secrets(&world.listed(1).await).await.remove(0);
    let shown = secret.shown();
    let mut tx = TenantTx::begin(&world.db.app, world.tenant).await.expect("a transaction");
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM runtime.sealed_secrets").fetch_all(&mut *tx).await.expect("rows");
    tx.commit().await.expect("committed");
    assert_eq!(sealed.len(), 1);
    assert!(!sealed[0].windows(8).any(|window| window == &secret.expose()[..8]));
    let stranger = world.db.create_tenant("other").await;
    let mut tx = TenantTx::begin(&world.db.app, stranger).await.expect("a transaction");
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM runtime.sealed_secrets").fetch_one(&mut *tx).await.expect("a number");
    assert_eq!(foreign, 0);
    tx.commit().await.expect("committed");
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events WHERE payload::text LIKE '%' || $1 || '%'")
        .bind(shown.trim_start_matches("whsec_"))
        .fetch_one(&world.db.worker)
        .await
        .expect("a number");
    assert_eq!(told, 0, "no event holds a secret");
    world.stop().await;
}
