//! Stock movements are posted to the ledger, so that its stock account is worth what the stock is worth.
//!
//! Every event that changes the stock's value leads to one journal entry with the event's id, dated on the day on which it was recorded, or
//! on the first open day where the books of that day are closed: a receipt of goods that came earlier counts in the open period. Transfers
//! change no account, and neither does what is worth nothing.
//!
//! | event | debit | credit |
//! |---|---|---|
//! | receipt | inventory | goods received and not invoiced, or opening balance |
//! | shipment, less what comes back | cost of goods sold | inventory |
//! | adjustment, revaluation | inventory | inventory adjustment |
//! | late cost of a receipt | inventory, cost of goods sold (pieces that are gone) | what the receipt was against |
//! | receipt that would have left first | inventory | cost of goods sold |
//!
//! What is worth less has the sides exchanged. So goods cost what they cost, however late that becomes known: what was received is against the
//! bills that come for it, and the stock, the cost of sales and the adjustments add up to it.

use serde_json::{Value, json};

use crate::inventory::stock::{Goods, Origin, RevaluationCause, StockItem, StockItemEvent, StockRevalued};
use crate::kernel::{Action, Day, DecodeEventError, Money, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// The process `inventory.ledger`.
pub static PROCESS: ProcessDef = ProcessDef {
    name: "inventory.ledger",
    summary: "Posts what stock movements are worth to the ledger.",
    reacts_to: &[
        "inventory.stock_received",
        "inventory.stock_shipped",
        "inventory.stock_adjusted",
        "inventory.stock_returned",
        "inventory.stock_revalued",
    ],
    react,
};

const INVENTORY: &str = "inventory";
const RECEIVED: &str = "goods_received_not_invoiced";
const OPENING: &str = "opening_balance";
const COST_OF_SALES: &str = "cost_of_goods_sold";
const ADJUSTMENT: &str = "inventory_adjustment";

/// The longest reference of a journal entry.
const REFERENCE_CHARS_MAX: usize = 100;

/// What is posted: debits are positive, credits negative, and the sum is 0.
struct Posting<'a> {
    text: String,
    movement_id: &'a str,
    reference: Option<&'a str>,
    date: Day,
    /// Of the money, only the currency counts.
    currency: Money,
    lines: Vec<(&'static str, i64)>,
}

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(stock_event) = event_of::<StockItem>(event)? else { return Ok(Vec::new()) };
    let entry = posting(&stock_event).and_then(|posting| posting.entry());
    let step = |body| Step {
        name: "post",
        lane: event.aggregate_id.clone(),
        action: Action::Command(StepCommand {
            context: "accounting".to_owned(),
            aggregate: "journal-entry".to_owned(),
            id: event.event_id.to_string(),
            command: "post".to_owned(),
            body,
        }),
    };
    Ok(entry.map(step).into_iter().collect())
}

fn posting(event: &StockItemEvent) -> Option<Posting<'_>> {
    let against = |other, value: Money| vec![(INVENTORY, value.amount_minor), (other, -value.amount_minor)];
    Some(match event {
        StockItemEvent::StockReceived(e) => {
            let what = if e.origin == Origin::Opening { "Opening stock" } else { "Receipt" };
            Posting {
                text: text(what, e.quantity, &e.goods),
                movement_id: &e.movement_id,
                reference: e.reference.as_deref(),
                date: e.booked_on,
                currency: e.value,
                lines: against(origin_role(e.origin), e.value),
            }
        }
        StockItemEvent::StockShipped(e) => Posting {
            text: text("Shipment", e.quantity, &e.goods),
            movement_id: &e.movement_id,
            reference: e.reference.as_deref(),
            date: e.booked_on,
            currency: e.value,
            lines: against(COST_OF_SALES, e.value),
        },
        StockItemEvent::StockReturned(e) => Posting {
            text: text("Return", e.quantity, &e.goods),
            movement_id: &e.movement_id,
            reference: e.reference.as_deref(),
            date: e.booked_on,
            currency: e.value,
            lines: against(COST_OF_SALES, e.value),
        },
        StockItemEvent::StockAdjusted(e) => Posting {
            text: text(&format!("Adjustment ({})", &*e.reason), e.quantity, &e.goods),
            movement_id: &e.movement_id,
            reference: None,
            date: e.booked_on,
            currency: e.value,
            lines: against(ADJUSTMENT, e.value),
        },
        StockItemEvent::StockRevalued(e) => Posting {
            text: text(revaluation_text(e.cause), e.after.on_hand, &e.goods),
            movement_id: &e.movement_id,
            reference: None,
            date: e.booked_on,
            currency: e.value,
            lines: revaluation(e),
        },
        _ => return None,
    })
}

