//! Brings rows to the server: several chunks under way, yet the same outcome as one row after the other.
//!
//! Rows that take a common unique key (an id, an address) depend on each other: the later one updates what the earlier one makes.
//! Such rows never travel together. Within a chunk the later one waits for the next wave; a chunk waits for earlier ones that
//! share a key with it.

use std::collections::{BTreeSet, HashSet, VecDeque};

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::Receiver;

use super::convert::Mapped;
use super::judge::invalid_field;
use super::reader::{Chunk, Row};
use super::report::{Outcome, RowReport};
use super::send::{Answer, Line, Sender};
use super::source::Place;
use crate::client::Problem;

/// Chunks under way at the same time.
const CHUNKS_MAX: usize = 4;
/// Hexadecimal digits of an idempotency key.
const KEY_CHARS: usize = 40;
/// Fields whose values several records may share in life: they do not say which record a row means.
const SHARED_FIELDS: [&str; 1] = ["phone"];

/// What all rows have in common.
pub struct Job {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type.
    pub aggregate: &'static str,
    /// The command for new rows.
    pub create: &'static str,
    /// The command for rows whose record exists.
    pub update: &'static str,
    /// The fields that the updating command has.
    pub update_fields: BTreeSet<String>,
    /// Whether existing records are updated.
    pub updates: bool,
    /// Names the file's content.
    pub digest: String,
}

/// A chunk that is done.
pub struct Done {
    /// What became of each row.
    pub reports: Vec<RowReport>,
    /// Where the next chunk starts.
    pub next: Place,
}

/// Sends all chunks; `take` gets the results in the order of the file.
pub async fn run<S: Sender>(
    job: &Job,
    sender: &S,
    mut chunks: Receiver<std::io::Result<Chunk>>,
    mut take: impl FnMut(Done) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut under_way = FuturesOrdered::new();
    let mut keys: VecDeque<HashSet<u64>> = VecDeque::new();
    let mut waiting: Option<Chunk> = None;
    let mut ended = false;
    loop {
        if let Some(chunk) = waiting.take_if(|chunk| keys.len() < CHUNKS_MAX && keys.iter().all(|keys| keys.is_disjoint(&chunk.keys))) {
            keys.push_back(chunk.keys);
            under_way.push_back(send_rows(job, sender, chunk.rows));
        }
        let room = !ended && waiting.is_none();
        if !room && under_way.is_empty() {
            return Ok(());
        }
        tokio::select! {
            chunk = chunks.recv(), if room => match chunk.transpose()? {
                Some(chunk) => waiting = Some(chunk),
                None => ended = true,
            },
            Some(done) = under_way.next(), if !under_way.is_empty() => {
                keys.pop_front();
                take(done?)?;
            }
        }
    }
}

/// What a row is about to ask for.
enum Step {
    Create,
    Update(String),
    FollowUp(String),
    Done,
}

struct Work {
    row: Row,
    step: Step,
    report: RowReport,
}

async fn send_rows<S: Sender>(job: &Job, sender: &S, rows: Vec<Row>) -> anyhow::Result<Done> {
    let next = rows.last().map_or(Place { offset: 0, line: 1 }, |row| row.next);
    let mut works: Vec<Work> = rows.into_iter().map(Work::new).collect();
    loop {
        let (mut held, mut wave, mut lines) = (HashSet::new(), Vec::new(), Vec::new());
        for (index, work) in works.iter().enumerate() {
            if matches!(work.step, Step::Done) {
                continue;
            }
            if work.row.keys.iter().all(|key| !held.contains(key))
                && let Some(line) = work.line(job)
            {
                wave.push(index);
                lines.push(line);
            }
            held.extend(work.row.keys.iter().copied());
        }
        if lines.is_empty() {
            let reports = works.into_iter().map(|work| work.report).collect();
            return Ok(Done { reports, next });
        }
        let answers = sender.send(&lines).await?;
        anyhow::ensure!(answers.len() == lines.len(), "the server answered {} of {} commands", answers.len(), lines.len());
        for (index, answer) in wave.into_iter().zip(answers) {
            works[index].take(job, answer);
        }
    }
}

impl Work {
    fn new(row: Row) -> Self {
        let report = RowReport::of(&row);
        let step = if row.content.is_ok() { Step::Create } else { Step::Done };
        Self { row, step, report }
    }

