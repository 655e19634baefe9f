//! The `env_file` probe on temporary files, and its secrecy in every output.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use ready::probe::env_file::{EnvFile, Facts, ValueKind};
use ready::probe::{Context, Probe, ProbeError};
use ready::reason::Reason;
use tempfile::TempDir;

use crate::support::binary::Bench;
use crate::support::context;

fn at(path: &str) -> EnvFile {
    EnvFile {
        path: Some(path.to_owned()),
        process: false,
    }
}

async fn ask(text: &[u8], mode: u32) -> Result<Facts, ProbeError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let context = Context {
        cwd: folder.path().into(),
        ..context(&[])
    };
    Ok(at(".env").gather(&context).await?.facts)
}

#[tokio::test]
async fn a_file_is_described_without_its_values() {
    let text = b"# production\nPORT=8080\nDB_PASSWORD=postgres\nAPI_KEY='changeme'\n\
        export TOKEN=\"f3b1c9d0\\\"7e5a4462b8\"\nnonsense\nSECRET=\nPORT=80\n";
    let facts = ask(text, 0o640).await.unwrap();
    assert!(facts.exists);
    let names: Vec<_> = facts.names.unwrap().into_iter().collect();
    assert_eq!(names, ["API_KEY", "DB_PASSWORD", "PORT", "SECRET", "TOKEN"]);
    let variables: Vec<_> = facts
        .variables
        .unwrap()
        .into_iter()
        .map(|one| (one.line.unwrap(), one.name, one.bytes, one.secret, one.kind))
        .collect();
    let is = |line, name: &str, bytes, secret, kind| (line, name.to_owned(), bytes, secret, kind);
    assert_eq!(
        variables,
        [
            is(2, "PORT", 4, false, ValueKind::Ok),
            is(3, "DB_PASSWORD", 8, true, ValueKind::Default),
            is(4, "API_KEY", 8, true, ValueKind::Placeholder),
            is(5, "TOKEN", 19, true, ValueKind::Ok),
            is(7, "SECRET", 0, true, ValueKind::Empty),
            is(8, "PORT", 2, false, ValueKind::Ok),
        ]
    );
    assert_eq!(
        facts.duplicates.unwrap().into_iter().collect::<Vec<_>>(),
        ["PORT"]
    );
    assert_eq!(facts.malformed_lines, Some(vec![6]));
    assert_eq!(facts.mode.as_deref(), Some("0640"));
    assert_eq!(facts.readable_by_others, Some(true));
    let closed = ask(b"", 0o600).await.unwrap();
    assert_eq!(closed.readable_by_others, Some(false));
    assert_eq!(closed.variables, Some(Vec::new()));
}

#[tokio::test]
async fn absence_leaves_the_other_facts_out() {
    let facts = at("/nowhere/.env")
        .gather(&context(&[]))
        .await
        .unwrap()
        .facts;
    assert_eq!(facts, Facts::default());
}

#[tokio::test]
async fn the_environment_of_the_run_is_described_too() {
    let env = [("API_TOKEN", "short"), ("HOME", "/root")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = Context {
        env: Arc::new(env.into()),
        ..context(&[])
    };
    let probe = EnvFile {
        path: None,
        process: true,
    };
    let facts = probe.gather(&context).await.unwrap().facts;
    let variables = facts.variables.unwrap();
    assert_eq!(variables[0].kind, ValueKind::Weak);
    assert_eq!(variables[1].kind, ValueKind::Ok);
    assert_eq!((variables[0].line, facts.mode), (None, None));
}

#[tokio::test]
async fn what_cannot_be_read_is_told_without_a_byte_of_it() {
    let error = ask(b"KEY=canary\xff\n", 0o600).await.unwrap_err();
    assert_eq!(error.reason, Reason::FileMalformed);
    assert!(!format!("{error:?}").contains("canary"));
    let large = vec![b'a'; 1024 * 1024 + 1];
    assert_eq!(
        ask(&large, 0o600).await.unwrap_err().reason,
        Reason::FileTruncated
    );
    for path in ["/", "/dev/zero"] {
        let error = at(path).gather(&context(&[])).await.unwrap_err();
        assert_eq!(error.reason, Reason::FileUnreadable);
        assert_eq!(error.cause, format!("{path} is not a file"));
    }
    // Root may read everything; anybody else is told that it is our side.
    if let Err(error) = ask(b"A=1\n", 0o000).await {
        assert_eq!(error.reason, Reason::PermissionDenied);
    }
}

#[test]
fn no_value_reaches_any_output() {
    const CANARY: &str = "cAnArY/plus+1\"%";
    let env = format!(
        "A_TOKEN={CANARY}\nURL=https://u:{CANARY}@h/\nB='{CANARY}' {CANARY}\n{CANARY}\n{CANARY}=1\nC=\"{CANARY}\n"
    );
    let profile = "ready: 1\nid: s\ntitle: S\nchecks:\n  \
        - {id: a, title: A, probe: {env_file: {path: .env}}, expect: 'env_file.variables.all(v, v.bytes > 1000)'}\n  \
        - {id: b, title: B, probe: {env_file: {process: true}}, expect: 'size(env_file.names) > 1000'}\n";
    let bench = Bench::new()
        .file("p.yaml", profile)
        .file(".env", env)
        .env("CANARY_TOKEN", CANARY);
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
    assert!(outputs[4].contains("A_TOKEN") && outputs[4].contains("CANARY_TOKEN"));
    for output in outputs {
        assert!(
            !output.contains("cAnArY"),
            "a value came through in {output}"
        );
        assert!(
            !output.contains("Y0FuQXJZ"),
            "a value came through in {output}"
        );
    }
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let probe: EnvFile = serde_json::from_str(r#"{"path": ".env"}"#).unwrap();
    assert_eq!(probe, at(".env"));
    assert_eq!(probe.validate(), Ok(()));
    assert_eq!(probe.reproduce(), "cut -d= -f1 .env");
    assert_eq!(probe.contacts()[0].action, "read .env");
    let process: EnvFile = serde_json::from_str(r#"{"process": true}"#).unwrap();
    assert_eq!(process.validate(), Ok(()));
    assert_eq!(process.contacts()[0].action, "read the environment");
    for wrong in [
        r"{}",
        r#"{"path": ""}"#,
        r#"{"path": "a", "process": true}"#,
    ] {
        let probe: EnvFile = serde_json::from_str(wrong).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, "path");
    }
}
