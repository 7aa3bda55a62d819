//! A suggestion to order a product again, made when an item falls below its reorder point. An item has one open suggestion at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stock::{Goods, item_id};
use super::values::{Difference, Label, Name, Quantity, Reference, Sku};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The name space of items with an open suggestion.
pub const ITEM_SCOPE: &str = "reorder.item";

// ---------------------------------------------------------------------------------------------------------- events

/// A product should be ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderSuggested {
    /// The stock item.
    pub item_id: String,
    /// What should be ordered for where.
    #[serde(flatten)]
    pub goods: Goods,
    /// What people call the product.
    pub product_name: Name,
    /// Who it is bought from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Name>,
    /// What was in stock and not committed.
    pub level: i64,
    /// The reorder point.
    pub reorder_point: i64,
    /// How many to order.
    pub quantity: i64,
}

/// Somebody ordered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderAccepted {
    /// The stock item.
    pub item_id: String,
    /// How many were ordered.
    pub quantity: i64,
    /// The purchase order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// Somebody decided against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderDismissed {
    /// The stock item.
    pub item_id: String,
    /// Why, in a word or two.
    pub reason: Label,
}

/// It is no longer needed: the stock is back at the reorder point without it, or the product is no longer bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderWithdrawn {
    /// The stock item.
    pub item_id: String,
}

events! {
    /// What happens to a suggestion.
    pub enum ReorderSuggestionEvent {
        ReorderSuggested = "reorder_suggested" 1,
        ReorderAccepted = "reorder_accepted" 1,
        ReorderDismissed = "reorder_dismissed" 1,
        ReorderWithdrawn = "reorder_withdrawn" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a suggestion stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum SuggestionStatus {
    /// Nobody has made it.
    #[default]
    None,
    /// It waits for somebody to decide.
    Open,
    /// It was ordered.
    Accepted {
        /// How many.
        quantity: i64,
        /// The purchase order.
        reference: Option<Reference>,
    },
    /// Somebody decided against it.
    Dismissed {
        /// Why.
        reason: Label,
    },
    /// It is no longer needed.
    Withdrawn,
}

/// A suggestion's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderSuggestion {
    /// Where it stands.
    pub status: SuggestionStatus,
    /// The stock item.
    pub item_id: String,
    /// How many to order.
    pub quantity: i64,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Suggests to order a product. Made by the process `inventory.reorder`, or by hand.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestReorder {
    /// The product.
    pub product_id: AggregateId,
    /// Its article number.
    pub sku: Sku,
    /// What people call it.
    pub product_name: Name,
    /// The warehouse that runs low.
    pub warehouse_id: AggregateId,
    /// Who it is bought from.
    #[serde(default)]
    pub supplier: Option<Name>,
    /// What is in stock and not committed.
    pub level: Difference,
    /// The reorder point.
    pub reorder_point: Quantity,
    /// How many to order.
    pub quantity: Quantity,
}

/// Says that it was ordered.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptReorder {
    /// How many were ordered; what was suggested where nothing is given.
    pub quantity: Option<Quantity>,
    /// The purchase order.
    pub reference: Option<Reference>,
}

/// Decides against it. The item is suggested again when it has recovered and falls once more.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissReorder {
    /// Why, in a word or two: `overstocked elsewhere`, `seasonal`.
    pub reason: Label,
}

/// Takes back an open suggestion that is no longer needed; does nothing to one that was decided. Sent by the process `inventory.reorder`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawReorder {}

