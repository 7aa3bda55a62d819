//! The real servers, started, killed and stopped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use platform::config::Config;
use platform::embedded::{Embedded, EmbeddedError, EmbeddedOptions, KafkaKind, KafkaOptions, PostgresOptions, ServerState};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use sqlx::{Connection as _, Executor as _, PgConnection};

const PATIENCE: Duration = Duration::from_secs(20);
const TOPIC: &str = "neuroops.test";
/// Tells a copy of this test binary to be the platform that gets killed; its value is the folder.
const CHILD: &str = "NEUROOPS_TEST_CHILD_DIR";

fn options(dir: &Path) -> EmbeddedOptions {
    let jar_dirs = Config::from_env().expect("a valid environment").kafka_jar_dirs();
    EmbeddedOptions {
        dir: dir.to_owned(),
        postgres: Some(PostgresOptions { port: 0 }),
        kafka: Some(KafkaOptions { port: 0, heap_mb: 512, jar_dirs, proxied: false }),
    }
}

/// Looks until it is there; panics with `what` when it never is.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// Runs SQL as the administrator; the first column of the first row, as text.
async fn sql(embedded: &Embedded, text: &str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect(&embedded.postgres().expect("Postgres").admin_url).await?;
    sqlx::query_scalar(text).fetch_one(&mut connection).await
}

async fn fill_postgres(embedded: &Embedded) {
    let mut connection = PgConnection::connect(&embedded.postgres().expect("Postgres").admin_url).await.expect("a connection");
    connection.execute("CREATE TABLE kept (value text); INSERT INTO kept VALUES ('committed')").await.expect("a row");
}

fn bootstrap(embedded: &Embedded) -> &str {
    &embedded.kafka().expect("Kafka").bootstrap
}

async fn create_topic(embedded: &Embedded) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap(embedded)).create().expect("an admin client");
    let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(1));
    let results = admin.create_topics([&topic], &AdminOptions::new()).await.expect("an answer");
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

async fn produce(embedded: &Embedded, value: &str) {
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", bootstrap(embedded)).set("acks", "all").create().expect("a producer");
    let record = FutureRecord::to(TOPIC).partition(0).key("key").payload(value);
    producer.send(record, PATIENCE).await.expect("an acknowledgement");
}

fn consume_first(embedded: &Embedded) -> String {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap(embedded))
        .set("group.id", "test")
        .set("fetch.wait.max.ms", "10")
        .create()
        .expect("a consumer");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(TOPIC, 0, Offset::Beginning).expect("an offset");
    consumer.assign(&from).expect("assigned");
    eventually("a record", || {
        let message = consumer.poll(Duration::from_millis(100))?.ok()?;
        message.payload().map(|value| String::from_utf8_lossy(value).into_owned())
    })
}

/// Kills a server; returns once another process answers in its place.
fn kill_and_await(embedded: &Embedded, name: &str) -> Duration {
    let status = || embedded.status().into_iter().find(|status| status.name == name).expect("a status");
    let before = status();
    let pid = before.pid.expect("a process");
    let begun = Instant::now();
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), Signal::SIGKILL).expect("killed");
    let after = eventually(name, || {
        let now = status();
        (now.state == ServerState::Running && now.pid.is_some() && now.pid != Some(pid)).then_some(now)
    });
    assert_eq!(after.restarts, before.restarts + 1, "one restart is enough");
    begun.elapsed()
}

/// Processes, of any kind, that work in a folder of the servers.
fn processes_in(folders: &[PathBuf]) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("/proc");
    entries
        .flatten()
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| folders.iter().any(|folder| cwd.starts_with(folder))))
        .map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
        .collect()
}

fn server_folders(dir: &Path) -> Vec<PathBuf> {
    ["postgres", "kafka"].iter().map(|name| dir.join(name).canonicalize().expect("a folder")).collect()
}

