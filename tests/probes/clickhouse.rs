//! The `clickhouse` probe against servers in this process, in the shapes that new versions answer
//! in: rights, disks, storage policies, backups.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use ready::probe::clickhouse::{Clickhouse, Facts};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::{Reason, Side};
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::http::{Body, Server, clear, full, raw, status};

fn context(password: &str) -> Context {
    let secret = ("PASSWORD".to_owned(), Secret::new(password));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: Duration::from_secs(10),
        ..crate::support::context(&[])
    }
}

fn probe(port: u16, more: &Value) -> Clickhouse {
    let mut fields = json!({
        "url": format!("http://ch.example:{port}/"), "user": "audit", "password": "${secrets.PASSWORD}",
    });
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn ask(server: &Server, more: Value) -> Result<Answer<Facts>, ProbeError> {
    let probe = probe(server.port, &more);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&context("canary")).await
}

/// What a server is like.
#[derive(Clone, Copy, Debug, Default)]
struct Like {
    /// The login has rights on one database.
    few_rights: bool,
    /// No backup was made since there is a log.
    no_log: bool,
    /// The login may change no settings.
    readonly: bool,
}

fn table(columns: &[(&str, &str)], rows: &Value) -> Response<Body> {
    let meta: Vec<Value> = columns
        .iter()
        .map(|(name, kind)| json!({"name": name, "type": kind}))
        .collect();
    let count = rows.as_array().unwrap().len();
    let body = json!({"meta": meta, "data": rows, "rows": count, "statistics": {"elapsed": 0.001}});
    status(200)
        .header("content-type", "application/json; charset=UTF-8")
        .body(full(body.to_string()))
        .unwrap()
}

fn refused(code: u16, number: u32, words: &str) -> Response<Body> {
    status(code)
        .header("x-clickhouse-exception-code", number)
        .body(full(format!(
            "Code: {number}. DB::Exception: {words}. (version 24.8.4.13)"
        )))
        .unwrap()
}

fn answer(request: &Request<bytes::Bytes>, like: Like) -> Response<Body> {
    assert_eq!(
        request.method(),
        "GET",
        "which the server takes no writes by"
    );
    let query = request.uri().query().unwrap().to_owned();
    let pairs: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
    if request.headers()["x-clickhouse-key"] != "canary" {
        return refused(403, 516, "audit: Authentication failed");
    }
    let limited = pairs.contains_key("max_result_rows");
    let text = pairs["query"].as_str();
    let first = text.starts_with("SELECT version()");
    assert_eq!(limited, !like.readonly && !first, "{text}");
    if first {
        let readonly = if like.readonly { "1" } else { "0" };
        let row = json!([{"version": "24.8.4.13", "readonly": readonly}]);
        return table(&[("version", "String"), ("readonly", "String")], &row);
    }
    system(text, like).unwrap_or_else(|| own(text))
}

/// What the system's tables say; none for other queries.
fn system(text: &str, like: Like) -> Option<Response<Body>> {
    let has = |words: &str| text.contains(words);
    if text == "SHOW GRANTS" {
        let grant = if like.few_rights {
            "GRANT SELECT ON shop.* TO audit"
        } else {
            "GRANT SHOW, SELECT ON *.* TO audit"
        };
        return Some(table(&[("GRANTS", "String")], &json!([{"GRANTS": grant}])));
    }
    if has("system.tables") {
        let cold = "MergeTree PARTITION BY toYYYYMM(d) ORDER BY id TTL d + toIntervalDay(90) TO DISK 's3' SETTINGS storage_policy = 'cold'";
        return Some(table(
            &[
                ("name", "String"),
                ("engine", "String"),
                ("definition", "String"),
            ],
            &json!([{"name": "shop.events", "engine": "MergeTree", "definition": cold},
                {"name": "shop.plain", "engine": "Memory", "definition": "Memory"}]),
        ));
    }
    if has("disk_name") {
        return Some(table(
            &[],
            &json!([{"table": "shop.events", "disk": "default"}, {"table": "shop.events", "disk": "s3"}]),
        ));
    }
    if has("system.disks") {
        return Some(table(
            &[("name", "String")],
            &json!([
                {"name": "default", "path": "/", "free_space": "25", "total_space": "100", "type": "Local", "object_storage_type": "None", "is_encrypted": 0},
                {"name": "s3", "path": "/s3", "free_space": "18446744073709551615", "total_space": "18446744073709551615", "type": "ObjectStorage", "object_storage_type": "S3", "is_encrypted": 1},
            ]),
        ));
    }
    if has("system.storage_policies") {
        return Some(table(
            &[],
            &json!([{"policy": "cold", "disks": ["default"]}, {"policy": "cold", "disks": ["s3"]}]),
        ));
    }
    if has("system.replicas") {
        return Some(table(
            &[],
            &json!([{"table": "shop.r", "is_readonly": 1, "session_expired": 0, "absolute_delay": "7", "queue_size": 3, "total_replicas": 2, "active_replicas": 1}]),
        ));
    }
    if has("count() AS parts") {
        return Some(table(
            &[],
            &json!([{"table": "shop.events", "partition": "202611", "parts": "312"}]),
        ));
    }
    if has("system.backup_log") && like.no_log {
        return Some(refused(
            404,
            60,
            "Unknown table expression identifier 'system.backup_log'",
        ));
    }
    if has("system.backup") {
        return Some(match (has("count()"), like.no_log) {
            (true, _) => table(&[], &json!([{"count": "2", "age": "5400"}])),
            (false, true) => table(&[], &json!([{"status": "BACKUP_FAILED"}])),
            (false, false) => table(&[], &json!([{"status": "BACKUP_CREATED"}])),
        });
    }
    None
}

