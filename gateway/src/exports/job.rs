//! One export, from the first row to the manifest.
//!
//! Rows are read in the order of their ids within one transaction, so that all are from one state of the database, and written to files of a
//! bounded number of rows. After each file, `progress.json` says what is written: a worker that takes over begins behind it. Its rows
//! are then from a later state, which the manifest tells. A transaction is not kept open for longer than [`SNAPSHOT_MAX`], because old
//! versions of rows cannot be cleaned up meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::kernel::{TenantId, partition_of};
use platform::clock;
use platform::tenant_tx::TenantTx;
use projections::question::Question;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::columns::TableColumn;
use super::encode::{self, Encoder, TableError, TableFormat};
use super::manifest::{FileEntry, MANIFEST, Manifest, PROGRESS};
use super::plan::{PIECE_ROWS_MAX, Plan, Reading};
use super::store::{ExportStore, Place};
use crate::catalogue::Catalogue;
use crate::freshness::Freshness;
use crate::problem::Problem;
use crate::queries::{Cursor, Limits};

/// The longest that one state of the database is read.
const SNAPSHOT_MAX: Duration = Duration::from_mins(15);
/// The longest that one piece may keep Postgres busy, in ms; the first one of a report is all of its work.
const STATEMENT_MS_MAX: u128 = 600_000;
/// How long projections may take to catch up with what was in the log when a worker began.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether they have.
const CATCH_UP_LOOK: Duration = Duration::from_millis(50);

/// An export that somebody waits for.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where its files go.
    pub place: Place,
    /// What is asked.
    pub question: Question,
    /// The format of the files.
    pub format: TableFormat,
    /// Its name.
    pub format_name: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: DateTime<Utc>,
}

/// What jobs need.
pub struct Tools {
    /// Connected as the application role, which sees one tenant at a time.
    pub app: PgPool,
    /// What can be asked.
    pub catalogue: Catalogue,
    /// Where files go.
    pub store: Arc<dyn ExportStore>,
    /// Rows of one file at most.
    pub file_rows_max: usize,
    /// The number of log partitions.
    pub partitions: i32,
}

/// Why an export was not written.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It cannot be made, now or later.
    #[error(transparent)]
    Impossible(#[from] Problem),
    /// It may be made later.
    #[error(transparent)]
    Table(#[from] TableError),
    /// This worker is to stop, or has lost its lease.
    #[error("the worker stops")]
    Stopped,
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Table(error.into())
    }
}

impl From<std::io::Error> for JobError {
    fn from(error: std::io::Error) -> Self {
        Self::Table(error.into())
    }
}

/// A state of the database that rows are read from.
struct Snapshot {
    tx: TenantTx,
    freshness: Freshness,
    began: Instant,
}

