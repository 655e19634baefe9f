//! The `redis` probe against Debian's Redis.

use std::sync::Arc;

use ready::probe::redis::{Facts, Redis, Role};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::json;
use tempfile::TempDir;

use super::program;
use super::services::{Service, free_port};
use crate::support::certificates::{Authority, Leaf, pem};
use crate::support::context;

pub(super) async fn start(folder: TempDir, more: &[&str]) -> Option<Service> {
    start_on(free_port(), folder, more).await
}

pub(super) async fn start_on(port: u16, folder: TempDir, more: &[&str]) -> Option<Service> {
    let redis = program("redis-server")?;
    let more: Vec<String> = more.iter().map(|&word| word.to_owned()).collect();
    let arguments = |port: u16, folder: &std::path::Path| {
        let own = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"];
        let mut all: Vec<String> = own.iter().map(|&word| word.to_owned()).collect();
        all.push(folder.display().to_string());
        all.extend(
            more.iter()
                .map(|word| word.replace("PORT", &port.to_string())),
        );
        all
    };
    Some(Service::start_on(port, &redis, folder, arguments).await)
}

async fn ask(
    service: &Service,
    more: serde_json::Value,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let mut fields = json!({"host": "localhost", "port": service.port});
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let probe: Redis = serde_json::from_value(fields).unwrap();
    probe.gather(context).await
}

