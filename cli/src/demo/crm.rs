//! The first half of the demo: one command all the way, and exports of CRM products with their dirt.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use platform::tenant_tx::TenantTx;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::Demo;

impl Demo {
    pub async fn one_command(&mut self) -> Result<()> {
        let command = json!({
            "context": "crm", "aggregate": "contact", "command": "register", "idempotency_key": "demo-1",
            "body": { "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com" }
        });
        let first = self.send(&command).await?;
        let answer: Value = serde_json::from_str(&first)?;
        let receipt = &answer["receipt"];
        let (id, token) =
            (receipt["id"].as_str().unwrap_or_default().to_owned(), receipt["position"].as_str().unwrap_or_default().to_owned());
        println!("     POST crm/contact/register → {receipt}");
        self.claim("the command was accepted", answer["status"] == 200);
        let position: i64 = receipt["events"][0]["position"].as_i64().unwrap_or(0);
        self.claim(format!("the log holds it at position {position}"), self.in_log(position).await?.as_deref() == Some(id.as_str()));
        let record = tokio::task::block_in_place(|| self.in_kafka(position))?;
        match &record {
            Some((offset, subject, kind)) => {
                println!(
                    "     Kafka {} partition {} offset {offset}: ce_type {kind}, ce_subject {subject}",
                    self.kafka.topic("crm"),
                    self.partition
                );
            }
            None => println!("     Kafka: nothing"),
        }
        let subject = format!("contact/{id}");
        self.claim(
            "an independent Kafka client reads it",
            record.is_some_and(|(_, found, kind)| found == subject && kind == "crm.contact_registered.v1"),
        );
        let row: Value = self.client.get_after(&format!("/v1/crm/contact-list/{id}"), &token).await?;
        self.claim(
            format!(
                "a user sees the row: {} <{}>",
                row["display_name"].as_str().unwrap_or_default(),
                row["email"].as_str().unwrap_or_default()
            ),
            row["email"] == "ada@example.com",
        );
        let again = self.send(&command).await?;
        self.claim("the same idempotency key gives the same answer, byte for byte", again == first);
        let rival = json!({ "context": "crm", "aggregate": "contact", "command": "register", "body": { "email": "ADA@example.com" } });
        let refused: Value = serde_json::from_str(&self.send(&rival).await?)?;
        self.claim(
            "a duplicate is refused and names the candidate",
            refused["status"] == 409 && refused["problem"]["candidates"][0]["id"] == id.as_str(),
        );
        let history: Value = self.client.get(&format!("/v1/crm/contact/{id}/history")).await?;
        self.claim("its history has one event", history["data"].as_array().is_some_and(|events| events.len() == 1));
        Ok(())
    }

    async fn in_log(&self, position: i64) -> Result<Option<String>> {
        let mut tx = TenantTx::begin(&self.pool, self.tenant.0).await?;
        Ok(sqlx::query_scalar(
            "SELECT aggregate_id FROM log.events WHERE context = 'crm' AND partition = $1 AND position = $2 AND tenant_id = $3",
        )
        .bind(self.partition)
        .bind(position)
        .bind(self.tenant.0)
        .fetch_optional(&mut *tx)
        .await?)
    }

    fn consumer(&self) -> Result<BaseConsumer> {
        let consumer: BaseConsumer = self.kafka.consumer("demo").create()?;
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&self.kafka.topic("crm"), self.partition, Offset::Beginning)?;
        consumer.assign(&assignment)?;
        Ok(consumer)
    }

    /// Offset, subject and type of the record with that position, read with a client that knows nothing of the platform.
    fn in_kafka(&self, position: i64) -> Result<Option<(i64, String, String)>> {
        let consumer = self.consumer()?;
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) else { continue };
            let header = |name: &str| {
                let found = message.headers()?.iter().find(|header| header.key == name)?;
                Some(String::from_utf8_lossy(found.value?).into_owned())
            };
            if header("ce_sequence") == Some(position.to_string()) {
                return Ok(Some((message.offset(), header("ce_subject").unwrap_or_default(), header("ce_type").unwrap_or_default())));
            }
        }
        Ok(None)
    }

    pub async fn imports(&mut self, folder: &Path) -> Result<()> {
        let expected: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json"))?)?;
        for name in ["companies", "contacts", "deals"] {
            let file = folder.join(expected[name]["file"].as_str().context("expected.json names no file")?);
            let summary = self.import("crm", name, &file, &[]).await?;
            for line in summary.to_string().lines() {
                println!("     {line}");
            }
            let count = |field: &str| expected[name][field].as_u64().unwrap_or(0);
            let matched = summary.updated + summary.unchanged + summary.skipped;
            self.claim(
                format!("{name}: {} created, {matched} matched an existing one, {} refused, as expected", summary.created, summary.refused),
                summary.created == count("created") && matched == count("duplicates") && summary.refused == count("refused"),
            );
        }
        Ok(())
    }

    pub async fn totals(&mut self) -> Result<()> {
        let mut tx = TenantTx::begin(&self.pool, self.tenant.0).await?;
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events WHERE context = 'crm' AND partition = $1 AND tenant_id = $2")
            .bind(self.partition)
            .bind(self.tenant.0)
            .fetch_one(&mut *tx)
            .await?;
        let head: i64 = sqlx::query_scalar("SELECT position FROM log.heads WHERE context = 'crm' AND partition = $1")
            .bind(self.partition)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        let (records, contiguous) = tokio::task::block_in_place(|| self.count_in_kafka(head))?;
        self.claim(format!("Kafka holds the tenant's {stored} events"), records == stored);
        self.claim(format!("positions in Kafka are 1 to {head} without a gap or a repetition"), contiguous);
        let token = format!("crm/{}@{head}", self.partition);
        let stages: Value = self.client.get_after("/v1/crm/pipeline-by-stage", &token).await?;
        let mut totals: BTreeMap<String, i64> = BTreeMap::new();
        for stage in stages["data"].as_array().into_iter().flatten() {
            *totals.entry(stage["stage_name"].as_str().unwrap_or("?").to_owned()).or_default() += stage["deal_count"].as_i64().unwrap_or(0);
        }
        let deals: i64 = totals.values().sum();
        let line: Vec<String> = totals.iter().filter(|(_, deals)| **deals > 0).map(|(stage, deals)| format!("{stage} {deals}")).collect();
        println!("     pipeline by stage: {}", line.join(", "));
        self.claim("the pipeline shows the imported deals", deals > 0);
        let people: Value = self.client.get_after("/v1/crm/contact-list?q=lovelace", &token).await?;
        self.claim(
            "the search finds Ada",
            people["data"].as_array().is_some_and(|rows| rows.iter().any(|row| row["email"] == "ada@example.com")),
        );
        Ok(())
    }

    /// How many records the tenant has, and whether the partition's positions are 1 to `head`, each once.
    fn count_in_kafka(&self, head: i64) -> Result<(i64, bool)> {
        let consumer = self.consumer()?;
        let (mut own, mut last, mut contiguous) = (0, 0, true);
        let tenant = self.tenant.to_string();
        let deadline = Instant::now() + Duration::from_mins(1);
        while last < head && Instant::now() < deadline {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) else { continue };
            let Some(headers) = message.headers() else { continue };
            let text =
                |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| std::str::from_utf8(header.value?).ok());
            let position: i64 = text("ce_sequence").and_then(|text| text.parse().ok()).unwrap_or(0);
            contiguous &= position == last + 1;
            last = position;
            own += i64::from(text("ce_tenantid") == Some(tenant.as_str()));
        }
        Ok((own, contiguous && last == head))
    }
}
