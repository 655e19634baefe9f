//! What cron runs, without the secrets that stand in its command lines.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sections::Look;
use crate::probe::ProbeError;
use crate::text::shorten;

/// What the machine's cron is told to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cron {
    /// Whether it runs at all; left out where this user cannot see that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// What the system has: `/etc/crontab`, `/etc/cron.d` and the folders such as
    /// `/etc/cron.daily`.
    pub system: Vec<Job>,
    /// What users have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<Job>>,
}

/// Something that is run again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// The file that says so.
    pub file: String,
    /// When: `0 3 * * *`, `@daily` …
    pub schedule: String,
    /// The user; left out for a user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What is run. What may be a secret is left out: values of variables, of options and of
    /// headers, and passwords in addresses.
    pub command: String,
}

/// A longer command is cut to this many characters.
const LONGEST_COMMAND: usize = 300;

/// What may be a secret, between two groups of what is not.
static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // NAME=value and --option=value
        r#"([A-Za-z_-][\w-]*=)("[^"]*"|'[^']*'|\S+)()"#,
        // --password value, -u name:password
        r#"(?i)(--?[\w-]*(?:pass|secret|token|key|auth|cred|user)[\w-]*\s+|\s-[upH]\s+)("[^"]*"|'[^']*'|\S+)()"#,
        // -pSecret, as MySQL's programs take it
        r"(\s-p)([^\s-]\S*)()",
        // scheme://user:password@
        r"([a-z][a-z0-9+.-]*://)([^\s/@]+)(@)",
        // Bearer …
        r"(?i)((?:bearer|basic|token)\s+)([A-Za-z0-9._~+/=-]{8,})()",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// The command without what may be a secret.
fn masked(command: &str) -> String {
    let mut text = shorten(command, LONGEST_COMMAND).into_owned();
    for pattern in SECRETS.iter() {
        text = pattern.replace_all(&text, "$1…$3").into_owned();
    }
    text
}

/// Reads both sections. Nobody but root sees who runs what, and what others have planned.
pub(super) fn cron(look: &mut Look, is_root: bool) -> Option<Cron> {
    let system = look.list("cron", "cron", |text| jobs(text, true))?;
    let users = look.list("cron.users", "crontabs", |text| jobs(text, false));
    let running = look.read_section("cron", |text| match text.lines().next()? {
        "+running" => Some(true),
        "-running" => Some(false),
        _ => None,
    });
    let running = running.and_then(|running| hidden_unless(look, running || is_root, running));
    Some(Cron {
        running: look.keep("cron.running", running),
        system,
        users,
    })
}

fn hidden_unless(look: &Look, seen: bool, value: bool) -> Result<bool, ProbeError> {
    if seen {
        Ok(value)
    } else {
        Err(look.denied("every program that runs"))
    }
}

/// Jobs of files whose names stand in lines with `=` before their own lines, which begin with a
/// space; and of folders, as `@daily PATH`.
fn jobs(text: &str, with_user: bool) -> Option<Vec<Job>> {
    let mut jobs = Vec::new();
    let mut file = "";
    for line in text.lines() {
        match line.split_at_checked(1) {
            Some(("=", name)) => file = name,
            Some((" ", entry)) => jobs.extend(job(file, entry.trim(), with_user)?),
            Some(("@", _)) => {
                let (schedule, path) = line.split_once(' ')?;
                jobs.push(Job {
                    file: path.to_owned(),
                    schedule: schedule.to_owned(),
                    user: Some("root".to_owned()),
                    command: path.to_owned(),
                });
            }
            _ => {}
        }
    }
    Some(jobs)
}

/// The job of a line, if it has one. `None` is a line that cron itself would not take.
fn job(file: &str, line: &str, with_user: bool) -> Option<Vec<Job>> {
    let is_variable = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim_end();
        line.contains('=')
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '"')
    };
    if line.is_empty() || line.starts_with('#') || is_variable(line) {
        return Some(Vec::new());
    }
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        rest = after.trim_start();
        Some(word)
    };
    let schedule: Vec<&str> = (0..fields).map(|_| word()).collect::<Option<_>>()?;
    let user = if with_user {
        Some(word()?.to_owned())
    } else {
        None
    };
    Some(vec![Job {
        file: file.to_owned(),
        schedule: schedule.join(" "),
        user,
        command: masked(rest),
    }])
}

#[cfg(test)]
mod tests {
    use super::{jobs, masked};

    #[test]
    fn jobs_are_read_from_files_and_folders() {
        let text = "-running\n=/etc/crontab\n # a comment\n SHELL=/bin/sh\n\n \n 17 *\t* * *\troot  cd / && run-parts /etc/cron.hourly\n=/etc/cron.d/app\n @reboot app /srv/app/start\n@daily /etc/cron.daily/logrotate\n";
        let found = jobs(text, true).unwrap();
        assert_eq!(
            (&*found[0].file, &*found[0].schedule),
            ("/etc/crontab", "17 * * * *")
        );
        assert_eq!(found[0].user.as_deref(), Some("root"));
        assert_eq!(found[0].command, "cd / && run-parts /etc/cron.hourly");
        assert_eq!(
            (&*found[1].schedule, &*found[1].command),
            ("@reboot", "/srv/app/start")
        );
        assert_eq!(
            (&*found[2].file, &*found[2].schedule),
            ("/etc/cron.daily/logrotate", "@daily")
        );
        let own = jobs(
            "=/var/spool/cron/crontabs/ann\n 0 3 * * * pg_dump app > /backup/app.sql\n",
            false,
        )
        .unwrap();
        assert_eq!(
            (own[0].user.as_deref(), &*own[0].command),
            (None, "pg_dump app > /backup/app.sql")
        );
        assert_eq!(jobs("", true), Some(Vec::new()));
        assert_eq!(jobs("=/etc/crontab\n every day at noon\n", true), None);
    }

    #[test]
    fn secrets_are_left_out_of_commands() {
        for (command, shown) in [
            ("PGPASSWORD=s3cr3t pg_dump app", "PGPASSWORD=… pg_dump app"),
            ("X='two words' run", "X=… run"),
            (
                "restic --password-file=/etc/x backup",
                "restic --password-file=… backup",
            ),
            ("tool --api-token s3cr3t go", "tool --api-token … go"),
            ("mysqldump -u root -ps3cr3t app", "mysqldump -u … -p… app"),
            (
                "curl -u me:s3cr3t https://x.example",
                "curl -u … https://x.example",
            ),
            (
                "curl -H 'Authorization: Bearer s3cr3t' https://x.example",
                "curl -H … https://x.example",
            ),
            (
                "pg_dump postgres://me:s3cr3t@db/app",
                "pg_dump postgres://…@db/app",
            ),
            ("docker image prune -af", "docker image prune -af"),
        ] {
            assert_eq!(masked(command), shown);
        }
        assert!(masked(&"x".repeat(10_000)).len() < 400);
    }
}
