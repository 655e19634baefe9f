//! The `docker` probe against Podman, with containers made from one small program.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ready::probe::docker::{Container, Docker, Facts};
use ready::probe::{Context, Probe};
use serde_json::json;
use tempfile::TempDir;

use super::program;
use super::services::free_port;
use crate::support::context;

const IMAGE: &str = "localhost/probe:1";

/// Podman with a storage of its own, and its interface; all of it ends with the value.
pub(super) struct Podman {
    program: PathBuf,
    folder: TempDir,
    services: Vec<Child>,
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.run(&["rm", "--all", "--force", "--time", "0"]);
        for service in &mut self.services {
            _ = service.kill();
            _ = service.wait();
        }
    }
}

impl Podman {
    pub(super) fn new() -> Option<Self> {
        let (podman, busybox) = (program("podman")?, program("busybox")?);
        program("runc")?;
        let podman = Self {
            program: podman,
            folder: TempDir::new().unwrap(),
            services: Vec::new(),
        };
        let root = podman.at("files");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::copy(busybox, root.join("bin/busybox")).unwrap();
        std::os::unix::fs::symlink("busybox", root.join("bin/sh")).unwrap();
        let archive = podman.at("files.tar");
        let packed = Command::new("tar")
            .arg("-C")
            .arg(&root)
            .arg("-cf")
            .arg(&archive)
            .arg(".")
            .status();
        assert!(packed.unwrap().success());
        podman.does(&["import", &archive.display().to_string(), IMAGE]);
        Some(podman)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // crun does not start anything where both kinds of cgroups are mounted.
        command.args([
            "--runtime",
            "runc",
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
        ]);
        command
            .arg("--root")
            .arg(self.at("root"))
            .arg("--runroot")
            .arg(self.at("run"));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn does(&self, arguments: &[&str]) {
        let ran = self.run(arguments);
        assert!(
            ran.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// Serves its interface at an address.
    async fn serve(&mut self, address: &str, is_there: impl Fn() -> bool) {
        let mut command = self.command();
        command.args(["system", "service", "--time", "0", address]);
        let service = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.services.push(service);
        let start = Instant::now();
        while !is_there() {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "podman does not listen"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

// For the stands, which ask every kind.
#[cfg(all(feature = "backups", feature = "postgres"))]
impl Podman {
    /// A script that is this Podman, for whoever calls it as `docker`.
    pub(super) fn script(&self) -> String {
        let command = self.command();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))
    }

    /// Runs a container that writes this into its log, and ends; nothing where no container
    /// can be started, which a machine may not allow within its own.
    #[expect(
        clippy::print_stderr,
        reason = "whoever runs the tests must see what was skipped"
    )]
    pub(super) fn log(&self, name: &str, text: &str) -> Option<()> {
        let name = format!("--name={name}");
        let options = ["run", &name, "--network=none", "--log-driver=k8s-file"];
        let program = [IMAGE, "/bin/busybox", "echo", text];
        let ran = self.run(&[&options, &LIMITS[..], &program].concat());
        if !ran.status.success() {
            let words = String::from_utf8_lossy(&ran.stderr);
            eprintln!("skipped: no container can be started here: {words}");
            return None;
        }
        Some(())
    }
}

async fn ask(host: &str, project: &str) -> Facts {
    let probe: Docker = serde_json::from_value(json!({"host": host, "project": project})).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        now: jiff::Timestamp::now(),
        timeout: Duration::from_mins(1),
        ..context(&[])
    };
    let answer = probe.gather(&context).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    answer.facts
}

fn container(facts: &Facts, name: &str) -> Container {
    let containers = facts.containers.as_ref().unwrap();
    containers
        .iter()
        .find(|one| one.name == name)
        .unwrap()
        .clone()
}

/// Limits that this machine lets anybody set.
const LIMITS: [&str; 2] = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];

