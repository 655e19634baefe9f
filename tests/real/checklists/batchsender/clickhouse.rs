//! `BatchSender`'s ClickHouse, as its HTTP interface tells it: Debian's knows neither disks nor
//! backups.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::super::{Asked, say};
use crate::support::http::{Body, full, status};

const KEY: &str = "ch-read";

/// What it answers; a broken one deletes what is old, and its backups fail.
pub(super) fn answer(request: &Request<Bytes>, is_broken: bool) -> Response<Body> {
    let asked = Asked::of(request);
    let key = request.headers().get("x-clickhouse-key");
    if key.is_none_or(|key| key != KEY) {
        let refused = status(403).header("x-clickhouse-exception-code", 516);
        return refused
            .body(full(
                "Code: 516. DB::Exception: ready: Authentication failed",
            ))
            .unwrap();
    }
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    let text = url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "query").then(|| value.into_owned()))
        .unwrap_or_default();
    let rows = rows(&text, is_broken);
    // Integers of 64 bits are text unless their type is told.
    let meta: &[Value] = &["age", "value"].map(|name| json!({"name": name, "type": "Int64"}));
    let count = rows.as_array().map_or(0, Vec::len);
    say(
        200,
        &json!({"meta": meta, "data": rows, "rows": count, "statistics": {"elapsed": 0.001}}),
    )
}

fn rows(text: &str, is_broken: bool) -> Value {
    let ttl = if is_broken { "DELETE" } else { "TO DISK 's3'" };
    let table = |name: &str, rest: &str| {
        json!({"name": format!("default.{name}"), "engine": "MergeTree",
            "definition": format!("MergeTree ORDER BY timestamp {rest} SETTINGS storage_policy = 'cold'")})
    };
    let disk = |name: &str, kind: &str, object: &str| {
        json!({"name": name, "path": format!("/{name}"), "free_space": "60", "total_space": "100",
            "type": kind, "object_storage_type": object, "is_encrypted": 1})
    };
    let columns = [
        "action",
        "userId",
        "resource",
        "metadata",
        "timestamp",
        "ip",
        "userAgent",
    ];
    let all: &[(&str, Value)] = &[
        (
            "SELECT version()",
            json!([{"version": "25.8.4.13", "readonly": "0"}]),
        ),
        (
            "SHOW GRANTS",
            json!([{"GRANTS": "GRANT SHOW, SELECT ON *.* TO ready"}]),
        ),
        (
            "system.columns",
            columns.iter().map(|name| json!({"name": name})).collect(),
        ),
        ("max(timestamp)", json!([{"age": "420"}])),
        (
            "1 + (count() > 0)",
            json!([{"value": if is_broken { 1 } else { 2 }}]),
        ),
        (
            "system.tables",
            json!([
                table(
                    "events",
                    &format!("TTL event_date + toIntervalDay(90) {ttl}")
                ),
                table("audit_log", ""),
            ]),
        ),
        (
            "disk_name",
            json!([{"table": "default.events", "disk": "default"}, {"table": "default.events", "disk": "s3"}]),
        ),
        (
            "system.disks",
            json!([
                disk("default", "Local", "None"),
                disk("s3", "ObjectStorage", "S3")
            ]),
        ),
        (
            "system.storage_policies",
            json!([{"policy": "cold", "disks": ["default"]}, {"policy": "cold", "disks": ["s3"]}]),
        ),
        ("system.replicas", json!([])),
        (
            "count() AS parts",
            json!([{"table": "default.events", "partition": "202611", "parts": "12"}]),
        ),
    ];
    let known = all.iter().find(|(words, _)| text.contains(words));
    if let Some((_, rows)) = known {
        return rows.clone();
    }
    assert!(text.contains("system.backup"), "{text}");
    match (text.contains("count()"), is_broken) {
        (true, true) => json!([{"count": "1", "age": "950400"}]),
        (true, false) => json!([{"count": "30", "age": "5400"}]),
        (false, true) => json!([{"status": "BACKUP_FAILED"}]),
        (false, false) => json!([{"status": "BACKUP_CREATED"}]),
    }
}
