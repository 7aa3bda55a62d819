//! Who is calling: JSON Web Tokens (RFC 7519), signed with HS256.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::kernel::{Actor, TenantId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use platform::clock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{self, Permission};
use crate::deny::{DenyList, Standing};
use crate::problem::Problem;
use crate::state::GatewayState;

/// Whose tokens are accepted, unless the options say otherwise.
pub const ISSUER: &str = "neuroops";
/// Whom tokens must be made for, unless the options say otherwise.
pub const AUDIENCE: &str = "neuroops";
/// How far clocks may be apart.
const LEEWAY_S: u64 = 30;
/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 4096;
/// The most roles that a token may carry.
const ROLES_MAX: usize = 32;
/// The longest subject.
const SUBJECT_CHARS_MAX: usize = 256;

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: serde_json::Value,
    sub: String,
    tid: Uuid,
    roles: Vec<String>,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// The part of a token that says how it is signed. Parameters that change how a token is read (`crit`, `jwk`, `b64`) are
/// not understood, and RFC 7515 wants such tokens refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningHeader {
    alg: String,
    typ: Option<String>,
    #[serde(rename = "kid")]
    _kid: Option<String>,
}

/// The caller of a request, from a token that holds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant that the token was made for.
    pub tenant_id: TenantId,
    /// The subject and the roles.
    pub actor: Actor,
    /// The token's id.
    pub token_id: Uuid,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

impl Caller {
    /// 403 unless a role allows it.
    pub fn require(&self, permission: Permission<'_>) -> Result<(), Problem> {
        require(&self.actor.roles, permission)
    }
}

/// 403 unless one of the roles allows it.
pub fn require(roles: &[String], permission: Permission<'_>) -> Result<(), Problem> {
    if access::allows(roles, permission) {
        return Ok(());
    }
    Err(Problem::forbidden("forbidden", format!("The token's roles do not include the permission `{permission}`.")))
}

/// Checks tokens.
pub struct Auth {
    key: DecodingKey,
    validation: Validation,
    denied: DenyList,
}

impl Auth {
    /// Accepts tokens that were signed with `secret` by `issuer` for `audience` and are not on the deny list.
    pub fn new(secret: &str, issuer: &str, audience: &str, denied: DenyList) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        Self { key: DecodingKey::from_secret(secret.as_bytes()), validation, denied }
    }

    /// The caller that a token speaks for.
    pub async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        let claims = self.claims(token)?;
        let invalid = || Problem::unauthorized("invalid_token", "The token is not valid.");
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or_else(invalid)?;
        let caller = Caller {
            tenant_id: TenantId(claims.tid),
            actor: Actor { subject: claims.sub, roles: claims.roles },
            token_id: claims.jti,
            expires_at,
        };
        self.check(&caller).await?;
        Ok(caller)
    }

    /// Whether a caller who was accepted earlier still is: streams outlive the moment of their start.
    pub async fn check(&self, caller: &Caller) -> Result<(), Problem> {
        if caller.expires_at + chrono::TimeDelta::seconds(LEEWAY_S.cast_signed()) < clock::now() {
            return Err(Problem::unauthorized("token_expired", "The token has expired."));
        }
        match self.denied.standing(caller.token_id, caller.tenant_id).await? {
            Standing::Revoked => Err(Problem::unauthorized("token_revoked", "The token was revoked.")),
            Standing::Closed => Err(Problem::forbidden("tenant_closed", "The tenant is closed.")),
            Standing::Suspended | Standing::Good => Ok(()),
        }
    }

    /// 403 for tenants that may read and not command.
    pub async fn may_command(&self, caller: &Caller) -> Result<(), Problem> {
        match self.denied.standing(caller.token_id, caller.tenant_id).await? {
            Standing::Suspended => Err(Problem::forbidden("tenant_suspended", "The tenant is suspended: it can read and not command.")),
            _ => Ok(()),
        }
    }

    fn claims(&self, token: &str) -> Result<Claims, Problem> {
        // One text for all reasons but one: a forger learns nothing, and a client that waits too long learns what to do.
        let invalid = || Problem::unauthorized("invalid_token", "The token is not valid.");
        if token.len() > TOKEN_BYTES_MAX || !header_fits(token) {
            return Err(invalid());
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::ExpiredSignature => Problem::unauthorized("token_expired", "The token has expired."),
                _ => invalid(),
            })?
            .claims;
        let future = claims.iat > clock::now().timestamp() + LEEWAY_S.cast_signed();
        // What the platform sends itself has rights of its own, and no token.
        let subject = !claims.sub.is_empty()
            && !Actor::is_reserved(&claims.sub)
            && claims.sub.chars().count() <= SUBJECT_CHARS_MAX
            && !claims.sub.chars().any(char::is_control);
        if future || !subject || claims.roles.len() > ROLES_MAX || claims.tid.is_nil() || claims.jti.is_nil() || claims.exp <= claims.iat {
            return Err(invalid());
        }
        Ok(claims)
    }
}

fn header_fits(token: &str) -> bool {
    let Some((header, _)) = token.split_once('.') else { return false };
    let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(header) else { return false };
    serde_json::from_slice::<SigningHeader>(&bytes)
        .is_ok_and(|header| header.alg == "HS256" && header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")))
}

/// Makes a token that is valid from now for `ttl`.
///
/// # Panics
/// Never: signing with a shared secret does not fail.
pub fn issue(secret: &str, tenant: Uuid, subject: &str, roles: &[String], token_id: Uuid, ttl: Duration) -> String {
    let iat = clock::now().timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.into(),
        sub: subject.to_owned(),
        tid: tenant,
        roles: roles.to_vec(),
        jti: token_id,
        iat,
        exp: iat.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX)),
    };
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).expect("signing with a shared secret does not fail")
}

/// The token of a request, as `Authorization: Bearer` or `X-API-Key`.
fn token_of(headers: &HeaderMap) -> Result<&str, Problem> {
    let malformed = || Problem::unauthorized("invalid_token", "The credentials cannot be read.");
    let single = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next();
        if values.next().is_some() { Err(malformed()) } else { first.map(|value| value.to_str().map_err(|_| malformed())).transpose() }
    };
    let bearer = match single(AUTHORIZATION.as_str())? {
        Some(value) => {
            let (scheme, token) = value.split_once(' ').ok_or_else(malformed)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(malformed());
            }
            Some(token.trim())
        }
        None => None,
    };
    match (bearer, single("x-api-key")?) {
        (Some(_), Some(_)) => Err(Problem::unauthorized("invalid_token", "Send either Authorization or X-API-Key, not both.")),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Problem::unauthorized("missing_token", "Send a token as `Authorization: Bearer …` or `X-API-Key`.")),
    }
}

/// Layer over everything under `/v1`: no route can forget to ask who is calling.
pub async fn authenticate(State(state): State<GatewayState>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let caller = state.auth().caller(token_of(request.headers())?).await?;
    if let Some(wanted) = request.headers().get("x-tenant-id") {
        let wanted = wanted.to_str().ok().and_then(|text| Uuid::parse_str(text).ok());
        if wanted != Some(caller.tenant_id.0) {
            return Err(Problem::forbidden("not_a_member", "The caller is not a member of the tenant that X-Tenant-ID names."));
        }
    }
    tracing::Span::current().record("tenant", tracing::field::display(caller.tenant_id));
    let _turn = state.requests().enter(caller.tenant_id, "requests under way")?;
    request.extensions_mut().insert(Arc::new(caller));
    Ok(next.run(request).await)
}
