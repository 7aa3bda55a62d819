//! Bodies made of a handful of values, so that commands meet each other.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// The id that a choice names.
pub fn aggregate_id(aggregate: &str, choice: u8) -> String {
    match aggregate {
        "plan" => format!("p-{}", choice % 4),
        "customer" => format!("c-{}", choice % 3),
        // Usage is the subscription's.
        "subscription" | "usage" => format!("s-{}", choice % 4),
        "payment" => format!("y-{}", choice % 4),
        "dunning-policy" => "default".to_owned(),
        "checkout" => format!("k-{}", choice % 4),
        _ => format!("r-{choice}"),
    }
}

/// Random bytes, used again and again.
pub struct Choices {
    bytes: [u8; 12],
    next: usize,
}

impl Choices {
    pub fn new(bytes: [u8; 12]) -> Self {
        Self { bytes, next: 0 }
    }

    pub fn byte(&mut self) -> u8 {
        self.next += 1;
        let round = u8::try_from(self.next / self.bytes.len() % 200).unwrap_or(0);
        self.bytes[(self.next - 1) % self.bytes.len()].wrapping_add(round.wrapping_mul(37))
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[usize::from(self.byte()) % values.len()].clone()
    }

    fn id(&mut self, aggregate: &str) -> Value {
        json!(aggregate_id(aggregate, self.byte()))
    }

    fn flag(&mut self) -> bool {
        self.byte() & 4 == 0
    }

    pub fn rarely(&mut self) -> bool {
        self.byte().is_multiple_of(8)
    }

    fn money(&mut self) -> Value {
        let amount = self.pick(&[json!(0), json!(100), json!(400), json!(1_000), json!(-1), json!(i64::MAX)]);
        json!({ "amount_minor": amount, "currency": "EUR" })
    }

    /// An amount, or nothing said.
    fn amount(&mut self) -> Value {
        if self.flag() { json!({ "amount": self.money() }) } else { json!({}) }
    }

    pub fn body(&mut self, aggregate: &str, command: &str, now: DateTime<Utc>) -> Value {
        match (aggregate, command) {
            ("plan", "publish") => self.plan(),
            ("plan", "link") => json!({ "version": 1, "provider": "stripe", "price_id": self.pick(&[json!("price_1"), json!("price_2")]) }),
            ("customer", "register") => json!({ "name": "Acme" }),
            ("customer", "update") => json!({ "tax_exempt": self.flag(), "name": self.pick(&[json!("Acme"), json!("Bolt")]) }),
            ("customer", "link") => json!({ "provider": "stripe", "external_id": self.pick(&[json!("cus_1"), json!("cus_2")]) }),
            ("customer", "unlink") => json!({ "provider": "stripe" }),
            ("customer", "erase") => json!({ "reason": "request" }),
            ("subscription", _) => self.subscription(command, now),
            ("usage", _) => self.usage(now),
            ("payment", _) => self.payment(command),
            ("dunning-policy", _) => self.pick(&[
                json!({ "retry_days": [3, 5], "entitlement_ends_at_step": 1, "final_days": 2 }),
                json!({ "retry_days": [1], "entitlement_ends_at_step": 0, "final_days": 1, "final_action": "suspend" }),
                json!({ "retry_days": [], "entitlement_ends_at_step": 5, "final_days": 1 }),
            ]),
            ("checkout", "open") => {
                let plan = json!({ "kind": "subscription", "plan_id": self.id("plan") });
                json!({ "page": self.pick(&[plan, json!({ "kind": "portal" })]), "customer_id": self.id("customer") })
            }
            ("checkout", "ready") => json!({ "external_id": self.pick(&[json!("cs_1"), json!("cs_2")]), "url": "https://x.io" }),
            ("checkout", "fail") => json!({ "code": "expired" }),
            ("reconciliation", _) => json!({ "provider": "stripe", "started_at": now, "compared": [] }),
            _ => json!({}),
        }
    }

    fn plan(&mut self) -> Value {
        let amount = self.pick(&[json!(0), json!(3_000), json!(9_001), json!(-1)]);
        let rate = self.pick(&[json!("1"), json!("2"), json!("0.3")]);
        let price = json!({ "model": "standard", "unit_amount": rate });
        let charge = json!({ "metric": "calls", "aggregation": "sum", "name": "Calls", "price": price });
        json!({
            "name": "Plan", "price": { "amount_minor": amount, "currency": "EUR" },
            "interval": { "unit": self.pick(&[json!("month"), json!("week"), json!("year")]) },
            "trial_days": self.pick(&[json!(0), json!(5)]), "charges": [charge], "entitlements": { "seats": 5 }
        })
    }

