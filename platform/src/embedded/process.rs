//! Processes: who the servers run as, how they are started, found and ended, and which ports are free.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, getegid, geteuid};

use super::error::{EmbeddedError, says_disk_full};

/// How often something that is awaited is looked at.
pub(super) const POLL: Duration = Duration::from_millis(20);
/// How many ports are tried from the wanted one on.
const PORTS_TRIED_MAX: u16 = 100;
/// How much of a log or of a program's output an error quotes.
const TAIL_BYTES_MAX: usize = 2_000;
/// The variables that a server may see. The others stay here: they may hold secrets.
const ENVIRONMENT_KEPT: [&str; 7] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "JAVA_HOME", "LD_LIBRARY_PATH"];

/// The signals that end a server, in turn, and how long each is given.
pub(super) type EndSteps = [(Signal, Duration)];

/// The user that the servers run as. Postgres refuses to run as root, and Kafka has no reason to.
#[derive(Clone, Debug)]
pub(super) struct RunAs {
    uid: Uid,
    gid: Gid,
    /// Whether this process is root and changes the user.
    switch: bool,
}

impl RunAs {
    /// This process's user; for root, the user of Debian's Postgres package, or `neuroops`, which is made if missing.
    pub(super) fn detect() -> Result<Self, EmbeddedError> {
        if !geteuid().is_root() {
            return Ok(Self { uid: geteuid(), gid: getegid(), switch: false });
        }
        let find = |name| User::from_name(name).ok().flatten().map(|user| Self { uid: user.uid, gid: user.gid, switch: true });
        if let Some(found) = find("postgres").or_else(|| find("neuroops")) {
            return Ok(found);
        }
        let made = Command::new("useradd")
            .args(["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "neuroops"])
            .output()
            .map_err(|error| EmbeddedError::User { reason: format!("useradd: {error}") })?;
        find("neuroops").ok_or_else(|| EmbeddedError::User { reason: tail(&made.stderr) })
    }

    /// The uid of the servers.
    pub(super) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Whether another user than this process's runs the servers.
    pub(super) fn switches(&self) -> bool {
        self.switch
    }

    /// A command that runs `program` as that user, away from the terminal's signals, with none of our secrets, and that ends
    /// (`death_signal`) when the thread that spawns it does, so also when this process is killed.
    pub(super) fn command(&self, program: &Path, death_signal: Signal) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(death_signal.as_str().trim_start_matches("SIG")).arg("--no-new-privs");
        if self.switch {
            command.arg(format!("--reuid={}", self.uid)).arg(format!("--regid={}", self.gid)).arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command.env_clear();
        command.envs(ENVIRONMENT_KEPT.iter().filter_map(|name| Some((name, crate::config::variable(name)?))));
        command.stdin(Stdio::null()).current_dir("/").process_group(0);
        command
    }

    /// Whether that user may use `path` (`test`'s `-x`, `-r`, `-w`), by asking as that user: exact also with ACLs.
    pub(super) fn may(&self, test: &str, path: &Path) -> bool {
        self.command(Path::new("/usr/bin/test"), Signal::SIGKILL).arg(test).arg(path).status().is_ok_and(|status| status.success())
    }

    /// Makes `path` that user's.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.switch {
            chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw())).map_err(EmbeddedError::file("change the owner of", path))?;
        }
        Ok(())
    }

    /// Writes a file of that user, whole or not at all.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), EmbeddedError> {
        let partial = path.with_extension("partial");
        write_private(&partial, text).map_err(EmbeddedError::file("write", &partial))?;
        self.own(&partial)?;
        fs::rename(&partial, path).map_err(EmbeddedError::file("write", path))
    }
}

/// Runs a preparing step to its end.
pub(super) fn run(step: &'static str, command: &mut Command, disk: &Path) -> Result<(), EmbeddedError> {
    let output = command.output().map_err(EmbeddedError::program("setpriv"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = tail(&[output.stdout, output.stderr].concat());
    if says_disk_full(&printed) {
        return Err(EmbeddedError::DiskFull { path: disk.to_owned() });
    }
    Err(EmbeddedError::Step { step, status: output.status, output: printed })
}

/// Writes a file that only its owner may read, replacing what was there.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // A file of an interrupted run would keep its own mode and owner.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// The live processes of `program` that work in `home`. Both servers keep their own folder as working directory, and so do
/// Postgres's backends, which outlive a killed postmaster for a moment; a shell that happens to be there is another program.
pub(super) fn pids_in(home: &Path, program: &str) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let process = PathBuf::from(format!("/proc/{pid}"));
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == home)
                && fs::read_to_string(process.join("comm")).is_ok_and(|comm| comm.trim_end() == program)
        })
        .collect()
}

/// Ends the processes of `program` that work in `home`; `Err` is one that would not go.
pub(super) fn end_all(home: &Path, program: &str, steps: &EndSteps) -> Result<(), i32> {
    for (signal, patience) in steps {
        let deadline = Instant::now() + *patience;
        let pids = pids_in(home, program);
        if pids.is_empty() {
            return Ok(());
        }
        tracing::info!(?pids, signal = signal.as_str(), program, "ending a server of an earlier run");
        for pid in pids {
            send(pid, *signal);
        }
        while Instant::now() < deadline && !pids_in(home, program).is_empty() {
            std::thread::sleep(POLL);
        }
    }
    pids_in(home, program).first().map_or(Ok(()), |pid| Err(*pid))
}

/// Sends `signal`, also to a process that is stopped. That it is gone already is no error.
pub(super) fn send(pid: i32, signal: Signal) {
    for signal in [signal, Signal::SIGCONT] {
        if let Err(error) = kill(Pid::from_raw(pid), signal) {
            tracing::debug!(pid, signal = signal.as_str(), %error, "signal not delivered");
        }
    }
}

/// The wanted port, or the next one that is free. 0 wants any.
pub(super) fn free_port(server: &'static str, wanted: u16, variable: &'static str) -> Result<u16, EmbeddedError> {
    let last = wanted.saturating_add(PORTS_TRIED_MAX - 1);
    let candidates = if wanted == 0 { 0..=0 } else { wanted..=last };
    candidates
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?.local_addr().ok())
        .map(|address| address.port())
        .next()
        .ok_or(EmbeddedError::NoFreePort { server, first: wanted, last, variable })
}

/// `count` random hexadecimal digits from the operating system.
pub(super) fn random_hex(count: usize) -> Result<String, EmbeddedError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = vec![0_u8; count.div_ceil(2)];
    let mut read = || io::Read::read_exact(&mut fs::File::open(source)?, &mut bytes);
    read().map_err(EmbeddedError::file("read", source))?;
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    Ok(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).take(count).collect())
}

/// The end of an output, whole lines where possible.
pub(super) fn tail(output: &[u8]) -> String {
    let cut = output.len().saturating_sub(TAIL_BYTES_MAX);
    let text = String::from_utf8_lossy(&output[cut..]);
    let text = if cut == 0 { &text } else { text.split_once('\n').map_or(&*text, |(_, rest)| rest) };
    text.trim().to_owned()
}
