//! Each report against figures that are computed from the log.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::Setting;
use super::model::{Activity, Deal, Model, Party, Stay, text};

/// What a caller may narrow reports about deals to.
#[derive(Clone, Copy, Default)]
struct Only<'a> {
    pipeline: Option<&'a str>,
    owner: Option<&'a str>,
    currency: Option<&'a str>,
}

const NARROWED: [Only<'_>; 4] = [
    Only { pipeline: None, owner: None, currency: None },
    Only { pipeline: Some("partners"), owner: None, currency: None },
    Only { pipeline: None, owner: Some("grace"), currency: None },
    Only { pipeline: Some("default"), owner: Some("alan"), currency: Some("EUR") },
];

impl<'a> Only<'a> {
    fn parameters(self, with_currency: bool) -> Vec<(&'static str, &'a str)> {
        let all = [("pipeline_id", self.pipeline), ("owner", self.owner), ("currency", self.currency.filter(|_| with_currency))];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn has(self, deal: &Deal, with_currency: bool) -> bool {
        self.pipeline.is_none_or(|id| id == deal.pipeline) && self.of_owner(deal) && (!with_currency || self.of_currency(deal))
    }

    fn of_owner(self, deal: &Deal) -> bool {
        self.owner.is_none_or(|owner| deal.owner.as_deref() == Some(owner))
    }

    fn of_currency(self, deal: &Deal) -> bool {
        self.currency.is_none_or(|code| deal.currency().as_deref() == Some(code))
    }
}

/// What comes last where Postgres puts missing values last.
fn last<T>(value: Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value)
}

fn sum(deals: &[&Deal], value: impl Fn(&Deal) -> i64) -> i64 {
    deals.iter().map(|deal| value(deal)).sum()
}

fn of_status<'a>(deals: &[&'a Deal], status: &str) -> Vec<&'a Deal> {
    deals.iter().copied().filter(|deal| deal.status == status).collect()
}

/// Deals by a key, in its order.
fn grouped<'a, K: Ord>(deals: impl Iterator<Item = &'a Deal>, key: impl Fn(&Deal) -> K) -> BTreeMap<K, Vec<&'a Deal>> {
    let mut groups: BTreeMap<K, Vec<&Deal>> = BTreeMap::new();
    for deal in deals {
        groups.entry(key(deal)).or_default().push(deal);
    }
    groups
}

/// Asserts that two answers are the same; times are compared as such, and numbers with a tolerance for the last digit of a float.
#[track_caller]
fn assert_same(found: &[Value], expected: &[Value], what: &str) {
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
            }
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6,
            (Value::String(a), Value::String(b)) => {
                a == b || matches!((a.parse::<DateTime<Utc>>(), b.parse::<DateTime<Utc>>()), (Ok(a), Ok(b)) if a == b)
            }
            _ => a == b,
        }
    }
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(same(found, expected), "{what}, row {index}:\n{found:#}\nis not\n{expected:#}");
    }
    assert_eq!(found.len(), expected.len(), "{what}: {found:#?}\nis not\n{expected:#?}");
}

fn pipeline_by_stage(model: &Model, only: Only<'_>) -> Vec<Value> {
    let open = || model.deals.values().filter(|deal| deal.status == "open" && only.has(deal, true));
    let mut rows = Vec::new();
    let pipelines: BTreeSet<&String> = model.pipelines.keys().filter(|id| only.pipeline.is_none_or(|only| only == id.as_str())).collect();
    for pipeline in pipelines {
        let (name, stages) = &model.pipelines[pipeline];
        let here = || open().filter(move |deal| deal.pipeline == *pipeline);
        let listed = |id: &str| stages.iter().any(|stage| stage.id == id);
        let retired: BTreeSet<&str> = here().map(|deal| deal.stay().stage.id.as_str()).filter(|id| !listed(id)).collect();
        let known =
            stages.iter().enumerate().map(|(index, stage)| (Some(index + 1), stage.id.as_str(), Some((&stage.name, stage.percent))));
        for (position, id, described) in known.chain(retired.into_iter().map(|id| (None, id, None))) {
            let groups = grouped(here().filter(|deal| deal.stay().stage.id == id), |deal| last(deal.currency()));
            let mut groups: Vec<(Option<String>, Vec<&Deal>)> =
                groups.into_iter().map(|((_, currency), deals)| (currency, deals)).collect();
            if groups.is_empty() {
                groups.push((None, Vec::new()));
            }
            for (currency, deals) in groups {
                // A retired stage is described as its deals knew it.
                let (stage_name, percent) = described.unwrap_or_else(|| {
                    let stage = &deals.first().expect("a retired stage is told because of its deals").stay().stage;
                    (&stage.name, stage.percent)
                });
                rows.push(json!({
                    "pipeline_id": pipeline, "pipeline_name": name, "position": position, "stage_id": id, "stage_name": stage_name,
                    "probability_percent": percent, "currency": currency, "deal_count": deals.len(),
                    "unvalued_count": deals.iter().filter(|deal| deal.amount.is_none()).count(),
                    "amount_minor": sum(&deals, Deal::minor), "weighted_minor": sum(&deals, Deal::weighted),
                    "oldest_entered_at": deals.iter().map(|deal| deal.stay().entered).min(),
                }));
            }
        }
    }
    rows
}