impl Tools {
    /// Writes the files and the manifest; answers the manifest and its digest. Cancelled between pieces.
    pub async fn write(&self, job: &Job, stop: &CancellationToken) -> Result<(Manifest, String), JobError> {
        if let Some(content) = self.store.get(&job.place, MANIFEST).await?
            && let Ok(manifest) = serde_json::from_slice::<Manifest>(&content)
        {
            // Only the last word, to the log, was not said.
            return Ok((manifest, hex::encode(Sha256::digest(&content))));
        }
        let plan = self.plan(&job.question)?;
        let mut manifest = self.progress(job, &plan).await?;
        let kept: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).chain([PROGRESS]).collect();
        self.store.keep_only(&job.place, &kept).await?;
        self.write_files(job, &plan, &mut manifest, stop).await?;
        manifest.completed_at = Some(clock::now());
        let content = json(&manifest)?;
        self.store.put(&job.place, MANIFEST, &content).await?;
        Ok((manifest, hex::encode(Sha256::digest(&content))))
    }

    /// What is asked, as a plan that reads all rows.
    pub fn plan(&self, question: &Question) -> Result<Plan, Problem> {
        let readable = self.catalogue.context(&question.context)?.readable(&question.source)?;
        let pairs = question.terms.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let all = Limits { default: usize::MAX, max: usize::MAX };
        Ok(match Plan::parse(readable, pairs, all)? {
            Plan::Model(def, wanted) => Plan::Model(def, wanted.by_id()),
            report @ Plan::Report(..) => report,
        })
    }

    /// What another worker has written already. Of a report, which has no ids to go on from, nothing counts.
    async fn progress(&self, job: &Job, plan: &Plan) -> Result<Manifest, JobError> {
        let found = self.store.get(&job.place, PROGRESS).await?;
        let found = found.and_then(|content| serde_json::from_slice::<Manifest>(&content).ok());
        let resumes = |manifest: &Manifest| manifest.is_known() && manifest.format == job.format_name && matches!(plan, Plan::Model(..));
        if let Some(manifest) = found.filter(resumes) {
            return Ok(manifest);
        }
        let terms: BTreeMap<String, String> = job.question.terms.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        Ok(Manifest {
            context: job.question.context.to_string(),
            source: job.question.source.to_string(),
            terms,
            format: job.format_name.clone(),
            requested_by: job.requested_by.clone(),
            requested_at: job.requested_at,
            ..Manifest::begin(&job.place.export_id, job.place.tenant_id, clock::now())
        })
    }

    async fn write_files(&self, job: &Job, plan: &Plan, manifest: &mut Manifest, stop: &CancellationToken) -> Result<(), JobError> {
        let mut snapshot = self.caught_up(job, plan).await?;
        let columns: Arc<[TableColumn]> = plan.columns(&mut snapshot.tx).await?.into();
        manifest.schema = columns.to_vec();
        if manifest.files.is_empty() {
            manifest.rows_expected = plan.count(&mut snapshot.tx).await?.map(|rows| rows.max(0).unsigned_abs());
        }
        let mut reading = plan.open(&mut snapshot.tx, &columns, after(manifest).as_ref(), None).await?;
        loop {
            let last = self.write_file(job, &columns, manifest, &mut snapshot, &reading, stop).await?;
            self.store.put(&job.place, PROGRESS, &json(manifest)?).await?;
            if last {
                return Ok(());
            }
            // A report has nothing to begin behind; it is read from one state however long that takes.
            if snapshot.began.elapsed() > SNAPSHOT_MAX && matches!(plan, Plan::Model(..)) {
                reading.close(&mut snapshot.tx).await?;
                snapshot.tx.commit().await?;
                snapshot = self.snapshot(job, plan).await?;
                reading = plan.open(&mut snapshot.tx, &columns, after(manifest).as_ref(), None).await?;
            }
        }
    }

    /// Writes the next file; tells whether it was the last one.
    async fn write_file(
        &self,
        job: &Job,
        columns: &Arc<[TableColumn]>,
        manifest: &mut Manifest,
        snapshot: &mut Snapshot,
        reading: &Reading,
        stop: &CancellationToken,
    ) -> Result<bool, JobError> {
        let name = format!("part-{:05}.{}", manifest.files.len() + 1, job.format.extension());
        let positions: Vec<String> = snapshot.freshness.positions().iter().map(ToString::to_string).collect();
        let facts = [
            ("neuroops.source".to_owned(), format!("{}/{}", manifest.context, manifest.source)),
            ("neuroops.export".to_owned(), manifest.export_id.clone()),
            ("neuroops.positions".to_owned(), positions.join(",")),
        ];
        let mut encoder = Encoder::start(job.format, columns.clone(), &facts).map_err(TableError::from)?;
        let mut file = Hashed::new(self.store.create(&job.place, &name).await?);
        let (mut rows, mut last_id, mut ended) = (0, None, false);
        while rows < self.file_rows_max {
            if stop.is_cancelled() {
                return Err(JobError::Stopped);
            }
            let wanted = PIECE_ROWS_MAX.min(self.file_rows_max - rows);
            let fetch = Reading::fetch(wanted);
            let mut coming = reading.take(&mut snapshot.tx, &fetch);
            while let Some(piece) = coming.next().await? {
                last_id = piece.last.or(last_id);
                let bytes;
                (encoder, bytes) = encode::push(encoder, piece.rows).await?;
                file.write(&bytes).await?;
            }
            ended = coming.count < wanted;
            rows += coming.count;
            if ended {
                break;
            }
        }
        // A file without rows is written only where there would be none at all.
        if rows > 0 || manifest.files.is_empty() {
            file.write(&encode::finish(encoder).await?).await?;
            let (bytes, sha256) = file.finish().await?;
            let rows = u64::try_from(rows).unwrap_or(u64::MAX);
            let state = snapshot.freshness.stamp().map(|stamp| hex::encode(stamp.0)).unwrap_or_default();
            manifest.add(FileEntry { name, rows, bytes, sha256, positions, state, last_id });
        }
        Ok(ended)
    }

    async fn snapshot(&self, job: &Job, plan: &Plan) -> Result<Snapshot, JobError> {
        let tenant = job.place.tenant_id;
        let partition = partition_of(&TenantId(tenant).partition_key(), self.partitions);
        let mut tx = TenantTx::begin_snapshot(&self.app, tenant).await?;
        let pairs = self.catalogue.pairs(&plan.projections());
        let freshness = Freshness::read(&mut tx, &pairs, partition, STATEMENT_MS_MAX).await?;
        Ok(Snapshot { tx, freshness, began: Instant::now() })
    }

    /// A state that includes what was in the log when the worker began, so also all that was acknowledged before the export was
    /// requested. Projections that do not catch up in time do not keep the export from being made: it says what it includes.
    async fn caught_up(&self, job: &Job, plan: &Plan) -> Result<Snapshot, JobError> {
        let began = Instant::now();
        let mut snapshot = self.snapshot(job, plan).await?;
        let heads = snapshot.freshness.heads();
        while !snapshot.freshness.includes(&heads) && began.elapsed() < CATCH_UP_MAX {
            snapshot.tx.commit().await?;
            tokio::time::sleep(CATCH_UP_LOOK).await;
            snapshot = self.snapshot(job, plan).await?;
        }
        Ok(snapshot)
    }
}

/// The row behind which to go on.
fn after(manifest: &Manifest) -> Option<Cursor> {
    manifest.last_id().map(|id| Cursor { key: None, id: id.to_owned() })
}

fn json(manifest: &Manifest) -> Result<Vec<u8>, JobError> {
    serde_json::to_vec_pretty(manifest).map_err(|error| JobError::Impossible(Problem::internal(&error)))
}

/// A file whose digest grows with it.
struct Hashed {
    writer: Box<dyn super::store::FileWriter>,
    hasher: Sha256,
    bytes: u64,
}

impl Hashed {
    fn new(writer: Box<dyn super::store::FileWriter>) -> Self {
        Self { writer, hasher: Sha256::new(), bytes: 0 }
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.writer.write(bytes).await
    }

    async fn finish(self) -> std::io::Result<(u64, String)> {
        self.writer.finish().await?;
        Ok((self.bytes, hex::encode(self.hasher.finalize())))
    }
}
