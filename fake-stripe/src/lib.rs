//! A Stripe for tests: stateful, in process, at the API version that the client library was made for.
//!
//! It knows customers, products, prices, checkout and portal sessions, subscriptions and their invoices, payment intents, refunds,
//! disputes and events;
//! honours idempotency keys; signs its events; and goes wrong when told to: it answers late or with errors, declines cards, and loses
//! answers to requests that have had their effect. Events are handed over to the test, which delivers them late, twice, out of order or
//! not at all.
//!
//! # Adding an object
//! Its fields go into `objects.rs` (all that the client's type requires), what happens to it into `world.rs`.

mod form;
mod objects;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use platform::clock;
use serde_json::{Value, json};

use self::world::World;
pub use self::world::{Card, Fault};

/// The key that it accepts.
pub const SECRET_KEY: &str = "sk_test_fake";
/// The secret by which it signs.
pub const WEBHOOK_SECRET: &str = "whsec_fake";
/// The largest body that it reads.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A running fake.
#[derive(Clone)]
pub struct FakeStripe {
    /// Where it listens.
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
}

/// An event as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event's type.
    pub event_type: String,
    /// The body, byte for byte.
    pub body: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

impl FakeStripe {
    /// Listens on a free port until the runtime ends.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let fake = Self { address, world: Arc::new(Mutex::new(World::new(format!("http://{address}")))) };
        let router = Router::new().fallback(serve).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// Where its interface is.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong with the next requests, in order.
    pub fn go_wrong(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().faults.extend(faults);
    }

    /// Nothing goes wrong any more.
    pub fn go_right(&self) {
        self.world().faults.clear();
    }

    /// Gives a customer a card.
    pub fn give_card(&self, customer: &str, card: Card) {
        self.world().give_card(customer, card);
    }

    /// An object as it stands.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.world().objects.get(id).cloned()
    }

    /// All objects of a kind, in order of time.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let world = self.world();
        let mut all: Vec<Value> = world.objects.values().filter(|object| object["object"] == kind).cloned().collect();
        all.sort_by_key(|object| object["id"].as_str().unwrap_or_default().to_owned());
        all
    }

    /// Changes an object behind everybody's back; an event tells of it if it has a type.
    pub fn alter(&self, id: &str, event_type: Option<&str>, change: impl FnOnce(&mut Value)) {
        let mut world = self.world();
        let Some(mut object) = world.objects.get(id).cloned() else { return };
        change(&mut object);
        match event_type {
            Some(event_type) => drop(world.put(event_type, object)),
            None => drop(world.objects.insert(id.to_owned(), object)),
        }
    }

    /// Removes an object without a trace.
    pub fn vanish(&self, id: &str) {
        self.world().objects.remove(id);
    }

    /// The payer confirms a payment with their bank.
    pub fn confirm(&self, intent: &str) {
        let mut world = self.world();
        if let Some(object) = world.objects.get(intent).cloned() {
            world.pay(object);
        }
    }

    /// Somebody gives money back in Stripe's pages: the refund's id.
    pub fn refund_by_hand(&self, intent: &str, amount: i64) -> Option<String> {
        let form = json!({ "payment_intent": intent, "amount": amount.to_string() });
        let (status, refund) = self.world().create_refund(&form);
        (status == 200).then(|| refund["id"].as_str().unwrap_or_default().to_owned())
    }

    /// The payer's bank demands a payment back: the dispute's id.
    pub fn dispute(&self, intent: &str) -> Option<String> {
        let mut world = self.world();
        let intent = world.objects.get(intent).cloned()?;
        let id = format!("dp_{}", intent["id"].as_str()?);
        world.put("charge.dispute.created", objects::dispute(&id, clock::now().timestamp(), &intent));
        Some(id)
    }

    /// Bills a period of a subscription, which is paid at once: the invoice's id.
    pub fn bill(&self, subscription: &str) -> Option<String> {
        self.world().bill(subscription)
    }

    /// The customer buys what a page offers: the subscription's id.
    pub fn complete_session(&self, id: &str) -> Option<String> {
        self.world().complete_session(id)
    }

    /// Method and path of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.world().requests.clone()
    }

    /// How many requests have arrived, those included that went wrong.
    pub fn arrived(&self) -> u64 {
        self.world().arrived
    }

    /// The events since the last time, signed now.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let events = std::mem::take(&mut self.world().events);
        events.iter().map(|event| deliver(event, clock::now().timestamp(), WEBHOOK_SECRET)).collect()
    }
}

/// Signs an event.
pub fn deliver(event: &Value, time: i64, secret: &str) -> Delivery {
    let body = event.to_string();
    let event_type = event["type"].as_str().unwrap_or_default().to_owned();
    Delivery { event_type, signature: format!("t={time},v1={}", signature(time, &body, secret)), body }
}

/// The signature of a body in hexadecimal digits.
///
/// # Panics
/// Never: signing with a shared secret does not fail.
pub fn signature(time: i64, body: &str, secret: &str) -> String {
    let message = format!("{time}.{body}");
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signed = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signing with a shared secret does not fail");
    hex::encode(BASE64_URL_SAFE_NO_PAD.decode(signed).unwrap_or_default())
}

async fn serve(State(fake): State<FakeStripe>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let fault = {
        let mut world = fake.world();
        world.arrived += 1;
        world.faults.pop_front()
    };
    if let Some(Fault::Slow(pause)) = &fault {
        tokio::time::sleep(*pause).await;
    }
    if let Some(Fault::Status(status)) = fault {
        let kind = if status == 429 { "invalid_request_error" } else { "api_error" };
        return answer(status, &objects::error(kind, "lock_timeout", "Try again later."));
    }
    if header(&parts.headers, "authorization") != Some(&format!("Bearer {SECRET_KEY}")) {
        return answer(401, &objects::error("invalid_request_error", "api_key_expired", "Invalid API Key provided."));
    }
    let Some(path) = parts.uri.path().strip_prefix("/v1") else {
        return answer(404, &objects::error("invalid_request_error", "unknown_url", "Unrecognized request URL."));
    };
    let body = String::from_utf8_lossy(&body).into_owned();
    let form = if body.is_empty() { form::parse(parts.uri.query().unwrap_or_default()) } else { form::parse(&body) };
    let key = header(&parts.headers, "idempotency-key").map(str::to_owned);
    let (status, value) = fake.world().answer(parts.method.as_str(), path, key.as_deref(), &form);
    if fault == Some(Fault::AnswerLost) {
        // The connection breaks in the middle of the answer.
        let broken = futures::stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("lost"))]);
        return Body::from_stream(broken).into_response();
    }
    answer(status, &value)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn answer(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "application/json")], value.to_string()).into_response()
}
