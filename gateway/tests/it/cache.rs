//! Answers that are kept, in the gateway and in Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway::GatewayOptions;
use platform::redis::Redis;
use platform::testing::TestRedis;
use projections::contexts;
use projections::runtime::rebuild::rebuild;
use serde_json::json;
use sqlx::Executor as _;

use crate::harness::{Answer, Client, Gateway};
use crate::lab;
use crate::world::{World, eventually};

fn kept(options: GatewayOptions) -> GatewayOptions {
    GatewayOptions { cache_worth: Duration::ZERO, ..options }
}

/// A gateway that shares its answers through this Redis and keeps none by itself.
fn shared(options: GatewayOptions, redis: &Redis) -> GatewayOptions {
    GatewayOptions { redis: Some(redis.clone()), cache_bytes_max: 0, ..kept(options) }
}

async fn connected(server: &TestRedis) -> Redis {
    let redis = Redis::start(&server.url()).unwrap();
    eventually("Redis is connected", async || redis.is_up().then_some(())).await;
    redis
}

fn is_hit(answer: &Answer) -> bool {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.header("neuroops-cache") == "hit"
}

/// Asks until the answer is a kept one: what is written to Redis is written in the background.
async fn hit(client: &Client, uri: &str) -> Answer {
    eventually("the answer is kept", async || {
        let answer = client.get(uri).await;
        is_hit(&answer).then_some(answer)
    })
    .await
}

const LIST: &str = "/v1/crm/contact-list?sort=id";
const REPORT: &str = "/v1/crm/forecast";

#[tokio::test]
async fn a_kept_answer_is_the_same_answer() {
    let world = World::start(kept).await;
    let client = world.gateway.client("member").await;
    let position = client.registers("c", 5).await;
    for uri in [LIST, REPORT, "/v1/crm/contact-list?limit=2", "/v1/crm/contact-list?country=DE&fields=id"] {
        let first = client.get_after(uri, &position).await;
        assert!(!is_hit(&first), "{uri}");
        let second = client.get_after(uri, &position).await;
        assert!(is_hit(&second), "{uri}");
        assert_eq!(second.text(), first.text(), "{uri}");
        assert_eq!(second.header("neuroops-position"), first.header("neuroops-position"), "{uri}");
    }
    let ageing = "/v1/crm/stage-ageing";
    client.get(ageing).await;
    assert!(!is_hit(&client.get(ageing).await), "what looks at the clock is not kept");
    assert!(!is_hit(&client.get_with(LIST, &[("accept", "text/csv")]).await));
    world.stop().await;
}

#[tokio::test]
async fn whatever_changes_rows_ends_the_life_of_an_answer() {
    let world = World::start(kept).await;
    let client = world.gateway.client("member").await;
    let position = client.registers("c", 2).await;
    client.get_after(LIST, &position).await;
    assert!(is_hit(&client.get(LIST).await));
    // A command of the tenant.
    let position = client.registers("d", 1).await;
    let answer = client.get_after(LIST, &position).await;
    assert_eq!((is_hit(&answer), answer.json()["data"].as_array().unwrap().len()), (false, 3));
    assert!(is_hit(&client.get_after(LIST, &position).await));
    // A position that is not there yet is waited for, or refused; never answered from memory.
    let ahead = format!("{}@{}", position.split_once('@').unwrap().0, 9999);
    client.get_after(LIST, &ahead).await.is_problem(400, "position_unknown");
    // A rebuild, which may have another idea of what rows are.
    let projection = contexts::projections().into_iter().find(|projection| projection.name() == "crm.contact_list").unwrap();
    rebuild(&world.db().worker, projection.as_ref(), |_| {}).await.unwrap();
    assert!(!is_hit(&client.get(LIST).await), "a rebuilt table is another one");
    assert!(is_hit(&client.get(LIST).await));
    // Parked events that were applied after all: no checkpoint moves.
    let repair = "UPDATE runtime.projections SET repaired = repaired + 1 WHERE projection = 'crm.contact_list'";
    world.db().worker.execute(repair).await.unwrap();
    assert!(!is_hit(&client.get(LIST).await), "a mended table is another one");
    world.stop().await;
}

