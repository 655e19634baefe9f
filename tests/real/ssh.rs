//! The `ssh` probe against OpenSSH.

use std::path::Path;
use std::process::Command;

use ready::probe::Probe;
use ready::probe::ssh::{Facts, Ssh};

use super::program;
use super::services::Service;
use crate::support::context;

/// What the probe says of an `sshd` with these options.
async fn ask(options: &[&str]) -> Option<Facts> {
    let sshd = program("sshd")?;
    let keygen = program("ssh-keygen")?;
    // Where it locks itself in, as the distribution's start script makes it.
    _ = std::fs::create_dir("/run/sshd");
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let made = Command::new(keygen)
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    let service = Service::start(&sshd, folder, |port, folder: &Path| {
        let key = folder.join("key").display().to_string();
        let port = port.to_string();
        let mut all = vec!["-D", "-f", "/dev/null", "-p", &port, "-h", &key];
        all.extend(["-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]);
        for option in options {
            all.extend(["-o", option]);
        }
        all.into_iter().map(str::to_owned).collect()
    })
    .await;
    let probe = Ssh {
        host: "localhost".to_owned(),
        port: service.port,
    };
    let answer = probe.gather(&context(&[])).await.unwrap();
    assert!(answer.gaps.is_empty());
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
