//! Saved queries: kept, shared, run with parameters; and every rejection of the context.

use projections::contexts;
use projections::runtime::rebuild::rebuild;
use serde_json::{Value, json};

use crate::export::{PARQUET, parquet, rows};
use crate::world::{World, eventually};

fn query(name: &str, terms: &Value, parameters: &Value) -> Value {
    json!({ "name": name, "question": { "context": "crm", "source": "contact-list", "terms": terms }, "parameters": parameters })
}

fn by_country() -> Value {
    query(
        "By country",
        &json!({ "country": "{country}", "sort": "-created_at" }),
        &json!([{ "name": "country", "kind": "text", "default": "DE" }]),
    )
}

#[tokio::test]
async fn a_saved_query_answers_as_its_question_does() {
    let world = World::start(|options| options).await;
    let member = world.gateway.client("member").await;
    let contacts = member.registers("c", 6).await;
    let saved = member.does("/v1/analytics/query/q/save", &by_country()).await;
    let positions = format!("{contacts},{saved}");
    let run = async |parameters: &str| member.get_after(&format!("/v1/analytics/query/q/run{parameters}"), &positions).await;
    let answer = run("").await;
    let direct = member.get("/v1/crm/contact-list?country=DE&sort=-created_at").await;
    assert_eq!(answer.text(), direct.text());
    assert_eq!(answer.header("content-location"), "/v1/crm/contact-list?country=DE&sort=-created_at");
    assert_eq!((answer.header("neuroops-query-revision"), answer.header("neuroops-position")), ("1", contacts.as_str()));
    assert_eq!(run("?country=FR").await.json()["data"].as_array().unwrap().len(), 3);
    let page = run("?country=FR&limit=2").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(run(&format!("?country=FR&cursor={cursor}")).await.json()["data"].as_array().unwrap().len(), 1);
    let uri = "/v1/analytics/query/q/run?country=FR";
    assert_eq!(rows(&parquet(&member.get_with(uri, &PARQUET).await)), 3);
    run("?contry=FR").await.is_problem(400, "unknown_parameter");
    run("?country=FR&country=DE").await.is_problem(400, "invalid_parameter");

    let revised =
        query("By country", &json!({ "country": "{country}" }), &json!([{ "name": "country", "kind": "text", "required": true }]));
    let position = member.does("/v1/analytics/query/q/revise", &revised).await;
    let answer = member.get_after("/v1/analytics/query/q/run", &position).await;
    answer.is_problem(400, "missing_parameter");
    assert_eq!(member.get("/v1/analytics/query/q/run?country=FR").await.header("neuroops-query-revision"), "2");
    let listed = member.get("/v1/analytics/query-list?q=country").await.json();
    assert_eq!((listed["data"][0]["revision"].as_i64(), listed["data"][0]["owner"].as_str()), (Some(2), Some("tester")));
    let deleted = member.does("/v1/analytics/query/q/delete", &json!({})).await;
    member.get_after("/v1/analytics/query/q/run", &deleted).await.is_problem(404, "analytics.not_found");
    world.stop().await;
}

#[tokio::test]
async fn a_report_is_asked_with_relative_days() {
    let world = World::start(|options| options).await;
    let member = world.gateway.client("member").await;
    let body = json!({
        "name": "Forecast", "question": { "context": "crm", "source": "forecast", "terms": { "from": "{from}", "to": "{to}" } },
        "parameters": [{ "name": "from", "kind": "date", "default": "today-30d" }, { "name": "to", "kind": "date" }]
    });
    let position = member.does("/v1/analytics/query/f/save", &body).await;
    let answer = member.get_after("/v1/analytics/query/f/run", &position).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let day = platform::clock::now().date_naive() - chrono::TimeDelta::days(30);
    assert_eq!(answer.header("content-location"), format!("/v1/crm/forecast?from={day}"));
    member.get("/v1/analytics/query/f/run?to=soon").await.is_problem(400, "invalid_parameter");
    world.stop().await;
}

