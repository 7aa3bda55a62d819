//! `neuroops schemas …`: the contract with readers of the topics, taken along and registered.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use gateway::EventSchema;
use platform::config::Config;
use projections::contexts::CONTEXTS;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, ClientError};

/// The media type of the registry's interface.
const REGISTRY_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// `neuroops schemas …`
#[derive(Subcommand)]
pub enum SchemasCommand {
    /// Write all schemas and the description of the topics (AsyncAPI) into a folder.
    Export {
        /// The folder; made where it is not there.
        #[arg(long)]
        into: PathBuf,
    },
    /// Register the schemas of all versions of all events with a schema registry that speaks Confluent's REST interface.
    Register(RegisterArgs),
}

/// `neuroops schemas register`
#[derive(Args)]
pub struct RegisterArgs {
    /// Where the registry is, e.g. `http://127.0.0.1:8081`.
    #[arg(long, env = "SCHEMA_REGISTRY_URL")]
    registry: String,
    /// `user:password`, where it asks for one.
    #[arg(long, env = "SCHEMA_REGISTRY_USER_INFO", hide_env_values = true)]
    user_info: Option<String>,
    /// Print the subjects and register nothing.
    #[arg(long)]
    dry_run: bool,
}

/// `neuroops schemas …`
pub async fn run(config: &Config, command: SchemasCommand) -> Result<()> {
    match command {
        SchemasCommand::Export { into } => {
            let files = gateway::schema_files(CONTEXTS);
            for (path, text) in &files {
                let path = into.join(path);
                let folder = path.parent().unwrap_or(&into);
                std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
                std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            }
            println!("{} files are in {}.", files.len(), into.display());
        }
        SchemasCommand::Register(args) => {
            let events = gateway::event_schemas(CONTEXTS);
            if args.dry_run {
                for event in &events {
                    println!("{}", subject(&config.kafka_topic_prefix, event));
                }
                return Ok(());
            }
            let registry = Registry::new(&args.registry, args.user_info.as_deref())?;
            for event in &events {
                registry.register(&subject(&config.kafka_topic_prefix, event), event).await?;
            }
            println!("{} schemas are registered at {}.", events.len(), args.registry);
        }
    }
    Ok(())
}

/// The subject by the strategy `TopicRecordName`: topic and record name. The wire type names the record: versions that cannot be read as
/// each other are subjects of their own, and the registry's compatibility check is about what changes within one.
fn subject(prefix: &str, event: &EventSchema) -> String {
    format!("{prefix}.{}-{}", event.context, event.wire_type())
}

/// A schema registry.
struct Registry {
    client: Client,
    login: Option<(String, String)>,
}

/// What the registry answers.
#[derive(Deserialize)]
struct Registered {
    id: i64,
}

impl Registry {
    fn new(url: &str, user_info: Option<&str>) -> Result<Self> {
        let login = user_info.map(|text| text.split_once(':').context("--user-info is `user:password`")).transpose()?;
        ensure!(!url.contains('@'), "give the registry's password with --user-info or SCHEMA_REGISTRY_USER_INFO, not in its address");
        Ok(Self { client: Client::new(url, None)?, login: login.map(|(user, password)| (user.to_owned(), password.to_owned())) })
    }

    /// Registers a schema; answers its id. The same schema again is the same id.
    async fn register(&self, subject: &str, event: &EventSchema) -> Result<i64> {
        let body = json!({ "schemaType": "JSON", "schema": event.schema.to_string() });
        let login = self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        let answer: Result<Registered, _> = self.client.post(&format!("/subjects/{subject}/versions"), REGISTRY_TYPE, login, &body).await;
        let registered = answer.map_err(|error| match error {
            // What NeuroOps itself would advise does not help with a registry.
            ClientError::Refused { problem, .. } => anyhow!("{} ({})", problem.detail, problem.status),
            other => other.into(),
        });
        Ok(registered.with_context(|| format!("the registry does not take {subject}"))?.id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A registry that keeps schemas by subject and refuses one that is another than the one it has.
    async fn registry(mut subjects: BTreeMap<String, Value>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (head, body) = request(&mut stream).await;
                let (status, answer) = answered(&mut subjects, &head, &body);
                let text = answer.to_string();
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: {REGISTRY_TYPE}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    text.len()
                );
                stream.write_all((head + &text).as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        url
    }

    async fn request(stream: &mut TcpStream) -> (String, Value) {
        let mut text = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            text.extend_from_slice(&chunk[..read]);
            let whole = String::from_utf8_lossy(&text).into_owned();
            let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
            if let Ok(body) = serde_json::from_str(body) {
                return (head.to_lowercase(), body);
            }
            assert!(read > 0, "{whole}");
        }
    }

    fn answered(subjects: &mut BTreeMap<String, Value>, head: &str, body: &Value) -> (u16, Value) {
        // `user:pass` in base64.
        if !head.contains("authorization: basic dxnlcjpwyxnz") {
            return (401, json!({ "error_code": 401, "message": "Unauthorized" }));
        }
        assert!(head.contains("content-type: application/vnd.schemaregistry.v1+json"), "{head}");
        let path = head.strip_prefix("post /subjects/").and_then(|rest| rest.split_once("/versions http/1.1"));
        let subject = path.expect("a new version of a subject").0.to_owned();
        assert_eq!(body["schemaType"], "JSON");
        let schema: Value = serde_json::from_str(body["schema"].as_str().unwrap()).unwrap();
        let kept = subjects.entry(subject).or_insert_with(|| schema.clone());
        if *kept != schema {
            return (409, json!({ "error_code": 409, "message": "the schema is incompatible with an earlier one" }));
        }
        (200, json!({ "id": subjects.len() }))
    }

    fn event() -> EventSchema {
        gateway::event_schemas(CONTEXTS).into_iter().find(|event| event.wire_type() == "crm.deal_reopened.v1").unwrap()
    }

    #[tokio::test]
    async fn each_version_of_an_event_is_a_subject_of_its_topic_and_may_be_registered_again() {
        let registry = Registry::new(&registry(BTreeMap::new()).await, Some("user:pass")).unwrap();
        let subject = subject("neuroops", &event());
        assert_eq!(subject, "neuroops.crm-crm.deal_reopened.v1");
        for _ in 0..2 {
            assert_eq!(registry.register(&subject, &event()).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn what_the_registry_refuses_is_told_with_its_reason() {
        let subject = subject("neuroops", &event());
        let url = registry(BTreeMap::from([(subject.clone(), json!({ "type": "string" }))])).await;
        let refused = Registry::new(&url, Some("user:pass")).unwrap().register(&subject, &event()).await.unwrap_err();
        assert!(
            format!("{refused:#}").contains("does not take neuroops.crm-crm.deal_reopened.v1: the schema is incompatible"),
            "{refused:#}"
        );
        let unknown = Registry::new(&url, None).unwrap().register(&subject, &event()).await.unwrap_err();
        assert!(format!("{unknown:#}").contains("401"), "{unknown:#}");
        assert!(Registry::new("http://user:pass@127.0.0.1:1", None).is_err() && Registry::new(&url, Some("user")).is_err());
    }

    #[tokio::test]
    async fn an_export_is_the_tree_that_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("new");
        run(&Config::load(|_| None).unwrap(), SchemasCommand::Export { into: into.clone() }).await.unwrap();
        let topics = std::fs::read_to_string(into.join("asyncapi.yaml")).unwrap();
        assert_eq!(topics, include_str!("../../schemas/asyncapi.yaml"));
        assert!(into.join("crm/deal_reopened.v1.json").exists());
    }
}
