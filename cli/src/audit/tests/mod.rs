//! Exports of made-up histories: what verifies, what does not, and with which reason; by both verifiers.

mod forgery;
mod history;
mod python;

use super::manifest::{CHECKPOINT, Encoding, MANIFEST};
use super::verify::{Trust, Verified, verify};
use history::{Export, History, named, signing_key};

/// Events of the histories that are tampered with.
const EVENTS: u64 = 24;
/// The size of the checkpoint that the verifier holds.
const KEPT: u64 = 15;

/// The first reason that verification tells, or nothing.
fn refusal(export: &Export, history: &History, kept: Option<&str>) -> Option<String> {
    let keys = [named(&signing_key(1), history.tenant)];
    verify(export, &Trust { keys: &keys, kept }, |_| {}).err().map(|error| format!("{error:#}"))
}

#[test]
fn whole_exports_and_parts_verify_in_both_forms() {
    let history = History::made_up(1, 300);
    let keys = [named(&signing_key(1), history.tenant)];
    for encoding in [Encoding::Ndjson, Encoding::Parquet] {
        for (from, to, kept) in
            [(0, 300, 120), (0, 300, 300), (0, 300, 0), (0, 0, 7), (100, 260, 120), (299, 300, 1), (0, 120, 120), (300, 300, 256)]
        {
            let export = history.export(encoding, from..to, 300, Some(kept));
            let note = history.checkpoint(kept);
            let verified = verify(&export, &Trust { keys: &keys, kept: Some(&note) }, |_| {}).expect("it verifies");
            let expected = Verified {
                tenant_id: history.tenant,
                head: history.head(300),
                from,
                to,
                forgotten: history.forgotten(from..to),
                kept: Some(kept),
            };
            assert_eq!(verified, expected);
            assert!(verify(&export, &Trust { keys: &keys, kept: None }, |_| {}).is_ok());
        }
    }
    assert!(history.forgotten(0..300) > 0, "some payloads are forgotten");
}

#[test]
fn a_replaced_key_is_one_of_several() {
    let mut history = History::made_up(2, EVENTS);
    let old = named(&signing_key(1), history.tenant);
    let kept = history.checkpoint(KEPT);
    history.keys = vec![2, 1];
    let both = history.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None);
    assert!(verify(&both, &Trust { keys: std::slice::from_ref(&old), kept: Some(&kept) }, |_| {}).is_ok(), "the old key still signs");
    history.keys = vec![2];
    let new = history.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None);
    let keys = [named(&signing_key(2), history.tenant), old];
    assert!(verify(&new, &Trust { keys: &keys, kept: Some(&kept) }, |_| {}).is_ok(), "each checkpoint by its own key");
    assert!(verify(&new, &Trust { keys: &keys[1..], kept: Some(&kept) }, |_| {}).is_err(), "the old key does not sign any more");
}

#[test]
fn each_thing_that_is_wrong_has_one_clear_reason() {
    let (history, other) = (History::made_up(3, EVENTS), History::made_up(4, EVENTS));
    let export = history.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None);
    let kept = history.checkpoint(KEPT);
    assert_eq!(refusal(&export, &history, Some(&kept)), None);
    let told = |change: &dyn Fn(&mut Export)| {
        let mut export = export.clone();
        change(&mut export);
        refusal(&export, &history, Some(&kept)).expect("it is refused")
    };
    let replaced = |name: &str, from: &str, to: &str| {
        told(&|export| {
            let text = String::from_utf8(export[name].clone()).unwrap();
            assert!(text.contains(from), "{text}");
            export.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
        })
    };
    let first = "events-000001.ndjson";
    let stranger = other.tenant.to_string();
    let expected = [
        (told(&|export| drop(export.remove(MANIFEST))), vec!["no manifest.json", "broken off"]),
        (told(&|export| drop(export.remove(first))), vec![first, "missing"]),
        (told(&|export| drop(export.insert("more.txt".to_owned(), Vec::new()))), vec!["more.txt", "does not name it"]),
        (replaced(MANIFEST, "audit/1", "audit/2"), vec!["format", "neuroops-audit/1"]),
        (replaced(CHECKPOINT, "\n24\n", "\n25\n"), vec![CHECKPOINT, "signature", "not one of this text"]),
        (replaced(first, "\\\"n\\\":3", "\\\"n\\\":4"), vec![first, "event 4 of the file", "event 3 (crm/", "payload is not the one"]),
        (replaced(first, "\"sequence\":", "\"sequence\":1"), vec![first, "event 1 of the file", "leaf hash is another"]),
        (
            replaced(first, "{\"index\":2,", "{\"index\":3,"),
            vec!["event 3 of the file", "event 3 of the history, where event 2 is expected"],
        ),
        (replaced(first, "{\"index\":2,", "{ \"index\":2,"), vec!["line 3", "not written as an export writes it"]),
        (told(&|export| export.get_mut(first).unwrap().truncate(100)), vec![first, "the last line has no end"]),
        (
            told(&|export| *export = other.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None)),
            vec!["is not signed by the key", "it bears signatures of", &stranger],
        ),
        (refusal(&export, &history, Some(&other.checkpoint(KEPT))).unwrap(), vec!["the checkpoint that you hold is of tenant", &stranger]),
        (
            refusal(&history.export(Encoding::Ndjson, 0..9, 9, None), &history, Some(&kept)).unwrap(),
            vec!["has 15 events", "only 9", "cut off"],
        ),
        (
            refusal(&history.export(Encoding::Ndjson, 3..9, EVENTS, None), &history, Some(&kept)).unwrap(),
            vec!["export again with `--since 15`"],
        ),
        (refusal(&export, &history, Some("nonsense")).unwrap(), vec!["the checkpoint that you hold", "no signed note"]),
    ];
    for (told, words) in expected {
        for word in words {
            assert!(told.contains(word), "`{word}` is not in: {told}");
        }
    }
}

#[test]
fn a_rewritten_history_is_told_from_the_kept_checkpoint_even_where_the_key_was_stolen() {
    let history = History::made_up(5, EVENTS);
    let kept = history.checkpoint(KEPT);
    let mut rewritten = history.clone();
    rewritten.rewrite(3, "{\"n\":333}");
    let export = rewritten.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None);
    assert_eq!(refusal(&export, &history, None), None, "without a kept checkpoint nobody can know");
    let told = refusal(&export, &history, Some(&kept)).expect("it is refused");
    assert!(told.contains("the first 15 events are not those of the checkpoint that you hold"), "{told}");
    let part = rewritten.export(Encoding::Parquet, 4..20, EVENTS, Some(KEPT));
    let told = refusal(&part, &history, Some(&kept)).expect("it is refused");
    assert!(told.contains("does not continue the 15 events"), "{told}");
}
