//! One thread per server: it starts the process, waits until it answers, restarts it when it dies, and ends it.
//!
//! The kernel sends the parent-death signal when the *thread* that spawned the child ends, so this thread lives as long as its
//! child should.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde::Serialize;

use super::error::{EmbeddedError, says_disk_full};
use super::process::{self, EndSteps, POLL};

const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A server that ran this long starts with the shortest back-off again.
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// How often a running server is looked at.
const WATCH: Duration = Duration::from_millis(50);
/// A first start is tried again when the port was taken between looking and binding.
const FIRST_STARTS_MAX: u32 = 3;
/// A log that has grown beyond this is emptied.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
const LOG_CHECK_TICKS: u32 = 200;
/// What is left of a server whose main process died has nothing to save: its next start recovers from the log on disk.
const ORPHAN_END: &EndSteps = &[(Signal::SIGKILL, Duration::from_secs(5))];

/// Whether a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// Not ready for the first time yet.
    Starting,
    /// Ready.
    Running,
    /// Died and is being started again.
    Restarting,
    /// Ended on request, or never started.
    Stopped,
}

/// A server at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerStatus {
    /// `postgres` or `kafka`.
    pub name: &'static str,
    /// Whether it runs.
    pub state: ServerState,
    /// Its main process, if there is one.
    pub pid: Option<u32>,
    /// How often it was started again after it had died.
    pub restarts: u32,
}

/// What the supervisor needs to know about a server.
pub(super) trait Server: Send + 'static {
    /// The name in messages.
    fn name(&self) -> &'static str;
    /// The working directory of its processes, by which those of an earlier run are found.
    fn home(&self) -> &Path;
    /// The name of its processes (`/proc/<pid>/comm`).
    fn program(&self) -> &'static str;
    /// Its log.
    fn log(&self) -> &Path;
    /// The signals that end it, in turn.
    fn end_steps(&self) -> &'static EndSteps;
    /// How long a start may take.
    fn ready_within(&self) -> Duration;
    /// Makes its files ready for a start; the first one of a run also chooses the ports. No process of it is alive.
    fn prepare(&mut self, first: bool) -> Result<(), EmbeddedError>;
    /// The process.
    fn command(&self) -> Command;
    /// Whether it answers.
    fn answers(&mut self, pid: u32) -> bool;
    /// The port that clients use.
    fn port(&self) -> u16;
    /// Another port, for clients of another kind.
    fn second_port(&self) -> Option<u16> {
        None
    }
    /// What the user should be told about this start.
    fn notices(&self) -> Vec<String>;
}

/// A server that is ready for the first time.
pub(super) struct Started {
    pub(super) port: u16,
    pub(super) second_port: Option<u16>,
    pub(super) notices: Vec<String>,
}

/// The handle on a server's thread.
pub(super) struct Supervisor {
    name: &'static str,
    status: Arc<Mutex<ServerStatus>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The first start's outcome, to be awaited once.
pub(super) type FirstStart = Receiver<Result<Started, EmbeddedError>>;

impl Supervisor {
    /// Starts the thread, which starts the server.
    pub(super) fn spawn(server: impl Server) -> Result<(Self, FirstStart), EmbeddedError> {
        let name = server.name();
        let status = Arc::new(Mutex::new(ServerStatus { name, state: ServerState::Starting, pid: None, restarts: 0 }));
        let (stop, stop_receiver) = mpsc::channel();
        let (started, first_start) = mpsc::channel();
        let mut worker = Worker { server, stop: stop_receiver, status: Arc::clone(&status) };
        let thread = std::thread::Builder::new()
            .name(format!("embedded-{name}"))
            .spawn(move || worker.run(&started))
            .map_err(EmbeddedError::Thread)?;
        Ok((Self { name, status, stop: Some(stop), thread: Some(thread) }, first_start))
    }

    /// Waits for the first start.
    pub(super) fn wait(&self, first_start: &FirstStart) -> Result<Started, EmbeddedError> {
        first_start.recv().unwrap_or(Err(EmbeddedError::Stopped { server: self.name }))
    }

    pub(super) fn status(&self) -> ServerStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the server and its thread. Again is no error.
    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(server = self.name, "the thread of an embedded server panicked");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Worker<S> {
    server: S,
    stop: Receiver<()>,
    status: Arc<Mutex<ServerStatus>>,
}

impl<S: Server> Worker<S> {
    fn run(&mut self, started: &Sender<Result<Started, EmbeddedError>>) {
        let outcome = self.first_start();
        let (report, mut child) = match outcome {
            Ok(Some(child)) => {
                let server = &self.server;
                (Ok(Started { port: server.port(), second_port: server.second_port(), notices: server.notices() }), Some(child))
            }
            Ok(None) => (Err(EmbeddedError::Stopped { server: self.server.name() }), None),
            Err(error) => (Err(error), None),
        };
        // Nobody listens when the start was given up; then the stop signal is on its way.
        drop(started.send(report));
        let mut backoff = BACKOFF_MIN;
        while let Some(running) = child.as_mut() {
            let since = Instant::now();
            self.watch(running);
            if since.elapsed() >= STABLE_AFTER {
                backoff = BACKOFF_MIN;
            }
            child = self.restart(&mut backoff);
        }
        self.update(|status| (status.state, status.pid) = (ServerState::Stopped, None));
    }

