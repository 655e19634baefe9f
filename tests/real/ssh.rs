//! The `ssh` probe against OpenSSH.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ready::probe::ssh::{Facts, Ssh};
use ready::probe::{Answer, Context, Probe};
use ready::reason::Reason;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program;
use super::services::Service;
use crate::support::context;

/// A server with keys of these kinds, and their public halves.
pub(super) async fn start(options: &[&str], kinds: &[&str]) -> Option<(Service, TempDir)> {
    let sshd = program("sshd")?;
    let keygen = program("ssh-keygen")?;
    // Where it locks itself in, as the distribution's start script makes it.
    _ = std::fs::create_dir("/run/sshd");
    let (folder, public) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for kind in kinds {
        let key = folder.path().join(kind);
        let made = Command::new(&keygen)
            .args(["-q", "-t", kind, "-N", "", "-f"])
            .arg(&key)
            .status()
            .unwrap();
        assert!(made.success());
        let half = format!("{kind}.pub");
        std::fs::copy(folder.path().join(&half), public.path().join(&half)).unwrap();
    }
    let service = Service::start(&sshd, folder, |port, folder: &Path| {
        let port = port.to_string();
        let mut all = vec!["-D", "-f", "/dev/null", "-p", &port];
        let keys = kinds
            .iter()
            .map(|kind| folder.join(kind).display().to_string());
        let keys: Vec<String> = keys.collect();
        for key in &keys {
            all.extend(["-h", key]);
        }
        all.extend(["-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]);
        for option in options {
            all.extend(["-o", option]);
        }
        all.into_iter().map(str::to_owned).collect()
    })
    .await;
    Some((service, public))
}

async fn question(service: &Service, more: Value) -> Answer<Facts> {
    let mut fields = json!({"host": "localhost", "port": service.port});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Ssh = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        timeout: Duration::from_secs(30),
        ..context(&[])
    };
    probe.gather(&context).await.unwrap()
}

/// What the probe says of an `sshd` with these options.
async fn ask(options: &[&str]) -> Option<Facts> {
    let (service, _) = start(options, &["ed25519"]).await?;
    let answer = question(&service, json!({})).await;
    assert!(answer.gaps.is_empty());
    let facts = &answer.facts;
    assert_eq!((&facts.host_keys, &facts.auth_methods), (&None, &None));
    Some(answer.facts)
}

#[tokio::test]
async fn todays_settings_are_good() {
    let Some(facts) = ask(&[]).await else { return };
    assert!(
        facts.banner.starts_with("SSH-2.0-OpenSSH_"),
        "{}",
        facts.banner
    );
    assert_eq!(facts.protocol, "2.0");
    assert!(facts.software.starts_with("OpenSSH_"));
    assert_eq!(facts.offered.host_keys, ["ssh-ed25519"]);
    assert!(
        facts
            .offered
            .key_exchanges
            .iter()
            .any(|name| name == "curve25519-sha256")
    );
    assert!(facts.strict_kex && facts.post_quantum);
    assert_eq!(facts.weak, ready::probe::ssh::Algorithms::default());
}

#[tokio::test]
async fn weak_settings_are_told() {
    let weak = [
        "KexAlgorithms=+diffie-hellman-group14-sha1",
        "Ciphers=+aes128-cbc",
        "MACs=+hmac-md5",
    ];
    let Some(facts) = ask(&weak).await else {
        return;
    };
    assert_eq!(facts.weak.key_exchanges, ["diffie-hellman-group14-sha1"]);
    assert_eq!(facts.weak.ciphers, ["aes128-cbc"]);
    assert_eq!(facts.weak.macs, ["hmac-md5"]);
}

/// What OpenSSH says of a public key: its fingerprint and size.
#[cfg(feature = "ssh-auth")]
fn fingerprint(file: &Path) -> (String, usize) {
    let said = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let words: Vec<&str> = said.split_whitespace().collect();
    (words[1].to_owned(), words[0].parse().unwrap())
}

#[cfg(feature = "ssh-auth")]
#[tokio::test]
async fn every_key_is_told_as_openssh_tells_it() {
    let kinds = ["rsa", "ecdsa", "ed25519"];
    for kinds in [&kinds[..], &kinds[..1]] {
        let Some((service, public)) = start(&[], kinds).await else {
            return;
        };
        let answer = question(&service, json!({"host_keys": true})).await;
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        let keys = answer.facts.host_keys.unwrap();
        assert_eq!(keys.len(), kinds.len());
        for (key, kind) in keys.iter().rev().zip(kinds) {
            let (print, bits) = fingerprint(&public.path().join(format!("{kind}.pub")));
            assert_eq!(key.fingerprint, print);
            assert!(key.kind.contains(kind), "{} {kind}", key.kind);
            assert_eq!(key.bits, (*kind == "rsa").then_some(bits));
        }
        assert_eq!(answer.facts.known_host, None);
    }
}

#[cfg(feature = "ssh-auth")]
#[tokio::test]
async fn keys_are_looked_up_as_openssh_does() {
    let Some((service, public)) = start(&[], &["ed25519", "ecdsa"]).await else {
        return;
    };
    let key = |kind: &str| {
        let text = std::fs::read_to_string(public.path().join(format!("{kind}.pub"))).unwrap();
        text.trim().to_owned()
    };
    let place = format!("[localhost]:{}", service.port);
    let (one, two) = (key("ed25519"), key("ecdsa"));
    let list = public.path().join("known_hosts");
    let path = list.display().to_string();
    let other = one.replace("AAAAC3NzaC1lZDI1NTE5AAAAI", "AAAAC3NzaC1lZDI1NTE5AAAAJ");
    for (text, hashed, standing) in [
        (format!("{place} {one}\n"), false, "known"),
        (format!("{place} {one}\n{place} {two}\n"), true, "known"),
        (format!("localhost {one}\n"), true, "unknown"),
        (format!("{place} {other}\n{place} {two}\n"), true, "changed"),
        (
            format!("{place} {one}\n@revoked * {two}\n"),
            false,
            "revoked",
        ),
        (String::new(), false, "unknown"),
    ] {
        std::fs::write(&list, &text).unwrap();
        if hashed {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-H", "-f", &path])
                .output();
            assert!(made.unwrap().status.success());
            assert!(std::fs::read_to_string(&list).unwrap().starts_with("|1|"));
        }
        let answer = question(&service, json!({"known_hosts": path})).await;
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        assert_eq!(answer.facts.known_host.as_deref(), Some(standing), "{text}");
        assert_eq!(answer.facts.host_keys.unwrap().len(), 2);
    }
    let answer = question(&service, json!({"known_hosts": "/not/there"})).await;
    assert_eq!(answer.facts.known_host, None);
    assert_eq!(answer.gaps["known_host"].reason, Reason::FileUnreadable);
    assert_eq!(answer.facts.host_keys.unwrap().len(), 2);
}

#[cfg(feature = "ssh-auth")]
#[tokio::test]
async fn the_ways_to_log_in_are_told_without_logging_in() {
    for (options, methods) in [
        (
            &[
                "PasswordAuthentication=no",
                "KbdInteractiveAuthentication=no",
            ][..],
            &["publickey"][..],
        ),
        (
            &["PubkeyAuthentication=no", "KbdInteractiveAuthentication=no"],
            &["password"],
        ),
        (
            &[
                "PasswordAuthentication=yes",
                "KbdInteractiveAuthentication=yes",
            ],
            &["publickey", "password", "keyboard-interactive"],
        ),
    ] {
        let Some((service, _)) = start(options, &["ed25519"]).await else {
            return;
        };
        let answer = question(&service, json!({"user": "nobody"})).await;
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        assert_eq!(answer.facts.auth_methods.unwrap(), methods);
        assert_eq!(answer.facts.host_keys, None);
    }
}

#[cfg(feature = "ssh-auth")]
#[tokio::test]
async fn a_server_with_old_algorithms_alone_is_a_gap() {
    let old = ["KexAlgorithms=diffie-hellman-group14-sha1"];
    let Some((service, _)) = start(&old, &["ed25519"]).await else {
        return;
    };
    let answer = question(&service, json!({"host_keys": true, "user": "nobody"})).await;
    assert_eq!(
        answer.facts.weak.key_exchanges,
        ["diffie-hellman-group14-sha1"]
    );
    for fact in ["host_keys", "auth_methods"] {
        assert_eq!(
            answer.gaps[fact].reason,
            Reason::ToolFailed,
            "{:?}",
            answer.gaps
        );
    }
}

#[cfg(not(feature = "ssh-auth"))]
#[tokio::test]
async fn a_build_without_the_client_says_so() {
    let Some((service, _)) = start(&[], &["ed25519"]).await else {
        return;
    };
    let answer = question(&service, json!({"known_hosts": "list", "user": "nobody"})).await;
    for fact in ["host_keys", "known_host", "auth_methods"] {
        assert_eq!(answer.gaps[fact].reason, Reason::ToolMissing);
    }
}