#[tokio::test]
async fn an_answer_is_its_tenants_and_its_questions() {
    let world = World::start(kept).await;
    let (client, other) = (world.gateway.client("member").await, world.gateway.client("member").await);
    let (a, b) = (client.registers("c", 3).await, other.registers("d", 1).await);
    client.get_after(LIST, &a).await;
    other.get_after(LIST, &b).await;
    for uri in [LIST, "/v1/crm/contact-list?sort=-id", "/v1/crm/contact-list?sort=id&limit=1", "/v1/crm/contact-list?sort=id&country=FR"] {
        let (ours, theirs) = (client.get(uri).await, other.get(uri).await);
        assert_ne!(ours.text(), theirs.text(), "{uri}");
        assert_eq!((client.get(uri).await.text(), other.get(uri).await.text()), (ours.text(), theirs.text()), "{uri}");
    }
    let first = client.get("/v1/crm/contact-list?sort=id&limit=1").await.json();
    let second = format!("/v1/crm/contact-list?sort=id&limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_ne!(client.get(&second).await.json()["data"], first["data"]);
    assert_ne!(client.get(&second).await.json()["data"], first["data"], "a page is kept under its cursor");
    world.gateway.client_of(client.tenant, "visitor").get(LIST).await.is_problem(403, "forbidden");
    world.stop().await;
}

#[tokio::test]
async fn gateways_share_answers_through_redis_under_the_tenants_prefix() {
    let server = TestRedis::start();
    let redis = connected(&server).await;
    let world = World::start(|options| shared(options, &redis)).await;
    let client = world.gateway.client("member").await;
    let position = client.registers("c", 3).await;
    let first = client.get_after(LIST, &position).await;
    assert_eq!(hit(&client, LIST).await.text(), first.text());
    let redis::Value::Array(keys) = server.run("KEYS", &[b"*"]).await else { panic!("no list of keys") };
    let prefix = format!("tenant:{}:answer:", client.tenant);
    assert_eq!(keys.len(), 1);
    let redis::Value::BulkString(key) = &keys[0] else { panic!("no key") };
    assert!(key.starts_with(prefix.as_bytes()), "{}", String::from_utf8_lossy(key));
    let redis::Value::Int(lasts_ms) = server.run("PTTL", &[key]).await else { panic!("no time to live") };
    assert!((1..=60_000).contains(&lasts_ms), "{lasts_ms}");
    // Whatever is written over the value, it is not answered.
    let redis::Value::BulkString(value) = server.run("GET", &[key]).await else { panic!("no value") };
    for garbage in [&b""[..], b"{}", &value[..value.len() - 1], &[&value[..], b"x"].concat(), &value[..40], &[0xff; 4096]] {
        server.run("SET", &[key, garbage]).await;
        let answer = client.get(LIST).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, first.text()));
    }
    // A value of another key of the same tenant is none of this one.
    let other = "/v1/crm/contact-list?sort=-id";
    client.get(other).await;
    let expected = hit(&client, other).await.text();
    let redis::Value::Array(keys) = server.run("KEYS", &[b"*"]).await else { panic!("no list of keys") };
    for key in &keys {
        let redis::Value::BulkString(key) = key else { panic!("no key") };
        server.run("SET", &[key, &value]).await;
    }
    assert_eq!(client.get(other).await.text(), expected);
    world.stop().await;
}

