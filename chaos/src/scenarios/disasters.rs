//! Row 15, second half: Kafka loses all its data; Postgres is restored to a point in time into an empty cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use platform::embedded::Embedded;
use sqlx::Executor as _;

use super::{CLIENTS, Court, recovered};
use crate::client::Client;
use crate::cluster::{Cluster, start_kafka, start_postgres};
use crate::dice::Dice;
use crate::facts::{differing, digests, settled};
use crate::judge::Violation;
use crate::load::{self, Load, Style};
use crate::report::{Report, Round};

/// How long the archive and the signatures may lag.
const PATIENCE: Duration = Duration::from_mins(1);
/// The point in time.
const POINT: &str = "chaos";

/// Both disasters, one after the other.
pub async fn run(cluster: &mut Cluster, dice: &mut Dice, report: &mut Report) -> Result<()> {
    let backup = Backup::prepare(cluster).await?;
    let binary = cluster.binary().to_owned();
    cluster.start_processes(&binary).await?;
    let client = cluster.client()?;
    let mut court = Court { history: load::share(&client, &cluster.tenants).await?, ..Court::default() };
    report.push(kafka_loses_everything(cluster, &client, &mut court, dice).await?);
    report.push(postgres_goes_back(cluster, &client, &mut court, &backup, dice).await?);
    Ok(())
}

/// Kafka's data is deleted under load; `kafka refill` publishes the log again.
async fn kafka_loses_everything(cluster: &mut Cluster, client: &Client, court: &mut Court, dice: &mut Dice) -> Result<Round> {
    let load = Load::start(client, &cluster.tenants, Style::Plain, CLIENTS, "kafka", dice);
    load.goes_on(200).await?;
    let bootstrap = cluster.setting("KAFKA_BOOTSTRAP_SERVERS").to_owned();
    let port = bootstrap.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).context("Kafka has a port")?;
    let folder = cluster.folder().join("kafka");
    cluster.kafka = None;
    // Without Kafka, commands are accepted and readers follow the log.
    load.goes_on(60).await?;
    let begun = Instant::now();
    cluster.kafka = Some(tokio::task::block_in_place(|| -> Result<Embedded> {
        fs::remove_dir_all(&folder)?;
        start_kafka(&folder, port)
    })?);
    if cluster.kafka.as_ref().and_then(Embedded::kafka).is_none_or(|kafka| kafka.bootstrap != bootstrap) {
        bail!("another program has taken Kafka's port");
    }
    let told = cluster.run(&["kafka", "refill", "--yes"])?;
    court.history.extend(recovered(cluster, client, "kafka").await?);
    let recovery = Some((begun.elapsed(), false));
    court.history.extend(load.stop().await?);
    court.forget_kafka();
    let notes = told.lines().last().unwrap_or_default().trim_end_matches('.').to_owned();
    let (victim, way) = ("kafka".to_owned(), "data deleted, refilled".to_owned());
    court.judge(cluster, Round { scenario: "disasters", victim, way, notes, recovery, ..Round::default() }).await
}

