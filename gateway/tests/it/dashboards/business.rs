//! A small business of a hundred days, told twice: to the gateway by commands, and to the test by plain facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::harness::Client;
use crate::world::World;

/// The contexts that the business needs.
pub const CONTEXTS: &[&str] = &["crm", "inventory", "accounting", "invoicing", "billing", "analytics"];

/// A line of an invoice or credit note, as the test knows it.
#[derive(Clone, Debug)]
pub struct Sold {
    pub day: NaiveDate,
    pub document: String,
    pub credit: bool,
    pub currency: &'static str,
    pub customer: String,
    /// What the line says: an id, an article number, or nothing.
    pub product: &'static str,
    pub quantity: i64,
    pub net: i64,
    pub tax: i64,
}

/// What moved what is open of an invoice or bill.
#[derive(Clone, Debug)]
pub struct Owed {
    pub document: String,
    pub party: String,
    pub payable: bool,
    pub currency: &'static str,
    pub due: NaiveDate,
    pub day: NaiveDate,
    pub amount: i64,
}

/// What moved a cash or bank account.
#[derive(Clone, Debug)]
pub struct Paid {
    pub account: &'static str,
    pub day: NaiveDate,
    pub amount: i64,
}

/// What a subscription began or ended to bring.
#[derive(Clone, Debug)]
pub struct Recurring {
    pub day: NaiveDate,
    pub kind: &'static str,
    pub amount: i64,
}

/// The business and the facts about it.
pub struct Business {
    pub world: World,
    pub client: Client,
    pub sold: Vec<Sold>,
    pub owed: Vec<Owed>,
    pub paid: Vec<Paid>,
    pub recurring: Vec<Recurring>,
    /// By context, where the last command left the log.
    positions: BTreeMap<String, String>,
}

/// Today, as the platform sees it.
pub fn today() -> NaiveDate {
    platform::clock::now().date_naive()
}

/// So many days ago.
pub fn ago(days: i64) -> NaiveDate {
    today() - TimeDelta::days(days)
}

/// An amount.
pub fn money(amount_minor: i64, currency: &str) -> Value {
    json!({ "amount_minor": amount_minor, "currency": currency })
}

impl Business {
    /// Founds it, with a hundred days of trade.
    pub async fn trading() -> Self {
        let mut business = Self::founded().await;
        business.sell().await;
        business.buy().await;
        business.keep_books().await;
        business.subscribe().await;
        business.stock().await;
        business.deal().await;
        business
    }

    /// Founds it, without any trade.
    pub async fn founded() -> Self {
        let world = World::following(CONTEXTS, |options| gateway::GatewayOptions { wait_timeout: crate::world::PATIENCE, ..options }).await;
        let client = world.gateway.client("member").await;
        let (sold, owed, paid, recurring) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { world, client, sold, owed, paid, recurring, positions: BTreeMap::new() }
    }

    /// Sends a command that must be accepted: `invoicing/invoice/i-1/draft`.
    pub async fn must(&mut self, command: &str, body: Value) {
        let token = self.client.does(&format!("/v1/{command}"), &body).await;
        let context = token.split('/').next().unwrap().to_owned();
        let number = |token: &String| token.rsplit('@').next().unwrap().parse::<i64>().unwrap();
        let last = self.positions.entry(context).or_insert_with(|| token.clone());
        if number(&token) > number(last) {
            *last = token;
        }
    }

    /// Where all commands left the log.
    pub fn position(&self) -> String {
        self.positions.values().cloned().collect::<Vec<_>>().join(",")
    }

    /// A query that includes all commands.
    pub async fn ask(&self, uri: &str) -> Value {
        let answer = self.client.get_after(&format!("/v1/{uri}"), &self.position()).await;
        assert_eq!(answer.status.as_u16(), 200, "{uri}: {}", answer.text());
        answer.json()
    }

    /// The rows of a dashboard.
    pub async fn rows(&self, dashboard: &str) -> Vec<Value> {
        self.ask(&format!("analytics/{dashboard}")).await["data"].as_array().unwrap().clone()
    }

    /// All rows that a question leads to.
    pub async fn drilled(&self, question: &Value) -> Vec<Value> {
        let mut uri = format!("{}/{}?", question["context"].as_str().unwrap(), question["source"].as_str().unwrap());
        for (name, value) in question["terms"].as_object().unwrap() {
            let _ = write!(uri, "{name}={}&", value.as_str().unwrap());
        }
        let list = question["source"].as_str().unwrap().ends_with("-list") || question["source"] == "mrr-movement";
        let page = self.ask(&format!("{uri}{}", if list { "limit=200" } else { "" })).await;
        assert!(page["next_cursor"].is_null(), "one page has all rows");
        page["data"].as_array().unwrap().clone()
    }

