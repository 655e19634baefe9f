//! The `backups` probe on what PostgreSQL's own programs write.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ready::probe::backups::{Backups, Facts, Form};
use ready::probe::{Answer, Context, Probe};
use ready::reason::Reason;
use serde_json::{Value, json};

use super::postgres::{Server, installed};
use crate::support::context;

fn here() -> Context {
    let path = std::env::var("PATH").unwrap();
    Context {
        env: Arc::new([("PATH".to_owned(), path)].into()),
        now: jiff::Timestamp::now(),
        timeout: Duration::from_secs(30),
        ..context(&[])
    }
}

async fn ask(folder: &Path, more: Value) -> Answer<Facts> {
    let mut fields = json!({"location": folder});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Backups = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&here()).await.unwrap()
}

#[tokio::test]
async fn dumps_are_recognised_and_listed() {
    let (Some(pg_dump), Some(_)) = (installed("pg_dump"), installed("pg_restore")) else {
        return;
    };
    let Some(server) = Server::start(&[], None).await else {
        return;
    };
    // The server lets nobody in at first; this waits for it.
    server.sql("SELECT 1");
    let root = tempfile::tempdir().unwrap();
    let dump = |name: &str, options: &[&str]| {
        let folder = root.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join(format!("{name}.dump"));
        let ran = Command::new(&pg_dump)
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &server.port().to_string(),
                "-U",
                "boss",
            ])
            .args(["-d", "postgres", "-f"])
            .arg(&file)
            .args(options)
            .env("PGPASSWORD", "boss-password")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        folder
    };
    let listed = json!({"restore_list": true});
    for (name, options, form, content) in [
        ("custom", &["-Fc"][..], Form::PgCustom, Form::PgCustom),
        ("tar", &["-Ft"], Form::PgTar, Form::PgTar),
        ("plain", &["-Fp"], Form::Sql, Form::Sql),
        ("packed", &["-Fp", "-Z6"], Form::Gzip, Form::Sql),
        ("directory", &["-Fd"], Form::PgDirectory, Form::PgDirectory),
    ] {
        let is_folder = form == Form::PgDirectory;
        let folder = dump(name, options);
        let each = if is_folder { "folder" } else { "file" };
        let mut more = listed.clone();
        more["each"] = json!(each);
        let Answer { facts, gaps } = ask(&folder, more).await;
        assert_eq!(facts.count, Some(1), "{name}");
        let newest = facts.newest.unwrap();
        assert!(
            newest.age_seconds < 600 && newest.size_bytes > 500,
            "{newest:?}"
        );
        assert_eq!(
            (newest.form, newest.content),
            (Some(form), Some(content)),
            "{name}"
        );
        let list = facts
            .restore_list
            .unwrap_or_else(|| panic!("{name}: {gaps:?}"));
        let is_archive = content != Form::Sql;
        assert_eq!(list.works, is_archive, "{name}: {list:?}");
        assert_eq!(list.entries > 3, is_archive, "{name}: {list:?}");
        assert_eq!(list.complaint.is_some(), !is_archive, "{name}: {list:?}");
    }
    // A dump that was cut off in the middle of its table of contents.
    let cut = root.path().join("cut");
    std::fs::create_dir(&cut).unwrap();
    let whole = std::fs::read(root.path().join("custom/custom.dump")).unwrap();
    std::fs::write(cut.join("a.dump"), &whole[..300]).unwrap();
    let facts = ask(&cut, listed.clone()).await.facts;
    assert_eq!(facts.newest.unwrap().form, Some(Form::PgCustom));
    assert!(!facts.restore_list.unwrap().works);
    // A program that is not there says nothing of the backup.
    let probe: Backups =
        serde_json::from_value(json!({"location": cut, "restore_list": true})).unwrap();
    let bare = Context {
        env: Arc::new([("PATH".to_owned(), "/nowhere".to_owned())].into()),
        ..here()
    };
    let Answer { facts, gaps } = probe.gather(&bare).await.unwrap();
    assert_eq!((facts.restore_list, facts.count), (None, Some(1)));
    assert_eq!(gaps["restore_list"].reason, Reason::ToolMissing);
}
