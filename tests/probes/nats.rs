//! The `nats` probe against servers in this process that say what they are told to.

use std::sync::Arc;
use std::time::Duration;

use ready::probe::nats::{Facts, Nats};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::context;
use crate::support::http::{Server, raw};

fn probe(port: u16, more: &Value) -> Nats {
    let mut fields = json!({"host": "queue.example", "port": port});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn ask(server: &Server, more: &Value) -> Result<Answer<Facts>, ProbeError> {
    let context = Context {
        secrets: Arc::new(Secrets::from_iter([(
            "P".to_owned(),
            Secret::new("canary"),
        )])),
        timeout: Duration::from_secs(2),
        ..context(&[])
    };
    let probe = probe(server.port, more);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&context).await
}

/// Greets with these bytes and answers whatever comes with those.
async fn saying(first: &'static str, then: &'static str) -> Server {
    raw(move |mut stream| async move {
        let mut buffer = [0; 1024];
        let _ = stream.write_all(first.as_bytes()).await;
        if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
            let _ = stream.write_all(then.as_bytes()).await;
            while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
        }
    })
    .await
}

const OPEN: &str = "INFO {\"version\":\"2.9.1\",\"max_payload\":1048576}\r\n";
const CLOSED: &str = "INFO {\"version\":\"2.9.1\",\"max_payload\":1,\"auth_required\":true}\r\n";

#[tokio::test]
async fn what_servers_say_is_told_apart() {
    let login = json!({"user": "audit", "password": "${secrets.P}"});
    for (first, then, more, reason) in [
        ("", "", json!({}), Reason::ServiceTimeout),
        (
            "HTTP/1.1 400 Bad\r\n",
            "",
            json!({}),
            Reason::ServiceProtocol,
        ),
        ("INFO {\r\n", "", json!({}), Reason::ServiceProtocol),
        (OPEN, "garbage\r\n", json!({}), Reason::ServiceProtocol),
        (OPEN, "", json!({"tls": true}), Reason::StarttlsRefused),
        (
            CLOSED,
            "-ERR 'Authorization Violation'\r\n",
            login.clone(),
            Reason::CredentialRefused,
        ),
        (
            OPEN,
            "-ERR 'maximum connections exceeded'\r\n",
            json!({}),
            Reason::ServiceRefused,
        ),
    ] {
        let server = saying(first, then).await;
        let told = ask(&server, &more).await.unwrap_err();
        assert_eq!(told.reason, reason, "{first} {then}: {told:?}");
        assert!(!format!("{told:?}").contains("canary"));
    }
    let open = saying(OPEN, "PING\r\nPONG\r\n").await;
    let facts = ask(&open, &json!({})).await.unwrap().facts;
    assert!(facts.ping && !facts.auth_required && facts.max_payload == 1_048_576);
    let closed = saying(CLOSED, "").await;
    let facts = ask(&closed, &json!({})).await.unwrap().facts;
    assert!(
        facts.auth_required && !facts.ping,
        "a stranger does not try"
    );
    let unset = probe(closed.port, &login)
        .gather(&context(&[]))
        .await
        .unwrap_err();
    assert_eq!(unset.reason, Reason::CredentialMissing);
}

#[test]
fn what_cannot_be_asked_is_refused_and_the_command_has_no_secret() {
    for (more, field) in [
        (json!({"host": ""}), "host"),
        (json!({"port": 0}), "port"),
        (json!({"user": "a"}), "user"),
        (json!({"user": "a", "password": "written"}), "password"),
        (json!({"token": "written"}), "token"),
        (json!({"monitoring": "not an address"}), "monitoring"),
    ] {
        assert_eq!(
            probe(1, &more).validate().unwrap_err().field,
            field,
            "{more}"
        );
    }
    let full =
        json!({"user": "a", "password": "${secrets.P}", "monitoring": "http://q.example:8222"});
    let probe = probe(4222, &full);
    assert_eq!(probe.contacts().len(), 3);
    assert!(probe.reproduce().contains("$P"));
}