    /// Twenty-four invoices of two lines; two void, three credited, others paid, returned, written off.
    async fn sell(&mut self) {
        for n in 0..24_i64 {
            let (day, currency) = (ago(96 - 4 * n), if n % 5 == 4 { "USD" } else { "EUR" });
            let (customer, product) = (format!("c-{}", n % 3), ["tea", "TEA", "advice", ""][usize::try_from(n % 4).unwrap()]);
            let (quantity, price) = (1 + n % 3, 1_000 + 100 * n);
            let mut goods = json!({ "line_id": "1", "description": "Goods", "quantity": quantity.to_string(), "unit_price": money(price, currency), "tax_rate_percent": 20 });
            match product {
                "tea" | "advice" => goods["product_id"] = json!(product),
                "TEA" => goods["sku"] = json!(product),
                _ => {}
            }
            let freight = json!({ "line_id": "2", "description": "Freight", "unit_price": money(500, currency), "tax_rate_percent": 0 });
            let body = json!({ "customer_id": customer, "customer_name": format!("Customer {}", n % 3), "currency": currency,
                "payment_terms_days": 14, "lines": [goods, freight] });
            let id = format!("i-{n}");
            self.must(&format!("invoicing/invoice/{id}/draft"), body).await;
            self.must(&format!("invoicing/invoice/{id}/finalize"), json!({ "date": day })).await;
            let net = quantity * price;
            let line = |product, quantity, net, tax| Sold {
                day,
                document: id.clone(),
                credit: false,
                currency,
                customer: customer.clone(),
                product,
                quantity,
                net,
                tax,
            };
            let lines = [line(product, quantity, net, net / 5), line("", 1, 500, 0)];
            let owed = Owed {
                document: id.clone(),
                party: customer.clone(),
                payable: false,
                currency,
                due: day + TimeDelta::days(14),
                day,
                amount: net + net / 5 + 500,
            };
            self.owed.push(owed.clone());
            self.settle(n, &owed, &lines[0]).await;
            if ![7, 13].contains(&n) {
                self.sold.extend(lines);
            }
        }
        let draft = json!({ "customer_id": "c-0", "customer_name": "Customer 0", "currency": "EUR", "lines": [{ "description": "Not yet", "unit_price": money(1, "EUR") }] });
        self.must("invoicing/invoice/draft/draft", draft).await;
    }

    /// What became of an invoice.
    async fn settle(&mut self, n: i64, invoice: &Owed, goods: &Sold) {
        let path = |command: &str| format!("invoicing/invoice/i-{n}/{command}");
        let later = |days: i64| invoice.day + TimeDelta::days(days);
        let moved = |days: i64, amount: i64| Owed { day: invoice.day + TimeDelta::days(days), amount, ..invoice.clone() };
        let payment = |amount: i64, days: i64| json!({ "amount": money(amount, invoice.currency), "reference": format!("bank {n}"), "date": later(days) });
        match n {
            7 | 13 => {
                self.must(&path("void"), json!({ "reason": "by mistake", "date": later(3) })).await;
                self.owed.push(moved(3, -invoice.amount));
            }
            3 | 8 | 16 => {
                let body =
                    json!({ "reason": "returned", "reference": format!("case {n}"), "date": later(5), "lines": [{ "line_id": "1" }] });
                self.must(&path("credit"), body).await;
                self.owed.push(moved(5, -(goods.net + goods.tax)));
                let note = Sold {
                    day: later(5),
                    document: format!("note {n}"),
                    credit: true,
                    quantity: 0,
                    net: -goods.net,
                    tax: -goods.tax,
                    ..goods.clone()
                };
                self.sold.push(note);
            }
            1 | 2 | 11 => {
                self.must(&path("record-payment"), payment(invoice.amount, 10)).await;
                self.owed.push(moved(10, -invoice.amount));
            }
            5 => {
                self.must(&path("record-payment"), payment(1_000, 20)).await;
                self.owed.push(moved(20, -1_000));
            }
            9 => {
                self.must(&path("record-payment"), payment(invoice.amount, 6)).await;
                self.must(&path("reverse-payment"), json!({ "reference": "bank 9", "reason": "returned", "date": later(9) })).await;
                self.owed.extend([moved(6, -invoice.amount), moved(9, invoice.amount)]);
            }
            6 => {
                self.must(&path("write-off"), json!({ "reason": "gone", "date": later(60) })).await;
                self.owed.push(moved(60, -invoice.amount));
            }
            _ => {}
        }
    }

    /// Three bills, one half paid and one disputed.
    async fn buy(&mut self) {
        for n in 0..3_i64 {
            let (day, id) = (ago(80 - 30 * n), format!("b-{n}"));
            let due = day + TimeDelta::days(10);
            let body = json!({ "supplier_id": format!("s-{}", n % 2), "supplier_name": "Supplier", "supplier_number": format!("R-{n}"), "date": day,
                "due_date": due, "currency": "EUR", "lines": [{ "description": "Parts", "unit_price": money(4_000 + n, "EUR") }] });
            self.must(&format!("invoicing/bill/{id}/enter"), body).await;
            self.must(&format!("invoicing/bill/{id}/approve"), json!({})).await;
            let owed = Owed { document: id, party: format!("s-{}", n % 2), payable: true, currency: "EUR", due, day, amount: 4_000 + n };
            self.owed.push(owed.clone());
            if n == 0 {
                self.must(
                    "invoicing/bill/b-0/record-payment",
                    json!({ "amount": money(1_500, "EUR"), "reference": "out 1", "date": ago(60) }),
                )
                .await;
                self.owed.push(Owed { day: ago(60), amount: -1_500, ..owed });
            }
        }
        self.must("invoicing/bill/b-1/dispute", json!({ "reason": "short" })).await;
    }