/// What queries of a profile give.
fn own(text: &str) -> Response<Body> {
    match text {
        "SELECT rows" => table(
            &[("n", "Nullable(UInt64)"), ("t", "String")],
            &json!([{"n": "7", "t": "8"}, {"n": null, "t": "9"}]),
        ),
        "SELECT one" => table(&[("count()", "UInt64")], &json!([{"count()": "41"}])),
        "SELECT many" => table(&[], &Value::Array(vec![json!({"a": 1}); 10_001])),
        "SELECT huge" => table(&[("a", "String")], &json!([{"a": "x".repeat(9 << 20)}])),
        "SELECT slow" => refused(500, 159, "Timeout exceeded"),
        "SELECT secret" => refused(500, 497, "audit: Not enough privileges"),
        "SELECT late" => status(200)
            .body(full(
                "{\"meta\":[],\"data\":[{\"a\":1}\nCode: 241. DB::Exception: Memory limit exceeded",
            ))
            .unwrap(),
        "INSERT INTO t VALUES (1)" => refused(500, 164, "Cannot execute query in readonly mode"),
        _ => refused(400, 62, "Syntax error"),
    }
}

async fn service(like: Like) -> Server {
    clear(move |request: Request<bytes::Bytes>| std::future::ready(answer(&request, like))).await
}

/// A server as it should be.
pub(crate) async fn good_service() -> Server {
    service(Like::default()).await
}

#[tokio::test]
async fn a_server_tells_how_its_data_is_kept() {
    let server = good_service().await;
    let Answer { facts, gaps } = ask(&server, json!({"query": "SELECT one"})).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(
        (&*facts.version, facts.encrypted, facts.sees_all),
        ("24.8.4.13", false, Some(true))
    );
    let tables = facts.tables.unwrap();
    assert_eq!(
        tables[0].ttl.as_deref(),
        Some("d + toIntervalDay(90) TO DISK 's3'")
    );
    assert_eq!(tables[0].policy.as_deref(), Some("cold"));
    assert_eq!(
        tables[0].disks,
        Some(vec!["default".to_owned(), "s3".to_owned()])
    );
    assert_eq!(
        (&tables[1].ttl, &tables[1].disks),
        (&None, &Some(Vec::new()))
    );
    let disks = facts.disks.unwrap();
    assert_eq!(
        (disks[0].kind.as_deref(), disks[0].free_percent),
        (Some("local"), Some(25.0))
    );
    assert_eq!(
        (disks[1].kind.as_deref(), disks[1].free_percent),
        (Some("s3"), None)
    );
    assert_eq!(
        (disks[0].encrypted, disks[1].encrypted),
        (Some(false), Some(true))
    );
    assert_eq!(facts.policies.unwrap()["cold"], ["default", "s3"]);
    let replica = &facts.replicas.unwrap()[0];
    assert!(replica.is_readonly && !replica.session_expired);
    assert_eq!(
        json!([
            replica.absolute_delay,
            replica.queue_size,
            replica.active_replicas
        ]),
        json!([7.0, 3.0, 1.0])
    );
    let most = facts.most_parts.unwrap();
    assert_eq!(
        (&*most.table, &*most.partition, most.parts.to_string()),
        ("shop.events", "202611", "312".to_owned())
    );
    let backups = facts.backups.unwrap();
    assert_eq!(
        (&*backups.newest, backups.created_age_seconds),
        ("BACKUP_CREATED", Some(5400.0))
    );
    assert_eq!(
        (facts.value, facts.rows.unwrap().len()),
        (Some(json!(41)), 1)
    );
    let facts = ask(&server, json!({"query": "SELECT rows"}))
        .await
        .unwrap()
        .facts;
    assert_eq!(json!(facts.rows), json!([{"n": 7, "t": "8"}, {"t": "9"}]));
    assert_eq!(facts.value, None);
}