#[tokio::test]
async fn a_query_is_run_by_its_owner_and_those_it_is_shared_with() {
    let world = World::start(|options| options).await;
    let owner = world.gateway.client("member").await;
    let analyst = world.gateway.client_of(owner.tenant, "analyst");
    let colleague = gateway::issue(
        crate::harness::SECRET,
        owner.tenant,
        "colleague",
        &["member".to_owned()],
        platform::clock::new_id(),
        std::time::Duration::from_mins(10),
    );
    let colleague = crate::harness::Client { token: colleague, ..owner.clone() };
    let stranger = world.gateway.client("owner").await;
    let uri = "/v1/analytics/query/q/run";
    let position = owner.does("/v1/analytics/query/q/save", &by_country()).await;
    owner.get_after(uri, &position).await;
    colleague.get(uri).await.is_problem(403, "query_not_shared");
    stranger.get(uri).await.is_problem(404, "analytics.not_found");
    world.gateway.client_of(owner.tenant, "visitor").get(uri).await.is_problem(403, "forbidden");
    assert_eq!(world.gateway.client_of(owner.tenant, "admin").get(uri).await.status.as_u16(), 200);
    colleague.post("/v1/analytics/query/q/delete", "{}").await.is_problem(422, "analytics.not_query_owner");
    let position = owner.does("/v1/analytics/query/q/share", &json!({ "roles": ["analyst"] })).await;
    assert_eq!(analyst.get_after(uri, &position).await.status.as_u16(), 200);
    colleague.get(uri).await.is_problem(403, "query_not_shared");
    let position = owner.does("/v1/analytics/query/q/hand-over", &json!({ "owner": "colleague" })).await;
    assert_eq!(colleague.get_after(uri, &position).await.status.as_u16(), 200);
    world.stop().await;
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_not_kept() {
    let world = World::start(|options| options).await;
    let member = world.gateway.client("member").await;
    let parameter = |kind: &str| json!([{ "name": "p", "kind": kind }]);
    for body in [
        query("a", &json!({ "cuntry": "DE" }), &json!([])),
        query("a", &json!({ "country.like": "DE" }), &json!([])),
        query("a", &json!({ "sort": "note" }), &json!([])),
        query("a", &json!({ "created_at.gte": "{p}" }), &parameter("date")),
        query("a", &json!({ "version": "{p}" }), &parameter("text")),
        query("a", &json!({ "country": "{p}" }), &json!([{ "name": "p", "kind": "integer", "default": "x" }])),
        json!({ "name": "a", "question": { "context": "crm", "source": "contacts" } }),
        json!({ "name": "a", "question": { "context": "crn", "source": "contact-list" } }),
    ] {
        let answer = member.post("/v1/analytics/query/save", &body.to_string()).await;
        answer.is_problem(400, "invalid_question");
        assert_eq!(answer.json()["fields"][0]["name"], "question", "{body}");
    }
    member.does("/v1/analytics/query/save", &query("a", &json!({ "created_at.gte": "{p}" }), &parameter("timestamp"))).await;
    world.stop().await;
}

/// What leads to each rejection: commands that are accepted, the one that is refused, status and code.
type Case = (&'static str, Vec<(&'static str, Value)>, (&'static str, Value), u16, &'static str);

fn query_cases() -> Vec<Case> {
    let plain = || query("First", &json!({}), &json!([]));
    let asking = |parameter: Value| query("First", &json!({ "country": "{p}" }), &json!([parameter]));
    let required = || asking(json!({ "name": "p", "kind": "text", "required": true }));
    let save = |body: Value| ("save", body);
    let saved = || vec![save(plain())];
    let none = || json!({});
    let many = |count: usize, make: fn(usize) -> Value| Value::Array((0..count).map(make).collect());
    let mut charted = plain();
    charted["chart"] = json!({ "kind": "line", "y": many(9, |n| json!(format!("c{n}"))) });
    vec![
        ("query", Vec::new(), save(query("First", &json!({ "limit": "5" }), &json!([]))), 422, "analytics.name_reserved"),
        (
            "query",
            Vec::new(),
            save(query("First", &none(), &many(21, |n| json!({ "name": format!("p{n}"), "kind": "text" })))),
            422,
            "analytics.too_many_parameters",
        ),
        (
            "query",
            Vec::new(),
            save(query("First", &json!({ "country": "{p}" }), &json!([{ "name": "p", "kind": "text" }, { "name": "p", "kind": "text" }]))),
            422,
            "analytics.parameter_repeated",
        ),
        (
            "query",
            Vec::new(),
            save(asking(json!({ "name": "p", "kind": "text", "required": true, "default": "x" }))),
            422,
            "analytics.parameter_required_with_default",
        ),
        ("query", Vec::new(), save(query("First", &none(), &json!([{ "name": "p", "kind": "text" }]))), 422, "analytics.parameter_unused"),
        ("query", Vec::new(), save(query("First", &json!({ "country": "{p}" }), &json!([]))), 422, "analytics.parameter_undeclared"),
        ("query", Vec::new(), save(charted), 422, "analytics.too_many_chart_columns"),
        ("query", saved(), save(plain()), 409, "analytics.already_exists"),
        ("query", Vec::new(), ("delete", none()), 404, "analytics.not_found"),
        ("query", saved(), ("share", json!({ "roles": many(33, |n| json!(format!("r{n}"))) })), 422, "analytics.too_many_roles"),
        ("query", vec![save(required())], ("schedule", json!({ "cron": "0 7 * * *" })), 422, "analytics.parameter_needs_default"),
        ("query", vec![save(plain()), ("delete", none())], ("share", json!({ "roles": [] })), 422, "analytics.query_deleted"),
    ]
}

fn export_cases() -> Vec<Case> {
    let request = |terms: Value| ("request", json!({ "question": { "context": "crm", "source": "contact-list", "terms": terms } }));
    let requested = || vec![request(json!({}))];
    let fail = || ("fail", json!({ "code": "x", "reason": "y" }));
    let complete = |kept_days: u16, positions: usize| {
        let positions: Vec<String> = (0..positions).map(|n| format!("crm/1@{n}")).collect();
        let summary =
            json!({ "rows": 1, "bytes": 1, "files": 1, "manifest_sha256": "0".repeat(64), "positions": positions, "one_state": true });
        ("complete", json!({ "summary": summary, "kept_days": kept_days }))
    };
    vec![
        ("export", Vec::new(), request(json!({ "sort": "id" })), 422, "analytics.export_sorted"),
        ("export", Vec::new(), request(json!({ "country": "{p}" })), 422, "analytics.export_placeholder"),
        ("export", Vec::new(), request(json!({ "cursor": "x" })), 422, "analytics.name_reserved"),
        ("export", [requested(), vec![("cancel", json!({}))]].concat(), fail(), 422, "analytics.export_ended"),
        ("export", requested(), complete(0, 1), 422, "analytics.kept_days_invalid"),
        ("export", requested(), complete(1, 65), 422, "analytics.too_many_positions"),
    ]
}

#[tokio::test]
async fn every_rejection_has_its_status_and_code() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    for (aggregate, before, (command, body), status, code) in query_cases().into_iter().chain(export_cases()) {
        // The platform's own role may also say what became of an export.
        let owner = world.gateway.client("service").await;
        for (command, body) in before {
            owner.does(&format!("/v1/analytics/{aggregate}/x/{command}"), &body).await;
        }
        let answer = owner.post(&format!("/v1/analytics/{aggregate}/x/{command}"), &body.to_string()).await;
        answer.is_problem(status, code);
    }
    let service = world.gateway.client("service").await;
    let member = world.gateway.client_of(service.tenant, "member");
    let body = json!({ "question": { "context": "crm", "source": "contact-list" } });
    service.does("/v1/analytics/export/x/request", &body).await;
    member.post("/v1/analytics/export/x/fail", r#"{"code":"x","reason":"y"}"#).await.is_problem(422, "analytics.service_only");
    let token = |subject: &str| {
        let roles = ["member".to_owned()];
        gateway::issue(
            crate::harness::SECRET,
            service.tenant,
            subject,
            &roles,
            platform::clock::new_id(),
            std::time::Duration::from_mins(10),
        )
    };
    let colleague = crate::harness::Client { token: token("colleague"), ..member.clone() };
    colleague.post("/v1/analytics/export/x/cancel", "{}").await.is_problem(422, "analytics.not_export_requester");
    let second = json!({ "name": "FIRST", "question": { "context": "crm", "source": "contact-list" } });
    service.does("/v1/analytics/query/a/save", &query("First", &json!({}), &json!([]))).await;
    let answer = service.post("/v1/analytics/query/b/save", &second.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["candidates"][0]["id"].as_str()), (409, Some("a")), "{}", answer.text());
    world.stop().await;
}

