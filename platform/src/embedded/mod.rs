//! The servers that `neuroops up` brings along: a private Postgres cluster and a private Apache Kafka, under one folder.
//!
//! ```text
//! .neuroops/
//!   lock               held while a platform uses the folder; holds its process id
//!   postgres.password  of the superuser neuroops_admin (mode 600)
//!   postgres.log, kafka.log
//!   postgres/          the cluster, or a link to it
//!   kafka/             the broker's files, or a link to them
//! ```
//!
//! [`Embedded::start`] blocks until both answer, and needs no async runtime. The servers are restarted when they die, end when
//! this process ends (however it ends), and nothing outside the folder is touched, with one exception: run by root from a folder
//! that the unprivileged user of the servers cannot reach, the data is under `/var/lib/neuroops`, and the folder links there.
//!
//! To add a server, implement [`supervisor::Server`] in a file of its own, and start it in [`Embedded::start`].

mod error;
mod kafka;
mod mock_kafka;
mod postgres;
mod process;
mod supervisor;

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use self::kafka::Kafka;
use self::mock_kafka::InProcessKafka;
use self::postgres::Postgres;
use self::process::RunAs;
use self::supervisor::{FirstStart, Supervisor};

pub use self::error::EmbeddedError;
pub use self::kafka::KAFKA_VERSION;
pub use self::supervisor::{ServerState, ServerStatus};

/// Where the data goes when the folder itself cannot be reached by the user of the servers.
const REACHABLE_BASE: &str = "/var/lib/neuroops";

/// What to start, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// The folder for everything, usually `.neuroops`. Made if missing.
    pub dir: PathBuf,
    /// Whether to start Postgres.
    pub postgres: Option<PostgresOptions>,
    /// Whether to start Kafka.
    pub kafka: Option<KafkaOptions>,
}

/// How to start Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The wanted port; the next free one is taken instead when it is in use. 0 wants any.
    pub port: u16,
}

/// How to start Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaOptions {
    /// The wanted port; the next free one is taken instead when it is in use. 0 wants any.
    pub port: u16,
    /// The largest heap of the JVM, in MiB.
    pub heap_mb: u32,
    /// Folders that may hold the jars, best first ([`crate::config::Config::kafka_jar_dirs`]). Without jars or Java the broker is
    /// the in-process one.
    pub jar_dirs: Vec<PathBuf>,
    /// Whether to listen for a proxy too: on 127.0.0.1, saying that it is at the same port of [`PROXIED`].
    pub proxied: bool,
}

/// The running Postgres.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresInfo {
    /// The port on 127.0.0.1 that it really has.
    pub port: u16,
    /// Connection string of the superuser for the database `postgres`. Holds the password.
    pub admin_url: String,
}

impl std::fmt::Debug for PostgresInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresInfo").field("port", &self.port).field("admin_url", &"***").finish()
    }
}

/// Where the listener that is meant for a proxy says that it is. Nothing else listens at this address of the machine itself, so the
/// listener's own port is free there.
pub const PROXIED: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);

/// Which broker it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KafkaKind {
    /// Apache Kafka in a JVM; what it holds survives restarts.
    Apache,
    /// A stand-in inside this process; what it holds is gone with it. Make topics with [`Embedded::create_mock_topic`].
    InProcess,
}

/// The running broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaInfo {
    /// For `bootstrap.servers`.
    pub bootstrap: String,
    /// Which broker it is.
    pub kind: KafkaKind,
    /// The address of the listener that is meant for a proxy.
    pub proxied: Option<String>,
}

/// The running servers. Dropping it ends them.
pub struct Embedded {
    // In the order in which they end: whoever writes to the other first.
    kafka_supervisor: Option<Supervisor>,
    in_process_kafka: Option<InProcessKafka>,
    postgres_supervisor: Option<Supervisor>,
    postgres: Option<PostgresInfo>,
    kafka: Option<KafkaInfo>,
    notices: Vec<String>,
    /// Released last.
    _lock: File,
}

