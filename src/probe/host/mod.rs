//! How a machine stands inside: disks, memory, load, sockets, firewall, logins, updates, what
//! runs when, and whether it has to be started anew.
//!
//! A script of ours, `look.sh`, is given to a shell of this machine, or to one that OpenSSH's
//! program logs in to. It only reads, and its sections are parsed into facts. The target's
//! answer: what `ssh` says of the way there (refused, silent, another host key), and a look that
//! takes too long. Our inability: a login or a host key that is not accepted, a shell that does
//! not run the script; and, as a gap below an answer, each section for which the machine has no
//! program or this user no rights. What only root sees is a gap for others, never an empty list.
//!
//! Running programs needs `--allow exec`, here and there. Nothing is sent from the machine, so
//! whether it reaches others is not known. Other settings than those in effect now, and what
//! Docker forwards past the firewall, are not looked at.

mod cron;
mod disks;
mod facts;
mod firewall;
mod machine;
mod network;
mod packages;
mod sections;
mod services;
mod ssh;
mod sshd;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::sections::{Look, MOST_BYTES, MOST_LINES};
use super::command::run::{Ran, listen};
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;
use crate::secret::references;
use crate::text::push;

pub use self::cron::{Cron, Job};
pub use self::disks::{Filesystem, Inodes};
pub use self::facts::Facts;
pub use self::firewall::{Allowed, Firewall};
pub use self::machine::{Kernel, Load, Memory, Os, Swap, Time, Users};
pub use self::network::{Address, Listening, Owner};
pub use self::packages::{DockerDaemon, Unattended, Updates};
pub use self::services::{Fail2ban, Jail, Timer, Units};
pub use self::sshd::Sshd;

/// The script.
const LOOK: &str = include_str!("look.sh");

/// The most that is read of what a machine says.
const MOST_OUTPUT: u32 = 4 << 20;

/// Looks at a machine from inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name or address of the machine, which is looked at over SSH; empty for the machine that
    /// `ready` runs on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Port of its SSH server.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Who logs in; empty for the one who runs `ready`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// File with the private key to log in with; empty for the SSH agent and the usual files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// File with the host keys that are trusted; empty for those of the user and of the system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known_hosts: String,
    /// Whether to look as root, by a `sudo` that asks for no password.
    #[serde(default, skip_serializing_if = "is_no")]
    pub sudo: bool,
}

fn usual_port() -> u16 {
    22
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

/// What a person would look at first.
const BY_HAND: &str =
    "cat /proc/loadavg /proc/meminfo; df -P; df -Pi; ss -ltnup; systemctl --failed";

impl Host {
    fn is_local(&self) -> bool {
        self.host.is_empty()
    }

    /// What causes call the machine.
    fn subject(&self) -> &str {
        if self.is_local() {
            "this machine"
        } else {
            &self.host
        }
    }

    /// The name that its host key is kept under.
    fn alias(&self) -> String {
        if self.port == usual_port() {
            self.host.clone()
        } else {
            format!("[{}]:{}", self.host, self.port)
        }
    }

    /// The shell that reads the script.
    fn shell(&self) -> &'static str {
        if self.sudo { "sudo -n sh -s" } else { "sh -s" }
    }
}

