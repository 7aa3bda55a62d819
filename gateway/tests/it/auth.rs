//! Who is let in.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use platform::clock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Gateway, SECRET, send};

fn claims(tenant: Uuid) -> Value {
    let now = clock::now().timestamp();
    json!({ "iss": "neuroops", "aud": "neuroops", "sub": "eve", "tid": tenant, "roles": ["owner"], "jti": clock::new_id(), "iat": now, "exp": now + 600 })
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// The token with this header, and a signature over it that would be right for HS256.
fn with_header(header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(SECRET.as_bytes()), Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn changed(tenant: Uuid, field: &str, value: Value) -> String {
    let mut claims = claims(tenant);
    claims[field] = value;
    signed(Algorithm::HS256, SECRET, &claims)
}

fn without(tenant: Uuid, field: &str) -> String {
    let mut claims = claims(tenant);
    claims.as_object_mut().unwrap().remove(field);
    signed(Algorithm::HS256, SECRET, &claims)
}

/// Tokens of which none must be accepted.
fn forged(tenant: Uuid) -> Vec<(String, String)> {
    let good = signed(Algorithm::HS256, SECRET, &claims(tenant));
    let parts: Vec<&str> = good.split('.').collect();
    let now = clock::now().timestamp();
    let mut tokens: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| tokens.push((name.to_owned(), token));
    for (name, secret) in [
        ("another secret", "x"),
        ("no secret", ""),
        ("half a secret", &SECRET[..10]),
        ("a longer secret", "a secret of the tests that is long enough "),
    ] {
        add(name, signed(Algorithm::HS256, secret, &claims(tenant)));
    }
    add("HS384", signed(Algorithm::HS384, SECRET, &claims(tenant)));
    add("HS512", signed(Algorithm::HS512, SECRET, &claims(tenant)));
    for alg in ["none", "None", "NONE", "", "hs256", "RS256", "ES256", "EdDSA", "HS384"] {
        add(&format!("alg {alg}"), with_header(&json!({ "alg": alg, "typ": "JWT" }), &claims(tenant)));
    }
    for alg in ["none", "HS256"] {
        add(&format!("alg {alg} without a signature"), format!("{}.{}.", B64.encode(json!({ "alg": alg }).to_string()), parts[1]));
    }
    add("no alg", with_header(&json!({ "typ": "JWT" }), &claims(tenant)));
    add("crit", with_header(&json!({ "alg": "HS256", "crit": ["exp"] }), &claims(tenant)));
    add("unencoded payload", with_header(&json!({ "alg": "HS256", "b64": false }), &claims(tenant)));
    add("own key", with_header(&json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "eA" } }), &claims(tenant)));
    add("key address", with_header(&json!({ "alg": "HS256", "jku": "http://127.0.0.1/" }), &claims(tenant)));
    add("another type", with_header(&json!({ "alg": "HS256", "typ": "JWE" }), &claims(tenant)));
    for field in ["iss", "aud", "sub", "tid", "roles", "jti", "iat", "exp"] {
        add(&format!("without {field}"), without(tenant, field));
        add(&format!("{field} is null"), changed(tenant, field, Value::Null));
    }
    add("another issuer", changed(tenant, "iss", json!("evil")));
    add("another audience", changed(tenant, "aud", json!("evil")));
    add("no audience", changed(tenant, "aud", json!([])));
    add("expired", changed(tenant, "exp", json!(now - 31)));
    add("expired long ago", changed(tenant, "exp", json!(0)));
    add("expiry as text", changed(tenant, "exp", json!((now + 600).to_string())));
    add("not yet valid", changed(tenant, "nbf", json!(now + 120)));
    add("made in the future", changed(tenant, "iat", json!(now + 120)));
    add("tenant is not an id", changed(tenant, "tid", json!("../admin")));
    add("tenant is nil", changed(tenant, "tid", json!(Uuid::nil())));
    add("token id is not an id", changed(tenant, "jti", json!("1")));
    add("empty subject", changed(tenant, "sub", json!("")));
    add("subject with a line end", changed(tenant, "sub", json!("a\nb")));
    add("roles as text", changed(tenant, "roles", json!("owner")));
    add("too many roles", changed(tenant, "roles", json!(vec!["owner"; 100])));
    add("too long", changed(tenant, "sub", json!("x".repeat(8000))));
    let mut other = claims(tenant);
    other["tid"] = json!(clock::new_id());
    add("another payload under the signature", format!("{}.{}.{}", parts[0], B64.encode(other.to_string()), parts[2]));
    add("no signature", format!("{}.{}.", parts[0], parts[1]));
    add("two parts", format!("{}.{}", parts[0], parts[1]));
    add("four parts", format!("{good}.x"));
    add("a cut signature", good[..good.len() - 1].to_owned());
    add("a padded signature", format!("{good}="));
    add("a swapped order", format!("{}.{}.{}", parts[1], parts[0], parts[2]));
    add("nothing", String::new());
    add("dots", "..".to_owned());
    add("text", "letmein".to_owned());
    add("quotes", format!("\"{good}\""));
    for index in [0, parts[0].len() + 3, good.len() - 5] {
        let mut altered = good.clone().into_bytes();
        altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
        add(&format!("altered at {index}"), String::from_utf8(altered).unwrap());
    }
    tokens
}

