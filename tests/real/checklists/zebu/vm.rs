//! Zebu's VM: OpenSSH, nftables, fail2ban, cron, automatic updates and an exporter of metrics.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::super::write;
use crate::support::certificates::{Authority, pem};

/// The user and group of whoever looks, as numbers.
pub(super) const OWNER: &str = "900:900";

const SSHD: &str = "HostKey /etc/ssh/zebu_host\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
    PermitRootLogin prohibit-password\nPubkeyAuthentication yes\nUsePAM no\n";
const FIREWALL: &str = "flush ruleset\ntable inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop;\n    \
    iif lo accept\n    ct state established,related accept\n    tcp dport { 22, 80, 443 } accept\n  }\n}\n";
const UPDATES: &str =
    "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n";
const JOBS: &str = "SHELL=/bin/sh\nPATH=/usr/bin:/bin\n17 3 * * * root /usr/local/bin/zebu-backup\n\
    41 4 * * 0 root docker image prune -f\n";
const LIST: &str = "var/lib/apt/lists/mirror_dists_bookworm_main_binary-amd64_Packages";
const WANTED: &str = "[Unit]\nDescription=What this machine runs\nRequires=basic.target\nAfter=basic.target\n\
    Wants=ssh.service cron.service fail2ban.service prometheus-node-exporter.service nftables.service \
    logrotate.timer apt-daily.timer apt-daily-upgrade.timer\n";

/// Makes the machine's own files, with the key that lets in whoever looks.
pub(super) fn files(folder: &Path, key: &Path, root: &Authority, is_broken: bool) {
    let own = |path: &str, line: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        write(folder, &[(path, &format!("{text}{line}\n"))]);
    };
    own("/etc/passwd", "ready:*:900:900::/home/ready:/bin/sh");
    own("/etc/group", "ready:*:900:");
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    write(
        folder,
        &[
            ("etc/hostname", "zebu\n"),
            (
                "etc/hosts",
                "127.0.0.1 localhost\n127.0.1.1 zebu\n203.0.113.10 deb.debian.org\n",
            ),
            (
                "etc/ssl/certs/ca-certificates.crt",
                &pem("CERTIFICATE", &root.certificate),
            ),
            ("etc/ssh/sshd_config", SSHD),
            ("home/ready/.ssh/authorized_keys", &public),
            ("etc/sudoers.d/ready", "ready ALL=(root) NOPASSWD: ALL\n"),
            (
                "etc/fail2ban/jail.local",
                "[sshd]\nenabled = true\nbackend = systemd\n",
            ),
            (
                "etc/default/prometheus-node-exporter",
                "ARGS=\"--web.listen-address=127.0.0.1:9100\"\n",
            ),
            ("etc/systemd/system/machine.target", WANTED),
            ("given/sys/devices/system/cpu/online", "0-3\n"),
            ("given/proc/loadavg", "0.31 0.24 0.18 1/214 4211\n"),
            (
                "given/proc/meminfo",
                "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nMemAvailable: 6291456 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
            ),
        ],
    );
    // Its mirror has nothing newer than what is installed.
    write(
        folder,
        &[
            (LIST, ""),
            ("var/lib/apt/periodic/update-success-stamp", ""),
        ],
    );
    std::fs::create_dir(folder.join("var/lib/apt/lists/partial")).unwrap();
    if is_broken {
        write(
            folder,
            &[
                ("etc/nftables.conf", "flush ruleset\n"),
                ("etc/cron.d/zebu", ""),
            ],
        );
        write(
            folder,
            &[(
                "etc/apt/apt.conf.d/99zebu",
                "APT::Periodic::Enable \"0\";\n",
            )],
        );
        // In the order in which making one changes the time of another.
        for path in [
            LIST,
            "var/lib/apt/lists/partial",
            "var/lib/apt/lists",
            "var/lib/apt/periodic/update-success-stamp",
        ] {
            let ran = Command::new("touch")
                .args(["-d", "2026-01-01"])
                .arg(folder.join(path))
                .status();
            assert!(ran.unwrap().success());
        }
    } else {
        write(
            folder,
            &[("etc/nftables.conf", FIREWALL), ("etc/cron.d/zebu", JOBS)],
        );
        write(folder, &[("etc/apt/apt.conf.d/20auto-upgrades", UPDATES)]);
    }
    let mode = std::fs::Permissions::from_mode(0o440);
    std::fs::set_permissions(folder.join("etc/sudoers.d/ready"), mode).unwrap();
    make_key(&folder.join("etc/ssh/zebu_host"));
}

/// Makes a key pair at `path`.
pub(super) fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
