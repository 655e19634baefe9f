//! Updates that wait, whether they install themselves, and how Docker's daemon is set.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sections::{Look, MOST_ENTRIES};
use crate::probe::ProbeError;
use crate::reason::Reason;

/// Packages of which a newer version is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Updates {
    /// How many there are.
    pub pending: usize,
    /// How many of them close holes, as the archive that they come from says.
    pub security: usize,
    /// Names of those that close holes, at most 100.
    pub security_packages: Vec<String>,
    /// Seconds since the machine last asked what there is; older lists hide newer updates.
    pub lists_age_seconds: u64,
}

/// Whether the machine installs updates by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unattended {
    /// Whether it asks for them regularly.
    pub update_lists: bool,
    /// Whether it installs them regularly; it does not where the program for it is missing.
    pub upgrade: bool,
}

/// How Docker's daemon is set in its file; options of its command line are not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DockerDaemon {
    /// What keeps the containers' logs.
    pub log_driver: String,
    /// The size at which a log is rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_max_size: Option<String>,
    /// How many files of a log are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_max_file: Option<String>,
    /// Where it keeps images and volumes.
    pub data_root: String,
    /// Whether containers outlive a new start of the daemon.
    pub live_restore: bool,
    /// Limits of the storage.
    pub storage_options: Vec<String>,
    /// Whether the cache of builds is cleaned by itself.
    pub builder_gc: bool,
}

/// The most names that are told.
const MOST_NAMES: usize = 100;

pub(super) fn updates(look: &Look) -> Result<Updates, ProbeError> {
    let said = look.said("updates")?;
    let has_lists = said.lines().any(|line| line == "list");
    if !has_lists {
        let words = "the machine has never asked which packages there are";
        return Err(ProbeError::new(Reason::ToolFailed, words));
    }
    read_updates(said).ok_or_else(|| look.odd("updates"))
}

fn read_updates(text: &str) -> Option<Updates> {
    let seconds = |line: &str, word: &str| line.strip_prefix(word)?.trim().parse::<u64>().ok();
    let now = text.lines().find_map(|line| seconds(line, "now "))?;
    let fetched = text.lines().filter_map(|line| seconds(line, "fetched "));
    let fetched = fetched.max()?;
    // The summary shows that the simulation came to its end.
    let summary = text.lines().find(|line| line.contains(" upgraded, "))?;
    let (upgraded, rest) = summary.split_once(" upgraded, ")?;
    let (added, _) = rest.split_once(" newly installed")?;
    let planned = upgraded
        .parse::<usize>()
        .ok()?
        .checked_add(added.parse().ok()?)?;
    let installs: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "))
        .collect();
    if installs.len() != planned {
        return None;
    }
    // A new version has its old one in brackets behind the name.
    let updates: Vec<&str> = installs
        .into_iter()
        .filter(|line| {
            line.split(' ')
                .nth(1)
                .is_some_and(|old| old.starts_with('['))
        })
        .collect();
    let name = |line: &&str| line.split(' ').next().map(str::to_owned);
    let secure: Vec<&str> = updates
        .iter()
        .copied()
        .filter(|line| is_security(line))
        .collect();
    Some(Updates {
        pending: updates.len(),
        security: secure.len(),
        security_packages: secure.iter().take(MOST_NAMES).filter_map(name).collect(),
        lists_age_seconds: now.saturating_sub(fetched),
    })
}

/// `unzip [6.0-27] (6.0-28 Debian-Security:12/oldstable-security [amd64])`
fn is_security(line: &str) -> bool {
    let origins = line.split_once('(').map_or("", |(_, rest)| rest);
    origins
        .split([' ', ','])
        .any(|origin| origin.contains("-security") || origin.contains("-Security"))
}

pub(super) fn unattended(text: &str) -> Option<Unattended> {
    let mut settings = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.trim_end_matches(';').split_once(' ')?;
        settings.insert(name, value.trim_matches('"'));
    }
    // Days between two runs, or `always`.
    let is_on = |name| match settings.get(name) {
        None => false,
        Some(value) => !["", "0"].contains(value),
    };
    let all = is_on("APT::Periodic::Enable") || !settings.contains_key("APT::Periodic::Enable");
    let installed = match *settings.get("installed")? {
        "1" => true,
        "0" => false,
        _ => return None,
    };
    Some(Unattended {
        update_lists: all && is_on("APT::Periodic::Update-Package-Lists"),
        upgrade: all && installed && is_on("APT::Periodic::Unattended-Upgrade"),
    })
}