#[tokio::test]
async fn few_rights_and_old_versions_are_told_apart_from_nothing() {
    let server = service(Like {
        few_rights: true,
        no_log: true,
        readonly: true,
    })
    .await;
    let Answer { facts, gaps } = ask(&server, json!({})).await.unwrap();
    assert_eq!(facts.sees_all, None);
    assert_eq!(gaps["sees_all"].reason, Reason::PermissionDenied);
    assert_eq!(facts.tables.unwrap().len(), 2);
    assert_eq!(facts.backups.unwrap().newest, "BACKUP_FAILED");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

#[tokio::test]
async fn a_query_that_cannot_be_answered_is_a_gap() {
    let server = service(Like::default()).await;
    for (query, reason) in [
        ("SELECT many", Reason::FileTruncated),
        ("SELECT huge", Reason::FileTruncated),
        ("SELECT slow", Reason::ServiceTimeout),
        ("SELECT secret", Reason::PermissionDenied),
        ("SELECT late", Reason::ServiceRefused),
        ("INSERT INTO t VALUES (1)", Reason::QueryRefused),
        ("nonsense", Reason::QueryRefused),
    ] {
        let Answer { facts, gaps } = ask(&server, json!({"query": query})).await.unwrap();
        assert_eq!((facts.rows, facts.value), (None, None), "{query}");
        for fact in ["rows", "value"] {
            assert_eq!(gaps[fact].reason, reason, "{query}: {gaps:?}");
        }
        assert!(facts.tables.is_some(), "{query}");
    }
}

#[tokio::test]
async fn logins_that_do_not_do_are_ours_and_what_is_no_server_is_the_targets() {
    let server = service(Like::default()).await;
    let right = probe(server.port, &json!({}));
    let told = right.gather(&context("wrong-canary")).await.unwrap_err();
    assert_eq!(
        (told.reason, told.side()),
        (Reason::CredentialRefused, Side::Ours)
    );
    assert!(!format!("{told:?}").contains("wrong-canary"));
    let before = server.requests();
    for context in [context(" "), crate::support::context(&[])] {
        let told = right.gather(&context).await.unwrap_err();
        assert_eq!(told.reason, Reason::CredentialMissing);
    }
    assert_eq!(server.requests(), before);
    let web =
        clear(async |_: Request<bytes::Bytes>| status(200).body(full("<html>")).unwrap()).await;
    let told = ask(&web, json!({})).await.unwrap_err();
    assert_eq!(
        (told.reason, told.side()),
        (Reason::ServiceProtocol, Side::Target)
    );
    let closed = raw(async |stream| drop(stream)).await;
    let told = ask(&closed, json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpClosed);
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(1),
        ..context("canary")
    };
    let told = probe(silent.port, &json!({}))
        .gather(&hurried)
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::HttpTimeout);
}

#[test]
fn the_plan_names_what_is_asked_and_the_command_no_secret() {
    let probe = probe(8123, &json!({"query": "SELECT '1'", "database": "shop"}));
    let contacts = probe.contacts();
    assert_eq!(
        (contacts[0].place(), contacts[0].access),
        ("ch.example:8123".to_owned(), Access::ReadOnly)
    );
    assert!(contacts[0].action.contains("read-only query"));
    let command = probe.reproduce();
    assert!(
        command.contains("$PASSWORD") && command.contains("database=shop"),
        "{command}"
    );
    for (more, field) in [
        (json!({"url": "ch.example:8123"}), "url"),
        (json!({"url": "http://ch.example/?user=me"}), "url"),
        (json!({"password": "written down"}), "password"),
    ] {
        let mut fields = json!({"url": "http://ch.example"});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let probe: Clickhouse = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{more}");
    }
}
