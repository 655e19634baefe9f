//! What some of the stands share: programs, backups and Sentry.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::say;
use crate::support::binary::Bench;
use crate::support::http::Body;

/// Dumps of a database: one of each of the last 14 days, and older ones of 60 weeks.
pub(super) fn dumps(folder: &Path, dump: &[u8], is_broken: bool) {
    const DAY: u64 = 86_400;
    let newest = if is_broken { 3 } else { 0 };
    let days = (newest..14).chain((2..60).map(|week| week * 7));
    std::fs::create_dir_all(folder).unwrap();
    for day in days {
        let path = folder.join(format!("{day:03}.dump"));
        std::fs::write(&path, dump).unwrap();
        let time = SystemTime::now() - Duration::from_secs(day * DAY + 60);
        let file = std::fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    }
}

/// Adds a script to the programs of a bench.
pub(super) fn script(bench: &Bench, name: &str, text: &str) {
    let path = bench.path("bin").join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What Sentry tells of a project, by the path below those of the organization: errors, rules
/// and source maps. On a broken stand nobody has set anything up.
pub(super) fn sentry(path: &str, is_broken: bool) -> Option<Response<Body>> {
    let yesterday = (Timestamp::now() - SignedDuration::from_hours(24)).to_string();
    let (_, what) = path.split_once('/')?;
    let one = match what.split('?').next()? {
        "events/" => json!({"id": "9f", "title": "TimeoutError", "dateCreated": yesterday}),
        "rules/" => json!({"id": "1", "name": "New errors", "status": "active",
            "actions": [{"id": "sentry.mail.actions.NotifyEmailAction", "targetType": "Team"}]}),
        "files/artifact-bundles/" => json!({"bundleId": "4d", "date": yesterday, "fileCount": 12}),
        _ => return None,
    };
    let all = if is_broken { json!([]) } else { json!([one]) };
    let mut answer = say(200, &all);
    let page = |cursor: &str, rel: &str| {
        format!(
            "<https://sentry.io/api/0/projects/{path}?cursor={cursor}>; rel=\"{rel}\"; results=\"false\"; cursor=\"{cursor}\""
        )
    };
    let pages = format!("{}, {}", page("0:0:1", "previous"), page("0:100:0", "next"));
    answer.headers_mut().insert("link", pages.parse().unwrap());
    Some(answer)
}