commands! {
    /// What can be asked of a suggestion.
    pub enum ReorderSuggestionCommand {
        either "suggest" => SuggestReorder {
            "product_id": "tea-100", "sku": "TEA-100", "product_name": "Green tea, 100 g", "warehouse_id": "main",
            "level": 38, "reorder_point": 40, "quantity": 100
        },
        "accept" => AcceptReorder { "quantity": 120, "reference": "PO-88" },
        "dismiss" => DismissReorder { "reason": "seasonal" },
        either "withdraw" => WithdrawReorder {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for ReorderSuggestion {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "reorder-suggestion";
    type Command = ReorderSuggestionCommand;
    type Event = ReorderSuggestionEvent;

    fn apply(&mut self, event: &ReorderSuggestionEvent) {
        match event {
            ReorderSuggestionEvent::ReorderSuggested(e) => {
                self.status = SuggestionStatus::Open;
                self.item_id.clone_from(&e.item_id);
                self.quantity = e.quantity;
            }
            ReorderSuggestionEvent::ReorderAccepted(e) => {
                self.status = SuggestionStatus::Accepted { quantity: e.quantity, reference: e.reference.clone() };
            }
            ReorderSuggestionEvent::ReorderDismissed(e) => self.status = SuggestionStatus::Dismissed { reason: e.reason.clone() },
            ReorderSuggestionEvent::ReorderWithdrawn(_) => self.status = SuggestionStatus::Withdrawn,
        }
    }

    fn handle(&self, command: ReorderSuggestionCommand, _: &Context<'_>) -> Result<Decision<ReorderSuggestionEvent>, Refusal> {
        match command {
            ReorderSuggestionCommand::SuggestReorder(_) if self.status != SuggestionStatus::None => Ok(Decision::nothing()),
            ReorderSuggestionCommand::SuggestReorder(command) => Ok(suggest(command)),
            ReorderSuggestionCommand::AcceptReorder(command) => Ok(self.accept(command)?),
            ReorderSuggestionCommand::DismissReorder(command) => Ok(self.dismiss(command)?),
            ReorderSuggestionCommand::WithdrawReorder(_) => Ok(self.withdraw()),
        }
    }
}

cqrs_aggregate!(ReorderSuggestion);

fn suggest(command: SuggestReorder) -> Decision<ReorderSuggestionEvent> {
    let SuggestReorder { product_id, sku, product_name, warehouse_id, supplier, level, reorder_point, quantity } = command;
    let item_id = item_id(product_id.as_str(), warehouse_id.as_str());
    let goods = Goods { product_id: product_id.into(), sku, warehouse_id: warehouse_id.into() };
    let (level, reorder_point, quantity) = (level.get(), reorder_point.get(), quantity.get());
    let suggested = ReorderSuggested { item_id: item_id.clone(), goods, product_name, supplier, level, reorder_point, quantity };
    Decision::event(suggested).claim(ITEM_SCOPE, item_id, "product_id")
}

impl ReorderSuggestion {
    /// Ends an open suggestion, so that the item may have another.
    fn end(&self, event: impl Into<ReorderSuggestionEvent>) -> Result<Decision<ReorderSuggestionEvent>, SuggestionRejection> {
        if self.status != SuggestionStatus::Open {
            return Err(SuggestionRejection::Decided);
        }
        Ok(Decision::event(event).release(ITEM_SCOPE, self.item_id.clone()))
    }

    fn accept(&self, command: AcceptReorder) -> Result<Decision<ReorderSuggestionEvent>, SuggestionRejection> {
        let (quantity, reference) = (command.quantity.map_or(self.quantity, Quantity::get), command.reference);
        if self.status == (SuggestionStatus::Accepted { quantity, reference: reference.clone() }) {
            return Ok(Decision::nothing());
        }
        self.end(ReorderAccepted { item_id: self.item_id.clone(), quantity, reference })
    }

    fn dismiss(&self, command: DismissReorder) -> Result<Decision<ReorderSuggestionEvent>, SuggestionRejection> {
        if self.status == (SuggestionStatus::Dismissed { reason: command.reason.clone() }) {
            return Ok(Decision::nothing());
        }
        self.end(ReorderDismissed { item_id: self.item_id.clone(), reason: command.reason })
    }

    fn withdraw(&self) -> Decision<ReorderSuggestionEvent> {
        self.end(ReorderWithdrawn { item_id: self.item_id.clone() }).unwrap_or_default()
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a suggestion refuses a command.
    pub enum SuggestionRejection in "inventory" {
        /// It has been decided.
        #[error("The suggestion has been decided already; order or suggest anew.")]
        Decided => "suggestion_decided" ["id"],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

    fn suggested() -> ReorderSuggestionEvent {
        ReorderSuggested {
            item_id: "tea:main".into(),
            goods: Goods { product_id: "tea".into(), sku: Sku::try_from("TEA".to_owned()).unwrap(), warehouse_id: "main".into() },
            product_name: Name::try_from("Tea".to_owned()).unwrap(),
            supplier: None,
            level: 3,
            reorder_point: 5,
            quantity: 10,
        }
        .into()
    }

    fn open() -> Given<ReorderSuggestion> {
        given([suggested()])
    }

    #[test]
    fn an_item_has_one_open_suggestion() {
        let body = json!({
            "product_id": "tea", "sku": "TEA", "product_name": "Tea", "warehouse_id": "main", "level": 3, "reorder_point": 5, "quantity": 10
        });
        let then = given_nothing::<ReorderSuggestion>().when_json("suggest", &body);
        let claims: Vec<_> = then.claims().iter().map(|claim| (claim.scope, claim.key.as_str())).collect();
        assert_eq!(claims, [(ITEM_SCOPE, "tea:main")]);
        then.then([suggested()]).when_json("suggest", &body).then_nothing();
    }

    #[test]
    fn a_suggestion_is_decided_once() {
        let accepted = ReorderAccepted { item_id: "tea:main".into(), quantity: 10, reference: None };
        let then = open().when_json("accept", &json!({}));
        assert_eq!(then.claims()[0].key, "tea:main", "the item may be suggested again");
        let given = then.then([accepted.into()]).when_json("accept", &json!({})).then_nothing();
        given.when_json("dismiss", &json!({ "reason": "no" })).then_rejected("inventory.suggestion_decided");
        let dismissed = ReorderDismissed { item_id: "tea:main".into(), reason: Label::try_from("no".to_owned()).unwrap() };
        let given = open().when_json("dismiss", &json!({ "reason": "no" })).then([dismissed.into()]);
        let given = given.when_json("dismiss", &json!({ "reason": "no" })).then_nothing();
        given.when_json("accept", &json!({ "quantity": 7 })).then_rejected("inventory.suggestion_decided");
    }

    #[test]
    fn a_suggestion_that_was_decided_or_never_made_is_not_withdrawn() {
        let withdrawn = ReorderWithdrawn { item_id: "tea:main".into() };
        let given = open().when_json("withdraw", &json!({})).then([withdrawn.into()]).when_json("withdraw", &json!({})).then_nothing();
        given.when_json("accept", &json!({})).then_rejected("inventory.suggestion_decided");
        open().when_json("accept", &json!({})).then_accepted().when_json("withdraw", &json!({})).then_nothing();
        given_nothing::<ReorderSuggestion>().when_json("withdraw", &json!({})).then_nothing();
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<ReorderSuggestion>();
    }
}