    fn mapped(&self) -> Option<&Mapped> {
        self.row.content.as_ref().ok()
    }

    fn line(&self, job: &Job) -> Option<Line> {
        let mapped = self.mapped()?;
        let (id, command, body) = match &self.step {
            Step::Create => (mapped.id.clone(), job.create, Value::Object(mapped.body.clone())),
            Step::Update(id) => (Some(id.clone()), job.update, Value::Object(job.update_body(mapped))),
            Step::FollowUp(id) => {
                let follow_up = mapped.follow_up.as_ref()?;
                (Some(id.clone()), follow_up.command, follow_up.body.clone())
            }
            Step::Done => return None,
        };
        let idempotency_key = job.key(self.row.line, id.as_deref(), command, &body);
        Some(Line { context: job.context, aggregate: job.aggregate, id, command, body, idempotency_key })
    }

    fn take(&mut self, job: &Job, answer: Answer) {
        let step = std::mem::replace(&mut self.step, Step::Done);
        let receipt = match answer {
            Ok(receipt) => receipt,
            Err(problem) => return self.refused(job, &step, *problem),
        };
        if !receipt.position.is_empty() {
            self.report.position = Some(receipt.position);
        }
        self.report.id = Some(receipt.id.clone());
        match step {
            Step::Create => {
                self.report.outcome = Outcome::Created;
                if self.mapped().is_some_and(|mapped| mapped.follow_up.is_some()) {
                    self.step = Step::FollowUp(receipt.id);
                }
            }
            Step::Update(_) if receipt.events.is_empty() => self.report.outcome = Outcome::Unchanged,
            Step::Update(_) => self.report.outcome = Outcome::Updated,
            Step::FollowUp(_) | Step::Done => {}
        }
    }

    fn refused(&mut self, job: &Job, step: &Step, problem: Problem) {
        let code = match problem.fields.first() {
            Some(fault) if problem.code == "invalid_field" => invalid_field(&fault.name),
            _ => problem.code.clone(),
        };
        if let Step::FollowUp(_) = step {
            // The record is there; only its end is missing.
            let warning = super::convert::Remark::new(code, problem.detail);
            self.report.warnings.push(warning);
            return;
        }
        self.report.outcome = Outcome::Refused;
        self.report.code = Some(code);
        // Places are those in the command, which nobody has seen; the row's line is what helps.
        self.report.detail = Some(problem.detail.split(" at line 1 column ").next().unwrap_or_default().to_owned());
        if let Step::Create = step
            && let Some((id, means_it)) = self.existing(&problem)
        {
            self.report.detail = Some(format!("{} Its id is `{id}`.", problem.detail));
            self.report.id = Some(id.clone());
            if !means_it || !job.updates {
                self.report.outcome = Outcome::Skipped;
            } else if self.mapped().is_none_or(|mapped| job.update_body(mapped).is_empty()) {
                self.report.outcome = Outcome::Unchanged;
            } else {
                self.step = Step::Update(id);
            }
        }
    }

    /// The record that a refused row collides with, and whether it is the one that the row means.
    fn existing(&self, problem: &Problem) -> Option<(String, bool)> {
        if problem.status != 409 {
            return None;
        }
        let means_it = |field: &str| !SHARED_FIELDS.contains(&field);
        if let Some(found) = problem.candidates.iter().find(|found| means_it(&found.field)).or(problem.candidates.first()) {
            return Some((found.id.clone(), means_it(&found.field)));
        }
        let exists = problem.code.rsplit('.').next() == Some("already_exists");
        self.mapped()?.id.clone().filter(|_| exists).map(|id| (id, true))
    }
}

impl Job {
    /// What a row says about a record that exists: the fields that the updating command has.
    fn update_body(&self, mapped: &Mapped) -> Map<String, Value> {
        let fields = mapped.body.iter().filter(|(name, _)| self.update_fields.contains(*name));
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The same for the same command of the same row of the same file, so that a second run replays the first one's answers.
    fn key(&self, line: u64, id: Option<&str>, command: &str, body: &Value) -> String {
        let mut hash = Sha256::new();
        for part in [&self.digest, &line.to_string(), self.context, self.aggregate, id.unwrap_or(""), command, &body.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut key = hex::encode(hash.finalize());
        key.truncate(KEY_CHARS);
        format!("import:{key}")
    }
}
