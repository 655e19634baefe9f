//! A machine of its own with systemd, made of this system's files, and a network of its own.
//!
//! Both need root and a kernel that lets it: inside of some containers neither is to be had.
//! Then they are told and skipped; what does start has to come up whole.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::program;

/// A running machine; it ends with the value, and with the test process if that is killed.
pub struct Machine {
    shell: Child,
    _stage: TempDir,
}

/// Gives the calling thread, and everything that it starts from now on, a network that has
/// nothing but loopback with these further addresses: nothing that is sent can leave it.
/// `None`, which is told, where that takes rights that this process does not have.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests must see what was skipped"
)]
pub fn network_of_its_own(addresses: &[&str]) -> Option<()> {
    let ip = program("ip")?;
    if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
        eprintln!("skipped: a network of its own is not to be had: {error}");
        return None;
    }
    let run = |arguments: &[&str]| {
        let ran = Command::new(&ip).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    };
    run(&["link", "set", "lo", "up"]);
    for address in addresses {
        run(&["address", "add", address, "dev", "lo"]);
    }
    run(&["route", "add", "default", "dev", "lo"]);
    Some(())
}

impl Machine {
    /// Starts one in the calling thread's network. `files` is what is different on it from this
    /// system, with the unit `machine.target`, which wants what runs on it.
    #[expect(
        clippy::print_stderr,
        reason = "whoever runs the tests must see what was skipped"
    )]
    pub fn start(files: &Path) -> Option<Self> {
        program("unshare")?;
        program("systemctl")?;
        let stage = tempfile::tempdir().unwrap();
        let script = "unshare --mount --pid --ipc --uts --cgroup --fork --kill-child sh \"$@\" </dev/null & \
                      echo $!; read -r _; kill -KILL $!; wait";
        let boot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/machine/boot.sh");
        let mut shell = Command::new("sh")
            .args(["-c", script, "sh", boot])
            .args([stage.path(), files])
            .arg("machine.target")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let out = shell.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut first).unwrap();
        let machine = Self {
            shell,
            _stage: stage,
        };
        if let Err(told) = wait(first.trim()) {
            eprintln!("skipped: a machine of its own does not start here: {told}");
            return None;
        }
        Some(machine)
    }
}

/// Waits until everything runs that the machine wants whose `unshare` has this number. `Err` if
/// its init does not get that far.
fn wait(outer: &str) -> Result<(), String> {
    let children = format!("/proc/{outer}/task/{outer}/children");
    let start = Instant::now();
    let mut told = String::new();
    while start.elapsed() < Duration::from_mins(2) && Path::new(&children).exists() {
        std::thread::sleep(Duration::from_millis(200));
        let init = std::fs::read_to_string(&children).unwrap_or_default();
        let Some(init) = init.split_whitespace().next() else {
            continue;
        };
        let ran = Command::new("nsenter")
            .args(["-t", init, "--mount", "--pid"])
            .args(["systemctl", "is-system-running"])
            .output()
            .unwrap();
        told = String::from_utf8(ran.stdout).unwrap_or_default();
        match told.trim() {
            "running" => return Ok(()),
            "degraded" => panic!("something failed on the machine: {}", failed(init)),
            _ => {}
        }
    }
    Err(format!("its init says {:?}", told.trim()))
}

fn failed(init: &str) -> String {
    let ran = Command::new("nsenter")
        .args(["-t", init, "--mount", "--pid"])
        .args(["journalctl", "--no-pager", "-p", "warning", "-n", "30"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        _ = self.shell.wait();
    }
}
