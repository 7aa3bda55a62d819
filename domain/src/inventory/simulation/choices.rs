//! Fills commands from a handful of values, so that they meet each other.

use serde_json::{Value, json};

use super::world::World;

/// The commands that are sent; those that move stock more often than others.
pub const STEPS: [(&str, &str); 51] = [
    ("product", "create"),
    ("product", "rename"),
    ("product", "price"),
    ("product", "update"),
    ("product", "discontinue"),
    ("product", "reinstate"),
    ("product", "reinstate"),
    ("warehouse", "open"),
    ("warehouse", "rename"),
    ("warehouse", "close"),
    ("warehouse", "reopen"),
    ("warehouse", "reopen"),
    ("stock-item", "receive"),
    ("stock-item", "receive"),
    ("stock-item", "receive"),
    ("stock-item", "return"),
    ("stock-item", "return"),
    ("stock-item", "ship"),
    ("stock-item", "ship"),
    ("stock-item", "ship"),
    ("stock-item", "adjust"),
    ("stock-item", "adjust"),
    ("stock-item", "count"),
    ("stock-item", "revalue"),
    ("stock-item", "transfer"),
    ("stock-item", "transfer"),
    ("stock-item", "transfer"),
    ("stock-item", "reserve"),
    ("stock-item", "reserve"),
    ("stock-item", "allocate"),
    ("stock-item", "release"),
    ("stock-item", "expire-reservations"),
    ("stock-item", "review-reorder"),
    ("stock-movement", "receive"),
    ("stock-movement", "open-stock"),
    ("stock-movement", "record"),
    ("stock-movement", "record"),
    ("stock-movement", "record"),
    ("stock-movement", "adjust-cost"),
    ("stock-movement", "adjust-cost"),
    ("stock-reservation", "place"),
    ("stock-reservation", "place"),
    ("stock-reservation", "allocate"),
    ("stock-reservation", "ship"),
    ("stock-reservation", "ship"),
    ("stock-reservation", "release"),
    ("stock-reservation", "expire"),
    ("reorder-suggestion", "accept"),
    ("reorder-suggestion", "dismiss"),
    ("reorder-suggestion", "suggest"),
    ("reorder-suggestion", "withdraw"),
];

/// A source of choices.
pub struct Choices {
    bytes: [u8; 12],
    next: usize,
    /// Ids of movements, a new one last.
    movements: Vec<String>,
    /// Ids of suggestions.
    suggestions: Vec<String>,
    today: chrono::NaiveDate,
}

impl Choices {
    pub fn new(bytes: [u8; 12], world: &World) -> Self {
        Self { bytes, next: 0, movements: world.movements(), suggestions: world.suggestions(), today: world.now().date_naive() }
    }

    fn byte(&mut self) -> u8 {
        self.next += 1;
        self.bytes[(self.next - 1) % self.bytes.len()].wrapping_add(u8::try_from(self.next % 200).unwrap_or(0))
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[usize::from(self.byte()) % values.len()].clone()
    }

    fn flag(&mut self) -> bool {
        self.byte().is_multiple_of(2)
    }

    /// How much time passes: seconds mostly, sometimes a day.
    pub fn seconds(&mut self) -> i64 {
        match self.byte() {
            byte @ 0..=229 => i64::from(byte),
            byte => 20_000 * i64::from(byte - 228),
        }
    }

    fn product(&mut self) -> Value {
        self.pick(&[json!("tea"), json!("cup")])
    }

    fn warehouse(&mut self) -> Value {
        self.pick(&[json!("main"), json!("annex"), json!("main"), json!("van")])
    }

    fn item(&mut self) -> String {
        let product = self.product();
        format!("{}:{}", product.as_str().unwrap_or_default(), self.warehouse().as_str().unwrap_or_default())
    }

    /// A new id mostly; sometimes one that is taken.
    fn new_movement(&mut self) -> String {
        let index = if self.byte() < 230 { self.movements.len() - 1 } else { usize::from(self.byte()) % self.movements.len() };
        self.movements[index].clone()
    }

    fn old_movement(&mut self) -> String {
        // The later ones are more likely to be of use.
        let back = usize::from(self.byte()) % self.movements.len().min(24);
        self.movements[self.movements.len() - 1 - back].clone()
    }

    fn reservation(&mut self) -> String {
        format!("reservation-{}", self.byte() % 6)
    }

    pub fn id(&mut self, aggregate: &str, command: &str) -> String {
        match (aggregate, command) {
            ("product", "create") => format!("product-{}", self.byte() % 3),
            ("product", _) => self.product().as_str().unwrap_or_default().to_owned(),
            ("warehouse", "open") => format!("warehouse-{}", self.byte() % 3),
            ("warehouse", _) => self.warehouse().as_str().unwrap_or_default().to_owned(),
            ("stock-item", _) => self.item(),
            ("stock-movement", "adjust-cost") => self.old_movement(),
            ("stock-movement", _) => self.new_movement(),
            ("stock-reservation", _) => format!("order-{}", self.byte() % 12),
            (_, "suggest") => format!("by-hand-{}", self.byte() % 6),
            _ => {
                let index = usize::from(self.byte()) % self.suggestions.len();
                self.suggestions[index].clone()
            }
        }
    }

    fn quantity(&mut self) -> Value {
        json!(1 + self.byte() % 9)
    }

    fn money(&mut self) -> Value {
        let amount = self.pick(&[json!(0), json!(1), json!(100), json!(1001), json!(9999), json!(-1)]);
        json!({ "amount_minor": amount, "currency": "EUR" })
    }

    /// A day up to a week ago, or tomorrow, or the day after.
    fn day(&mut self) -> Value {
        let days = i64::from(self.byte() % 10) - 7;
        json!(self.today + chrono::TimeDelta::days(days))
    }

