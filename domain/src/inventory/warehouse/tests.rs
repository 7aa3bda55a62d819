//! Given / when / then.

use serde_json::json;

use super::section::{SectionItemEmptied, SectionItemStocked, WarehouseSectionEvent, section_of};
use super::*;
use crate::inventory::CONTEXT;
use crate::kernel::CommandSet;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn opened() -> WarehouseEvent {
    WarehouseOpened { name: Name::try_from("Main".to_owned()).unwrap(), address: None }.into()
}

fn main() -> Given<Warehouse> {
    given([opened()]).named("main")
}

fn stocked(product_id: &str) -> WarehouseSectionEvent {
    SectionItemStocked { product_id: product_id.to_owned() }.into()
}

fn emptied(product_id: &str) -> WarehouseSectionEvent {
    SectionItemEmptied { product_id: product_id.to_owned() }.into()
}

#[test]
fn a_warehouse_is_opened_and_renamed() {
    given_nothing::<Warehouse>().when_json("open", &json!({ "name": "Main" })).then([opened()]);
    given_nothing::<Warehouse>().named("a:b").when_json("open", &json!({ "name": "Main" })).then_rejected("inventory.id_unusable");
    let renamed = WarehouseRenamed { name: Name::try_from("Hall".to_owned()).unwrap() };
    let given = main().when_json("rename", &json!({ "name": "Hall" })).then([renamed.into()]);
    given.when_json("rename", &json!({ "name": "Hall" })).then_nothing();
}

#[test]
fn an_empty_warehouse_is_closed_and_reopened_once() {
    let given = main().when_json("reopen", &json!({})).then_nothing();
    let given = given.when_json("close", &json!({})).then([WarehouseClosed {}.into()]).when_json("close", &json!({})).then_nothing();
    given.when_json("reopen", &json!({})).then([WarehouseReopened {}.into()]);
}

#[test]
fn a_warehouse_with_stock_in_any_section_stays_open() {
    let (tea, cup) = (section_of("main", "tea"), section_of("main", "cup"));
    assert_ne!(tea, cup);
    let both = main().and::<WarehouseSection>(&tea, [stocked("tea"), emptied("tea")]).and::<WarehouseSection>(&cup, [stocked("cup")]);
    both.when_json("close", &json!({})).then_rejected("inventory.warehouse_not_empty");
    let none = main().and::<WarehouseSection>(&cup, [stocked("cup"), emptied("cup")]);
    none.when_json("close", &json!({})).then_accepted();
}

#[test]
fn every_tenant_starts_with_the_warehouse_of_commands_that_name_none() {
    for setup in CONTEXT.setup {
        assert_eq!((setup.aggregate, setup.id), (Warehouse::TYPE, DEFAULT_WAREHOUSE));
        assert!(WarehouseCommand::decode(setup.command, setup.body.as_bytes()).is_ok());
    }
    assert_eq!(CONTEXT.setup.len(), 1);
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Warehouse>();
}
