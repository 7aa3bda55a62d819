//! The disk is full for a while.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::unistd::{Gid, Uid};
use sqlx::Executor as _;
use tempfile::TempDir;
use tokio::sync::RwLock;

use crate::platform::{Load, Platform, folder, goes_on};

/// Room for the servers' files and some thousands of events.
const DISK_MIB: u32 = 640;

/// What stands for the disk.
enum Disk {
    /// A small one of its own, in memory, and the file that fills it.
    Small(PathBuf),
    /// Where nothing may be mounted, a trigger that answers inserts as Postgres does on a full disk.
    Trigger,
}

/// A program that needs root's rights, run by root or with sudo.
fn as_root(program: &str) -> Command {
    if Uid::effective().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

fn mount(folder: &TempDir) -> Disk {
    let options = format!("size={DISK_MIB}m,mode=755,uid={},gid={}", Uid::effective(), Gid::effective());
    let mounted = as_root("mount").args(["-t", "tmpfs", "-o", &options, "neuroops-test"]).arg(folder.path()).output();
    if mounted.is_ok_and(|output| output.status.success()) { Disk::Small(folder.path().join("filler")) } else { Disk::Trigger }
}

impl Disk {
    async fn fill(&self, platform: &Platform) {
        match self {
            Self::Small(filler) => {
                let mut file = std::fs::File::create(filler).expect("a file");
                while file.write_all(&[0; 1 << 12]).is_ok() {}
                while file.write_all(&[0]).is_ok() {}
            }
            Self::Trigger => {
                let statement = "CREATE FUNCTION public.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$; \
                    CREATE TRIGGER disk_full BEFORE INSERT ON log.events EXECUTE FUNCTION public.disk_full()";
                platform.admin().await.execute(statement).await.expect("a trigger");
            }
        }
    }

    async fn free(&self, platform: &Platform) {
        match self {
            Self::Small(filler) => std::fs::remove_file(filler).expect("removed"),
            Self::Trigger => {
                platform.admin().await.execute("DROP TRIGGER disk_full ON log.events").await.expect("dropped");
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Small(filler) = self {
            let folder = filler.parent().expect("the file is in the folder");
            // Detached at once, and gone when the last process of the servers is.
            drop(as_root("umount").arg("--lazy").arg(folder).status());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_full_disk_commands_are_told_to_come_back_and_what_was_acknowledged_stays() {
    let folder = folder();
    let disk = mount(&folder);
    let platform = Arc::new(RwLock::new(Platform::start_in(folder, &[]).await));
    let load = Load::start(&platform, 12);
    goes_on(&load, "the start").await;

    disk.fill(&*platform.read().await).await;
    let (full, before) = (Instant::now(), platform.read().await.refused());
    // Longer than a batch is pursued before its commands are answered.
    while full.elapsed() < Duration::from_secs(12) || platform.read().await.refused() < before + 20 {
        assert!(full.elapsed() < Duration::from_secs(90), "a full disk is noticed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused = platform.read().await.refused() - before;
    disk.free(&*platform.read().await).await;
    let healed = goes_on(&load, "the disk had room again").await;
    println!("{refused} refusals on the full disk; commands are accepted again after {healed:?}");

    let acknowledged = load.stop().await;
    platform.read().await.assert_nothing_lost(&acknowledged).await;
    println!("{} commands", acknowledged.len());
    drop(platform);
    drop(disk);
}