fn knowing(name: &str, value: &str) -> Context {
    Context {
        secrets: Arc::new(Secrets::from_iter([(name.to_owned(), Secret::new(value))])),
        ..context(&[])
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn an_open_redis_tells_everything() {
    let more = [
        "--maxmemory",
        "64mb",
        "--maxmemory-policy",
        "allkeys-lru",
        "--appendonly",
        "yes",
    ];
    let Some(service) = start(folder(), &more).await else {
        return;
    };
    let Answer { facts, gaps } = ask(&service, json!({}), &context(&[])).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!((facts.auth_required, facts.ping), (Some(false), true));
    assert!(facts.version.unwrap().contains('.'));
    assert_eq!(
        (facts.role, facts.connected_replicas),
        (Some(Role::Master), Some(0))
    );
    assert_eq!(facts.maxmemory_bytes, Some(64 << 20));
    assert_eq!(facts.maxmemory_policy.as_deref(), Some("allkeys-lru"));
    assert!(facts.used_memory_bytes.unwrap() > 100_000);
    assert_eq!(
        (facts.keyspace_hits, facts.keyspace_misses),
        (Some(0), Some(0))
    );
    assert!(facts.connected_clients.unwrap() >= 1);
    assert_eq!(facts.protected_mode, Some(true));
    assert!(!facts.encrypted && facts.tls.is_none());
    let kept = facts.persistence;
    assert_eq!(
        (kept.aof_enabled, kept.rdb_enabled),
        (Some(true), Some(true))
    );
    assert_eq!(
        (kept.last_save_ok, kept.aof_last_write_ok),
        (Some(true), Some(true))
    );
    assert!((0..600).contains(&kept.last_save_age_seconds.unwrap()));
}

#[tokio::test]
async fn a_password_is_needed_taken_and_refused() {
    let more = ["--requirepass", "right-password", "--save", ""];
    let Some(service) = start(folder(), &more).await else {
        return;
    };
    let Answer { facts, gaps } = ask(&service, json!({}), &context(&[])).await.unwrap();
    assert_eq!((facts.auth_required, facts.ping), (Some(true), false));
    assert_eq!(gaps["role"].reason, Reason::CredentialMissing);

    let password = json!({"password": "${secrets.P}"});
    let right = knowing("P", "right-password");
    let Answer { facts, gaps } = ask(&service, password.clone(), &right).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!((facts.auth_required, facts.ping), (Some(true), true));
    assert_eq!(facts.persistence.rdb_enabled, Some(false));

    let wrong = knowing("P", "wrong-password");
    let told = ask(&service, password, &wrong).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
}

#[tokio::test]
async fn a_user_with_few_rights_leaves_gaps() {
    let more = ["--user", "audit", "on", ">pass", "~*", "+ping", "+info"];
    let Some(service) = start(folder(), &more).await else {
        return;
    };
    let login = json!({"user": "audit", "password": "${secrets.P}"});
    let Answer { facts, gaps } = ask(&service, login, &knowing("P", "pass")).await.unwrap();
    assert!(facts.ping && facts.role == Some(Role::Master));
    assert_eq!(
        facts.auth_required,
        Some(false),
        "strangers are let in beside the user"
    );
    let paths: Vec<&str> = gaps.keys().map(String::as_str).collect();
    assert_eq!(paths, ["persistence.rdb_enabled", "protected_mode"]);
    assert_eq!(gaps["protected_mode"].reason, Reason::PermissionDenied);
    // A password where none is set is of no use, and no trouble.
    let useless = json!({"password": "${secrets.P}"});
    let facts = ask(&service, useless, &knowing("P", "any"))
        .await
        .unwrap()
        .facts;
    assert_eq!((facts.auth_required, facts.ping), (Some(false), true));
}

#[tokio::test]
async fn a_replica_without_its_master_is_known() {
    let nobody = super::services::free_port().to_string();
    let more = ["--replicaof", "127.0.0.1", &nobody];
    let Some(service) = start(folder(), &more).await else {
        return;
    };
    let facts = ask(&service, json!({}), &context(&[])).await.unwrap().facts;
    assert_eq!(
        (facts.role, facts.master_link_up),
        (Some(Role::Replica), Some(false))
    );
}

#[tokio::test]
async fn tls_is_judged_before_a_password_is_sent() {
    let root = Authority::root("Redis");
    let identity = root.sign(&Leaf::good_for_years(&["localhost"]));
    let folder = folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("c.pem"), pem("CERTIFICATE", &identity.chain[0])).unwrap();
    std::fs::write(path("k.pem"), pem("PRIVATE KEY", identity.key.secret_der())).unwrap();
    let (certificate, key) = (path("c.pem"), path("k.pem"));
    let start_tls = async |clients: &'static str, folder| {
        let more = [
            "--port",
            "0",
            "--tls-port",
            "PORT",
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &certificate,
            "--tls-auth-clients",
            clients,
            "--requirepass",
            "p",
        ];
        start(folder, &more).await
    };
    let Some(service) = start_tls("no", tempfile::tempdir().unwrap()).await else {
        return;
    };
    let login = json!({"tls": true, "password": "${secrets.P}"});
    let trusting = Context {
        secrets: knowing("P", "p").secrets,
        now: jiff::Timestamp::now(),
        ..context(std::slice::from_ref(&root.certificate))
    };
    let facts = ask(&service, login.clone(), &trusting).await.unwrap().facts;
    let tls = facts.tls.unwrap();
    assert!(facts.encrypted && facts.ping && tls.verified);
    assert_eq!((&*tls.version, tls.problem), ("TLS1.3", None));

    let doubting = Context {
        now: jiff::Timestamp::now(),
        ..knowing("P", "p")
    };
    let told = ask(&service, login.clone(), &doubting).await.unwrap_err();
    assert!(told.reason.code().starts_with("tls."), "{told:?}");
    let facts = ask(&service, json!({"tls": true}), &doubting)
        .await
        .unwrap()
        .facts;
    assert!(!facts.tls.unwrap().verified && facts.auth_required == Some(true));
    let told = ask(&service, json!({}), &doubting).await.unwrap_err();
    assert!(matches!(
        told.reason,
        Reason::ServiceClosed | Reason::ServiceProtocol | Reason::TcpReset
    ));

    let wants = start_tls("yes", tempfile::tempdir().unwrap())
        .await
        .unwrap();
    let told = ask(&wants, login, &trusting).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsClientCertificate, "{told:?}");
}
