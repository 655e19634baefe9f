//! Whom Valet's profile asks elsewhere, in the shape of their documentation.

use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::stand::sentry;
use super::super::{Asked, say};
use crate::support::http::Body;

/// The names that they are called by, with the port of each.
pub(super) const NAMES: [(&str, u16); 12] = [
    ("api.github.com", 443),
    ("api.hetzner.cloud", 443),
    ("api.cloudflare.com", 443),
    ("console.neon.tech", 443),
    ("sentry.io", 443),
    ("uptime.betterstack.com", 443),
    ("hstspreload.org", 443),
    ("valet.grafana.net", 443),
    ("coolify.valet.example", 443),
    ("secrets.valet.example", 443),
    ("hatchet.valet.example", 443),
    ("status.valet.example", 443),
];

/// What they answer; on a broken stand nothing is kept, watched or connected.
pub(super) fn answer(asked: &Asked<'_>, is_broken: bool) -> Option<Response<Body>> {
    let bearer = asked.authorization.strip_prefix("Bearer ");
    let (token, answer) = match asked.host {
        "api.github.com" => (
            "github-read",
            github(asked.path.strip_prefix("/repos/acme/valet")?),
        ),
        "api.hetzner.cloud" => ("hetzner-read", hetzner(asked.path)),
        "api.cloudflare.com" => {
            let path = asked.path.strip_prefix("/client/v4/zones/z0ne/")?;
            ("cloudflare-read", cloudflare(path, is_broken))
        }
        "console.neon.tech" if asked.path == "/api/v2/projects/shiny-wind-1" => {
            let seconds = if is_broken { 86_400 } else { 604_800 };
            let project = json!({"id": "shiny-wind-1", "history_retention_seconds": seconds});
            ("neon-read", Some(json!({"project": project})))
        }
        "sentry.io" if bearer == Some("sentry-read") => {
            return sentry(
                asked.path.strip_prefix("/api/0/projects/valet/")?,
                is_broken,
            );
        }
        "uptime.betterstack.com" => ("betterstack-read", betterstack(asked.path, is_broken)),
        "valet.grafana.net" => ("grafana-read", grafana(asked.path)),
        "coolify.valet.example" => (
            "coolify-read",
            coolify(asked.path.strip_prefix("/api/v1/applications")?, is_broken),
        ),
        "hatchet.valet.example" => (
            "hatchet-read",
            hatchet(
                asked.path.strip_prefix("/api/v1/tenants/valet/")?,
                is_broken,
            ),
        ),
        _ => return open(asked),
    };
    if bearer == Some(token) {
        answer.map(|value| say(200, &value))
    } else {
        Some(say(401, &json!({"message": "Unauthorized"})))
    }
}

/// Those that ask nobody who they are.
fn open(asked: &Asked<'_>) -> Option<Response<Body>> {
    let answer = match (asked.host, asked.path) {
        ("hstspreload.org", "/api/v2/status?domain=valet.example") => {
            json!({"name": "valet.example", "status": "preloaded", "bulk": true})
        }
        ("secrets.valet.example", "/api/status") => {
            json!({"message": "Ok", "redisConfigured": true})
        }
        ("status.valet.example", "/") => json!({"page": "All systems work"}),
        _ => return None,
    };
    Some(say(200, &answer))
}

/// So many hours ago.
fn ago(hours: i64) -> String {
    (Timestamp::now() - SignedDuration::from_hours(hours)).to_string()
}

fn github(path: &str) -> Option<Value> {
    let run = json!({"id": 7, "name": "CI", "conclusion": "success", "status": "completed", "event": "push",
        "head_sha": "a1", "run_started_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:06:10Z"});
    Some(match path.split('?').next()? {
        "" => json!({"full_name": "acme/valet"}),
        "/branches/main" => json!({"name": "main", "commit": {"sha": "a1"}, "protected": true}),
        "/actions/runs" | "/actions/workflows/ci.yml/runs" => {
            json!({"total_count": 1, "workflow_runs": [run]})
        }
        "/actions/runs/7/jobs" => {
            json!({"total_count": 1, "jobs": [{"name": "test", "conclusion": "success",
            "started_at": "2026-11-20T09:00:10Z", "completed_at": "2026-11-20T09:06:00Z"}]})
        }
        "/hooks" => json!([{"id": 1, "active": true, "events": ["push"],
            "config": {"url": "https://coolify.valet.example/webhooks/source/github/events/manual"}}]),
        _ => return None,
    })
}