    /// Money that came and went over cash and bank, and an entry that moved neither.
    async fn keep_books(&mut self) {
        self.must("accounting/chart/default/apply-template", json!({ "template": "trading_company", "currency": "EUR" })).await;
        let line = |account: &str, side: &str, amount: i64| json!({ "account": account, "side": side, "amount": money(amount, "EUR") });
        let entries = [
            (95, "1100", 500_000_i64),
            (70, "1100", -120_000),
            (40, "1000", 9_000),
            (33, "1100", 45_000),
            (33, "1000", -500),
            (2, "1100", -7_777),
        ];
        for (n, (days, account, amount)) in entries.into_iter().enumerate() {
            let (debit, credit) = if amount > 0 { (account, "4000") } else { ("6800", account) };
            let body = json!({ "date": ago(days), "lines": [line(debit, "debit", amount.abs()), line(credit, "credit", amount.abs())] });
            self.must(&format!("accounting/journal-entry/e-{n}/post"), body).await;
            self.paid.push(Paid { account, day: ago(days), amount });
        }
        let body = json!({ "date": ago(20), "party": "c-0", "lines": [line("1200", "debit", 1), line("4000", "credit", 1)] });
        self.must("accounting/journal-entry/e-x/post", body).await;
    }

    /// Four subscriptions that began on different days; one has ended today.
    async fn subscribe(&mut self) {
        self.must("billing/customer/c-0/register", json!({ "name": "Customer 0" })).await;
        self.must("billing/plan/monthly/publish", json!({ "name": "Monthly", "price": money(3_000, "EUR") })).await;
        for (n, days) in [(1_i64, 80), (2, 50), (3, 20), (4, 5)] {
            let start = platform::clock::now() - TimeDelta::days(days);
            let body = json!({ "customer_id": "c-0", "plan_id": "monthly", "quantity": n, "start_at": start });
            self.must(&format!("billing/subscription/s-{n}/start"), body).await;
            self.recurring.push(Recurring { day: ago(days), kind: "new", amount: 3_000 * n });
        }
        self.must("billing/subscription/s-3/cancel", json!({ "when": "now" })).await;
        self.recurring.push(Recurring { day: today(), kind: "churn", amount: -9_000 });
    }

    /// Tea that comes in twice, and leaves.
    async fn stock(&mut self) {
        let product = json!({ "name": "Tea", "sku": "TEA", "currency": "EUR", "reorder_point": 5 });
        self.must("inventory/product/tea/create", product).await;
        self.must("inventory/warehouse/main/open", json!({ "name": "Main" })).await;
        let receive = |movement: &str, cost: i64| json!({ "movement_id": movement, "quantity": 10, "unit_cost": money(cost, "EUR") });
        self.must("inventory/stock-item/tea:main/receive", receive("R-1", 100)).await;
        self.must("inventory/stock-item/tea:main/receive", receive("R-2", 200)).await;
        // Ten at 1.00 and two at 2.00; three come back, at 14.00 / 12 each.
        self.must("inventory/stock-item/tea:main/ship", json!({ "movement_id": "S-1", "quantity": 12 })).await;
        let back = json!({ "movement_id": "B-1", "shipment_id": "S-1", "quantity": 3, "reason": "broken" });
        self.must("inventory/stock-item/tea:main/return", back).await;
    }

    /// Open deals in two stages, one won and one lost.
    async fn deal(&mut self) {
        let stages = json!([{ "id": "talk", "name": "Talk", "probability_percent": 20 }, { "id": "offer", "name": "Offer", "probability_percent": 60 },
            { "id": "idle", "name": "Idle", "probability_percent": 90 }]);
        self.must("crm/pipeline/p/define", json!({ "name": "Sales", "stages": stages })).await;
        let deals = [
            ("a", "talk", Some(10_000), Some(ago(3))),
            ("b", "talk", Some(20_000), Some(today() + TimeDelta::days(70))),
            ("c", "offer", Some(50_000), None),
            ("d", "offer", None, None),
            ("won", "offer", Some(70_000), None),
            ("lost", "talk", Some(1), None),
        ];
        for (id, stage, amount, expected) in deals {
            let mut body = json!({ "name": id, "pipeline_id": "p", "stage": stage, "expected_close": expected });
            if let Some(amount) = amount {
                body["amount"] = money(amount, "EUR");
            }
            self.must(&format!("crm/deal/{id}/open"), body).await;
        }
        self.must("crm/deal/won/win", json!({ "closed_on": ago(4) })).await;
        self.must("crm/deal/lost/lose", json!({ "reason": "price" })).await;
    }
}
