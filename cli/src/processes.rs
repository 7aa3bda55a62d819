//! `neuroops processes …`: what process managers have to do, and what came of it.

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::Table;
use domain::processes::PROCESSES;
use platform::config::Config;
use platform::postgres;
use sqlx::PgPool;
use uuid::Uuid;
use workers::due::troubles;
use workers::processes::{ShownStep, StepFilter, overview, retry, steps};

/// `neuroops processes …`
#[derive(Subcommand)]
pub enum ProcessesCommand {
    /// List the processes with their steps.
    List,
    /// Show steps, the latest first.
    Steps(StepsArgs),
    /// Show steps and due commands that were refused, and those that are tried again and again.
    Failed {
        /// Only of this process.
        process: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Take refused and stuck steps again.
    Retry {
        /// The process.
        process: String,
        /// Only those of this event.
        #[arg(long, required_unless_present = "all")]
        event: Option<Uuid>,
        /// Only the step of this name.
        #[arg(long, requires = "event")]
        step: Option<String>,
        /// All of the process.
        #[arg(long, conflicts_with = "event")]
        all: bool,
    },
}

/// `neuroops processes steps`
#[derive(Args)]
pub struct StepsArgs {
    /// Only of this process.
    process: Option<String>,
    /// Only of this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only of this event.
    #[arg(long)]
    event: Option<Uuid>,
    /// Only in these states.
    #[arg(long, value_delimiter = ',')]
    state: Vec<StepState>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepState {
    /// To be taken.
    Open,
    /// To be taken again after many failures.
    Stuck,
    /// Done.
    Done,
    /// Refused.
    Refused,
}

impl StepState {
    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Stuck => "stuck",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

fn known(name: &str) -> Result<()> {
    if PROCESSES.iter().any(|process| process.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = PROCESSES.iter().map(|process| process.name).collect();
    bail!("there is no process `{name}`; there are {}", names.join(", "))
}

/// `neuroops processes …`
pub async fn run(config: &Config, command: ProcessesCommand) -> Result<()> {
    let pool = postgres::pool(config.require_database_worker()?.expose(), 2)?;
    postgres::check(&pool).await?;
    match command {
        ProcessesCommand::List => list(&pool).await?,
        ProcessesCommand::Steps(args) => {
            args.process.as_deref().map(known).transpose()?;
            let states: Vec<&str> = args.state.iter().map(|state| state.name()).collect();
            let filter = StepFilter {
                process: args.process.as_deref(),
                tenant: args.tenant,
                event: args.event,
                states: &states,
                limit: args.limit.into(),
            };
            show(&steps(&pool, &filter).await?, "There are no such steps.");
        }
        ProcessesCommand::Failed { process, limit } => {
            process.as_deref().map(known).transpose()?;
            failed(&pool, process.as_deref(), limit.into()).await?;
        }
        ProcessesCommand::Retry { process, event, step, all: _ } => {
            known(&process)?;
            let taken = retry(&pool, &process, event, step.as_deref()).await?;
            if taken == 0 {
                bail!("no step of that name is refused or stuck; `neuroops processes failed {process}` shows those that are");
            }
            println!("{taken} steps will be taken again within seconds; `neuroops processes failed {process}` shows what is left.");
        }
    }
    Ok(())
}

async fn list(pool: &PgPool) -> Result<()> {
    let names: Vec<&str> = PROCESSES.iter().map(|process| process.name).collect();
    let mut table = Table::new();
    table.set_header(["process", "what it does", "events behind", "parked keys", "open", "stuck", "refused", "done", "oldest open"]);
    for (process, def) in overview(pool, &names).await?.into_iter().zip(PROCESSES) {
        table.add_row([
            process.process,
            def.summary.to_owned(),
            process.events_behind.to_string(),
            process.parked_keys.to_string(),
            process.open.to_string(),
            process.stuck.to_string(),
            process.refused.to_string(),
            process.done.to_string(),
            process.oldest_seconds.map(|seconds| format!("{seconds:.0} s")).unwrap_or_default(),
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn failed(pool: &PgPool, process: Option<&str>, limit: i64) -> Result<()> {
    let filter = StepFilter { process, states: &["refused", "stuck"], limit, ..StepFilter::default() };
    show(&steps(pool, &filter).await?, "No step is refused or stuck.");
    if process.is_some() {
        return Ok(());
    }
    let rows = troubles(pool, limit).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.set_header(["due command", "tenant", "id", "due since", "attempts", "next attempt", "code", "reason"]);
    for row in rows {
        let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
        table.add_row([
            row.source,
            row.tenant_id.to_string(),
            row.id,
            time(row.due_at),
            row.attempts.to_string(),
            time(row.retry_at),
            row.code,
            row.detail,
        ]);
    }
    println!("{table}");
    Ok(())
}

fn show(steps: &[ShownStep], nothing: &str) {
    if steps.is_empty() {
        println!("{nothing}");
        return;
    }
    let mut table = Table::new();
    table.set_header(["process", "tenant", "event", "step", "lane", "state", "attempts", "of", "code", "reason or effect"]);
    for step in steps {
        table.add_row([
            step.process.clone(),
            step.tenant_id.to_string(),
            step.event_id.to_string(),
            step.step.clone(),
            step.lane.clone(),
            step.state.clone(),
            step.attempts.to_string(),
            step.recorded_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            step.code.clone().unwrap_or_default(),
            step.detail.clone().or_else(|| step.receipt.clone()).unwrap_or_default(),
        ]);
    }
    println!("{table}");
}