fn forecast(model: &Model, only: Only<'_>, window: (Option<NaiveDate>, Option<NaiveDate>), today: NaiveDate) -> Vec<Value> {
    let day = |deal: &Deal| if deal.status == "won" { deal.closed_on } else { deal.expected };
    let within = |deal: &&Deal| {
        let after = window.0.is_none_or(|from| day(deal).is_some_and(|day| day >= from));
        after && window.1.is_none_or(|to| day(deal).is_some_and(|day| day <= to))
    };
    let told = model.deals.values().filter(|deal| deal.status != "lost" && only.has(deal, true)).filter(within);
    let month = |deal: &Deal| day(deal).map(|day| day.format("%Y-%m").to_string());
    let groups = grouped(told, |deal| (last(month(deal)), deal.pipeline.clone(), last(deal.currency())));
    let row = |(((_, month), pipeline, (_, currency)), deals): (_, Vec<&Deal>)| {
        let (open, won) = (of_status(&deals, "open"), of_status(&deals, "won"));
        json!({
            "month": month, "pipeline_id": pipeline, "currency": currency, "open_count": open.len(),
            "overdue_count": open.iter().filter(|deal| deal.expected.is_some_and(|day| day < today)).count(),
            "unvalued_count": open.iter().filter(|deal| deal.amount.is_none()).count(),
            "amount_minor": sum(&open, Deal::minor), "weighted_minor": sum(&open, Deal::weighted),
            "won_count": won.len(), "won_minor": sum(&won, Deal::minor),
        })
    };
    groups.into_iter().map(row).collect()
}