#[tokio::test]
async fn rebuilt_read_models_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let client = world.gateway.client("service").await;
    for number in 0..5 {
        let id = format!("q-{number}");
        client
            .does(&format!("/v1/analytics/query/{id}/save"), &query(&format!("Query {number}"), &json!({ "country": "DE" }), &json!([])))
            .await;
        client.does(&format!("/v1/analytics/query/{id}/schedule"), &json!({ "cron": "0 7 * * *" })).await;
        client
            .does(&format!("/v1/analytics/export/e-{number}/request"), &json!({ "question": { "context": "crm", "source": "lead-list" } }))
            .await;
        client.does(&format!("/v1/analytics/export/e-{number}/cancel"), &json!({})).await;
    }
    let position = client.does("/v1/analytics/query/q-3/delete", &json!({})).await;
    let lists = ["/v1/analytics/query-list", "/v1/analytics/export-list"];
    let mut before = Vec::new();
    for uri in lists {
        before.push(client.get_after(uri, &position).await.json()["data"].clone());
    }
    assert_eq!((before[0].as_array().unwrap().len(), before[1].as_array().unwrap().len()), (4, 5));
    for name in ["analytics.query_list", "analytics.export_list"] {
        let projection = contexts::projections().into_iter().find(|projection| projection.name() == name).unwrap();
        let report = rebuild(&world.db().worker, projection.as_ref(), |_| {}).await.unwrap();
        assert_eq!((report.version, report.parked_keys), (2, 0));
    }
    for (uri, before) in lists.into_iter().zip(before) {
        let after = eventually("the rebuilt read model is read", async || {
            let answer = client.get_after(uri, &position).await;
            (answer.status.as_u16() == 200).then(|| answer.json()["data"].clone())
        })
        .await;
        assert_eq!(after, before, "{uri}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_schedule_is_shown_and_its_answers_are_found_by_their_query() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_exports(folder.path()).await;
    let member = world.gateway.client("member").await;
    let contacts = member.registers("c", 3).await;
    let german = query("German", &json!({ "country": "{country}" }), &json!([{ "name": "country", "kind": "text", "default": "DE" }]));
    member.does("/v1/analytics/query/q/save", &german).await;
    let schedule = async |body: Value| member.post("/v1/analytics/query/q/schedule", &body.to_string()).await;
    schedule(json!({ "cron": "0 0 30 2 *" })).await.is_problem(422, "analytics.schedule_never_runs");
    schedule(json!({ "cron": "0 7 * * *", "time_zone": "Mars/Olympus" })).await.is_problem(422, "analytics.zone_unknown");
    let berlin = json!({ "cron": "0 7 * * *", "time_zone": "Europe/Berlin", "format": "csv" });
    let position = member.does("/v1/analytics/query/q/schedule", &berlin).await;
    let row = member.get_after("/v1/analytics/query-list/q", &position).await.json();
    let due: chrono::DateTime<chrono::Utc> = row["due_at"].as_str().unwrap().parse().unwrap();
    let until = due - platform::clock::now();
    assert!(until > chrono::TimeDelta::zero() && until <= chrono::TimeDelta::hours(25), "{due}");
    let early = member.post("/v1/analytics/query/q/run-due", "{}").await;
    assert_eq!((early.status.as_u16(), early.json()["events"].as_array().unwrap().len()), (200, 0), "its time has not come");

    // What the platform's process sends when it has.
    let run = json!({ "query_id": "q", "revision": 1, "owner": "tester", "scheduled_for": row["due_at"] });
    let request =
        json!({ "question": { "context": "crm", "source": "contact-list", "terms": { "country": "DE" } }, "format": "csv", "run": run });
    member.post("/v1/analytics/export/e/request", &request.to_string()).await.is_problem(422, "analytics.service_only");
    let service = world.gateway.client_of(member.tenant, "service");
    service.get_after("/v1/crm/contact-list", &contacts).await;
    let position = service.does("/v1/analytics/export/e/request", &request).await;
    let store = std::sync::Arc::new(gateway::exports::FileStore::open(folder.path()).unwrap());
    let worker = crate::world::exporter(world.db(), store, 100);
    member.get_after("/v1/analytics/export-list?query_id=q", &position).await;
    let listed = crate::world::eventually("the export is complete", async || {
        let listed = member.get("/v1/analytics/export-list?query_id=q").await.json()["data"].clone();
        (listed[0]["status"] == "completed").then_some(listed)
    })
    .await;
    assert_eq!(
        (&listed[0]["scheduled_for"], &listed[0]["requested_by"], &listed[0]["rows"]),
        (&row["due_at"], &json!("tester"), &json!(2))
    );
    let files = member.get("/v1/analytics/export/e/files").await.json();
    assert_eq!(member.get(files["manifest"].as_str().unwrap()).await.json()["rows"], 2);
    worker.stop().await;

    let position = member.does("/v1/analytics/query/q/unschedule", &json!({})).await;
    assert_eq!(member.get_after("/v1/analytics/query-list/q", &position).await.json()["due_at"], Value::Null);
    member.does("/v1/analytics/query/q/schedule", &berlin).await;
    let position = member.does("/v1/analytics/query/q/delete", &json!({})).await;
    member.get_after("/v1/analytics/query-list/q", &position).await.is_problem(404, "not_found");
    let late = member.post("/v1/analytics/query/q/run-due", "{}").await;
    assert_eq!(late.json()["events"], json!([]), "a deleted query runs no more");
    world.stop().await;
}
