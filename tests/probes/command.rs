//! The `command` probe with real programs: `sh` and what every system has.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::command::{Command, Facts};
use ready::probe::{Access, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::json;

use crate::support::binary::Bench;

fn command(fields: serde_json::Value) -> Command {
    let command: Command = serde_json::from_value(fields).unwrap();
    assert_eq!(command.validate(), Ok(()));
    command
}

fn sh(text: &str) -> Command {
    command(json!({"argv": [text], "shell": true}))
}

fn context() -> Context {
    let env = [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/"),
        ("PASSED", "through"),
        ("KEPT", "back"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secret = ("TOKEN".to_owned(), Secret::new("s3cr3t \"value\""));
    Context {
        env: Arc::new(env.into()),
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: Duration::from_secs(30),
        ..crate::support::context(&[])
    }
}

async fn run(command: &Command) -> Facts {
    let answer = command.gather(&context()).await.unwrap();
    assert!(answer.gaps.is_empty());
    answer.facts
}

async fn error(command: &Command) -> ProbeError {
    command.gather(&context()).await.unwrap_err()
}

#[tokio::test]
async fn the_end_and_both_outputs_are_facts() {
    let facts = run(&sh("echo said; echo complained >&2; exit 3")).await;
    assert_eq!((facts.exit_code, facts.signal), (Some(3), None));
    assert_eq!((&*facts.stdout, &*facts.stderr), ("said\n", "complained\n"));
    assert!(!facts.truncated && facts.duration_ms > 0.0);
    assert_eq!((facts.json, facts.number), (None, None));

    let facts = run(&sh("kill -TERM $$")).await;
    assert_eq!((facts.exit_code, facts.signal), (None, Some(15)));
}

#[tokio::test]
async fn arguments_reach_the_program_as_they_are() {
    let hostile = "$(touch /tmp/x); `id` * 'q' \"d\"";
    let facts = run(&command(
        json!({"argv": ["printf", "%s|", hostile, "", "a b"]}),
    ))
    .await;
    assert_eq!(facts.stdout, format!("{hostile}||a b|"));
}

#[tokio::test]
async fn json_and_numbers_are_read() {
    let facts = run(&sh(r#"echo '{"free": [1, 2.5]}'"#)).await;
    assert_eq!(facts.json, Some(json!({"free": [1, 2.5]})));
    let mut used = sh("echo 'used: 81.5%'");
    used.number = Some(r"used: ([\d.]+)%".to_owned());
    assert_eq!(run(&used).await.number, Some(81.5));
    used.number = Some("free: ([0-9]+)".to_owned());
    assert_eq!(run(&used).await.number, None);
}

#[tokio::test]
async fn only_listed_variables_are_passed() {
    let program = command(json!({
        "argv": ["env"], "env": ["PASSED", "NOT_SET"], "set": {"KEY": "Bearer ${secrets.TOKEN}"},
    }));
    let facts = run(&program).await;
    let mut lines: Vec<&str> = facts.stdout.lines().collect();
    lines.sort_unstable();
    let expected = [
        "HOME=/",
        "KEY=Bearer s3cr3t \"value\"",
        "PASSED=through",
        "PATH=/usr/bin:/bin",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn input_and_folder_are_given() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("here"), "").unwrap();
    let program = command(json!({
        "argv": ["sh", "-c", "ls; cat"], "cwd": folder.path(), "stdin": "<${secrets.TOKEN}>",
    }));
    assert_eq!(run(&program).await.stdout, "here\n<s3cr3t \"value\">");
    // Without any there is nothing to wait for, and nobody must read all of it.
    assert_eq!(run(&command(json!({"argv": ["cat"]}))).await.stdout, "");
    let unread = command(json!({"argv": ["true"], "stdin": "x".repeat(1 << 20)}));
    assert_eq!(run(&unread).await.exit_code, Some(0));
}

#[tokio::test]
async fn output_is_bounded_and_what_is_no_text_is_replaced() {
    let mut much = sh("head -c 3000000 /dev/zero | tr '\\0' x; printf end >&2");
    much.max_output = 1000;
    much.number = Some("x".to_owned());
    let facts = run(&much).await;
    assert_eq!((facts.stdout.len(), &*facts.stderr), (1000, "end"));
    assert!(facts.truncated);
    assert_eq!(facts.exit_code, Some(0), "the rest is read, and dropped");
    let facts = run(&sh(r"printf 'a\377b'")).await;
    assert_eq!(facts.stdout, "a\u{fffd}b");
    let mut cut = sh("echo 1234");
    cut.max_output = 2;
    let facts = run(&cut).await;
    assert_eq!((&*facts.stdout, facts.json), ("12", None));
}

/// Runs with little time; it must not take much more.
async fn in_a_moment(command: &Command) -> ProbeError {
    let context = Context {
        timeout: Duration::from_millis(700),
        ..context()
    };
    let start = Instant::now();
    let told = command.gather(&context).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    told
}

#[tokio::test]
async fn a_program_that_prints_forever_is_ended() {
    let told = in_a_moment(&command(json!({"argv": ["yes", "again"]}))).await;
    assert_eq!(told.reason, Reason::ProbeTimeout);
    assert_eq!(told.cause, "yes did not end in time");
    assert!(told.detail.unwrap().contains(r": again\nagain\n"));
}

#[tokio::test]
async fn running_out_of_time_ends_all_that_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let text = format!(
        "sleep 301 & echo $! >> {0}; sh -c 'sleep 302 & echo $! >> {0}; wait' & echo $! >> {0}; wait",
        pids.display()
    );
    let told = in_a_moment(&sh(&text)).await;
    assert_eq!(told.reason, Reason::ProbeTimeout);
    let pids = std::fs::read_to_string(pids).unwrap();
    assert_eq!(pids.lines().count(), 3);
    for pid in pids.lines() {
        assert!(ends(pid).await, "{pid} is still there");
    }
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_ended_and_not_waited_for() {
    let start = Instant::now();
    let facts = run(&sh("sleep 303 & echo $!")).await;
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(facts.exit_code, Some(0));
    assert!(ends(facts.stdout.trim()).await);
}

#[tokio::test]
async fn nobody_waiting_any_more_ends_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let program = sh(&format!("sleep 304 & echo $! > {}; wait", file.display()));
    let context = context();
    let running = tokio::spawn(async move { program.gather(&context).await });
    let mut pid = String::new();
    while !pid.ends_with('\n') {
        tokio::time::sleep(Duration::from_millis(20)).await;
        pid = std::fs::read_to_string(&file).unwrap_or_default();
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(ends(pid.trim()).await);
}

/// Whether the process is gone, or at least ended, within some time.
async fn ends(pid: &str) -> bool {
    for _ in 0..200 {
        let state = std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", pid])
            .output()
            .unwrap();
        let state = String::from_utf8(state.stdout).unwrap();
        if state.trim().is_empty() || state.starts_with('Z') {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn what_cannot_be_run_is_our_inability() {
    let missing = error(&command(json!({"argv": ["no-such-program", "x"]}))).await;
    assert_eq!(missing.reason, Reason::ToolMissing);
    assert_eq!(missing.cause, "no-such-program is not installed");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), "#!/bin/sh\n").unwrap();
    let plain = command(json!({"argv": ["./plain"], "cwd": folder.path()}));
    let told = error(&plain).await;
    assert_eq!(told.reason, Reason::PermissionDenied);
    assert_eq!(told.cause, "./plain cannot be run");

    let nowhere = error(&command(json!({"argv": ["true"], "cwd": "no/such/folder"}))).await;
    assert_eq!(nowhere.reason, Reason::FolderMissing);
    assert_eq!(nowhere.cause, "the folder /no/such/folder does not exist");

    let unset = json!({"argv": ["true"], "set": {"A": "${secrets.NONE}"}});
    assert_eq!(
        error(&command(unset)).await.reason,
        Reason::CredentialMissing
    );
    let unset = json!({"argv": ["true"], "stdin": "${secrets.NONE}"});
    assert_eq!(
        error(&command(unset)).await.reason,
        Reason::CredentialMissing
    );
}

#[test]
fn fields_are_checked() {
    for (wrong, field) in [
        (json!({"argv": []}), "argv"),
        (json!({"argv": [""]}), "argv"),
        (json!({"argv": ["a\0b"]}), "argv"),
        (json!({"argv": ["a", "b"], "shell": true}), "argv"),
        (json!({"argv": ["a", "${secrets.T}"]}), "argv"),
        (json!({"argv": ["a"], "env": ["A=B"]}), "env"),
        (json!({"argv": ["a"], "set": {"1A": "x"}}), "set"),
        (json!({"argv": ["a"], "number": "("}), "number"),
        (json!({"argv": ["a"], "max_output": 0}), "max_output"),
        (
            json!({"argv": ["a"], "max_output": 70_000_000}),
            "max_output",
        ),
    ] {
        let probe: Command = serde_json::from_value(wrong.clone()).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{wrong}");
    }
}

#[test]
fn it_is_shown_by_hand_and_does_the_same() {
    let probe = command(json!({
        "argv": ["pg_isready", "-h", "it's"], "cwd": "/srv", "env": ["LANG"],
        "set": {"PGPASSWORD": "${secrets.PG}"}, "stdin": "x y",
    }));
    insta::assert_snapshot!(probe.reproduce(), @r#"cd /srv && printf %s 'x y' | env -i HOME="$HOME" PATH="$PATH" LANG="$LANG" PGPASSWORD="$PG" pg_isready -h 'it'\''s'"#);
    assert_eq!(probe.contacts()[0].access, Access::Exec);
    assert_eq!(probe.contacts()[0].action, r"run pg_isready -h 'it'\''s'");

    let probe = sh("printf '<%s>' \"$WORD\" *");
    let probe = Command {
        cwd: Some("/proc/self/attr".to_owned()),
        set: BTreeMap::from([("WORD".to_owned(), "a 'b'".to_owned())]),
        ..probe
    };
    let by_hand = std::process::Command::new("sh")
        .args(["-c", &probe.reproduce()])
        .output()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let facts = runtime.block_on(run(&probe));
    assert!(facts.stdout.starts_with("<a 'b'><"), "{}", facts.stdout);
    assert_eq!(facts.stdout.as_bytes(), by_hand.stdout);
}

#[test]
fn nothing_runs_unless_it_is_allowed() {
    const PROFILE: &str = "\
ready: 1
id: run
title: Run
secrets: {TOKEN: {about: a token}}
checks:
  - id: a
    title: It runs
    probe: {command: {argv: [sh, -c, 'echo x >> ran; echo \"$KEY\"'], set: {KEY: '${secrets.TOKEN}'}}}
    expect: command.exit_code == 0 && command.stdout == 'no'
";
    let path = std::env::var("PATH").unwrap();
    let bench = Bench::new()
        .file("p.yaml", PROFILE)
        .env("PATH", &path)
        .env("TOKEN", "canary-4242");
    let audit = |allow: &[&str]| {
        let ran =
            bench.ready(&[&["audit", "--profile", "p.yaml", "--report", "json"], allow].concat());
        assert!(!ran.out.contains("canary-4242"), "{}", ran.out);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let word = |key: &str| report["checks"][0][key].as_str().unwrap().to_owned();
        (ran.code, word("status"), word("reason"))
    };
    let ran = || Path::new(&bench.path("ran")).exists();

    let plan = bench.ready(&["plan", "--profile", "p.yaml"]);
    assert!(plan.out.contains("this machine"), "{}", plan.out);
    for allow in [&[][..], &["--allow", "intrusive"]] {
        let (code, status, reason) = audit(allow);
        assert_eq!(
            (code, &*status, &*reason),
            (Some(3), "skipped", "allow.exec")
        );
    }
    assert!(!ran(), "it ran without being allowed");
    let (code, status, reason) = audit(&["--allow", "exec"]);
    assert_eq!(
        (code, &*status, &*reason),
        (Some(1), "fail", "expect.false")
    );
    assert!(ran());
}
