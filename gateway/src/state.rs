//! What all handlers share.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::FromRef;
use commands::CommandBus;
use domain::kernel::{TenantId, partition_of};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::contexts::ContextEntry;
use projections::features::FeatureSource;
use projections::runtime::{LogHeads, Place, Position};
use sqlx::PgPool;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::cache::{self, Cache};
use crate::catalogue::Catalogue;
use crate::deny::DenyList;
use crate::exports::{ExportStore, FileStore};
use crate::features::FeatureGate;
use crate::health::{Probe, Vitals};
use crate::limits::TenantLimit;
use crate::openapi::Documents;
use crate::options::GatewayOptions;
use crate::quota::Quotas;
use crate::stream::hub::Hubs;
use crate::wait::Watcher;
use crate::webhooks::WebhookReceiver;

/// The last position of each log partition.
pub(crate) type Heads = watch::Receiver<Arc<HashMap<Place, Position>>>;

struct Inner {
    options: GatewayOptions,
    pool: PgPool,
    bus: Arc<CommandBus>,
    catalogue: Catalogue,
    documents: Documents,
    auth: Auth,
    requests: TenantLimit,
    streams: TenantLimit,
    tables: TenantLimit,
    table_turns: Arc<Semaphore>,
    cache: Cache,
    exports: Option<Arc<dyn ExportStore>>,
    watcher: Watcher,
    hubs: Hubs,
    vitals: Vitals,
    features: FeatureGate,
    quotas: Quotas,
    receivers: Vec<Arc<dyn WebhookReceiver>>,
    closing: CancellationToken,
}

/// The parts of a gateway; cheap to clone.
#[derive(Clone)]
pub struct GatewayState(Arc<Inner>);

/// What a gateway is made of.
pub struct GatewayParts {
    /// Settings and limits.
    pub options: GatewayOptions,
    /// Connected as the application role.
    pub pool: PgPool,
    /// Where commands go.
    pub bus: Arc<CommandBus>,
    /// What is served.
    pub contexts: &'static [ContextEntry],
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Dependencies besides Postgres for `/health/ready`, by name.
    pub probes: Vec<(&'static str, Probe)>,
    /// Tells what tenants may use; without it, everything.
    pub features: Option<Arc<dyn FeatureSource>>,
    /// Who takes deliveries of outside services.
    pub receivers: Vec<Arc<dyn WebhookReceiver>>,
    /// Ends the event streams; the same token as for [`crate::serve`].
    pub shutdown: CancellationToken,
}

impl GatewayState {
    /// Starts the gateway's background tasks. They end with the last clone of the state.
    pub fn start(parts: GatewayParts) -> Self {
        let GatewayParts { options, pool, bus, contexts, metrics, mut probes, features, receivers, shutdown } = parts;
        probes.extend(options.redis.clone().map(|redis| ("redis", cache::probe(redis))));
        let denied = DenyList::start(pool.clone(), options.deny_refresh);
        let catalogue = Catalogue::new(contexts);
        Self(Arc::new(Inner {
            auth: Auth::new(&options.jwt_secret, &options.jwt_issuer, &options.jwt_audience, denied),
            documents: Documents::new(&catalogue),
            requests: TenantLimit::new(options.tenant_requests_max),
            streams: TenantLimit::new(options.tenant_streams_max),
            tables: TenantLimit::new(options.tenant_tables_max),
            table_turns: Arc::new(Semaphore::new(options.tables_max)),
            cache: Cache::start(pool.clone(), &options),
            exports: options.export_dir.as_deref().and_then(open_exports),
            watcher: Watcher::start(pool.clone()),
            hubs: Hubs::start(pool.clone(), LogHeads::watch(pool.clone()), catalogue.entries().iter().map(|entry| entry.name).collect()),
            vitals: Vitals::new(pool.clone(), probes, metrics),
            features: FeatureGate::new(features, options.features_last),
            quotas: Quotas::new(options.features_last),
            receivers,
            closing: shutdown,
            options,
            pool,
            bus,
            catalogue,
        }))
    }

    pub(crate) fn options(&self) -> &GatewayOptions {
        &self.0.options
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(crate) fn bus(&self) -> &Arc<CommandBus> {
        &self.0.bus
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// Requests under way, by tenant.
    pub(crate) fn requests(&self) -> &TenantLimit {
        &self.0.requests
    }

    /// Open event streams, by tenant.
    pub(crate) fn streams(&self) -> &TenantLimit {
        &self.0.streams
    }

    /// Tables that are being sent, by tenant.
    pub(crate) fn tables(&self) -> &TenantLimit {
        &self.0.tables
    }

    /// The right to send a table.
    pub(crate) fn table_turns(&self) -> Arc<Semaphore> {
        self.0.table_turns.clone()
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// Where the files of exports are.
    pub(crate) fn exports(&self) -> Option<&Arc<dyn ExportStore>> {
        self.0.exports.as_ref()
    }

    pub(crate) fn watcher(&self) -> &Watcher {
        &self.0.watcher
    }

    /// The newest events of the tenants that are followed.
    pub(crate) fn hubs(&self) -> &Hubs {
        &self.0.hubs
    }

    /// What tenants may use.
    pub(crate) fn features(&self) -> &FeatureGate {
        &self.0.features
    }

    /// How many of something there are, for limits.
    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// Who takes deliveries of this service.
    pub(crate) fn receiver(&self, source: &str) -> Option<&Arc<dyn WebhookReceiver>> {
        self.0.receivers.iter().find(|receiver| receiver.source() == source)
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// The log partition that holds the tenant's events, in every context.
    pub(crate) fn partition(&self, tenant: TenantId) -> i32 {
        partition_of(&tenant.partition_key(), self.0.bus.partitions())
    }
}

impl FromRef<GatewayState> for Vitals {
    fn from_ref(state: &GatewayState) -> Self {
        state.0.vitals.clone()
    }
}

/// The folder of exports. One that cannot be used leaves the gateway without exports, not the platform without a gateway.
fn open_exports(folder: &Path) -> Option<Arc<dyn ExportStore>> {
    match FileStore::open(folder) {
        Ok(store) => Some(Arc::new(store)),
        Err(error) => {
            tracing::error!(%error, folder = %folder.display(), "the folder of exports cannot be used; exports are off");
            None
        }
    }
}