impl Probe for Host {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let is_name = |c: char| c.is_alphanumeric() || "-._:[]".contains(c);
        if !self.host.chars().all(is_name) || self.host.starts_with('-') {
            return Err(Invalid::new("host", "is no name or address"));
        }
        if self.port == 0 {
            return Err(Invalid::new("port", "must be at least 1"));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || "@\"'\\$%".contains(c);
        if self.user.contains(odd) || self.user.starts_with('-') {
            return Err(Invalid::new("user", "is no user's name"));
        }
        for (field, path) in [
            ("identity", &self.identity),
            ("known_hosts", &self.known_hosts),
        ] {
            if !references(path).is_empty() {
                return Err(Invalid::new(field, "is the path of a file, not a secret"));
            }
            if path.contains(|c: char| c.is_control() || "\"\\$".contains(c)) {
                return Err(Invalid::new(
                    field,
                    "no path with quotes, \\ or $ can be given to ssh",
                ));
            }
            if self.is_local() && !path.is_empty() {
                return Err(Invalid::new(field, "is of no use without `host`"));
            }
        }
        if self.is_local() && !self.user.is_empty() {
            return Err(Invalid::new("user", "is of no use without `host`"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let sudo = if self.sudo { " as root" } else { "" };
        let look = format!("look around with a shell{sudo}, read-only");
        if self.is_local() {
            return vec![local::contact(look, Access::Exec)];
        }
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: format!("SSH login, {look}"),
            count: 1,
            access: Access::Exec,
        }]
    }

    fn reproduce(&self) -> String {
        let sudo = if self.sudo { "sudo -n " } else { "" };
        let look = format!("{sudo}sh -c {}", quoted(BY_HAND));
        if self.is_local() {
            return look;
        }
        let mut ssh = "ssh -o StrictHostKeyChecking=yes".to_owned();
        if !self.known_hosts.is_empty() {
            let path = quoted(&format!("UserKnownHostsFile={}", self.known_hosts));
            push(&mut ssh, format_args!(" -o {path}"));
        }
        for (option, value) in [("-i", &self.identity), ("-l", &self.user)] {
            if !value.is_empty() {
                push(&mut ssh, format_args!(" {option} {}", quoted(value)));
            }
        }
        let host = quoted(&self.host);
        push(
            &mut ssh,
            format_args!(" -p {} {host} {}", self.port, quoted(&look)),
        );
        ssh
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let ran = self.run(context).await?;
        let printed = ran.out.text();
        let cut = self.cut(&ran, &printed);
        match Look::read(self.subject(), &printed, cut) {
            Some(look) => Ok(facts::answer(look)),
            None => Err(self.not_begun(&ran)),
        }
    }
}

impl Host {
    /// Runs the script, here or there.
    async fn run(&self, context: &Context) -> Result<Ran, ProbeError> {
        // What is kept back is the time to tell of what came until then.
        let limit = context.timeout * 19 / 20;
        let each = (context.timeout.as_secs() * 2 / 3).max(1);
        let script = format!("limit={each}\nlines={MOST_LINES}\nbytes={MOST_BYTES}\n{LOOK}");
        let (program, name) = if self.is_local() {
            (self.here(context), "sh")
        } else {
            (self.there(context).await?, "ssh")
        };
        listen(program, name, Some(&script), MOST_OUTPUT, limit).await
    }

    fn here(&self, context: &Context) -> tokio::process::Command {
        let mut program = tokio::process::Command::new("/bin/sh");
        // One shell starts the other, so that both ways are the same.
        program.args(["-c", self.shell()]).env_clear();
        program.current_dir("/");
        for name in ["HOME", "PATH"] {
            if let Some(value) = context.env.get(name) {
                program.env(name, value);
            }
        }
        program
    }

    async fn there(&self, context: &Context) -> Result<tokio::process::Command, ProbeError> {
        let limit = context.timeout;
        let addresses = context.net.addresses(&self.host, self.port, limit).await?;
        // Of several it has to be one that answers.
        let address = match addresses.as_slice() {
            [only] => *only,
            _ => {
                context
                    .net
                    .dial(&self.host, self.port, limit)
                    .await?
                    .address
            }
        };
        context.traffic.connection();
        context.traffic.request();
        ssh::program(self, self.shell(), address, context)
    }

    /// Why the look may not have come to its end.
    fn cut(&self, ran: &Ran, printed: &str) -> ProbeError {
        let subject = self.subject();
        if ran.status.is_none() {
            return ProbeError::new(
                Reason::ProbeTimeout,
                format!("looking around {subject} took too long"),
            );
        }
        if ran.out.is_cut() {
            return local::beyond(format!("{subject} says more than 4 MiB of itself"));
        }
        if Look::is_whole(printed) {
            let words = format!("{subject} left out a part of what it was asked");
            return ProbeError::new(Reason::ToolFailed, words);
        }
        ProbeError::new(
            Reason::ServiceClosed,
            format!("looking around {subject} ended too early"),
        )
    }

    /// Why the script did not run.
    fn not_begun(&self, ran: &Ran) -> ProbeError {
        let complaint = ran.err.text();
        let Some(status) = ran.status else {
            return ran.too_slow(&format!("looking around {}", self.subject()));
        };
        if !self.is_local() && status.code() == Some(255) {
            return ssh::refused(self, complaint.trim());
        }
        let subject = self.subject();
        let said = ran.err.quoted().or_else(|| ran.out.quoted());
        let (reason, cause) = match status.code() {
            Some(127) => (
                Reason::ToolMissing,
                format!("{subject} has no `{}`", self.shell()),
            ),
            _ if self.sudo && complaint.contains("sudo:") => (
                Reason::PermissionDenied,
                format!("{subject} does not let this user look as root"),
            ),
            _ => (
                Reason::ToolFailed,
                format!("the login on {subject} does not run a shell"),
            ),
        };
        let detail = said.unwrap_or_else(|| format!("it ended with {status}"));
        ProbeError::new(reason, cause).with_detail(detail)
    }
}
