//! What can go wrong with the embedded servers; each message says what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;

/// Why the embedded servers did not start.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// Another process holds the lock of the same folder.
    #[error("already running: process {pid} uses {}. Stop it first (Ctrl-C in its terminal, or `kill {pid}`), or choose another folder with NEUROOPS_DIR", dir.display())]
    AlreadyRunning {
        /// The folder that both want.
        dir: PathBuf,
        /// The process that holds it, as it wrote it down.
        pid: String,
    },
    /// A folder or file cannot be made, read or written.
    #[error("cannot {action} {}: {source}. Make it writable for this user, or choose another folder with NEUROOPS_DIR", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No space is left for the data.
    #[error("the disk that holds {} is full. Free some space, or choose a folder on another disk with NEUROOPS_DIR, then start again", path.display())]
    DiskFull {
        /// A path on that disk.
        path: PathBuf,
    },
    /// The data belongs to a user other than the one that would run the server.
    #[error("{} belongs to user {owner}, but the server would run as user {wanted}. Start as the user that made it, or move the folder away", path.display())]
    Owner {
        /// The folder of the data.
        path: PathBuf,
        /// Its owner's uid.
        owner: u32,
        /// The uid of the server.
        wanted: u32,
    },
    /// The Postgres server is not installed.
    #[error(
        "Postgres is not installed: no initdb under /usr/lib/postgresql, nor where pg_config points. Run scripts/setup, or name a server of your own with DATABASE_URL"
    )]
    PostgresMissing,
    /// The data needs another major version of Postgres than the installed ones.
    #[error("{} was made by Postgres {found}, which is not installed. Install postgresql-{found}, or move the folder away to start empty", path.display())]
    PostgresVersion {
        /// The folder of the data.
        path: PathBuf,
        /// The major version that made it.
        found: String,
    },
    /// The database exists, but the file with its administrator's password does not.
    #[error("{} is missing, so nobody can log in to the database beside it. Restore the file, or move the folder `postgres` away to start empty", path.display())]
    PasswordMissing {
        /// Where the password was.
        path: PathBuf,
    },
    /// A helper program is not installed.
    #[error("cannot run {program}: {source}. Run scripts/setup, which installs what is missing")]
    Program {
        /// Its name.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// No unprivileged user for the servers could be found or made.
    #[error(
        "the servers must not run as root, and there is no user `postgres` or `neuroops` for them ({reason}). Run scripts/setup, or start as another user than root"
    )]
    User {
        /// What was tried and failed.
        reason: String,
    },
    /// A preparing step (initdb, formatting Kafka's storage) failed.
    #[error("{step} failed ({status}). The end of its output:\n{output}")]
    Step {
        /// Which step.
        step: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// A server ended before it was ready.
    #[error("{server} ended while starting ({status}). The end of {}:\n{tail}", log.display())]
    Died {
        /// Which server.
        server: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },
    /// A server runs but does not answer.
    #[error("{server} was not ready after {seconds} s. The end of {}:\n{tail}", log.display())]
    NotReady {
        /// Which server.
        server: &'static str,
        /// How long it was given.
        seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },
    /// A server of an earlier run cannot be ended.
    #[error("{server} of an earlier run (process {pid}) does not end, even when killed. End it by hand, then start again")]
    Leftover {
        /// Which server.
        server: &'static str,
        /// Its process.
        pid: i32,
    },
    /// Every port that was tried is taken.
    #[error("no free port for {server} on 127.0.0.1 from {first} to {last}. Free one, or set {variable}")]
    NoFreePort {
        /// Which server.
        server: &'static str,
        /// The first port tried.
        first: u16,
        /// The last port tried.
        last: u16,
        /// The environment variable that chooses the first one.
        variable: &'static str,
    },
    /// The operating system gave no thread.
    #[error("cannot start a thread: {0}. The machine has reached a limit on threads or memory")]
    Thread(#[source] io::Error),
    /// The in-process broker refused.
    #[error("the in-process Kafka broker failed: {0}")]
    InProcessKafka(String),
    /// A topic was to be made on an in-process broker while there is none.
    #[error("Kafka is not the in-process broker here; make topics through its admin API")]
    NotInProcess,
    /// Stopped from outside while starting.
    #[error("{server} was stopped while it was starting")]
    Stopped {
        /// Which server.
        server: &'static str,
    },
}

impl EmbeddedError {
    /// An I/O error on `path`; a full disk gets its own message.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.to_owned() },
            _ => Self::File { action, path: path.to_owned(), source },
        }
    }

    /// A program that could not be run.
    pub(super) fn program(program: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Program { program: program.to_owned(), source }
    }
}

/// What the C library says when the disk is full; the servers' logs quote it.
pub(super) fn says_disk_full(output: &str) -> bool {
    output.contains("No space left on device") || output.contains("Disk quota exceeded")
}
