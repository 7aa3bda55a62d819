//! Two years of a trading company, read from files as a company brings them along when it moves in.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use domain::processes::PROCESSES;
use platform::tenant_tx::TenantTx;
use serde_json::Value;
use workers::processes::{StepFilter, overview, steps};

use super::Demo;

/// A file of the sample and what is done with it.
enum Load {
    /// `neuroops import <context> <name>`
    List(&'static str, &'static str, &'static str),
    /// `POST /v1/commands`
    Commands(&'static str),
}

use Load::{Commands, List};

/// The files in the order in which they are read.
const FILES: [Load; 18] = [
    Commands("company.ndjson"),
    List("crm", "companies", "companies.csv"),
    List("crm", "contacts", "contacts.csv"),
    List("accounting", "opening-balances", "opening-balances.csv"),
    List("accounting", "entries", "journal.csv"),
    List("inventory", "products", "products.csv"),
    List("inventory", "movements", "movements.csv"),
    List("invoicing", "invoices", "invoices.csv"),
    List("invoicing", "bills", "bills.csv"),
    Commands("documents.ndjson"),
    List("invoicing", "payments", "payments.csv"),
    List("invoicing", "bill-payments", "bill-payments.csv"),
    Commands("credit-notes.ndjson"),
    Commands("settlements.ndjson"),
    List("billing", "plans", "plans.csv"),
    List("billing", "customers", "billing-customers.csv"),
    List("billing", "subscriptions", "subscriptions.csv"),
    List("billing", "usage", "usage.csv"),
];

/// How long what follows from the files may take.
const SETTLED_MAX: Duration = Duration::from_mins(3);
/// How often it is asked whether everything has followed.
const POLL: Duration = Duration::from_millis(100);
/// Lines of one request.
const LINES_MAX: usize = 1_000;

impl Demo {
    /// Loads the files, waits until everything has followed from them, and compares with what the generator computed.
    pub async fn trade(&mut self, folder: &Path) -> Result<()> {
        let expected: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json"))?)?;
        let started = Instant::now();
        let mut rows = 0;
        for file in &FILES {
            rows += self.load(folder, file, &expected["created"]).await?;
        }
        let loaded = started.elapsed();
        println!("     {rows} rows in {} files, loaded in {:.1} s", FILES.len(), loaded.as_secs_f64());
        let refused = self.settle().await?;
        println!(
            "     entries in the ledger and read models followed {:.1} s later",
            started.elapsed().saturating_sub(loaded).as_secs_f64()
        );
        self.claim("nothing that processes did was refused", refused.is_empty());
        for step in refused.iter().take(5) {
            println!("       {step}");
        }
        // A build without optimisation promises nothing.
        if !cfg!(debug_assertions) {
            self.claim("all of it took less than a minute", started.elapsed() < Duration::from_mins(1));
        }
        println!("\n5. What the platform says, beside what the generator of the files computed.");
        let tokens = self.tokens().await?;
        self.trade_claims(&expected, &tokens).await
    }

    async fn load(&mut self, folder: &Path, load: &Load, created: &Value) -> Result<u64> {
        let started = Instant::now();
        let (file, what, rows, done) = match load {
            List(context, name, file) => {
                let summary = self.import(context, name, &folder.join(file), &["--quiet"]).await?;
                if summary.refused > 0 {
                    println!("     {summary}");
                }
                (*file, format!("{context} {name}"), summary.rows(), summary.created)
            }
            Commands(file) => {
                let (rows, done) = self.commands(&std::fs::read_to_string(folder.join(file))?).await?;
                (*file, "commands".to_owned(), rows, done)
            }
        };
        let expected = created[file].as_u64().with_context(|| format!("expected.json does not tell of {file}"))?;
        let took = started.elapsed().as_secs_f64();
        self.claim(format!("{file}: {rows} {what} in {took:.1} s, all accepted"), done == expected && rows == expected);
        Ok(rows)
    }

    /// Sends commands as they stand in a file; tells how many there were and how many were accepted.
    async fn commands(&self, text: &str) -> Result<(u64, u64)> {
        let lines: Vec<&str> = text.lines().collect();
        let mut accepted = 0;
        for part in lines.chunks(LINES_MAX) {
            let answers = self.client.post_lines("/v1/commands", (part.join("\n") + "\n").into_bytes()).await?.text().await?;
            for answer in answers.lines() {
                let answer: Value = serde_json::from_str(answer)?;
                accepted += u64::from(answer["status"] == 200);
                if answer["status"] != 200 {
                    println!("     refused: {}", answer["problem"]["detail"]);
                }
            }
        }
        Ok((lines.len() as u64, accepted))
    }

    /// Waits until no process has anything to do; what of it was refused.
    async fn settle(&self) -> Result<Vec<String>> {
        let names: Vec<&str> = PROCESSES.iter().map(|process| process.name).collect();
        let started = Instant::now();
        let open = StepFilter { tenant: Some(self.tenant.0), states: &["open", "stuck"], limit: 1, ..StepFilter::default() };
        let mut quiet = 0;
        // A step that ends between the two questions may have led to an event: only the second silence is one.
        while quiet < 2 {
            let behind: i64 = overview(&self.worker_pool, &names).await?.iter().map(|process| process.events_behind).sum();
            let at_rest = behind == 0 && steps(&self.worker_pool, &open).await?.is_empty();
            quiet = if at_rest { quiet + 1 } else { 0 };
            ensure!(
                started.elapsed() < SETTLED_MAX,
                "processes have not come to rest after {SETTLED_MAX:?}; they are {behind} events behind"
            );
            tokio::time::sleep(POLL).await;
        }
        let filter = StepFilter { tenant: Some(self.tenant.0), states: &["refused", "stuck"], limit: 100, ..StepFilter::default() };
        let steps = steps(&self.worker_pool, &filter).await?;
        Ok(steps.into_iter().map(|step| format!("{step:?}")).collect())
    }

    /// Position tokens of all that is in the log.
    async fn tokens(&self) -> Result<String> {
        let mut tx = TenantTx::begin(&self.pool, self.tenant.0).await?;
        let heads: Vec<(String, i64)> = sqlx::query_as("SELECT context, position FROM log.heads WHERE partition = $1 AND position > 0")
            .bind(self.partition)
            .fetch_all(&mut *tx)
            .await?;
        let token = |(context, position): (String, i64)| format!("{context}/{}@{position}", self.partition);
        Ok(heads.into_iter().map(token).collect::<Vec<_>>().join(","))
    }
}