#[test]
fn killed_servers_come_back_with_their_data_and_stopped_ones_leave_no_process() {
    let temporary = tempfile::tempdir().expect("a folder");
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let dir = temporary.path().join("neuroops");
    let runtime = runtime();
    let mut embedded = Embedded::start(&options(&dir)).expect("both start");
    assert_eq!(embedded.kafka().map(|kafka| kafka.kind), Some(KafkaKind::Apache), "{:?}", embedded.notices());
    assert_eq!(embedded.notices(), [""; 0]);
    let password = fs::metadata(dir.join("postgres.password")).expect("a password");
    assert_eq!(password.mode() & 0o777, 0o600);
    runtime.block_on(async {
        fill_postgres(&embedded).await;
        create_topic(&embedded).await;
        produce(&embedded, "acknowledged").await;
    });

    let refused = Embedded::start(&options(&dir)).err();
    let own_pid = std::process::id().to_string();
    assert!(matches!(&refused, Some(EmbeddedError::AlreadyRunning { pid, .. }) if *pid == own_pid), "{refused:?}");

    let postgres = kill_and_await(&embedded, "postgres");
    assert_eq!(runtime.block_on(sql(&embedded, "SELECT value FROM kept")).expect("the row"), "committed");
    let kafka = kill_and_await(&embedded, "kafka");
    assert_eq!(consume_first(&embedded), "acknowledged");
    println!("back after kill -9: Postgres {postgres:?}, Kafka {kafka:?}");

    let folders = server_folders(&dir);
    assert!(!processes_in(&folders).is_empty(), "the search finds those that run");
    embedded.stop();
    assert_eq!(processes_in(&folders), [""; 0]);
    assert!(embedded.status().iter().all(|status| status.state == ServerState::Stopped && status.pid.is_none()));
    drop(embedded);

    // The folder is free again, its data is there, and a port that is taken is not insisted on.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let only_postgres = EmbeddedOptions { postgres: Some(PostgresOptions { port }), kafka: None, ..options(&dir) };
    let embedded = Embedded::start(&only_postgres).expect("starts");
    assert_ne!(embedded.postgres().expect("Postgres").port, port);
    assert!(embedded.notices()[0].contains(&port.to_string()), "{:?}", embedded.notices());
    assert_eq!(runtime.block_on(sql(&embedded, "SELECT value FROM kept")).expect("the row"), "committed");
}

/// The folder is closed to other users, as a checkout under /root is.
#[test]
fn a_killed_platform_takes_its_servers_along_and_can_start_again_at_once() {
    #[expect(clippy::disallowed_methods, reason = "the test starts itself as a second process, and tells it so")]
    let child_dir = std::env::var(CHILD);
    if let Ok(dir) = child_dir {
        let embedded = Embedded::start(&options(Path::new(&dir))).expect("both start");
        runtime().block_on(fill_postgres(&embedded));
        println!("\nready");
        loop {
            std::thread::park();
        }
    }
    let temporary = tempfile::tempdir().expect("a folder");
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o700)).expect("a mode");
    let dir = temporary.path().join("neuroops");
    let mut platform = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_killed_platform_takes_its_servers_along_and_can_start_again_at_once", "--nocapture"])
        .env(CHILD, &dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second process");
    let output = BufReader::new(platform.stdout.take().expect("its output"));
    assert!(output.lines().map_while(Result::ok).any(|line| line == "ready"), "the second process starts the servers");
    platform.kill().expect("killed");
    platform.wait().expect("gone");

    let begun = Instant::now();
    let embedded = Embedded::start(&options(&dir)).expect("both start again");
    println!("started again after {:?}", begun.elapsed());
    assert_eq!(runtime().block_on(sql(&embedded, "SELECT value FROM kept")).expect("the row"), "committed");
    let folders = server_folders(&dir);
    let moved = folders.iter().any(|folder| !folder.starts_with(temporary.path()));
    assert_eq!(moved, nix::unistd::geteuid().is_root(), "only root's servers run as somebody else");

    drop(embedded);
    assert_eq!(processes_in(&folders), [""; 0]);
    for folder in folders.iter().filter(|folder| !folder.starts_with(temporary.path())) {
        fs::remove_dir_all(folder).expect("removed");
        drop(fs::remove_dir(folder.parent().expect("a parent")));
    }
}

#[test]
fn without_jars_the_broker_is_the_one_in_this_process() {
    let temporary = tempfile::tempdir().expect("a folder");
    let kafka = Some(KafkaOptions { port: 0, heap_mb: 512, jar_dirs: vec![temporary.path().join("nothing")], proxied: false });
    let options = EmbeddedOptions { dir: temporary.path().join("neuroops"), postgres: None, kafka };
    let begun = Instant::now();
    let embedded = Embedded::start(&options).expect("starts");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(embedded.kafka().map(|kafka| kafka.kind), Some(KafkaKind::InProcess));
    assert!(embedded.notices()[0].contains("only the log in Postgres is durable"), "{:?}", embedded.notices());
    embedded.create_mock_topic(TOPIC, 1).expect("a topic");
    embedded.create_mock_topic(TOPIC, 1).expect("the same topic");
    runtime().block_on(produce(&embedded, "acknowledged"));
    assert_eq!(consume_first(&embedded), "acknowledged");
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_what_to_do() {
    let temporary = tempfile::tempdir().expect("a folder");
    let file = temporary.path().join("file");
    fs::write(&file, "").expect("a file");
    let options = EmbeddedOptions { dir: file.join("neuroops"), postgres: None, kafka: None };
    let text = Embedded::start(&options).err().expect("refused").to_string();
    assert!(text.contains(&file.display().to_string()) && text.contains("NEUROOPS_DIR"), "{text}");
}
