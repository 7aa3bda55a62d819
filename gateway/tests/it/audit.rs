//! Checkpoints and proofs over HTTP, verified by whoever asks for them.

use std::time::Duration;

use platform::proofs::checkpoint::{Checkpoint, origin};
use platform::proofs::merkle::{Hash, Head, verify_consistency, verify_inclusion};
use platform::proofs::note::{NamedKey, SigningKey};
use platform::proofs::record::Record;
use projections::runtime::LogHeads;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::notary::{Notary, NotaryOptions};

use crate::harness::{Client, Gateway};

/// Starts a notary beside the gateway; it stops with it.
fn start_notary(gateway: &Gateway) -> CancellationToken {
    let (pool, cancel) = (gateway.db.worker.clone(), gateway.shutdown.child_token());
    let key = SigningKey::from_hex(&"07".repeat(32)).unwrap();
    let options = NotaryOptions { keys: [key].into(), checkpoint_every: Duration::from_millis(30) };
    let heads = LogHeads::watch(pool.clone());
    let notary = Notary::new(pool, None, vec!["lab".to_owned()], gateway.db.partitions, options, heads, cancel.clone());
    let token = cancel.clone();
    tokio::spawn(async move { notary.run(&token).await });
    cancel
}

/// The checkpoint, once it has this many events.
async fn checkpoint(client: &Client, size: u64) -> Value {
    for _ in 0..1000 {
        let answer = client.get("/v1/audit/checkpoint").await;
        if answer.status == 200 && answer.json()["size"] == size {
            return answer.json();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no checkpoint of {size} events: {}", client.get("/v1/audit/checkpoint").await.text());
}

fn hash(value: &Value) -> Hash {
    hex(value.as_str().unwrap())
}

fn hex(text: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

async fn key(client: &Client) -> NamedKey {
    let answer = client.get("/v1/audit/keys").await.json();
    assert_eq!(answer["keys"][0]["active"], true);
    let key = NamedKey::parse(answer["keys"][0]["key"].as_str().unwrap()).unwrap();
    assert_eq!(key.name, origin(client.tenant));
    key
}

async fn event_ids(gateway: &Gateway, tenant: Uuid) -> Vec<Uuid> {
    let query = sqlx::query_scalar("SELECT event_id FROM log.events WHERE tenant_id = $1 ORDER BY position").bind(tenant);
    query.fetch_all(&gateway.db.worker).await.unwrap()
}

#[tokio::test]
async fn every_event_is_proven_and_the_history_is_shown_to_have_grown() {
    let gateway = Gateway::lab().await;
    let _notary = start_notary(&gateway);
    let member = gateway.client("member").await;
    let auditor = gateway.client_of(member.tenant, "auditor");
    auditor.get("/v1/audit/checkpoint").await.is_problem(404, "audit.no_checkpoint");
    for number in 0..5 {
        member.take(&format!("s{number}"), "one").await;
    }
    let older = checkpoint(&auditor, 5).await;
    for number in 5..12 {
        member.take(&format!("s{number}"), "one").await;
    }
    let newer = checkpoint(&auditor, 12).await;
    let key = key(&auditor).await;
    let open = |answer: &Value| Checkpoint::open(answer["note"].as_str().unwrap(), &key).unwrap().head;
    let (older_head, newer_head) = (open(&older), open(&newer));
    assert_eq!(newer_head, Head { size: 12, root: hash(&newer["root"]) });

    let grown = auditor.get("/v1/audit/consistency?from=5").await.json();
    assert_eq!((&grown["from"], &grown["to"], &grown["checkpoint"]), (&json!(5), &json!(12), &newer["note"]));
    assert_eq!((hash(&grown["from_root"]), hash(&grown["to_root"])), (older_head.root, newer_head.root));
    assert_eq!(verify_consistency(&older_head, &newer_head, &hashes(&grown["proof"])), Ok(()));

    for (index, event) in (0..).zip(event_ids(&gateway, member.tenant).await) {
        for (query, head) in [("", newer_head), ("?size=5", older_head)] {
            let answer = auditor.get(&format!("/v1/audit/events/{event}/proof{query}")).await;
            if index >= head.size {
                answer.is_problem(404, "audit.not_signed_yet");
                continue;
            }
            let answer = answer.json();
            let record: Record = serde_json::from_value(answer["record"].clone()).unwrap();
            assert_eq!((record.index, record.event_id.as_str()), (index, event.to_string().as_str()));
            let leaf = record.hash(member.tenant).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, head.size, &hashes(&answer["proof"]), &head.root), Ok(()));
            assert_eq!(Checkpoint::open(answer["checkpoint"].as_str().unwrap(), &key).unwrap().head, head);
        }
    }
    let plain = auditor.get_with("/v1/audit/checkpoint?size=5", &[("accept", "text/plain")]).await;
    assert_eq!((plain.header("content-type"), plain.text()), ("text/plain; charset=utf-8", older["note"].as_str().unwrap().to_owned()));
    gateway.stop().await;
}

#[tokio::test]
async fn others_and_wrong_questions_are_refused() {
    let gateway = Gateway::lab().await;
    let _notary = start_notary(&gateway);
    let owner = gateway.client("owner").await;
    owner.take("s", "one").await;
    checkpoint(&owner, 1).await;
    let event = event_ids(&gateway, owner.tenant).await[0];
    let proof = format!("/v1/audit/events/{event}/proof");
    let analyst = gateway.client_of(owner.tenant, "analyst");
    for uri in ["/v1/audit/checkpoint", "/v1/audit/keys", "/v1/audit/consistency?from=0", &proof] {
        assert_eq!(owner.get(uri).await.status, 200, "{uri}");
        analyst.get(uri).await.is_problem(403, "forbidden");
        owner.post(uri, "{}").await.is_problem(405, "method_not_allowed");
    }
    let other = gateway.client("owner").await;
    other.get(&proof).await.is_problem(404, "audit.unknown_event");
    other.get("/v1/audit/checkpoint").await.is_problem(404, "audit.no_checkpoint");
    for (uri, status, code) in [
        ("/v1/audit/checkpoint?size=2", 404, "audit.not_signed_yet"),
        ("/v1/audit/checkpoint?size=0", 404, "audit.no_checkpoint"),
        ("/v1/audit/checkpoint?size=-1", 400, "invalid_parameter"),
        ("/v1/audit/checkpoint?sizes=1", 400, "unknown_parameter"),
        ("/v1/audit/keys?a=1", 400, "unknown_parameter"),
        ("/v1/audit/consistency", 400, "missing_parameter"),
        ("/v1/audit/consistency?from=2", 404, "audit.not_signed_yet"),
        ("/v1/audit/consistency?from=0&to=2", 404, "audit.not_signed_yet"),
        ("/v1/audit/consistency?from=1&to=0", 404, "audit.backwards"),
        ("/v1/audit/consistency?from=99999999999999999999", 400, "invalid_parameter"),
        ("/v1/audit/events/nothing/proof", 404, "audit.unknown_event"),
        ("/v1/audit/events/0197f3c2-0000-7000-8000-000000000000/proof", 404, "audit.unknown_event"),
    ] {
        owner.get(uri).await.is_problem(status, code);
    }
    gateway.stop().await;
}

/// What is deleted from the log behind everybody's back does not go unnoticed.
#[tokio::test]
async fn an_event_that_the_log_has_lost_is_told() {
    let gateway = Gateway::lab().await;
    let _notary = start_notary(&gateway);
    let owner = gateway.client("owner").await;
    owner.take("s", "one").await;
    checkpoint(&owner, 1).await;
    let event = event_ids(&gateway, owner.tenant).await[0];
    sqlx::query("DELETE FROM log.events WHERE event_id = $1").bind(event).execute(&mut gateway.db.admin().await).await.unwrap();
    owner.get(&format!("/v1/audit/events/{event}/proof")).await.is_problem(404, "audit.event_lost");
    gateway.stop().await;
}
