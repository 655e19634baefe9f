//! The `compose` probe on files, and on what Compose itself makes of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use ready::probe::compose::{Compose, Facts};
use ready::probe::{Context, Probe};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program;
use crate::support::context;

const BASE: &str = r#"
x-logging: &logging
  driver: json-file
  options: {max-size: "10m"}
services:
  web:
    image: "nginx:${TAG:-1.25}"
    restart: "${RESTART:-always}"
    logging: *logging
    ports: ["80:80", "127.0.0.1:${ADMIN_PORT}:9000", "7000-7001:7000-7001/udp"]
    environment:
      MODE: production
      PRICE: $$5
      EMPTY: ""
      URL: "postgres://app:${PASSWORD}@db/app"
    volumes: ["./conf:/conf:ro", "data:/data"]
    depends_on: [db]
    cap_drop: [ALL]
    healthcheck: {test: [CMD, "true"], interval: 30s, retries: 3}
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
    stop_grace_period: 1m30s
  db:
    extends: {file: common.yml, service: base}
    image: postgres:16
    environment: [POSTGRES_PASSWORD=postgres]
volumes: {data: {}}
"#;
const OVER: &str = r#"
services:
  web:
    image: nginx:1.27
    ports: ["443:443", "80:80"]
    environment: [MODE=staging, "EXTRA=${UNSET_BUT_DEFAULTED:-x}"]
    volumes: ["./other:/conf"]
    depends_on: {db: {condition: service_healthy}}
    healthcheck: {test: "curl localhost", timeout: 5s}
    logging: {options: {max-file: "3"}}
    cap_drop: [NET_RAW]
    user: "10001"
  db:
    logging: {driver: local}
    privileged: true
"#;
const COMMON: &str = r"
services:
  base:
    image: x
    restart: unless-stopped
    read_only: true
    logging: {driver: syslog, options: {tag: x}}
    security_opt: [no-new-privileges:true]
";

/// Compose, in either of its forms.
fn compose() -> Option<Vec<PathBuf>> {
    let newer = ["docker", "compose"].map(PathBuf::from);
    let has_newer = Command::new("docker").args(["compose", "version"]).output();
    if has_newer.is_ok_and(|ran| ran.status.success()) {
        return Some(newer.into());
    }
    Some(vec![program("docker-compose")?])
}

fn merged(compose: &[PathBuf], folder: &Path) -> String {
    let ran = Command::new(&compose[0])
        .args(&compose[1..])
        .args(["-f", "a.yml", "-f", "b.yml", "config"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap()
}

async fn facts(folder: &Path, fields: Value) -> Facts {
    let probe: Compose = serde_json::from_value(fields).unwrap();
    let context = Context {
        cwd: folder.into(),
        ..context(&[])
    };
    let answer = probe.gather(&context).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    answer.facts
}

/// What Compose merges is a Compose file itself, with nothing left to put in.
#[tokio::test]
async fn files_come_to_what_compose_makes_of_them() {
    let Some(compose) = compose() else { return };
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("a.yml", BASE),
        ("b.yml", OVER),
        ("common.yml", COMMON),
        (".env", "ADMIN_PORT=9001\nPASSWORD='k3Jx!9qT9wzLm2'\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let one = merged(&compose, folder.path());
    std::fs::write(folder.path().join("merged.yml"), &one).unwrap();
    let own = facts(folder.path(), json!({"files": ["a.yml", "b.yml"]})).await;
    let theirs = facts(folder.path(), json!({"files": ["merged.yml"]})).await;
    let data = |facts: Facts| {
        let mut data = serde_json::to_value(facts).unwrap();
        let fields = data.as_object_mut().unwrap();
        fields.remove("files");
        // Compose writes paths out, sorts, and puts values in the place of variables.
        for mount in fields["mounts"].as_array_mut().unwrap() {
            mount.as_object_mut().unwrap().remove("source");
        }
        for variable in fields["environment"].as_array_mut().unwrap() {
            variable.as_object_mut().unwrap().remove("written");
        }
        for list in ["ports", "environment", "mounts"] {
            let list = fields[list].as_array_mut().unwrap();
            list.sort_by_key(Value::to_string);
        }
        data
    };
    let (own, theirs) = (data(own), data(theirs));
    assert_eq!(own["services"].as_array().unwrap().len(), 2);
    assert_eq!(own["ports"].as_array().unwrap().len(), 5);
    assert_eq!(own, theirs, "{one}");
}
