//! What the log says, folded from the events' JSON by a few plain rules: neither the domain nor the projections have a part in it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use platform::testing::TestDatabase;
use serde_json::Value;
use uuid::Uuid;

/// A stay of a deal in a stage.
#[derive(Clone, Debug)]
pub struct Stay {
    pub pipeline: String,
    pub stage: Stage,
    pub entered: DateTime<Utc>,
    /// How long it took and how it ended.
    pub end: Option<(i64, &'static str)>,
}

#[derive(Clone, Debug)]
pub struct Stage {
    pub id: String,
    pub name: String,
    pub percent: i64,
}

impl Stage {
    fn of(value: &Value) -> Self {
        Self {
            id: text(&value["id"]).unwrap(),
            name: text(&value["name"]).unwrap(),
            percent: value["probability_percent"].as_i64().unwrap(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Deal {
    pub id: String,
    pub status: &'static str,
    pub pipeline: String,
    /// Amount in minor units and currency.
    pub amount: Option<(i64, String)>,
    pub owner: Option<String>,
    pub expected: Option<NaiveDate>,
    pub contact: Option<String>,
    pub company: Option<String>,
    pub opened: DateTime<Utc>,
    pub closed_on: Option<NaiveDate>,
    /// Reason and competitor.
    pub loss: Option<(String, Option<String>)>,
    pub stays: Vec<Stay>,
}

impl Deal {
    pub fn stay(&self) -> &Stay {
        self.stays.last().expect("a deal is in a stage")
    }

    pub fn currency(&self) -> Option<String> {
        self.amount.as_ref().map(|(_, currency)| currency.clone())
    }

    pub fn minor(&self) -> i64 {
        self.amount.as_ref().map_or(0, |(minor, _)| *minor)
    }

    /// The amount by the probability of the stage, rounded half up.
    pub fn weighted(&self) -> i64 {
        (self.minor() * self.stay().stage.percent + 50) / 100
    }

    fn enter(&mut self, payload: &Value, outcome: Option<&'static str>) {
        let (to, at) = (Stage::of(&payload["to"]), time(&payload["moved_at"]));
        let pipeline = text(&payload["pipeline_id"]).unwrap_or_else(|| self.pipeline.clone());
        let last = self.stays.last_mut().expect("a deal is in a stage");
        let outcome = outcome.unwrap_or(match to.percent - last.stage.percent {
            _ if pipeline != last.pipeline => "moved",
            1.. => "advanced",
            0 => "moved",
            _ => "returned",
        });
        last.end = Some(((at - last.entered).num_seconds(), outcome));
        self.pipeline.clone_from(&pipeline);
        self.stays.push(Stay { pipeline, stage: to, entered: at, end: None });
    }
}

/// A contact or a company.
#[derive(Clone, Debug)]
pub struct Party {
    pub id: String,
    pub profile: Value,
    /// The company of a contact, the parent of a company.
    pub belongs: Option<String>,
    pub merged: Vec<String>,
    pub version: i64,
    pub created: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub struct Activity {
    pub id: String,
    pub status: &'static str,
    pub at: DateTime<Utc>,
    pub contact: Option<String>,
    pub company: Option<String>,
    pub deal: Option<String>,
}

/// A pipeline's name and open stages.
pub type Pipelines = BTreeMap<String, (String, Vec<Stage>)>;

#[derive(Default)]
pub struct Model {
    pub deals: BTreeMap<String, Deal>,
    pub contacts: BTreeMap<String, Party>,
    pub companies: BTreeMap<String, Party>,
    pub activities: BTreeMap<String, Activity>,
    pub pipelines: Pipelines,
    /// What became of a lead: the contact.
    pub converted: BTreeMap<String, String>,
    /// Where the ids of merged records lead; nowhere for erased ones.
    redirects: HashMap<(&'static str, String), Option<String>>,
}

pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is a time"))
}

fn day(value: &Value) -> Option<NaiveDate> {
    value.as_str().map(|text| text.parse().expect("a day"))
}

fn amount(value: &Value) -> Option<(i64, String)> {
    Some((value["amount_minor"].as_i64()?, text(&value["currency"])?))
}

impl Model {
    pub async fn read(db: &TestDatabase, tenant: Uuid) -> Self {
        type Row = (String, String, String, i64, String, DateTime<Utc>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT aggregate_type, aggregate_id, event_type, sequence, payload::text, recorded_at FROM log.events \
             WHERE context = 'crm' AND tenant_id = $1 ORDER BY position",
        )
        .bind(tenant)
        .fetch_all(&db.worker)
        .await
        .expect("the log is read");
        let mut model = Self::default();
        let builtin = [
            ("prospecting", "Prospecting", 10),
            ("qualification", "Qualification", 20),
            ("proposal", "Proposal", 50),
            ("negotiation", "Negotiation", 80),
        ];
        let stages = builtin.map(|(id, name, percent)| Stage { id: id.to_owned(), name: name.to_owned(), percent });
        model.pipelines.insert("default".to_owned(), ("Default".to_owned(), stages.to_vec()));
        for (kind, id, event, sequence, payload, at) in rows {
            let payload: Value = serde_json::from_str(&payload).expect("JSON");
            match kind.as_str() {
                "deal" => model.deal(&id, &event, &payload),
                "contact" | "company" => model.party(&kind, &id, &event, sequence, &payload, at),
                "activity" => model.activity(&id, &event, &payload),
                "pipeline" if event == "pipeline_defined" => {
                    let stages = payload["stages"].as_array().expect("stages").iter().map(Stage::of).collect();
                    model.pipelines.insert(id, (text(&payload["name"]).expect("a name"), stages));
                }
                "pipeline" => {
                    assert_eq!(event, "stage_retired");
                    let stages = &mut model.pipelines.get_mut(&id).expect("a pipeline").1;
                    stages.retain(|stage| payload["stage_id"] != stage.id.as_str());
                }
                "lead" if event == "lead_converted" => {
                    model.converted.insert(id, text(&payload["contact_id"]).expect("a contact"));
                }
                _ => {}
            }
        }
        model
    }

    fn deal(&mut self, id: &str, event: &str, payload: &Value) {
        if event == "deal_opened" {
            let (facts, opened) = (&payload["facts"], time(&payload["opened_at"]));
            let pipeline = text(&payload["pipeline_id"]).expect("a pipeline");
            let stay = Stay { pipeline: pipeline.clone(), stage: Stage::of(&payload["stage"]), entered: opened, end: None };
            let deal = Deal {
                id: id.to_owned(),
                status: "open",
                pipeline,
                amount: amount(&payload["amount"]),
                owner: text(&facts["owner"]),
                expected: day(&facts["expected_close"]),
                contact: text(&facts["contact_id"]),
                company: text(&facts["company_id"]),
                opened,
                closed_on: None,
                loss: None,
                stays: vec![stay],
            };
            self.deals.insert(id.to_owned(), deal);
            return;
        }
        let deal = self.deals.get_mut(id).expect("a deal is opened first");
        match event {
            "deal_updated" => deal.owner = text(&payload["facts"]["owner"]),
            "deal_amount_set" => deal.amount = amount(&payload["to"]),
            "deal_stage_moved" => deal.enter(payload, None),
            "deal_won" => {
                deal.enter(payload, Some("won"));
                (deal.status, deal.closed_on) = ("won", day(&payload["closed_on"]));
            }
            "deal_lost" => {
                deal.enter(payload, Some("lost"));
                (deal.status, deal.closed_on) = ("lost", day(&payload["closed_on"]));
                deal.loss = Some((text(&payload["reason"]).expect("a reason"), text(&payload["competitor"])));
            }
            "deal_reopened" => {
                deal.enter(payload, Some("reopened"));
                (deal.status, deal.closed_on, deal.loss) = ("open", None, None);
            }
            other => panic!("{other}"),
        }
    }

    fn party(&mut self, kind: &str, id: &str, event: &str, version: i64, payload: &Value, created: DateTime<Utc>) {
        let (kind, belongs, parties) = match kind {
            "contact" => ("contact", "company_id", &mut self.contacts),
            _ => ("company", "parent_id", &mut self.companies),
        };
        let what = event.split_once('_').expect("kind and what happened").1;
        if what == "registered" {
            let party = Party {
                id: id.to_owned(),
                profile: payload["profile"].clone(),
                belongs: text(&payload[belongs]),
                merged: Vec::new(),
                version,
                created,
            };
            parties.insert(id.to_owned(), party);
            return;
        }
        if what == "merged_away" {
            self.redirects.insert((kind, id.to_owned()), text(&payload["into"]));
            return;
        }
        if what == "erased" {
            if parties.remove(id).is_some() {
                self.redirects.insert((kind, id.to_owned()), None);
            }
            return;
        }
        let losers: Vec<Party> = payload["losers"].as_array().into_iter().flatten().filter_map(|id| parties.remove(id.as_str()?)).collect();
        let party = parties.get_mut(id).expect("a party is registered first");
        party.version = version;
        match what {
            "updated" => party.profile = payload["profile"].clone(),
            "linked" => party.belongs = text(&payload[belongs]),
            "unlinked" => party.belongs = None,
            "merged" => {
                party.profile = payload["profile"].clone();
                party.belongs = text(&payload[belongs]);
                party.merged.extend(losers.into_iter().flat_map(|loser| std::iter::once(loser.id).chain(loser.merged)));
            }
            other => panic!("{other}"),
        }
    }

    fn activity(&mut self, id: &str, event: &str, payload: &Value) {
        if event == "activity_scheduled" {
            let about = |name: &str| text(&payload["about"][name]);
            let (contact, company, deal) = (about("contact_id"), about("company_id"), about("deal_id"));
            let activity = Activity { id: id.to_owned(), status: "scheduled", at: time(&payload["due_at"]), contact, company, deal };
            self.activities.insert(id.to_owned(), activity);
            return;
        }
        let activity = self.activities.get_mut(id).expect("an activity is scheduled first");
        match event {
            "activity_completed" => (activity.status, activity.at) = ("completed", time(&payload["completed_at"])),
            "activity_cancelled" => activity.status = "cancelled",
            other => panic!("{other}"),
        }
    }

    fn today(&self, kind: &'static str, id: Option<&String>) -> Option<String> {
        let mut id = id?.clone();
        while let Some(next) = self.redirects.get(&(kind, id.clone())) {
            id.clone_from(next.as_ref()?);
        }
        Some(id)
    }

    /// The contact that an id means today.
    pub fn contact(&self, id: Option<&String>) -> Option<String> {
        self.today("contact", id)
    }

    /// The company that an id means today.
    pub fn company(&self, id: Option<&String>) -> Option<String> {
        self.today("company", id)
    }

    /// Ids that were merged into another record that is still there: kind, old id, survivor.
    pub fn redirected(&self, kind: &'static str) -> Vec<(String, String)> {
        let ids = self.redirects.keys().filter(|(known, _)| *known == kind).map(|(_, id)| id);
        ids.filter_map(|id| Some((id.clone(), self.today(kind, Some(id))?))).collect()
    }
}