    fn first_start(&mut self) -> Result<Option<Child>, EmbeddedError> {
        keep_previous_log(self.server.log())?;
        for _ in 1..FIRST_STARTS_MAX {
            match self.start(true) {
                Err(EmbeddedError::Died { tail, .. }) if tail.contains("Address already in use") => {
                    tracing::info!(server = self.server.name(), "the port was taken meanwhile; trying another");
                }
                outcome => return outcome,
            }
        }
        self.start(true)
    }

    /// Starts the server and waits until it answers. `None`: asked to stop meanwhile.
    fn start(&mut self, first: bool) -> Result<Option<Child>, EmbeddedError> {
        let name = self.server.name();
        let steps = if first { self.server.end_steps() } else { ORPHAN_END };
        process::end_all(self.server.home(), self.server.program(), steps).map_err(|pid| EmbeddedError::Leftover { server: name, pid })?;
        self.server.prepare(first)?;
        let mut child = self.spawn()?;
        self.update(|status| status.pid = Some(child.id()));
        let begun = Instant::now();
        loop {
            if self.asked_to_stop(POLL) {
                self.end(&mut child);
                return Ok(None);
            }
            if let Ok(Some(status)) = child.try_wait() {
                let (log, tail) = self.log_tail();
                if says_disk_full(&tail) {
                    return Err(EmbeddedError::DiskFull { path: self.server.home().to_owned() });
                }
                return Err(EmbeddedError::Died { server: name, status, log, tail });
            }
            if self.server.answers(child.id()) {
                break;
            }
            if begun.elapsed() > self.server.ready_within() {
                self.end(&mut child);
                let (log, tail) = self.log_tail();
                return Err(EmbeddedError::NotReady { server: name, seconds: self.server.ready_within().as_secs(), log, tail });
            }
        }
        self.update(|status| status.state = ServerState::Running);
        tracing::info!(server = name, pid = child.id(), port = self.server.port(), took = ?begun.elapsed(), "embedded server ready");
        Ok(Some(child))
    }

    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let log = open_log(self.server.log())?;
        let errors = log.try_clone().map_err(EmbeddedError::file("open", self.server.log()))?;
        self.server.command().stdout(log).stderr(errors).spawn().map_err(EmbeddedError::program("setpriv"))
    }

    /// Returns when the server has died, or has been ended because that was asked for; `restart` then learns the same.
    fn watch(&mut self, child: &mut Child) {
        let mut ticks = 0_u32;
        loop {
            if self.asked_to_stop(WATCH) {
                return self.end(child);
            }
            if let Ok(Some(exit)) = child.try_wait() {
                tracing::warn!(server = self.server.name(), pid = child.id(), %exit, "embedded server died; starting it again");
                return self.update(|status| (status.state, status.pid) = (ServerState::Restarting, None));
            }
            ticks = ticks.wrapping_add(1);
            if ticks.is_multiple_of(LOG_CHECK_TICKS) {
                bound_log(self.server.log());
            }
        }
    }

    /// Starts the server again until it answers. `None`: asked to stop.
    fn restart(&mut self, backoff: &mut Duration) -> Option<Child> {
        loop {
            if self.asked_to_stop(*backoff) {
                return None;
            }
            *backoff = (*backoff * 2).min(BACKOFF_MAX);
            self.update(|status| status.restarts += 1);
            match self.start(false) {
                Ok(child) => return child,
                Err(error) => tracing::warn!(server = self.server.name(), %error, "embedded server did not start; trying again"),
            }
            self.update(|status| status.pid = None);
        }
    }

    /// Ends the process and what is left of it.
    fn end(&self, child: &mut Child) {
        let Ok(pid) = i32::try_from(child.id()) else { return };
        for (signal, patience) in self.server.end_steps() {
            let deadline = Instant::now() + *patience;
            process::send(pid, *signal);
            while Instant::now() < deadline {
                if matches!(child.try_wait(), Ok(Some(_))) {
                    if let Err(pid) = process::end_all(self.server.home(), self.server.program(), ORPHAN_END) {
                        tracing::error!(server = self.server.name(), pid, "a process of the server does not end");
                    }
                    return;
                }
                std::thread::sleep(POLL);
            }
            tracing::warn!(server = self.server.name(), pid, signal = signal.as_str(), "the server does not end");
        }
    }

    /// Sleeps, unless asked to stop. The handle asks by dropping its end of the channel.
    fn asked_to_stop(&self, timeout: Duration) -> bool {
        !matches!(self.stop.recv_timeout(timeout), Err(RecvTimeoutError::Timeout))
    }

    fn update(&self, change: impl FnOnce(&mut ServerStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn log_tail(&self) -> (std::path::PathBuf, String) {
        let log = self.server.log();
        (log.to_owned(), process::tail(&fs::read(log).unwrap_or_default()))
    }
}

/// The log of the last run stays readable beside the new one.
fn keep_previous_log(log: &Path) -> Result<(), EmbeddedError> {
    match fs::rename(log, log.with_extension("log.previous")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(EmbeddedError::file("rename", log)(error)),
        _ => Ok(()),
    }
}

/// Appending, so that emptying the file while the server writes leaves no hole.
fn open_log(log: &Path) -> Result<File, EmbeddedError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().create(true).append(true).mode(0o640).open(log).map_err(EmbeddedError::file("open", log))
}

fn bound_log(log: &Path) {
    if fs::metadata(log).is_ok_and(|meta| meta.len() > LOG_BYTES_MAX)
        && let Err(error) = open_log(log).and_then(|file| file.set_len(0).map_err(EmbeddedError::file("empty", log)))
    {
        tracing::warn!(log = %log.display(), %error, "cannot empty the log");
    }
}
