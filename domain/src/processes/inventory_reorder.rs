//! An item that falls below its reorder point leads to a suggestion to order; one that recovers takes it back.

use serde_json::json;

use crate::inventory::stock::{StockItem, StockItemEvent};
use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// The process `inventory.reorder`.
pub static PROCESS: ProcessDef = ProcessDef {
    name: "inventory.reorder",
    summary: "Suggests to order what has fallen below its reorder point.",
    reacts_to: &["inventory.reorder_point_reached", "inventory.stock_replenished"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let (name, number, body) = match event_of::<StockItem>(event)? {
        Some(StockItemEvent::ReorderPointReached(e)) => {
            let mut body = json!({
                "product_id": e.goods.product_id, "sku": e.goods.sku, "product_name": e.product_name, "warehouse_id": e.goods.warehouse_id,
                "level": e.level, "reorder_point": e.reorder_point, "quantity": e.quantity
            });
            if let Some(supplier) = e.supplier {
                body["supplier"] = json!(supplier);
            }
            ("suggest", e.number, body)
        }
        Some(StockItemEvent::StockReplenished(e)) => ("withdraw", e.number, json!({})),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Step {
        name,
        lane: event.aggregate_id.clone(),
        action: Action::Command(StepCommand {
            context: event.context.clone(),
            aggregate: "reorder-suggestion".to_owned(),
            // The same for the fall and for the recovery.
            id: format!("{}:{number}", event.aggregate_id),
            command: name.to_owned(),
            body,
        }),
    }])
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inventory::reorder_suggestion::{ReorderSuggestion, ReorderSuggestionCommand};
    use crate::inventory::stock::{Goods, ReorderPointReached, StockReplenished};
    use crate::kernel::{Aggregate, AggregateId, CommandSet, EventSet, TenantId};

    fn command(event: impl Into<StockItemEvent>) -> StepCommand {
        let event = event.into();
        let recorded = RecordedEvent {
            context: StockItem::CONTEXT.to_owned(),
            partition: 0,
            position: 1,
            event_id: Uuid::from_u128(5),
            tenant_id: TenantId(Uuid::from_u128(7)),
            aggregate_type: StockItem::TYPE.to_owned(),
            aggregate_id: "tea:main".to_owned(),
            sequence: 1,
            event_type: event.def().name.to_owned(),
            event_version: event.def().version.to_string(),
            payload: event.payload().unwrap(),
            metadata: "{}".to_owned(),
            recorded_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        };
        let steps = react(&recorded).unwrap();
        let [Step { action: Action::Command(command), .. }] = steps.as_slice() else { panic!("one command: {steps:?}") };
        command.clone()
    }

    fn goods() -> Goods {
        Goods { product_id: "tea".into(), sku: "TEA".to_owned().try_into().unwrap(), warehouse_id: "main".into() }
    }

    #[test]
    fn a_fall_is_suggested_and_a_recovery_takes_the_same_suggestion_back() {
        let reached = ReorderPointReached {
            number: 3,
            goods: goods(),
            product_name: "Tea".into(),
            supplier: Some("Yama".to_owned().try_into().unwrap()),
            level: -2,
            reorder_point: 5,
            quantity: 10,
        };
        let suggest = command(reached);
        let back = command(StockReplenished { number: 3, goods: goods(), level: 8 });
        assert_eq!((suggest.id.as_str(), suggest.command.as_str()), ("tea:main:3", "suggest"));
        assert_eq!((back.id.as_str(), back.command.as_str()), ("tea:main:3", "withdraw"));
        for step in [suggest, back] {
            assert_eq!((step.context.as_str(), step.aggregate.as_str()), (ReorderSuggestion::CONTEXT, ReorderSuggestion::TYPE));
            assert!(AggregateId::try_from(step.id).is_ok());
            ReorderSuggestionCommand::decode(&step.command, step.body.to_string().as_bytes()).expect("the command decodes");
        }
    }
}
