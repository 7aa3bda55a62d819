//! What became of the rows: for people, and as NDJSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::convert::Remark;
use super::reader::Row;

/// Refused rows that are shown on the terminal.
const SHOWN_MAX: u64 = 20;
/// Codes that are counted one by one.
const CODES_MAX: usize = 200;

/// What became of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new record.
    Created,
    /// A record that was there is now as the row says.
    Updated,
    /// A record that was there is as the row says already.
    Unchanged,
    /// A record that was there stays as it is.
    Skipped,
    /// Nothing was stored.
    #[default]
    Refused,
}

/// The line of a row in the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RowReport {
    /// Its line in the file.
    pub line: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// The record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it was not created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Cells that were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Remark>,
    /// Position token.
    #[serde(skip)]
    pub position: Option<String>,
}

impl RowReport {
    /// The report of a row before anything was sent.
    pub fn of(row: &Row) -> Self {
        let report = Self { line: row.line, ..Self::default() };
        match &row.content {
            Ok(mapped) => Self { id: mapped.id.clone(), warnings: mapped.warnings.clone(), ..report },
            Err(remark) => Self { code: Some(remark.code.clone()), detail: Some(remark.detail.clone()), ..report },
        }
    }
}

/// Counts of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New records.
    pub created: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that were as the row says already.
    pub unchanged: u64,
    /// Rows whose record exists and was left alone.
    pub skipped: u64,
    /// Rows of which nothing was stored.
    pub refused: u64,
    /// Rows that were not created or updated, by reason.
    pub by_reason: BTreeMap<String, u64>,
    /// Cells that were left out, by reason.
    pub warnings: BTreeMap<String, u64>,
}

impl Counts {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.refused
    }

    fn add(&mut self, report: &RowReport) {
        *match report.outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Refused => &mut self.refused,
        } += 1;
        if let (Outcome::Skipped | Outcome::Refused, Some(code)) = (report.outcome, &report.code) {
            count(&mut self.by_reason, code);
        }
        report.warnings.iter().for_each(|warning| count(&mut self.warnings, &warning.code));
    }
}

fn count(counts: &mut BTreeMap<String, u64>, code: &str) {
    let code = if counts.len() < CODES_MAX || counts.contains_key(code) { code } else { "other" };
    *counts.entry(code.to_owned()).or_default() += 1;
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportSummary {
    /// New records.
    pub created: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that were as the row says already.
    pub unchanged: u64,
    /// Rows whose record exists and was left alone: all of them with `--skip-existing`, else those that share no more than a telephone
    /// number with it.
    pub skipped: u64,
    /// Rows of which nothing was stored.
    pub refused: u64,
    /// Skipped and refused rows by reason.
    pub by_reason: BTreeMap<String, u64>,
    /// Cells that were left out, by reason.
    pub warnings: BTreeMap<String, u64>,
    /// Columns that fill nothing.
    pub ignored: Vec<String>,
    /// For each context, the position token of the last write: a query that waits for it sees the whole import.
    pub positions: BTreeMap<String, String>,
    /// How long it took, earlier runs not included.
    pub elapsed: Duration,
    /// Whether nothing was sent.
    pub dry_run: bool,
    /// Rows that an earlier run had done.
    pub resumed: u64,
    /// The rows' report.
    pub report: Option<PathBuf>,
}

impl ImportSummary {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.refused
    }

    pub(super) fn set_counts(&mut self, counts: Counts) {
        let Counts { created, updated, unchanged, skipped, refused, by_reason, warnings } = counts;
        (self.created, self.updated, self.unchanged, self.skipped, self.refused) = (created, updated, unchanged, skipped, refused);
        (self.by_reason, self.warnings) = (by_reason, warnings);
    }

    /// Remembers the furthest position of a context; tokens look like `crm/3@1024`.
    pub(super) fn reach(&mut self, token: &str) {
        let parts = |token: &str| -> Option<(String, u64)> {
            let (place, offset) = token.rsplit_once('@')?;
            Some((place.split('/').next()?.to_owned(), offset.parse().ok()?))
        };
        let Some((context, offset)) = parts(token) else { return };
        let known = self.positions.get(&context).and_then(|token| parts(token)).map(|(_, offset)| offset);
        if known.is_none_or(|known| known < offset) {
            self.positions.insert(context, token.to_owned());
        }
    }
}

