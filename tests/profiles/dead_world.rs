//! A world in which nothing answers, to audit profiles in: every name leads to a port of loopback
//! where nobody listens, the name server knows no name, and the folder holds nothing but the
//! figures of a drill.

use std::fmt::Write as _;
use std::net::UdpSocket;

use serde_json::Value;

use crate::support::binary::Bench;

/// A name server on loopback that says of every name that there is none such.
fn nameserver() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut packet) {
            // The header, and after it labels until an empty one, type and class.
            let mut end = 12;
            while end < length && packet[end] != 0 {
                end += 1 + usize::from(packet[end]);
            }
            let answer = &mut packet[..(end + 5).min(length)];
            answer[2..4].copy_from_slice(&[0x81, 0x83]);
            answer[6..12].fill(0);
            let _ = socket.send_to(answer, client);
        }
    });
    address
}

/// Variables that must be set, with the examples that the profile gives.
fn settings(id: &str) -> Vec<String> {
    let ran = Bench::new().ready(&["explain", "profile", id, "--json"]);
    let explained: Value = serde_json::from_str(&ran.out).unwrap();
    let vars = explained["vars"].as_array().unwrap().iter();
    vars.filter(|var| var["required"] == true)
        .flat_map(|var| {
            let text = |key: &str| var[key].as_str().unwrap();
            [
                "--set".to_owned(),
                format!("{}={}", text("name"), text("example")),
            ]
        })
        .collect()
}

/// A profile in the dead world.
pub struct World {
    pub bench: Bench,
    profile: Vec<String>,
    network: Vec<String>,
}

impl World {
    pub fn of(id: &str) -> Self {
        let bench = Bench::new();
        std::fs::create_dir_all(bench.path("docs/drills")).unwrap();
        let figures = r#"{"restore_minutes": 300, "days_since_drill": 100, "security_audit": "Scheduled",
            "database_restore_minutes": 40, "onboarding_seconds": 95, "kill_switch_seconds": 1}"#;
        let bench = bench.file("docs/drills/latest.json", figures);
        let profile = ["--profile".to_owned(), id.to_owned()];
        Self {
            bench,
            profile: [profile.to_vec(), settings(id)].concat(),
            network: [
                "--resolve",
                "*:*:127.0.0.1:9",
                "--dns",
                &nameserver(),
                "--deadline",
                "5m",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }

    fn run(&self, first: &[&str], more: &[&[String]]) -> String {
        let more = more.concat();
        let args: Vec<&str> = first
            .iter()
            .copied()
            .chain(more.iter().map(String::as_str))
            .collect();
        let ran = self.bench.ready(&args);
        assert_ne!(ran.code, Some(2), "{args:?}: {}", ran.err);
        ran.out
    }

    pub fn gather(&self) {
        self.run(&["gather", "-o", "e.json"], &[&self.profile, &self.network]);
    }

    pub fn judge(&self, more: &[&str]) -> Value {
        let first = [&["judge", "e.json", "--report", "json"], more].concat();
        serde_json::from_str(&self.run(&first, &[&self.profile])).unwrap()
    }

    pub fn audit(&self, more: &[&str]) -> Value {
        let first = [&["audit", "--report", "json"], more].concat();
        serde_json::from_str(&self.run(&first, &[&self.profile, &self.network])).unwrap()
    }
}

/// The checks that have one of these statuses.
pub fn ids(report: &Value, statuses: &[&str]) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    let of_status = checks.filter(|check| statuses.contains(&check["status"].as_str().unwrap()));
    of_status
        .map(|check| check["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A ledger with words for one in `attested` of what waits for one, and waivers for one in
/// `waived` of what fails or is not known.
pub fn ledger(report: &Value, attested: usize, waived: usize) -> String {
    let (today, until) = (crate::ledger::day(0), crate::ledger::day(30));
    let with = |statuses: &[&str], one_in: usize| ids(report, statuses).into_iter().step_by(one_in);
    let mut text = "ledger: 1\nattestations:\n".to_owned();
    for id in with(&["pending"], attested) {
        _ = writeln!(text, "  - {{check: \"{id}\", by: Ana, at: {today}}}");
    }
    text += "waivers:\n";
    for id in with(&["fail", "warn", "error", "skipped"], waived) {
        _ = writeln!(
            text,
            "  - {{check: \"{id}\", owner: Ben, reason: It is a dead world, at: {today}, until: {until}}}"
        );
    }
    text
}
