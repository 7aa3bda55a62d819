//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn stage(id: &str, probability_percent: u8) -> Stage {
    Stage::literal(id, id, probability_percent)
}

fn id(text: &str) -> AggregateId {
    text.parse().unwrap()
}

fn two_stages() -> Given<Pipeline> {
    let name = name_literal("Sales");
    given([PipelineDefined { name, stages: vec![stage("a", 10), stage("b", 50)] }.into()])
}

fn order(given: &Given<Pipeline>) -> Vec<&str> {
    given.state().stages.iter().map(|stage| stage.id.as_str()).collect()
}

#[test]
fn the_builtin_pipeline_has_the_usual_stages() {
    let stages: Vec<_> = Pipeline::builtin().stages.iter().map(|stage| (stage.id.to_string(), stage.probability_percent)).collect();
    let expected = [("prospecting", 10), ("qualification", 20), ("proposal", 50), ("negotiation", 80)];
    assert_eq!(stages, expected.map(|(id, percent)| (id.to_owned(), percent)));
    assert_eq!((Stage::won().probability_percent, Stage::lost().probability_percent), (100, 0));
}

#[test]
fn a_pipeline_has_stages_of_its_own() {
    let body = json!({ "name": "Sales", "stages": [{ "id": "a", "name": "a", "probability_percent": 10 }] });
    let name = name_literal("Sales");
    given_nothing::<Pipeline>().when_json("define", &body).then([PipelineDefined { name, stages: vec![stage("a", 10)] }.into()]);
}

#[test]
fn impossible_stages_are_refused() {
    let one = |id: &str, percent: u8| json!({ "id": id, "name": "x", "probability_percent": percent });
    let when = |stages: Vec<Value>| given_nothing::<Pipeline>().when_json("define", &json!({ "name": "Sales", "stages": stages }));
    when(vec![]).then_rejected("crm.stage_count");
    when((0..31).map(|n| one(&n.to_string(), 1)).collect()).then_rejected("crm.stage_count");
    when(vec![one("a", 1), one("a", 2)]).then_rejected("crm.stage_exists");
    when(vec![one("won", 1)]).then_rejected("crm.stage_reserved");
    when(vec![one("lost", 1)]).then_rejected("crm.stage_reserved");
    when(vec![one("a", 101)]).then_rejected("crm.probability_invalid");
}

#[test]
fn a_pipeline_is_renamed_once() {
    let body = json!({ "name": "Resellers" });
    let name = name_literal("Resellers");
    two_stages().when_json("rename", &body).then([PipelineRenamed { name }.into()]).when_json("rename", &body).then_nothing();
}

#[test]
fn a_new_order_names_every_stage_once() {
    let body = json!({ "order": ["b", "a"] });
    let given = two_stages().when_json("reorder-stages", &body).then([StagesReordered { order: vec![id("b"), id("a")] }.into()]);
    assert_eq!(order(&given), ["b", "a"]);
    given.when_json("reorder-stages", &body).then_nothing();
    for bad in [json!(["a"]), json!(["a", "a"]), json!(["a", "b", "c"]), json!(["a", "c"])] {
        two_stages().when_json("reorder-stages", &json!({ "order": bad })).then_rejected("crm.stage_order_invalid");
    }
}

#[test]
fn stages_are_added_changed_and_retired() {
    let add = json!({ "stage": { "id": "c", "name": "c", "probability_percent": 30 }, "before": "b" });
    let given = two_stages().when_json("add-stage", &add).then([StageAdded { stage: stage("c", 30), index: 1 }.into()]);
    assert_eq!(order(&given), ["a", "c", "b"]);
    let change = json!({ "stage_id": "c", "probability_percent": 35 });
    let given = given.when_json("add-stage", &add).then_nothing();
    let given = given.when_json("change-stage", &change).then([StageChanged { stage: stage("c", 35) }.into()]);
    let given = given.when_json("change-stage", &change).then_nothing();
    let retire = json!({ "stage_id": "c" });
    let given = given.when_json("retire-stage", &retire).then([StageRetired { stage_id: id("c") }.into()]);
    let given = given.when_json("retire-stage", &retire).then_nothing();
    let mut again = add.clone();
    again["before"] = Value::Null;
    let given = given.when_json("add-stage", &again).then([StageAdded { stage: stage("c", 30), index: 2 }.into()]);
    assert!(given.state().retired.is_empty());
}

#[test]
fn changes_need_a_stage_and_leave_one() {
    let c = json!({ "id": "c", "name": "c", "probability_percent": 30 });
    two_stages().when_json("add-stage", &json!({ "stage": c, "before": "x" })).then_rejected("crm.stage_unknown");
    let a = json!({ "id": "a", "name": "other", "probability_percent": 30 });
    two_stages().when_json("add-stage", &json!({ "stage": a })).then_rejected("crm.stage_exists");
    two_stages().when_json("change-stage", &json!({ "stage_id": "x" })).then_rejected("crm.stage_unknown");
    let certain = json!({ "stage_id": "a", "probability_percent": 101 });
    two_stages().when_json("change-stage", &certain).then_rejected("crm.probability_invalid");
    two_stages().when_json("retire-stage", &json!({ "stage_id": "won" })).then_rejected("crm.stage_reserved");
    let given = two_stages().when_json("retire-stage", &json!({ "stage_id": "a" })).then_accepted();
    given.when_json("retire-stage", &json!({ "stage_id": "b" })).then_rejected("crm.stage_count");
    let full = (0..30).map(|n| stage(&n.to_string(), 1)).collect();
    let full = PipelineDefined { name: name_literal("Full"), stages: full };
    given_full(full).when_json("add-stage", &json!({ "stage": c })).then_rejected("crm.stage_count");
}

fn given_full(event: PipelineDefined) -> Given<Pipeline> {
    given([event.into()])
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Pipeline>();
}
