//! What `VisualKit` has elsewhere: front ends at Cloudflare, Janus, Chatwoot, Loki and GitHub.

use std::io::Write as _;

use http::Response;
use serde_json::json;

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

/// The names that they are called by, with the port of each.
pub(super) const NAMES: [(&str, u16); 8] = [
    ("visualkit.example", 443),
    ("app.visualkit.example", 443),
    ("meet.visualkit.example", 443),
    ("cdn.visualkit.example", 443),
    ("janus.visualkit.example", 443),
    ("chat.visualkit.example", 443),
    ("loki.visualkit.example", 443),
    ("api.github.com", 443),
];

/// What they answer; broken, the landing page was never deployed.
pub(super) fn answer(asked: &Asked<'_>, is_broken: bool) -> Option<Response<Body>> {
    match (asked.host, asked.path) {
        ("visualkit.example", "/") if is_broken => Some(
            status(522)
                .header("server", "cloudflare")
                .body(full("error code: 522"))
                .unwrap(),
        ),
        ("visualkit.example" | "app.visualkit.example" | "meet.visualkit.example", "/") => {
            Some(page())
        }
        ("cdn.visualkit.example", "/widget.js") => Some(
            status(200)
                .header("server", "cloudflare")
                .header("content-type", "text/javascript; charset=utf-8")
                .header("cache-control", "public, max-age=300")
                .body(full("customElements.define('visual-kit', class {});\n"))
                .unwrap(),
        ),
        ("janus.visualkit.example", "/janus/info") => Some(say(
            200,
            &json!({"janus": "server_info", "name": "Janus WebRTC Server", "version": 1303}),
        )),
        ("chat.visualkit.example", "/api") => Some(say(
            200,
            &json!({"version": "4.7.0", "queue_services": "ok", "data_services": "ok"}),
        )),
        ("loki.visualkit.example", "/loki/api/v1/labels") => Some(say(
            200,
            &json!({"status": "success", "data": ["container", "level"]}),
        )),
        ("api.github.com", _) if asked.authorization != "Bearer reader" => {
            Some(say(401, &json!({"message": "Bad credentials"})))
        }
        ("api.github.com", path) => github(path.strip_prefix("/repos/acme/visualkit")?),
        _ => None,
    }
}

/// A page as Cloudflare hands it out, packed.
fn page() -> Response<Body> {
    let mut text = "<!doctype html><html lang=en><head><meta charset=utf-8><title>VisualKit</title></head><body>"
        .to_owned();
    text += &"<p>See what your customers see.</p>".repeat(100);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let policy = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'";
    status(200)
        .header("server", "cloudflare")
        .header("content-type", "text/html; charset=utf-8")
        .header("content-encoding", "gzip")
        .header("content-security-policy", policy)
        .header("permissions-policy", "camera=(self), microphone=(self)")
        .body(full(packed.finish().unwrap()))
        .unwrap()
}

fn github(path: &str) -> Option<Response<Body>> {
    let answer = match path.split('?').next()? {
        "" => json!({"full_name": "acme/visualkit"}),
        "/branches/main" => json!({"name": "main", "commit": {"sha": "a1"}, "protected": true}),
        "/actions/workflows/ci.yml/runs" => json!({"total_count": 1, "workflow_runs": [
            {"id": 9, "name": "CI", "status": "completed", "conclusion": "success", "event": "push", "head_sha": "a1",
                "run_started_at": "2026-11-21T11:00:00Z", "updated_at": "2026-11-21T11:04:00Z"}]}),
        "/actions/runs/9/jobs" => {
            json!({"total_count": 1, "jobs": [{"name": "build", "conclusion": "success",
            "started_at": "2026-11-21T11:00:10Z", "completed_at": "2026-11-21T11:03:10Z"}]})
        }
        "/actions/secrets" => json!({"total_count": 1, "secrets": [{"name": "HETZNER_SSH_KEY"}]}),
        _ => return None,
    };
    Some(say(200, &answer))
}