    fn optional(&mut self, body: &mut Value, name: &str, value: Value) {
        if self.flag() {
            body[name] = value;
        }
    }

    fn arrival(&mut self) -> Value {
        let mut body = json!({ "quantity": self.quantity() });
        let (unit_cost, total_cost, day) = (self.money(), self.money(), self.day());
        if self.flag() {
            self.optional(&mut body, "unit_cost", unit_cost);
        } else {
            self.optional(&mut body, "total_cost", total_cost);
        }
        self.optional(&mut body, "received_on", day);
        body
    }

    pub fn body(&mut self, aggregate: &str, command: &str) -> Value {
        match (aggregate, command) {
            ("product", _) => self.product_body(command),
            ("warehouse", "open" | "rename") => json!({ "name": self.pick(&[json!("Hall"), json!("Van")]) }),
            ("stock-item", _) => self.item_body(command),
            ("stock-movement", "adjust-cost") => {
                let (field, cost) = (self.pick(&[json!("unit_cost"), json!("total_cost")]), self.money());
                json!({ (field.as_str().unwrap_or_default()): cost })
            }
            ("stock-movement", "record") => self.recorded(),
            ("stock-movement", _) => {
                let mut body = self.arrival();
                body["sku"] = self.product();
                let warehouse = self.warehouse();
                self.optional(&mut body, "warehouse_id", warehouse);
                body
            }
            ("stock-reservation", "place") => {
                let line = |choices: &mut Self| json!({ "sku": choices.product(), "warehouse_id": choices.warehouse(), "quantity": 1 + choices.byte() % 4 });
                let lines: Vec<Value> = (0..=self.byte() % 4).map(|_| line(self)).collect();
                json!({ "lines": lines, "ttl_seconds": self.pick(&[json!(60), json!(600), json!(6000)]) })
            }
            ("stock-reservation", "ship") => {
                let mut body = json!({ "shipment_id": format!("parcel-{}", self.byte() % 64) });
                let lines = json!([{ "item_id": self.item(), "quantity": 1 + self.byte() % 2 }]);
                self.optional(&mut body, "lines", lines);
                body
            }
            ("reorder-suggestion", "suggest") => json!({
                "product_id": self.product(), "sku": "x", "product_name": "x", "warehouse_id": self.warehouse(), "level": 1,
                "reorder_point": 2, "quantity": 3
            }),
            ("reorder-suggestion", "dismiss") => json!({ "reason": self.pick(&[json!("no"), json!("later")]) }),
            _ => json!({}),
        }
    }

    /// A movement as a journal has it.
    fn recorded(&mut self) -> Value {
        let kinds = ["opening", "receipt", "shipment", "shipment", "return", "return", "count", "adjustment"].map(|kind| json!(kind));
        let mut body = json!({ "kind": self.pick(&kinds), "sku": self.product(), "quantity": i64::from(self.byte() % 12) - 2 });
        let (warehouse, day, cost, shipment) = (self.warehouse(), self.day(), self.money(), json!(self.old_movement()));
        self.optional(&mut body, "warehouse_id", warehouse);
        self.optional(&mut body, "date", day);
        self.optional(&mut body, "unit_cost", cost);
        if body["kind"] == "return" {
            body["shipment_id"] = shipment;
        }
        body
    }

    fn product_body(&mut self, command: &str) -> Value {
        match command {
            "create" => json!({ "name": "Pot", "sku": self.pick(&[json!("tea"), json!("POT"), json!("pot 2")]), "currency": "EUR" }),
            "rename" => json!({ "name": self.pick(&[json!("Tea"), json!("Cup")]) }),
            "price" => json!({ "price": self.money() }),
            "update" => {
                let mut body = json!({ "reorder_point": self.pick(&[json!(3), json!(12), Value::Null]) });
                let (cost, safety) = (self.money(), self.pick(&[json!(0), json!(2), Value::Null]));
                self.optional(&mut body, "cost", cost);
                self.optional(&mut body, "safety_stock", safety);
                body
            }
            _ => json!({}),
        }
    }

    fn item_body(&mut self, command: &str) -> Value {
        let movement_id = json!(self.new_movement());
        match command {
            "receive" => {
                let mut body = self.arrival();
                body["movement_id"] = movement_id;
                body
            }
            "return" => json!({ "movement_id": movement_id, "shipment_id": self.old_movement(), "quantity": 1 + self.byte() % 3 }),
            "ship" => {
                let mut body = json!({ "movement_id": movement_id });
                let (reservation, quantity) = (json!(self.reservation()), self.quantity());
                self.optional(&mut body, "reservation_id", reservation);
                self.optional(&mut body, "quantity", quantity);
                body
            }
            "adjust" => {
                let quantity = i64::from(self.byte() % 9) - 5;
                json!({ "movement_id": movement_id, "quantity": quantity, "reason": "lost" })
            }
            "count" => json!({ "movement_id": movement_id, "counted": self.byte() % 24 }),
            "revalue" => json!({ "movement_id": movement_id, "value": self.money() }),
            // Often enough everything, so that warehouses become empty.
            "transfer" => json!({ "movement_id": movement_id, "to_warehouse_id": self.warehouse(), "quantity": 1 + self.byte() % 20 }),
            "reserve" => json!({
                "reservation_id": self.reservation(), "quantity": self.quantity(), "ttl_seconds": self.pick(&[json!(60), json!(600)])
            }),
            "allocate" => {
                let mut body = json!({ "reservation_id": self.reservation() });
                let quantity = self.quantity();
                self.optional(&mut body, "quantity", quantity);
                body
            }
            "release" => json!({ "reservation_id": self.reservation() }),
            _ => json!({}),
        }
    }
}
