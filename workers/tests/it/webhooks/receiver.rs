//! A receiver of webhooks, on a port.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// A delivery as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// What the event is about.
    pub fn subject(&self) -> String {
        self.json()["subject"].as_str().expect("a subject").to_owned()
    }

    /// The token that was counted.
    pub fn token(&self) -> String {
        self.json()["data"]["token"].as_str().expect("a token").to_owned()
    }

    /// Whether one of the signatures is the secret's, and the time is not far from now.
    pub fn is_signed_with(&self, shown: &str) -> bool {
        let key = BASE64_STANDARD.decode(shown.strip_prefix("whsec_").expect("the prefix")).expect("base64");
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let sent: i64 = time.parse().expect("seconds");
        assert!((platform::clock::now().timestamp() - sent).abs() < 60, "{time}");
        let message = [id.as_bytes(), b".", time.as_bytes(), b".", &self.body].concat();
        let expected = format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key, &message)));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

/// HMAC (RFC 2104) by its definition, so that what signs is not what verifies.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// What is answered to a delivery.
pub type Behaviour = Arc<dyn Fn(&Received) -> StatusCode + Send + Sync>;

struct Inner {
    received: Mutex<Vec<Received>>,
    behaviour: Mutex<Behaviour>,
}

/// A receiver that can be killed and started again on its port.
pub struct Receiver {
    port: u16,
    inner: Arc<Inner>,
    running: Option<(tokio::runtime::Runtime, CancellationToken)>,
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let received = Received { headers, body };
    let behaviour = inner.behaviour.lock().expect("no panic").clone();
    let status = behaviour(&received);
    // A delivery counts as received when it is taken, as with a receiver that stores before it answers.
    if status.is_success() {
        inner.received.lock().expect("no panic").push(received);
    }
    Response::builder().status(status).body(Body::empty()).expect("an answer")
}

impl Receiver {
    /// Starts one that takes everything.
    pub fn start() -> Self {
        let inner = Inner { received: Mutex::default(), behaviour: Mutex::new(Arc::new(|_| StatusCode::NO_CONTENT)) };
        let mut receiver = Self { port: 0, inner: Arc::new(inner), running: None };
        receiver.restart();
        receiver
    }

    /// Starts again after a kill.
    pub fn restart(&mut self) {
        let listener = (0..100).find_map(|_| {
            let found = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).ok();
            found.or_else(|| {
                std::thread::sleep(Duration::from_millis(20));
                None
            })
        });
        let listener = listener.expect("the port");
        self.port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("an option");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let cancel = CancellationToken::new();
        let (router, stopped) = (Router::new().fallback(take).with_state(self.inner.clone()), cancel.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("served"),
                () = stopped.cancelled() => {}
            }
        });
        self.running = Some((runtime, cancel));
    }

    /// Ends it with its connections, whatever is under way.
    pub fn kill(&mut self) {
        if let Some((runtime, cancel)) = self.running.take() {
            cancel.cancel();
            runtime.shutdown_background();
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    /// Changes what is answered.
    pub fn answers(&self, behaviour: impl Fn(&Received) -> StatusCode + Send + Sync + 'static) {
        *self.inner.behaviour.lock().expect("no panic") = Arc::new(behaviour);
    }

    /// All that was taken, in order.
    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().expect("no panic").clone()
    }

    /// The tokens that were taken, in order.
    pub fn tokens(&self) -> Vec<String> {
        self.received().iter().map(Received::token).collect()
    }

    /// Waits until so many deliveries were taken.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        crate::support::eventually(&format!("{count} deliveries"), async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}
