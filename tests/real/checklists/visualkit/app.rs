//! `VisualKit`'s own interface as Fastify serves it: health, logins, and Helmet's headers.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

const HELMET: [(&str, &str); 11] = [
    (
        "content-security-policy",
        "default-src 'self';object-src 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("referrer-policy", "no-referrer"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-download-options", "noopen"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-permitted-cross-domain-policies", "none"),
];
const GOOGLE: &str = "https://accounts.google.com/o/oauth2/v2/auth?client_id=1&response_type=code&scope=openid\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw&code_challenge_method=S256&state=af0ifjsldkj";

/// What it answers; a broken one has lost its database.
pub(super) fn answer(request: &Request<Bytes>, is_broken: bool) -> Response<Body> {
    let asked = Asked::of(request);
    let origin = request.headers().get("origin");
    let is_foreign = origin.is_some_and(|origin| origin != "https://app.visualkit.example");
    let mut answer = match (asked.method, asked.path) {
        ("GET", "/health") if is_broken => {
            say(503, &json!({"status": "error", "database": "down"}))
        }
        ("GET", "/health") => say(200, &json!({"status": "ok"})),
        ("GET", "/api/auth/providers") => say(
            200,
            &json!({"google": {"id": "google", "type": "oidc"},
                "microsoft-entra-id": {"id": "microsoft-entra-id", "type": "oidc"}}),
        ),
        ("GET", "/api/auth/signin/google") => status(302)
            .header("location", GOOGLE)
            .body(full(""))
            .unwrap(),
        ("POST", "/api/auth/signout") if is_foreign => {
            say(403, &json!({"error": "the token of the form is missing"}))
        }
        _ => say(404, &json!({"error": "Not Found"})),
    };
    for (name, value) in HELMET {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}
