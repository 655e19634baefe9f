//! The shop's API, as its profile knows it: health, the user of a token, and what it can do.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::super::{Asked, say};
use crate::support::http::{Body, Server, clear_at};
use crate::support::jwt::Issuer;

/// Starts it on the machine's own address. A broken one is slow, does not look at its database,
/// and lets pages from everywhere read its answers.
pub(super) async fn start(issuer: Issuer, is_broken: bool) -> Server {
    let issuer = std::sync::Arc::new(issuer);
    clear_at("127.0.0.1:8000", move |request| {
        let issuer = issuer.clone();
        async move {
            if is_broken && request.uri().path() == "/health" {
                tokio::time::sleep(Duration::from_millis(1200)).await;
            }
            answer(&request, &issuer, is_broken)
        }
    })
    .await
}

fn answer(request: &Request<Bytes>, issuer: &Issuer, is_broken: bool) -> Response<Body> {
    let mut answer = route(&Asked::of(request), issuer, is_broken);
    let origin = request.headers().get("origin");
    if let Some(origin) = origin
        && (is_broken || origin == "https://app.shop.example")
    {
        let headers = answer.headers_mut();
        headers.insert("access-control-allow-origin", origin.clone());
        headers.insert("vary", "origin".parse().unwrap());
    }
    answer
}

fn route(asked: &Asked<'_>, issuer: &Issuer, is_broken: bool) -> Response<Body> {
    match asked.path {
        "/ping" => say(200, &json!({"ping": "pong"})),
        "/health" if is_broken => say(200, &json!({"status": "healthy"})),
        "/health" => say(200, &json!({"status": "healthy", "database": "connected"})),
        "/health/detailed" => say(
            200,
            &json!({"status": "healthy", "database": {"status": "connected"}, "redis": {"status": "connected"}}),
        ),
        "/openapi.json" => say(200, &description()),
        "/users/me" => {
            let token = asked.authorization.strip_prefix("Bearer ");
            match token.and_then(|token| issuer.verify(token)) {
                Some(claims) => say(200, &json!({"email": claims["sub"]})),
                None => say(401, &json!({"detail": "Not authenticated"})),
            }
        }
        _ => say(404, &json!({"detail": "Not Found"})),
    }
}

/// As `FastAPI` makes it of the routes.
fn description() -> Value {
    let one = |summary: &str| {
        json!({"get": {"summary": summary, "operationId": summary.to_lowercase(),
            "responses": {"200": {"description": "Successful Response"}}}})
    };
    json!({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1.4.2"},
        "paths": {"/ping": one("Ping"), "/health": one("Health"), "/users/me": one("Me")}})
}