/// The value below which this share of the sorted numbers lies, interpolated between neighbours.
fn percentile(sorted: &[i64], share: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred stays")]
    let (place, low) = {
        let place = share * sorted.len().checked_sub(1)? as f64;
        (place, place.floor() as usize)
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of less than a year")]
    let value = |index: usize| sorted[index.min(sorted.len() - 1)] as f64;
    Some(value(low) + (value(low + 1) - value(low)) * place.fract())
}

/// A share with four digits, rounded half up.
fn share(part: usize, whole: usize) -> Option<f64> {
    let whole_or_none = (whole > 0).then_some(whole)?;
    let digits = u32::try_from((part * 20_000 + whole_or_none) / (2 * whole_or_none)).expect("a share");
    Some(f64::from(digits) / 10_000.0)
}

fn stage_conversion(model: &Model, only: Only<'_>, window: (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) -> Vec<Value> {
    let mut groups: BTreeMap<(String, String), Vec<(&Deal, &Stay)>> = BTreeMap::new();
    for deal in model.deals.values().filter(|deal| only.of_owner(deal)) {
        for stay in deal.stays.iter().filter(|stay| !["won", "lost"].contains(&stay.stage.id.as_str())) {
            let within = window.0.is_none_or(|from| stay.entered >= from) && window.1.is_none_or(|to| stay.entered < to);
            if within && only.pipeline.is_none_or(|id| id == stay.pipeline) {
                groups.entry((stay.pipeline.clone(), stay.stage.id.clone())).or_default().push((deal, stay));
            }
        }
    }
    let mut rows = Vec::new();
    for ((pipeline, stage), stays) in groups {
        let newest = &stays.iter().max_by_key(|(_, stay)| stay.entered).expect("a group is not empty").1.stage;
        let ended = |outcomes: &[&str]| stays.iter().filter(|(_, stay)| stay.end.is_some_and(|(_, end)| outcomes.contains(&end))).count();
        let deals =
            |status: &str| stays.iter().filter(|(deal, _)| deal.status == status).map(|(deal, _)| &deal.id).collect::<BTreeSet<_>>().len();
        let mut seconds: Vec<i64> = stays.iter().filter_map(|(_, stay)| Some(stay.end?.0)).collect();
        seconds.sort_unstable();
        let (moved_on, won) = (ended(&["advanced", "moved"]), ended(&["won"]));
        rows.push((
            (pipeline.clone(), newest.percent, stage.clone()),
            json!({
                "pipeline_id": pipeline, "stage_id": stage, "stage_name": newest.name, "probability_percent": newest.percent,
                "entered_count": stays.len(), "deal_count": stays.iter().map(|(deal, _)| &deal.id).collect::<BTreeSet<_>>().len(),
                "in_stage_count": stays.len() - seconds.len(), "left_count": seconds.len(), "moved_on_count": moved_on,
                "returned_count": ended(&["returned"]), "won_count": won, "lost_count": ended(&["lost"]),
                "deals_won_count": deals("won"), "deals_lost_count": deals("lost"),
                "median_seconds": percentile(&seconds, 0.5), "p90_seconds": percentile(&seconds, 0.9),
                "move_on_rate": share(moved_on + won, seconds.len()), "win_rate": share(deals("won"), deals("won") + deals("lost")),
            }),
        ));
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn stage_ageing(model: &Model, only: Only<'_>, as_of: DateTime<Utc>) -> Vec<Value> {
    const BOUNDS: [i64; 6] = [0, 7, 14, 30, 60, 90];
    let days = |deal: &Deal| (as_of - deal.stay().entered).num_seconds().div_euclid(86_400).max(0);
    let bucket = |deal: &Deal| BOUNDS.iter().rposition(|from| days(deal) >= *from).expect("days are not negative");
    let open = model.deals.values().filter(|deal| deal.status == "open" && only.has(deal, false));
    let groups = grouped(open, |deal| {
        let stage = &deal.stay().stage;
        (deal.pipeline.clone(), stage.percent, stage.id.clone(), bucket(deal), last(deal.currency()))
    });
    let row = |((pipeline, _, stage, bucket, (_, currency)), deals): (_, Vec<&Deal>)| {
        let oldest = deals.iter().min_by_key(|deal| (deal.stay().entered, &deal.id)).expect("a group is not empty");
        json!({
            "pipeline_id": pipeline, "stage_id": stage, "stage_name": oldest.stay().stage.name, "from_days": BOUNDS[bucket],
            "to_days": BOUNDS.get(bucket + 1), "currency": currency, "deal_count": deals.len(), "amount_minor": sum(&deals, Deal::minor),
            "weighted_minor": sum(&deals, Deal::weighted), "oldest_days": days(oldest), "oldest_deal_id": oldest.id,
        })
    };
    groups.into_iter().map(row).collect()
}

fn loss_reasons(model: &Model, only: Only<'_>, window: (Option<NaiveDate>, Option<NaiveDate>)) -> Vec<Value> {
    let within = |deal: &&Deal| {
        let day = deal.closed_on.expect("a lost deal was closed");
        window.0.is_none_or(|from| day >= from) && window.1.is_none_or(|to| day <= to)
    };
    let lost = model.deals.values().filter(|deal| deal.status == "lost" && only.has(deal, false)).filter(within);
    let groups = grouped(lost, |deal| {
        let (reason, competitor) = deal.loss.clone().expect("a lost deal has a reason");
        (reason, competitor, last(deal.currency()))
    });
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, deals)| std::cmp::Reverse(deals.len()));
    let row = |((reason, competitor, (_, currency)), deals): (_, Vec<&Deal>)| json!({ "reason": reason, "competitor": competitor, "currency": currency, "deal_count": deals.len(), "amount_minor": sum(&deals, Deal::minor) });
    groups.into_iter().map(row).collect()
}

/// Groups of two or more, by reason and value: the ids of their members, the oldest first.
fn duplicates<'a>(
    parties: impl Iterator<Item = &'a Party>,
    keys: impl Fn(&Party) -> Vec<(&'static str, String, String)>,
) -> Vec<(String, String, Vec<String>)> {
    let mut groups: BTreeMap<(&str, String, String), Vec<&Party>> = BTreeMap::new();
    for party in parties {
        for key in keys(party) {
            groups.entry(key).or_default().push(party);
        }
    }
    let several = groups.into_iter().filter(|(_, members)| members.len() > 1);
    let group = |((reason, value, _), mut members): ((&str, String, String), Vec<&Party>)| {
        members.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        (reason.to_owned(), value, members.into_iter().map(|member| member.id.clone()).collect())
    };
    several.map(group).collect()
}

/// The same out of an answer.
fn told(rows: &[Value], members: &str, count: &str) -> Vec<(String, String, Vec<String>)> {
    let ids = |row: &Value| -> Vec<String> { row[members].as_array().unwrap().iter().map(|member| text(&member["id"]).unwrap()).collect() };
    for row in rows {
        assert_eq!(row[count], ids(row).len(), "{row:#}");
    }
    rows.iter().map(|row| (text(&row["reason"]).unwrap(), text(&row["value"]).unwrap(), ids(row))).collect()
}

fn contact_keys(model: &Model, party: &Party) -> Vec<(&'static str, String, String)> {
    let field = |name: &str| text(&party.profile[name]);
    let of = |reason, name: &str| field(name).map(|value| (reason, value, String::new()));
    let company = model.company(party.belongs.as_ref()).or_else(|| field("company_name").map(|name| name.to_lowercase()));
    let name = field("given_name")
        .zip(field("family_name"))
        .map(|(given, family)| ("name", format!("{family} {given}").to_lowercase(), company.unwrap_or_default()));
    [of("email", "email"), of("phone", "phone"), name].into_iter().flatten().collect()
}

fn company_keys(party: &Party) -> Vec<(&'static str, String, String)> {
    let domain = text(&party.profile["domain"]).map(|domain| ("domain", domain, String::new()));
    let name = text(&party.profile["name"]).map(|name| ("name", name.to_lowercase(), String::new()));
    domain.into_iter().chain(name).collect()
}

/// What deals amount to, by currency.
fn totals(deals: &[&Deal]) -> Vec<Value> {
    let groups = grouped(deals.iter().copied(), |deal| last(deal.currency()));
    let row = |((_, currency), deals): (_, Vec<&Deal>)| {
        let [open, won, lost] = ["open", "won", "lost"].map(|status| of_status(&deals, status));
        json!({
            "currency": currency, "open_count": open.len(), "open_minor": sum(&open, Deal::minor), "weighted_minor": sum(&open, Deal::weighted),
            "won_count": won.len(), "won_minor": sum(&won, Deal::minor), "lost_count": lost.len(), "lost_minor": sum(&lost, Deal::minor),
        })
    };
    groups.into_iter().map(row).collect()
}

/// The ids of the next and of the last 20 activities that concern something.
fn timeline(model: &Model, concerns: impl Fn(&Activity) -> bool) -> (Vec<String>, Vec<String>) {
    let mut all: Vec<&Activity> = model.activities.values().filter(|activity| concerns(activity)).collect();
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let next = all.iter().filter(|activity| activity.status == "scheduled").map(|activity| activity.id.clone()).take(20).collect();
    let mut done: Vec<&&Activity> = all.iter().filter(|activity| activity.status != "scheduled").collect();
    done.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    (next, done.into_iter().map(|activity| activity.id.clone()).take(20).collect())
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| text(&row["id"]).unwrap()).collect()
}

