//! What stock is worth: layers, what leaves them and what it takes along.
//!
//! Each receipt forms a layer. Pieces leave the oldest layers first, which tells their age under either method of valuation. Under FIFO a
//! layer has a value of its own: what leaves takes its [share], rounded to a minor unit, half away from zero; what stays
//! keeps the rest, and the last pieces take all. Under a moving average only the item has a value, and the same rule holds for it. So no
//! fraction of a minor unit is ever lost: the layers' values add up to the stock's, and the stock's value to the sum of all changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::{Brought, LayerChange, Take};
use crate::inventory::product::Valuation;
use crate::inventory::values::share;
use crate::kernel::Day;

/// How many layers an item may have.
pub const LAYERS_MAX: usize = 1_000;
/// How many layers that are used up are remembered, so that a receipt may be dated before them.
const SPENT_MAX: usize = 50;

/// Pieces that came in together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// The movement that brought them into the company.
    pub id: String,
    /// The day on which they came.
    pub received_on: Day,
    /// The pieces that came and have not gone to another warehouse.
    pub received: i64,
    /// The pieces that are left.
    pub quantity: i64,
    /// What these were worth, revaluations included.
    pub cost_minor: i64,
    /// What those that are left are worth.
    pub value_minor: i64,
}

/// The layers of an item and its value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stock {
    /// How the stock is valued.
    pub valuation: Valuation,
    /// The pieces.
    pub on_hand: i64,
    /// What they are worth, in minor units.
    pub value_minor: i64,
    /// The layers, oldest first.
    pub layers: Vec<Layer>,
    /// Layers that are used up, the latest last; under FIFO only.
    pub spent: Vec<Layer>,
    /// The latest day of a layer that is used up and forgotten.
    pub forgotten: Option<Day>,
}

/// What pieces take along when they leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Their value.
    pub value_minor: i64,
    /// The layers that they come from.
    pub takes: Vec<Take>,
}

impl Stock {
    /// What this many pieces take along; there are as many.
    pub fn take(&self, quantity: i64) -> Taken {
        let mut taken = Taken::default();
        let mut missing = quantity;
        for layer in &self.layers {
            let part = missing.min(layer.quantity);
            if part == 0 {
                break;
            }
            missing -= part;
            let value_minor = share(layer.value_minor, part, layer.quantity);
            taken.value_minor += value_minor;
            taken.takes.push(Take { layer: layer.id.clone(), quantity: part, value_minor });
        }
        if self.valuation == Valuation::MovingAverage && self.on_hand > 0 {
            taken.value_minor = share(self.value_minor, quantity, self.on_hand);
        }
        taken
    }

    /// What pieces are worth on average, rounded like a share; nothing where there are none.
    pub fn average(&self, quantity: i64) -> Option<i64> {
        if self.on_hand == 0 {
            return None;
        }
        let (product, whole) = (i128::from(self.value_minor) * i128::from(quantity), i128::from(self.on_hand));
        i64::try_from((2 * product + whole) / (2 * whole)).ok()
    }

