//! Whom the profile asks elsewhere: GitHub, Sentry and `UptimeRobot`.

use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::stand::sentry;
use super::super::{Asked, say};
use crate::support::http::Body;

/// The names that they are called by, with the port of each.
pub(super) const NAMES: [(&str, u16); 3] = [
    ("api.github.com", 443),
    ("sentry.io", 443),
    ("api.uptimerobot.com", 443),
];

/// What they answer; on a broken stand nothing is watched, protected or deployed.
pub(super) fn answer(asked: &Asked<'_>, is_broken: bool) -> Option<Response<Body>> {
    let bearer = asked
        .authorization
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let denied = || Some(say(401, &json!({"message": "Bad credentials"})));
    match asked.host {
        "api.github.com" if bearer != "reader" => denied(),
        "api.github.com" => github(asked.path.strip_prefix("/repos/acme/shop")?, is_broken),
        "sentry.io" if bearer != "sentry-read" => denied(),
        "sentry.io" => sentry(asked.path.strip_prefix("/api/0/projects/acme/")?, is_broken),
        "api.uptimerobot.com" if bearer != "ur-read" => denied(),
        "api.uptimerobot.com" if asked.path.starts_with("/v3/monitors?") => {
            let status = if is_broken { "PAUSED" } else { "UP" };
            Some(say(
                200,
                &json!({"data": [{"id": 1, "url": "https://api.shop.example/ping", "interval": 300, "status": status}],
                        "nextLink": null}),
            ))
        }
        _ => None,
    }
}

fn github(path: &str, is_broken: bool) -> Option<Response<Body>> {
    let ran = |minutes: i64| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
    let conclusion = if is_broken { "failure" } else { "success" };
    let deployed = if is_broken { "0f" } else { "a1" };
    let rules: Value = if is_broken {
        json!([])
    } else {
        json!([{"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
            {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "test"}]}}])
    };
    let answer = match path.split('?').next()? {
        "" => json!({"full_name": "acme/shop"}),
        "/branches/main" => {
            json!({"name": "main", "commit": {"sha": "a1"}, "protected": !is_broken,
            "protection": {"enabled": false, "required_status_checks": {"enforcement_level": "off", "contexts": []}}})
        }
        "/rules/branches/main" => rules,
        "/commits/main" => json!({"sha": "a1", "commit": {"message": "Release"}}),
        "/deployments" => {
            json!([{"id": 1, "sha": deployed, "environment": "production", "created_at": ran(60)}])
        }
        "/actions/workflows/deploy.yml/runs" => {
            json!({"total_count": 1, "workflow_runs": [{"id": 7, "name": "Deploy", "conclusion": conclusion,
                "status": "completed", "event": "push", "head_sha": deployed, "run_started_at": ran(64),
                "updated_at": ran(60)}]})
        }
        "/actions/runs/7/jobs" => {
            json!({"total_count": 1, "jobs": [{"name": "deploy", "conclusion": conclusion,
                "started_at": ran(64), "completed_at": ran(60)}]})
        }
        _ => return None,
    };
    Some(say(200, &answer))
}