/// What received goods are against.
fn origin_role(origin: Origin) -> &'static str {
    match origin {
        Origin::Purchase => RECEIVED,
        Origin::Opening => OPENING,
    }
}

fn revaluation_text(cause: RevaluationCause) -> &'static str {
    match cause {
        RevaluationCause::LateCost => "Late cost",
        RevaluationCause::BackdatedReceipt => "Backdated receipt",
        RevaluationCause::Revaluation => "Revaluation",
    }
}

fn revaluation(e: &StockRevalued) -> Vec<(&'static str, i64)> {
    let (value_minor, expensed_minor) = (e.value.amount_minor, e.expensed.amount_minor);
    let other = match e.cause {
        RevaluationCause::LateCost => origin_role(e.origin),
        // Other pieces had left than should have: what was sold has cost more or less than was said.
        RevaluationCause::BackdatedReceipt => return vec![(INVENTORY, value_minor), (COST_OF_SALES, -value_minor)],
        RevaluationCause::Revaluation => ADJUSTMENT,
    };
    vec![(INVENTORY, value_minor), (COST_OF_SALES, expensed_minor), (other, -value_minor - expensed_minor)]
}

fn text(what: &str, quantity: i64, goods: &Goods) -> String {
    format!("{what}: {quantity} × {} in {}", &*goods.sku, goods.warehouse_id)
}

