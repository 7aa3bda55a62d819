//! How the gateway is set up. Every queue, body, page and wait has a bound here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use platform::redis::Redis;

use crate::auth::{AUDIENCE, ISSUER};
use crate::connection::ConnectionLimits;
use crate::endpoints::WebhookSupport;

/// What connections are given beyond the time that is allowed for what is done over them.
const MARGIN: Duration = Duration::from_secs(30);

/// Settings and limits.
#[derive(Clone)]
pub struct GatewayOptions {
    /// Where to listen; the caller binds it.
    pub addr: SocketAddr,
    /// The shared secret that tokens are signed with.
    pub jwt_secret: String,
    /// Who issues tokens.
    pub jwt_issuer: String,
    /// Whom tokens are made for.
    pub jwt_audience: String,
    /// The largest body of a command, in bytes.
    pub body_bytes_max: usize,
    /// The deepest nesting of arrays and objects in a body.
    pub json_depth_max: usize,
    /// The longest that a request may take; streams and bulk requests excepted.
    pub request_timeout: Duration,
    /// The largest line of a bulk request, in bytes.
    pub bulk_line_bytes_max: usize,
    /// Commands of one bulk request that are under way at the same time.
    pub bulk_in_flight_max: usize,
    /// Requests of one tenant that are under way at the same time.
    pub tenant_requests_max: usize,
    /// Event streams of one tenant that are open at the same time.
    pub tenant_streams_max: usize,
    /// The longest that one query may keep Postgres busy.
    pub statement_timeout: Duration,
    /// The longest that a query waits for a position.
    pub wait_timeout: Duration,
    /// How often the list of revoked tokens is read.
    pub deny_refresh: Duration,
    /// How long it is believed what a tenant may use.
    pub features_last: Duration,
    /// How often an idle stream is kept alive.
    pub stream_keep_alive: Duration,
    /// How long a client of a stream may take no event that is there for it.
    pub stream_stall_max: Duration,
    /// Connections that are open at the same time; further ones wait.
    pub connections_max: usize,
    /// Origins of web pages that may call (CORS); none by default.
    pub cors_origins: Vec<String>,
    /// Rows of one answer as a table (CSV, NDJSON, Parquet, Arrow).
    pub table_rows_max: usize,
    /// Rows of one report.
    pub report_rows_max: usize,
    /// Tables that are being sent to one tenant at the same time.
    pub tenant_tables_max: usize,
    /// Tables that are being sent at the same time; each holds a connection to Postgres.
    pub tables_max: usize,
    /// The folder of exports; without one there are none.
    pub export_dir: Option<PathBuf>,
    /// What webhooks need; without it, none can be registered.
    pub webhooks: Option<WebhookSupport>,
    /// What gateways share answers through; without it, each keeps its own.
    pub redis: Option<Redis>,
    /// Bytes of answers that the gateway keeps by itself.
    pub cache_bytes_max: u64,
    /// How long an answer is kept at most.
    pub cache_lasts: Duration,
    /// How long Postgres must have taken for an answer to be worth keeping.
    pub cache_worth: Duration,
}

impl GatewayOptions {
    /// The defaults, with this secret.
    pub fn new(jwt_secret: impl Into<String>) -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            jwt_secret: jwt_secret.into(),
            jwt_issuer: ISSUER.to_owned(),
            jwt_audience: AUDIENCE.to_owned(),
            body_bytes_max: 1 << 20,
            json_depth_max: 64,
            request_timeout: Duration::from_secs(30),
            bulk_line_bytes_max: 1 << 20,
            bulk_in_flight_max: 256,
            tenant_requests_max: 1024,
            tenant_streams_max: 200,
            statement_timeout: Duration::from_secs(10),
            wait_timeout: Duration::from_secs(5),
            deny_refresh: Duration::from_secs(2),
            features_last: Duration::from_secs(10),
            stream_keep_alive: Duration::from_secs(15),
            stream_stall_max: Duration::from_secs(30),
            connections_max: 10_000,
            cors_origins: Vec::new(),
            table_rows_max: 100_000,
            report_rows_max: 50_000,
            tenant_tables_max: 4,
            tables_max: 8,
            export_dir: None,
            webhooks: None,
            redis: None,
            cache_bytes_max: 64 << 20,
            cache_lasts: Duration::from_mins(1),
            cache_worth: Duration::from_millis(3),
        }
    }

    /// The limits on connections that go with the limits on what is done over them.
    pub fn connection_limits(&self) -> ConnectionLimits {
        // A request may take its time twice, to arrive and to be answered.
        let request_max = 2 * self.request_timeout + MARGIN;
        let idle_max = request_max.max(self.stream_keep_alive + MARGIN);
        // A client of a stream that stands still is to be told so before its connection ends.
        ConnectionLimits { count_max: self.connections_max, idle_max, request_max, stall_max: 2 * self.stream_stall_max }
    }
}

impl std::fmt::Debug for GatewayOptions {
    /// Everything but the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayOptions").field("addr", &self.addr).field("cors_origins", &self.cors_origins).finish_non_exhaustive()
    }
}
