//! The worker that writes exports.
//!
//! Exports that somebody has requested are found in their read model, whatever the tenant. A lease on each keeps two workers from writing the
//! same one; it ends by itself when its holder dies, and another goes on where it was. One tenant's exports are written one after the
//! other, so that a tenant with many does not keep the others waiting.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use commands::{CommandBus, CommandError, CommandRequest};
use domain::kernel::{Actor, AggregateId, TenantId};
use platform::clock;
use projections::contexts::ContextEntry;
use projections::question::{ExportsDef, Question};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::encode::{TableError, TableFormat};
use super::job::{Job, JobError, Tools};
use super::manifest::Manifest;
use super::store::{ExportStore, Place};
use crate::catalogue::Catalogue;

/// How often requests are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How often files are looked for whose time is over.
const CLEAN: Duration = Duration::from_mins(1);
/// How long a lease lasts without being renewed, in seconds, and how often it is renewed.
const LEASE_SECONDS: i32 = 30;
const RENEW: Duration = Duration::from_secs(8);
/// Requests that one look finds at most.
const FOUND_MAX: i64 = 200;
/// How often an export is tried whose rows Postgres refuses to read.
const TRIES: u32 = 3;
/// How long an export that went wrong is left alone.
const PAUSE: Duration = Duration::from_secs(5);
/// Exports that are remembered as ended until their read model says so, too.
const ENDED_MAX: usize = 1000;

/// What health says while files cannot be written.
const UNWRITABLE: &str = "files of exports cannot be written; look at the folder's permissions and free space";

/// How the worker is set up.
pub struct ExporterOptions {
    /// Connected as the application role: it reads what is exported, and sends commands.
    pub app: PgPool,
    /// Connected as the worker role: it finds requests and holds leases.
    pub worker: PgPool,
    /// Where commands go.
    pub bus: Arc<CommandBus>,
    /// What can be exported.
    pub contexts: &'static [ContextEntry],
    /// Where files go.
    pub store: Arc<dyn ExportStore>,
    /// How long files are kept, in days.
    pub kept_days: u16,
    /// Rows of one file at most.
    pub file_rows_max: usize,
    /// Exports that are written at the same time.
    pub at_once: usize,
}

impl ExporterOptions {
    /// Rows of one file at most, where nothing else is wanted.
    pub const FILE_ROWS_MAX: usize = 100_000;
    /// Exports at the same time, where nothing else is wanted.
    pub const AT_ONCE: usize = 2;
}

/// The running worker.
pub struct Exporter {
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    shared: Arc<Shared>,
}

struct Shared {
    def: &'static ExportsDef,
    tools: Tools,
    worker: PgPool,
    bus: Arc<CommandBus>,
    kept_days: u16,
    at_once: usize,
    /// What goes wrong at the moment.
    troubles: Mutex<BTreeSet<&'static str>>,
}

impl Exporter {
    /// Starts it.
    pub fn start(options: ExporterOptions) -> Self {
        let ExporterOptions { app, worker, bus, contexts, store, kept_days, file_rows_max, at_once } = options;
        let partitions = bus.partitions();
        let tools = Tools { app, catalogue: Catalogue::new(contexts), store, file_rows_max: file_rows_max.max(1), partitions };
        let def = projections::contexts::EXPORTS;
        let shared = Arc::new(Shared { def, tools, worker, bus, kept_days, at_once: at_once.max(1), troubles: Mutex::default() });
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(shared.clone(), cancel.clone()));
        Self { cancel, task, shared }
    }

    /// Tells what is wrong, if something is; outlives this value.
    pub fn trouble(&self) -> impl Fn() -> Option<String> + Send + Sync + Clone + use<> {
        let shared = self.shared.clone();
        move || shared.troubles().first().map(|trouble| (*trouble).to_owned())
    }

    /// Stops; what is half written is gone on with later.
    pub async fn stop(self) {
        self.cancel.cancel();
        if tokio::time::timeout(Duration::from_secs(5), self.task).await.is_err() {
            tracing::warn!("the exporter did not stop in time and is cut off; another goes on when its lease has ended");
        }
    }
}

