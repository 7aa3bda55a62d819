//! `neuroops`: the one binary. Every role of the platform is a subcommand.

mod admin;
mod analytics;
mod audit;
mod billing;
mod client;
mod demo;
mod export;
mod import;
mod matching;
mod operations;
mod processes;
mod requests;
mod roles;
mod schemas;
mod secrets;
mod settings;
mod setup;
mod status;
mod up;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::config::Config;
use platform::telemetry;
use platform::telemetry::otlp::Otlp;

// Tests of the whole workspace are built with the defects that the simulation of the protocols plants; no release is.
const _: () = assert!(
    cfg!(debug_assertions) || !projections::runtime::planted::PLANTED_BUGS,
    "a release must not be built with the feature planted-bugs"
);

#[derive(Parser)]
#[command(name = "neuroops", version, about = "An event-sourced, multi-tenant business platform on Postgres and Kafka.")]
struct Arguments {
    /// What to log, in the syntax of `RUST_LOG`, e.g. `info` or `warn,workers=debug`.
    #[arg(long, env = "RUST_LOG", global = true, hide_env_values = true)]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything in one process, with its own Postgres and Kafka unless `DATABASE_URL` or `KAFKA_BOOTSTRAP_SERVERS` name others.
    Up,
    /// Do what `up` does, run the main job once on the sample data, show what happens, and stop.
    Demo(demo::DemoArgs),
    /// Run a gateway (HTTP). Any number may run at the same time.
    Serve,
    /// Run workers: relay, projectors, process managers, due commands, webhooks, housekeeping. Any number may run at the same time.
    Work(roles::WorkArgs),
    /// Bring the database's schema up to date.
    Migrate,
    /// Show how far the relay and the projections are.
    Status,
    /// Look at, rebuild and mend projections.
    #[command(subcommand)]
    Projections(operations::ProjectionsCommand),
    /// Look at process managers and have refused or stuck steps taken again.
    #[command(subcommand)]
    Processes(processes::ProcessesCommand),
    /// Look at webhooks and have events delivered again.
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Look after Kafka's topics.
    #[command(subcommand)]
    Kafka(operations::KafkaCommand),
    /// Take a tenant's signed history along, verify it, and look at how things were.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Look after what the payment provider has.
    #[command(subcommand)]
    Billing(billing::BillingCommand),
    /// Create, set up and list tenants.
    #[command(subcommand)]
    Tenants(admin::TenantsCommand),
    /// Issue, list and revoke access tokens.
    #[command(subcommand)]
    Tokens(admin::TokensCommand),
    /// Grant, revoke and list access by SQL.
    #[command(subcommand)]
    Analytics(analytics::AnalyticsCommand),
    /// Take the schemas of events, commands and answers along, or register them.
    #[command(subcommand)]
    Schemas(schemas::SchemasCommand),
    /// Export a read model or report to files, e.g. `neuroops export crm contact-list --format parquet --out contacts`.
    Export(export::ExportArgs),
    /// Import a file, e.g. `neuroops import crm contacts contacts.csv`.
    Import(import::ImportArgs),
    /// Send a command, e.g. `neuroops cmd crm/contact/register '{"given_name":"Ada"}'`.
    Cmd(requests::cmd::CmdArgs),
    /// Read a read model, report, history or document, e.g. `neuroops get 'crm/contact-list?q=ada' --format table`.
    Get(requests::get::GetArgs),
    /// Follow events as they are recorded, one JSON object a line.
    Tail(requests::tail::TailArgs),
}

/// A reader that has seen enough (`neuroops status | head`) is no reason for a panic's report.
fn end_quietly_on_closed_output() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("failed printing to stdout")) {
            std::process::exit(0);
        }
        report(panic);
    }));
}

/// Commands are many small allocations over several threads, at which this allocator is better than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    end_quietly_on_closed_output();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = runtime.block_on(run(arguments));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some errors repeat their source in their own text.
        if !said.contains(&cause) {
            eprintln!("  because: {cause}");
        }
        said = cause;
    }
    // Wrong options and files are the caller's to mend, as with options that clap refuses.
    ExitCode::from(if error.is::<import::UsageError>() { 2 } else { 1 })
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = match &arguments.command {
        // `up` starts what the environment names and nothing else; the others may talk to what `up` has started.
        Command::Up | Command::Demo(_) => Config::from_env()?,
        _ => settings::load()?,
    };
    let default = match &arguments.command {
        Command::Serve | Command::Work(_) => "info",
        // What the clients of Postgres and Kafka say about lost connections is said by the supervisor and by /health/ready.
        Command::Up => "warn,sqlx=error,librdkafka=off,rdkafka=off",
        _ => "error,librdkafka=off,rdkafka=off",
    };
    telemetry::init_logs(config.log_format, arguments.log.as_deref().unwrap_or(default));
    let _otlp = match (&arguments.command, &config.otlp) {
        (Command::Up | Command::Serve | Command::Work(_), Some(options)) => Some(Otlp::start(options)?),
        _ => None,
    };
    match arguments.command {
        Command::Up => up::run(config).await?,
        Command::Demo(args) => return demo::run(config, &args).await,
        Command::Serve => roles::serve(&config).await?,
        Command::Work(args) => roles::work(&config, &args).await?,
        Command::Migrate => admin::migrate(&config).await?,
        Command::Status => status::run(&config).await?,
        Command::Projections(command) => operations::projections(&config, command).await?,
        Command::Processes(command) => processes::run(&config, command).await?,
        Command::Webhooks(command) => webhooks::run(&config, command).await?,
        Command::Kafka(command) => operations::kafka(&config, command).await?,
        Command::Audit(command) => audit::run(&config, command).await?,
        Command::Billing(command) => return billing::run(&config, command).await,
        Command::Tenants(command) => admin::tenants(&config, command).await?,
        Command::Tokens(command) => admin::tokens(&config, command).await?,
        Command::Analytics(command) => analytics::run(&config, command).await?,
        Command::Schemas(command) => schemas::run(&config, command).await?,
        Command::Export(mut args) => {
            if args.token.is_none() {
                args.token = settings::client_setting("NEUROOPS_TOKEN");
                args.url = settings::client_setting("NEUROOPS_URL").unwrap_or(args.url);
            }
            println!("{}", export::run(&args).await?);
        }
        Command::Import(mut args) => {
            // Without settings of its own, an import goes to the platform that `up` runs here.
            if args.token.is_none() {
                args.token = settings::client_setting("NEUROOPS_TOKEN");
                args.url = settings::client_setting("NEUROOPS_URL").unwrap_or(args.url);
            }
            println!("{}", import::run(&args).await?);
        }
        Command::Cmd(args) => println!("{}", requests::cmd::run(&args).await?),
        Command::Get(args) => requests::get::run(&args).await?,
        Command::Tail(args) => requests::tail::run(&args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
