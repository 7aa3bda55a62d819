//! Exports that are written to files: requested, written, interrupted, fetched, expired.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gateway::exports::{ExportStore, FileStore, FileWriter, Opened, Place};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::export::{arrow, parquet, rows, texts};
use crate::harness::{Answer, Client};
use crate::world::{World, eventually, exporter};

const REQUEST: &str = "/v1/analytics/export/x/request";
const FILES: &str = "/v1/analytics/export/x/files";

fn contacts(format: &str) -> Value {
    json!({ "question": { "context": "crm", "source": "contact-list" }, "format": format })
}

/// Waits until the export is no longer on its way; answers the overview.
async fn ended(client: &Client, position: &str) -> Value {
    eventually("the export ends", async || {
        let answer = client.get_after(FILES, position).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let overview = answer.json();
        (overview["status"] != "requested").then_some(overview)
    })
    .await
}

/// Fetches the files of an overview, and verifies each.
async fn fetched(client: &Client, overview: &Value) -> Vec<Answer> {
    let mut answers = Vec::new();
    for file in overview["files"].as_array().unwrap() {
        let answer = client.get(file["href"].as_str().unwrap()).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        assert_eq!(hex::encode(Sha256::digest(&answer.bytes)), file["sha256"].as_str().unwrap());
        assert_eq!(answer.bytes.len() as u64, file["bytes"].as_u64().unwrap());
        assert_eq!(answer.header("etag"), format!("\"{}\"", file["sha256"].as_str().unwrap()));
        answers.push(answer);
    }
    answers
}

fn ids(answers: &[Answer]) -> Vec<String> {
    answers.iter().flat_map(|answer| texts(&parquet(answer), "id")).map(Option::unwrap).collect()
}

fn expected(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number:03}")).collect()
}

/// A store that can hold up, or break, the writing of one file.
struct Gate {
    inner: FileStore,
    created: AtomicUsize,
    /// The number of the file, from 1.
    at: usize,
    arrived: Semaphore,
    open: Semaphore,
    fails: bool,
}

impl Gate {
    fn new(inner: FileStore, at: usize, fails: bool) -> Arc<Self> {
        Arc::new(Self { inner, created: AtomicUsize::new(0), at, arrived: Semaphore::new(0), open: Semaphore::new(0), fails })
    }

    async fn wait_until_held(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl ExportStore for Gate {
    async fn put(&self, place: &Place, name: &str, content: &[u8]) -> io::Result<()> {
        self.inner.put(place, name, content).await
    }

    async fn get(&self, place: &Place, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.inner.get(place, name).await
    }

    async fn create(&self, place: &Place, name: &str) -> io::Result<Box<dyn FileWriter>> {
        if self.created.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            self.arrived.add_permits(1);
            if self.fails {
                return Err(io::Error::other("no space left on device"));
            }
            self.open.acquire().await.unwrap().forget();
        }
        self.inner.create(place, name).await
    }

    async fn open(&self, place: &Place, name: &str, from: u64) -> io::Result<Option<Opened>> {
        self.inner.open(place, name, from).await
    }

    async fn keep_only(&self, place: &Place, names: &[&str]) -> io::Result<()> {
        self.inner.keep_only(place, names).await
    }

    async fn remove(&self, place: &Place) -> io::Result<()> {
        self.inner.remove(place).await
    }

    async fn places(&self) -> io::Result<Vec<Place>> {
        self.inner.places().await
    }
}

#[tokio::test]
async fn an_export_is_written_listed_fetched_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    let stranger = world.gateway.client("member").await;
    stranger.registers("theirs", 3).await;
    let last = client.registers("c", 25).await;
    let position = client.does(REQUEST, &contacts("parquet")).await;
    let before = client.get_after(FILES, &position).await.json();
    assert_eq!((before["status"].as_str(), before["files"].as_array().map(Vec::len)), (Some("requested"), Some(0)));
    client.get(&format!("{FILES}/part-00001.parquet")).await.is_problem(409, "export_not_ready");