/// What became of an attempt.
struct Ended {
    place: Place,
    result: Result<(), JobError>,
}

async fn run(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut under_way: JoinSet<Ended> = JoinSet::new();
    let (mut tenants, mut ended): (HashSet<Uuid>, HashSet<Place>) = Default::default();
    let mut failures: HashMap<Place, (u32, Instant)> = HashMap::new();
    let mut cleaned: Option<Instant> = None;
    loop {
        let attempt = tokio::select! {
            () = cancel.cancelled() => break,
            Some(attempt) = under_way.join_next() => attempt.ok(),
            () = tokio::time::sleep(LOOK) => None,
        };
        if let Some(Ended { place, result }) = attempt {
            tenants.remove(&place.tenant_id);
            shared.note(&place, &result, &mut failures).await;
            if result.is_ok() || !failures.contains_key(&place) {
                ended.insert(place);
            }
        }
        if cleaned.is_none_or(|at| at.elapsed() > CLEAN) {
            cleaned = Some(Instant::now());
            shared.log("files were not cleaned up", shared.clean().await);
        }
        if ended.len() > ENDED_MAX {
            ended.clear();
        }
        let Some(found) = shared.log("exports cannot be looked for", shared.requested().await) else { continue };
        ended.retain(|place| found.iter().any(|job| job.place == *place));
        failures.retain(|place, _| found.iter().any(|job| job.place == *place));
        for job in found {
            let waits = failures.get(&job.place).is_some_and(|(_, at)| at.elapsed() < PAUSE);
            let free = under_way.len() < shared.at_once && !tenants.contains(&job.place.tenant_id);
            if free && !waits && !ended.contains(&job.place) {
                tenants.insert(job.place.tenant_id);
                let (shared, cancel) = (shared.clone(), cancel.child_token());
                under_way.spawn(async move {
                    let result = shared.attempt(&job, &cancel).await;
                    Ended { place: job.place, result }
                });
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

impl Shared {
    fn troubles(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what goes wrong for health, and answers the rest.
    fn log<T>(&self, trouble: &'static str, result: Result<T, JobError>) -> Option<T> {
        match result {
            Ok(found) => {
                self.troubles().remove(trouble);
                Some(found)
            }
            Err(error) => {
                tracing::debug!(%error, trouble);
                self.troubles().insert(trouble);
                None
            }
        }
    }

    /// Requests in the order in which they came.
    async fn requested(&self) -> Result<Vec<Job>, JobError> {
        type Row = (Uuid, String, String, String, String, DateTime<Utc>);
        let statement = format!(
            "SELECT tenant_id, id, question::text, format, requested_by, requested_at FROM {} WHERE status = 'requested' ORDER BY requested_at LIMIT {FOUND_MAX}",
            self.def.list.table
        );
        let rows: Vec<Row> = sqlx::query_as(&statement).fetch_all(&self.worker).await?;
        let job = |(tenant_id, export_id, question, format_name, requested_by, requested_at): Row| {
            let question: Question = serde_json::from_str(&question).ok()?;
            let format = TableFormat::named(&format_name)?;
            Some(Job { place: Place { tenant_id, export_id }, question, format, format_name, requested_by, requested_at })
        };
        Ok(rows.into_iter().filter_map(job).collect())
    }

    /// Writes an export while its lease is held, and says so in the log.
    async fn attempt(&self, job: &Job, cancel: &CancellationToken) -> Result<(), JobError> {
        let Some(lease) = self.hold(&job.place).await? else { return Err(JobError::Stopped) };
        let stop = cancel.child_token();
        let renewing = async {
            while tokio::time::timeout(RENEW, stop.cancelled()).await.is_err() {
                let wanted = async { Ok::<_, JobError>(self.renew(&lease).await? && self.is_wanted(&job.place).await?) };
                // While Postgres is away the lease may run out, and another worker may begin: so this one stops.
                if !matches!(tokio::time::timeout(RENEW, wanted).await, Ok(Ok(true))) {
                    stop.cancel();
                }
            }
            std::future::pending::<()>().await;
        };
        let written = tokio::select! {
            written = self.tools.write(job, &stop) => written,
            () = renewing => Err(JobError::Stopped),
        };
        let result = match written {
            Ok((manifest, digest)) if self.renew(&lease).await? => self.complete(job, &manifest, &digest).await,
            Ok(_) => Err(JobError::Stopped),
            Err(error) => Err(error),
        };
        self.release(&lease).await?;
        result
    }

    async fn complete(&self, job: &Job, manifest: &Manifest, digest: &str) -> Result<(), JobError> {
        let summary = json!({
            "rows": manifest.rows, "bytes": manifest.bytes, "files": manifest.files.len(), "manifest_sha256": digest,
            "positions": manifest.positions, "one_state": manifest.one_state
        });
        tracing::info!(export = job.place.export_id, rows = manifest.rows, files = manifest.files.len(), "an export is complete");
        metrics::counter!("neuroops_exports_total", "outcome" => "completed").increment(1);
        metrics::counter!("neuroops_export_rows_total").increment(manifest.rows);
        self.tell(&job.place, self.def.complete, &json!({ "summary": summary, "kept_days": self.kept_days })).await
    }

    /// Counts a failure, or tells that an export cannot be made.
    async fn note(&self, place: &Place, result: &Result<(), JobError>, failures: &mut HashMap<Place, (u32, Instant)>) {
        let (code, detail) = match result {
            Ok(()) => {
                self.troubles().remove(UNWRITABLE);
                failures.remove(place);
                return;
            }
            Err(JobError::Stopped) => {
                failures.insert(place.clone(), (failures.get(place).map_or(0, |(count, _)| *count), Instant::now()));
                return;
            }
            Err(JobError::Impossible(problem)) => (problem.code().to_owned(), problem.detail().to_owned()),
            Err(JobError::Table(error)) => {
                let count = failures.get(place).map_or(0, |(count, _)| *count) + u32::from(counts(error));
                tracing::warn!(%error, export = place.export_id, count, "an export was not written and is tried again");
                if matches!(error, TableError::Store(_)) {
                    self.troubles().insert(UNWRITABLE);
                }
                if count < TRIES {
                    failures.insert(place.clone(), (count, Instant::now()));
                    return;
                }
                let misfit = matches!(error, TableError::Encode(_));
                let detail =
                    if misfit { error.to_string() } else { "The rows could not be read. The platform's logs have the details.".to_owned() };
                ("export_failed".to_owned(), format!("{detail} Request the export again, narrower if need be."))
            }
        };
        metrics::counter!("neuroops_exports_total", "outcome" => "failed").increment(1);
        let reason: String = detail.chars().filter(|c| !c.is_control()).take(1000).collect();
        match self.tell(place, self.def.fail, &json!({ "code": code, "reason": reason })).await {
            Ok(()) => drop(failures.remove(place)),
            Err(error) => {
                tracing::warn!(%error, export = place.export_id, "the failure of an export was not told");
                failures.insert(place.clone(), (TRIES, Instant::now()));
            }
        }
    }

    /// Sends a command about an export. That it has ended meanwhile is no error.
    async fn tell(&self, place: &Place, command: &str, body: &Value) -> Result<(), JobError> {
        let refused = |error: &dyn std::fmt::Display| JobError::Table(std::io::Error::other(error.to_string()).into());
        let request = CommandRequest {
            tenant_id: TenantId(place.tenant_id),
            actor: Actor { subject: "process:exports".to_owned(), roles: vec!["service".to_owned()] },
            context: self.def.context.to_owned(),
            aggregate: self.def.aggregate.to_owned(),
            id: Some(AggregateId::try_from(place.export_id.clone()).map_err(|error| refused(&error))?),
            command: command.to_owned(),
            body: Bytes::from(body.to_string()),
            expected_version: None,
            idempotency_key: None,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        };
        match self.bus.execute(request).await {
            Ok(_) | Err(CommandError::Rejected(_)) => Ok(()),
            Err(error) => Err(refused(&error)),
        }
    }

    /// Whether somebody still waits for the export.
    async fn is_wanted(&self, place: &Place) -> Result<bool, JobError> {
        let statement =
            format!("SELECT EXISTS (SELECT FROM {} WHERE tenant_id = $1 AND id = $2 AND status = 'requested')", self.def.list.table);
        Ok(sqlx::query_scalar(&statement).bind(place.tenant_id).bind(&place.export_id).fetch_one(&self.worker).await?)
    }

    /// Removes files whose export has failed, was cancelled, or has had its time.
    async fn clean(&self) -> Result<(), JobError> {
        let statement = format!(
            "SELECT k.tenant, k.id FROM unnest($1::uuid[], $2::text[]) AS k (tenant, id) JOIN {} t ON t.tenant_id = k.tenant AND t.id = k.id \
             WHERE t.status IN ('failed', 'cancelled', 'expired') OR t.status = 'completed' AND t.expires_at <= now()",
            self.def.list.table
        );
        let places = self.tools.store.places().await?;
        let (tenants, ids): (Vec<Uuid>, Vec<String>) = places.into_iter().map(|place| (place.tenant_id, place.export_id)).unzip();
        let over: Vec<(Uuid, String)> = sqlx::query_as(&statement).bind(tenants).bind(ids).fetch_all(&self.worker).await?;
        for (tenant_id, export_id) in over {
            self.tools.store.remove(&Place { tenant_id, export_id }).await?;
        }
        Ok(())
    }

    async fn hold(&self, place: &Place) -> Result<Option<Lease>, JobError> {
        const TAKE: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, now() + make_interval(secs => $3)) \
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at \
            WHERE leases.expires_at <= now()";
        let lease = Lease { name: format!("export/{}/{}", place.tenant_id, place.export_id), holder: clock::new_id() };
        let taken = sqlx::query(TAKE).bind(&lease.name).bind(lease.holder).bind(LEASE_SECONDS).execute(&self.worker).await?.rows_affected();
        Ok((taken == 1).then_some(lease))
    }

    async fn renew(&self, lease: &Lease) -> Result<bool, JobError> {
        const RENEW: &str = "UPDATE runtime.leases SET expires_at = now() + make_interval(secs => $3) WHERE name = $1 AND holder = $2";
        let kept = sqlx::query(RENEW).bind(&lease.name).bind(lease.holder).bind(LEASE_SECONDS).execute(&self.worker).await?.rows_affected();
        Ok(kept == 1)
    }

    async fn release(&self, lease: &Lease) -> Result<(), JobError> {
        sqlx::query("DELETE FROM runtime.leases WHERE name = $1 AND holder = $2")
            .bind(&lease.name)
            .bind(lease.holder)
            .execute(&self.worker)
            .await?;
        Ok(())
    }
}

/// The right to write an export.
struct Lease {
    name: String,
    holder: Uuid,
}

/// Whether an error is one of the export, and not of something that is away for a while.
fn counts(error: &TableError) -> bool {
    match error {
        TableError::Encode(_) => true,
        TableError::Database(error) => error.as_database_error().is_some_and(|error| {
            let code = error.code().unwrap_or_default();
            // Class 57 is the operator's doing (a shutdown, a crash), but for a statement that takes too long.
            code == "57014" || !(code.starts_with("57") || code.starts_with("08") || code.starts_with("53"))
        }),
        TableError::Task(_) | TableError::Store(_) | TableError::Gone => false,
    }
}
