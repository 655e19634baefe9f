//! Whom `BatchSender`'s profile asks elsewhere: GitHub, Neon, Grafana, `LaunchDarkly`, Unleash and
//! the status page.

use http::Response;
use serde_json::json;

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

/// The names that they are called by, with the port of each.
pub(super) const NAMES: [(&str, u16); 7] = [
    ("api.github.com", 443),
    ("console.neon.tech", 443),
    ("app.launchdarkly.com", 443),
    ("grafana.batchsender.example", 443),
    ("unleash.batchsender.example", 443),
    ("status.batchsender.example", 443),
    ("loki.batchsender.example", 443),
];

/// What they answer, with the seconds that Neon can go back.
pub(super) fn answer(asked: &Asked<'_>, retention: u64) -> Option<Response<Body>> {
    let bearer = asked
        .authorization
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let denied = || Some(say(401, &json!({"message": "Bad credentials"})));
    match (asked.host, asked.path) {
        ("api.github.com", _) if bearer != "reader" => denied(),
        ("api.github.com", path) => github(path.strip_prefix("/repos/acme/batchsender/")?),
        ("console.neon.tech", _) if bearer != "neon-read" => denied(),
        ("console.neon.tech", "/api/v2/projects/shiny-wind-028834") => Some(say(
            200,
            &json!({"project": {"id": "shiny-wind-028834", "history_retention_seconds": retention}}),
        )),
        ("app.launchdarkly.com", _) if asked.authorization != "ld-read" => denied(),
        ("app.launchdarkly.com", "/api/v2/flags/default") => Some(say(
            200,
            &json!({"items": [{"key": "scheduling", "kind": "boolean"}], "totalCount": 1}),
        )),
        ("grafana.batchsender.example", "/api/health") => Some(say(
            200,
            &json!({"database": "ok", "version": "12.3.0", "commit": "a1"}),
        )),
        ("grafana.batchsender.example", _) if bearer != "viewer" => denied(),
        ("grafana.batchsender.example", "/api/dashboards/uid/batchsender") => {
            let text = include_str!("repo/k8s/monitoring/grafana-dashboard.json");
            let dashboard: serde_json::Value = serde_json::from_str(text).unwrap();
            Some(say(
                200,
                &json!({"meta": {"version": 3}, "dashboard": dashboard}),
            ))
        }
        ("unleash.batchsender.example", "/health") => Some(say(200, &json!({"health": "GOOD"}))),
        ("loki.batchsender.example", "/ready") => Some(status(200).body(full("ready\n")).unwrap()),
        ("status.batchsender.example", "/") => Some(
            status(200)
                .header("content-type", "text/html")
                .body(full("<title>All systems work</title>"))
                .unwrap(),
        ),
        _ => None,
    }
}

/// Production got on a quiet night what had run in staging for more than a day.
fn github(path: &str) -> Option<Response<Body>> {
    let at = match path {
        "deployments?environment=staging&per_page=1" => "2026-11-18T12:10:00Z",
        "deployments?environment=production&per_page=1" => "2026-11-20T03:05:00Z",
        _ => return None,
    };
    Some(say(200, &json!([{"id": 1, "sha": "a1", "created_at": at}])))
}
