use super::*;

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

fn problem(name: &str, value: &str) -> String {
    let problems = load(&[(name, value)]).expect_err("refused").problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with(name), "{problems:?}");
    problems[0].clone()
}

#[test]
fn an_empty_environment_gives_the_documented_defaults() {
    let config = load(&[]).expect("defaults");
    assert_eq!(config.http_addr, "127.0.0.1:8080".parse().expect("address"));
    assert_eq!(config.metrics_addr, None);
    assert_eq!(config.kafka_topic_prefix, "neuroops");
    assert_eq!((config.log_partitions, config.appender_lanes), (None, lanes_default()));
    assert_eq!((config.postgres_port, config.kafka_port), (54329, 19092));
    assert_eq!((config.http_body_bytes_max, config.http_timeout_seconds), (1024 * 1024, 30));
    assert_eq!((config.export_dir, config.export_keep_days), (None, 7));
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!(config.dir, PathBuf::from(".neuroops"));
    assert_eq!(config.jwt_secret_key, None, "no secret has a default");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = load(&[("DATABASE_URL", ""), ("HTTP_ADDR", " "), ("NEUROOPS_PARTITIONS", "")]).expect("defaults");
    assert_eq!(config, load(&[]).expect("defaults"));
}

#[test]
fn every_problem_is_reported_at_once() {
    let error = load(&[("HTTP_ADDR", "8080"), ("NEUROOPS_PARTITIONS", "0"), ("JWT_SECRET_KEY", "short")]).expect_err("refused");
    let names: Vec<_> = error.problems.iter().filter_map(|problem| problem.split(' ').next()).collect();
    assert_eq!(names, ["HTTP_ADDR", "JWT_SECRET_KEY", "NEUROOPS_PARTITIONS"]);
    assert_eq!(error.to_string().lines().count(), 3);
}

