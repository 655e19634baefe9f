//! Whom Zebu's profile asks elsewhere: GitHub, Proxmox, `NPMplus`, Clerk, `UptimeRobot`, Alpha
//! Vantage and a registry of domains.

use http::Response;
use serde_json::json;

use super::super::{Asked, say};
use crate::support::http::Body;

/// The names that they are called by, with the port of each.
pub(super) const NAMES: [(&str, u16); 7] = [
    ("api.github.com", 443),
    ("proxmox.zebu.example", 8006),
    ("npm.zebu.example", 81),
    ("clerk.zebu.example", 443),
    ("api.uptimerobot.com", 443),
    ("www.alphavantage.co", 443),
    ("rdap.org", 443),
];

/// How things stand at the vendors.
#[derive(Clone, Copy)]
pub(super) struct State {
    /// Whether the proxy still takes the login that it is delivered with.
    pub(super) default_login: bool,
    /// Who issues and renews certificates at the proxy.
    pub(super) provider: &'static str,
}

pub(super) fn answer(asked: &Asked<'_>, state: State) -> Option<Response<Body>> {
    let bearer = asked
        .authorization
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let denied = || Some(say(401, &json!({"message": "Bad credentials"})));
    match asked.host {
        "api.github.com" if bearer != "reader" => denied(),
        "api.github.com" => github(asked.path.strip_prefix("/repos/acme/zebu")?),
        "proxmox.zebu.example" if asked.authorization != "PVEAPIToken=ready@pve!look=uuid" => {
            denied()
        }
        "proxmox.zebu.example" => proxmox(asked.path.strip_prefix("/api2/json/nodes/pve/")?),
        "npm.zebu.example" => npm(asked, bearer, state),
        "clerk.zebu.example" if asked.path == "/.well-known/jwks.json" => Some(say(
            200,
            &json!({"keys": [{"kty": "RSA", "kid": "ins_1", "use": "sig", "alg": "RS256", "n": "AQAB", "e": "AQAB"}]}),
        )),
        "api.uptimerobot.com" if bearer != "ur-read" => denied(),
        "api.uptimerobot.com" if asked.path.starts_with("/v3/monitors?") => Some(say(
            200,
            &json!({"data": [{"id": 1, "url": "https://api.zebu.example/health", "interval": 300, "status": "UP"}],
                    "nextLink": null}),
        )),
        "www.alphavantage.co" if asked.path.ends_with("&apikey=av-key") => Some(say(
            200,
            &json!({"Global Quote": {"01. symbol": "IBM", "05. price": "301.2500"}}),
        )),
        "rdap.org" if asked.path == "/domain/zebu.example" => Some(say(
            200,
            &json!({"objectClassName": "domain", "ldhName": "zebu.example", "status": ["active"],
                    "events": [{"eventAction": "expiration", "eventDate": "2099-01-01T00:00:00Z"}]}),
        )),
        _ => None,
    }
}

fn github(path: &str) -> Option<Response<Body>> {
    let deployment = |at: &str| json!([{"id": 1, "sha": "a1", "created_at": at}]);
    let run = |name: &str| json!({"name": name, "status": "completed", "conclusion": "success"});
    let answer = match path.split('?').next()? {
        "" => json!({"full_name": "acme/zebu"}),
        "/branches/main" => json!({"name": "main", "commit": {"sha": "a1"}, "protected": true}),
        "/rules/branches/main" => {
            json!([{"type": "pull_request", "parameters": {"required_approving_review_count": 1}}])
        }
        "/dependabot/alerts" => json!([]),
        "/deployments" if path.contains("staging") => deployment("2026-11-20T09:00:00Z"),
        "/deployments" => deployment("2026-11-20T12:00:00Z"),
        "/commits/main/check-runs" => {
            json!({"total_count": 3, "check_runs": [run("pytest"), run("lint"), run("typecheck")]})
        }
        _ => return None,
    };
    Some(say(200, &answer))
}

fn proxmox(path: &str) -> Option<Response<Body>> {
    let answer = match path {
        "apt/update" => json!({"data": [{"Package": "vim", "Origin": "Debian", "Version": "9.1"}]}),
        "qemu/100/snapshot" => {
            json!({"data": [{"name": "pre-1-4"}, {"name": "stable-1-4"}, {"name": "current"}]})
        }
        _ => return None,
    };
    Some(say(200, &answer))
}

fn npm(asked: &Asked<'_>, bearer: &str, state: State) -> Option<Response<Body>> {
    match (asked.method, asked.path) {
        ("POST", "/api/tokens") if state.default_login => Some(say(
            200,
            &json!({"token": "t", "expires": "2099-01-01T00:00:00Z"}),
        )),
        ("POST", "/api/tokens") => Some(say(
            400,
            &json!({"error": {"message": "Invalid email or password"}}),
        )),
        ("GET", "/api/nginx/certificates") if bearer == "npm-read" => Some(say(
            200,
            &json!([{"id": 1, "provider": state.provider, "domain_names": ["zebu.example"]}]),
        )),
        ("GET", _) => Some(say(
            401,
            &json!({"error": {"message": "Permission Denied"}}),
        )),
        _ => None,
    }
}