pub(super) fn docker(text: &str) -> Option<DockerDaemon> {
    let settings: Value = serde_json::from_str(text).ok()?;
    let settings = settings.as_object()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let setting = |name: &str, usual: &str| match settings.get(name) {
        None => Some(usual.to_owned()),
        Some(value) => text(value),
    };
    let log = settings.get("log-opts");
    let option = |name: &str| log.and_then(|options| options.get(name)).and_then(text);
    let flag = |value: Option<&Value>| {
        value
            .is_none_or(Value::is_boolean)
            .then(|| value == Some(&Value::Bool(true)))
    };
    let options = match settings.get("storage-opts") {
        None => Vec::new(),
        Some(options) => options
            .as_array()
            .filter(|options| options.len() <= MOST_ENTRIES)?
            .iter()
            .map(text)
            .collect::<Option<_>>()?,
    };
    let gc = settings
        .get("builder")
        .and_then(|builder| builder.get("gc"));
    Some(DockerDaemon {
        log_driver: setting("log-driver", "json-file")?,
        log_max_size: option("max-size"),
        log_max_file: option("max-file"),
        data_root: setting("data-root", "/var/lib/docker")?,
        live_restore: flag(settings.get("live-restore"))?,
        storage_options: options,
        builder_gc: flag(gc.and_then(|gc| gc.get("enabled")))?,
    })
}

#[cfg(test)]
mod tests {
    use super::{docker, read_updates, unattended};

    const TOLD: &str = "now 1000100\nlist\nfetched 1000000\nfetched 900000\nReading package lists...\nBuilding dependency tree...\nThe following packages will be upgraded:\n  tzdata unzip\n2 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\nInst unzip [6.0-27] (6.0-28 Debian-Security:12/oldstable-security [amd64])\nInst tzdata [2025a] (2025b Debian:12.15/oldstable [all])\nInst linux-image-6.1.0-40 (6.1.1 Debian-Security:12/oldstable-security [amd64])\nConf unzip (6.0-28 Debian-Security:12/oldstable-security [amd64])\n";

    #[test]
    fn updates_and_those_that_close_holes_are_counted() {
        let found = read_updates(TOLD).unwrap();
        assert_eq!((found.pending, found.security), (2, 1));
        assert_eq!(found.security_packages, ["unzip"]);
        assert_eq!(found.lists_age_seconds, 100);
        let ubuntu = "now 5\nfetched 5\n1 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.\nInst libc6 [2.35-0ubuntu3.1] (2.35-0ubuntu3.4 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64]) []\n";
        assert_eq!(read_updates(ubuntu).unwrap().security, 1);
        let none =
            "now 5\nfetched 5\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n";
        assert_eq!(read_updates(none).unwrap().pending, 0);
    }

    #[test]
    fn half_an_answer_is_none() {
        for odd in [
            "",
            "now 5\nfetched 5\nReading package lists...\n",
            "now 5\n0 upgraded, 0 newly installed, 0 to remove\n",
            &TOLD.replace("2 upgraded", "3 upgraded"),
        ] {
            assert_eq!(read_updates(odd), None, "{odd}");
        }
    }

    #[test]
    fn whether_updates_install_themselves_is_told() {
        let text = "APT::Periodic \"\";\nAPT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\ninstalled \"1\";\n";
        let found = unattended(text).unwrap();
        assert!(found.update_lists && found.upgrade);
        let off = unattended(&text.replace("Upgrade \"1\"", "Upgrade \"0\"")).unwrap();
        assert!(off.update_lists && !off.upgrade);
        let all_off = format!("{text}APT::Periodic::Enable \"0\";\n");
        assert!(!unattended(&all_off).unwrap().upgrade);
        let missing = unattended(&text.replace("installed \"1\"", "installed \"0\"")).unwrap();
        assert!(missing.update_lists && !missing.upgrade);
        assert!(!unattended("installed \"1\";\n").unwrap().upgrade);
        for odd in ["", "odd\n", "installed \"?\";\n"] {
            assert_eq!(unattended(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_daemon_has_its_defaults_or_settings() {
        let found = docker("{}\n").unwrap();
        assert_eq!(
            (&*found.log_driver, found.log_max_size),
            ("json-file", None)
        );
        assert_eq!(found.data_root, "/var/lib/docker");
        assert!(!found.live_restore && !found.builder_gc && found.storage_options.is_empty());
        let found = docker(r#"{"log-driver":"local","log-opts":{"max-size":"10m","max-file":"3","splunk-token":"s3cr3t"},"live-restore":true,"storage-opts":["size=20G"],"builder":{"gc":{"enabled":true}}}"#).unwrap();
        assert_eq!(
            (found.log_max_size.as_deref(), found.log_max_file.as_deref()),
            (Some("10m"), Some("3"))
        );
        assert!(found.live_restore && found.builder_gc);
        assert_eq!(found.storage_options, ["size=20G"]);
        for odd in [
            "",
            "[]",
            r#"{"log-driver": 1}"#,
            r#"{"live-restore": "yes"}"#,
            r#"{"storage-opts": [1]}"#,
        ] {
            assert_eq!(docker(odd), None, "{odd}");
        }
    }
}
