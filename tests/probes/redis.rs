//! The `redis` probe against servers in this process that say what they are told to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::redis::{Facts, Redis};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::http::{Server, raw};

fn probe(port: u16, more: &serde_json::Value) -> Redis {
    let mut fields = json!({"host": "cache.example", "port": port});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Redis = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe
}

fn with_password() -> serde_json::Value {
    json!({"password": "${secrets.REDIS}"})
}

fn context() -> Context {
    let secret = ("REDIS".to_owned(), Secret::new("s3cr3t"));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        ..crate::support::context(&[])
    }
}

async fn ask(probe: &Redis) -> Result<Answer<Facts>, ProbeError> {
    probe.gather(&context()).await
}

/// Answers each piece that it is sent with the next of these, then stays silent.
async fn says(answers: &'static [&'static str]) -> Server {
    raw(move |mut stream| async move {
        for answer in answers {
            if !matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {
                return;
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {}
    })
    .await
}

#[tokio::test]
async fn an_open_server_tells_all_and_what_it_keeps_back_is_a_gap() {
    const INFO: &str = "$32\r\nredis_version:7.2.0\r\nrole:master\r\n";
    let server = says(&[
        "+PONG\r\n",
        INFO,
        "-NOPERM this user has no permissions\r\n",
        "*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
    ])
    .await;
    let Answer { facts, gaps } = ask(&probe(server.port, &json!({}))).await.unwrap();
    assert_eq!((facts.auth_required, facts.ping), (Some(false), true));
    assert_eq!(facts.version.as_deref(), Some("7.2.0"));
    assert_eq!(facts.persistence.rdb_enabled, Some(false));
    assert_eq!((facts.protected_mode, facts.maxmemory_bytes), (None, None));
    let paths: Vec<&str> = gaps.keys().map(String::as_str).collect();
    assert_eq!(paths, ["protected_mode"]);
    assert_eq!(gaps["protected_mode"].reason, Reason::PermissionDenied);
}

#[tokio::test]
async fn without_a_password_only_that_one_is_needed_is_known() {
    let server = says(&["-NOAUTH Authentication required.\r\n"]).await;
    let Answer { facts, gaps } = ask(&probe(server.port, &json!({}))).await.unwrap();
    assert_eq!((facts.auth_required, facts.ping), (Some(true), false));
    assert_eq!(gaps["version"].reason, Reason::CredentialMissing);
    assert_eq!(gaps["persistence"].reason, Reason::CredentialMissing);
    assert_eq!(gaps["protected_mode"].reason, Reason::CredentialMissing);
}

#[tokio::test]
async fn protected_mode_is_known_from_its_refusal() {
    let server = says(&["-DENIED Redis is running in protected mode because …\r\n"]).await;
    let answer = ask(&probe(server.port, &with_password())).await.unwrap();
    assert_eq!(answer.facts.protected_mode, Some(true));
    assert_eq!(answer.facts.auth_required, None);
    assert_eq!(
        answer.gaps["auth_required"].reason,
        Reason::PermissionDenied
    );
}

#[tokio::test]
async fn a_refused_or_missing_password_is_our_inability() {
    let server = says(&["-NOAUTH x\r\n", "-WRONGPASS invalid s3cr3t\r\n"]).await;
    let told = ask(&probe(server.port, &with_password()))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    assert_eq!(
        told.cause,
        format!("cache.example:{} refused the password", server.port)
    );

    let unset = probe(server.port, &json!({"password": "${secrets.NONE}"}));
    let told = ask(&unset).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
    assert_eq!(
        server.connections(),
        1,
        "nothing is contacted without the secret"
    );
}

#[tokio::test]
async fn other_answers_are_the_targets_own() {
    for answer in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "-ERR max number of clients reached\r\n",
        "+HELLO\r\n",
        "$99999999999\r\n",
        "$-2\r\n",
        "$4\r\nPONG__",
        "*999999\r\n",
        "*1\r\n*1\r\n+PONG\r\n",
        "\r\n",
        "\0\u{1}\u{2}\n",
    ] {
        let server = says(Box::leak(Box::new([answer]))).await;
        let told = ask(&probe(server.port, &json!({}))).await.unwrap_err();
        assert_eq!(told.reason, Reason::ServiceProtocol, "{answer:?}: {told:?}");
    }
    let endless =
        raw(|mut stream| async move { while stream.write_all(&[b'+'; 4096]).await.is_ok() {} })
            .await;
    let told = ask(&probe(endless.port, &json!({}))).await.unwrap_err();
    assert_eq!(told.reason, Reason::ServiceProtocol);

    let closing = raw(|mut stream| async move { _ = stream.read(&mut [0; 64]).await }).await;
    let told = ask(&probe(closing.port, &json!({}))).await.unwrap_err();
    assert_eq!(told.reason, Reason::ServiceClosed);
}

#[tokio::test]
async fn silence_and_refusal_are_told_within_the_time() {
    let silent = says(&[]).await;
    let context = Context {
        timeout: Duration::from_millis(400),
        ..context()
    };
    let start = Instant::now();
    for (tls, reason) in [(false, Reason::ServiceTimeout), (true, Reason::TlsTimeout)] {
        let told = probe(silent.port, &json!({"tls": tls}))
            .gather(&context)
            .await;
        assert_eq!(told.unwrap_err().reason, reason);
    }
    assert!(start.elapsed() < Duration::from_secs(20));

    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let told = ask(&probe(port, &json!({}))).await.unwrap_err();
    assert_eq!(told.reason, Reason::TcpRefused);
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let probe = probe(
        6380,
        &json!({"tls": true, "user": "audit", "password": "${secrets.REDIS}"}),
    );
    assert_eq!(
        probe.reproduce(),
        r#"REDISCLI_AUTH="$REDIS" redis-cli -h cache.example -p 6380 --tls --user audit INFO"#
    );
    assert_eq!(probe.contacts()[0].access, Access::ReadOnly);
    for (wrong, field) in [
        (json!({"host": ""}), "host"),
        (json!({"host": "a", "port": 0}), "port"),
        (json!({"host": "a", "user": "u"}), "user"),
        (json!({"host": "a", "password": "plain"}), "password"),
    ] {
        let probe: Redis = serde_json::from_value(wrong).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field);
    }
}
