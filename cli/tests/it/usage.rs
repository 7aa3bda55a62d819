//! Mistakes that users make: each gets one clear message.

use std::process::{Command, Output};

fn neuroops(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_neuroops"));
    for name in [
        "DATABASE_URL",
        "DATABASE_ADMIN_URL",
        "DATABASE_WORKER_URL",
        "KAFKA_BOOTSTRAP_SERVERS",
        "JWT_SECRET_KEY",
        "SECRETS_KEY",
        "HTTP_ADDR",
        "STRIPE_SECRET_KEY",
    ] {
        command.env_remove(name);
    }
    command.env("NEUROOPS_DIR", folder.path()).envs(environment.iter().copied()).args(arguments).output().expect("the binary runs")
}

#[track_caller]
fn fails_with(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it fails: {text}");
    for word in words {
        assert!(text.contains(word), "the message names {word}: {text}");
    }
    assert!(!text.contains("panicked"), "it does not panic: {text}");
}

#[test]
fn a_missing_variable_is_named_with_an_example() {
    fails_with(&neuroops(&["serve"], &[]), &["DATABASE_URL", "neuroops up"]);
    let database = [("DATABASE_URL", "postgres://neuroops_app:x@127.0.0.1:1/neuroops")];
    fails_with(&neuroops(&["serve"], &database), &["JWT_SECRET_KEY", "openssl rand"]);
    fails_with(&neuroops(&["work"], &[]), &["KAFKA_BOOTSTRAP_SERVERS"]);
    fails_with(&neuroops(&["work", "--only", "webhooks"], &[]), &["SECRETS_KEY", "openssl rand"]);
    fails_with(&neuroops(&["webhooks", "list"], &[]), &["DATABASE_WORKER_URL"]);
    fails_with(
        &neuroops(&["webhooks", "replay", "e-1", "--tenant", "01970000-0000-7000-8000-000000000001"], &[]),
        &["--since", "--failed"],
    );
    fails_with(&neuroops(&["migrate"], &[]), &["DATABASE_ADMIN_URL"]);
}

#[test]
fn a_malformed_variable_is_named_and_its_value_is_not_shown() {
    let output = neuroops(&["serve"], &[("JWT_SECRET_KEY", "hunter2"), ("HTTP_ADDR", "nonsense")]);
    fails_with(&output, &["JWT_SECRET_KEY", "HTTP_ADDR"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"), "a secret is never printed");
}

#[test]
fn an_unreachable_server_is_said_to_be_unreachable() {
    let admin = [("DATABASE_ADMIN_URL", "postgres://postgres:secret-word@127.0.0.1:1/neuroops")];
    let output = neuroops(&["migrate"], &admin);
    fails_with(&output, &["Postgres", "reached"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret-word"), "a password is never printed");
}

#[test]
fn an_occupied_port_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    fails_with(&neuroops(&["up"], &[("HTTP_ADDR", &address)]), &[&address, "HTTP_ADDR"]);
}

#[test]
fn there_is_nothing_to_compare_with_in_local_mode() {
    fails_with(&neuroops(&["billing", "reconcile"], &[]), &["local mode", "STRIPE_SECRET_KEY"]);
    fails_with(&neuroops(&["billing", "reconcile", "--days", "0"], &[("STRIPE_SECRET_KEY", "sk_test_1")]), &["--days"]);
    fails_with(&neuroops(&["billing", "reconcile"], &[("STRIPE_SECRET_KEY", "sk_test_1")]), &["DATABASE_URL"]);
}

#[test]
fn an_unknown_role_or_projection_is_answered_with_those_that_there_are() {
    fails_with(&neuroops(&["work", "--only", "nothing"], &[]), &["relay", "projectors"]);
}