#[tokio::test]
async fn redis_may_be_away_hang_and_come_back() {
    let mut server = TestRedis::start();
    let redis = connected(&server).await;
    let world = World::start(|options| shared(options, &redis)).await;
    let client = world.gateway.client("member").await;
    let health = async || {
        let ready = client.get("/health/ready").await;
        assert_eq!(ready.status.as_u16(), 200);
        (ready.json()["status"].as_str().unwrap().to_owned(), ready.json()["dependencies"]["redis"]["status"].as_str().unwrap().to_owned())
    };
    let both = |status: &str| (status.to_owned(), status.to_owned());
    let position = client.registers("c", 3).await;
    let expected = client.get_after(LIST, &position).await.text();
    hit(&client, LIST).await;
    assert_eq!(health().await, both("ok"));

    server.kill();
    for _ in 0..20 {
        assert_eq!(client.get(LIST).await.text(), expected, "no request fails");
    }
    eventually("health says degraded", async || (health().await == both("degraded")).then_some(())).await;
    server.restart();
    let back = Instant::now();
    eventually("health is well", async || (health().await == both("ok")).then_some(())).await;
    assert!(back.elapsed() < Duration::from_secs(5), "healed after {:?}", back.elapsed());
    hit(&client, LIST).await;

    server.freeze();
    let frozen = Instant::now();
    for _ in 0..20 {
        assert_eq!(client.get(LIST).await.text(), expected, "no request fails");
    }
    assert!(frozen.elapsed() < Duration::from_secs(2), "20 requests took {:?} while Redis hangs", frozen.elapsed());
    eventually("health says degraded", async || (health().await == both("degraded")).then_some(())).await;
    server.thaw();
    let back = Instant::now();
    eventually("health is well", async || (health().await == both("ok")).then_some(())).await;
    assert!(back.elapsed() < Duration::from_secs(5), "healed after {:?}", back.elapsed());
    hit(&client, LIST).await;
    world.stop().await;
}

#[tokio::test]
async fn a_redis_that_was_never_there_is_a_matter_of_health() {
    let url = {
        let mut server = TestRedis::start();
        server.kill();
        server.url()
    };
    let redis = Redis::start(&url).unwrap();
    let world = World::start(|options| shared(options, &redis)).await;
    let client = world.gateway.client("member").await;
    assert_eq!(client.get(LIST).await.status.as_u16(), 200);
    let ready = client.get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()["dependencies"]["redis"]["status"].as_str()), (200, Some("degraded")));
    let said = ready.json()["dependencies"]["redis"]["message"].as_str().unwrap().to_owned();
    assert!(!said.contains("127.0.0.1"), "no address: {said}");
    world.stop().await;
}

