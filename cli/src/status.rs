//! `neuroops status`: how far everything is.

use anyhow::Result;
use comfy_table::Table;
use platform::config::Config;
use platform::postgres;

/// Name, active version, version under construction, events and seconds behind, parked keys.
type ProjectionRow = (String, i32, Option<i32>, i64, Option<f64>, i64);

/// Prints the log, the relay and the projections.
pub async fn run(config: &Config) -> Result<()> {
    let pool = postgres::worker_pool(config.require_database_worker()?.expose(), 2)?;
    let partitions = postgres::check(&pool).await?;
    let log: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT h.context, sum(h.position)::bigint, sum(h.position - coalesce(r.position, 0))::bigint FROM log.heads h \
         LEFT JOIN runtime.relay r ON r.context = h.context AND r.partition = h.partition GROUP BY h.context ORDER BY h.context",
    )
    .fetch_all(&pool)
    .await?;
    let mut table = Table::new();
    table.set_header(["context", "events", "not yet in Kafka"]);
    for (context, events, behind) in log {
        table.add_row([context, events.to_string(), behind.to_string()]);
    }
    println!("{partitions} log partitions in each context\n{table}");
    let projections: Vec<ProjectionRow> = sqlx::query_as(
        "SELECT p.projection, p.active_version, p.building_version, coalesce(sum(h.position - c.position), 0)::bigint, \
            max(CASE WHEN h.position > c.position THEN extract(epoch FROM now() - coalesce(c.recorded_at, h.recorded_at)) END)::float8, \
            (SELECT count(DISTINCT (k.tenant_id, k.key)) FROM runtime.parked k WHERE k.projection = p.projection) \
         FROM runtime.projections p LEFT JOIN runtime.checkpoints c ON c.projection = p.projection AND c.version = p.active_version \
         LEFT JOIN log.heads h ON h.context = c.context AND h.partition = c.partition GROUP BY p.projection, p.active_version, p.building_version ORDER BY 1",
    )
    .fetch_all(&pool)
    .await?;
    let mut table = Table::new();
    table.set_header(["projection", "version", "building", "events behind", "seconds behind", "parked keys"]);
    for (projection, version, building, events, seconds, parked) in projections {
        let building = building.map(|version| version.to_string()).unwrap_or_default();
        table.add_row([
            projection,
            version.to_string(),
            building,
            events.to_string(),
            format!("{:.1}", seconds.unwrap_or(0.0)),
            parked.to_string(),
        ]);
    }
    println!("{table}");
    let leases: Vec<(String, i64)> = sqlx::query_as(
        "SELECT split_part(name, '/', 2), count(*) FROM runtime.leases WHERE starts_with(name, 'worker/') AND expires_at > now() GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&pool)
    .await?;
    if leases.is_empty() {
        println!("No workers are running: nothing is relayed or projected. Start `neuroops work` or `neuroops up`.");
    }
    for (role, processes) in leases {
        println!("{role}: {processes} process{}", if processes == 1 { "" } else { "es" });
    }
    Ok(())
}
