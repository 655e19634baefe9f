//! The `host` probe on this machine, and with programs in the place of its own.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::host::{Facts, Host};
use ready::probe::{Access, Answer, Context, Probe, ProbeError, facts_schemas};
use ready::reason::Reason;
use serde_json::json;
use tempfile::TempDir;

use crate::support::binary::Bench;

fn host(fields: serde_json::Value) -> Host {
    let host: Host = serde_json::from_value(fields).unwrap();
    assert_eq!(host.validate(), Ok(()));
    host
}

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A context in which programs are looked for in `path`.
fn context(path: &str, seconds: u64) -> Context {
    Context {
        env: Arc::new(BTreeMap::from([("PATH".to_owned(), path.to_owned())])),
        timeout: Duration::from_secs(seconds),
        ..crate::support::context(&[])
    }
}

/// A folder with these programs, each the text of a shell.
fn programs(list: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in list {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

/// The answer of this machine with these programs in the place of its own.
async fn with(list: &[(&str, &str)], seconds: u64) -> Answer<Facts> {
    let folder = programs(list);
    let path = format!("{}:{PATH}", folder.path().display());
    let local = host(json!({}));
    local.gather(&context(&path, seconds)).await.unwrap()
}

/// Every fact is there, or there is a reason why not.
fn assert_nothing_is_silent(answer: &Answer<Facts>) {
    let facts = serde_json::to_value(&answer.facts).unwrap();
    let schema = facts_schemas()["host"].as_value().clone();
    for name in schema["properties"].as_object().unwrap().keys() {
        assert_ne!(
            facts.get(name).is_some(),
            answer.gaps.contains_key(name),
            "{name} is {:?} with {:?}",
            facts.get(name),
            answer.gaps.get(name)
        );
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Blocks, their size, and room for files of the root file system.
fn figures_of_root() -> [u64; 3] {
    let said = std::process::Command::new("stat")
        .args(["-f", "-c", "%b %S %c", "/"])
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let numbers: Vec<u64> = said
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

#[tokio::test]
async fn this_machine_is_as_the_kernel_says() {
    let open = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |socket: &std::net::TcpListener| socket.local_addr().unwrap().port();
    let answer = with(&[("apt-get", "echo slow >&2; exit 1")], 60).await;
    assert_nothing_is_silent(&answer);
    let facts = answer.facts;
    assert_eq!(facts.user_id, Some(rustix::process::getuid().as_raw()));
    assert_eq!(
        facts.kernel.unwrap().running,
        read("/proc/sys/kernel/osrelease").trim()
    );
    let total = read("/proc/meminfo")
        .split_whitespace()
        .nth(1)
        .unwrap()
        .to_owned();
    let memory = facts.memory.unwrap();
    assert_eq!(memory.total_bytes, total.parse::<u64>().unwrap() * 1024);
    assert!(memory.available_bytes < memory.total_bytes);
    assert!((0.0..100.0).contains(&memory.used_percent));
    let uptime: f64 = read("/proc/uptime")
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    #[expect(clippy::cast_precision_loss, reason = "seconds since a start")]
    let told = facts.uptime_seconds.unwrap() as f64;
    assert!((0.0..120.0).contains(&(uptime - told)), "{uptime} {told}");
    let processors = read("/proc/cpuinfo")
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    assert_eq!(facts.cpus.map(|cpus| cpus as usize), Some(processors));
    assert!(facts.load.unwrap().fifteen >= 0.0);

    let [blocks, size, files] = figures_of_root();
    let filesystems = facts.filesystems.unwrap();
    let told = filesystems.iter().find(|one| one.mount == "/").unwrap();
    assert_eq!(told.total_bytes, blocks * size);
    let inodes = facts.inodes.unwrap();
    let inodes = inodes.iter().find(|one| one.mount == "/");
    assert_eq!(inodes.map_or(0, |one| one.total), files);

    let users = facts.users.unwrap();
    assert_eq!(users.root, ["root"]);

    // What is not installed is a gap.
    let Some(listening) = facts.listening else {
        assert_eq!(answer.gaps["listening"].reason, Reason::ToolMissing);
        return;
    };
    let find = |port| listening.iter().find(|one| one.port == port).unwrap();
    assert_eq!(&*find(port(&open)).address, "0.0.0.0");
    assert!(!find(port(&open)).loopback);
    assert!(find(port(&own)).loopback);
    if facts.user_id == Some(0) {
        let owners = facts.socket_owners.unwrap();
        let owner = owners.iter().find(|one| one.port == port(&own)).unwrap();
        assert_eq!(owner.program, read("/proc/self/comm").trim());
    }
}

#[tokio::test]
async fn what_a_machine_does_not_give_is_a_gap_with_its_reason() {
    let answer = with(
        &[
            ("ufw", "echo 'ERROR: You need to be root to run this script' >&2; exit 1"),
            ("df", "echo nonsense; echo more nonsense"),
            ("sshd", "exit 126"),
            ("fail2ban-client", "echo 'ERROR Failed to access socket path: x. Is fail2ban running?' >&2; exit 255"),
            ("systemctl", "echo 'System has not been booted with systemd as init system (PID 1).' >&2; exit 1"),
            ("timedatectl", "echo NTPSynchronized=perhaps"),
            ("ip", "echo broken >&2; exit 3"),
            ("apt-get", "yes"),
            ("ss", "tr '\\0' x </dev/zero"),
            ("dockerd", "exit 0"),
            ("unattended-upgrade", "exit 0"),
            ("apt-config", "exec sleep 300"),
        ],
        12,
    )
    .await;
    assert_nothing_is_silent(&answer);
    for (fact, reason) in [
        ("firewall", Reason::PermissionDenied),
        ("filesystems", Reason::ToolFailed),
        ("inodes", Reason::ToolFailed),
        ("sshd", Reason::PermissionDenied),
        ("units", Reason::ToolMissing),
        ("timers", Reason::ToolMissing),
        ("time", Reason::ToolFailed),
        ("addresses", Reason::ToolFailed),
        ("updates", Reason::FileTruncated),
        ("listening", Reason::FileTruncated),
        ("socket_owners", Reason::FileTruncated),
        ("unattended_upgrades", Reason::ProbeTimeout),
    ] {
        assert_eq!(
            answer.gaps.get(fact).map(|gap| gap.reason),
            Some(reason),
            "{fact}"
        );
    }
    assert_eq!(
        answer.gaps["addresses"].cause,
        "this machine could not tell of addresses"
    );
    assert_eq!(
        answer.gaps["addresses"].detail.as_deref(),
        Some("exit code 3: broken")
    );
    let fail2ban = answer.facts.fail2ban.unwrap();
    assert!(!fail2ban.running && fail2ban.jails.is_none());
    assert_eq!(
        answer.facts.docker_daemon.unwrap().data_root,
        "/var/lib/docker"
    );
}

#[tokio::test]
async fn what_was_told_before_the_time_was_over_is_kept() {
    let start = Instant::now();
    let slow = [("fail2ban-client", "trap '' TERM; sleep 300")];
    let folder = programs(&slow);
    let path = format!("{}:{PATH}", folder.path().display());
    let context = context(&path, 3);
    let answer = host(json!({})).gather(&context).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_nothing_is_silent(&answer);
    assert!(answer.facts.memory.is_some() && answer.facts.filesystems.is_some());
    let late = &answer.gaps["cron"];
    assert_eq!(late.reason, Reason::ProbeTimeout);
    assert_eq!(late.cause, "looking around this machine took too long");
}

#[tokio::test]
async fn sudo_is_used_where_it_asks_for_nothing() {
    let ask = async |sudo: &[(&str, &str)], path: &str| -> Result<Facts, ProbeError> {
        let folder = programs(sudo);
        let path = format!("{}{path}", folder.path().display());
        let probe = host(json!({"sudo": true}));
        Ok(probe.gather(&context(&path, 20)).await?.facts)
    };
    let path = format!(":{PATH}");
    let lets = [
        ("sudo", "test \"$1\" = -n && shift && exec \"$@\""),
        ("apt-get", "exit 1"),
    ];
    assert!(ask(&lets, &path).await.unwrap().memory.is_some());
    let refuses = [("sudo", "echo 'sudo: a password is required' >&2; exit 1")];
    let told = ask(&refuses, &path).await.unwrap_err();
    assert_eq!(told.reason, Reason::PermissionDenied);
    assert_eq!(told.detail.as_deref(), Some("sudo: a password is required"));
    let told = ask(&[], "").await.unwrap_err();
    assert_eq!(told.reason, Reason::ToolMissing);
    assert_eq!(told.cause, "this machine has no `sudo -n sh -s`");
    let garbage = [("sudo", "echo Welcome")];
    let told = ask(&garbage, &path).await.unwrap_err();
    assert_eq!(told.reason, Reason::ToolFailed);
    assert_eq!(told.detail.as_deref(), Some("Welcome"));
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    for (fields, field) in [
        (json!({"host": "-oProxyCommand=x"}), "host"),
        (json!({"host": "a b"}), "host"),
        (json!({"host": "box", "port": 0}), "port"),
        (json!({"host": "box", "user": "-x"}), "user"),
        (json!({"host": "box", "user": "a@b"}), "user"),
        (json!({"user": "me"}), "user"),
        (json!({"identity": "key"}), "identity"),
        (
            json!({"host": "box", "identity": "${secrets.KEY}"}),
            "identity",
        ),
        (json!({"host": "box", "known_hosts": "a\"b"}), "known_hosts"),
    ] {
        let probe: Host = serde_json::from_value(fields.clone()).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{fields}");
    }
    let local = host(json!({}));
    assert_eq!(local.contacts()[0].place(), "this machine");
    assert_eq!(local.contacts()[0].access, Access::Exec);
    assert_eq!(
        local.reproduce(),
        "sh -c 'cat /proc/loadavg /proc/meminfo; df -P; df -Pi; ss -ltnup; systemctl --failed'"
    );
    let there = host(json!({
        "host": "box.example", "port": 2222, "user": "me", "identity": "my key",
        "known_hosts": "hosts", "sudo": true,
    }));
    let contact = &there.contacts()[0];
    assert_eq!(
        (contact.place(), contact.access),
        ("box.example:2222".to_owned(), Access::Exec)
    );
    assert_eq!(
        contact.action,
        "SSH login, look around with a shell as root, read-only"
    );
    assert!(
        there.reproduce().starts_with(
            "ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=hosts -i 'my key' -l me -p 2222 box.example 'sudo -n sh -c "
        ),
        "{}",
        there.reproduce()
    );
}

#[test]
fn nothing_is_run_unless_it_is_allowed() {
    let folder = programs(&[
        ("ssh", "touch \"$(dirname \"$0\")/was-run\""),
        ("sudo", "touch \"$(dirname \"$0\")/was-run\""),
    ]);
    let profile = "ready: 1\nid: h\ntitle: H\nchecks:\n  - {id: here, title: T, probe: {host: {sudo: true}}, expect: host.user_id == 0}\n  - {id: there, title: T, probe: {host: {host: localhost}}, expect: host.user_id == 0}\n";
    let bench = Bench::new()
        .file("p.yaml", profile)
        .env("PATH", &folder.path().display().to_string());
    let was_run = || Path::exists(&folder.path().join("was-run"));
    let planned = bench.ready(&["plan", "--profile", "p.yaml"]);
    assert!(planned.out.contains("localhost:22"), "{}", planned.out);
    let ran = bench.ready(&["audit", "--profile", "p.yaml", "--report", "json=j"]);
    let report: serde_json::Value = serde_json::from_str(&bench.read("j")).unwrap();
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["reason"], "allow.exec", "{check:#}");
    }
    assert!(!was_run(), "{}", ran.out);
}
