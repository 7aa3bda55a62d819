//! A role of the platform as a process of its own.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(45);
/// How long a stop may take: longer than requests are given to end.
const STOP_MAX: Duration = Duration::from_secs(25);
/// What a process may see of the harness's environment.
const ENVIRONMENT_KEPT: [&str; 5] = ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"];

/// Settings by name.
pub type Settings = Vec<(&'static str, String)>;

/// A command of a binary with these settings and none of the harness's own.
pub fn command(binary: &Path, settings: &Settings) -> Command {
    // A harness that is killed takes its processes along.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(binary).env_clear();
    command.envs(ENVIRONMENT_KEPT.iter().filter_map(|name| Some((name, platform::config::variable(name)?))));
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end; what it prints.
pub fn run(binary: &Path, settings: &Settings, arguments: &[&str]) -> Result<String> {
    let output = command(binary, settings).args(arguments).output().with_context(|| format!("{} cannot be run", binary.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        bail!("neuroops {}: {}{}", arguments.join(" "), text(&output.stdout), text(&output.stderr));
    }
    Ok(text(&output.stdout))
}

/// A gateway or a worker, running or not.
pub struct Process {
    /// Its name in reports.
    pub name: &'static str,
    /// Where it answers: a gateway its clients, a worker those who look after it.
    pub url: String,
    arguments: Vec<String>,
    settings: Settings,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// One that is not running yet.
    pub fn new(name: &'static str, address: &str, arguments: Vec<String>, settings: Settings, log: PathBuf) -> Self {
        Self { name, url: format!("http://{address}"), arguments, settings, log, child: None }
    }

    /// Starts it, without waiting for it.
    pub fn spawn(&mut self, binary: &Path) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).with_context(|| self.log.display().to_string())?;
        let mut command = command(binary, &self.settings);
        command.args(&self.arguments).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("{} cannot be run", binary.display()))?);
        Ok(())
    }

    /// Waits until it answers.
    pub async fn ready(&mut self, http: &reqwest::Client) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("{} ended with {status}:\n{}", self.name, self.logged());
            }
            let asked = http.get(format!("{}/health/live", self.url)).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if started.elapsed() > START_MAX {
                bail!("{} does not answer after {START_MAX:?}:\n{}", self.name, self.logged());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// The end of what it has logged.
    pub fn logged(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Its process id.
    pub fn pid(&self) -> Result<Pid> {
        let child = self.child.as_ref().with_context(|| format!("{} does not run", self.name))?;
        Ok(Pid::from_raw(i32::try_from(child.id())?))
    }

    /// Kills it, as the kernel does when memory runs out.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, waits for it, and tells how long that took. Must end well.
    pub async fn stop(&mut self) -> Result<Duration> {
        let started = Instant::now();
        kill(self.pid()?, Signal::SIGTERM)?;
        loop {
            let Some(child) = &mut self.child else { return Ok(started.elapsed()) };
            if let Some(status) = child.try_wait()? {
                self.child = None;
                if !status.success() {
                    bail!("{} was asked to stop and ended with {status}:\n{}", self.name, self.logged());
                }
            } else if started.elapsed() > STOP_MAX {
                bail!("{} was asked to stop and runs after {STOP_MAX:?}:\n{}", self.name, self.logged());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        drop(self.kill());
    }
}
