//! The commands that every tenant starts with.

use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use commands::{CommandBus, CommandError, CommandRequest};
use domain::kernel::{Actor, ContextDef, Currency, RejectionKind, SetupDef, TenantId};
use platform::clock;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use workers::processes::Backoff;
use workers::sending::{Answer, answer_of};

/// How often a command is sent that fails for a reason that passes.
const ATTEMPTS_MAX: u32 = 8;
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) };

/// What a setup did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Commands that changed something, now or when they were first sent.
    pub done: usize,
    /// Commands whose work had been done in another way before.
    pub already: usize,
    /// Refusals, a line each.
    pub refused: Vec<String>,
}

/// Sends a tenant the setup commands of all contexts, each at most once: a tenant that was set up before gets what was added since.
/// `currency` is that of its books.
pub async fn run(bus: &CommandBus, contexts: &[&'static ContextDef], tenant: Uuid, currency: Currency) -> Result<Report> {
    let mut report = Report::default();
    for (context, index, def) in
        contexts.iter().flat_map(|context| context.setup.iter().enumerate().map(|(index, def)| (context.name, index, def)))
    {
        let key = format!("setup/{context}/{index}");
        let body = def.body.replace(SetupDef::CURRENCY, currency.code());
        let mut answer = send(bus, tenant, context, def, &body, key.clone()).await?;
        // The list has changed at this place since the tenant was set up. The aggregate knows whether there is anything left to do.
        if matches!(&answer, Sent::Answer(Answer::Refused { code, .. }) if code == "idempotency_key_reused") {
            answer = send(bus, tenant, context, def, &body, format!("{key}/{}", digest(def, &body))).await?;
        }
        match answer {
            Sent::Exists => report.already += 1,
            Sent::Answer(Answer::Done { .. }) => report.done += 1,
            Sent::Answer(Answer::Refused { code, detail }) => {
                report.refused.push(format!("{context}/{}/{}/{}: {code}: {detail}", def.aggregate, def.id, def.command));
            }
            Sent::Answer(Answer::Passing { code, detail, .. }) => bail!(
                "{context}/{}/{}/{} cannot be sent ({code}: {detail}); `neuroops tenants setup {tenant}` goes on where this stopped",
                def.aggregate,
                def.id,
                def.command
            ),
        }
    }
    Ok(report)
}

enum Sent {
    Answer(Answer),
    /// The command makes what is there already: its key is forgotten, or somebody was faster.
    Exists,
}

fn digest(def: &SetupDef, body: &str) -> String {
    hex::encode(&Sha256::digest([def.aggregate, def.id, def.command, body].join("\n"))[..4])
}

async fn send(bus: &CommandBus, tenant: Uuid, context: &str, def: &SetupDef, body: &str, key: String) -> Result<Sent> {
    let request = CommandRequest {
        tenant_id: TenantId(tenant),
        actor: Actor { subject: "setup".to_owned(), roles: vec!["service".to_owned()] },
        context: context.to_owned(),
        aggregate: def.aggregate.to_owned(),
        id: Some(def.id.parse()?),
        command: def.command.to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        expected_version: None,
        idempotency_key: Some(key),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    };
    for attempt in 1.. {
        let result = bus.execute(request.clone()).await;
        if matches!(&result, Err(CommandError::Rejected(rejection)) if rejection.kind == RejectionKind::Conflict) {
            return Ok(Sent::Exists);
        }
        match answer_of(result, context) {
            Answer::Passing { .. } if attempt < ATTEMPTS_MAX => tokio::time::sleep(BACKOFF.after(attempt, clock::new_id())).await,
            answer => return Ok(Sent::Answer(answer)),
        }
    }
    bail!("no attempt was made")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use commands::BusOptions;
    use platform::testing::TestDatabase;

    use super::*;

    const TIER: SetupDef =
        SetupDef { aggregate: "custom-field", id: "contact.tier", command: "define", body: r#"{"label":"Tier","type":"text"}"# };
    const OTHER_TIER: SetupDef =
        SetupDef { aggregate: "custom-field", id: "contact.tier", command: "define", body: r#"{"label":"Level","type":"text"}"# };
    const HOUSE: SetupDef = SetupDef { aggregate: "company", id: "house", command: "register", body: r#"{"name":"The house"}"# };
    const WRONG: SetupDef = SetupDef { aggregate: "company", id: "wrong", command: "register", body: r#"{"motto":"none"}"# };

    const PRICED_TIER: SetupDef = SetupDef {
        aggregate: "custom-field",
        id: "contact.tier",
        command: "define",
        body: r#"{"label":"Paid in $currency","type":"text"}"#,
    };

    static PRICED: ContextDef = ContextDef { setup: &[PRICED_TIER], ..domain::crm::CONTEXT };
    static FIRST: ContextDef = ContextDef { setup: &[TIER], ..domain::crm::CONTEXT };
    static MORE: ContextDef = ContextDef { setup: &[TIER, HOUSE], ..domain::crm::CONTEXT };
    static CHANGED: ContextDef = ContextDef { setup: &[OTHER_TIER, HOUSE], ..domain::crm::CONTEXT };
    static BROKEN: ContextDef = ContextDef { setup: &[WRONG, HOUSE], ..domain::crm::CONTEXT };

    async fn database() -> (TestDatabase, Arc<CommandBus>) {
        let db = TestDatabase::create(&[domain::crm::CONTEXT.types()]).await;
        let bus = CommandBus::start(&[&domain::crm::CONTEXT], &db.app, BusOptions { partitions: db.partitions, ..BusOptions::default() });
        (db, bus)
    }

    async fn events(db: &TestDatabase) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&db.worker).await.unwrap()
    }

    #[tokio::test]
    async fn a_tenant_gets_each_command_once_and_later_what_was_added() {
        let (db, bus) = database().await;
        let tenant = clock::new_id();
        for _ in 0..2 {
            let report = run(&bus, &[&FIRST], tenant, Currency::EUR).await.unwrap();
            assert_eq!((report.done, report.already, events(&db).await), (1, 0, 1));
        }
        let report = run(&bus, &[&MORE], tenant, Currency::EUR).await.unwrap();
        assert_eq!((report.done, report.already, events(&db).await), (2, 0, 2));
        // Long afterwards the keys are forgotten, and what is there tells.
        sqlx::query("DELETE FROM log.idempotency").execute(&db.worker).await.unwrap();
        let report = run(&bus, &[&MORE], tenant, Currency::EUR).await.unwrap();
        assert_eq!((report.done, report.already, events(&db).await), (0, 2, 2));
        db.drop().await;
    }

    #[tokio::test]
    async fn a_command_that_was_changed_is_for_the_aggregate_to_judge() {
        let (db, bus) = database().await;
        let tenant = clock::new_id();
        run(&bus, &[&MORE], tenant, Currency::EUR).await.unwrap();
        let report = run(&bus, &[&CHANGED], tenant, Currency::EUR).await.unwrap();
        assert_eq!((report.done, report.already, report.refused.len(), events(&db).await), (1, 1, 0, 2));
        db.drop().await;
    }

    #[tokio::test]
    async fn what_stands_for_the_currency_is_filled_in_and_the_same_each_time() {
        let (db, bus) = database().await;
        let (tenant, pounds) = (clock::new_id(), Currency::try_from("GBP").unwrap());
        for _ in 0..2 {
            let report = run(&bus, &[&PRICED], tenant, pounds).await.unwrap();
            assert_eq!((report.done, report.refused.len(), events(&db).await), (1, 0, 1));
        }
        let payload: String = sqlx::query_scalar("SELECT payload::text FROM log.events").fetch_one(&db.worker).await.unwrap();
        assert!(payload.contains("Paid in GBP"), "{payload}");
        db.drop().await;
    }

    #[tokio::test]
    async fn a_refusal_is_told_and_the_rest_goes_on() {
        let (db, bus) = database().await;
        let report = run(&bus, &[&BROKEN], clock::new_id(), Currency::EUR).await.unwrap();
        assert_eq!((report.done, events(&db).await), (1, 1));
        assert!(
            report.refused.len() == 1 && report.refused[0].contains("crm/company/wrong/register: invalid_field"),
            "{:?}",
            report.refused
        );
        db.drop().await;
    }
}