fn sorted<'a>(deals: &[&'a Deal], order: impl Fn(&Deal, &Deal) -> Ordering) -> Vec<String> {
    let mut deals: Vec<&'a Deal> = deals.to_vec();
    deals.sort_by(|a, b| order(a, b));
    deals.into_iter().map(|deal| deal.id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_about_deals_have_the_figures_of_the_log() {
    let setting = Setting::new(1).await;
    let model = setting.model().await;
    let statuses: BTreeSet<&str> = model.deals.values().map(|deal| deal.status).collect();
    assert!(model.deals.len() > 60 && statuses.len() == 3, "there is something to report on: {} deals", model.deals.len());
    let today: NaiveDate = sqlx::query_scalar("SELECT current_date").fetch_one(&setting.db.worker).await.unwrap();
    let day = |text: &str| -> Option<NaiveDate> { Some(text.parse().unwrap()) };
    let at = |text: &str| -> Option<DateTime<Utc>> { Some(text.parse().unwrap()) };
    for only in NARROWED {
        let (all, without_currency) = (only.parameters(true), only.parameters(false));
        let rows = setting.report("pipeline-by-stage", &all).await;
        assert_same(&rows, &pipeline_by_stage(&model, only), "pipeline-by-stage");

        assert_same(&setting.report("forecast", &all).await, &forecast(&model, only, (None, None), today), "forecast");
        let window = [all.as_slice(), &[("from", "2026-02-10"), ("to", "2026-08-20")]].concat();
        let expected = forecast(&model, only, (day("2026-02-10"), day("2026-08-20")), today);
        assert_same(&setting.report("forecast", &window).await, &expected, "forecast of a window");

        let rows = setting.report("stage-conversion", &without_currency).await;
        assert_same(&rows, &stage_conversion(&model, only, (None, None)), "stage-conversion");
        let window = [without_currency.as_slice(), &[("from", "2026-01-20T00:00:00Z"), ("to", "2026-02-05T12:00:00Z")]].concat();
        let expected = stage_conversion(&model, only, (at("2026-01-20T00:00:00Z"), at("2026-02-05T12:00:00Z")));
        assert_same(&setting.report("stage-conversion", &window).await, &expected, "stage-conversion of a window");

        let as_of = "2026-03-25T10:00:00Z";
        let rows = setting.report("stage-ageing", &[without_currency.as_slice(), &[("as_of", as_of)]].concat()).await;
        assert_same(&rows, &stage_ageing(&model, only, at(as_of).unwrap()), "stage-ageing");
        let today: Vec<Value> = setting.report("stage-ageing", &without_currency).await;
        let count = |rows: &[Value]| rows.iter().map(|row| row["deal_count"].as_i64().unwrap()).sum::<i64>();
        assert_eq!(count(&today), count(&rows), "whatever the time, each open deal is in one group");

        assert_same(&setting.report("loss-reasons", &without_currency).await, &loss_reasons(&model, only, (None, None)), "loss-reasons");
        let window = [without_currency.as_slice(), &[("from", "2026-02-01"), ("to", "2026-03-01")]].concat();
        let expected = loss_reasons(&model, only, (day("2026-02-01"), day("2026-03-01")));
        assert_same(&setting.report("loss-reasons", &window).await, &expected, "loss-reasons of a window");
    }
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_are_those_that_the_log_knows() {
    let setting = Setting::new(2).await;
    let model = setting.model().await;
    let contacts = duplicates(model.contacts.values(), |party| contact_keys(&model, party));
    let companies = duplicates(model.companies.values(), company_keys);
    for (report, members, count, expected) in
        [("duplicates", "contacts", "contact_count", &contacts), ("company-duplicates", "companies", "company_count", &companies)]
    {
        let reasons: BTreeSet<&String> = expected.iter().map(|(reason, ..)| reason).collect();
        assert!(reasons.len() > 1, "{report} has something to tell: {expected:?}");
        assert_eq!(told(&setting.report(report, &[]).await, members, count), *expected);
        for reason in reasons {
            let of_reason: Vec<_> = expected.iter().filter(|(known, ..)| known == reason).cloned().collect();
            assert_eq!(told(&setting.report(report, &[("reason", reason)]).await, members, count), of_reason);
        }
        assert_eq!(setting.report(report, &[("limit", "1")]).await.len(), 1);
    }
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_about_a_contact_or_a_company_is_what_the_log_says_of_it() {
    let setting = Setting::new(3).await;
    let model = setting.model().await;
    assert!(model.contacts.len() > 20 && model.companies.len() > 5);
    for party in model.contacts.values() {
        let rows = setting.report("contact-360", &[("id", &party.id)]).await;
        let [found] = rows.as_slice() else { panic!("one row for {}", party.id) };
        let deals: Vec<&Deal> =
            model.deals.values().filter(|deal| model.contact(deal.contact.as_ref()).as_ref() == Some(&party.id)).collect();
        let concerns = |activity: &Activity| {
            model.contact(activity.contact.as_ref()).as_ref() == Some(&party.id)
                || activity.deal.as_ref().is_some_and(|id| deals.iter().any(|deal| deal.id == *id))
        };
        assert_eq!(found["contact"]["id"], party.id.as_str());
        assert_eq!(text(&found["company"]["id"]), model.company(party.belongs.as_ref()));
        assert_eq!(found["open_deal_count"], of_status(&deals, "open").len());
        let order =
            |a: &Deal, b: &Deal| (b.status == "open").cmp(&(a.status == "open")).then(b.opened.cmp(&a.opened)).then(a.id.cmp(&b.id));
        assert_eq!(ids(&found["deals"]), sorted(&deals, order));
        assert_same(found["totals"].as_array().unwrap(), &totals(&deals), &party.id);
        assert_eq!((ids(&found["next_activities"]), ids(&found["recent_activities"])), timeline(&model, concerns), "{}", party.id);
        let leads: BTreeSet<&String> = model
            .converted
            .iter()
            .filter(|(_, contact)| model.contact(Some(contact)).as_ref() == Some(&party.id))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids(&found["leads"]).iter().collect::<BTreeSet<_>>(), leads);
    }
    for party in model.companies.values() {
        let rows = setting.report("company-360", &[("id", &party.id)]).await;
        let [found] = rows.as_slice() else { panic!("one row for {}", party.id) };
        let deals: Vec<&Deal> =
            model.deals.values().filter(|deal| model.company(deal.company.as_ref()).as_ref() == Some(&party.id)).collect();
        let people: BTreeSet<&String> = model
            .contacts
            .values()
            .filter(|contact| model.company(contact.belongs.as_ref()).as_ref() == Some(&party.id))
            .map(|contact| &contact.id)
            .collect();
        let concerns = |activity: &Activity| {
            model.company(activity.company.as_ref()).as_ref() == Some(&party.id)
                || model.contact(activity.contact.as_ref()).is_some_and(|id| people.contains(&id))
                || activity.deal.as_ref().is_some_and(|id| deals.iter().any(|deal| deal.id == *id))
        };
        assert_eq!(found["company"]["id"], party.id.as_str());
        assert_eq!(text(&found["parent"]["id"]), model.company(party.belongs.as_ref()));
        let daughters: BTreeSet<&String> = model
            .companies
            .values()
            .filter(|company| model.company(company.belongs.as_ref()).as_ref() == Some(&party.id))
            .map(|company| &company.id)
            .collect();
        assert_eq!(ids(&found["subsidiaries"]).iter().collect::<BTreeSet<_>>(), daughters);
        assert_eq!((&found["contact_count"], ids(&found["contacts"]).iter().collect()), (&json!(people.len()), people.clone()));
        let open = of_status(&deals, "open");
        assert_eq!(found["open_deal_count"], open.len());
        let order = |a: &Deal, b: &Deal| (last(a.expected), a.opened, &a.id).cmp(&(last(b.expected), b.opened, &b.id));
        assert_eq!(ids(&found["open_deals"]), sorted(&open, order));
        assert_same(found["totals"].as_array().unwrap(), &totals(&deals), &party.id);
        assert_eq!((ids(&found["next_activities"]), ids(&found["recent_activities"])), timeline(&model, concerns), "{}", party.id);
    }
    for (report, kind, part) in [("contact-360", "contact", "contact"), ("company-360", "company", "company")] {
        let redirected = model.redirected(kind);
        assert!(!redirected.is_empty(), "something was merged");
        for (old, survivor) in redirected {
            assert_eq!(setting.report(report, &[("id", &old)]).await[0][part]["id"], survivor.as_str());
        }
        assert_eq!(setting.report(report, &[("id", "nobody")]).await, [Value::Null; 0]);
    }
    setting.end().await;
}