impl Embedded {
    /// Starts the servers at the same time and waits until all answer: about 4 s the first time, 3 s after that.
    pub fn start(options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let (layout, lock) = Layout::open(&options.dir)?;
        let mut embedded = Self {
            kafka_supervisor: None,
            in_process_kafka: None,
            postgres_supervisor: None,
            postgres: None,
            kafka: None,
            notices: Vec::new(),
            _lock: lock,
        };
        let postgres = options.postgres.as_ref().map(|options| embedded.spawn_postgres(&layout, options)).transpose()?;
        let kafka = options.kafka.as_ref().map(|options| embedded.spawn_kafka(&layout, options)).transpose()?.flatten();
        if let (Some((password, first_start)), Some(supervisor)) = (postgres, &embedded.postgres_supervisor) {
            let started = supervisor.wait(&first_start)?;
            let admin_url = format!("postgres://{}:{password}@127.0.0.1:{}/postgres", postgres::ADMIN, started.port);
            embedded.postgres = Some(PostgresInfo { port: started.port, admin_url });
            embedded.notices.extend(started.notices);
        }
        if let (Some(first_start), Some(supervisor)) = (kafka, &embedded.kafka_supervisor) {
            let started = supervisor.wait(&first_start)?;
            let proxied = started.second_port.map(|port| format!("127.0.0.1:{port}"));
            embedded.kafka = Some(KafkaInfo { bootstrap: format!("127.0.0.1:{}", started.port), kind: KafkaKind::Apache, proxied });
            embedded.notices.extend(started.notices);
        }
        Ok(embedded)
    }

    fn spawn_postgres(&mut self, layout: &Layout, options: &PostgresOptions) -> Result<(String, FirstStart), EmbeddedError> {
        let server = Postgres::new(layout, options.port, &mut self.notices)?;
        let password = server.password().to_owned();
        let (supervisor, first_start) = Supervisor::spawn(server)?;
        self.postgres_supervisor = Some(supervisor);
        Ok((password, first_start))
    }

    fn spawn_kafka(&mut self, layout: &Layout, options: &KafkaOptions) -> Result<Option<FirstStart>, EmbeddedError> {
        let jars = match kafka::find_jars(options, &layout.run_as) {
            Ok(jars) => jars,
            Err(reason) => {
                self.notices.push(format!("Kafka: in-process broker ({reason}); only the log in Postgres is durable"));
                let broker = InProcessKafka::start()?;
                self.kafka = Some(KafkaInfo { bootstrap: broker.bootstrap.clone(), kind: KafkaKind::InProcess, proxied: None });
                self.in_process_kafka = Some(broker);
                return Ok(None);
            }
        };
        let server = Kafka::new(layout, options, jars, &mut self.notices)?;
        let (supervisor, first_start) = Supervisor::spawn(server)?;
        self.kafka_supervisor = Some(supervisor);
        Ok(Some(first_start))
    }

    /// The Postgres that was started.
    pub fn postgres(&self) -> Option<&PostgresInfo> {
        self.postgres.as_ref()
    }

    /// The broker that was started.
    pub fn kafka(&self) -> Option<&KafkaInfo> {
        self.kafka.as_ref()
    }

    /// What the user should know about this start, a sentence each: another port than the wanted one, data kept elsewhere, the
    /// in-process broker.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The main processes of the servers that run right now, by name.
    pub fn pids(&self) -> Vec<(&'static str, u32)> {
        self.status().into_iter().filter_map(|status| Some((status.name, status.pid?))).collect()
    }

    /// The servers at this moment; the in-process broker always runs.
    pub fn status(&self) -> Vec<ServerStatus> {
        let in_process =
            self.in_process_kafka.as_ref().map(|_| ServerStatus { name: "kafka", state: ServerState::Running, pid: None, restarts: 0 });
        let supervised = [&self.postgres_supervisor, &self.kafka_supervisor].into_iter().flatten().map(Supervisor::status);
        supervised.chain(in_process).collect()
    }

    /// Makes a topic on the in-process broker, which does not answer admin requests. That it exists already is no error.
    pub fn create_mock_topic(&self, name: &str, partitions: i32) -> Result<(), EmbeddedError> {
        self.in_process_kafka.as_ref().ok_or(EmbeddedError::NotInProcess)?.create_topic(name, partitions)
    }

