//! Everything that is known of a machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cron::{Cron, cron};
use super::disks::{self, Filesystem, Inodes};
use super::firewall::{Firewall, firewall};
use super::machine::{self, Kernel, Load, Memory, Os, Swap, Time, Users};
use super::network::{self, Address, Listening, Owner};
use super::packages::{self, DockerDaemon, Unattended, Updates};
use super::sections::Look;
use super::services::{self, Fail2ban, Timer, Units};
use super::sshd::{Sshd, sshd};
use crate::probe::{Answer, ProbeError};
use crate::reason::Reason;

/// What is known of the machine. Each fact that the machine or the user's rights do not give
/// is a gap with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Number of the user who looked; 0 is root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// The kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Kernel>,
    /// Whether a newer kernel is installed than the one that runs, or a package says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reboot_required: Option<bool>,
    /// Processors in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// How busy they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Swap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<Swap>,
    /// Seconds since it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    /// File systems on disks, and the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystems: Option<Vec<Filesystem>>,
    /// Room for files, of those file systems that count it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inodes: Option<Vec<Inodes>>,
    /// Who can log in, by the machine's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Users>,
    /// Sockets that wait for others. Ports that Docker publishes without a program of its own
    /// are not among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listening: Option<Vec<Listening>>,
    /// The programs that have them; only root sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_owners: Option<Vec<Owner>>,
    /// The machine's addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
    /// The clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// The SSH server's settings; only root sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sshd: Option<Sshd>,
    /// The packet filter; only root sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall: Option<Firewall>,
    /// Fail2ban; only root sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail2ban: Option<Fail2ban>,
    /// What systemd runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
    /// Timers of systemd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timers: Option<Vec<Timer>>,
    /// What cron runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
    /// Docker's daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_daemon: Option<DockerDaemon>,
    /// Updates of Debian's and Ubuntu's packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<Updates>,
    /// Whether those install themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unattended_upgrades: Option<Unattended>,
}

/// The facts of a look, and its gaps.
pub(super) fn answer(mut look: Look) -> Answer<Facts> {
    let it = &mut look;
    let user_id = it.take("user_id", "user", machine::number);
    let is_root = user_id == Some(0);
    let reboot = it.read_section("kernel", |text| Some(machine::reboot_required(text)));
    let reboot = reboot.and_then(|known| known.ok_or_else(no_kernel));
    let (filesystems, inodes) = (disks::filesystems(it), disks::inodes(it));
    let owners = network::owners(it, is_root);
    let (timers, fail2ban) = (services::timers(it), services::fail2ban(it));
    let updates = packages::updates(it);
    let facts = Facts {
        user_id,
        os: it.take("os", "release", machine::os),
        kernel: it.take("kernel", "kernel", machine::kernel),
        reboot_required: it.keep("reboot_required", reboot),
        cpus: it.take("cpus", "cpus", |text| {
            machine::number(text).filter(|cpus| *cpus > 0)
        }),
        load: it.take("load", "load", machine::load),
        memory: it.take("memory", "memory", machine::memory),
        swap: it.take("swap", "memory", machine::swap),
        uptime_seconds: it.take("uptime_seconds", "uptime", machine::uptime),
        filesystems: it.keep("filesystems", filesystems),
        inodes: it.keep("inodes", inodes),
        users: it.take("users", "passwd", machine::users),
        listening: it.list("listening", "sockets", network::listening),
        socket_owners: it.keep("socket_owners", owners),
        addresses: it.list("addresses", "addresses", network::addresses),
        time: it.take("time", "time", machine::time),
        sshd: it.take("sshd", "sshd", sshd),
        firewall: firewall(it),
        fail2ban: it.keep("fail2ban", fail2ban),
        units: it.take("units", "units", services::units),
        timers: it.keep("timers", timers),
        cron: cron(it, is_root),
        docker_daemon: it.take("docker_daemon", "docker", packages::docker),
        updates: it.keep("updates", updates),
        unattended_upgrades: it.take("unattended_upgrades", "unattended", packages::unattended),
    };
    Answer {
        facts,
        gaps: look.gaps,
    }
}

fn no_kernel() -> ProbeError {
    let words = "nothing on the machine tells which kernel is installed";
    ProbeError::new(Reason::ToolMissing, words)
}
