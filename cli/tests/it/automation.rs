//! What the platform does by itself: timers and processes survive kill -9, and operators see them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::platform::Platform;

const TIMERS: usize = 40;

/// Contacts that timers have registered, and how often timers have fired.
async fn done(platform: &Platform) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE event_type = 'contact_registered'), count(*) FILTER (WHERE event_type = 'timer_fired') FROM log.events \
         WHERE aggregate_id LIKE 'later-%'",
    )
    .fetch_one(&mut platform.admin().await)
    .await
    .expect("the log is read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn timers_fire_once_each_though_the_platform_is_killed() {
    let mut platform = Platform::start().await;
    let start = ::platform::clock::now() + chrono::TimeDelta::seconds(2);
    for number in 0..TIMERS {
        let at = start + chrono::TimeDelta::milliseconds(i64::try_from(number).expect("small") * 100);
        let command = json!({ "context": "crm", "aggregate": "contact", "id": format!("later-{number}"), "command": "register", "body": { "given_name": "Ada" } });
        let body = json!({ "name": "Later", "schedule": { "at": at }, "command": command });
        platform.command(&format!("scheduling/timer/later-{number}/schedule"), &body).await;
    }
    let wrong = json!({ "context": "crm", "aggregate": "contact", "id": "nobody", "command": "erase", "body": { "reason": "asked" } });
    let body = json!({ "name": "Wrong", "schedule": { "at": start }, "command": wrong });
    platform.command("scheduling/timer/wrong/schedule", &body).await;
    for pause_ms in [2700, 900] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        platform.kill_and_restart().await;
    }
    let waiting = Instant::now();
    let all = i64::try_from(TIMERS).expect("small");
    while done(&platform).await.0 < all {
        assert!(waiting.elapsed() < Duration::from_mins(1), "{:?} of {TIMERS}", done(&platform).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(done(&platform).await, (all, all));

    let shown = |arguments: &[&str], words: &[&str]| {
        let text = platform.neuroops(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        for word in words {
            assert!(text.contains(word), "{arguments:?} shows {word}: {text}");
        }
    };
    shown(&["processes", "list"], &["scheduling.fire", &TIMERS.to_string()]);
    shown(&["processes", "failed"], &["wrong", "crm.not_found", "refused"]);
    shown(&["processes", "steps", "scheduling.fire", "--state", "done", "--limit", "3"], &["later-", "crm/"]);
    shown(&["processes", "retry", "scheduling.fire", "--all"], &["1 steps"]);
    let unknown = platform.neuroops(&["processes", "failed", "nothing"]).expect_err("there is no such process");
    assert!(unknown.contains("scheduling.fire"), "{unknown}");

    let created = platform.neuroops(&["tenants", "create", "Another"]).expect("created");
    let tenant = created.lines().find_map(|line| line.strip_prefix("NEUROOPS_TENANT_ID=")).expect("an id");
    shown(&["tenants", "setup", tenant], &["is set up"]);
    platform.neuroops(&["tenants", "setup", "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f"]).expect_err("there is no such tenant");
    let british = platform.neuroops(&["tenants", "create", "British", "--currency", "GBP"]).expect("created");
    let british = british.lines().find_map(|line| line.strip_prefix("NEUROOPS_TENANT_ID=")).expect("an id");
    shown(&["tenants", "setup", british], &["is set up"]);
    shown(&["tenants", "list"], &["British", "GBP", "EUR"]);
    let currencies: Vec<String> = sqlx::query_scalar(
        "SELECT payload->>'currency' FROM log.events WHERE tenant_id::text = $1 AND event_type = 'chart_template_applied'",
    )
    .bind(british)
    .fetch_all(&mut platform.admin().await)
    .await
    .expect("the log is read");
    assert_eq!(currencies, ["GBP"], "the books are set up once, in the tenant's currency");
    platform.neuroops(&["tenants", "create", "Nowhere", "--currency", "nothing"]).expect_err("that is no currency");
    assert!(platform.stop());
}