    let worker = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 10);
    let overview = ended(&client, &position).await;
    assert_eq!(
        (overview["rows"].as_u64(), overview["rows_expected"].as_u64(), overview["one_state"].as_bool()),
        (Some(25), Some(25), Some(true))
    );
    assert_eq!(overview["positions"], json!([last]), "what was acknowledged before is included");
    let counts: Vec<u64> = overview["files"].as_array().unwrap().iter().map(|file| file["rows"].as_u64().unwrap()).collect();
    assert_eq!(counts, [10, 10, 5]);
    let answers = fetched(&client, &overview).await;
    assert_eq!(ids(&answers), expected("c", 25));

    let manifest = client.get(overview["manifest"].as_str().unwrap()).await;
    let listed = client.get_after("/v1/analytics/export-list/x", &position).await.json();
    assert_eq!(listed["manifest_sha256"], hex::encode(Sha256::digest(&manifest.bytes)));
    assert_eq!(
        (listed["status"].as_str(), listed["rows"].as_i64(), listed["requested_by"].as_str()),
        (Some("completed"), Some(25), Some("tester"))
    );
    let manifest = manifest.json();
    assert_eq!(
        (manifest["rows"].as_u64(), manifest["source"].as_str(), manifest["schema"][0]["name"].as_str()),
        (Some(25), Some("contact-list"), Some("id"))
    );

    let part = "/v1/analytics/export/x/files/part-00001.parquet";
    let tail = client.get_with(part, &[("range", "bytes=100-")]).await;
    assert_eq!((tail.status.as_u16(), &tail.bytes[..]), (206, &answers[0].bytes[100..]));
    client.get_with(part, &[("range", "bytes=9999999-")]).await.is_problem(416, "range_not_satisfiable");
    client.get(&format!("{FILES}/part-00009.parquet")).await.is_problem(404, "not_found");
    client.get(&format!("{FILES}/..%2Fx")).await.is_problem(404, "not_found");
    client.get(&format!("{FILES}?x=1")).await.is_problem(400, "unknown_parameter");
    for uri in [FILES, part] {
        stranger.get(uri).await.is_problem(404, "analytics.not_found");
        world.gateway.client_of(client.tenant, "visitor").get(uri).await.is_problem(403, "forbidden");
        assert_eq!(world.gateway.client_of(client.tenant, "analyst").get(uri).await.status.as_u16(), 200);
    }
    worker.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn filters_formats_and_reports_are_exported_too() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    client.registers("c", 6).await;
    let worker = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 100);
    let export = async |id: &str, body: &Value| {
        let position = client.does(&format!("/v1/analytics/export/{id}/request"), body).await;
        let overview = eventually("the export ends", async || {
            let overview = client.get_after(&format!("/v1/analytics/export/{id}/files"), &position).await.json();
            (overview["status"] != "requested").then_some(overview)
        })
        .await;
        assert_eq!(overview["status"], "completed", "{overview}");
        fetched(&client, &overview).await
    };
    let mut body = contacts("csv");
    body["question"]["terms"] = json!({ "country": "DE", "fields": "id,country" });
    let csv = export("a", &body).await;
    assert_eq!(csv[0].text(), "id,country\r\nc-000,DE\r\nc-002,DE\r\nc-004,DE\r\n");
    assert_eq!(csv[0].header("content-type"), "text/csv; charset=utf-8; header=present");
    let empty = json!({ "question": { "context": "crm", "source": "contact-list", "terms": { "country": "XX" } }, "format": "arrow" });
    let none = export("b", &empty).await;
    assert_eq!((none.len(), rows(&arrow(&none[0]))), (1, 0), "an export without rows is a file without rows");
    let report = json!({ "question": { "context": "crm", "source": "pipeline-by-stage" }, "format": "parquet" });
    let stages = export("c", &report).await;
    let direct = client.get("/v1/crm/pipeline-by-stage").await.json();
    assert_eq!(rows(&parquet(&stages[0])), direct["data"].as_array().unwrap().len());
    worker.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_killed_is_gone_on_from() {
    for later in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::with_exports(folder.path()).await;
        let client = world.gateway.client("member").await;
        client.registers("c", 45).await;
        let position = client.does(REQUEST, &contacts("parquet")).await;
        let gate = Gate::new(FileStore::open(folder.path()).unwrap(), 3, false);
        // A runtime of its own, so that all of the worker can be ended at once, as a kill does.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (guard, store) = (runtime.enter(), gate.clone());
        let killed = exporter(world.db(), store, 10);
        drop(guard);
        gate.wait_until_held().await;
        let progress = client.get_after(FILES, &position).await.json();
        assert_eq!((progress["rows"].as_u64(), progress["rows_expected"].as_u64()), (Some(20), Some(45)));
        std::mem::forget(killed);
        runtime.shutdown_background();

        let written = |name: &str| {
            let place = folder.path().join(client.tenant.to_string()).join("x").join(name);
            std::fs::metadata(place).unwrap().modified().unwrap()
        };
        let before = [written("part-00001.parquet"), written("part-00002.parquet")];
        let mut all = expected("c", 45);
        if later {
            client.registers("d", 2).await;
            all.extend(expected("d", 2));
        }
        let other = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 10);
        tokio::time::sleep(Duration::from_millis(700)).await;
        let waiting = client.get_after(FILES, &position).await.json();
        assert_eq!(waiting["status"], "requested", "the lease of the dead worker still holds");
        sqlx::query("UPDATE runtime.leases SET expires_at = now() WHERE starts_with(name, 'export/')")
            .execute(&world.db().worker)
            .await
            .unwrap();
        let overview = ended(&client, &position).await;
        assert_eq!(overview["one_state"], json!(!later), "rows of a later state are told");
        assert_eq!(ids(&fetched(&client, &overview).await), all);
        assert_eq!([written("part-00001.parquet"), written("part-00002.parquet")], before, "what was written is not written again");
        let left = std::fs::read_dir(folder.path().join(client.tenant.to_string()).join("x")).unwrap();
        let hidden = left.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count();
        assert_eq!(hidden, 0, "half written files are removed");
        other.stop().await;
        world.stop().await;
    }
}

