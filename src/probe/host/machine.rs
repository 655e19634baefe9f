//! The machine itself: its system, memory, load, users and clock.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which distribution it is, as `/etc/os-release` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Os {
    /// `debian`, `ubuntu`, `alpine` …
    pub id: String,
    /// Its version; left out where the distribution has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The kernel that runs, and those that are installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kernel {
    /// Release of the running one.
    pub running: String,
    /// Releases in `/boot`; empty where the kernel comes from outside, as in a container.
    pub installed: Vec<String>,
}

/// Memory, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// All of it.
    pub total_bytes: u64,
    /// What programs could still get without swapping.
    pub available_bytes: u64,
    /// Share that is not available.
    pub used_percent: f64,
}

/// Swap, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Swap {
    /// All of it; 0 where there is none.
    pub total_bytes: u64,
    /// What is used.
    pub used_bytes: u64,
    /// Share that is used; 0 where there is none.
    pub used_percent: f64,
}

/// How many programs wanted to run, on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// Over a minute.
    pub one: f64,
    /// Over five minutes.
    pub five: f64,
    /// Over a quarter of an hour.
    pub fifteen: f64,
}

/// The clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Time {
    /// Whether it follows others.
    pub synchronized: bool,
    /// Whether a service is set to keep it so; left out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ntp: Option<bool>,
    /// Time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Who can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Users {
    /// Users with a shell.
    pub login: Vec<String>,
    /// Users with the number 0, who may do everything.
    pub root: Vec<String>,
}

/// `KEY=value` lines.
pub(super) fn pairs(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .collect()
}

pub(super) fn os(text: &str) -> Option<Os> {
    let pairs = pairs(text);
    let value = |key: &str| {
        let value = pairs.get(key)?.trim_matches(['"', '\'']);
        Some(value.to_owned())
    };
    Some(Os {
        id: value("ID")?,
        version: value("VERSION_ID"),
        name: value("PRETTY_NAME"),
    })
}

pub(super) fn kernel(text: &str) -> Option<Kernel> {
    let after = |word: &'static str| {
        let rest = move |line: &str| line.strip_prefix(word).map(str::to_owned);
        text.lines()
            .filter_map(rest)
            .filter(|name| !name.is_empty())
    };
    Some(Kernel {
        running: after("running ").next()?,
        installed: after("installed ").collect(),
    })
}

/// Whether a package or a newer kernel waits for a new start; `None` where no kernel is
/// installed, so that nothing tells.
pub(super) fn reboot_required(text: &str) -> Option<bool> {
    if text.lines().any(|line| line == "required") {
        return Some(true);
    }
    let kernel = kernel(text)?;
    let running = numbers(&kernel.running);
    if kernel.installed.is_empty() {
        return None;
    }
    Some(kernel.installed.iter().any(|name| numbers(name) > running))
}

/// The numbers at the start of a kernel's release: `6.1.0-18-amd64` is 6, 1, 0, 18.
fn numbers(release: &str) -> Vec<u64> {
    let parts = release.split(['.', '-', '+', '~', '_']);
    parts.map_while(|part| part.parse().ok()).collect()
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number = line.strip_prefix(':')?.trim().strip_suffix("kB")?;
    number.trim().parse::<u64>().ok()?.checked_mul(1024)
}

pub(super) fn memory(text: &str) -> Option<Memory> {
    let total_bytes = kilobytes(text, "MemTotal").filter(|total| *total > 0)?;
    let available_bytes = kilobytes(text, "MemAvailable")?;
    Some(Memory {
        total_bytes,
        available_bytes,
        used_percent: share(total_bytes.saturating_sub(available_bytes), total_bytes),
    })
}

pub(super) fn swap(text: &str) -> Option<Swap> {
    let total_bytes = kilobytes(text, "SwapTotal")?;
    let used_bytes = total_bytes.checked_sub(kilobytes(text, "SwapFree")?)?;
    Some(Swap {
        total_bytes,
        used_bytes,
        used_percent: share(used_bytes, total_bytes),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of sizes far below 2^53"
)]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 * 100.0 / whole as f64
}

pub(super) fn load(text: &str) -> Option<Load> {
    let mut numbers = text.split_whitespace();
    let mut next = || {
        let number: f64 = numbers.next()?.parse().ok()?;
        number.is_finite().then_some(number)
    };
    Some(Load {
        one: next()?,
        five: next()?,
        fifteen: next()?,
    })
}

pub(super) fn uptime(text: &str) -> Option<u64> {
    let seconds = text.split_whitespace().next()?;
    seconds.split('.').next()?.parse().ok()
}

pub(super) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

pub(super) fn time(text: &str) -> Option<Time> {
    let pairs = pairs(text);
    let yes = |key: &str| match *pairs.get(key)? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    Some(Time {
        synchronized: yes("NTPSynchronized")?,
        ntp: yes("NTP"),
        zone: pairs.get("Timezone").map(|zone| (*zone).to_owned()),
    })
}

