//! One method per kind of value: takes a variable, notes what is wrong with it, and goes on.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::{AddressRange, Config, ConfigError, JWT_SECRET_BYTES_MIN, LogFormat, Secret};
use crate::proofs::note::SigningKey;
use crate::telemetry::otlp::{self, OtlpOptions};

/// Topics are `<prefix>.<context>`; Kafka allows 249 characters in all.
const TOPIC_PREFIX_CHARS_MAX: usize = 100;
/// RFC 5321 §4.5.3.1.3, without the brackets.
const EMAIL_BYTES_MAX: usize = 254;

pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    pub(super) fn finish(self, config: Config) -> Result<Config, ConfigError> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigError { problems: self.problems }) }
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// Keeps the value if it passes; else notes `name` and what it must be, without the value.
    fn checked(&mut self, name: &str, must_be: &str, passes: impl Fn(&str) -> bool) -> Option<String> {
        let value = self.text(name)?;
        if passes(&value) {
            return Some(value);
        }
        self.problem(format!("{name} must be {must_be}."));
        None
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> T {
        let must_be = format!("a whole number from {} to {} (without it: {default})", range.start(), range.end());
        let in_range = |value: &str| value.parse().ok().filter(|number| range.contains(number));
        let value = self.checked(name, &must_be, |value| in_range(value).is_some());
        let number = value.and_then(|value| in_range(&value)).unwrap_or(default);
        // The ranges of the callers fit their types, which the tests walk through at both ends.
        T::try_from(number).unwrap_or_else(|_| unreachable!("{name}: {number} does not fit its type"))
    }

    pub(super) fn database(&mut self, name: &str) -> Option<Secret> {
        let must_be = "a Postgres connection string (postgres://user:password@host:5432/database)";
        self.checked(name, must_be, |value| {
            (value.starts_with("postgres://") || value.starts_with("postgresql://")) && PgConnectOptions::from_str(value).is_ok()
        })
        .map(Secret::new)
    }

    pub(super) fn redis(&mut self, name: &str) -> Option<Secret> {
        let must_be = "a Redis address (redis://host:6379/0, or rediss:// for TLS)";
        let scheme = |value: &str| ["redis://", "rediss://"].iter().any(|scheme| has_more_than(value, scheme));
        self.checked(name, must_be, scheme).map(Secret::new)
    }

    pub(super) fn bootstrap_servers(&mut self, name: &str) -> Option<String> {
        let server = |server: &str| {
            server.trim().rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        self.checked(name, "host:port, several with commas (localhost:9092)", |value| value.split(',').all(server))
    }

    pub(super) fn topic_prefix(&mut self, name: &str) -> Option<String> {
        let must_be = format!("1 to {TOPIC_PREFIX_CHARS_MAX} characters out of a-z, 0-9, `.`, `_` and `-`, the first a letter or digit");
        self.checked(name, &must_be, |value| {
            value.len() <= TOPIC_PREFIX_CHARS_MAX
                && value.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        })
    }

    pub(super) fn socket(&mut self, name: &str, example: &str) -> Option<SocketAddr> {
        let port = example.rsplit(':').next().unwrap_or_default();
        let must_be = format!("an IP address and a port, such as {example} (this machine only) or 0.0.0.0:{port}");
        self.checked(name, &must_be, |value| value.parse::<SocketAddr>().is_ok())?.parse().ok()
    }

    pub(super) fn jwt_secret(&mut self, name: &str) -> Option<Secret> {
        let must_be = format!("at least {JWT_SECRET_BYTES_MIN} bytes long; `openssl rand -hex 32` makes a good one");
        self.checked(name, &must_be, |value| value.len() >= JWT_SECRET_BYTES_MIN).map(Secret::new)
    }

    /// Keys of 32 bytes, separated by commas.
    pub(super) fn sealing_keys(&mut self, name: &str) -> Vec<Secret> {
        let must_be = "64 hexadecimal digits, or several such keys with commas; `openssl rand -hex 32` makes a good one";
        let key = |key: &str| key.trim().len() == 64 && key.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = self.checked(name, must_be, |value| value.split(',').all(key)).unwrap_or_default();
        value.split(',').map(str::trim).filter(|key| !key.is_empty()).map(Secret::new).collect()
    }

    pub(super) fn address_ranges(&mut self, name: &str) -> Vec<AddressRange> {
        let must_be = "ranges of addresses such as 10.1.0.0/16, several with commas";
        let value = self.checked(name, must_be, |value| value.split(',').all(|range| range.trim().parse::<AddressRange>().is_ok()));
        value.unwrap_or_default().split(',').filter_map(|range| range.trim().parse().ok()).collect()
    }

    /// OTLP as the OpenTelemetry specification names its settings.
    pub(super) fn otlp(&mut self) -> Option<OtlpOptions> {
        let must_be = "headers as name=value, several with commas";
        let headers = self.checked("OTEL_EXPORTER_OTLP_HEADERS", must_be, |text| otlp::headers(text).is_some()).map(Secret::new);
        let share = |text: &str| text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        let must_be = "a share from 0 to 1 (without it: 1)";
        let sampled = self.checked("OTEL_TRACES_SAMPLER_ARG", must_be, |text| share(text).is_some());
        let service_name = self.text("OTEL_SERVICE_NAME").unwrap_or_else(|| "neuroops".to_owned());
        let endpoint = self.web_address("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some(OtlpOptions { endpoint, headers, service_name, sampled_share: sampled.as_deref().and_then(share).unwrap_or(1.0) })
    }

    pub(super) fn log_format(&mut self, name: &str) -> LogFormat {
        match self.checked(name, "`text` or `json`", |value| value == "text" || value == "json").as_deref() {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }

    pub(super) fn secret_with_prefix(&mut self, name: &str, prefixes: &[&str]) -> Option<Secret> {
        let must_be = format!("a key that begins with {}", prefixes.join(" or "));
        self.checked(name, &must_be, |value| prefixes.iter().any(|prefix| has_more_than(value, prefix))).map(Secret::new)
    }

    /// Secrets that are given as a list with commas.
    pub(super) fn secrets_with_prefix(&mut self, name: &str, prefix: &str) -> Vec<Secret> {
        let must_be = format!("a secret that begins with {prefix}, or several with commas");
        let all = |value: &str| value.split(',').all(|secret| has_more_than(secret.trim(), prefix));
        let value = self.checked(name, &must_be, all).unwrap_or_default();
        value.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(Secret::new).collect()
    }

    /// Private keys of Ed25519 that are given as a list with commas.
    pub(super) fn signing_keys(&mut self, name: &str) -> Vec<Secret> {
        let must_be = "32 random bytes as 64 hexadecimal digits (openssl rand -hex 32), or several with commas, the new one first";
        let all = |value: &str| value.split(',').all(|key| SigningKey::from_hex(key).is_ok());
        let value = self.checked(name, must_be, all).unwrap_or_default();
        value.split(',').map(str::trim).filter(|key| !key.is_empty()).map(Secret::new).collect()
    }

    pub(super) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        self.checked(name, "an id (a UUID)", |value| Uuid::parse_str(value).is_ok()).and_then(|value| Uuid::parse_str(&value).ok())
    }

    /// The variables `<prefix><member>` that are set, by member in lower case.
    pub(super) fn family(&mut self, prefix: &str, members: &[&str]) -> Vec<(String, String)> {
        let one_word = |value: &str| !value.contains(char::is_whitespace);
        members
            .iter()
            .filter_map(|member| {
                let value = self.checked(&format!("{prefix}{member}"), "one name without spaces", one_word)?;
                Some((member.to_ascii_lowercase(), value))
            })
            .collect()
    }

    pub(super) fn web_address(&mut self, name: &str) -> Option<String> {
        let web = |value: &str| ["http://", "https://"].iter().any(|scheme| has_more_than(value, scheme)) && !value.contains(' ');
        self.checked(name, "a web address (https://app.example.com)", web).map(|value| value.trim_end_matches('/').to_owned())
    }

    pub(super) fn email(&mut self, name: &str) -> Option<String> {
        self.checked(name, "an e-mail address", |value| {
            let parts = value.split_once('@');
            value.len() <= EMAIL_BYTES_MAX
                && !value.contains(char::is_whitespace)
                && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        })
    }

    /// Where scripts/setup puts what it fetches: `NEUROOPS_CACHE_DIR` alone if set, else the user's cache, and root's.
    pub(super) fn caches(&self) -> Vec<PathBuf> {
        match self.text("NEUROOPS_CACHE_DIR") {
            Some(cache) => vec![PathBuf::from(cache)],
            None => self
                .text("XDG_CACHE_HOME")
                .or_else(|| self.text("HOME").map(|home| home + "/.cache"))
                .map(|cache| PathBuf::from(cache).join("neuroops"))
                .into_iter()
                .chain([PathBuf::from("/var/cache/neuroops")])
                .collect(),
        }
    }
}

fn has_more_than(value: &str, prefix: &str) -> bool {
    value.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty())
}