#[tokio::test]
async fn what_happens_meanwhile_is_not_in_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    client.registers("c", 25).await;
    let position = client.does(REQUEST, &contacts("parquet")).await;
    let gate = Gate::new(FileStore::open(folder.path()).unwrap(), 2, false);
    let worker = exporter(world.db(), gate.clone(), 10);
    gate.wait_until_held().await;
    let added = client.registers("z", 3).await;
    client.get_after("/v1/crm/contact-list/z-002", &added).await;
    gate.open.add_permits(1);
    let overview = ended(&client, &position).await;
    assert_eq!((overview["rows"].as_u64(), overview["one_state"].as_bool()), (Some(25), Some(true)));
    assert_eq!(ids(&fetched(&client, &overview).await), expected("c", 25));
    worker.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_export_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    client.registers("c", 3).await;
    let position = client.does(REQUEST, &contacts("csv")).await;
    let gate = Gate::new(FileStore::open(folder.path()).unwrap(), 1, true);
    let worker = exporter(world.db(), gate.clone(), 10);
    let trouble = worker.trouble();
    gate.wait_until_held().await;
    let said = eventually("the trouble is told", async || trouble()).await;
    assert!(said.contains("cannot be written"), "{said}");
    assert_eq!(ended(&client, &position).await["status"], "completed");
    eventually("the trouble is over", async || trouble().is_none().then_some(())).await;
    worker.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn an_export_that_is_cancelled_or_over_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    client.registers("c", 25).await;
    let files = || folder.path().join(client.tenant.to_string()).join("x");
    let position = client.does(REQUEST, &contacts("csv")).await;
    let gate = Gate::new(FileStore::open(folder.path()).unwrap(), 2, false);
    let worker = exporter(world.db(), gate.clone(), 10);
    gate.wait_until_held().await;
    let cancelled = client.does("/v1/analytics/export/x/cancel", &json!({})).await;
    gate.open.add_permits(1);
    assert_eq!(client.get_after(FILES, &cancelled).await.json()["status"], "cancelled");
    client.get(&format!("{FILES}/manifest.json")).await.is_problem(409, "export_not_ready");
    worker.stop().await;
    assert!(files().exists());
    // A worker that starts looks for what has had its time.
    let worker = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 10);
    eventually("the files are removed", async || (!files().exists()).then_some(())).await;

    let position_of_second = client.does("/v1/analytics/export/y/request", &contacts("csv")).await;
    let uri = "/v1/analytics/export/y/files";
    eventually("it is complete", async || (client.get_after(uri, &position_of_second).await.json()["status"] == "completed").then_some(()))
        .await;
    let early = client.post("/v1/analytics/export/y/expire", "{}").await;
    assert_eq!(early.json()["events"], json!([]), "it is not due yet");
    worker.stop().await;
    sqlx::query("UPDATE analytics_export_list_v1 SET expires_at = now() WHERE id = 'y'").execute(&world.db().worker).await.unwrap();
    client.get(uri).await.is_problem(410, "export_expired");
    client.get(&format!("{uri}/part-00001.csv")).await.is_problem(410, "export_expired");
    let worker = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 10);
    let over = folder.path().join(client.tenant.to_string()).join("y");
    eventually("the files are removed", async || (!over.exists()).then_some(())).await;
    worker.stop().await;
    drop(position);
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    let ask = async |question: Value| client.post("/v1/analytics/export/request", &json!({ "question": question }).to_string()).await;
    for question in [
        json!({ "context": "crm", "source": "contacts" }),
        json!({ "context": "crn", "source": "contact-list" }),
        json!({ "context": "crm", "source": "contact-list", "terms": { "contry": "DE" } }),
        json!({ "context": "crm", "source": "contact-list", "terms": { "created_at.gte": "yesterday" } }),
        json!({ "context": "crm", "source": "contact-list", "terms": { "fields": "id,secret" } }),
        json!({ "context": "crm", "source": "company-360" }),
    ] {
        ask(question).await.is_problem(400, "invalid_question");
    }
    let line = json!({ "context": "analytics", "aggregate": "export", "command": "request", "body": { "question": { "context": "crm", "source": "nothing" } } });
    let bulk = client.post_with("/v1/commands", &[("content-type", "application/x-ndjson")], &line.to_string()).await;
    assert_eq!(bulk.json()["problem"]["code"], "invalid_question", "{}", bulk.text());
    let elsewhere = World::start(|options| options).await;
    let client = elsewhere.gateway.client("member").await;
    client.post("/v1/analytics/export/request", &contacts("csv").to_string()).await.is_problem(503, "exports_not_set_up");
    elsewhere.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn an_export_whose_source_is_gone_fails_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("member").await;
    let position = client.does(REQUEST, &contacts("csv")).await;
    client.get_after(FILES, &position).await;
    // As if the read model had been there in an earlier version of the program.
    let statement = "UPDATE analytics_export_list_v1 SET question = jsonb_set(question, '{source}', '\"former-list\"') WHERE id = 'x'";
    sqlx::query(statement).execute(&world.db().worker).await.unwrap();
    let worker = exporter(world.db(), Arc::new(FileStore::open(folder.path()).unwrap()), 10);
    let overview = ended(&client, &position).await;
    assert_eq!((overview["status"].as_str(), overview["failure"]["code"].as_str()), (Some("failed"), Some("unknown_read_model")));
    worker.stop().await;
    world.stop().await;
}
