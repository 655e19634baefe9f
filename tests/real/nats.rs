//! The `nats` probe against Debian's nats-server.

use std::sync::Arc;

use ready::probe::nats::{Facts, Nats};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program;
use super::services::{Service, free_port};
use crate::support::certificates::{Authority, Leaf, pem};
use crate::support::context;

pub(super) async fn start(folder: TempDir, more: &[&str]) -> Option<Service> {
    let nats = program("nats-server")?;
    let arguments = |port: u16, folder: &std::path::Path| {
        let port = port.to_string();
        let own = ["-a", "127.0.0.1", "-p", &port];
        own.iter()
            .chain(more)
            .map(|word| word.replace("FOLDER", &folder.display().to_string()))
            .collect()
    };
    Some(Service::start(&nats, folder, arguments).await)
}

fn knowing(password: &str) -> Context {
    Context {
        secrets: Arc::new(Secrets::from_iter([(
            "P".to_owned(),
            Secret::new(password),
        )])),
        now: jiff::Timestamp::now(),
        ..context(&[])
    }
}

async fn ask(
    service: &Service,
    more: Value,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let mut fields = json!({"host": "localhost", "port": service.port});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Nats = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(context).await
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn an_open_server_tells_everything() {
    let monitoring = free_port();
    let port = monitoring.to_string();
    let more = ["-js", "-sd", "FOLDER", "-m", &port];
    let Some(service) = start(folder(), &more).await else {
        return;
    };
    let url = format!("http://localhost:{monitoring}");
    let anybody = knowing("");
    let Answer { facts, gaps } = ask(&service, json!({"monitoring": url}), &anybody)
        .await
        .unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert!(facts.ping && facts.jetstream && !facts.auth_required && !facts.tls_required);
    assert!(facts.version.starts_with("2.") && !facts.encrypted);
    assert_eq!(
        (facts.streams, facts.slow_consumers),
        (Some(Vec::new()), Some(0))
    );
    assert!(facts.connections.is_some() && facts.max_connections.unwrap() > 1000);

    make_a_stream(service.port).await;
    let facts = ask(&service, json!({"monitoring": url}), &anybody)
        .await
        .unwrap()
        .facts;
    let streams = facts.streams.unwrap();
    assert_eq!(
        (&*streams[0].name, streams[0].replicas, &*streams[0].storage),
        ("ORDERS", 1, "file")
    );
    assert_eq!(streams[0].messages, 1);

    let nobody = format!("http://localhost:{}", free_port());
    let gaps = ask(&service, json!({"monitoring": nobody}), &anybody)
        .await
        .unwrap()
        .gaps;
    assert_eq!(gaps["streams"].reason, Reason::TcpRefused);
}

/// By the requests that the protocol has for it.
async fn make_a_stream(port: u16) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    let config = json!({"name": "ORDERS", "subjects": ["orders"], "storage": "file", "num_replicas": 1,
        "retention": "limits", "discard": "old", "max_consumers": -1, "max_msgs": -1, "max_bytes": -1});
    let config = config.to_string();
    let text = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB in 1\r\nPUB $JS.API.STREAM.CREATE.ORDERS in {}\r\n{config}\r\n\
         PUB orders in 5\r\nhello\r\n",
        config.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = String::new();
    let mut buffer = [0; 8192];
    // Two answers: that the stream is made, and that the message is kept.
    while said.matches("MSG in 1 ").count() < 2 {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "{said}");
        said += &String::from_utf8_lossy(&buffer[..read]);
    }
    assert!(!said.contains("error"), "{said}");
}

#[tokio::test]
async fn logins_are_needed_taken_and_refused() {
    let Some(service) = start(folder(), &["--user", "audit", "--pass", "right"]).await else {
        return;
    };
    let login = json!({"user": "audit", "password": "${secrets.P}"});
    let facts = ask(&service, json!({}), &knowing("")).await.unwrap().facts;
    assert!(facts.auth_required && !facts.ping);
    let facts = ask(&service, login.clone(), &knowing("right"))
        .await
        .unwrap()
        .facts;
    assert!(facts.ping);
    let told = ask(&service, login, &knowing("wrong")).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    let Some(service) = start(folder(), &["--auth", "t0ken"]).await else {
        return;
    };
    let token = json!({"token": "${secrets.P}"});
    assert!(
        ask(&service, token, &knowing("t0ken"))
            .await
            .unwrap()
            .facts
            .ping
    );
}

#[tokio::test]
async fn tls_is_judged_before_a_password_is_sent() {
    let root = Authority::root("NATS");
    let identity = root.sign(&Leaf::good_for_years(&["localhost"]));
    let folder = folder();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("c.pem", pem("CERTIFICATE", &identity.chain[0]));
    write("k.pem", pem("PRIVATE KEY", identity.key.secret_der()));
    let more = [
        "--tls",
        "--tlscert",
        "FOLDER/c.pem",
        "--tlskey",
        "FOLDER/k.pem",
        "--user",
        "audit",
        "--pass",
        "right",
    ];
    let Some(service) = start(folder, &more).await else {
        return;
    };
    let doubting = knowing("right");
    let trusting = Context {
        net: context(std::slice::from_ref(&root.certificate)).net,
        ..doubting.clone()
    };
    let login = json!({"user": "audit", "password": "${secrets.P}"});
    let facts = ask(&service, login.clone(), &trusting).await.unwrap().facts;
    assert!(facts.ping && facts.encrypted && facts.tls_required && facts.tls.unwrap().verified);
    let told = ask(&service, login, &doubting).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsUnknownIssuer);
    let facts = ask(&service, json!({}), &doubting).await.unwrap().facts;
    assert!(!facts.tls.unwrap().verified && !facts.ping);
}
