//! Services, timers, and the guard against guessed passwords.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::pairs;
use super::sections::Look;
use crate::probe::ProbeError;

/// What systemd runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Units {
    /// Services that run: `fail2ban.service` …
    pub running: Vec<String>,
    /// Units of any kind that have failed.
    pub failed: Vec<String>,
}

/// A timer of systemd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// `logrotate.timer` …
    pub name: String,
    /// The unit that it starts.
    pub starts: String,
    /// Whether it is on.
    pub active: bool,
    /// Seconds since it went off last; left out if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_age_seconds: Option<i64>,
    /// How what it started has ended: `success`, `exit-code`, `timeout` …; left out where
    /// systemd has forgotten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// Fail2ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fail2ban {
    /// Whether it runs.
    pub running: bool,
    /// What it guards; left out when it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jails: Option<Vec<Jail>>,
}

/// Something that Fail2ban guards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Jail {
    /// `sshd` …
    pub name: String,
    /// Addresses that are shut out at the moment.
    pub banned: u64,
    /// Addresses that were shut out since it started.
    pub banned_ever: u64,
}

/// What `systemctl show` prints: properties by unit.
fn blocks(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let blocks = text.split("\n\n").map(pairs);
    blocks.filter(|block| !block.is_empty()).collect()
}

pub(super) fn units(text: &str) -> Option<Units> {
    let mut units = Units {
        running: Vec::new(),
        failed: Vec::new(),
    };
    let blocks = blocks(text);
    for block in &blocks {
        let name = (*block.get("Id")?).to_owned();
        let state = *block.get("ActiveState")?;
        if state == "failed" {
            units.failed.push(name);
        } else if name.ends_with(".service") && *block.get("SubState")? == "running" {
            units.running.push(name);
        }
    }
    // Wherever systemd runs, it has units.
    (!blocks.is_empty()).then_some(units)
}

pub(super) fn timers(look: &Look) -> Result<Vec<Timer>, ProbeError> {
    let said = look.said("timers")?;
    let results: BTreeMap<&str, &str> = look
        .said("units")
        .map(blocks)
        .unwrap_or_default()
        .iter()
        .filter_map(|block| Some((*block.get("Id")?, *block.get("Result")?)))
        .collect();
    let blocks = blocks(said);
    // Ages are by the machine's own clock.
    let now = blocks
        .first()
        .and_then(|block| block.get("Now")?.parse().ok());
    let found = now.and_then(|now| {
        let timers = blocks.iter().skip(1);
        timers.map(|block| timer(block, &results, now)).collect()
    });
    let found: Vec<Timer> = found.ok_or_else(|| look.odd("timers"))?;
    look.bounded("timers", found)
}

fn timer(block: &BTreeMap<&str, &str>, results: &BTreeMap<&str, &str>, now: i64) -> Option<Timer> {
    let starts = *block.get("Unit")?;
    let last = match *block.get("LastTriggerUSec")? {
        "" | "n/a" | "0" => None,
        at => Some(at),
    };
    let age = |at| Some(now - moment(at)?);
    Some(Timer {
        name: (*block.get("Id")?).to_owned(),
        starts: starts.to_owned(),
        active: *block.get("ActiveState")? == "active",
        last_age_seconds: match last {
            Some(at) => Some(age(at)?),
            None => None,
        },
        result: results.get(starts).map(|result| (*result).to_owned()),
    })
}

