//! An auditor at work: checkpoints, exports, both verifiers, replays, tampered tables, a replaced key.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::platform::Platform;

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify_audit_export.py");

fn joined<'a>(first: &[&'a str], second: &[&'a str]) -> Vec<&'a str> {
    first.iter().chain(second).copied().collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Waits until the whole log of the tenant is signed, and keeps the checkpoint; tells its size.
async fn signed(platform: &Platform, file: &Path) -> u64 {
    let mut admin = platform.admin().await;
    for _ in 0..600 {
        let (events, size): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM log.events WHERE tenant_id = $1), coalesce((SELECT signed_size FROM audit.trees WHERE tenant_id = $1), 0)",
        )
        .bind(platform.tenant().0)
        .fetch_one(&mut admin)
        .await
        .expect("sizes");
        if events == size {
            let note = platform.neuroops(&["audit", "checkpoint"]).expect("a checkpoint");
            assert_eq!(note.lines().nth(1), Some(size.to_string().as_str()));
            std::fs::write(file, note).expect("a file");
            return size.unsigned_abs();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the history is not signed: {}", platform.logged());
}

fn python(export: &Path, key: &Path, kept: &Path) -> Result<String, String> {
    let mut command = Command::new("python3");
    command.arg("-B").arg(PYTHON).arg(export).arg("--key").arg(key).arg("--checkpoint").arg(kept);
    let output = command.output().expect("python3 runs");
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(told(&output.stdout)) } else { Err(told(&output.stderr)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_auditor_verifies_replays_and_finds_what_was_tampered_with() {
    let mut platform = Platform::start_in(crate::platform::folder(), &[("AUDIT_CHECKPOINT_SECONDS", "1")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (key, kept) = (at("key.txt"), at("kept.txt"));
    for number in 0..12 {
        let name = format!("c{number}");
        platform.command(&format!("crm/contact/{name}/register"), &json!({ "given_name": name })).await;
    }
    let size = signed(&platform, &kept).await;
    std::fs::write(&key, platform.neuroops(&["audit", "keys"]).expect("keys")).expect("a file");
    let moved = platform.command("crm/contact/c3/update", &json!({ "given_name": "Zoë" })).await;
    platform.command("crm/contact/late/register", &json!({ "given_name": "Late" })).await;
    let grown = signed(&platform, &at("newer.txt")).await;
    assert_eq!(grown, size + 2);

    exports(&platform, &folder.path().join("exports"), &key, &kept, (size, grown));
    replays(&platform, moved["position"].as_str().expect("a position"), size);

    // The old key and the new one sign side by side.
    platform.neuroops(&["audit", "rotate-key"]).expect("rotated");
    platform.kill_and_restart().await;
    platform.command("crm/contact/later/register", &json!({ "given_name": "Later" })).await;
    signed(&platform, &at("newest.txt")).await;
    let keys = platform.neuroops(&["audit", "keys"]).expect("keys");
    assert_eq!(keys.lines().count(), 2, "{keys}");
    platform.neuroops(&["audit", "export", "--out", text(&at("rotated"))]).expect("an export");
    for key in keys.lines() {
        platform.neuroops(&["audit", "verify", text(&at("rotated")), "--key", key]).expect("either key verifies");
    }
    tampered(&platform, folder.path(), &key, &kept).await;
    assert!(platform.stop(), "the platform stops well");
}

/// Whole and in part, in both forms, by both verifiers.
fn exports(platform: &Platform, folder: &Path, key: &Path, kept: &Path, (size, grown): (u64, u64)) {
    std::fs::create_dir(folder).expect("a folder");
    let since = size.to_string();
    for (name, arguments) in [
        ("whole", vec![]),
        ("table", vec!["--format", "parquet"]),
        ("part", vec!["--from", "3", "--to", "9", "--since", &since]),
        ("part-table", vec!["--from", "3", "--since", &since, "--format", "parquet"]),
    ] {
        let out = folder.join(name);
        let told = platform.neuroops(&joined(&["audit", "export", "--out", text(&out)], &arguments)).expect("an export");
        assert!(told.contains(&format!("signed checkpoint of {grown} events")), "{told}");
        let told = platform.neuroops(&["audit", "verify", text(&out), "--key", text(key), "--checkpoint", text(kept)]).expect("verified");
        assert!(told.contains("Verified") && told.contains(&format!("of {size} events")), "{told}");
        if !name.contains("table") {
            assert!(python(&out, key, kept).expect("verified").contains("Verified"));
        }
    }
    let again = platform.neuroops(&["audit", "export", "--out", text(&folder.join("whole"))]).unwrap_err();
    assert!(again.contains("not empty"), "{again}");
    let future = platform.neuroops(&["audit", "export", "--out", text(&folder.join("future")), "--to", "999"]).unwrap_err();
    assert!(future.contains("--to 999 lies in the future"), "{future}");
    let unheld = platform.neuroops(&["audit", "verify", text(&folder.join("whole")), "--key", text(kept)]).unwrap_err();
    assert!(unheld.contains("is no public key"), "{unheld}");
}

/// An aggregate and a read model, at a position, at a number of events, and now.
fn replays(platform: &Platform, position: &str, size: u64) {
    let replay = |arguments: &[&str]| platform.neuroops(&joined(&["audit", "replay"], arguments));
    let size = size.to_string();
    let json =
        |arguments: &[&str]| -> Value { serde_json::from_str(&replay(&joined(arguments, &["--json"])).expect("replayed")).expect("JSON") };
    let now = replay(&["--as-of", position, "--aggregate", "crm/contact/c3"]).expect("replayed");
    assert!(now.contains("version 2 then, 2 now") && now.contains("Nothing differs"), "{now}");
    let then = json(&["--as-of", &size, "--aggregate", "crm/contact/c3"]);
    let change = &then["differences"]["crm/contact/c3"]["profile.given_name"];
    assert_eq!((&change["then"], &change["now"]), (&json!("c3"), &json!("Zoë")), "{then}");
    let rows = json(&["--as-of", &size, "--model", "crm/contact-list"]);
    let differences = rows["differences"].as_object().expect("differences");
    assert_eq!(differences.keys().collect::<Vec<_>>(), ["c3", "late"], "{rows}");
    assert_eq!((rows["then"].as_object().map(serde_json::Map::len), &differences["late"]), (Some(12), &json!("added")));
    let all = replay(&["--as-of", "2026-01-01T00:00:00Z", "--model", "crm/contact-list"]).expect("replayed");
    assert!(all.contains("0 rows then") && all.ends_with("13 differ.\n"), "{all}");
    for (as_of, reason) in [
        ("9999", "outside the history"),
        ("crm/0@999999", "lies in the future"),
        ("2999-01-01T00:00:00Z", "lies in the future"),
        ("noon", "is no time"),
    ] {
        let told = replay(&["--as-of", as_of, "--model", "crm/contact-list"]).unwrap_err();
        assert!(told.contains(reason), "{told}");
    }
    let unknown = replay(&["--as-of", "1", "--model", "crm/nothing"]).unwrap_err();
    assert!(unknown.contains("there is no read model `crm/nothing`") && unknown.contains("crm/contact-list"), "{unknown}");
}

/// Somebody with the rights of the database's owner changes the tables themselves, one after the other.
async fn tampered(platform: &Platform, folder: &Path, key: &Path, kept: &Path) {
    let mut admin = platform.admin().await;
    let own = format!("tenant_id = '{}'", platform.tenant());
    // The tenant's history begins with what every tenant starts with; the contacts lie behind one another.
    let query = sqlx::query_scalar(
        "SELECT l.leaf_index FROM audit.leaves l JOIN log.events e ON e.tenant_id = l.tenant_id AND e.event_id = l.event_id \
         WHERE l.tenant_id = $1 AND e.aggregate_type = 'contact' ORDER BY l.leaf_index",
    );
    let contacts: Vec<i64> = query.bind(platform.tenant().0).fetch_all(&mut admin).await.expect("indexes");
    let leaf = |contact: usize| format!("{own} AND leaf_index = {}", contacts[contact]);
    let event = |contact: usize| format!("{own} AND event_id = (SELECT event_id FROM audit.leaves WHERE {})", leaf(contact));
    let attacks = [
        (
            format!("UPDATE log.events SET payload = '{{\"profile\":{{\"given_name\":\"Mallory\"}}}}' WHERE {}", event(2)),
            "payload is not the one",
        ),
        (format!("UPDATE log.events SET metadata = '{{}}' WHERE {}", event(4)), "leaf hash is another"),
        (format!("UPDATE log.events SET recorded_at = recorded_at + interval '1 day' WHERE {}", event(5)), "leaf hash is another"),
        (format!("DELETE FROM log.events WHERE {}", event(6)), "is missing in the log"),
        (format!("DELETE FROM audit.leaves WHERE {}", leaf(6)), "is missing in audit.leaves"),
        (format!("UPDATE audit.leaves SET leaf_hash = sha256(leaf_hash) WHERE {}", leaf(7)), "leaf hash is another"),
        (format!("UPDATE audit.leaves SET payload_salt = sha256(payload_salt) WHERE {}", leaf(7)), "`payload_salt` does not have its form"),
        (
            format!(
                "UPDATE audit.leaves SET leaf_index = -1 WHERE {}; UPDATE audit.leaves SET leaf_index = {} WHERE {}; \
                 UPDATE audit.leaves SET leaf_index = {} WHERE {own} AND leaf_index = -1",
                leaf(1),
                contacts[1],
                leaf(2),
                contacts[2]
            ),
            "comes behind position",
        ),
        (
            format!("UPDATE audit.checkpoints SET note = replace(note, 'neuroops/audit', 'neuroops/forged') WHERE {own}"),
            "it is no checkpoint",
        ),
    ];
    for (number, (attack, reason)) in attacks.iter().enumerate() {
        let out = folder.join(format!("attack-{number}"));
        admin
            .execute(
                "CREATE SCHEMA before; CREATE TABLE before.events AS TABLE log.events; CREATE TABLE before.leaves AS TABLE audit.leaves; \
            CREATE TABLE before.checkpoints AS TABLE audit.checkpoints",
            )
            .await
            .expect("copied");
        admin.execute(attack.as_str()).await.expect(attack);
        let exported = platform.neuroops(&["audit", "export", "--out", text(&out)]);
        let told =
            exported.and_then(|_| platform.neuroops(&["audit", "verify", text(&out), "--key", text(key), "--checkpoint", text(kept)]));
        let told = told.expect_err(attack);
        assert!(told.contains(reason), "{attack}: {told}");
        admin.execute("DELETE FROM log.events; INSERT INTO log.events SELECT * FROM before.events; DELETE FROM audit.leaves; INSERT INTO audit.leaves SELECT * FROM before.leaves; \
            DELETE FROM audit.checkpoints; INSERT INTO audit.checkpoints SELECT * FROM before.checkpoints; DROP SCHEMA before CASCADE").await.expect("restored");
    }
    let whole = folder.join("untampered");
    platform.neuroops(&["audit", "export", "--out", text(&whole)]).expect("an export");
    platform
        .neuroops(&["audit", "verify", text(&whole), "--key", text(key), "--checkpoint", text(kept)])
        .expect("what is restored verifies");
}