impl Posting<'_> {
    /// The fields of the command, or nothing where nothing is worth anything.
    fn entry(&self) -> Option<Value> {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .filter(|(_, amount_minor)| *amount_minor != 0)
            .map(|(role, amount_minor)| {
                let side = if *amount_minor > 0 { "debit" } else { "credit" };
                json!({ "role": role, "side": side, "amount": Money::new(amount_minor.abs(), self.currency.currency) })
            })
            .collect();
        let reference: String = self.reference.unwrap_or(self.movement_id).chars().take(REFERENCE_CHARS_MAX).collect();
        let entry = json!({
            "date": self.date, "if_closed": "next_open_day", "description": self.text, "reference": reference, "source": "inventory",
            "lines": lines
        });
        (!lines.is_empty()).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;
    use crate::inventory::stock::{Balance, Kept, StockReceived, StockShipped, StockTransferredOut};
    use crate::kernel::{Aggregate, Currency, EventSet, TenantId};

    fn recorded(event: impl Into<StockItemEvent>) -> RecordedEvent {
        let event = event.into();
        RecordedEvent {
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
        }
    }

    fn goods() -> Goods {
        Goods { product_id: "tea".into(), sku: "TEA".to_owned().try_into().unwrap(), warehouse_id: "main".into() }
    }

    fn euro(amount_minor: i64) -> Money {
        Money::new(amount_minor, Currency::EUR)
    }

    fn day(day: u32) -> Day {
        Day(NaiveDate::from_ymd_opt(2026, 3, day).unwrap())
    }

    fn received(origin: Origin, amount_minor: i64) -> StockReceived {
        StockReceived {
            movement_id: "r-1".into(),
            goods: goods(),
            origin,
            quantity: 5,
            value: euro(amount_minor),
            layer_value_minor: amount_minor,
            received_on: day(1),
            booked_on: day(9),
            reference: None,
            supplier: None,
            after: Balance::default(),
        }
    }

    fn revalued(cause: RevaluationCause, value_minor: i64, expensed_minor: i64) -> StockRevalued {
        StockRevalued {
            movement_id: "r-1".into(),
            goods: goods(),
            cause,
            origin: Origin::Purchase,
            value: euro(value_minor),
            expensed: euro(expensed_minor),
            changes: Vec::new(),
            note: None,
            booked_on: day(9),
            after: Balance::default(),
        }
    }

    /// Role, side and amount of each line.
    fn lines(event: impl Into<StockItemEvent>) -> Vec<(String, String, i64)> {
        let steps = react(&recorded(event)).unwrap();
        let Some(Step { action: Action::Command(command), .. }) = steps.first() else { return Vec::new() };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lines = command.body["lines"].as_array().unwrap().iter();
        lines.map(|line| (text(&line["role"]), text(&line["side"]), line["amount"]["amount_minor"].as_i64().unwrap())).collect()
    }

    fn line(role: &str, side: &str, amount_minor: i64) -> (String, String, i64) {
        (role.to_owned(), side.to_owned(), amount_minor)
    }

    #[test]
    fn a_receipt_is_posted_once_on_the_day_on_which_it_is_recorded() {
        let steps = react(&recorded(received(Origin::Purchase, 1550))).unwrap();
        let [Step { lane, action: Action::Command(command), .. }] = steps.as_slice() else { panic!("one command: {steps:?}") };
        assert_eq!((lane.as_str(), command.id.as_str()), ("tea:main", "00000000-0000-0000-0000-000000000005"));
        assert_eq!(
            (command.context.as_str(), command.aggregate.as_str(), command.command.as_str()),
            ("accounting", "journal-entry", "post")
        );
        let money = json!({ "amount_minor": 1550, "currency": "EUR" });
        let body = json!({
            "date": "2026-03-09", "if_closed": "next_open_day", "description": "Receipt: 5 × TEA in main", "reference": "r-1",
            "source": "inventory",
            "lines": [
                { "role": "inventory", "side": "debit", "amount": money },
                { "role": "goods_received_not_invoiced", "side": "credit", "amount": money }
            ]
        });
        assert_eq!(command.body, body);
    }

    #[test]
    fn opening_stock_comes_from_the_opening_balance() {
        assert_eq!(lines(received(Origin::Opening, 10)), [line("inventory", "debit", 10), line("opening_balance", "credit", 10)]);
    }

    #[test]
    fn a_shipment_is_cost_of_sales() {
        let shipped = StockShipped {
            movement_id: "s-1".into(),
            goods: goods(),
            quantity: 2,
            value: euro(-620),
            takes: Vec::new(),
            reservation_id: None,
            reference: Some("ORD-1".to_owned().try_into().unwrap()),
            customer_id: None,
            booked_on: day(9),
            after: Balance::default(),
            kept: Kept::default(),
        };
        assert_eq!(lines(shipped), [line("inventory", "credit", 620), line("cost_of_goods_sold", "debit", 620)]);
    }

    #[test]
    fn a_late_cost_belongs_to_the_goods_and_is_owed_to_whom_they_came_from() {
        let late = |value_minor, expensed_minor| revalued(RevaluationCause::LateCost, value_minor, expensed_minor);
        let received = "goods_received_not_invoiced";
        let split = [line("inventory", "debit", 30), line("cost_of_goods_sold", "debit", 12), line(received, "credit", 42)];
        assert_eq!(lines(late(30, 12)), split);
        assert_eq!(lines(late(-5, 0)), [line("inventory", "credit", 5), line(received, "debit", 5)]);
        assert_eq!(lines(late(5, -5)), [line("inventory", "debit", 5), line("cost_of_goods_sold", "credit", 5)]);
        let opening = StockRevalued { origin: Origin::Opening, ..late(30, 12) };
        assert_eq!(lines(opening)[2], line("opening_balance", "credit", 42));
    }

    #[test]
    fn a_receipt_that_would_have_left_first_changes_the_cost_of_sales() {
        let backdated = |value_minor| revalued(RevaluationCause::BackdatedReceipt, value_minor, 0);
        assert_eq!(lines(backdated(8)), [line("inventory", "debit", 8), line("cost_of_goods_sold", "credit", 8)]);
        assert_eq!(lines(backdated(-8)), [line("inventory", "credit", 8), line("cost_of_goods_sold", "debit", 8)]);
    }

    #[test]
    fn a_value_that_somebody_sets_is_an_adjustment() {
        let set = revalued(RevaluationCause::Revaluation, -7, 0);
        assert_eq!(lines(set), [line("inventory", "credit", 7), line("inventory_adjustment", "debit", 7)]);
    }

    #[test]
    fn what_changes_no_account_leads_to_nothing() {
        assert_eq!(lines(received(Origin::Purchase, 0)), []);
        let transferred = StockTransferredOut {
            movement_id: "t-1".into(),
            goods: goods(),
            to_warehouse_id: "other".into(),
            quantity: 1,
            value: euro(-5),
            takes: Vec::new(),
            booked_on: day(9),
            after: Balance::default(),
        };
        assert_eq!(lines(transferred), []);
    }

    #[test]
    fn events_that_cannot_be_read_are_errors() {
        let mut event = recorded(received(Origin::Purchase, 1));
        event.payload = "{}".to_owned();
        assert!(react(&event).is_err());
        event.aggregate_type = "product".to_owned();
        assert_eq!(react(&event).unwrap(), []);
    }
}
