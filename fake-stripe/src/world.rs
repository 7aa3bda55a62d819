//! What the fake Stripe holds, and what happens to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use platform::clock;
use serde_json::{Value, json};

use crate::objects::{self, error, number, text, yes};

/// How a card behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Card {
    /// It pays.
    Good,
    /// The bank says no, for this reason.
    Declined(String),
    /// The payer must confirm with their bank.
    NeedsAction,
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with this status before anything happens.
    Status(u16),
    /// It has its effect, and the answer is lost on the way.
    AnswerLost,
    /// The answer takes so long.
    Slow(Duration),
}

/// An answer.
pub type Answer = (u16, Value);

/// Everything that there is.
#[derive(Default)]
pub struct World {
    /// Objects by id; in order of time, as ids count.
    pub objects: BTreeMap<String, Value>,
    cards: HashMap<String, Card>,
    answers: HashMap<String, (String, Answer)>,
    /// What goes wrong with the next requests.
    pub faults: VecDeque<Fault>,
    /// Events that are to be delivered.
    pub events: Vec<Value>,
    /// Method and path of each request, in order.
    pub requests: Vec<String>,
    /// Requests that have arrived.
    pub arrived: u64,
    next: u64,
    base: String,
}

fn missing(what: &str, id: &str) -> Answer {
    (404, error("invalid_request_error", "resource_missing", &format!("No such {what}: '{id}'")))
}

fn refused(code: &str, message: &str) -> Answer {
    (400, error("invalid_request_error", code, message))
}

impl World {
    /// An empty world behind this address.
    pub fn new(base: String) -> Self {
        Self { base, ..Self::default() }
    }

    fn now() -> i64 {
        clock::now().timestamp()
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{:08}", self.next)
    }

    /// Stores an object and tells what happened to it, if it is something that Stripe tells.
    pub fn put(&mut self, event_type: &str, object: Value) -> Value {
        if !event_type.is_empty() {
            let id = self.id("evt");
            self.events.push(objects::event(&id, Self::now(), event_type, &object));
        }
        self.objects.insert(text(&object["id"], ""), object.clone());
        object
    }

    /// Gives a customer a card, as the portal does.
    pub fn give_card(&mut self, customer: &str, card: Card) {
        let method = self.id("pm");
        self.cards.insert(method.clone(), card);
        if let Some(object) = self.objects.get_mut(customer) {
            object["invoice_settings"]["default_payment_method"] = json!(method);
        }
    }

    /// Answers a request; one that comes again under its key is answered as before.
    pub fn answer(&mut self, method: &str, path: &str, key: Option<&str>, form: &Value) -> Answer {
        self.requests.push(format!("{method} {path}"));
        let Some(key) = key.filter(|_| method == "POST") else { return self.route(method, path, form) };
        let request = format!("{path} {form}");
        if let Some((before, answer)) = self.answers.get(key) {
            let mismatch = "Keys for idempotent requests can only be used with the same parameters they were first used with.";
            return if *before == request { answer.clone() } else { (400, error("idempotency_error", "idempotency_mismatch", mismatch)) };
        }
        let answer = self.route(method, path, form);
        self.answers.insert(key.to_owned(), (request, answer.clone()));
        answer
    }