/// A rate, rounded down.
pub(super) fn per_second(count: u64, elapsed: Duration) -> u64 {
    u64::try_from(u128::from(count) * 1_000 / elapsed.as_millis().max(1)).unwrap_or(u64::MAX)
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let lines: Vec<String> = counts.into_iter().map(|(code, count)| format!("\n    {count:>9}  {code}")).collect();
    lines.concat()
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self;
        let rate = per_second(counts.rows().saturating_sub(self.resumed), self.elapsed);
        if self.dry_run {
            writeln!(f, "Dry run: nothing was sent. Only the file and the rules were looked at, not what is on record.")?;
        }
        let (rows, seconds) = (counts.rows(), self.elapsed.as_secs_f64());
        writeln!(f, "{rows} rows in {seconds:.1} s ({rate} rows/s)")?;
        if self.resumed > 0 {
            writeln!(f, "  {:>9}  of them done by an earlier run", self.resumed)?;
        }
        writeln!(f, "  {:>9}  created", counts.created)?;
        writeln!(f, "  {:>9}  updated", counts.updated)?;
        writeln!(f, "  {:>9}  unchanged", counts.unchanged)?;
        writeln!(f, "  {:>9}  skipped, because a record like it exists", counts.skipped)?;
        write!(f, "  {:>9}  refused", counts.refused)?;
        if !counts.by_reason.is_empty() {
            write!(f, "\n  Skipped and refused by reason:{}", listed(&counts.by_reason))?;
        }
        if !counts.warnings.is_empty() {
            write!(f, "\n  Cells left out by reason:{}", listed(&counts.warnings))?;
        }
        if !self.ignored.is_empty() {
            write!(f, "\n  Ignored columns: {}", self.ignored.join(", "))?;
        }
        if let Some(report) = &self.report {
            write!(f, "\n  Every row: {}", report.display())?;
        }
        Ok(())
    }
}

/// Takes note of rows.
pub struct Recorder {
    /// The rows so far.
    pub counts: Counts,
    /// The summary, up to the counts.
    pub summary: ImportSummary,
    file: Option<BufWriter<File>>,
    shown: u64,
}

impl Recorder {
    /// Starts, or goes on behind what an earlier run noted.
    pub fn start(report: Option<&Path>, kept_bytes: u64) -> anyhow::Result<Self> {
        let file = report.map(|path| -> anyhow::Result<_> {
            let open = OpenOptions::new().create(true).write(true).truncate(false).open(path);
            let mut file = open.with_context(|| format!("cannot write {}", path.display()))?;
            // Rows after the last noted place are sent again, and reported again.
            file.set_len(kept_bytes.min(file.metadata()?.len()))?;
            file.seek(SeekFrom::End(0))?;
            Ok(BufWriter::new(file))
        });
        let summary = ImportSummary { report: report.map(Path::to_owned), ..ImportSummary::default() };
        Ok(Self { counts: Counts::default(), summary, file: file.transpose()?, shown: 0 })
    }

    /// Notes a row; a text is for the terminal.
    pub fn add(&mut self, report: &RowReport) -> anyhow::Result<Option<String>> {
        self.counts.add(report);
        if let Some(position) = &report.position {
            self.summary.reach(position);
        }
        if let Some(file) = &mut self.file {
            serde_json::to_writer(&mut *file, report)?;
            file.write_all(b"\n").context("cannot write the report")?;
        }
        if report.outcome != Outcome::Refused || self.shown > SHOWN_MAX {
            return Ok(None);
        }
        self.shown += 1;
        if self.shown > SHOWN_MAX {
            return Ok(None);
        }
        let (code, detail) = (report.code.as_deref().unwrap_or(""), report.detail.as_deref().unwrap_or(""));
        let detail: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
        Ok(Some(format!("line {}: refused, {code}: {detail}", report.line)))
    }

    /// What the terminal does not show.
    pub fn not_shown(&self, refused_before: u64) -> Option<String> {
        let more = self.counts.refused.saturating_sub(refused_before).saturating_sub(SHOWN_MAX);
        (more > 0).then(|| match &self.summary.report {
            Some(path) => format!("… and {more} more; see {}", path.display()),
            None => format!("… and {more} more; --report FILE lists every row"),
        })
    }

    /// Makes the report complete, and answers its length.
    pub fn flush(&mut self) -> anyhow::Result<u64> {
        let Some(file) = &mut self.file else { return Ok(0) };
        file.flush().context("cannot write the report")?;
        Ok(file.stream_position()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_remembers_the_furthest_position_of_each_context() {
        let mut summary = ImportSummary::default();
        for token in ["crm/3@9", "crm/3@1024", "crm/3@17", "sales/1@2", "nonsense"] {
            summary.reach(token);
        }
        assert_eq!(summary.positions["crm"], "crm/3@1024");
        assert_eq!(summary.positions["sales"], "sales/1@2");
    }

    #[test]
    fn import_reports_every_row_and_shows_the_first_refusals() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.ndjson");
        std::fs::write(&path, "kept\nlost\n").unwrap();
        let mut recorder = Recorder::start(Some(&path), 5).unwrap();
        let shown = (0..30).filter_map(|line| {
            let report = RowReport { line, code: Some("c".to_owned()), detail: Some("d\u{7}".to_owned()), ..RowReport::default() };
            recorder.add(&report).unwrap()
        });
        assert_eq!(shown.collect::<Vec<_>>().len() as u64, SHOWN_MAX);
        recorder.flush().unwrap();
        assert!(recorder.not_shown(0).unwrap().contains("10 more; see"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 31);
        assert!(text.starts_with("kept\n{\"line\":0,\"outcome\":\"refused\",\"code\":\"c\""), "{text}");
        recorder.summary.set_counts(recorder.counts.clone());
        assert!(recorder.summary.to_string().contains("30  refused"));
    }
}