    /// Ends Kafka, then Postgres, and waits for them; again is no error. Dropping does the same.
    pub fn stop(&mut self) {
        if let Some(supervisor) = &mut self.kafka_supervisor {
            supervisor.stop();
        }
        self.in_process_kafka = None;
        if let Some(supervisor) = &mut self.postgres_supervisor {
            supervisor.stop();
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder, locked, and who may use it.
struct Layout {
    dir: PathBuf,
    run_as: RunAs,
}

impl Layout {
    fn open(dir: &Path) -> Result<(Self, File), EmbeddedError> {
        let run_as = RunAs::detect()?;
        if !dir.exists() {
            fs::create_dir_all(dir).map_err(EmbeddedError::file("create", dir))?;
            // The user of the servers must pass through; the secrets inside have modes of their own.
            let mode = if run_as.switches() { 0o755 } else { 0o700 };
            fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(EmbeddedError::file("set the mode of", dir))?;
        }
        let dir = dir.canonicalize().map_err(EmbeddedError::file("open", dir))?;
        let lock = lock(&dir)?;
        Ok((Self { dir, run_as }, lock))
    }

    /// A folder that belongs to the user of the servers; its real path, since the servers' processes are found by it.
    fn server_folder(&self, name: &'static str, notices: &mut Vec<String>) -> Result<PathBuf, EmbeddedError> {
        let path = self.dir.join(name);
        if !path.exists() {
            if path.is_symlink() {
                notices.push(format!("{} pointed to data that is gone; starting empty", path.display()));
                fs::remove_file(&path).map_err(EmbeddedError::file("remove", &path))?;
            }
            if self.run_as.may("-x", &self.dir) {
                self.create_owned(&path)?;
            } else {
                let real = Path::new(REACHABLE_BASE).join(format!("{:016x}", fnv1a(self.dir.as_os_str().as_encoded_bytes()))).join(name);
                self.create_reachable(&real)?;
                symlink(&real, &path).map_err(EmbeddedError::file("link", &path))?;
                notices.push(format!(
                    "{name}: its data is in {}, because the unprivileged user that runs it cannot reach {}",
                    real.display(),
                    self.dir.display()
                ));
            }
        }
        let real = path.canonicalize().map_err(EmbeddedError::file("open", &path))?;
        let owner = fs::metadata(&real).map_err(EmbeddedError::file("open", &real))?.uid();
        if owner != self.run_as.uid() {
            return Err(EmbeddedError::Owner { path: real, owner, wanted: self.run_as.uid() });
        }
        Ok(real)
    }

    /// Whatever the umask, the way to the folder is open.
    fn create_reachable(&self, path: &Path) -> Result<(), EmbeddedError> {
        self.create_owned(path)?;
        for parent in path.ancestors().skip(1).take_while(|parent| parent.starts_with(REACHABLE_BASE)) {
            fs::set_permissions(parent, Permissions::from_mode(0o755)).map_err(EmbeddedError::file("set the mode of", parent))?;
        }
        Ok(())
    }

    fn create_owned(&self, path: &Path) -> Result<(), EmbeddedError> {
        fs::create_dir_all(path).map_err(EmbeddedError::file("create", path))?;
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(EmbeddedError::file("set the mode of", path))?;
        self.run_as.own(path)
    }
}

/// Two platforms on one folder would fight over the servers. The kernel releases the lock however the holder ends.
fn lock(dir: &Path) -> Result<File, EmbeddedError> {
    let path = dir.join("lock");
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = opened.map_err(EmbeddedError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(EmbeddedError::file("read", &path))?;
            return Err(EmbeddedError::AlreadyRunning { dir: dir.to_owned(), pid: pid.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(EmbeddedError::file("lock", &path)(error)),
    }
    let note = |file: &mut File| {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(EmbeddedError::file("write", &path))?;
    Ok(file)
}

/// A name for a folder that stays the same over releases (FNV-1a, 64 bits); no security rests on it.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn port_notice(server: &str, wanted: u16, got: u16) -> Vec<String> {
    if wanted == got || wanted == 0 {
        return Vec::new();
    }
    vec![format!("{server}: port {wanted} is taken by another program, so it is on 127.0.0.1:{got}")]
}
