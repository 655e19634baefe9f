//! Backups in a folder.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use ready::probe::Answer;
use ready::probe::backups::{Api, Form};
use ready::reason::Reason;
use serde_json::json;

use super::{ask, file, knowing};

#[tokio::test]
async fn a_folder_tells_the_newest_the_sizes_and_the_windows() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for day in 14..=21 {
        let time = format!("2026-11-{day}T03:00:00Z");
        let bytes = vec![b'x'; 100 + day];
        file(root, &format!("daily/{day}.dump"), &bytes, &time);
        file(root, &format!("daily/{day}.md5"), b"x", &time);
    }
    std::fs::remove_file(root.join("daily/18.dump")).unwrap();
    file(root, "weekly/a.dump", b"", "2026-11-08T03:00:00Z");
    file(root, "monthly/a.dump", b"PGDMP", "2026-09-01T03:00:00Z");
    symlink("daily/21.dump", root.join("latest.dump")).unwrap();
    let place = json!({"location": root, "name": "*.dump"});
    let Answer { facts, gaps } = ask(&place, &knowing(&[])).await.unwrap();
    assert_eq!(
        (facts.api, facts.exists, facts.count),
        (Api::Folder, true, Some(9))
    );
    assert_eq!((facts.passed_over, facts.empty), (Some(8), Some(1)));
    assert_eq!(
        (facts.smallest_bytes, facts.total_bytes),
        (Some(0), Some(827))
    );
    assert_eq!((facts.earlier, facts.median_bytes), (Some(7), Some(116)));
    assert_eq!(facts.oldest_age_seconds, Some(81 * 86400 + 9 * 3600));
    let newest = facts.newest.unwrap();
    assert_eq!(
        (newest.name.as_str(), newest.size_bytes),
        ("daily/21.dump", 121)
    );
    assert_eq!(
        (newest.age_seconds, newest.time.as_str()),
        (9 * 3600, "2026-11-21T03:00:00Z")
    );
    assert_eq!(newest.of_median, Some(1.043));
    assert_eq!(
        (newest.form, newest.sealed),
        (Some(Form::Unknown), Some(false))
    );
    let daily = facts.daily.unwrap();
    assert_eq!((daily.present, daily.expected), (6, 7));
    assert_eq!(daily.missing, ["2026-11-18"]);
    let weekly = facts.weekly.unwrap();
    assert_eq!(
        (weekly.present, weekly.missing.join(" ")),
        (3, "2026-W44".to_owned())
    );
    let monthly = facts.monthly.unwrap();
    assert_eq!((monthly.length, monthly.present), (12, 2));
    let without: Vec<&str> = gaps.keys().map(String::as_str).collect();
    assert_eq!(
        without,
        [
            "newest.encryption",
            "object_lock",
            "public_list",
            "public_read",
            "versioning"
        ]
    );
}

#[tokio::test]
async fn dates_in_names_stand_for_times_and_the_future_counts_for_nothing() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let copied = "2026-11-21T11:00:00Z";
    for name in [
        "db-20261101.sql",
        "db-20261119-0300.sql",
        "db.sql",
        "db-20991231.sql",
    ] {
        file(root, name, b"-- PostgreSQL database dump\n", copied);
    }
    let place = json!({"location": root, "time_from": "name", "since": "2026-11-18"});
    let facts = ask(&place, &knowing(&[])).await.unwrap().facts;
    let newest = facts.newest.unwrap();
    assert_eq!(
        (newest.name.as_str(), newest.form),
        ("db-20261119-0300.sql", Some(Form::Sql))
    );
    assert_eq!(newest.age_seconds, 57 * 3600);
    assert_eq!(
        (facts.count, facts.undated, facts.in_future),
        (Some(4), Some(1), Some(1))
    );
    let daily = facts.daily.unwrap();
    assert_eq!((daily.present, daily.expected), (1, 3));
    assert_eq!(daily.missing, ["2026-11-18", "2026-11-20"]);
    let place = json!({"location": root, "since": "2026-11-22"});
    let told = ask(&place, &knowing(&[])).await.unwrap_err();
    assert_eq!(told.reason, Reason::QueryRefused);
    // By the clock of the file system they are all fresh.
    let place = json!({"location": root});
    let facts = ask(&place, &knowing(&[])).await.unwrap().facts;
    assert_eq!(
        (facts.newest.unwrap().age_seconds, facts.undated),
        (3600, Some(0))
    );
    // A clock that is ahead by much is not believed.
    file(root, "ahead.sql", b"x", "2026-11-21T14:00:00Z");
    let facts = ask(&place, &knowing(&[])).await.unwrap().facts;
    assert_eq!(
        (facts.newest.unwrap().age_seconds, facts.in_future),
        (3600, Some(1))
    );
}

#[tokio::test]
async fn a_folder_can_be_one_backup() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for (day, size) in [(19, 10), (20, 30)] {
        let time = format!("2026-11-{day}T03:00:00Z");
        file(root, &format!("{day}/1.dat.gz"), &vec![0; size], &time);
        file(root, &format!("{day}/toc.dat"), b"PGDMP\x01", &time);
    }
    file(root, "README", b"x", "2026-11-21T03:00:00Z");
    let place = json!({"location": root, "each": "folder"});
    let facts = ask(&place, &knowing(&[])).await.unwrap().facts;
    assert_eq!((facts.count, facts.passed_over), (Some(2), Some(1)));
    let newest = facts.newest.unwrap();
    assert_eq!((newest.name.as_str(), newest.size_bytes), ("20", 36));
    assert_eq!(
        (newest.form, newest.of_median),
        (Some(Form::PgDirectory), Some(2.25))
    );
}

#[tokio::test]
async fn no_folder_and_no_backup_are_facts() {
    let root = tempfile::tempdir().unwrap();
    let nowhere = json!({"location": root.path().join("nowhere")});
    let facts = ask(&nowhere, &knowing(&[])).await.unwrap().facts;
    assert_eq!(
        (facts.exists, facts.count, facts.newest),
        (false, Some(0), None)
    );
    assert_eq!(facts.daily.unwrap().present, 0);
    let empty = json!({"location": root.path()});
    let facts = ask(&empty, &knowing(&[])).await.unwrap().facts;
    assert_eq!(
        (facts.exists, facts.count, facts.newest),
        (true, Some(0), None)
    );
    assert_eq!((facts.smallest_bytes, facts.median_bytes), (None, None));
}

#[tokio::test]
async fn what_cannot_be_read_is_our_inability() {
    let root = tempfile::tempdir().unwrap();
    file(root.path(), "a.dump", b"PGDMP", "2026-11-21T03:00:00Z");
    let place = json!({"location": root.path().join("a.dump")});
    let told = ask(&place, &knowing(&[])).await.unwrap_err();
    assert_eq!(told.reason, Reason::FileUnreadable);
    let hurried = ready::probe::Context {
        timeout: std::time::Duration::ZERO,
        ..knowing(&[])
    };
    let Answer { facts, gaps } = ask(&json!({"location": root.path()}), &hurried)
        .await
        .unwrap();
    assert_eq!((facts.count, facts.newest), (None, None));
    assert_eq!(gaps["newest"].reason, Reason::FileTruncated);
    if !rustix::process::getuid().is_root() {
        let locked = root.path().join("locked");
        std::fs::create_dir(&locked).unwrap();
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
        let gaps = ask(&json!({"location": root.path()}), &knowing(&[]))
            .await
            .unwrap()
            .gaps;
        assert_eq!(gaps["count"].reason, Reason::PermissionDenied);
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}