    /// The layer of that id, if any of its pieces are left.
    pub fn layer(&self, id: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    /// The part of a change of a layer's cost that belongs to the pieces left of the `received` ones. No layer and no stock is worth less
    /// than nothing.
    pub fn late_cost(&self, id: &str, delta_minor: i64, received: i64) -> i64 {
        let Some(layer) = self.layer(id) else { return 0 };
        let worth = if self.valuation == Valuation::Fifo { layer.value_minor } else { self.value_minor };
        share(delta_minor, layer.quantity.min(received), received).max(-worth)
    }

    /// The changes that spread another value over the layers, in proportion to what they are worth, or to their pieces where they are
    /// worth nothing; none under a moving average.
    pub fn spread(&self, value_minor: i64) -> Vec<LayerChange> {
        if self.valuation == Valuation::MovingAverage {
            return Vec::new();
        }
        let weight = |layer: &Layer| if self.value_minor > 0 { layer.value_minor } else { layer.quantity };
        let total: i64 = self.layers.iter().map(weight).sum();
        let (mut weighed, mut given, mut changes) = (0, 0, Vec::new());
        for layer in &self.layers {
            weighed += weight(layer);
            let so_far = share(value_minor, weighed, total);
            let change = so_far - given - layer.value_minor;
            given = so_far;
            if change != 0 {
                changes.push(LayerChange { layer: layer.id.clone(), received_on: layer.received_on, quantity: 0, value_minor: change });
            }
        }
        changes
    }

    /// What changes because a layer that has just been added is older than layers that pieces have left: under FIFO they would have left
    /// it first. Nothing under a moving average, which knows no order.
    ///
    /// Pieces return to the newest of those layers first, at the value that they left with, and the added layer gives as many.
    pub fn hindsight(&self, added: &Layer) -> Vec<LayerChange> {
        if self.valuation == Valuation::MovingAverage {
            return Vec::new();
        }
        let newer = |layer: &&Layer| layer.received_on > added.received_on && layer.received > layer.quantity;
        let mut newer: Vec<&Layer> = self.spent.iter().chain(&self.layers).filter(newer).collect();
        // Of layers of one day, the later one was used later.
        newer.reverse();
        newer.sort_by_key(|layer| std::cmp::Reverse(layer.received_on));
        let (mut missing, mut changes) = (added.quantity, Vec::new());
        for layer in newer {
            let gone = layer.received - layer.quantity;
            let part = missing.min(gone);
            if part == 0 {
                break;
            }
            missing -= part;
            let value_minor = share(layer.cost_minor - layer.value_minor, part, gone);
            changes.push(LayerChange { layer: layer.id.clone(), received_on: layer.received_on, quantity: part, value_minor });
        }
        let given = added.quantity - missing;
        if given > 0 {
            let value_minor = -share(added.value_minor, given, added.quantity);
            changes.push(LayerChange { layer: added.id.clone(), received_on: added.received_on, quantity: -given, value_minor });
        }
        changes
    }

    /// What a layer has of the value of the goods that form it: all of it under FIFO, nothing under a moving average.
    pub fn layer_value(&self, value_minor: i64) -> i64 {
        if self.valuation == Valuation::Fifo { value_minor } else { 0 }
    }

    // What follows applies events.

    /// Pieces come in with this value, of which the layer has what it says.
    pub fn add(&mut self, brought: &Brought, value_minor: i64) {
        self.on_hand += brought.quantity;
        self.value_minor += value_minor;
        let mut layer = self.recall(&brought.layer, brought.received_on);
        layer.received += brought.quantity;
        layer.quantity += brought.quantity;
        layer.cost_minor += brought.value_minor;
        layer.value_minor += brought.value_minor;
        self.put(layer);
    }

    /// Pieces leave for good.
    pub fn remove(&mut self, quantity: i64, value_minor: i64, takes: &[Take]) {
        self.leave(quantity, value_minor, takes, false);
    }

    /// Pieces leave for another warehouse: here, it is as if they had not come.
    pub fn hand_over(&mut self, quantity: i64, value_minor: i64, takes: &[Take]) {
        self.leave(quantity, value_minor, takes, true);
    }

    fn leave(&mut self, quantity: i64, value_minor: i64, takes: &[Take], elsewhere: bool) {
        self.on_hand -= quantity;
        self.value_minor -= value_minor;
        for take in takes {
            let Some(layer) = self.layers.iter_mut().find(|layer| layer.id == take.layer) else { continue };
            layer.quantity -= take.quantity;
            layer.value_minor -= take.value_minor;
            if elsewhere {
                layer.received -= take.quantity;
                layer.cost_minor -= take.value_minor;
            }
        }
        self.clear();
    }

    /// The stock is worth more or less.
    pub fn revalue(&mut self, value_minor: i64, changes: &[LayerChange]) {
        self.value_minor += value_minor;
        for change in changes {
            let mut layer = self.recall(&change.layer, change.received_on);
            layer.quantity += change.quantity;
            layer.value_minor += change.value_minor;
            if change.quantity == 0 {
                // What has left keeps the value that it left with.
                layer.cost_minor += change.value_minor;
            }
            self.put(layer);
        }
        self.clear();
    }

    /// Takes a layer out, used up or not, to be changed and put back; a new one where there is none.
    fn recall(&mut self, id: &str, received_on: Day) -> Layer {
        if let Some(index) = self.layers.iter().position(|layer| layer.id == id) {
            return self.layers.remove(index);
        }
        if let Some(index) = self.spent.iter().position(|layer| layer.id == id) {
            return self.spent.remove(index);
        }
        Layer { id: id.to_owned(), received_on, received: 0, quantity: 0, cost_minor: 0, value_minor: 0 }
    }

    /// Puts a layer where its day belongs, after others of that day.
    fn put(&mut self, layer: Layer) {
        let index = self.layers.partition_point(|other| other.received_on <= layer.received_on);
        self.layers.insert(index, layer);
    }

    /// Moves layers that are used up to those that are remembered.
    fn clear(&mut self) {
        let used_up: Vec<Layer> = self.layers.extract_if(.., |layer| layer.quantity == 0).collect();
        if self.valuation == Valuation::MovingAverage {
            return;
        }
        self.spent.extend(used_up.into_iter().filter(|layer| layer.received > 0));
        let surplus = self.spent.len().saturating_sub(SPENT_MAX);
        for layer in self.spent.drain(..surplus) {
            self.forgotten = self.forgotten.max(Some(layer.received_on));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> Day {
        Day(chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap())
    }

    fn stock(valuation: Valuation, layers: &[(&str, u32, i64, i64)]) -> Stock {
        let mut stock = Stock { valuation, ..Stock::default() };
        for (id, on, quantity, value_minor) in layers {
            let own = stock.layer_value(*value_minor);
            let brought = Brought { layer: (*id).to_owned(), received_on: day(*on), quantity: *quantity, value_minor: own };
            stock.add(&brought, *value_minor);
        }
        stock
    }

    fn leave(stock: &mut Stock, quantity: i64) -> i64 {
        let taken = stock.take(quantity);
        stock.remove(quantity, taken.value_minor, &taken.takes);
        taken.value_minor
    }

    /// Id, pieces and value of each layer.
    fn layers(stock: &Stock) -> Vec<(&str, i64, i64)> {
        stock.layers.iter().map(|layer| (layer.id.as_str(), layer.quantity, layer.value_minor)).collect()
    }

    #[test]
    fn fifo_takes_the_oldest_first_and_loses_no_cent() {
        let mut stock = stock(Valuation::Fifo, &[("a", 1, 3, 100), ("b", 2, 3, 200)]);
        assert_eq!((leave(&mut stock, 1), leave(&mut stock, 1)), (33, 34), "half of the 67 that are left is rounded up");
        assert_eq!(leave(&mut stock, 2), 33 + 67);
        assert_eq!(layers(&stock), [("b", 2, 133)]);
        assert_eq!((leave(&mut stock, 2), stock.value_minor, stock.on_hand), (133, 0, 0));
    }

    #[test]
    fn a_moving_average_is_formed_anew_at_each_receipt() {
        let mut stock = stock(Valuation::MovingAverage, &[("a", 1, 10, 1000), ("b", 2, 5, 800)]);
        assert_eq!(leave(&mut stock, 4), 480, "1800 / 15 each");
        assert_eq!((stock.value_minor, layers(&stock)), (1320, vec![("a", 6, 0), ("b", 5, 0)]));
        assert_eq!((stock.average(2), leave(&mut stock, 11), stock.average(1)), (Some(240), 1320, None));
        assert!(stock.spent.is_empty());
    }

    #[test]
    fn an_older_layer_that_comes_late_would_have_left_first() {
        let mut stock = stock(Valuation::Fifo, &[("a", 5, 10, 1000), ("b", 10, 10, 2000)]);
        leave(&mut stock, 14);
        assert_eq!(layers(&stock), [("b", 6, 1200)]);
        let late = Brought { layer: "late".into(), received_on: day(7), quantity: 6, value_minor: 900 };
        stock.add(&late, 900);
        let changes = stock.hindsight(stock.layer("late").unwrap());
        // Four of `b` had left at 200 each; four of `late` would have left at 150 instead.
        assert_eq!(
            changes.iter().map(|c| (c.layer.as_str(), c.quantity, c.value_minor)).collect::<Vec<_>>(),
            [("b", 4, 800), ("late", -4, -600)]
        );
        stock.revalue(200, &changes);
        assert_eq!(layers(&stock), [("late", 2, 300), ("b", 10, 2000)]);
        assert_eq!((stock.on_hand, stock.value_minor), (12, 2300));
    }

    #[test]
    fn a_layer_that_is_used_up_comes_back_in_hindsight() {
        let mut stock = stock(Valuation::Fifo, &[("a", 5, 2, 101), ("b", 10, 2, 300)]);
        leave(&mut stock, 3);
        assert_eq!((stock.spent.len(), layers(&stock)), (1, vec![("b", 1, 150)]));
        let late = Brought { layer: "late".into(), received_on: day(1), quantity: 5, value_minor: 10 };
        stock.add(&late, 10);
        let changes = stock.hindsight(stock.layer("late").unwrap());
        stock.revalue(changes.iter().map(|change| change.value_minor).sum(), &changes);
        assert_eq!(layers(&stock), [("late", 2, 4), ("a", 2, 101), ("b", 2, 300)]);
        assert_eq!((stock.spent.len(), stock.value_minor), (0, 405));
    }

    #[test]
    fn pieces_that_went_to_another_warehouse_do_not_come_back_in_hindsight() {
        let mut stock = stock(Valuation::Fifo, &[("a", 5, 4, 400)]);
        let taken = stock.take(3);
        stock.hand_over(3, taken.value_minor, &taken.takes);
        let late = Brought { layer: "late".into(), received_on: day(1), quantity: 5, value_minor: 10 };
        stock.add(&late, 10);
        assert_eq!((stock.hindsight(stock.layer("late").unwrap()), stock.layer("a").map(|a| a.received)), (vec![], Some(1)));
        let taken = stock.take(6);
        stock.hand_over(6, taken.value_minor, &taken.takes);
        assert_eq!((stock.on_hand, stock.value_minor, stock.spent.len()), (0, 0, 0));
    }

    #[test]
    fn what_is_forgotten_says_until_when() {
        let mut stock = stock(Valuation::Fifo, &[]);
        for number in 0..=SPENT_MAX {
            let on = 1 + u32::try_from(number).unwrap() / 2;
            stock.add(&Brought { layer: number.to_string(), received_on: day(on), quantity: 1, value_minor: 1 }, 1);
            leave(&mut stock, 1);
        }
        assert_eq!((stock.spent.len(), stock.forgotten), (SPENT_MAX, Some(day(1))));
    }

    #[test]
    fn another_value_is_spread_to_the_last_cent() {
        let stock = stock(Valuation::Fifo, &[("a", 1, 1, 100), ("b", 2, 1, 100), ("c", 3, 1, 100)]);
        let changes: Vec<i64> = stock.spread(100).iter().map(|change| change.value_minor).collect();
        assert_eq!(changes, [-67, -66, -67]);
        let worthless = self::stock(Valuation::Fifo, &[("a", 1, 1, 0), ("b", 2, 3, 0)]);
        assert_eq!(worthless.spread(10).iter().map(|change| change.value_minor).collect::<Vec<_>>(), [3, 7]);
    }

    #[test]
    fn a_late_cost_reaches_what_is_left_and_no_layer_falls_below_nothing() {
        let mut stock = stock(Valuation::Fifo, &[("a", 1, 3, 2)]);
        leave(&mut stock, 1);
        assert_eq!((stock.late_cost("a", 100, 3), stock.late_cost("a", -2, 3), stock.late_cost("gone", 100, 3)), (67, -1, 0));
        assert_eq!(stock.late_cost("a", -90, 3), -1);
    }
}
