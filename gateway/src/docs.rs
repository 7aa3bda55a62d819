//! `/docs`: Swagger UI from assets that are part of the program, so that it works offline.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use crate::problem::Problem;

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::new(["/openapi.json"]).persist_authorization(false)));

/// `/docs` without a slash, from which the page's own addresses would go astray.
pub async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The page.
pub async fn index() -> Result<Response, Problem> {
    asset("index.html")
}

/// A script, style or image of the page.
pub async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    asset(&name)
}

fn asset(name: &str) -> Result<Response, Problem> {
    let found = utoipa_swagger_ui::serve(name, CONFIG.clone()).map_err(|error| Problem::internal(&error))?;
    let Some(found) = found else { return Err(Problem::from_status(StatusCode::NOT_FOUND)) };
    let mut response = found.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(&found.content_type).map_err(|error| Problem::internal(&error))?);
    if found.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    Ok(response)
}

/// Pages load nothing from elsewhere and are not framed.
pub async fn security(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
        connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
