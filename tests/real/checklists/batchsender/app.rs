//! `BatchSender`'s own interface: health, batches and webhooks; and its worker's metrics.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

const TRACE: &str = "Error: connect ECONNREFUSED 10.0.3.7:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] \
    (node:net:1555:16)\n    at async handle (/app/apps/worker/src/index.ts:31:5)\n";
const METRICS: &str = "batches_processed_total 10212\nemails_sent_total 981233\nemails_failed_total 31\n\
    http_request_duration_seconds_bucket{le=\"0.5\"} 9000\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} 9004\n";

/// What the API answers; a broken one takes everything, and tells its inside.
pub(super) fn answer(request: &Request<Bytes>, is_broken: bool) -> Response<Body> {
    let asked = Asked::of(request);
    let kind = request.headers().get("content-type");
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    match (asked.method, asked.path) {
        ("GET", "/health") => say(200, &json!({"status": "ok"})),
        ("GET", "/metrics") if is_broken => metrics(),
        _ if is_broken => status(if asked.method == "POST" { 200 } else { 500 })
            .body(full(TRACE))
            .unwrap(),
        ("POST", "/webhooks/ses") => say(401, &json!({"error": "the signature is wrong"})),
        ("POST", "/api/batches") if !is_json => say(415, &json!({"error": "send JSON"})),
        ("POST", "/api/batches") => say(401, &json!({"error": "who are you?"})),
        _ => say(404, &json!({"error": "there is nothing here"})),
    }
}

/// What the worker answers inside.
pub(super) fn worker(request: &Request<Bytes>) -> Response<Body> {
    match Asked::of(request).path {
        "/metrics" => metrics(),
        _ => say(404, &json!({})),
    }
}

fn metrics() -> Response<Body> {
    let answer = status(200).header("content-type", "text/plain; version=0.0.4");
    answer.body(full(METRICS)).unwrap()
}

/// What the exporters of the cluster answer: every link speaks TLS, and the service answers.
pub(super) fn exporter() -> Response<Body> {
    let text = "probe_success{module=\"tcp_tls\",link=\"nats\"} 1\nprobe_success{module=\"http_tls\",link=\"api\"} 1\n";
    let answer = status(200).header("content-type", "text/plain; version=0.0.4");
    answer.body(full(text)).unwrap()
}
