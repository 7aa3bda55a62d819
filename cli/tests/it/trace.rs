//! One request, followed by its trace id.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use projections::contexts;
use serde_json::{Value, json};

use crate::platform::{Platform, folder};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const UNSAMPLED: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn register(platform: &Platform, traceparent: &str) -> Value {
    let request = platform.http.post(format!("{}/v1/crm/contact/register", platform.expect("NEUROOPS_URL")));
    let request = request.bearer_auth(platform.expect("NEUROOPS_TOKEN")).header("traceparent", traceparent);
    let answer = request.json(&json!({ "given_name": "Ada" })).send().await.expect("the gateway answers");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("a receipt")
}

/// The lines that a trace has left in the log, by message.
fn lines(platform: &Platform, trace: &str) -> Vec<Value> {
    let text = platform.logged();
    let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    parsed.filter(|line| line.to_string().contains(trace)).collect()
}

fn of<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sampled_request_is_followed_from_the_gateway_to_its_rows() {
    let settings = &[("RUST_LOG", "warn,gateway=info,commands=info,workers=info,projections=info"), ("NEUROOPS_LOG_FORMAT", "json")];
    let platform = Platform::start_in(folder(), settings).await;
    let receipt = register(&platform, &format!("00-{TRACE}-b7ad6b7169203331-01")).await;
    register(&platform, &format!("00-{UNSAMPLED}-b7ad6b7169203331-00")).await;
    let position = receipt["events"][0]["position"].as_i64().expect("a position");

    let names: BTreeSet<String> =
        contexts::projections().iter().filter(|known| known.contexts().contains(&"crm")).map(|known| known.name().to_owned()).collect();
    let started = Instant::now();
    let lines = loop {
        let lines = lines(&platform, TRACE);
        if of(&lines, "projected").len() >= names.len() && !of(&lines, "relayed").is_empty() {
            break lines;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "the trace ends early: {lines:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(lines.iter().all(|line| line["trace_id"] == TRACE), "{lines:#?}");
    assert_eq!(of(&lines, "served").iter().map(|line| &line["status"]).collect::<Vec<_>>(), [200]);
    assert_eq!(of(&lines, "appended").iter().map(|line| &line["position"]).collect::<Vec<_>>(), [position]);
    let relayed = of(&lines, "relayed");
    assert_eq!(relayed.iter().map(|line| &line["position"]).collect::<Vec<_>>(), [position]);
    let projected = of(&lines, "projected");
    assert_eq!(projected.iter().filter_map(|line| line["projection"].as_str().map(str::to_owned)).collect::<BTreeSet<_>>(), names);
    assert!(projected.iter().all(|line| line["position"] == position && line["event_id"] == relayed[0]["event_id"]));

    let records = tokio::task::block_in_place(|| platform.records(2));
    let traces: Vec<&str> = records.iter().map(|headers| headers["ce_traceparent"].as_str()).collect();
    assert!(traces[0].starts_with(&format!("00-{TRACE}-")) && traces[0].ends_with("-01"), "{traces:?}");
    assert!(traces[1].starts_with(&format!("00-{UNSAMPLED}-")) && traces[1].ends_with("-00"), "{traces:?}");
    assert_eq!(self::lines(&platform, UNSAMPLED), [Value::Null; 0], "a trace that nobody records leaves no line");
    assert!(platform.stop(), "the platform stops well");
}