/// Seconds of `Mon 2026-11-23 06:12:13 UTC`; the script sets the zone.
fn moment(text: &str) -> Option<i64> {
    let rest = text.strip_suffix(" UTC")?.split_once(' ')?.1;
    let at = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", rest).ok()?;
    Some(
        at.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

/// The words of its client when there is nobody to ask.
const NOT_RUNNING: &str = "Is fail2ban running?";

pub(super) fn fail2ban(look: &Look) -> Result<Fail2ban, ProbeError> {
    let said = match look.said("fail2ban") {
        Ok(said) => said,
        Err(_) if look.complaint("fail2ban").contains(NOT_RUNNING) => {
            return Ok(Fail2ban {
                running: false,
                jails: None,
            });
        }
        Err(error) => return Err(error),
    };
    let jails = jails(said).ok_or_else(|| look.odd("fail2ban"))?;
    Ok(Fail2ban {
        running: true,
        jails: Some(look.bounded("jails", jails)?),
    })
}

fn jails(text: &str) -> Option<Vec<Jail>> {
    let value =
        |line: &str, key: &str| -> Option<u64> { line.split_once(key)?.1.trim().parse().ok() };
    let count = text
        .lines()
        .find_map(|line| value(line, "Number of jail:"))?;
    let mut jails = Vec::new();
    for part in text.split("Status for the jail: ").skip(1) {
        let find = |key| part.lines().find_map(|line| value(line, key));
        jails.push(Jail {
            name: part.lines().next()?.trim().to_owned(),
            banned: find("Currently banned:")?,
            banned_ever: find("Total banned:")?,
        });
    }
    (u64::try_from(jails.len()) == Ok(count)).then_some(jails)
}

#[cfg(test)]
mod tests {
    use super::{Jail, jails, moment, timers, units};
    use crate::probe::ProbeError;
    use crate::probe::host::sections::Look;
    use crate::reason::Reason;

    const UNITS: &str = "Id=ssh.service\nActiveState=active\nSubState=running\nResult=success\n\nId=backup.service\nActiveState=failed\nSubState=failed\nResult=exit-code\n\nId=logrotate.service\nActiveState=inactive\nSubState=dead\nResult=success\n\nId=data.mount\nActiveState=failed\nSubState=failed\nResult=exit-code\n\nId=x.socket\nActiveState=active\nSubState=running\n";
    const TIMERS: &str = "Now=1795262400\n\nId=backup.timer\nUnit=backup.service\nActiveState=active\nLastTriggerUSec=Sat 2026-11-21 03:00:00 UTC\nNextElapseUSecRealtime=Sun 2026-11-22 03:00:00 UTC\n\nId=never.timer\nUnit=never.service\nActiveState=inactive\nLastTriggerUSec=n/a\nNextElapseUSecRealtime=\n";

    fn look(sections: &[(&str, &str)]) -> Look {
        let mut printed = "<ready>\n".to_owned();
        for (name, text) in sections {
            printed.extend([format!("<{name}\n")]);
            printed.extend(text.lines().map(|line| format!("|{line}\n")));
            printed += "|\n| 0\n>\n";
        }
        let cut = ProbeError::new(Reason::ProbeTimeout, "too slow");
        Look::read("box", &printed, cut).unwrap()
    }

    #[test]
    fn running_and_failed_units_are_told() {
        let found = units(UNITS).unwrap();
        assert_eq!(found.running, ["ssh.service"]);
        assert_eq!(found.failed, ["backup.service", "data.mount"]);
        assert_eq!(units(""), None);
        assert_eq!(units("ActiveState=active\n"), None);
    }

    #[test]
    fn timers_say_when_and_how() {
        let found = timers(&look(&[("timers", TIMERS), ("units", UNITS)])).unwrap();
        assert_eq!(
            (&*found[0].name, &*found[0].starts, found[0].active),
            ("backup.timer", "backup.service", true)
        );
        assert_eq!(found[0].last_age_seconds, Some(9 * 3600));
        assert_eq!(found[0].result.as_deref(), Some("exit-code"));
        assert_eq!(
            (found[1].last_age_seconds, found[1].active, &found[1].result),
            (None, false, &None)
        );
        assert_eq!(timers(&look(&[("timers", "Now=1\n")])).unwrap(), []);
        let odd = look(&[("timers", &TIMERS.replace("03:00:00 UTC", "03:00:00 CET"))]);
        assert_eq!(timers(&odd).unwrap_err().reason, Reason::ToolFailed);
        assert_eq!(moment("Thu 1970-01-01 00:01:00 UTC"), Some(60));
    }

    #[test]
    fn jails_are_counted() {
        let text = "Status\n|- Number of jail:\t2\n`- Jail list:\tnginx, sshd\nStatus for the jail: nginx\n|- Filter\n|  |- Currently failed:\t0\n`- Actions\n   |- Currently banned:\t0\n   |- Total banned:\t0\n   `- Banned IP list:\t\nStatus for the jail: sshd\n`- Actions\n   |- Currently banned:\t2\n   |- Total banned:\t17\n";
        let found = jails(text).unwrap();
        assert_eq!(
            found[1],
            Jail {
                name: "sshd".to_owned(),
                banned: 2,
                banned_ever: 17
            }
        );
        assert_eq!(found.len(), 2);
        assert_eq!(jails(&text.replace("jail:\t2", "jail:\t3")), None);
        assert_eq!(jails("Status\n|- Number of jail:\t0\n"), Some(Vec::new()));
        assert_eq!(jails(""), None);
    }
}