    fn subscription(&mut self, command: &str, now: DateTime<Utc>) -> Value {
        let when = self.pick(&[json!("now"), json!("period_end")]);
        match command {
            "start" => {
                let mut body =
                    json!({ "customer_id": self.id("customer"), "plan_id": self.id("plan"), "quantity": self.pick(&[json!(1), json!(3)]) });
                if self.flag() {
                    body["start_at"] = json!(now - TimeDelta::days(i64::from(self.byte())));
                }
                body
            }
            "take-over" => {
                let began = now - TimeDelta::days(30 + i64::from(self.byte()));
                let mut terms = vec![json!({ "from": began, "plan_id": self.id("plan") })];
                if self.flag() {
                    terms.push(json!({ "from": began + TimeDelta::days(20), "plan_id": self.id("plan"), "quantity": 2 }));
                }
                let mut body = json!({ "customer_id": self.id("customer"), "terms": terms });
                if self.rarely() {
                    body["ended_at"] = json!(now - TimeDelta::days(1));
                }
                body
            }
            "change-plan" => {
                let mut body = json!({ "when": when, "prorate": self.flag() });
                if self.flag() {
                    body["quantity"] = self.pick(&[json!(1), json!(2), json!(0)]);
                } else {
                    body["plan_id"] = self.id("plan");
                }
                body
            }
            "cancel" => json!({ "when": when, "prorate": self.flag() }),
            "override-entitlement" => {
                json!({ "feature": "seats", "value": self.pick(&[json!(5), json!(true), Value::Null]), "until": now + TimeDelta::days(3) })
            }
            "sync" => {
                let status = self.pick(&[json!("active"), json!("trialing"), json!("past_due"), json!("canceled")]);
                let start = now - TimeDelta::days(i64::from(self.byte() % 20));
                json!({
                    "external_id": self.pick(&[json!("sub_1"), json!("sub_2")]), "customer_id": self.id("customer"), "plan_id": self.id("plan"),
                    "quantity": 1, "status": status, "period_start": start, "period_end": start + TimeDelta::days(30), "started_at": start,
                    "observed_at": now
                })
            }
            _ => json!({}),
        }
    }

    fn usage(&mut self, now: DateTime<Utc>) -> Value {
        let records: Vec<Value> = (0..=self.byte() % 3)
            .map(|_| {
                let at = now - TimeDelta::hours(i64::from(self.byte()) * 4);
                let value = self.pick(&[json!("1"), json!("10"), json!("-3"), json!("2.5")]);
                json!({ "transaction_id": format!("t-{}-{}", self.byte(), self.byte()), "metric": "calls", "value": value, "at": at })
            })
            .collect();
        json!({ "records": records })
    }

    fn payment(&mut self, command: &str) -> Value {
        let external_id = self.pick(&[json!("pi_1"), json!("pi_2")]);
        match command {
            "request" => json!({ "customer_id": self.id("customer"), "amount": self.money(), "subscription_id": self.id("subscription") }),
            "require-action" | "authorize" => json!({ "external_id": external_id }),
            "capture" => {
                let mut body = self.amount();
                match self.byte() % 4 {
                    0 => body["external_id"] = external_id,
                    1 => body["recorded"] = json!(true),
                    _ => {}
                }
                body
            }
            "request-capture" => self.amount(),
            "adjust" => json!({ "amount": self.money() }),
            "fail" => json!({ "code": "card_declined", "external_id": external_id }),
            "refund" | "complete-refund" | "fail-refund" => {
                let mut body = self.amount();
                if command == "fail-refund" {
                    body = json!({ "reason": "closed" });
                }
                body["refund_id"] = self.pick(&[json!("r-1"), json!("r-2"), json!("r-3")]);
                body
            }
            "open-chargeback" => json!({ "dispute_id": self.pick(&[json!("dp_1"), json!("dp_2")]), "reason": "fraudulent" }),
            "close-chargeback" => {
                json!({ "dispute_id": self.pick(&[json!("dp_1"), json!("dp_2")]), "outcome": self.pick(&[json!("won"), json!("lost")]) })
            }
            _ => json!({}),
        }
    }
}
