//! `neuroops export`: a read model or report as files, fetched and verified.
//!
//! The export is requested under a key that is kept in the folder, so that the command can be run again after an interruption: it finds the same
//! export, and fetches only what it does not have yet.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use platform::clock;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt as _;

use crate::client::{Client, ClientError};

/// How often it is asked how far the export is.
const POLL: Duration = Duration::from_millis(300);
/// How long nothing may happen before the command gives up.
const STANDSTILL_MAX: Duration = Duration::from_secs(90);
/// How often a file is fetched again from where it broke off.
const TRIES: u32 = 5;
/// Remembers the request between runs.
const STATE: &str = ".export";

/// `neuroops export`
#[derive(Args)]
pub struct ExportArgs {
    /// The context, e.g. `crm`.
    context: String,
    /// The read model or report, e.g. `contact-list`.
    source: String,
    /// The format of the files.
    #[arg(long, default_value = "parquet", value_parser = ["parquet", "csv", "ndjson", "arrow"])]
    format: String,
    /// The folder for the files; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// A filter of the read model or a parameter of the report, e.g. `--filter country=DE --filter created_at.gte=2026-01-01T00:00:00Z`.
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// Address of the gateway.
    #[arg(long, env = "NEUROOPS_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Access token.
    #[arg(long, env = "NEUROOPS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

#[derive(Deserialize)]
struct Receipt {
    id: String,
    position: String,
}

/// How far an export is.
#[derive(Deserialize)]
struct Overview {
    status: String,
    rows: u64,
    rows_expected: Option<u64>,
    files: Vec<File>,
    manifest: Option<String>,
    one_state: bool,
    failure: Option<Failure>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    bytes: u64,
    sha256: String,
    href: String,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    reason: String,
}

/// Requests, waits, fetches, verifies; tells what there is.
pub async fn run(args: &ExportArgs) -> Result<String> {
    let client = Client::new(&args.url, args.token.as_deref())?;
    let started = Instant::now();
    std::fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be made", args.out.display()))?;
    let terms = terms(&args.filters)?;
    let question = json!({ "context": args.context, "source": args.source, "terms": terms });
    let body = json!({ "question": question, "format": args.format });
    let key = key(&args.out, &body.to_string())?;
    let receipt: Receipt = client.command("/v1/analytics/export/request", &key, &body).await?;
    let overview = wait(&client, &receipt).await?;
    let bar = ProgressBar::new(overview.files.iter().map(|file| file.bytes).sum());
    style(&bar, "{msg:20} {bar:32} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left");
    for file in &overview.files {
        bar.set_message(file.name.clone());
        fetch(&client, &args.out, file, &bar).await?;
    }
    if let Some(manifest) = &overview.manifest {
        let content = client.open(manifest, 0).await?.bytes().await?;
        tokio::fs::write(args.out.join("manifest.json"), content).await?;
    }
    bar.finish_and_clear();
    drop(std::fs::remove_file(args.out.join(STATE)));
    let note = if overview.one_state {
        ""
    } else {
        "; the worker was interrupted, so the files are from more than one moment (see manifest.json)"
    };
    Ok(format!(
        "{} rows in {} file{} in {}, verified by their SHA-256, in {:.1} s{note}.",
        overview.rows,
        overview.files.len(),
        if overview.files.len() == 1 { "" } else { "s" },
        args.out.display(),
        started.elapsed().as_secs_f64()
    ))
}

/// The filters by name.
fn terms(filters: &[String]) -> Result<BTreeMap<&str, &str>> {
    let mut terms = BTreeMap::new();
    for filter in filters {
        let (name, value) = filter.split_once('=').with_context(|| format!("`{filter}` is no filter; write NAME=VALUE"))?;
        ensure!(terms.insert(name, value).is_none(), "the filter `{name}` comes more than once");
    }
    Ok(terms)
}

/// The key of the request: that of an interrupted run of the same request, or a new one.
fn key(out: &Path, body: &str) -> Result<String> {
    let path = out.join(STATE);
    if let Some((key, _)) = std::fs::read_to_string(&path).unwrap_or_default().split_once('\n').filter(|(_, known)| *known == body) {
        return Ok(key.to_owned());
    }
    let key = clock::new_id().to_string();
    std::fs::write(&path, format!("{key}\n{body}")).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(key)
}

/// Waits until the files are there.
async fn wait(client: &Client, receipt: &Receipt) -> Result<Overview> {
    let path = format!("/v1/analytics/export/{}/files", receipt.id);
    let bar = ProgressBar::new(0);
    style(&bar, "{msg:20} {bar:32} {human_pos}/{human_len} rows, {per_sec}, {eta} left");
    bar.set_message("writing");
    let (mut seen, mut since) = (None, Instant::now());
    loop {
        let overview: Overview = match client.get_after(&path, &receipt.position).await {
            Ok(overview) => overview,
            Err(error) if error.is_passing() && since.elapsed() < STANDSTILL_MAX => {
                tokio::time::sleep(error.retry_after().unwrap_or(POLL).min(Duration::from_secs(5))).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        bar.set_length(overview.rows_expected.unwrap_or(overview.rows).max(overview.rows));
        bar.set_position(overview.rows);
        match (overview.status.as_str(), &overview.failure) {
            ("completed", _) => {
                bar.finish_and_clear();
                return Ok(overview);
            }
            ("requested", _) => {}
            (_, Some(failure)) => bail!("the export cannot be made: {} ({})", failure.reason, failure.code),
            (status, None) => bail!("the export is {status}"),
        }
        if seen != Some(overview.rows) {
            (seen, since) = (Some(overview.rows), Instant::now());
        }
        ensure!(
            since.elapsed() < STANDSTILL_MAX,
            "nothing is written. Does a worker take exports? `neuroops work` does where EXPORT_DIR is set. Run the command again to go on waiting"
        );
        tokio::time::sleep(POLL).await;
    }
}

/// Fetches a file, from where an earlier run broke off, and verifies it.
async fn fetch(client: &Client, out: &Path, file: &File, bar: &ProgressBar) -> Result<()> {
    let path = out.join(&file.name);
    let before = bar.position();
    let mut tries = 0;
    loop {
        let have = tokio::fs::metadata(&path).await.map_or(0, |metadata| metadata.len());
        if have >= file.bytes {
            if digest(&path).await? == file.sha256 {
                bar.set_position(before + file.bytes);
                return Ok(());
            }
            tokio::fs::remove_file(&path).await?;
        } else if let Err(error) = append(client, &path, file, have, before, bar).await {
            if !error.downcast_ref::<ClientError>().is_some_and(ClientError::is_passing) {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tries += 1;
        ensure!(tries < TRIES, "{} cannot be fetched whole; run the command again to go on", file.name);
    }
}

async fn append(client: &Client, path: &Path, file: &File, from: u64, before: u64, bar: &ProgressBar) -> Result<()> {
    let mut response = client.open(&file.href, from).await?;
    let mut target =
        OpenOptions::new().create(true).append(true).open(path).await.with_context(|| format!("{} cannot be written", path.display()))?;
    let mut have = from;
    while let Some(chunk) = response.chunk().await.map_err(|error| client.broken(&error))? {
        target.write_all(&chunk).await?;
        have += chunk.len() as u64;
        bar.set_position(before + have);
    }
    target.flush().await?;
    Ok(())
}

async fn digest(path: &Path) -> Result<String> {
    let path = path.to_owned();
    let digest = move || -> Result<String> {
        let mut hasher = Sha256::new();
        let mut file = std::fs::File::open(&path)?;
        let mut chunk = vec![0; 64 << 10];
        loop {
            match file.read(&mut chunk)? {
                0 => break,
                count => hasher.update(&chunk[..count]),
            }
        }
        Ok(hex::encode(hasher.finalize()))
    };
    tokio::task::spawn_blocking(digest).await?
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_names_and_values() {
        let list = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect::<Vec<_>>();
        let filters = list(&["a=1", "b.gte=x=y", "c="]);
        assert_eq!(terms(&filters).unwrap().into_iter().collect::<Vec<_>>(), [("a", "1"), ("b.gte", "x=y"), ("c", "")]);
        assert!(terms(&list(&["a"])).is_err() && terms(&list(&["a=1", "a=2"])).is_err());
    }

    #[test]
    fn the_same_request_is_found_again_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = key(folder.path(), "a").unwrap();
        assert_eq!(key(folder.path(), "a").unwrap(), first);
        assert_ne!(key(folder.path(), "b").unwrap(), first);
    }
}
