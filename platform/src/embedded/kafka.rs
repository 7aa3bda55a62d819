//! The private Apache Kafka: one node, broker and controller in one JVM (`KRaft`).

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::error::EmbeddedError;
use super::process::{self, EndSteps, RunAs};
use super::supervisor::Server;
use super::{KafkaOptions, Layout, PROXIED};

/// The version whose jars scripts/setup fetches.
pub const KAFKA_VERSION: &str = "4.1.0";
const JAVA_MIN: u32 = 17;
const PORT_VARIABLE: &str = "NEUROOPS_KAFKA_PORT";
const READY_WITHIN: Duration = Duration::from_mins(2);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);
const END_STEPS: &EndSteps = &[(Signal::SIGTERM, Duration::from_secs(15)), (Signal::SIGKILL, Duration::from_secs(5))];
/// To the log that stdout is; the supervisor bounds its size.
const LOG4J: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN" shutdownHook="disable">
  <Appenders>
    <Console name="log"><PatternLayout pattern="%d{ISO8601} %-5p %m (%c)%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Logger name="org.apache.kafka.server.util" level="WARN"/>
    <Root level="WARN"><AppenderRef ref="log"/></Root>
  </Loggers>
</Configuration>
"#;

/// The broker as its supervisor sees it.
pub(super) struct Kafka {
    run_as: RunAs,
    home: PathBuf,
    log: PathBuf,
    jars: PathBuf,
    heap_mb: u32,
    port_wanted: u16,
    port: u16,
    controller_port: u16,
    proxied: bool,
    proxied_port: u16,
}

/// The jars, if a broker can run here; else why not.
pub(super) fn find_jars(options: &KafkaOptions, run_as: &RunAs) -> Result<PathBuf, String> {
    let jar = format!("kafka_2.13-{KAFKA_VERSION}.jar");
    let (readable, hidden): (Vec<_>, Vec<_>) =
        options.jar_dirs.iter().filter(|dir| dir.join(&jar).exists()).partition(|dir| run_as.may("-r", &dir.join(&jar)));
    let Some(jars) = readable.first() else {
        return Err(match hidden.first() {
            Some(dir) => format!("the user of the servers cannot read {}; run scripts/setup", dir.display()),
            None => "no Kafka jars found; scripts/setup fetches them".to_owned(),
        });
    };
    let output = run_as.command(Path::new("java"), Signal::SIGKILL).args(["-XX:TieredStopAtLevel=1", "-version"]).output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    match java_major(&version) {
        None => Err("no JVM found; scripts/setup installs one".to_owned()),
        Some(found) if found < JAVA_MIN => Err(format!("Kafka needs Java {JAVA_MIN}, and `java` is {found}; scripts/setup installs it")),
        Some(_) => Ok((*jars).clone()),
    }
}

/// The major version out of `openjdk version "17.0.15" 2025-04-15`; Java 8 called itself 1.8.
fn java_major(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("version \"")?;
    rest.split(['.', '"', '-', '+']).next()?.parse().ok()
}

impl Kafka {
    pub(super) fn new(layout: &Layout, options: &KafkaOptions, jars: PathBuf, notices: &mut Vec<String>) -> Result<Self, EmbeddedError> {
        Ok(Self {
            run_as: layout.run_as.clone(),
            home: layout.server_folder("kafka", notices)?,
            log: layout.dir.join("kafka.log"),
            jars,
            heap_mb: options.heap_mb,
            port_wanted: options.port,
            port: options.port,
            controller_port: 0,
            proxied: options.proxied,
            proxied_port: 0,
        })
    }

    fn properties(&self) -> PathBuf {
        self.home.join("server.properties")
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Keeps the controller's port while it is free: nobody but the broker itself uses it.
    fn choose_ports(&mut self) -> Result<(), EmbeddedError> {
        self.port = process::free_port("Kafka", self.port_wanted, PORT_VARIABLE)?;
        let file = self.home.join("controller.port");
        let kept = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<u16>().ok()).unwrap_or(0);
        self.controller_port = process::free_port("Kafka's controller", kept, PORT_VARIABLE)?;
        if self.controller_port == self.port {
            self.controller_port = process::free_port("Kafka's controller", 0, PORT_VARIABLE)?;
        }
        if self.proxied {
            self.proxied_port = process::free_port("Kafka's listener for a proxy", 0, PORT_VARIABLE)?;
        }
        if self.controller_port != kept {
            self.run_as.write(&file, &self.controller_port.to_string())?;
        }
        Ok(())
    }