fn hetzner(path: &str) -> Option<Value> {
    let pagination = json!({"pagination": {"page": 1, "next_page": null}});
    Some(match path.split('?').next()? {
        "/v1/servers" => {
            json!({"meta": pagination, "servers": [{"id": 1, "name": "valet-1", "status": "running",
            "server_type": {"name": "cx32", "cores": 4, "memory": 8.0, "disk": 80}}]})
        }
        "/v1/images" => {
            let weeks = (0..4).map(|week| {
                json!({"id": week, "type": "snapshot", "created": ago(week * 168 + 20),
                    "created_from": {"id": 1, "name": "valet-1"}})
            });
            json!({"meta": pagination, "images": weeks.collect::<Value>()})
        }
        _ => return None,
    })
}

fn cloudflare(path: &str, is_broken: bool) -> Option<Value> {
    let mode = if is_broken { "flexible" } else { "strict" };
    let result = match path {
        "settings/ssl" => json!({"id": "ssl", "value": mode}),
        "rulesets" => json!([{"id": "1", "phase": "http_request_firewall_managed"},
            {"id": "2", "phase": "http_ratelimit"}]),
        _ => return None,
    };
    Some(json!({"success": true, "errors": [], "messages": [], "result": result}))
}

fn betterstack(path: &str, is_broken: bool) -> Option<Value> {
    let monitor = |name: &str, url: &str| {
        json!({"id": name, "type": "monitor", "attributes": {"pronounceable_name": name, "url": url, "status": "up",
            "check_frequency": 60, "confirmation_period": 60, "ssl_expiration": 14, "call": !is_broken, "email": true}})
    };
    let data = match path.split('?').next()? {
        "/api/v2/monitors" => json!([
            monitor("API", "https://api.valet.example/api/v1/health"),
            monitor("Web", "https://valet.example/"),
            monitor("Database", "tcp://db.valet.example:5432")
        ]),
        "/api/v2/on-calls" => json!([{"id": "1", "type": "on_call_calendar",
            "relationships": {"on_call_users": {"data": [{"id": "2", "type": "user"}]}}}]),
        _ => return None,
    };
    Some(
        json!({"data": data, "pagination": {"first": null, "last": null, "prev": null, "next": null}}),
    )
}

fn grafana(path: &str) -> Option<Value> {
    let panels = [
        "Request latency (p50, p95, p99)",
        "Error rate by endpoint",
        "WebSocket connections",
        "Hatchet workflows",
    ];
    Some(match path {
        "/api/datasources" => json!([{"uid": "l", "name": "Logs", "type": "loki"}]),
        "/api/dashboards/uid/valet" => {
            json!({"meta": {"slug": "valet"}, "dashboard": {"uid": "valet",
            "panels": panels.map(|title| json!({"title": title, "type": "timeseries"}))}})
        }
        "/api/v1/provisioning/alert-rules" => {
            json!([{"uid": "1", "title": "High memory usage", "isPaused": false},
            {"uid": "2", "title": "Disk space low", "isPaused": false}])
        }
        _ => return None,
    })
}

fn coolify(path: &str, is_broken: bool) -> Option<Value> {
    let application = json!({"uuid": "valet-api", "name": "api", "status": "running:healthy", "health_check_enabled": true});
    let names: &[&str] = if is_broken {
        &["REDIS_URL"]
    } else {
        &["DATABASE_URL", "REDIS_URL", "SENTRY_DSN"]
    };
    Some(match path {
        "" => json!([application]),
        "/valet-api" => application,
        "/valet-api/envs" => names
            .iter()
            .map(|name| json!({"key": name, "is_preview": false}))
            .collect(),
        _ => return None,
    })
}

fn hatchet(path: &str, is_broken: bool) -> Option<Value> {
    let status = if is_broken { "INACTIVE" } else { "ACTIVE" };
    let rows = match path.split('?').next()? {
        "worker" => json!([{"name": "valet", "status": status}]),
        "workflows/runs" => json!([{"displayName": "hello-world-1", "status": "SUCCEEDED"}]),
        _ => return None,
    };
    Some(json!({"pagination": {"current_page": 1, "num_pages": 1}, "rows": rows}))
}
