//! The `prometheus` probe against servers in this process.

use std::time::Duration;

use http::{Request, Response};
use ready::probe::prometheus::{Facts, Prometheus};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};

use crate::support::context;
use crate::support::http::{Body, Server, clear, full, raw, status};

fn probe(port: u16, more: &Value) -> Prometheus {
    let mut fields = json!({"url": format!("http://prom.example:{port}/sub/")});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn ask(server: &Server, more: Value) -> Result<Answer<Facts>, ProbeError> {
    let context = Context {
        timeout: Duration::from_secs(3),
        ..context(&[])
    };
    let probe = probe(server.port, &more);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&context).await
}

async fn service() -> Server {
    clear(async |request: Request<bytes::Bytes>| -> Response<Body> {
        let query = request.uri().query().unwrap_or_default();
        let result = |kind: &str, result: Value| {
            let data = json!({"resultType": kind, "result": result});
            full(json!({"status": "success", "data": data}).to_string())
        };
        let many: Vec<Value> = (0..10_001)
            .map(|n| json!({"metric": {"n": n.to_string()}, "value": [1, "1"]}))
            .collect();
        let (code, body) = match (request.uri().path(), query) {
            ("/sub/api/v1/query", "query=one%7Ba%3D%22b%22%7D") => (
                200,
                result(
                    "vector",
                    json!([{"metric": {"a": "b"}, "value": [1.5, "97.5"]}]),
                ),
            ),
            ("/sub/api/v1/query", "query=nothing") => (200, result("vector", json!([]))),
            ("/sub/api/v1/query", "query=nan") => (200, result("scalar", json!([1.5, "NaN"]))),
            ("/sub/api/v1/query", "query=range") => (200, result("matrix", json!([]))),
            ("/sub/api/v1/query", "query=many") => (200, result("vector", json!(many))),
            ("/sub/api/v1/query", "query=bad") => (
                400,
                full(json!({"status": "error", "error": "parse error"}).to_string()),
            ),
            ("/sub/api/v1/query", "query=odd") => {
                (200, result("vector", json!([{"metric": {}, "value": [1, "many"]}])))
            }
            ("/sub/api/v1/query", "query=failed") => (
                200,
                full(json!({"status": "error", "data": {"resultType": "vector", "result": []}}).to_string()),
            ),
            ("/sub/api/v1/query", "query=partial") => {
                let data = json!({"resultType": "vector", "result": []});
                let body = json!({"status": "success", "data": data, "warnings": ["store 2 is down"]});
                (200, full(body.to_string()))
            }
            ("/sub/api/v1/targets", _) => {
                let target = |health: &str| json!({"labels": {"job": "j"}, "health": health, "lastError": ""});
                let health = request.headers().get("authorization").map(http::HeaderValue::as_bytes);
                let second = match health {
                    Some(b"Bearer new") => "unknown",
                    Some(b"Bearer odd") => "fine",
                    _ => "down",
                };
                let data = json!({"activeTargets": [target("up"), target(second)]});
                (200, full(json!({"status": "success", "data": data}).to_string()))
            }
            ("/sub/api/v1/query", "query=secret") => (401, full("Unauthorized")),
            ("/sub/api/v1/query", "query=broken") => (503, full("not ready")),
            _ => (200, full("<html>")),
        };
        status(code).body(body).unwrap()
    })
    .await
}

#[tokio::test]
async fn a_query_gives_a_number_or_none() {
    let server = service().await;
    let facts = ask(&server, json!({"query": "one{a=\"b\"}"}))
        .await
        .unwrap()
        .facts;
    assert_eq!(facts.value, Some(97.5));
    assert_eq!(facts.values.unwrap()[0].labels["a"], "b");
    let facts = ask(&server, json!({"query": "nothing", "auth": {"bearer": ""}}))
        .await
        .unwrap()
        .facts;
    assert_eq!((facts.value, facts.values), (None, Some(Vec::new())));
    let facts = ask(&server, json!({"query": "nan"})).await.unwrap().facts;
    assert_eq!((facts.value, facts.values.unwrap().len()), (None, 1));
    let Answer { facts, gaps } = ask(&server, json!({"query": "many"})).await.unwrap();
    assert!(facts.values.is_none());
    assert_eq!(gaps["value"].reason, Reason::FileTruncated);
}

#[tokio::test]
async fn a_part_of_the_whole_is_a_gap() {
    let server = service().await;
    let Answer { facts, gaps } = ask(&server, json!({"query": "partial"})).await.unwrap();
    assert_eq!((facts.value, facts.values), (None, None));
    for fact in ["value", "values"] {
        assert_eq!(gaps[fact].reason, Reason::ApiUnavailable);
        assert_eq!(gaps[fact].detail.as_deref(), Some("store 2 is down"));
    }
    // Nor is a target down that was not looked at yet.
    let targets = async |token: &str| {
        let secret = ("T".to_owned(), ready::secret::Secret::new(token));
        let context = Context {
            secrets: std::sync::Arc::new(ready::secret::Secrets::from_iter([secret])),
            ..context(&[])
        };
        let more = json!({"list": ["targets"], "auth": {"bearer": "${secrets.T}"}});
        probe(server.port, &more).gather(&context).await
    };
    let Answer { facts, gaps } = targets("new").await.unwrap();
    assert_eq!(facts.targets, None);
    assert_eq!(gaps["targets"].reason, Reason::ApiUnavailable);
    let facts = targets("old").await.unwrap().facts;
    let up: Vec<bool> = facts.targets.unwrap().iter().map(|one| one.up).collect();
    assert_eq!(up, [true, false]);
    let told = targets("odd").await.unwrap_err();
    assert_eq!(told.detail.as_deref(), Some("a target's health is `fine`"));
}

#[tokio::test]
async fn monitoring_in_trouble_is_our_inability() {
    let server = service().await;
    for (more, reason) in [
        (json!({"query": "bad"}), Reason::QueryRefused),
        (json!({"query": "range"}), Reason::QueryRefused),
        (json!({"query": "secret"}), Reason::CredentialRefused),
        (json!({"query": "broken"}), Reason::ApiUnavailable),
        (json!({"query": "garbage"}), Reason::ApiUnavailable),
        (json!({"query": "odd"}), Reason::ApiUnavailable),
        (json!({"query": "failed"}), Reason::ApiUnavailable),
        (json!({"list": ["rules"]}), Reason::ApiUnavailable),
        (
            json!({"query": "one", "auth": {"bearer": "${secrets.T}"}}),
            Reason::CredentialMissing,
        ),
    ] {
        let told = ask(&server, more.clone()).await.unwrap_err();
        assert_eq!(told.reason, reason, "{more}: {told:?}");
    }
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let told = ask(&silent, json!({"query": "up"})).await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
}

#[test]
fn what_cannot_be_asked_is_refused_and_the_rest_is_in_the_plan() {
    for (more, field) in [
        (json!({}), "query"),
        (
            json!({"query": "up", "url": "http://a.example/?x=1"}),
            "url",
        ),
        (json!({"query": "up", "url": "a.example"}), "url"),
        (
            json!({"query": "up", "auth": {"bearer": "t"}}),
            "auth.bearer",
        ),
    ] {
        assert_eq!(
            probe(1, &more).validate().unwrap_err().field,
            field,
            "{more}"
        );
    }
    let probe = probe(
        9090,
        &json!({"query": "up", "list": ["rules", "targets", "alertmanagers"]}),
    );
    assert_eq!(probe.contacts().len(), 4);
    assert!(probe.reproduce().contains("/sub/api/v1/query?query=up"));
}