#[tokio::test]
async fn no_forged_token_is_accepted() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("owner").await;
    assert_eq!(client.get("/v1/lab/samples").await.status, StatusCode::OK);
    let tokens = forged(client.tenant);
    assert!(tokens.len() >= 40);
    for (name, token) in tokens {
        for (header, value) in [("authorization", format!("Bearer {token}")), ("x-api-key", token.clone())] {
            let request = Request::get("/v1/lab/samples").header(header, value).body(Body::empty()).unwrap();
            let answer = send(&gateway.router, request).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {}", answer.text());
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{name}");
            assert!(["invalid_token", "token_expired"].contains(&answer.json()["code"].as_str().unwrap()), "{name}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn credentials_come_once_and_in_a_known_form() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("owner").await;
    let ask = async |headers: &[(&str, String)]| {
        let request = headers.iter().fold(Request::get("/v1/lab/samples"), |builder, (name, value)| builder.header(*name, value));
        send(&gateway.router, request.body(Body::empty()).unwrap()).await
    };
    let token = &client.token;
    ask(&[]).await.is_problem(401, "missing_token");
    for refused in [
        vec![("authorization", format!("Basic {token}"))],
        vec![("authorization", token.clone())],
        vec![("authorization", format!("Bearer {token}")), ("x-api-key", token.clone())],
        vec![("authorization", format!("Bearer {token}")), ("authorization", format!("Bearer {token}"))],
    ] {
        ask(&refused).await.is_problem(401, "invalid_token");
    }
    for accepted in [("authorization", format!("bearer {token}")), ("x-api-key", token.clone())] {
        assert_eq!(ask(&[accepted]).await.status, StatusCode::OK);
    }
    let bearer = ("authorization", format!("Bearer {token}"));
    assert_eq!(ask(&[bearer.clone(), ("x-tenant-id", client.tenant.to_string())]).await.status, StatusCode::OK);
    ask(&[bearer.clone(), ("x-tenant-id", clock::new_id().to_string())]).await.is_problem(403, "not_a_member");
    ask(&[bearer, ("x-tenant-id", "x".to_owned())]).await.is_problem(403, "not_a_member");
    gateway.stop().await;
}

/// Asks until the answer has this status; the deny list is read in the background.
async fn becomes(client: &crate::harness::Client, post: bool, status: u16) -> crate::harness::Answer {
    for _ in 0..200 {
        let answer = if post { client.post("/v1/lab/sample/take", r#"{"label":"x"}"#).await } else { client.get("/v1/lab/samples").await };
        if answer.status.as_u16() == status {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the status never became {status}");
}

#[tokio::test]
async fn revoked_tokens_and_closed_tenants_are_refused_soon() {
    let gateway = Gateway::lab().await;
    let tenant = gateway.db.create_tenant("t").await;
    let token_id = clock::new_id();
    let mut client = gateway.client_of(tenant, "owner");
    client.token = gateway::issue(SECRET, tenant, "x", &["owner".to_owned()], token_id, Duration::from_mins(10));
    assert_eq!(client.get("/v1/lab/samples").await.status, StatusCode::OK);
    let mut admin = gateway.db.admin().await;
    sqlx::query("INSERT INTO tenancy.tokens (tenant_id, token_id, subject, roles, expires_at, revoked_at) VALUES ($1, $2, 'x', '{owner}', now() + interval '1 h', now())")
        .bind(tenant)
        .bind(token_id)
        .execute(&mut admin)
        .await
        .unwrap();
    becomes(&client, false, 401).await.is_problem(401, "token_revoked");

    let other = gateway.client_of(tenant, "owner");
    let set = async |status: &str| {
        let mut admin = gateway.db.admin().await;
        sqlx::query("UPDATE tenancy.tenants SET status = $2 WHERE tenant_id = $1")
            .bind(tenant)
            .bind(status)
            .execute(&mut admin)
            .await
            .unwrap();
    };
    set("suspended").await;
    becomes(&other, true, 403).await.is_problem(403, "tenant_suspended");
    assert_eq!(other.get("/v1/lab/samples").await.status, StatusCode::OK);
    assert_eq!(other.post("/v1/commands", "").await.status, StatusCode::FORBIDDEN);
    set("closed").await;
    becomes(&other, false, 403).await.is_problem(403, "tenant_closed");
    set("active").await;
    becomes(&other, true, 200).await;
    gateway.stop().await;
}