/// The cluster is lost some time after the point; a new one is made of the base backup and the archive up to the point.
async fn postgres_goes_back(cluster: &mut Cluster, client: &Client, court: &mut Court, backup: &Backup, dice: &mut Dice) -> Result<Round> {
    let load = Load::start(client, &cluster.tenants, Style::Plain, CLIENTS, "before", dice);
    load.goes_on(100).await?;
    backup.take(cluster)?;
    load.goes_on(100).await?;
    court.history.extend(load.stop().await?);
    let before = court.judge(cluster, Round::default()).await?;
    let (models, checkpoint) = (digests(&mut cluster.admin().await?).await?, signed(cluster).await?);
    let wanted = backup.mark(cluster).await?;
    // What comes behind the point is lost on purpose, so nobody judges it; Kafka has it.
    let lost = Load::start(client, &cluster.tenants, Style::Plain, CLIENTS, "lost", dice);
    lost.goes_on(100).await?;
    lost.stop().await?;
    settled(cluster).await?;
    backup.archived(cluster, &wanted).await?;

    for process in &mut cluster.processes {
        process.kill()?;
    }
    let begun = Instant::now();
    backup.restore(cluster)?;
    let binary = cluster.binary().to_owned();
    cluster.start_processes(&binary).await?;
    cluster.run(&["kafka", "refill", "--yes"])?;
    settled(cluster).await?;
    let mut violations = before.violations;
    let restored = digests(&mut cluster.admin().await?).await?;
    violations.extend(differing(&models, &restored).into_iter().map(|what| Violation { rule: "restored read model", what }));
    court.forget_kafka();
    court.history.extend(recovered(cluster, client, "restored").await?);
    let recovery = Some((begun.elapsed(), false));
    let load = Load::start(client, &cluster.tenants, Style::Plain, CLIENTS, "after", dice);
    load.goes_on(100).await?;
    court.history.extend(load.stop().await?);
    let (victim, way) = ("postgres".to_owned(), "restored to a point in time into an empty cluster".to_owned());
    let notes = verified(cluster, &checkpoint).await?;
    let mut round = court.judge(cluster, Round { scenario: "disasters", victim, way, notes, recovery, ..Round::default() }).await?;
    round.violations.extend(violations);
    Ok(round)
}

