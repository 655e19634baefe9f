//! OpenSSH's program: how it is called so that it does just this, and what its complaints mean.

use std::net::SocketAddr;
use std::path::Path;

use super::Host;
use crate::probe::{Context, ProbeError, local};
use crate::reason::Reason;
use crate::text::short_line;

/// Options that keep it from asking people, from running or opening anything else, and from
/// writing to the user's files.
const OPTIONS: &[&str] = &[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ProxyCommand=none",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
    "CanonicalizeHostname=no",
    // A server's greeting could look like a complaint.
    "LogLevel=ERROR",
];

/// The program with its arguments, that runs `command` at `address`.
pub(super) fn program(
    probe: &Host,
    command: &str,
    address: SocketAddr,
    context: &Context,
) -> Result<tokio::process::Command, ProbeError> {
    let mut ssh = tokio::process::Command::new("ssh");
    ssh.args(["-F", "none", "-T"]);
    // It gives up before we do, so that it can say what it waited for.
    let seconds = (context.timeout * 4 / 5).as_secs();
    let mut options: Vec<String> = OPTIONS.iter().map(|one| (*one).to_owned()).collect();
    options.extend([
        format!("HostName={}", address.ip()),
        format!("Port={}", address.port()),
        // Wherever it connects to, the key must be the one of this name.
        format!("HostKeyAlias={}", probe.alias()),
        format!("ConnectTimeout={}", seconds.max(1)),
    ]);
    if !probe.user.is_empty() {
        options.push(format!("User={}", probe.user));
    }
    if !probe.known_hosts.is_empty() {
        let path = readable(&probe.known_hosts, context, Reason::FileUnreadable)?;
        options.push(format!("UserKnownHostsFile={path}"));
        options.push("GlobalKnownHostsFile=none".to_owned());
    }
    if !probe.identity.is_empty() {
        let path = readable(&probe.identity, context, Reason::CredentialMissing)?;
        options.push(format!("IdentityFile={path}"));
        options.push("IdentitiesOnly=yes".to_owned());
    }
    for option in &options {
        ssh.args(["-o", option]);
    }
    ssh.args(["--", &probe.host, command]);
    for name in ["HOME", "PATH", "SSH_AUTH_SOCK"] {
        if let Some(value) = context.env.get(name) {
            ssh.env(name, value);
        }
    }
    Ok(ssh)
}

/// A file that this machine must have, as a value of an option.
fn readable(path: &str, context: &Context, missing: Reason) -> Result<String, ProbeError> {
    let whole = context.cwd.join(path);
    match local::open(&whole) {
        Ok(_) => Ok(value(&whole)),
        Err(error) if local::is_nothing(&error) => {
            let cause = format!("{path} does not exist");
            Err(ProbeError::new(missing, cause))
        }
        Err(error) => Err(local::unreadable(path, &error)),
    }
}

/// In quotes, and nothing in it stands for something else.
fn value(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%%");
    format!("\"{path}\"")
}

/// What it means that the program ended without having run anything there.
pub(super) fn refused(probe: &Host, complaint: &str) -> ProbeError {
    let place = format!("{}:{}", probe.host, probe.port);
    let said = |words: &str| complaint.contains(words);
    let (reason, cause) = if said("REVOKED HOST KEY") {
        (
            Reason::SshHostKeyChanged,
            format!("{place} shows a host key that was revoked"),
        )
    } else if said("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        (
            Reason::SshHostKeyChanged,
            format!("{place} shows another host key than the known one"),
        )
    } else if said("Host key verification failed") || said("host key is known for") {
        (
            Reason::SshHostKeyUnknown,
            format!("the host key of {place} is not known here"),
        )
    } else if said("UNPROTECTED PRIVATE KEY FILE") || said("error in libcrypto") {
        let key = &probe.identity;
        (
            Reason::CredentialUnusable,
            format!("ssh does not take the key {key}"),
        )
    } else if said("Permission denied (") || said("Too many authentication failures") {
        (
            Reason::CredentialRefused,
            format!("{place} refused the login"),
        )
    } else if said("Connection refused") {
        (
            Reason::TcpRefused,
            format!("{place} refused the connection"),
        )
    } else if said("during banner exchange") && said("timed out") {
        (
            Reason::ServiceTimeout,
            format!("{place} did not answer in time"),
        )
    } else if said("timed out") {
        (Reason::TcpTimeout, format!("nothing answers at {place}"))
    } else if said("Network is unreachable") {
        (
            Reason::NetNoRoute,
            format!("this machine has no route to {place}"),
        )
    } else if said("No route to host") {
        (Reason::TcpUnreachable, format!("{place} cannot be reached"))
    } else if said("Connection reset") {
        (Reason::TcpReset, format!("{place} reset the connection"))
    } else if said("invalid format") || said("protocol identification string") {
        (
            Reason::ServiceProtocol,
            format!("{place} does not speak SSH"),
        )
    } else if said("Connection closed") {
        (
            Reason::ServiceClosed,
            format!("{place} closed the connection"),
        )
    } else {
        (
            Reason::ToolFailed,
            format!("ssh could not log in to {place}"),
        )
    };
    ProbeError::new(reason, cause).with_detail(short_line(complaint, 300))
}

#[cfg(test)]
mod tests {
    use super::refused;
    use crate::probe::host::Host;
    use crate::reason::Reason;

    #[test]
    fn complaints_are_told_apart() {
        let probe: Host = serde_json::from_str(r#"{"host": "box.example"}"#).unwrap();
        for (complaint, reason) in [
            (
                "me@box: Permission denied (publickey,password).",
                Reason::CredentialRefused,
            ),
            (
                "Received disconnect from ::1 port 22:2: Too many authentication failures",
                Reason::CredentialRefused,
            ),
            (
                "No ED25519 host key is known for box.example and you have requested strict checking.\r\nHost key verification failed.",
                Reason::SshHostKeyUnknown,
            ),
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.",
                Reason::SshHostKeyChanged,
            ),
            (
                "@       WARNING: REVOKED HOST KEY DETECTED!               @\nHost key verification failed.",
                Reason::SshHostKeyChanged,
            ),
            (
                "ssh: connect to host box port 22: Connection refused",
                Reason::TcpRefused,
            ),
            (
                "ssh: connect to host box port 22: Connection timed out",
                Reason::TcpTimeout,
            ),
            (
                "Connection timed out during banner exchange\nConnection to ::1 port 1 timed out",
                Reason::ServiceTimeout,
            ),
            (
                "ssh: connect to host box port 22: No route to host",
                Reason::TcpUnreachable,
            ),
            (
                "ssh: connect to host box port 22: Network is unreachable",
                Reason::NetNoRoute,
            ),
            (
                "kex_exchange_identification: read: Connection reset by peer",
                Reason::TcpReset,
            ),
            (
                "kex_exchange_identification: Connection closed by remote host",
                Reason::ServiceClosed,
            ),
            (
                "banner exchange: Connection to ::1 port 1: invalid format",
                Reason::ServiceProtocol,
            ),
            (
                "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\nPermission denied (publickey).",
                Reason::CredentialUnusable,
            ),
            (
                "Unable to negotiate with ::1 port 22: no matching key exchange method found.",
                Reason::ToolFailed,
            ),
            ("", Reason::ToolFailed),
        ] {
            assert_eq!(refused(&probe, complaint).reason, reason, "{complaint}");
        }
    }
}
