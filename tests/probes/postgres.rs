//! The `postgres` probe against servers in this process that are none, or do not answer.

use std::sync::Arc;
use std::time::Duration;

use ready::probe::postgres::Postgres;
use ready::probe::{Access, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::context;
use crate::support::http::{Server, raw};

fn probe(port: u16, more: &Value) -> Postgres {
    let mut fields = json!({
        "host": "db.example", "port": port, "user": "audit", "password": "${secrets.P}",
        "tls": "disable"
    });
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn told(server: &Server, more: &Value) -> ProbeError {
    let context = Context {
        secrets: Arc::new(Secrets::from_iter([(
            "P".to_owned(),
            Secret::new("canary"),
        )])),
        timeout: Duration::from_secs(2),
        ..context(&[])
    };
    let error = probe(server.port, more).gather(&context).await.unwrap_err();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    error
}

/// Reads a first message and answers these bytes; stays or closes.
async fn saying(bytes: &'static [u8], stay: bool) -> Server {
    raw(move |mut stream| async move {
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(bytes).await;
        while stay && matches!(stream.read(&mut buffer).await, Ok(1..)) {}
    })
    .await
}

#[tokio::test]
async fn what_is_no_server_is_told_apart() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let context = Context {
        secrets: Arc::new(Secrets::from_iter([("P".to_owned(), Secret::new("x"))])),
        ..context(&[])
    };
    let refused = probe(closed, &json!({}))
        .gather(&context)
        .await
        .unwrap_err();
    assert_eq!(refused.reason, Reason::TcpRefused);
    for (server, more, reason) in [
        (saying(b"", true).await, json!({}), Reason::ServiceTimeout),
        (saying(b"", false).await, json!({}), Reason::ServiceClosed),
        (
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await,
            json!({}),
            Reason::ServiceProtocol,
        ),
        (
            saying(b"N", true).await,
            json!({"tls": "verify"}),
            Reason::StarttlsRefused,
        ),
        (
            saying(b"SHTTP/1.1 400 Bad Request\r\n\r\n", false).await,
            json!({"tls": "verify"}),
            Reason::TlsNotTls,
        ),
    ] {
        let told = told(&server, &more).await;
        assert_eq!(told.reason, reason, "{more}: {told:?}");
    }
}

#[test]
fn the_plan_names_what_is_asked_and_the_command_no_secret() {
    let probe = probe(
        5432,
        &json!({"query": "SELECT 1", "database": "shop", "tls": "verify"}),
    );
    assert_eq!(probe.validate(), Ok(()));
    let contacts = probe.contacts();
    assert_eq!(contacts[0].place(), "db.example:5432");
    assert_eq!(contacts[0].access, Access::ReadOnly);
    assert!(contacts[0].action.contains("read-only query on shop"));
    let command = probe.reproduce();
    assert!(
        command.contains("PGPASSWORD=$P") || command.contains("PGPASSWORD=\"$P\""),
        "{command}"
    );
    assert!(command.contains("PGSSLMODE=verify-full"), "{command}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for (more, field) in [
        (json!({"host": " "}), "host"),
        (json!({"port": 0}), "port"),
        (json!({"user": ""}), "user"),
        (json!({"password": "written down"}), "password"),
        (json!({"migrations": "version"}), "migrations"),
        (json!({"migrations": "a; DROP TABLE b.c"}), "migrations"),
    ] {
        assert_eq!(
            probe(5432, &more).validate().unwrap_err().field,
            field,
            "{more}"
        );
    }
}