/// Waits until the whole history of the first tenant is signed, and keeps the checkpoint.
async fn signed(cluster: &Cluster) -> Result<PathBuf> {
    const SIZES: &str = "SELECT (SELECT count(*) FROM log.events WHERE tenant_id = $1::uuid), \
        coalesce((SELECT signed_size FROM audit.trees WHERE tenant_id = $1::uuid), 0)";
    let (started, tenant, mut admin) = (Instant::now(), &cluster.tenants[0].id, cluster.admin().await?);
    loop {
        let (events, signed): (i64, i64) = sqlx::query_as(SIZES).bind(tenant).fetch_one(&mut admin).await?;
        if events == signed {
            break;
        }
        if started.elapsed() > PATIENCE {
            bail!("the notary has signed {signed} of {events} events");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let file = cluster.folder().join("checkpoint.txt");
    fs::write(&file, cluster.run(&["audit", "checkpoint", "--tenant", tenant])?)?;
    Ok(file)
}

/// The history as it is now is a continuation of the one that the checkpoint signs.
async fn verified(cluster: &Cluster, checkpoint: &Path) -> Result<String> {
    let (tenant, export, keys) = (&cluster.tenants[0].id, cluster.folder().join("export"), cluster.folder().join("keys.txt"));
    signed_again(cluster).await?;
    fs::write(&keys, cluster.run(&["audit", "keys", "--tenant", tenant])?)?;
    let text = |path: &Path| path.display().to_string();
    let (export, keys, checkpoint) = (text(&export), text(&keys), text(checkpoint));
    cluster.run(&["audit", "export", "--tenant", tenant, "--out", &export])?;
    let told = cluster.run(&["audit", "verify", &export, "--key", &keys, "--checkpoint", &checkpoint])?;
    if !told.contains("Verified") {
        bail!("the auditor says: {told}");
    }
    Ok("the auditor verifies the older checkpoint".to_owned())
}

/// New events are signed as well, in a checkpoint that does not replace the one that was kept.
async fn signed_again(cluster: &Cluster) -> Result<()> {
    let kept = fs::read(cluster.folder().join("checkpoint.txt"))?;
    let file = signed(cluster).await?;
    if fs::read(&file)? == kept {
        bail!("nothing was signed after the restore");
    }
    fs::rename(&file, cluster.folder().join("newer.txt"))?;
    Ok(fs::write(file, kept)?)
}

/// A base backup and an archive of the write-ahead log
/// (<https://www.postgresql.org/docs/current/continuous-archiving.html>).
struct Backup {
    archive: PathBuf,
    /// The folder of the new cluster.
    restored: PathBuf,
}

impl Backup {
    /// Switches archiving on, which takes a restart.
    async fn prepare(cluster: &mut Cluster) -> Result<Self> {
        let backup = Self { archive: cluster.folder().join("archive"), restored: cluster.folder().join("restored") };
        fs::create_dir_all(&backup.archive)?;
        fs::create_dir_all(backup.restored.join("postgres"))?;
        own(cluster, &backup.archive)?;
        let mut admin = cluster.admin().await?;
        admin.execute("ALTER SYSTEM SET archive_mode = 'on'").await?;
        admin.execute(format!("ALTER SYSTEM SET archive_command = 'cp %p {}/%f'", backup.archive.display()).as_str()).await?;
        drop(admin);
        let folder = cluster.folder().join("postgres");
        restart(cluster, &folder)?;
        Ok(backup)
    }

    /// Copies the cluster while it works.
    fn take(&self, cluster: &Cluster) -> Result<()> {
        let url = cluster.postgres.as_ref().and_then(Embedded::postgres).context("Postgres runs")?.admin_url.clone();
        let data = self.restored.join("postgres/data");
        let mut command = Command::new("pg_basebackup");
        command.args(["--dbname", &url, "--checkpoint=fast", "--wal-method=none", "--pgdata"]).arg(&data);
        let output = tokio::task::block_in_place(|| command.output()).context("pg_basebackup comes with Postgres")?;
        if !output.status.success() {
            bail!("pg_basebackup: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Marks the point; tells the segment that it lies in.
    async fn mark(&self, cluster: &Cluster) -> Result<String> {
        let query = format!("SELECT pg_walfile_name(pg_create_restore_point('{POINT}'))");
        Ok(sqlx::query_scalar(&query).fetch_one(&mut cluster.admin().await?).await?)
    }

    /// Waits until the archive has this segment.
    async fn archived(&self, cluster: &Cluster, segment: &str) -> Result<()> {
        let (started, mut admin) = (Instant::now(), cluster.admin().await?);
        admin.execute("SELECT pg_switch_wal()").await?;
        loop {
            let last: Option<String> = sqlx::query_scalar("SELECT last_archived_wal FROM pg_stat_archiver").fetch_one(&mut admin).await?;
            if last.as_deref().is_some_and(|last| last >= segment) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                bail!("{segment} is not archived; the last one is {last:?}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Starts the new cluster, which recovers up to the point and then accepts sessions.
    fn restore(&self, cluster: &mut Cluster) -> Result<()> {
        let data = self.restored.join("postgres/data");
        let settings = format!(
            "restore_command = 'cp {}/%f %p'\nrecovery_target_name = '{POINT}'\nrecovery_target_action = 'promote'\narchive_mode = 'off'\n",
            self.archive.display()
        );
        let file = data.join("postgresql.auto.conf");
        let kept = fs::read_to_string(&file)?;
        fs::write(&file, format!("{kept}{settings}"))?;
        fs::write(data.join("recovery.signal"), "")?;
        fs::copy(cluster.folder().join("postgres/postgres.password"), self.restored.join("postgres.password"))?;
        own(cluster, &self.restored.join("postgres"))?;
        restart(cluster, &self.restored)
    }
}

/// Ends Postgres and starts the one in a folder, at the same port.
fn restart(cluster: &mut Cluster, folder: &Path) -> Result<()> {
    let port = cluster.postgres.as_ref().and_then(Embedded::postgres).context("Postgres runs")?.port;
    cluster.postgres = tokio::task::block_in_place(|| -> Result<_> {
        drop(cluster.postgres.take());
        Ok(Some(start_postgres(folder, port)?))
    })?;
    if cluster.postgres.as_ref().and_then(Embedded::postgres).is_none_or(|postgres| postgres.port != port) {
        bail!("another program has taken Postgres's port");
    }
    Ok(())
}

/// Gives a folder to the user of the servers.
fn own(cluster: &Cluster, folder: &Path) -> Result<()> {
    let mut command = Command::new("chown");
    command.arg("--recursive").arg("--reference").arg(cluster.folder().join("postgres/postgres/data")).arg(folder);
    let output = command.output().context("chown runs")?;
    if !output.status.success() {
        bail!("chown: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
