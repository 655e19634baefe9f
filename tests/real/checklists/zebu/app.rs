//! Zebu's own interface, as its profile knows it: health, portfolios with trades, and prices.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

/// The session of the test user.
pub(super) const TOKEN: &str = "Bearer session-of-ready";

/// What it answers. With an `origin` it trusts pages from there alone, without one all.
pub(super) fn answer(request: &Request<Bytes>, origin: Option<&str>) -> Response<Body> {
    let asked = Asked::of(request);
    let from = request.headers().get("origin");
    let from = from.and_then(|value| value.to_str().ok());
    let trusted = from.filter(|from| origin.is_none_or(|origin| origin == *from));
    let mut answer = if asked.method == "OPTIONS" {
        let allowed = status(if trusted.is_some() { 200 } else { 400 });
        let allowed = allowed.header("access-control-allow-methods", "GET, POST, PUT, DELETE");
        allowed.body(full("")).unwrap()
    } else {
        route(&asked)
    };
    let headers = answer.headers_mut();
    headers.insert("vary", "origin".parse().unwrap());
    if let Some(trusted) = trusted {
        headers.insert("access-control-allow-origin", trusted.parse().unwrap());
        headers.insert("access-control-allow-credentials", "true".parse().unwrap());
    }
    answer
}

fn route(asked: &Asked<'_>) -> Response<Body> {
    if asked.path == "/health" {
        return say(
            200,
            &json!({"status": "ok", "database": "ok", "redis": "ok"}),
        );
    }
    let Some(path) = asked.path.strip_prefix("/api/v1/") else {
        return say(404, &json!({"detail": "Not Found"}));
    };
    // As FastAPI does: a body is read before it is known who sent it.
    let body: Option<Value> = serde_json::from_slice(asked.body).ok();
    if asked.method == "POST" && body.is_none() {
        return say(422, &json!({"detail": [{"type": "json_invalid"}]}));
    }
    if asked.authorization != TOKEN {
        return say(401, &json!({"detail": "Not authenticated"}));
    }
    let portfolio = json!({"id": "p1", "name": "ready", "currency": "USD"});
    match (asked.method, path) {
        ("POST", "portfolios") => say(201, &portfolio),
        ("GET", "portfolios") => say(200, &json!([portfolio])),
        ("GET", "portfolios/p1") => say(200, &portfolio),
        ("POST", "portfolios/p1/trades") => say(201, &json!({"ticker": "IBM", "quantity": "1"})),
        ("GET", "portfolios/p1/holdings") => say(200, &json!([{"ticker": "IBM", "quantity": "1"}])),
        ("GET", "prices/IBM") => say(200, &json!({"ticker": "IBM", "price": "301.25"})),
        _ => say(404, &json!({"detail": "Not Found"})),
    }
}
