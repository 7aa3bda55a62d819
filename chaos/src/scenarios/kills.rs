//! Rows 1, 4 and 5: something is killed or frozen in each round, under load; nothing is lost, repeated, reordered or stale.

use std::time::Duration;

use anyhow::Result;

use super::{CLIENTS, Court, recovered};
use crate::Options;
use crate::cluster::{Cluster, WORKERS};
use crate::dice::Dice;
use crate::facts::{differing, digests, settled};
use crate::judge::Violation;
use crate::load::{self, Load, Style};
use crate::report::{Report, Round};
use crate::victims::{Victim, Way};

/// Read models that are rebuilt in the end, so that the ones that were kept through all rounds can be compared with new ones.
const REBUILT: [&str; 2] = ["crm.contact_list", "crm.deal_list"];

/// Runs the rounds.
pub async fn run(cluster: &mut Cluster, options: &Options, dice: &mut Dice, report: &mut Report) -> Result<()> {
    let binary = cluster.binary().to_owned();
    cluster.start_processes(&binary).await?;
    let client = cluster.client()?;
    let mut court = Court { history: load::share(&client, &cluster.tenants).await?, ..Court::default() };
    let plan = if options.short { short_plan(dice) } else { plan(options.rounds, cluster.redis.is_some(), dice) };
    for (number, (victim, way)) in plan.into_iter().enumerate() {
        let name = format!("r{number}");
        let load = Load::start(&client, &cluster.tenants, Style::Plain, CLIENTS, &name, dice);
        load.goes_on(60).await?;
        tokio::time::sleep(dice.between(0, 800)).await;
        let since = cluster.strike(victim, way).await?;
        court.history.extend(recovered(cluster, &client, &name).await?);
        let recovery = Some((since.elapsed(), victim.is_ours()));
        load.goes_on(60).await?;
        court.history.extend(load.stop().await?);
        let round = Round { scenario: "kills", victim: victim.name().to_owned(), way: way.to_string(), recovery, ..Round::default() };
        report.push(court.judge(cluster, round).await?);
    }
    report.push(rebuild(cluster).await?);
    Ok(())
}

/// Compares the read models with new ones.
async fn rebuild(cluster: &Cluster) -> Result<Round> {
    let before = digests(&mut cluster.admin().await?).await?;
    let mut arguments = vec!["projections", "rebuild"];
    arguments.extend(REBUILT);
    cluster.run(&arguments)?;
    settled(cluster).await?;
    let after = digests(&mut cluster.admin().await?).await?;
    let violations = differing(&before, &after).into_iter().map(|what| Violation { rule: "rebuild", what }).collect();
    Ok(Round { scenario: "kills", victim: REBUILT.join(", "), way: "rebuilt and compared".to_owned(), violations, ..Round::default() })
}

/// Every victim is hit in both ways before one is hit again.
fn plan(rounds: usize, redis: bool, dice: &mut Dice) -> Vec<(Victim, Way)> {
    let mut plan = Vec::new();
    while plan.len() < rounds {
        let mut deck: Vec<_> = Victim::all(redis).into_iter().flat_map(|victim| [(victim, false), (victim, true)]).collect();
        dice.shuffle(&mut deck);
        plan.extend(deck.into_iter().map(|(victim, freeze)| (victim, Way::choose(victim, freeze, dice))));
    }
    plan.truncate(rounds);
    plan
}

/// One of each kind, half of them in each way.
fn short_plan(dice: &mut Dice) -> Vec<(Victim, Way)> {
    let worker = WORKERS[dice.below(WORKERS.len())];
    let mut victims = [Victim::Process(dice.below(2)), Victim::Process(worker), Victim::Postgres, Victim::Kafka];
    dice.shuffle(&mut victims);
    let way = |(number, victim): (usize, Victim)| {
        let way = match Way::choose(victim, number % 2 == 1, dice) {
            // Long enough for leases to be missed, and no longer.
            Way::Freeze(_) => Way::Freeze(Duration::from_millis(if victim == Victim::Process(worker) { 5500 } else { 2000 })),
            kill @ Way::Kill(_) => kill,
        };
        (victim, way)
    };
    victims.into_iter().enumerate().map(way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_plans_every_victim_in_both_ways() {
        let of = |seed| plan(14, true, &mut Dice::new(seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
        for victim in Victim::all(true) {
            let ways: Vec<bool> = of(3).iter().filter(|(hit, _)| *hit == victim).map(|(_, way)| matches!(way, Way::Freeze(_))).collect();
            assert!(ways.len() == 2 && ways[0] != ways[1], "{victim:?}");
        }
        let short = short_plan(&mut Dice::new(3));
        assert_eq!(short.iter().filter(|(_, way)| matches!(way, Way::Kill(_))).count(), 2);
    }
}