#[test]
fn no_message_and_no_debug_output_shows_a_secret() {
    const MARK: &str = "hunter2";
    for (name, value) in [
        ("DATABASE_URL", "mysql://app:hunter2@host/db"),
        ("DATABASE_WORKER_URL", "postgres://app:hunter2@host:notaport/db"),
        ("REDIS_URL", "http://:hunter2@host"),
        ("JWT_SECRET_KEY", "hunter2"),
        ("SECRETS_KEY", "hunter2"),
        ("STRIPE_SECRET_KEY", "hunter2"),
        ("STRIPE_WEBHOOK_SECRET", "hunter2"),
        ("AUDIT_SIGNING_KEY", "hunter2"),
    ] {
        assert!(!problem(name, value).contains(MARK), "{name}");
    }
    let config = load(&[
        ("DATABASE_URL", "postgres://app:hunter2@host/db"),
        ("REDIS_URL", "redis://:hunter2@host/0"),
        ("JWT_SECRET_KEY", "hunter2hunter2hunter2hunter2hunter2"),
        ("STRIPE_SECRET_KEY", "sk_test_hunter2"),
        ("LLM_API_KEY", "hunter2"),
        ("AWS_ACCESS_KEY_ID", "hunter2"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ])
    .expect("valid");
    assert!(!format!("{config:?}").contains(MARK));
    assert_eq!(config.ai.api_key.expect("set").expose(), MARK);
}

#[test]
fn numbers_are_taken_up_to_both_ends_of_their_ranges_and_not_beyond() {
    for (name, low, high) in [
        ("NEUROOPS_PARTITIONS", 1_u64, 1024),
        ("NEUROOPS_LANES", 1, 64),
        ("HTTP_BODY_BYTES_MAX", 1024, 64 * 1024 * 1024),
        ("HTTP_TIMEOUT_SECONDS", 1, 600),
        ("JWT_ACCESS_EXPIRY_DAYS", 1, 365),
        ("EXPORT_KEEP_DAYS", 1, 365),
        ("AUDIT_CHECKPOINT_SECONDS", 1, 3600),
        ("NEUROOPS_POSTGRES_PORT", 0, 65535),
        ("NEUROOPS_KAFKA_PORT", 0, 65535),
    ] {
        for number in [low, high] {
            load(&[(name, &number.to_string())]).expect(name);
        }
        for text in [(high + 1).to_string(), "-1".to_owned(), "many".to_owned(), "1.5".to_owned()] {
            assert!(problem(name, &text).contains(&high.to_string()), "{name}={text}");
        }
    }
    problem("NEUROOPS_PARTITIONS", "0");
}

#[test]
fn addresses_are_checked_for_their_form() {
    for (name, good, bad) in [
        ("DATABASE_URL", "postgresql://app@db.example.com:5433/neuroops", "db.example.com"),
        ("REDIS_URL", "rediss://cache:6380/1", "redis://"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:9092, b:9093", "a:9092,b"),
        ("KAFKA_BOOTSTRAP_SERVERS", "[::1]:9092", "a:0"),
        ("KAFKA_TOPIC_PREFIX", "acme.eu_1-prod", "Acme"),
        ("KAFKA_TOPIC_PREFIX", "0", ".."),
        ("HTTP_ADDR", "[::]:80", "localhost:8080"),
        ("METRICS_ADDR", "0.0.0.0:9090", "9090"),
        ("FRONTEND_URL", "https://app.example.com/", "app.example.com"),
        ("SUPER_ADMIN_EMAIL", "root@example.com", "root@@example.com"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_x", "whsec_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_x, whsec_y", "whsec_x,y"),
        ("STRIPE_API_BASE", "http://127.0.0.1:8420/", "localhost:8420"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=secret,a=b", "secret"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25", "2"),
        ("BILLING_TENANT_ID", "0197f3c2-0000-7000-8000-000000000000", "7"),
        ("STRIPE_PRICE_GROWTH", "price_1", "price 1"),
        ("NEUROOPS_LOG_FORMAT", "json", "JSON"),
    ] {
        load(&[(name, good)]).expect(good);
        problem(name, bad);
    }
}

#[test]
fn webhook_secrets_may_be_several_while_one_replaces_another() {
    let secrets = |value: &str| {
        let config = load(&[("STRIPE_WEBHOOK_SECRET", value)]).expect("valid");
        config.stripe.webhook_secrets.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(secrets("whsec_a, whsec_b"), ["whsec_a", "whsec_b"]);
    assert_eq!(secrets(""), [""; 0]);
}

#[test]
fn a_signing_key_needs_32_bytes() {
    problem("JWT_SECRET_KEY", &"k".repeat(31));
    load(&[("JWT_SECRET_KEY", &"k".repeat(32))]).expect("long enough");
}

#[test]
fn half_of_the_storage_credentials_is_refused() {
    problem("AWS_ACCESS_KEY_ID", "id");
    assert!(load(&[("AWS_SECRET_ACCESS_KEY", "key")]).is_err());
}

#[test]
fn a_missing_variable_is_named_with_what_to_give() {
    let config = load(&[]).expect("defaults");
    for (error, name) in [
        (config.require_database().expect_err("missing"), "DATABASE_URL is not set."),
        (config.require_database_worker().expect_err("missing"), "DATABASE_WORKER_URL is not set."),
        (config.require_database_admin().expect_err("missing"), "DATABASE_ADMIN_URL is not set."),
        (config.require_kafka().expect_err("missing"), "KAFKA_BOOTSTRAP_SERVERS is not set."),
        (config.require_export_dir().expect_err("missing"), "EXPORT_DIR is not set."),
        (config.require_jwt_secret().expect_err("missing"), "JWT_SECRET_KEY is not set."),
    ] {
        let text = error.to_string();
        assert!(text.starts_with(name) && text.contains("`neuroops up`"), "{text}");
    }
}

#[test]
fn up_brings_only_the_servers_that_are_not_named() {
    let both = load(&[]).expect("defaults").embedded_options();
    assert!(both.postgres.is_some() && both.kafka.is_some());
    let kafka = load(&[("DATABASE_URL", "postgres://app@host/db")]).expect("valid").embedded_options();
    assert!(kafka.postgres.is_none() && kafka.kafka.is_some());
    let postgres = load(&[("KAFKA_BOOTSTRAP_SERVERS", "host:9092")]).expect("valid").embedded_options();
    assert!(postgres.postgres.is_some() && postgres.kafka.is_none());
}

#[test]
fn jars_are_looked_for_where_setup_puts_them() {
    let dirs = |variables: &[(&str, &str)]| load(variables).expect("valid").kafka_jar_dirs();
    let system = PathBuf::from("/var/cache/neuroops/kafka-4.1.0");
    assert_eq!(dirs(&[("NEUROOPS_CACHE_DIR", "/c"), ("HOME", "/home/a")]), [PathBuf::from("/c/kafka-4.1.0")]);
    assert_eq!(dirs(&[("HOME", "/home/a")]), [PathBuf::from("/home/a/.cache/neuroops/kafka-4.1.0"), system.clone()]);
    assert_eq!(dirs(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), [PathBuf::from("/x/neuroops/kafka-4.1.0"), system.clone()]);
    assert_eq!(dirs(&[]), [system]);
}

/// A variable that is read but not documented, or documented but not read, fails here.
#[test]
fn the_sample_file_names_exactly_the_variables_that_are_read() {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    let read = RefCell::new(BTreeSet::new());
    Config::load(|name| {
        read.borrow_mut().insert(name.to_owned());
        None
    })
    .expect("defaults");
    let mut read = read.into_inner();
    for of_the_system in ["HOME", "XDG_CACHE_HOME"] {
        read.remove(of_the_system);
    }
    let sample = include_str!("../../../.env.example");
    let documented: BTreeSet<_> = sample
        .lines()
        .filter_map(|line| line.trim_start_matches('#').trim().split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .collect();
    assert_eq!(read, documented);
    let given: Vec<_> = sample.lines().filter(|line| !line.starts_with('#') && line.contains('=')).collect();
    assert!(given.is_empty(), "the sample sets {given:?}; every line is a comment until someone decides");
}

#[test]
fn keys_and_ranges_are_lists() {
    let (one, two) = ("a".repeat(64), "B2".repeat(32));
    let config = load(&[("SECRETS_KEY", &format!("{one}, {two}")), ("WEBHOOK_ALLOWED_RANGES", "10.0.0.0/8, fd00::/8")]).expect("valid");
    assert_eq!(config.require_secrets_keys().expect("set").iter().map(Secret::expose).collect::<Vec<_>>(), [&one, &two]);
    assert_eq!(config.webhook_allowed_ranges.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "fd00::/8"]);
    for (name, bad) in [("SECRETS_KEY", "abc"), ("WEBHOOK_ALLOWED_RANGES", "10.0.0.0"), ("WEBHOOK_ALLOWED_RANGES", "10.0.0.0/8,")] {
        problem(name, bad);
    }
    assert!(load(&[]).expect("defaults").require_secrets_keys().is_err());
}

#[test]
fn signing_keys_may_be_several_while_one_replaces_another() {
    let (new, old) = ("ab".repeat(32), "cd".repeat(32));
    let config = load(&[("AUDIT_SIGNING_KEY", &format!("{new}, {old}"))]).expect("valid");
    let keys: Vec<&str> = config.require_audit_signing_keys().expect("set").iter().map(Secret::expose).collect();
    assert_eq!(keys, [&new, &old]);
    problem("AUDIT_SIGNING_KEY", &format!("{new},{}", &old[1..]));
    assert!(load(&[]).expect("defaults").require_audit_signing_keys().is_err());
}
