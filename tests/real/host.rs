//! The `host` probe over OpenSSH: logins to this machine with keys that the tests make.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::host::{Facts, Host};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program;
use super::services::{Service, free_port};
use crate::support::binary::Bench;
use crate::support::context;

/// Makes a key, and gives the path of its private half.
fn key(keygen: &Path, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new(keygen)
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

fn public(key: &Path) -> String {
    fs::read_to_string(key.with_extension("pub")).unwrap()
}

/// A server that lets in whoever has the key `in`, and what is needed to get there.
struct Stand {
    service: Service,
    /// Keys and lists of those who connect.
    folder: TempDir,
    user: String,
    host_key: String,
}

impl Stand {
    /// A server that does with every login what `limit` says, as in `authorized_keys`.
    async fn start(limit: &str) -> Option<Self> {
        let sshd = program("sshd")?;
        program("ssh")?;
        let keygen = program("ssh-keygen")?;
        // Where it locks itself in, as the distribution's start script makes it.
        _ = fs::create_dir("/run/sshd");
        let (served, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let host_key = public(&key(&keygen, served.path(), "host"));
        let inside = key(&keygen, folder.path(), "in");
        key(&keygen, folder.path(), "other");
        let line = format!("{limit} {}", public(&inside));
        fs::write(served.path().join("authorized"), line).unwrap();
        let service = Service::start(&sshd, served, |port, folder: &Path| {
            let file = |name: &str| folder.join(name).display().to_string();
            let mut all = vec!["-D".to_owned(), "-f".to_owned(), "/dev/null".to_owned()];
            for option in [
                format!("Port={port}"),
                "ListenAddress=127.0.0.1".to_owned(),
                format!("HostKey={}", file("host")),
                format!("AuthorizedKeysFile={}", file("authorized")),
                "PidFile=none".to_owned(),
                "StrictModes=no".to_owned(),
                "PasswordAuthentication=no".to_owned(),
            ] {
                all.extend(["-o".to_owned(), option]);
            }
            all
        })
        .await;
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        Some(Self {
            service,
            folder,
            user: String::from_utf8(user).unwrap().trim().to_owned(),
            host_key,
        })
    }

    /// The list of hosts with this line about the server.
    fn knowing(&self, line: &str) -> &Self {
        let place = format!("[shell.example]:{}", self.service.port);
        let line = line.replace("HOST", &place).replace("KEY", &self.host_key);
        fs::write(self.folder.path().join("known"), line).unwrap();
        self
    }

    fn probe(&self, more: &Value) -> Host {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut fields = json!({
            "host": "shell.example", "port": self.service.port, "user": self.user,
            "identity": file("in"), "known_hosts": file("known"),
        });
        let more = more.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        let probe: Host = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate(), Ok(()));
        probe
    }

    async fn ask(&self, more: Value, seconds: u64) -> Result<Answer<Facts>, ProbeError> {
        self.probe(&more)
            .gather(&of_path("/usr/bin:/bin", seconds))
            .await
    }

    async fn refused(&self, more: Value) -> ProbeError {
        self.ask(more, 30).await.unwrap_err()
    }
}

fn of_path(path: &str, seconds: u64) -> Context {
    Context {
        env: Arc::new(BTreeMap::from([("PATH".to_owned(), path.to_owned())])),
        timeout: Duration::from_secs(seconds),
        ..context(&[])
    }
}

#[tokio::test]
async fn a_machine_over_ssh_is_the_one_that_it_is() {
    // A greeting in front of everything else is passed over.
    let greets = "command=\"echo '<Welcome|'; echo '|'; eval \\\"$SSH_ORIGINAL_COMMAND\\\"\"";
    for limit in ["restrict", greets] {
        let Some(stand) = Stand::start(limit).await else {
            return;
        };
        let answer = stand.knowing("HOST KEY").ask(json!({}), 60).await.unwrap();
        let facts = answer.facts;
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        assert_eq!(facts.kernel.unwrap().running, release.trim());
        let owner = Command::new("id").arg("-u").output().unwrap().stdout;
        let number = String::from_utf8(owner).unwrap();
        assert_eq!(
            facts.user_id.map(|id| id.to_string()).as_deref(),
            Some(number.trim())
        );
        // Its own door is among those that are open.
        let listening = facts.listening.unwrap();
        let door = listening.iter().find(|one| one.port == stand.service.port);
        assert!(door.unwrap().loopback);
        if facts.user_id == Some(0) {
            let owners = facts.socket_owners.unwrap();
            let owner = owners.iter().find(|one| one.port == stand.service.port);
            assert_eq!(owner.unwrap().program, "sshd");
            let sshd = facts.sshd.unwrap();
            assert!(sshd.settings.contains_key("ciphers") && !sshd.ports.is_empty());
            assert!(
                answer
                    .gaps
                    .get("firewall")
                    .is_none_or(|gap| gap.reason == Reason::ToolMissing)
            );
        }
    }
}

#[tokio::test]
async fn logins_that_are_not_accepted_are_told_apart() {
    let Some(stand) = Stand::start("restrict").await else {
        return;
    };
    stand.knowing("HOST KEY");
    let other = stand.folder.path().join("other").display().to_string();
    let told = stand.refused(json!({"identity": other})).await;
    assert_eq!(told.reason, Reason::CredentialRefused, "{told:?}");
    let place = format!("shell.example:{}", stand.service.port);
    assert_eq!(told.cause, format!("{place} refused the login"));
    let told = stand.refused(json!({"identity": "/not/there"})).await;
    assert_eq!(
        (told.reason, &*told.cause),
        (Reason::CredentialMissing, "/not/there does not exist")
    );
    let path = stand.folder.path().join("in");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let told = stand.refused(json!({})).await;
    assert_eq!(told.reason, Reason::CredentialUnusable, "{told:?}");
}

#[tokio::test]
async fn host_keys_that_are_not_known_are_told_apart() {
    let Some(stand) = Stand::start("restrict").await else {
        return;
    };
    let other = public(&stand.folder.path().join("other"));
    for (line, reason) in [
        ("", Reason::SshHostKeyUnknown),
        ("elsewhere.example KEY", Reason::SshHostKeyUnknown),
        (&*format!("HOST {other}"), Reason::SshHostKeyChanged),
        ("@revoked * KEY", Reason::SshHostKeyChanged),
    ] {
        let told = stand.knowing(line).refused(json!({})).await;
        assert_eq!(told.reason, reason, "{line}: {told:?}");
    }
    let told = stand.refused(json!({"known_hosts": "/not/there"})).await;
    assert_eq!(told.reason, Reason::FileUnreadable);
}

#[tokio::test]
async fn trouble_on_the_way_is_told_apart() {
    let Some(stand) = Stand::start("restrict").await else {
        return;
    };
    let told = stand
        .knowing("HOST KEY")
        .refused(json!({"port": free_port()}))
        .await;
    assert_eq!(told.reason, Reason::TcpRefused, "{told:?}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let told = stand.ask(json!({"port": port}), 5).await.unwrap_err();
    assert_eq!(told.reason, Reason::ServiceTimeout, "{told:?}");
    let web = crate::support::http::raw(|mut stream| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        _ = stream.read(&mut [0; 4096]).await;
        _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let told = stand.refused(json!({"port": web.port})).await;
    assert!(
        [Reason::ServiceProtocol, Reason::ServiceClosed].contains(&told.reason),
        "{told:?}"
    );
    let empty = tempfile::tempdir().unwrap();
    let without = of_path(&empty.path().display().to_string(), 10);
    let told = stand.probe(&json!({})).gather(&without).await.unwrap_err();
    assert_eq!(
        (told.reason, &*told.cause),
        (Reason::ToolMissing, "ssh is not installed")
    );
}

#[tokio::test]
async fn a_login_that_does_something_else_is_told() {
    for (command, reason) in [
        ("echo Welcome; exit 1", Reason::ToolFailed),
        ("echo nobody may log in >&2; exit 255", Reason::ToolFailed),
        ("head -c 100000 /dev/urandom", Reason::ToolFailed),
        ("exec sleep 300", Reason::ProbeTimeout),
        ("exec yes", Reason::ProbeTimeout),
    ] {
        let Some(stand) = Stand::start(&format!("command=\"{command}\"")).await else {
            return;
        };
        let start = Instant::now();
        let told = stand
            .knowing("HOST KEY")
            .ask(json!({}), 4)
            .await
            .unwrap_err();
        assert_eq!(told.reason, reason, "{command}: {told:?}");
        assert!(start.elapsed() < Duration::from_mins(1));
    }
}

/// What `ready` says of the firewall that these commands make, in a network of their own.
fn behind(commands: &str) -> Option<Value> {
    for tool in ["nft", "iptables", "ip6tables"] {
        program(tool)?;
    }
    let unshare = program("unshare")?;
    let profile = "ready: 1\nid: h\ntitle: H\nchecks:\n  - {id: f, title: T, timeout: 2m, probe: {host: {}}, expect: \"host.firewall.ipv4 == 'closed'\"}\n";
    let bench = Bench::new().file("p.yaml", profile);
    let ready = env!("CARGO_BIN_EXE_ready");
    let script = format!("{commands}\nexec {ready} gather --profile p.yaml --allow exec");
    let ran = Command::new(unshare)
        // Whoever is not root may be so in the new network alone.
        .args(["-rn", "sh", "-e", "-c", &script])
        .current_dir(bench.path(""))
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    let evidence: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let answer = &evidence["observations"][0]["outcome"]["answer"];
    assert_eq!(answer["gaps"]["firewall"], Value::Null, "{answer:#}");
    Some(answer["facts"]["firewall"].clone())
}

#[test]
fn the_firewall_is_the_one_of_the_kernel() {
    let Some(none) = behind("true") else { return };
    assert_eq!(
        (&none["tool"], &none["ipv4"]),
        (&json!("none"), &json!("open"))
    );
    assert_eq!(none["allowed"], Value::Null);
    let allowed =
        |port: &str| json!({"family": "ipv4", "protocol": "tcp", "ports": port, "from": "any"});

    let nft = behind(
        "nft add table ip f
         nft 'add chain ip f input { type filter hook input priority 0; policy drop; }'
         nft 'add rule ip f input ct state established,related accept'
         nft 'add rule ip f input iif lo accept'
         nft 'add rule ip f input tcp dport { 22, 443 } counter accept'",
    );
    let nft = nft.unwrap();
    assert_eq!(
        (&nft["tool"], &nft["ipv4"]),
        (&json!("nft"), &json!("closed"))
    );
    assert_eq!(nft["allowed"], json!([allowed("22,443")]));

    let tables = behind(
        "iptables -A INPUT -i lo -j ACCEPT
         iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
         iptables -A INPUT -p tcp -m multiport --dports 22,443 -m comment --comment 'the -j DROP door' -j ACCEPT
         iptables -A INPUT -j REJECT",
    );
    let tables = tables.unwrap();
    assert_eq!(
        (&tables["tool"], &tables["ipv4"]),
        (&json!("iptables"), &json!("closed"))
    );
    assert_eq!(tables["allowed"], json!([allowed("22,443")]));
}
