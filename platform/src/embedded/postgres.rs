//! The private Postgres cluster.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::Layout;
use super::error::EmbeddedError;
use super::process::{self, EndSteps, RunAs};
use super::supervisor::Server;

/// The superuser of the cluster.
pub(super) const ADMIN: &str = "neuroops_admin";
const PORT_VARIABLE: &str = "NEUROOPS_POSTGRES_PORT";
const PASSWORD_FILE: &str = "postgres.password";
const PASSWORD_DIGITS: usize = 48;
/// The oldest major version that has all that the settings below name.
const VERSION_MIN: u32 = 14;
const READY_WITHIN: Duration = Duration::from_mins(2);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Fast shutdown (ends sessions, then a checkpoint), then immediate, then none.
const END_STEPS: &EndSteps =
    &[(Signal::SIGINT, Duration::from_secs(20)), (Signal::SIGQUIT, Duration::from_secs(5)), (Signal::SIGKILL, Duration::from_secs(5))];

/// The cluster as its supervisor sees it.
pub(super) struct Postgres {
    run_as: RunAs,
    /// Holds `data`, so that an interrupted initdb is never taken for a cluster.
    folder: PathBuf,
    data: PathBuf,
    bin: PathBuf,
    log: PathBuf,
    password: String,
    port_wanted: u16,
    port: u16,
}

impl Postgres {
    pub(super) fn new(layout: &Layout, port_wanted: u16, notices: &mut Vec<String>) -> Result<Self, EmbeddedError> {
        let folder = layout.server_folder("postgres", notices)?;
        let data = folder.join("data");
        let bin = find_programs(&data)?;
        let password = password(&layout.dir.join(PASSWORD_FILE), &data)?;
        let log = layout.dir.join("postgres.log");
        Ok(Self { run_as: layout.run_as.clone(), folder, data, bin, log, password, port_wanted, port: port_wanted })
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    fn init(&self) -> Result<(), EmbeddedError> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let partial = self.folder.join("data.partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(EmbeddedError::file("remove", &partial))?;
        }
        let password_file = self.folder.join("password");
        self.run_as.write(&password_file, &self.password)?;
        let mut initdb = self.run_as.command(&self.bin.join("initdb"), Signal::SIGKILL);
        initdb.arg("--pgdata").arg(&partial).arg("--pwfile").arg(&password_file).args([
            "--username",
            ADMIN,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]);
        let outcome = process::run("initdb", &mut initdb, &self.folder);
        fs::remove_file(&password_file).map_err(EmbeddedError::file("remove", &password_file))?;
        outcome?;
        fs::rename(&partial, &self.data).map_err(EmbeddedError::file("rename", &partial))
    }

    /// Sizes for a small machine that also runs the platform and Kafka; durability as in production. What an operator changes
    /// with `ALTER SYSTEM` wins, because Postgres reads it last.
    fn settings(&self) -> String {
        let compression = if self.built_with_lz4() { "lz4" } else { "pglz" };
        let toast = compression;
        format!(
            "# Written by NeuroOps at each start. Make changes with ALTER SYSTEM.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
cluster_name = 'neuroops'
max_connections = 200
password_encryption = 'scram-sha-256'
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 8MB
maintenance_work_mem = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
max_wal_senders = 4
wal_buffers = 16MB
wal_compression = {wal_compression}
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
default_toast_compression = {toast}
random_page_cost = 1.1
effective_io_concurrency = 100
jit = off
autovacuum = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C.UTF-8'
log_line_prefix = '%m [%p] %q%u@%d '
# Statements and the details of errors may hold tenants' data; the log does not.
log_error_verbosity = terse
log_min_error_statement = panic
log_checkpoints = off
",
            port = self.port,
            wal_compression = compression,
        )
    }

    fn built_with_lz4(&self) -> bool {
        let options = Command::new(self.bin.join("pg_config")).arg("--configure").output();
        let version = fs::read_to_string(self.data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse::<u32>().ok());
        // wal_compression takes the name of a method from 15 on.
        version.is_some_and(|version| version >= 15)
            && options.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--with-lz4"))
    }
}

impl Server for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn home(&self) -> &Path {
        &self.data
    }

    fn program(&self) -> &'static str {
        "postgres"
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
            self.init()?;
            self.port = process::free_port("Postgres", self.port_wanted, PORT_VARIABLE)?;
            self.run_as.write(&self.data.join("postgresql.conf"), &self.settings())?;
        }
        // No process of the cluster is alive, which the supervisor has seen to. The pid in the file of a killed server may by now
        // be another process of the same user, and Postgres would refuse to start.
        let pid_file = self.data.join("postmaster.pid");
        match fs::remove_file(&pid_file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(EmbeddedError::file("remove", &pid_file)(error)),
            _ => Ok(()),
        }
    }

    fn command(&self) -> Command {
        // Killed, the platform still leaves a cleanly shut down cluster behind.
        let mut command = self.run_as.command(&self.bin.join("postgres"), Signal::SIGINT);
        command.arg("-D").arg(&self.data).current_dir(&self.data);
        command
    }

    /// As `pg_ctl --wait` does: the server notes its state in line 8 of its pid file, `ready` once recovery is over and sessions
    /// are accepted.
    fn answers(&mut self, pid: u32) -> bool {
        let Ok(text) = fs::read_to_string(self.data.join("postmaster.pid")) else { return false };
        let mut lines = text.lines();
        lines.next() == Some(pid.to_string().as_str())
            && lines.nth(6).is_some_and(|state| state.trim() == "ready")
            && TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), CONNECT_TIMEOUT).is_ok()
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn notices(&self) -> Vec<String> {
        super::port_notice("Postgres", self.port_wanted, self.port)
    }
}

/// The folder with the server's programs: of the version that made the data, else the newest.
fn find_programs(data: &Path) -> Result<PathBuf, EmbeddedError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .chain(programs_on_path())
        .filter(|(version, bin)| *version >= VERSION_MIN && bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(made_by) => found
            .into_iter()
            .find(|(version, _)| version.to_string() == made_by.trim())
            .ok_or_else(|| EmbeddedError::PostgresVersion { path: data.to_owned(), found: made_by.trim().to_owned() }),
        Err(_) => found.pop().ok_or(EmbeddedError::PostgresMissing),
    }
    .map(|(_, bin)| bin)
}

/// Where other systems than Debian have them.
fn programs_on_path() -> Option<(u32, PathBuf)> {
    let ask = |what| {
        let output = Command::new("pg_config").arg(what).output().ok()?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    let version = ask("--version")?;
    let major = version.split_whitespace().nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((major, PathBuf::from(ask("--bindir")?)))
}

/// The administrator's password, made on the first start.
fn password(file: &Path, data: &Path) -> Result<String, EmbeddedError> {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(EmbeddedError::file("read", file)(error)),
        _ => {}
    }
    if data.join("PG_VERSION").exists() {
        return Err(EmbeddedError::PasswordMissing { path: file.to_owned() });
    }
    let password = process::random_hex(PASSWORD_DIGITS)?;
    process::write_private(file, &password).map_err(EmbeddedError::file("write", file))?;
    Ok(password)
}
