//! The `prometheus` probe against Debian's Prometheus and Alertmanager.

use std::time::{Duration, Instant};

use ready::probe::prometheus::{Facts, Prometheus};
use ready::probe::{Answer, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};

use super::program;
use super::services::{Service, free_port};
use crate::support::context;

async fn ask(service: &Service, more: Value) -> Result<Answer<Facts>, ProbeError> {
    let mut fields = json!({"url": format!("http://localhost:{}", service.port)});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Prometheus = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&context(&[])).await
}

/// Asks until it is so: the server looks at its targets and rules in its own time.
async fn until(service: &Service, more: Value, so: impl Fn(&Facts) -> bool) -> Facts {
    let start = Instant::now();
    loop {
        let asked = ask(service, more.clone()).await;
        match asked {
            Ok(answer) if so(&answer.facts) => return answer.facts,
            other => assert!(start.elapsed() < Duration::from_mins(1), "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn queries_rules_targets_and_alertmanagers() {
    let (Some(prometheus), Some(manager)) =
        (program("prometheus"), program("prometheus-alertmanager"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("m.yml"),
        "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
    )
    .unwrap();
    let manager = Service::start(&manager, folder, |port, folder| {
        vec![
            format!("--config.file={}/m.yml", folder.display()),
            format!("--storage.path={}/data", folder.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ]
    })
    .await;
    let (dead, managing) = (free_port(), manager.port);
    let folder = tempfile::tempdir().unwrap();
    let rules = "groups:\n- name: shop\n  rules:\n  \
                 - {alert: Down, expr: up == 0, for: 0s, labels: {severity: page}}\n  \
                 - {alert: Never, expr: up > 5, for: 5m}\n";
    std::fs::write(folder.path().join("r.yml"), rules).unwrap();
    let service = Service::start(&prometheus, folder, |port, folder| {
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [r.yml]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{managing}']}}]}}]}}\n\
         scrape_configs:\n\
         - {{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n\
         - {{job_name: dead, static_configs: [{{targets: ['127.0.0.1:{dead}']}}]}}\n"
        );
        std::fs::write(folder.join("p.yml"), config).unwrap();
        vec![
            format!("--config.file={}/p.yml", folder.display()),
            format!("--storage.tsdb.path={}/data", folder.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    })
    .await;

    // Until each was looked at they are a gap.
    let facts = until(&service, json!({"list": ["targets"]}), |facts| {
        facts
            .targets
            .as_ref()
            .is_some_and(|targets| targets.len() == 2)
    })
    .await;
    let dead = facts
        .targets
        .unwrap()
        .into_iter()
        .find(|target| target.job == "dead")
        .unwrap();
    assert!(!dead.up && dead.error.unwrap().contains("refused"));
    let facts = until(&service, json!({"list": ["rules"]}), |facts| {
        let rules = facts.rules.as_ref().unwrap();
        rules
            .iter()
            .any(|rule| rule.name == "Down" && rule.state.as_deref() == Some("firing"))
    })
    .await;
    let rules = facts.rules.unwrap();
    let never = rules.iter().find(|rule| rule.name == "Never").unwrap();
    assert_eq!(
        (never.for_seconds, never.state.as_deref()),
        (Some(300.0), Some("inactive"))
    );
    assert_eq!(
        (&*never.kind, &*never.health, &*never.query),
        ("alerting", "ok", "up > 5")
    );
    let managers = until(&service, json!({"list": ["alertmanagers"]}), |facts| {
        !facts.alertmanagers.as_ref().unwrap().is_empty()
    })
    .await;
    assert!(managers.alertmanagers.unwrap()[0].contains(&manager.port.to_string()));
    let facts = ask(&service, json!({"query": "count(up == 0)"}))
        .await
        .unwrap()
        .facts;
    assert_eq!(facts.value, Some(1.0));
    let facts = ask(&service, json!({"query": "vector(1) > 2"}))
        .await
        .unwrap()
        .facts;
    assert_eq!((facts.value, facts.values.unwrap().len()), (None, 0));
    let told = ask(&service, json!({"query": "up ("})).await.unwrap_err();
    assert_eq!(told.reason, Reason::QueryRefused);
    assert!(told.detail.unwrap().contains("parse error"));
}