/// Readers that follow writers by position tokens, and Redis emptied all the time: every reader sees what it has been told of, never
/// less than it saw before, and keys of commands keep their meaning.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn emptying_redis_under_load_changes_no_answer() {
    let server = Arc::new(TestRedis::start());
    let redis = connected(&server).await;
    let world = World::start(|options| GatewayOptions { redis: Some(redis.clone()), ..kept(options) }).await;
    let client = world.gateway.client("member").await;
    let (stop, written, reads, hits) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let emptying = tokio::spawn({
        let (server, stop) = (server.clone(), stop.clone());
        async move {
            let mut times = 0;
            while !stop.load(Ordering::Relaxed) {
                server.run("FLUSHALL", &[]).await;
                times += 1;
            }
            times
        }
    });
    let readers: Vec<_> = (0..6)
        .map(|_| {
            let (client, stop, written, reads, hits) = (client.clone(), stop.clone(), written.clone(), reads.clone(), hits.clone());
            tokio::spawn(async move {
                let mut seen = 0;
                while !stop.load(Ordering::Relaxed) {
                    let least = written.load(Ordering::SeqCst);
                    let answer = client.get("/v1/crm/contact-list?sort=id&limit=1000&fields=id").await;
                    hits.fetch_add(usize::from(is_hit(&answer)), Ordering::Relaxed);
                    let rows = answer.json()["data"].as_array().unwrap().len();
                    assert!(rows >= seen, "a reader saw {seen} rows and then {rows}");
                    assert!(rows >= least, "{least} rows were seen by others, and {rows} are answered");
                    seen = rows;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for number in 0..150_usize {
        let key = format!("k-{number}");
        let body = json!({ "given_name": format!("n {number}") }).to_string();
        let uri = format!("/v1/crm/contact/c-{number:04}/register");
        let first = client.post_with(&uri, &[("idempotency-key", &key)], &body).await;
        let again = client.post_with(&uri, &[("idempotency-key", &key)], &body).await;
        assert_eq!((again.status.as_u16(), again.text()), (200, first.text()), "the same key answers the same");
        let position = first.json()["position"].as_str().unwrap().to_owned();
        let answer = client.get_after("/v1/crm/contact-list?sort=id&limit=1000&fields=id", &position).await;
        assert_eq!(answer.json()["data"].as_array().unwrap().len(), number + 1, "what was acknowledged is answered");
        written.store(number + 1, Ordering::SeqCst);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let (times, reads, hits) = (emptying.await.unwrap(), reads.load(Ordering::Relaxed), hits.load(Ordering::Relaxed));
    println!("Redis emptied {times} times, {reads} answers, {hits} of them kept ones");
    assert!(times > 20 && reads > 100 && hits > 0);
    world.stop().await;
}

/// What a report reads without saying so would not end the life of its answers.
#[test]
fn every_report_names_all_projections_that_it_reads() {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let tables: Vec<(&str, &str)> = contexts::projections()
        .iter()
        .flat_map(|projection| projection.tables().iter().map(|table| (*table, projection.name())).collect::<Vec<_>>())
        .collect();
    let mut checked = 0;
    // Answers of reports without projections are not kept.
    let kept = contexts::CONTEXTS.iter().flat_map(|context| context.reports).filter(|report| !report.projections.is_empty());
    for report in kept {
        for name in report.sql.split(|c| !word(c)) {
            let schema = ["log.", "runtime.", "tenancy."].iter().find(|schema| name.starts_with(**schema));
            assert_eq!(schema, None, "{}/{} reads `{name}`, whose changes no projection tells", report.context, report.name);
            let Some((table, projection)) = tables.iter().find(|(table, _)| *table == name) else { continue };
            let named = report.projections.contains(projection);
            assert!(named, "{}/{} reads `{table}` and does not name `{projection}`", report.context, report.name);
            checked += 1;
        }
        assert!(!report.projections.is_empty(), "{}/{} names no projection", report.context, report.name);
    }
    assert!(checked > 10);
}

/// Not a benchmark: prints what a hit saves, so that it can be looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hit_is_faster_than_what_is_worth_keeping() {
    const FILL: &str = "INSERT INTO lab_samples_v1 (tenant_id, id, label, amount) SELECT $1, 's-' || n, 'label ' || n % 500, n FROM generate_series(1, 200000) n";
    const URI: &str = "/v1/lab/label-counts";
    let server = TestRedis::start();
    let redis = connected(&server).await;
    let timed = async |client: &Client, wanted: bool| {
        let mut times = Vec::new();
        for _ in 0..40 {
            let started = Instant::now();
            let answer = client.get(URI).await;
            times.push(started.elapsed());
            assert_eq!(is_hit(&answer), wanted);
        }
        times.sort();
        times[times.len() / 2]
    };
    let mut medians = Vec::new();
    for place in ["none", "own", "redis"] {
        let gateway = Gateway::start(lab::CONTEXTS, |options| match place {
            "none" => options,
            "own" => kept(options),
            _ => shared(options, &redis),
        })
        .await;
        let client = gateway.client("analyst").await;
        sqlx::query(FILL).bind(client.tenant).execute(&gateway.db.worker).await.unwrap();
        gateway.db.admin().await.execute("ANALYZE lab_samples_v1").await.unwrap();
        if place != "none" {
            hit(&client, URI).await;
        }
        medians.push(timed(&client, place != "none").await);
        gateway.stop().await;
    }
    println!(
        "median of a report over 200,000 rows: computed {:?}, kept by the gateway {:?}, kept in Redis {:?}",
        medians[0], medians[1], medians[2]
    );
    assert!(medians[1] < medians[0] / 4 && medians[2] < medians[0] / 4, "{medians:?}");
}
