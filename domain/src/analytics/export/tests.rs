use serde_json::{Value, json};

use super::*;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn question() -> Question {
    serde_json::from_value(json!({ "context": "crm", "source": "contact-list" })).unwrap()
}

fn requested() -> Given<Export> {
    given([ExportRequested { question: question(), format: FileFormat::Csv, requested_by: "tester".to_owned(), run: None }.into()])
}

fn summary() -> ExportSummary {
    let positions = vec![Text::try_from("crm/1@7".to_owned()).unwrap()];
    let manifest_sha256 = Sha256Hex::try_from("0".repeat(64)).unwrap();
    ExportSummary { rows: 7, bytes: 100, files: 1, manifest_sha256, positions, one_state: true }
}

fn platform() -> Actor {
    Actor { subject: "process:exports".to_owned(), roles: vec![SERVICE.to_owned()] }
}

fn complete() -> CompleteExport {
    CompleteExport { summary: summary(), kept_days: 7 }
}

/// Completed by the platform at the time of the tests, 2026-03-01T12:00Z.
fn completed() -> Given<Export> {
    let export = requested().by(platform()).when(complete()).then_accepted();
    assert_eq!(export.state().expires_at, Some("2026-03-08T12:00:00Z".parse().unwrap()));
    export
}

#[test]
fn what_a_schedule_asks_for_is_its_owners() {
    let run = json!({ "query_id": "q-1", "revision": 2, "owner": "ada", "scheduled_for": "2026-03-01T07:00:00Z" });
    let body = json!({ "question": { "context": "crm", "source": "contact-list" }, "run": run });
    given_nothing::<Export>().when_json("request", &body).then_rejected("analytics.service_only");
    let export = given_nothing::<Export>().by(platform()).when_json("request", &body).then_accepted();
    assert_eq!(export.state().requested_by, "ada");
    let ada = Actor { subject: "ada".to_owned(), roles: vec!["member".to_owned()] };
    export.by(ada).when_json("cancel", &json!({})).then([ExportCancelled {}.into()]);
}

#[test]
fn an_export_says_who_asked_for_what() {
    let body = json!({ "question": { "context": "crm", "source": "contact-list" } });
    let event = ExportRequested { question: question(), format: FileFormat::Parquet, requested_by: "tester".to_owned(), run: None };
    given_nothing::<Export>().when_json("request", &body).then([event.into()]);
}

#[test]
fn an_export_has_no_order_no_page_and_no_parameters() {
    let request = |terms: Value| {
        given_nothing::<Export>()
            .when_json("request", &json!({ "question": { "context": "crm", "source": "contact-list", "terms": terms } }))
    };
    request(json!({ "sort": "id" })).then_rejected("analytics.export_sorted");
    request(json!({ "limit": "10" })).then_rejected("analytics.name_reserved");
    request(json!({ "owner": "{who}" })).then_rejected("analytics.export_placeholder");
}

#[test]
fn completing_twice_happens_once_and_another_completion_is_refused() {
    completed().by(platform()).when(complete()).then_nothing();
    let other = CompleteExport { summary: ExportSummary { rows: 8, ..summary() }, kept_days: 7 };
    completed().by(platform()).when(other).then_rejected("analytics.export_ended");
}

#[test]
fn only_the_platform_tells_what_became_of_an_export() {
    let fail = || FailExport { code: "x".to_owned().try_into().unwrap(), reason: "y".to_owned().try_into().unwrap() };
    requested().when(complete()).then_rejected("analytics.service_only");
    requested().when(fail()).then_rejected("analytics.service_only");
    let failed = requested().by(platform()).when(fail()).then_accepted();
    assert_eq!(failed.state().status, ExportStatus::Failed);
    failed.when(fail()).then_nothing();
    completed().by(platform()).when(fail()).then_rejected("analytics.export_ended");
}

#[test]
fn bounds_of_a_completion_are_checked() {
    let refused = |command: CompleteExport, code: &str| requested().by(platform()).when(command).then_rejected(code);
    refused(CompleteExport { kept_days: 0, ..complete() }, "analytics.kept_days_invalid");
    refused(CompleteExport { kept_days: 366, ..complete() }, "analytics.kept_days_invalid");
    let positions = vec![Text::try_from("crm/1@7".to_owned()).unwrap(); POSITIONS_MAX + 1];
    refused(CompleteExport { summary: ExportSummary { positions, ..summary() }, kept_days: 7 }, "analytics.too_many_positions");
}

#[test]
fn whoever_asked_may_cancel_and_administrators_may() {
    let cancelled = requested().when_json("cancel", &json!({})).then([ExportCancelled {}.into()]);
    cancelled.when_json("cancel", &json!({})).then_nothing();
    completed().by(Actor { subject: "tester".to_owned(), roles: Vec::new() }).when(CancelExport {}).then_rejected("analytics.export_ended");
    let other = |role: &str| Actor { subject: "eve".to_owned(), roles: vec![role.to_owned()] };
    requested().by(other("member")).when(CancelExport {}).then_rejected("analytics.not_export_requester");
    requested().by(other("admin")).when(CancelExport {}).then([ExportCancelled {}.into()]);
}

#[test]
fn files_expire_when_their_time_is_over_and_only_once() {
    completed().at("2026-03-08T11:59:59Z").when(ExpireExport {}).then_nothing();
    let expired = completed().at("2026-03-08T12:00:00Z").when(ExpireExport {}).then([ExportExpired {}.into()]);
    expired.when(ExpireExport {}).then_nothing();
    requested().at("2027-01-01T00:00:00Z").when(ExpireExport {}).then_nothing();
}

#[test]
fn digests_are_hexadecimal() {
    for bad in ["", "0", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
        assert!(Sha256Hex::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Export>();
}
