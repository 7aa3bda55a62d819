//! Which address is answered by what.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::health::Vitals;
use crate::problem::Problem;
use crate::state::GatewayState;
use crate::{audit, auth, bulk, commands, docs, health, observe, openapi, queries, quota, series, stream, views, webhooks};

/// Answers smaller than this are not worth compressing.
const COMPRESSED_BYTES_MIN: u16 = 1024;

/// The whole gateway.
pub fn router(state: GatewayState) -> Router {
    let compressed = SizeAbove::new(COMPRESSED_BYTES_MIN)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/x-ndjson"))
        .and(NotForContentType::const_new("application/vnd.apache"))
        .and(NotForContentType::IMAGES);
    let routes = Router::new()
        .merge(versioned(&state))
        .merge(open())
        .fallback(|| async { Problem::from_status(StatusCode::NOT_FOUND) })
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(option_layer(cors(&state)))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .layer(CompressionLayer::new().compress_when(compressed))
        .with_state(state);
    Router::new().fallback_service(routes).layer(map_response(tell_methods_with_405_only))
}

/// Where no route has the method, axum tells the routes' methods with every answer, behind all layers of the routes: also with 401,
/// and also methods that the address in question does not answer to.
async fn tell_methods_with_405_only(mut response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().remove(ALLOW);
    }
    response
}

/// What needs a token.
fn versioned(state: &GatewayState) -> Router<GatewayState> {
    Router::new()
        .route("/v1/commands", post(bulk::run))
        .route("/v1/series", get(series::read))
        .route("/v1/features", get(quota::features))
        .route("/v1/events", get(stream::sse::open))
        .route("/v1/events/ws", get(stream::ws::open))
        .route("/v1/audit/checkpoint", get(audit::checkpoint))
        .route("/v1/audit/keys", get(audit::keys))
        .route("/v1/audit/events/{id}/proof", get(audit::inclusion))
        .route("/v1/audit/consistency", get(audit::consistency))
        .route("/v1/{context}/{name}", get(queries::list))
        .route("/v1/{context}/{name}/{second}", get(queries::one).post(commands::without_id))
        .route("/v1/{context}/{name}/{id}/{last}", get(views::read).post(commands::with_id))
        .route("/v1/{context}/{name}/{id}/{last}/{file}", get(views::file))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(state.clone(), auth::authenticate))
}

/// The routes of a process that has no gateway.
pub fn vitals_router(vitals: Vitals) -> Router {
    self::vitals().fallback(|| async { StatusCode::NOT_FOUND }).with_state(vitals)
}

/// How a process is.
fn vitals<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Vitals: FromRef<S>,
{
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
}

/// What everybody may see.
fn open() -> Router<GatewayState> {
    vitals()
        .route("/openapi.json", get(openapi::serve))
        .route("/schemas", get(openapi::schema_index))
        .route("/schemas/{file}", get(openapi::schema))
        .route("/schemas/{context}/{file}", get(openapi::schema_of_context))
        .route("/docs", get(docs::redirect))
        .route("/docs/", get(docs::index))
        .route("/docs/{file}", get(docs::file))
        .route("/webhooks/{source}", post(webhooks::deliver))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(docs::security))
}

/// 405 with exactly the methods that the address answers to, or 404 where there is nothing at all.
async fn method_not_allowed(State(state): State<GatewayState>, OriginalUri(uri): OriginalUri) -> Problem {
    let segments: Vec<&str> = uri.path().split('/').skip(1).collect();
    match segments.as_slice() {
        ["v1", "commands"] | ["webhooks", _] => Problem::method_not_allowed(&["POST"]),
        ["v1", "series" | "events" | "features"] | ["v1", "events", "ws"] => Problem::method_not_allowed(&["GET", "HEAD"]),
        ["v1", "audit", "checkpoint" | "keys" | "consistency"] | ["v1", "audit", "events", _, "proof"] => {
            Problem::method_not_allowed(&["GET", "HEAD"])
        }
        ["v1", rest @ ..] => match state.catalogue().methods(rest) {
            methods if methods.is_empty() => Problem::from_status(StatusCode::NOT_FOUND),
            methods => Problem::method_not_allowed(&methods),
        },
        _ => Problem::method_not_allowed(&["GET", "HEAD"]),
    }
}

/// What browsers may send from pages of other origins; nothing where no origin is allowed.
fn cors(state: &GatewayState) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = state.options().cors_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let sent = ["authorization", "x-api-key", "x-tenant-id", "content-type", "idempotency-key", "if-match", "x-correlation-id"];
    let sent = sent.into_iter().chain(["x-causation-id", "neuroops-wait-for", "last-event-id", "traceparent"]);
    let seen = ["etag", "neuroops-position", "neuroops-lag-events", "neuroops-next-cursor", "neuroops-query-revision", "content-location"];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(sent.map(HeaderName::from_static).collect::<Vec<_>>())
        .expose_headers(
            seen.into_iter().chain(["content-disposition", "retry-after", "link"]).map(HeaderName::from_static).collect::<Vec<_>>(),
        );
    Some(layer)
}