    fn route(&mut self, method: &str, path: &str, form: &Value) -> Answer {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["customers"]) => self.made("cus", "customer.created", |id, now, _| objects::customer(id, now, form)),
            ("POST", ["customers", id]) => {
                self.change(id, "customer", "customer.updated", |customer| copy(customer, form, &["name", "email"]))
            }
            ("DELETE", ["customers", id]) => self.delete_customer(id),
            ("POST", ["products"]) => self.create_product(form),
            ("POST", ["products", id]) => self.change(id, "product", "product.updated", |product| copy(product, form, &["name"])),
            ("POST", ["prices"]) => self.made("price", "price.created", |id, now, _| objects::price(id, now, form)),
            ("POST", ["prices", id]) => self.change(id, "price", "price.updated", |price| price["active"] = json!(yes(&form["active"]))),
            ("POST", ["payment_intents"]) => self.create_intent(form),
            ("POST", ["payment_intents", id]) => self.change_intent(id, number(&form["amount"])),
            ("POST", ["payment_intents", id, "confirm"]) => self.confirm(id, &text(&form["payment_method"], "")),
            ("POST", ["payment_intents", id, "capture"]) => self.capture(id, number(&form["amount_to_capture"])),
            ("POST", ["payment_intents", id, "cancel"]) => self.cancel_intent(id),
            ("POST", ["refunds"]) => self.create_refund(form),
            ("POST", ["checkout", "sessions"]) => self.create_session(form),
            ("POST", ["billing_portal", "sessions"]) => self.made("bps", "", |id, now, base| objects::portal(id, now, base, form)),
            ("POST", ["subscriptions", id]) => self.update_subscription(id, form),
            ("DELETE", ["subscriptions", id]) => self.cancel_subscription(id),
            ("GET", ["events"]) => (200, objects::list("/v1/events", &self.events.clone(), false)),
            ("GET", ["checkout", "sessions", id] | [_, id]) => self.read(id),
            ("GET", [kind]) => self.list(kind, form),
            _ => (404, error("invalid_request_error", "unknown_url", &format!("Unrecognized request URL ({method}: {path})."))),
        }
    }

    fn made(&mut self, prefix: &str, event: &str, object: impl Fn(&str, i64, &str) -> Value) -> Answer {
        let id = self.id(prefix);
        let object = object(&id, Self::now(), &self.base.clone());
        if event.is_empty() {
            return (200, object);
        }
        (200, self.put(event, object))
    }

    fn change(&mut self, id: &str, what: &str, event: &str, change: impl Fn(&mut Value)) -> Answer {
        let Some(mut object) = self.objects.get(id).cloned().filter(|object| object["deleted"] != true) else { return missing(what, id) };
        change(&mut object);
        (200, self.put(event, object))
    }

    fn read(&self, id: &str) -> Answer {
        self.objects.get(id).map_or_else(|| missing("object", id), |object| (200, object.clone()))
    }

    fn list(&self, kind: &str, query: &Value) -> Answer {
        let object = match kind {
            "customers" => "customer",
            "payment_intents" => "payment_intent",
            "refunds" => "refund",
            "subscriptions" => "subscription",
            "prices" => "price",
            _ => return (404, error("invalid_request_error", "unknown_url", kind)),
        };
        if let Some(customer) = query["customer"].as_str()
            && self.objects.get(customer).is_none_or(|customer| customer["deleted"] == true)
        {
            return missing("customer", customer);
        }
        let wanted = |value: &&Value| {
            let same = |field: &str| query[field].is_null() || query[field] == value[field];
            value["object"] == object
                && value["deleted"] != true
                && same("customer")
                && same("payment_intent")
                && number(&value["created"]) >= number(&query["created"]["gte"])
        };
        // The newest first, as Stripe lists.
        let mut all: Vec<Value> = self.objects.values().filter(wanted).cloned().collect();
        all.sort_by_key(|value| std::cmp::Reverse(text(&value["id"], "")));
        if let Some(after) = query["starting_after"].as_str() {
            let place = all.iter().position(|value| value["id"] == after).map_or(all.len(), |place| place + 1);
            all.drain(..place);
        }
        let limit = usize::try_from(number(&query["limit"])).unwrap_or(0);
        let limit = if limit == 0 { 10 } else { limit };
        let more = all.len() > limit;
        all.truncate(limit);
        (200, objects::list(&format!("/v1/{kind}"), &all, more))
    }

    fn delete_customer(&mut self, id: &str) -> Answer {
        if self.objects.get(id).is_none_or(|customer| customer["deleted"] == true) {
            return missing("customer", id);
        }
        let deleted = json!({ "id": id, "object": "customer", "deleted": true });
        (200, self.put("customer.deleted", deleted))
    }

    fn create_product(&mut self, form: &Value) -> Answer {
        let id = form["id"].as_str().map_or_else(|| self.id("prod"), str::to_owned);
        if self.objects.contains_key(&id) {
            return refused("resource_already_exists", "Product already exists.");
        }
        (200, self.put("product.created", objects::product(&id, Self::now(), form)))
    }

    fn create_intent(&mut self, form: &Value) -> Answer {
        if number(&form["amount"]) <= 0 {
            return refused("amount_too_small", "Amount must be greater than zero.");
        }
        let customer = text(&form["customer"], "");
        if self.objects.get(&customer).is_none_or(|customer| customer["deleted"] == true) {
            return missing("customer", &customer);
        }
        let id = self.id("pi");
        self.put("payment_intent.created", objects::intent(&id, Self::now(), form));
        if yes(&form["confirm"]) { self.confirm(&id, &text(&form["payment_method"], "")) } else { self.read(&id) }
    }

    /// Tries to collect an intent by a card.
    fn confirm(&mut self, id: &str, method: &str) -> Answer {
        let Some(mut intent) = self.objects.get(id).cloned() else { return missing("payment_intent", id) };
        if !matches!(intent["status"].as_str(), Some("requires_payment_method" | "requires_confirmation")) {
            return refused("payment_intent_unexpected_state", "This PaymentIntent's status does not allow it to be confirmed.");
        }
        let Some(card) = self.cards.get(method).cloned() else { return missing("payment_method", method) };
        match card {
            Card::Good => (200, self.pay(intent)),
            Card::NeedsAction => {
                intent["status"] = json!("requires_action");
                intent["next_action"] =
                    json!({ "type": "redirect_to_url", "redirect_to_url": { "url": format!("{}/confirm/{id}", self.base) } });
                (200, self.put("payment_intent.requires_action", intent))
            }
            Card::Declined(reason) => {
                let failure =
                    json!({ "type": "card_error", "code": "card_declined", "decline_code": reason, "message": "Your card was declined." });
                intent["last_payment_error"] = failure.clone();
                let intent = self.put("payment_intent.payment_failed", intent);
                let mut failure = failure;
                failure["payment_intent"] = intent;
                (402, json!({ "error": failure }))
            }
        }
    }

    /// The payer has paid, or confirmed.
    pub fn pay(&mut self, mut intent: Value) -> Value {
        let amount = intent["amount"].clone();
        intent["last_payment_error"] = Value::Null;
        intent["next_action"] = Value::Null;
        if intent["capture_method"] == "manual" {
            intent["status"] = json!("requires_capture");
            intent["amount_capturable"] = amount;
            return self.put("payment_intent.amount_capturable_updated", intent);
        }
        intent["status"] = json!("succeeded");
        intent["amount_received"] = amount;
        intent["latest_charge"] = json!(self.id("ch"));
        self.put("payment_intent.succeeded", intent)
    }

    fn change_intent(&mut self, id: &str, amount: i64) -> Answer {
        let Some(mut intent) = self.objects.get(id).cloned() else { return missing("payment_intent", id) };
        if !matches!(intent["status"].as_str(), Some("requires_payment_method" | "requires_confirmation" | "requires_action"))
            || amount <= 0
        {
            return refused("payment_intent_unexpected_state", "This PaymentIntent's amount could not be updated.");
        }
        intent["amount"] = json!(amount);
        (200, self.put("", intent))
    }

    fn capture(&mut self, id: &str, amount: i64) -> Answer {
        let Some(mut intent) = self.objects.get(id).cloned() else { return missing("payment_intent", id) };
        if intent["status"] != "requires_capture" || amount > number(&intent["amount_capturable"]) {
            return refused("payment_intent_unexpected_state", "This PaymentIntent could not be captured.");
        }
        intent["status"] = json!("succeeded");
        intent["amount_received"] = json!(amount);
        intent["amount_capturable"] = json!(0);
        intent["latest_charge"] = json!(self.id("ch"));
        (200, self.put("payment_intent.succeeded", intent))
    }

    fn cancel_intent(&mut self, id: &str) -> Answer {
        let Some(mut intent) = self.objects.get(id).cloned() else { return missing("payment_intent", id) };
        if matches!(intent["status"].as_str(), Some("succeeded" | "canceled")) {
            return refused("payment_intent_unexpected_state", "You cannot cancel this PaymentIntent.");
        }
        intent["status"] = json!("canceled");
        (200, self.put("payment_intent.canceled", intent))
    }

    /// Gives money back.
    pub fn create_refund(&mut self, form: &Value) -> Answer {
        let intent_id = text(&form["payment_intent"], "");
        let Some(intent) = self.objects.get(&intent_id).cloned() else { return missing("payment_intent", &intent_id) };
        let of_intent =
            self.objects.values().filter(|object| object["object"] == "refund" && object["payment_intent"] == intent_id.as_str());
        let refunded: i64 = of_intent.filter(|refund| refund["status"] != "failed").map(|refund| number(&refund["amount"])).sum();
        if refunded + number(&form["amount"]) > number(&intent["amount_received"]) {
            return refused("charge_already_refunded", "Refund amount is greater than unrefunded amount on charge.");
        }
        let id = self.id("re");
        (200, self.put("refund.created", objects::refund(&id, Self::now(), form, &intent["currency"])))
    }

    fn create_session(&mut self, form: &Value) -> Answer {
        let price = text(&form["line_items"][0]["price"], "");
        if !self.objects.contains_key(&price) {
            return missing("price", &price);
        }
        let id = self.id("cs");
        let mut session = objects::session(&id, Self::now(), &self.base.clone(), form);
        session["wanted"] = json!({
            "price": price, "quantity": number(&form["line_items"][0]["quantity"]).max(1), "metadata": objects::metadata(&form["subscription_data"])
        });
        self.objects.insert(id, session.clone());
        (200, session)
    }

    /// The customer buys what a page offers.
    pub fn complete_session(&mut self, id: &str) -> Option<String> {
        let mut session = self.objects.get(id).cloned()?;
        let wanted = session["wanted"].clone();
        let price = self.objects.get(wanted["price"].as_str()?).cloned()?;
        let subscription_id = self.id("sub");
        let subscription = objects::subscription(
            &subscription_id,
            Self::now(),
            &session["customer"],
            &price,
            number(&wanted["quantity"]),
            &wanted["metadata"],
        );
        self.put("customer.subscription.created", subscription);
        self.bill(&subscription_id);
        session["status"] = json!("complete");
        session["payment_status"] = json!("paid");
        session["subscription"] = json!(subscription_id);
        session["url"] = Value::Null;
        self.put("checkout.session.completed", session);
        Some(subscription_id)
    }

    /// Bills a period of a subscription, which is paid at once: the invoice's id.
    pub fn bill(&mut self, subscription: &str) -> Option<String> {
        let subscription = self.objects.get(subscription).cloned()?;
        let id = self.id("in");
        let number = format!("FAKE-{}", id.trim_start_matches("in_"));
        self.put("invoice.paid", objects::invoice(&id, &number, Self::now(), &subscription));
        Some(id)
    }

    fn update_subscription(&mut self, id: &str, form: &Value) -> Answer {
        let Some(mut subscription) = self.objects.get(id).cloned() else { return missing("subscription", id) };
        if subscription["status"] == "canceled" {
            return refused("resource_missing", "The subscription was canceled.");
        }
        if form["cancel_at_period_end"].is_string() {
            subscription["cancel_at_period_end"] = json!(yes(&form["cancel_at_period_end"]));
        }
        if let Some(price) = form["items"][0]["price"].as_str() {
            let Some(price) = self.objects.get(price).cloned() else { return missing("price", price) };
            subscription["items"]["data"][0]["price"] = price;
            subscription["items"]["data"][0]["quantity"] = json!(number(&form["items"][0]["quantity"]).max(1));
        }
        for (name, value) in form["metadata"].as_object().into_iter().flatten() {
            subscription["metadata"][name] = value.clone();
        }
        (200, self.put("customer.subscription.updated", subscription))
    }

    fn cancel_subscription(&mut self, id: &str) -> Answer {
        let Some(mut subscription) = self.objects.get(id).cloned() else { return missing("subscription", id) };
        if subscription["status"] == "canceled" {
            return missing("subscription", id);
        }
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = json!(Self::now());
        subscription["canceled_at"] = json!(Self::now());
        (200, self.put("customer.subscription.deleted", subscription))
    }
}

fn copy(object: &mut Value, form: &Value, fields: &[&str]) {
    for field in fields.iter().filter(|field| form[**field].is_string()) {
        object[*field] = form[*field].clone();
    }
}
