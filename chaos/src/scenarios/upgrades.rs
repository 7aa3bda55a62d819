//! Row 15, first half: processes are replaced one after the other under load, by another version and back; migrations run twice.
//!
//! The promise: a process that is asked to stop finishes what it has begun and hands its work over. A client that knows both gateways, and
//! sends a request that broke off to the other one under the same key, is answered within ten seconds, always.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use super::{CLIENTS, Court, recovered};
use crate::Options;
use crate::client::Client;
use crate::cluster::{Cluster, GATEWAYS, WORKERS};
use crate::dice::Dice;
use crate::load::{self, Load, Style};
use crate::report::{Report, Round};

/// Replaces every process.
pub async fn run(cluster: &mut Cluster, options: &Options, dice: &mut Dice, report: &mut Report) -> Result<()> {
    let (old, new) = (cluster.binary().to_owned(), options.binary.clone());
    cluster.start_processes(&old).await?;
    cluster.upgrade(&new);
    let (client, style) = (cluster.client()?, Style::Retrying(options.limit()));
    let mut court = Court { history: load::share(&client, &cluster.tenants).await?, ..Court::default() };
    let mut steps: Vec<(&str, &Path)> = vec![("to the new version", &new)];
    if options.previous.is_some() {
        steps.extend([("back to the previous version", old.as_path()), ("to the new version again", new.as_path())]);
    }
    for (step, (way, binary)) in steps.into_iter().enumerate() {
        if step == 0 {
            report.push(migrate(cluster, &client, &mut court, style, dice).await?);
        }
        let mut order: Vec<usize> = (0..cluster.processes.len()).collect();
        dice.shuffle(&mut order);
        if options.short {
            order = vec![GATEWAYS[dice.below(2)], WORKERS[dice.below(2)]];
        }
        for index in order {
            let name = format!("u{step}-{index}");
            let load = Load::start(&client, &cluster.tenants, style, CLIENTS, &name, dice);
            load.goes_on(40).await?;
            let begun = Instant::now();
            cluster.processes[index].stop().await?;
            cluster.processes[index].spawn(binary)?;
            cluster.processes[index].ready(&cluster.http).await?;
            court.history.extend(recovered(cluster, &client, &name).await?);
            let recovery = Some((begun.elapsed(), true));
            load.goes_on(40).await?;
            court.history.extend(load.stop().await?);
            let victim = cluster.processes[index].name.to_owned();
            let round = Round { scenario: "upgrades", victim, way: format!("SIGTERM, {way}"), recovery, ..Round::default() };
            report.push(court.judge(cluster, round).await?);
        }
    }
    Ok(())
}

/// Migrates twice under load; the second time changes nothing.
async fn migrate(cluster: &Cluster, client: &Client, court: &mut Court, style: Style, dice: &mut Dice) -> Result<Round> {
    const SCHEMA: &str = "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM ( \
        SELECT concat_ws('.', table_schema, table_name, column_name, data_type, column_default, is_nullable) AS line FROM information_schema.columns \
        UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
            WHERE n.nspname IN ('log', 'runtime', 'audit', 'tenancy', 'public') AND p.prokind = 'f') lines";
    let load = Load::start(client, &cluster.tenants, style, CLIENTS, "migrate", dice);
    load.goes_on(20).await?;
    let mut admin = cluster.admin().await?;
    let mut schemas = Vec::new();
    for _ in 0..2 {
        cluster.run(&["migrate"])?;
        schemas.push(sqlx::query_scalar::<_, String>(SCHEMA).fetch_one(&mut admin).await?);
    }
    if schemas[0] != schemas[1] {
        bail!("the second run of the migrations changed the schema");
    }
    court.history.extend(load.stop().await?);
    court
        .judge(cluster, Round { scenario: "upgrades", victim: "schema".to_owned(), way: "migrated twice".to_owned(), ..Round::default() })
        .await
}