/// Programs that end a login at once.
const NO_SHELLS: [&str; 6] = ["nologin", "false", "true", "sync", "shutdown", "halt"];

pub(super) fn users(text: &str) -> Option<Users> {
    let mut users = Users {
        login: Vec::new(),
        root: Vec::new(),
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    for line in lines.filter(|line| !line.starts_with(['#', '+', '-'])) {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, number, _, _, _, shell] = *fields.as_slice() else {
            return None;
        };
        if number.parse::<u32>().ok()? == 0 {
            users.root.push(name.to_owned());
        }
        let program = shell.rsplit('/').next().unwrap_or_default();
        if !NO_SHELLS.contains(&program) {
            users.login.push(name.to_owned());
        }
    }
    // There is always root; a list without is another one.
    (!users.root.is_empty()).then_some(users)
}

#[cfg(test)]
mod tests {
    use super::{kernel, load, memory, number, os, reboot_required, swap, time, uptime, users};

    #[test]
    fn memory_and_swap_are_counted() {
        let text = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n";
        let found = memory(text).unwrap();
        assert_eq!(
            (found.total_bytes, found.available_bytes),
            (1_024_000, 256_000)
        );
        assert!((found.used_percent - 75.0).abs() < 1e-9);
        let found = swap(text).unwrap();
        assert_eq!((found.total_bytes, found.used_bytes), (204_800, 51_200));
        assert!((found.used_percent - 25.0).abs() < 1e-9);
        let none = swap("SwapTotal: 0 kB\nSwapFree: 0 kB").unwrap();
        assert_eq!((none.total_bytes, none.used_percent), (0, 0.0));
        for odd in [
            "",
            "MemTotal: 0 kB\nMemAvailable: 0 kB",
            "MemTotal: 5 MB\nMemAvailable: 1 kB",
            "MemTotal: 5 kB",
        ] {
            assert_eq!(memory(odd), None, "{odd}");
        }
        assert_eq!(swap("SwapTotal: 1 kB\nSwapFree: 2 kB"), None);
    }

    #[test]
    fn short_answers_are_read_or_refused() {
        let found = load("0.50 1.25 2.00 1/99 7\n").unwrap();
        assert!((found.five - 1.25).abs() < 1e-9 && (found.fifteen - 2.0).abs() < 1e-9);
        assert_eq!(load("0.50 1.25"), None);
        assert_eq!(load("nan 1 1"), None);
        assert_eq!((uptime("12345.67 1\n"), uptime("x")), (Some(12345), None));
        assert_eq!(
            (number::<u32>("4\n"), number::<u32>("four")),
            (Some(4), None)
        );
        let found = os("NAME=x\nID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian 12'\n").unwrap();
        assert_eq!(
            (&*found.id, found.version.as_deref(), found.name.as_deref()),
            ("debian", Some("12"), Some("Debian 12"))
        );
        assert_eq!(os("NAME=x"), None);
        let found = time("Timezone=Etc/UTC\nNTP=yes\nNTPSynchronized=no\n").unwrap();
        assert_eq!((found.synchronized, found.ntp), (false, Some(true)));
        assert_eq!(found.zone.as_deref(), Some("Etc/UTC"));
        assert_eq!(time("NTP=yes"), None);
        assert_eq!(time("NTPSynchronized="), None);
    }

    #[test]
    fn a_newer_kernel_waits_for_a_new_start() {
        for (text, waits) in [
            (
                "running 6.1.0-9-amd64\ninstalled 6.1.0-9-amd64\n",
                Some(false),
            ),
            (
                "running 6.1.0-9-amd64\ninstalled 6.1.0-9-amd64\ninstalled 6.1.0-18-amd64\n",
                Some(true),
            ),
            (
                "running 6.1.0-18-amd64\ninstalled 6.1.0-9-cloud-amd64\n",
                Some(false),
            ),
            ("running 6.1.0\nrequired\n", Some(true)),
            ("running 6.1.0\n", None),
            ("", None),
        ] {
            assert_eq!(reboot_required(text), waits, "{text}");
        }
        assert_eq!(
            kernel("running 6.1\n").unwrap().installed,
            Vec::<String>::new()
        );
        assert_eq!(kernel("installed 6.1\n"), None);
    }

    #[test]
    fn users_with_a_shell_and_the_number_0_are_told() {
        let found = users("root:x:0:0:root:/root:/bin/bash\nbin:x:2:2::/bin:/usr/sbin/nologin\n\ntoor:x:0:0::/:/bin/false\nann:x:1000:1000::/:\n").unwrap();
        assert_eq!(found.login, ["root", "ann"], "no shell is the usual one");
        assert_eq!(found.root, ["root", "toor"]);
        for odd in [
            "",
            "root:x:0:0:root:/root\n",
            "root:x:none:0:r:/:/bin/sh\n",
            "bin:x:2:2::/bin:/sbin/nologin\n",
        ] {
            assert_eq!(users(odd), None, "{odd}");
        }
    }
}