    /// Retention is endless (what may go is the log's owner's decision), topics are made only on purpose, and sizes suit one
    /// machine and one node. The voters are static, so that another controller port is a change of this file only.
    fn settings(&self) -> String {
        let (own, told) = (format!("PROXIED://127.0.0.1:{},", self.proxied_port), format!(",PROXIED://{PROXIED}:{}", self.proxied_port));
        let (own, told) = if self.proxied { (own.as_str(), told.as_str()) } else { ("", "") };
        format!(
            "# Written by NeuroOps at each start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},{own}CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{told}
log.dirs={data}
# A killed broker may not register again before its old session has run out: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
# A record every 500 ms by default, each with its fsync, on the disk that Postgres commits to.
metadata.max.idle.interval.ms=5000
auto.create.topics.enable=false
min.insync.replicas=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=43200
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.retention.bytes=-1
log.index.size.max.bytes=4194304
log.cleaner.dedupe.buffer.size=8388608
# Room for the largest command (1 MiB) in an event with its headers.
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
",
            port = self.port,
            controller = self.controller_port,
            data = self.data().display(),
        )
    }

    fn java(&self, heap_mb: u32) -> Command {
        // Killed, the platform leaves a broker that closes its log properly, which takes half a second.
        let mut command = self.run_as.command(Path::new("java"), Signal::SIGTERM);
        command
            .arg(format!("-Xms{}m", heap_mb.min(128)))
            .arg(format!("-Xmx{heap_mb}m"))
            // One or two cores and a small heap: the collector with the fewest threads and the least memory.
            .args(["-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData"])
            .args(["-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true"])
            .arg(format!("-Dlog4j2.configurationFile={}", self.home.join("log4j2.xml").display()))
            .arg("-cp")
            .arg(self.jars.join("*"))
            .current_dir(&self.home);
        command
    }

    /// The formatter writes `meta.properties` last, so a folder without it is formatted (again).
    fn format(&self) -> Result<(), EmbeddedError> {
        if self.data().join("meta.properties").exists() {
            return Ok(());
        }
        // Kafka's cluster ids are 16 bytes in base64: 22 digits, of which the last holds two bits.
        let cluster_id = process::random_hex(21)? + "A";
        let mut format = self.java(128);
        format.args(["kafka.tools.StorageTool", "format", "--cluster-id", &cluster_id, "--config"]).arg(self.properties());
        process::run("formatting Kafka's storage", &mut format, &self.home)
    }
}

impl Server for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn home(&self) -> &Path {
        &self.home
    }

    fn program(&self) -> &'static str {
        "java"
    }

    fn log(&self) -> &Path {
        &self.log
    }

    fn end_steps(&self) -> &'static EndSteps {
        END_STEPS
    }

    fn ready_within(&self) -> Duration {
        READY_WITHIN
    }

    fn prepare(&mut self, first: bool) -> Result<(), EmbeddedError> {
        if first {
            self.choose_ports()?;
            self.run_as.write(&self.home.join("log4j2.xml"), LOG4J)?;
            self.run_as.write(&self.properties(), &self.settings())?;
            self.format()?;
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = self.java(self.heap_mb);
        command.arg("kafka.Kafka").arg(self.properties());
        command
    }

    /// A client's first step: the broker is known and reachable under the address that it advertises.
    fn answers(&mut self, _pid: u32) -> bool {
        if TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), CONNECT_TIMEOUT).is_err() {
            return false;
        }
        ClientConfig::new()
            .set("bootstrap.servers", format!("127.0.0.1:{}", self.port))
            .create::<BaseConsumer>()
            .and_then(|client| client.fetch_metadata(None, METADATA_TIMEOUT))
            .is_ok_and(|metadata| metadata.brokers().iter().any(|broker| i32::from(self.port) == broker.port()))
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn second_port(&self) -> Option<u16> {
        self.proxied.then_some(self.proxied_port)
    }

    fn notices(&self) -> Vec<String> {
        super::port_notice("Kafka", self.port_wanted, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::java_major;

    #[test]
    fn java_versions_of_all_ages_are_read() {
        assert_eq!(java_major("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK"), Some(17));
        assert_eq!(java_major("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(java_major("openjdk version \"24-ea\" 2025-03-18"), Some(24));
        assert_eq!(java_major("java version \"1.8.0_392\""), Some(1));
        assert_eq!(java_major("bash: java: command not found"), None);
    }
}
