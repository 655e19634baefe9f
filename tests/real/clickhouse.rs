//! The `clickhouse` probe against Debian's ClickHouse, which is of 2018 and knows neither disks nor
//! backups.

use std::sync::Arc;

use ready::probe::clickhouse::{Clickhouse, Facts};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use super::program;
use super::services::Service;
use crate::support::context;

/// Users: the default one may do anything, `reader` may change no settings either.
const USERS: &str = "<yandex><profiles><default/><reading><readonly>1</readonly></reading></profiles>\
    <users><default><password>boss-password</password><networks><ip>::/0</ip></networks>\
    <profile>default</profile><quota>default</quota></default>\
    <reader><password>reader-password</password><networks><ip>::/0</ip></networks>\
    <profile>reading</profile><quota>default</quota></reader></users>\
    <quotas><default/></quotas></yandex>";

fn knowing(password: &str) -> Context {
    let secret = ("PASSWORD".to_owned(), Secret::new(password));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: std::time::Duration::from_secs(20),
        ..context(&[])
    }
}

async fn ask(service: &Service, more: Value, password: &str) -> Result<Answer<Facts>, ProbeError> {
    let mut fields = json!({
        "url": format!("http://localhost:{}", service.port), "password": "${secrets.PASSWORD}",
    });
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Clickhouse = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&knowing(password)).await
}

/// Writes, as the tests' own preparation.
async fn write(service: &Service, statement: &str) {
    use ready::probe::http::Http;
    let probe: Http = serde_json::from_value(json!({
        "url": format!("http://localhost:{}/", service.port), "method": "POST", "body": statement,
        "auth": {"basic": {"user": "default", "password": "${secrets.PASSWORD}"}},
    }))
    .unwrap();
    let facts = probe.gather(&knowing("boss-password")).await.unwrap().facts;
    assert_eq!(facts.status, 200, "{:?}", facts.body);
}

#[tokio::test]
async fn debians_server_tells_what_it_knows_and_takes_no_writes() {
    let Some(clickhouse) = program("clickhouse-server") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&clickhouse, folder, |port, folder| {
        let at = folder.display();
        let config = format!(
            "<yandex><logger><level>warning</level><log>{at}/log</log><errorlog>{at}/err</errorlog></logger>\
             <http_port>{port}</http_port><listen_host>127.0.0.1</listen_host><path>{at}/data/</path>\
             <tmp_path>{at}/tmp/</tmp_path><mark_cache_size>5368709</mark_cache_size>\
             <users_config>users.xml</users_config><default_profile>default</default_profile>\
             <default_database>default</default_database></yandex>"
        );
        std::fs::write(folder.join("config.xml"), config).unwrap();
        std::fs::write(folder.join("users.xml"), USERS).unwrap();
        vec![format!("--config-file={at}/config.xml")]
    })
    .await;
    write(&service, "CREATE TABLE audit_log (action String, timestamp DateTime, d Date) ENGINE = MergeTree(d, action, 8192)").await;
    for _ in 0..3 {
        write(
            &service,
            "INSERT INTO audit_log VALUES ('login', now(), today())",
        )
        .await;
    }
    let more = json!({"query": "SELECT count() AS n FROM audit_log"});
    for (user, password) in [("", "boss-password"), ("reader", "reader-password")] {
        let mut more = more.clone();
        more["user"] = json!(user);
        let Answer { facts, gaps } = ask(&service, more, password).await.unwrap();
        assert!(gaps.is_empty(), "{user}: {gaps:?}");
        assert!(facts.version.starts_with("18."), "{}", facts.version);
        assert_eq!((facts.sees_all, facts.value), (Some(true), Some(json!(3))));
        let tables = facts.tables.unwrap();
        assert_eq!(
            (&*tables[0].name, &*tables[0].engine),
            ("default.audit_log", "MergeTree")
        );
        let most = facts.most_parts.unwrap();
        assert!(
            most.table == "default.audit_log" && most.parts >= 1.0,
            "{most:?}"
        );
        assert_eq!(facts.replicas, Some(Vec::new()));
        // What this version does not have is left out.
        assert!(facts.disks.is_none() && facts.policies.is_none() && facts.backups.is_none());
    }
    for (query, reason) in [
        (
            "INSERT INTO audit_log VALUES ('x', now(), today())",
            Reason::QueryRefused,
        ),
        ("DROP TABLE audit_log", Reason::QueryRefused),
        ("SELECT * FROM nowhere", Reason::QueryRefused),
        ("SELECT number FROM system.numbers", Reason::FileTruncated),
    ] {
        for (user, password) in [("", "boss-password"), ("reader", "reader-password")] {
            let more = json!({"query": query, "user": user});
            let gaps = ask(&service, more, password).await.unwrap().gaps;
            assert_eq!(gaps["rows"].reason, reason, "{user} {query}: {gaps:?}");
        }
    }
    let count = ask(&service, more, "boss-password")
        .await
        .unwrap()
        .facts
        .value;
    assert_eq!(count, Some(json!(3)), "nothing was written");
    let told = ask(&service, json!({}), "wrong-canary").await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    assert!(!format!("{told:?}").contains("canary"));
}