fn make(podman: &Podman) {
    let good = [
        "--name=good",
        "--network=none",
        "--restart=unless-stopped",
        "--memory=64m",
        "--cpus=0.5",
        "--pids-limit=50",
        "--user=1000",
        "--read-only",
        "--security-opt=no-new-privileges",
        "--cap-drop=ALL",
        "--health-cmd=/bin/busybox true",
        "--env=DB_PASSWORD=k3Jx9qT9wzLm2",
        "--label=com.docker.compose.project=zebu",
        "--label=com.docker.compose.service=api",
        "--label=com.docker.compose.project.config_files=/srv/docker-compose.prod.yml",
    ];
    let bad = [
        "--name=bad",
        "--privileged",
        "--publish=127.0.0.1:8081:80",
        "--publish=9090:90",
        "--volume=/run:/host",
    ];
    let program = [IMAGE, "/bin/busybox", "sleep", "600"];
    for options in [&good[..], &bad] {
        podman.does(&[&["create"], options, &LIMITS, &program].concat());
    }
}

#[tokio::test]
async fn containers_are_told_before_while_and_after_they_run() {
    let Some(mut podman) = Podman::new() else {
        return;
    };
    make(&podman);
    let socket = podman.at("api.sock");
    let host = format!("unix://{}", socket.display());
    podman
        .serve(&host, || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        })
        .await;

    let facts = ask(&host, "").await;
    assert_eq!(facts.engine.as_deref(), Some("Podman Engine"));
    assert_eq!(facts.info.as_ref().unwrap().storage_driver, "vfs");
    let bad = container(&facts, "bad");
    assert_eq!(
        (&*bad.state, bad.running, &*bad.restart, bad.uptime_seconds),
        ("created", false, "no", None)
    );
    assert!(bad.privileged && bad.user.is_none() && bad.limits.memory_bytes.is_none());
    let ports = facts.ports.iter().flatten();
    let ports: Vec<_> = ports
        .map(|port| (&*port.address, port.published, port.target))
        .collect();
    assert_eq!(
        ports,
        [("127.0.0.1", Some(8081), 80), ("0.0.0.0", Some(9090), 90)]
    );
    let mount = &facts.mounts.as_ref().unwrap()[0];
    assert_eq!(
        (mount.source.as_deref(), mount.engine_socket),
        (Some("/run"), true)
    );
    let image = &facts.images.as_ref().unwrap()[0];
    assert!(
        image.tags.contains(IMAGE) && image.age_days.unwrap() < 1.0 && image.size_bytes > 100_000
    );
    assert_eq!(image.containers.len(), 2);

    let port = free_port();
    let tcp = format!("tcp://127.0.0.1:{port}");
    let address = tcp.replacen("tcp://", "tcp:", 1);
    podman
        .serve(&address, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
    let facts = ask(&tcp, "zebu").await;
    assert_eq!(
        (facts.count, facts.containers.as_ref().unwrap().len()),
        (Some(1), 1)
    );
    let good = container(&facts, "good");
    assert_eq!(
        (&*good.restart, good.user.as_deref(), good.read_only),
        ("unless-stopped", Some("1000"), true)
    );
    let limits = &good.limits;
    assert_eq!(
        (limits.memory_bytes, limits.cpus, limits.pids),
        (Some(64 << 20), Some(0.5), Some(50))
    );
    assert!(good.security_opt.contains("no-new-privileges") && good.cap_drop.contains("SETUID"));
    assert_eq!(good.config_files.unwrap(), ["/srv/docker-compose.prod.yml"]);
    let secret = facts
        .environment
        .iter()
        .flatten()
        .find(|one| one.name == "DB_PASSWORD");
    assert!(secret.unwrap().secret);

    let started = podman.run(&["start", "good"]);
    if !started.status.success() {
        // A machine may not let containers run within its own.
        let words = String::from_utf8_lossy(&started.stderr);
        eprintln!("skipped: no container can be started here: {words}");
        return;
    }
    podman.does(&["healthcheck", "run", "good"]);
    let good = container(&ask(&host, "").await, "good");
    assert_eq!(
        (&*good.state, good.running, &*good.health),
        ("running", true, "healthy")
    );
    assert!(good.uptime_seconds.unwrap() < 600);
    podman.does(&["kill", "good"]);
    let start = Instant::now();
    let ended = loop {
        let good = container(&ask(&host, "").await, "good");
        if !good.running || start.elapsed() > Duration::from_mins(1) {
            break good;
        }
    };
    assert_eq!(
        (&*ended.state, ended.exit_code, ended.uptime_seconds),
        ("exited", 137, None)
    );
}
