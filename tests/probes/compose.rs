//! The `compose` probe on temporary files, and its secrecy in every output.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ready::probe::compose::{Compose, Facts, HealthcheckState, Service};
use ready::probe::env_file::ValueKind;
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::binary::Bench;
use crate::support::context;

fn probe(fields: &Value) -> Compose {
    serde_json::from_value(fields.clone()).unwrap()
}

/// Asks in a folder with these files.
async fn ask(files: &[(&str, &str)], fields: Value) -> Result<Answer<Facts>, ProbeError> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let context = Context {
        cwd: folder.path().into(),
        ..context(&[])
    };
    let probe = probe(&fields);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&context).await
}

/// The facts of one file, all of which are known.
async fn facts(text: &str) -> Facts {
    let Answer { facts, gaps } = ask(&[("compose.yaml", text)], json!({})).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    facts
}

fn service(facts: &Facts, name: &str) -> Service {
    let services = facts.services.as_ref().unwrap();
    services
        .iter()
        .find(|one| one.name == name)
        .unwrap()
        .clone()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

const FULL: &str = "
x-logging: &logging
  driver: json-file
  options: {max-size: 10m, max-file: '3', labels: s3cretlabel}
services:
  api:
    image: ghcr.io/zebu/api:1.4.2@sha256:0011
    restart: unless-stopped
    logging: *logging
    user: '10001:10001'
    read_only: true
    cap_drop: [all]
    cap_add: [CAP_NET_BIND_SERVICE]
    security_opt: [no-new-privileges:true]
    stop_grace_period: 1m30s
    healthcheck:
      test: [CMD, curl, -f, http://localhost/health]
      interval: 30s
      timeout: 1.5s
      retries: 3
      start_period: 500ms
    deploy:
      replicas: 2
      resources: {limits: {memory: 512M, cpus: '0.50', pids: 100}}
    depends_on:
      db: {condition: service_healthy}
    ports:
      - 127.0.0.1:8000:8000
      - {target: 9000, published: '9000-9001', protocol: udp, host_ip: '::1'}
    volumes: ['./conf:/conf:ro', 'data:/data', {type: tmpfs, target: /tmp}]
    env_file: [.env, {path: more.env, required: false}]
    environment: {MODE: production, HANDED_ON: }
  db:
    image: postgres
    mem_limit: 1g
    cpu_quota: 50000
    pids_limit: -1
    privileged: true
    network_mode: host
    pid: host
    ipc: host
    healthcheck: {disable: true}
    ports: ['5432:5432', '80']
    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']
    environment:
      - POSTGRES_PASSWORD=postgres
      - DATABASE_URL=postgres://app:qT9wzLm2kV8x@db/app
      - TLS_KEY=/run/secrets/key
  job:
    build: {context: .}
    deploy: {restart_policy: {condition: on-failure}}
    depends_on: [api]
    profiles: [jobs]
volumes: {data: }
";

#[tokio::test]
async fn a_service_that_is_set_up_well_is_told() {
    let facts = facts(FULL).await;
    assert!(facts.exists);
    assert_eq!(
        facts.files.as_deref(),
        Some(&["compose.yaml".to_owned()][..])
    );
    assert_eq!(facts.inactive, Some(set(&["job"])));
    let api = serde_json::to_value(service(&facts, "api")).unwrap();
    let expected = json!({
        "name": "api", "build": false, "restart": "unless-stopped",
        "healthcheck": {"state": "set", "interval_seconds": 30.0, "timeout_seconds": 1.5,
            "start_period_seconds": 0.5, "retries": 3},
        "limits": {"memory_bytes": 512 << 20, "cpus": 0.5, "pids": 100},
        "logging": {"driver": "json-file", "max_size_bytes": 10 << 20, "max_files": 3,
            "options": ["labels", "max-file", "max-size"]},
        "privileged": false, "user": "10001:10001", "read_only": true,
        "cap_add": ["NET_BIND_SERVICE"], "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "depends_on": [{"service": "db", "condition": "service_healthy"}],
        "env_files": [{"path": ".env", "required": true}, {"path": "more.env", "required": false}],
        "replicas": 2, "stop_grace_seconds": 90.0,
    });
    assert_eq!(api, expected);
    let images = serde_json::to_value(&facts.images).unwrap();
    let expected = json!([
        {"service": "api", "reference": "ghcr.io/zebu/api:1.4.2@sha256:0011", "registry": "ghcr.io",
            "repository": "zebu/api", "tag": "1.4.2", "digest": "sha256:0011", "pin": "digest",
            "build": false},
        {"service": "db", "reference": "postgres", "registry": "docker.io",
            "repository": "postgres", "pin": "none", "build": false},
    ]);
    assert_eq!(images, expected);
}

#[tokio::test]
async fn ports_mounts_and_variables_are_told() {
    let facts = facts(FULL).await;
    let port = |service: &str, address: &str, published, target, protocol: &str| {
        let (service, address) = (service.to_owned(), address.to_owned());
        (service, address, published, target, protocol.to_owned())
    };
    let ports = facts.ports.iter().flatten().cloned();
    let ports: Vec<_> = ports
        .map(|one| {
            (
                one.service,
                one.address,
                one.published,
                one.target,
                one.protocol,
            )
        })
        .collect();
    assert_eq!(
        ports,
        [
            port("api", "127.0.0.1", Some(8000), 8000, "tcp"),
            port("api", "::1", Some(9000), 9000, "udp"),
            port("api", "::1", Some(9001), 9000, "udp"),
            port("db", "0.0.0.0", Some(5432), 5432, "tcp"),
            port("db", "0.0.0.0", None, 80, "tcp"),
        ]
    );
    let mounts = facts.mounts.iter().flatten();
    let mounts: Vec<_> = mounts
        .map(|one| {
            (
                &*one.kind,
                one.source.as_deref(),
                &*one.target,
                one.read_only,
                one.engine_socket,
            )
        })
        .collect();
    let socket = "/var/run/docker.sock";
    assert_eq!(
        mounts,
        [
            ("bind", Some("./conf"), "/conf", true, false),
            ("volume", Some("data"), "/data", false, false),
            ("tmpfs", None, "/tmp", false, false),
            ("bind", Some(socket), socket, true, true),
        ]
    );
    let variables = facts.environment.iter().flatten();
    let variables: Vec<_> = variables
        .map(|one| (&*one.name, one.secret, one.written, one.kind))
        .collect();
    assert_eq!(
        variables,
        [
            ("HANDED_ON", false, false, None),
            ("MODE", false, true, Some(ValueKind::Ok)),
            ("POSTGRES_PASSWORD", true, true, Some(ValueKind::Default)),
            ("DATABASE_URL", true, true, Some(ValueKind::Ok)),
            ("TLS_KEY", true, false, Some(ValueKind::Ok)),
        ]
    );
}

#[tokio::test]
async fn what_is_set_up_badly_or_not_at_all_is_told() {
    let facts = facts(FULL).await;
    let db = service(&facts, "db");
    assert_eq!(db.restart, "no");
    assert_eq!(db.healthcheck.state, HealthcheckState::Disabled);
    assert_eq!(db.limits.memory_bytes, Some(1 << 30));
    assert_eq!((db.limits.cpus, db.limits.pids), (Some(0.5), None));
    assert!(db.privileged && !db.read_only && db.user.is_none() && db.logging.driver.is_none());
    let host = Some("host".to_owned());
    assert_eq!((&db.network_mode, &db.pid, &db.ipc), (&host, &host, &host));
    let all = ask(&[("compose.yaml", FULL)], json!({"profiles": ["jobs"]})).await;
    let job = service(&all.unwrap().facts, "job");
    assert!(job.build);
    assert_eq!(
        (&*job.restart, &*job.depends_on[0].condition),
        ("on-failure", "service_started")
    );
    assert_eq!(job.healthcheck.state, HealthcheckState::Absent);
}

#[tokio::test]
async fn files_are_found_and_merged_as_compose_does() {
    let base = "services: {web: {image: 'a:1', ports: ['80:80'], environment: {A: 1, B: 2}}, old: {image: x}}";
    let over =
        "services: {web: {image: 'a:2', ports: ['81:81'], environment: [B=3]}, old: !reset null}";
    let files = [
        ("docker-compose.yml", base),
        ("compose.override.yaml", over),
    ];
    let facts = ask(&files, json!({})).await.unwrap().facts;
    let read = facts.files.clone().unwrap();
    assert_eq!(read, ["docker-compose.yml", "compose.override.yaml"]);
    assert_eq!(facts.services.as_ref().unwrap().len(), 1);
    assert_eq!(facts.images.unwrap()[0].reference, "a:2");
    let ports = facts
        .ports
        .unwrap()
        .into_iter()
        .filter_map(|port| port.published);
    assert_eq!(ports.collect::<Vec<_>>(), [80, 81]);
    assert_eq!(facts.environment.unwrap().len(), 2, "B is set once");

    let named = [
        ("deploy/a.yml", base),
        (
            "deploy/b.yml",
            "services: {web: {ports: !override ['90:90'], logging: {driver: local}}}",
        ),
        (
            "deploy/.env",
            "COMPOSE_FILE=a.yml:b.yml\nCOMPOSE_PROFILES=x",
        ),
        ("compose.yaml", "services: {}"),
    ];
    let facts = ask(&named, json!({"folder": "deploy"}))
        .await
        .unwrap()
        .facts;
    assert_eq!(
        facts.files.clone().unwrap(),
        ["deploy/a.yml", "deploy/b.yml"]
    );
    assert_eq!(
        service(&facts, "web").logging.driver.as_deref(),
        Some("local")
    );
    assert_eq!(facts.ports.unwrap()[0].published, Some(90));
    let given = json!({"files": ["deploy/b.yml", "deploy/a.yml"]});
    let ports = ask(&named, given).await.unwrap().facts.ports.unwrap();
    assert_eq!(
        ports.len(),
        2,
        "what is overridden was there before: {ports:?}"
    );
}

#[tokio::test]
async fn what_services_extend_is_followed() {
    let base = "services:\n  base: {image: 'b:1', restart: always, cap_drop: [ALL], extends: deep}\n  \
        deep: {user: app, environment: {A: '${A:-x}'}}";
    let own = "services:\n  web: {extends: {file: common/base.yaml, service: base}, image: 'w:2'}\n  \
        other: {extends: web, cap_drop: !reset []}";
    let files = [("compose.yaml", own), ("common/base.yaml", base)];
    let facts = ask(&files, json!({})).await.unwrap().facts;
    assert_eq!(
        facts.files.clone().unwrap(),
        ["compose.yaml", "common/base.yaml"]
    );
    let web = service(&facts, "web");
    assert_eq!(
        (&*web.restart, web.user.as_deref()),
        ("always", Some("app"))
    );
    assert_eq!(web.cap_drop, set(&["ALL"]));
    assert_eq!(service(&facts, "other").cap_drop, set(&[]));
    assert_eq!(facts.images.unwrap()[0].reference, "w:2");
    assert_eq!(facts.environment.unwrap().len(), 2);

    for (text, reason) in [
        (
            "services: {a: {image: a, extends: b}, b: {image: b, extends: a}}",
            Reason::FileMalformed,
        ),
        (
            "services: {a: {image: a, extends: c}}",
            Reason::FileMalformed,
        ),
        (
            "services: {a: {image: a, extends: [c]}}",
            Reason::FileMalformed,
        ),
        (
            "services: {a: {extends: {service: b, file: 'https://h.example/b.yaml'}}}",
            Reason::FileUnreadable,
        ),
    ] {
        let told = ask(&[("compose.yaml", text)], json!({})).await.unwrap_err();
        assert_eq!(told.reason, reason, "{text}");
    }
}

#[tokio::test]
async fn variables_come_from_the_file_and_the_question_and_missing_ones_are_told() {
    let text = "services:\n  web:\n    image: 'app:${TAG:?which}'\n    restart: ${RESTART-always}\n    \
        ports: ['${PORT}:80']\n    environment:\n      PASSWORD: ${PASSWORD}\n      TOKEN: ${TOKEN}\n      \
        SECRET: ${SECRET:-postgres}\n      PRICE: $$5\n    labels: ['x=$NOWHERE']";
    let files = [
        ("compose.yaml", text),
        (".env", "PORT=8080\nTOKEN='f3b1c9d07e5a4462b8'\nREF=$PORT\n"),
    ];
    let Answer { facts, gaps } = ask(&files, json!({})).await.unwrap();
    assert_eq!(
        gaps.keys().collect::<Vec<_>>(),
        ["images"],
        "only what needs it is unknown"
    );
    assert_eq!(gaps["images"].reason, Reason::VariableUnset);
    assert!(gaps["images"].cause.contains("TAG") && facts.images.is_none());
    assert_eq!(facts.ports.as_ref().unwrap()[0].published, Some(8080));
    assert_eq!(service(&facts, "web").restart, "always");
    let unset: Vec<_> = facts
        .unset
        .iter()
        .flatten()
        .map(|one| (&*one.name, one.required))
        .collect();
    assert_eq!(
        unset,
        [("NOWHERE", false), ("PASSWORD", false), ("TAG", true)]
    );
    let variables = facts.environment.iter().flatten();
    let variables: Vec<_> = variables
        .map(|one| (&*one.name, one.secret, one.written, one.kind))
        .collect();
    assert_eq!(
        variables,
        [
            ("PASSWORD", true, false, None),
            ("PRICE", false, true, Some(ValueKind::Ok)),
            ("SECRET", true, true, Some(ValueKind::Default)),
            ("TOKEN", true, false, Some(ValueKind::Ok)),
        ]
    );
    let given = json!({"variables": {"TAG": "7", "PORT": "81", "PASSWORD": "x", "NOWHERE": ""}});
    let Answer { facts, gaps } = ask(&files, given).await.unwrap();
    assert!(gaps.is_empty() && facts.unset.unwrap().is_empty());
    assert_eq!(facts.images.unwrap()[0].reference, "app:7");
    assert_eq!(
        facts.ports.unwrap()[0].published,
        Some(81),
        "the question goes first"
    );

    let needs = [
        ("compose.yaml", "services: {a: {image: 'a:$REF'}}"),
        files[1],
    ];
    let Answer { facts, gaps } = ask(&needs, json!({})).await.unwrap();
    assert_eq!(
        gaps["images"].reason,
        Reason::VariableUnset,
        "it would have to be worked out"
    );
    assert!(facts.unset.unwrap().is_empty());
    let without = ask(&files, json!({"env_file": ""})).await.unwrap().gaps;
    assert!(without.contains_key("ports"));
}

#[tokio::test]
async fn files_that_compose_refuses_fail_and_show_no_value() {
    for text in [
        "services: [a",
        "services: {a: {image: s3cret, image: s3cret}}",
        "- services",
        "services: [a]",
        "services: {a: }",
        "services: {a: {restart: always}}",
        "services: {a: {image: 'a:'}}",
        "services: {a: {image: a, ports: {a: b}}}",
        "services: {a: {image: a, ports: [s3cret]}}",
        "services: {a: {image: a, environment: [[s3cret]]}}",
        "services: {a: {image: a, environment: {A: 's3cret$'}}}",
        "services: {a: {image: a, environment: ['=s3cret']}}",
        "services: {a: {image: a, privileged: s3cret}}",
        "services: {a: {image: a, mem_limit: s3cret}}",
        "services: {a: {image: a, stop_grace_period: s3cret}}",
        "services: {a: {image: a, healthcheck: s3cret}}",
        "services: {a: {image: a, logging: {options: {max-size: s3cret}}}}",
        "services: {a: {image: a, volumes: ['a::s3cret']}}",
        "services: {a: {image: a, depends_on: [[s3cret]]}}",
        "services: {a: {image: a, env_file: [{s3cret: a}]}}",
    ] {
        let told = ask(&[("compose.yaml", text)], json!({})).await.unwrap_err();
        assert_eq!(told.reason, Reason::FileMalformed, "{text}");
        assert!(!format!("{told:?}").contains("s3cret"), "{told:?}");
    }
    let binary = TempDir::new().unwrap();
    fs::write(binary.path().join("compose.yaml"), [0xff, 0xfe]).unwrap();
    let context = Context {
        cwd: binary.path().into(),
        ..context(&[])
    };
    let told = probe(&json!({})).gather(&context).await.unwrap_err();
    assert_eq!(told.reason, Reason::FileMalformed);
}

#[tokio::test]
async fn absence_is_a_fact_and_what_cannot_be_read_is_not() {
    let nothing = ask(&[("other", "")], json!({})).await.unwrap();
    assert_eq!(nothing, Facts::default().into());
    let files = [("compose.yaml", FULL)];
    let missing = ask(&files, json!({"files": ["compose.yaml", "prod.yaml"]}))
        .await
        .unwrap();
    assert!(!missing.facts.exists && missing.facts.services.is_none());
    let folder = ask(
        &[("compose.yaml/x", "")],
        json!({"files": ["compose.yaml"]}),
    )
    .await;
    assert_eq!(folder.unwrap_err().reason, Reason::FileUnreadable);
    let large = format!("# {}\n", "x".repeat(1 << 20));
    let told = ask(&[("compose.yaml", &large)], json!({}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    let mut many = "services:\n".to_owned();
    for number in 0..1001 {
        _ = writeln!(many, "  s{number}: {{image: a}}");
    }
    let told = ask(&[("compose.yaml", &many)], json!({}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    let ports = "services: {a: {image: a, ports: ['1-60000:1-60000']}}";
    let told = ask(&[("compose.yaml", ports)], json!({}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    let items = "'1-9000:1-9000', '127.0.0.1:1-9000:1-9000', ".repeat(1000);
    let ports = format!("services: {{a: {{image: a, ports: [{items}]}}}}");
    let told = ask(&[("compose.yaml", &ports)], json!({}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    let mut many = "services:\n".to_owned();
    for number in 0..60 {
        _ = writeln!(
            many,
            "  s{number}: {{image: a, extends: {{file: b.yaml, service: b}}}}"
        );
    }
    let large = format!(
        "services: {{b: {{image: b, cap_add: [{}]}}}}",
        "A, ".repeat(20_000)
    );
    let files = [("compose.yaml", &*many), ("b.yaml", &*large)];
    let told = ask(&files, json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    let include = "include: [other.yaml]\nservices: {a: {image: a}}";
    let Answer { facts, gaps } = ask(&[("compose.yaml", include)], json!({})).await.unwrap();
    assert!(facts.exists && facts.services.is_none() && facts.unset.is_none());
    assert_eq!(gaps["services"].reason, Reason::FileTruncated);
    assert_eq!(gaps.len(), 7);

    let closed = TempDir::new().unwrap();
    let path = closed.path().join("compose.yaml");
    fs::write(&path, FULL).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let context = Context {
        cwd: closed.path().into(),
        ..context(&[])
    };
    match probe(&json!({})).gather(&context).await {
        Err(told) => assert_eq!(told.reason, Reason::PermissionDenied),
        // Nothing is closed to root.
        Ok(answer) => assert!(answer.facts.exists && fs::read(&path).is_ok()),
    }
}

#[test]
fn values_of_variables_are_in_no_output() {
    let expect = "compose.environment.all(v, v.kind == 'weak') && size(compose.services) > 7";
    let profile = format!(
        "ready: 1\nid: p\ntitle: P\nchecks:\n  - {{id: a, title: A, probe: {{compose: {{}}}}, expect: \"{expect}\"}}\n"
    );
    let compose = "services:\n  web:\n    image: 'web:1'\n    environment:\n      PASSWORD: canary-wr1tten-0042\n      \
        TOKEN: ${TOKEN}\n      URL: 'postgres://me:canary-addr3ss-0042@db/x'\n    \
        logging: {driver: splunk, options: {splunk-token: canary-0pti0n-0042}}\n    \
        healthcheck: {test: 'curl -u me:canary-t3st-0042 localhost'}\n";
    let bench = Bench::new()
        .file("p.yaml", profile)
        .file("compose.yaml", compose)
        .file(".env", "TOKEN=canary-fr0m-file-0042\n");
    let mut args = vec!["audit", "--profile", "p.yaml", "--verbose"];
    for format in ["terminal=t", "json=j", "junit=x", "markdown=m"] {
        args.extend(["--report", format]);
    }
    let ran = bench.ready(&args);
    let gathered = bench.ready(&["gather", "--profile", "p.yaml", "--output", "e.json"]);
    let mut outputs = vec![
        ran.out,
        ran.err,
        gathered.out,
        gathered.err,
        bench.read("e.json"),
    ];
    outputs.extend(["t", "j", "x", "m"].map(|name| bench.read(name)));
    for output in &outputs {
        assert!(!output.contains("canary"), "{output}");
    }
    assert!(
        outputs[4].contains("splunk-token"),
        "it was read: {}",
        outputs[4]
    );
}

#[test]
fn what_cannot_be_asked_is_refused_and_plans_name_the_files() {
    for (fields, field) in [
        (json!({"files": [" "]}), "files"),
        (json!({"files": ["a\u{0}b"]}), "files"),
        (json!({"files": ["a"], "folder": "b"}), "folder"),
        (json!({"variables": {"A": "${secrets.A}"}}), "variables"),
    ] {
        assert_eq!(
            probe(&fields).validate().unwrap_err().field,
            field,
            "{fields}"
        );
    }
    let full = json!({"files": ["a/c.yaml", "a/p q.yaml"], "env_file": "prod.env",
        "profiles": ["x"], "variables": {"TAG": "1 2"}});
    let probe = probe(&full);
    assert_eq!(
        probe.reproduce(),
        "TAG='1 2' docker compose -f a/c.yaml -f 'a/p q.yaml' --env-file a/prod.env --profile x config --no-interpolate"
    );
    let action = &probe.contacts()[0].action;
    assert_eq!(action, "read a/c.yaml, a/p q.yaml and what they extend");
}
