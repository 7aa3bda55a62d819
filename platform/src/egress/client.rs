//! The client.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Url};
use url::Host;

use super::ranges::AddressPolicy;

/// Idle connections to one receiver that are kept for the next request.
const IDLE_CONNECTIONS_MAX: usize = 4;
/// How long they are kept.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 64;

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Its addresses; none where there is no such name.
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Asks the machine's resolver.
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// How requests are made.
#[derive(Clone)]
pub struct EgressOptions {
    /// Which addresses may be connected to.
    pub policy: AddressPolicy,
    /// Finds addresses.
    pub lookup: Arc<dyn Lookup>,
    /// The longest that a connection may take, from the name on.
    pub connect_max: Duration,
    /// The longest that a request may take, to the end of its answer.
    pub request_max: Duration,
    /// The largest body of an answer, in bytes.
    pub answer_bytes_max: usize,
    /// What the requests say that they come from.
    pub user_agent: String,
}

impl EgressOptions {
    /// The defaults, with this policy.
    pub fn new(policy: AddressPolicy) -> Self {
        Self {
            policy,
            lookup: Arc::new(SystemLookup),
            connect_max: Duration::from_secs(5),
            request_max: Duration::from_secs(20),
            answer_bytes_max: 64 << 10,
            user_agent: concat!("NeuroOps/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Why there is no answer. The code is stable; the sentence is for the owner of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Not an address of HTTP.
    #[error("the address is not one of HTTP: {0}")]
    AddressInvalid(&'static str),
    /// The address, or one that the name resolves to, is not the Internet's.
    #[error("{0} is {1}; only addresses of the Internet are connected to")]
    AddressForbidden(IpAddr, &'static str),
    /// Plain HTTP to the Internet.
    #[error("the address is not https")]
    Insecure,
    /// The name has no address.
    #[error("the name `{0}` has no address")]
    NameUnknown(String),
    /// No connection, or one that broke.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// Too slow.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// Too large.
    #[error("the answer is larger than {0} bytes")]
    AnswerTooLarge(usize),
}

impl EgressError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AddressInvalid(_) => "address_invalid",
            Self::AddressForbidden(..) => "address_forbidden",
            Self::Insecure => "address_insecure",
            Self::NameUnknown(_) => "name_unknown",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::AnswerTooLarge(_) => "answer_too_large",
        }
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds (RFC 9110 §10.2.3), where it is given so.
    pub retry_after: Option<Duration>,
}

/// Reads an address and checks what can be checked without looking anything up. Numbers in whatever notation are addresses already.
pub fn check_url(text: &str, policy: &AddressPolicy) -> Result<Url, EgressError> {
    let url = Url::parse(text).map_err(|_| EgressError::AddressInvalid("it cannot be read"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressError::AddressInvalid("it does not begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EgressError::AddressInvalid("it holds a user name or password"));
    }
    let literal = match url.host() {
        None => return Err(EgressError::AddressInvalid("it names no host")),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let local = name == "localhost" || name.ends_with(".localhost");
            local.then_some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
        }
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
    };
    if let Some((address, kind)) = literal.and_then(|address| Some((address, policy.objection(address)?))) {
        return Err(EgressError::AddressForbidden(address, kind));
    }
    // Plain text is for networks that operators have named, to which a name may still resolve.
    let named = literal.map_or(!policy.allowed.is_empty(), |address| policy.is_named(address));
    if url.scheme() == "http" && !named {
        return Err(EgressError::Insecure);
    }
    Ok(url)
}

/// Resolves names for a client, and refuses a name of which any address may not be connected to.
struct Guard {
    policy: AddressPolicy,
    lookup: Arc<dyn Lookup>,
    /// Only addresses that operators have named.
    named_only: bool,
}

impl Guard {
    async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, EgressError> {
        let found = self.lookup.addresses(name).await.unwrap_or_default();
        if found.is_empty() {
            return Err(EgressError::NameUnknown(name.to_owned()));
        }
        for address in &found {
            if let Some(kind) = self.policy.objection(*address) {
                return Err(EgressError::AddressForbidden(*address, kind));
            }
            if self.named_only && !self.policy.is_named(*address) {
                return Err(EgressError::Insecure);
            }
        }
        Ok(found.into_iter().take(ADDRESSES_MAX).map(|address| SocketAddr::new(address, 0)).collect())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Self { policy: self.policy.clone(), lookup: self.lookup.clone(), named_only: self.named_only };
        Box::pin(async move {
            let addresses = guard.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Sends requests to addresses that tenants give.
#[derive(Clone)]
pub struct Egress {
    options: EgressOptions,
    secure: Client,
    plain: Client,
}

impl Egress {
    /// A client.
    pub fn new(options: EgressOptions) -> Result<Self, reqwest::Error> {
        // Another part of the process may have chosen a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let (secure, plain) = (client(&options, false)?, client(&options, true)?);
        Ok(Self { options, secure, plain })
    }

    /// Which addresses may be connected to.
    pub fn policy(&self) -> &AddressPolicy {
        &self.options.policy
    }

    /// Checks an address, and what its name resolves to just now. A name that does not resolve is not held against it.
    pub async fn check(&self, text: &str) -> Result<(), EgressError> {
        let url = check_url(text, &self.options.policy)?;
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        let guard = guard(&self.options, url.scheme() == "http");
        match tokio::time::timeout(self.options.connect_max, guard.addresses(name)).await {
            Ok(Err(EgressError::NameUnknown(_))) | Err(_) => Ok(()),
            Ok(found) => found.map(drop),
        }
    }

    /// Posts a body and reads the answer to its end.
    pub async fn post(&self, address: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, EgressError> {
        let url = check_url(address, &self.options.policy)?;
        let client = if url.scheme() == "http" { &self.plain } else { &self.secure };
        let exchange = async {
            let mut response = client.post(url).headers(headers).body(body).send().await.map_err(|error| self.told(&error))?;
            let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let mut bytes = 0;
            while let Some(chunk) = response.chunk().await.map_err(|error| self.told(&error))? {
                bytes += chunk.len();
                if bytes > self.options.answer_bytes_max {
                    return Err(EgressError::AnswerTooLarge(self.options.answer_bytes_max));
                }
            }
            Ok(Answer { status: response.status().as_u16(), retry_after: retry_after.map(Duration::from_secs) })
        };
        let limit = self.options.request_max;
        tokio::time::timeout(limit, exchange).await.map_err(|_| EgressError::Timeout(limit))?
    }

    /// What an error of the client means.
    fn told(&self, error: &reqwest::Error) -> EgressError {
        let mut innermost: &(dyn StdError + 'static) = error;
        loop {
            if let Some(own) = innermost.downcast_ref::<EgressError>() {
                return own.clone();
            }
            let Some(inner) = innermost.source() else { break };
            innermost = inner;
        }
        if error.is_timeout() {
            return EgressError::Timeout(self.options.request_max);
        }
        EgressError::Unreachable(innermost.to_string())
    }
}

fn guard(options: &EgressOptions, named_only: bool) -> Guard {
    Guard { policy: options.policy.clone(), lookup: options.lookup.clone(), named_only }
}

fn client(options: &EgressOptions, plain: bool) -> Result<Client, reqwest::Error> {
    #[expect(clippy::disallowed_methods, reason = "this is the egress client")]
    let builder = Client::builder();
    builder
        .dns_resolver(Arc::new(guard(options, plain)))
        .https_only(!plain)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(options.connect_max)
        .timeout(options.request_max)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(options.user_agent.clone())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_with_one_reason() {
        let policy = AddressPolicy { allowed: vec!["127.0.0.2/32".parse().unwrap()] };
        let open = AddressPolicy::default();
        for (text, policy, code) in [
            ("https://hooks.example.com/x?y=z", &open, None),
            ("https://8.8.8.8:8443/", &open, None),
            ("http://127.0.0.2:9000/", &policy, None),
            ("http://hooks.internal/", &policy, None),
            ("http://hooks.example.com/", &open, Some("address_insecure")),
            ("http://8.8.8.8/", &policy, Some("address_insecure")),
            ("ftp://hooks.example.com/", &open, Some("address_invalid")),
            ("https://user:secret@hooks.example.com/", &open, Some("address_invalid")),
            ("https:///", &open, Some("address_invalid")),
            ("nonsense", &open, Some("address_invalid")),
            ("https://localhost/", &open, Some("address_forbidden")),
            ("https://a.localhost./", &open, Some("address_forbidden")),
            ("https://0x7f.1/", &open, Some("address_forbidden")),
            ("https://2130706433/", &open, Some("address_forbidden")),
            ("https://0177.0.0.1/", &open, Some("address_forbidden")),
            ("https://127.1/", &open, Some("address_forbidden")),
            ("https://[::ffff:127.0.0.1]/", &open, Some("address_forbidden")),
            ("https://①②⑦.0.0.1/", &open, Some("address_forbidden")),
            ("https://127.0.0.1/", &policy, Some("address_forbidden")),
        ] {
            assert_eq!(check_url(text, policy).err().map(|error| error.code()), code, "{text}");
        }
    }
}
