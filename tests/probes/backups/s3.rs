//! Backups in a bucket of a server that checks signatures as S3 does.

use std::path::Path;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use ready::probe::backups::{Api, Facts, Form};
use ready::probe::{Answer, Context, ProbeError};
use ready::reason::Reason;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::{Value, json};

use super::{KEY, SECRET, ask, file, knowing};
use crate::support::http::{clear, full, raw, status};

/// Serves the folders in `root` as buckets, to everybody or to those with the key.
pub(crate) async fn serve(root: &Path, is_public: bool) -> u16 {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    if !is_public {
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    }
    let service = builder.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    port
}

fn question(port: u16, more: &Value) -> Value {
    let mut fields = json!({
        "location": "s3://dumps/db/",
        "endpoint": format!("http://s3.example:{port}"),
        "access_key": KEY,
        "secret_key": "${secrets.S}",
    });
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    fields
}

async fn told(port: u16, more: Value) -> Result<Answer<Facts>, ProbeError> {
    ask(&question(port, &more), &knowing(&[("S", SECRET)])).await
}

#[tokio::test]
async fn a_bucket_is_listed_page_by_page_and_its_newest_is_recognised() {
    let root = tempfile::tempdir().unwrap();
    let bucket = root.path().join("dumps");
    for number in 0..1200 {
        let day = 1 + number % 20;
        let name = format!("db/old/{number:04} +&%.dump");
        file(
            &bucket,
            &name,
            b"PGDMP-old",
            &format!("2026-10-{day:02}T03:00:00Z"),
        );
    }
    file(
        &bucket,
        "db/n\u{e4}chste=1.dump",
        b"PGDMP\x01\x0e-newest",
        "2026-11-21T03:00:00Z",
    );
    file(&bucket, "db/README", b"no backup", "2026-11-21T04:00:00Z");
    file(
        &bucket,
        "other/x.dump",
        b"of others",
        "2026-11-21T05:00:00Z",
    );
    let port = serve(root.path(), false).await;
    let Answer { facts, gaps } = told(port, json!({"name": "*.dump"})).await.unwrap();
    assert_eq!(
        (facts.api, facts.exists, facts.count),
        (Api::S3, true, Some(1201))
    );
    assert_eq!(
        (facts.passed_over, facts.smallest_bytes),
        (Some(1), Some(9))
    );
    let newest = facts.newest.unwrap();
    assert_eq!(
        (newest.name.as_str(), newest.size_bytes),
        ("n\u{e4}chste=1.dump", 14)
    );
    assert_eq!(
        (newest.form, newest.content),
        (Some(Form::PgCustom), Some(Form::PgCustom))
    );
    assert_eq!(
        (newest.sealed, newest.encryption.as_deref()),
        (Some(false), Some("unsaid"))
    );
    assert_eq!(
        (facts.public_list, facts.public_read),
        (Some(false), Some(false))
    );
    // This server knows neither; what it does not tell is not known.
    assert_eq!((facts.versioning, facts.object_lock), (None, None));
    let unknown: Vec<&str> = gaps.keys().map(String::as_str).collect();
    assert_eq!(unknown, ["object_lock", "versioning"]);
    // A prefix may end in the middle of a name.
    let more = json!({"location": "s3://dumps/db/old/000"});
    let facts = told(port, more).await.unwrap().facts;
    assert_eq!(facts.count, Some(10));
    assert_eq!(facts.newest.unwrap().form, Some(Form::PgCustom));
}

#[tokio::test]
async fn no_bucket_and_no_backup_are_facts() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("dumps")).unwrap();
    let port = serve(root.path(), false).await;
    let facts = told(port, json!({"location": "s3://nowhere/db/"}))
        .await
        .unwrap()
        .facts;
    assert_eq!(
        (facts.exists, facts.count, facts.newest),
        (false, Some(0), None)
    );
    let facts = told(port, json!({})).await.unwrap().facts;
    assert_eq!(
        (facts.exists, facts.count, facts.newest),
        (true, Some(0), None)
    );
    assert_eq!((facts.public_list, facts.public_read), (Some(false), None));
}

#[tokio::test]
async fn credentials_that_do_not_fit_are_our_inability() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("dumps")).unwrap();
    let port = serve(root.path(), false).await;
    let wrong = ask(
        &question(port, &json!({})),
        &knowing(&[("S", "canary-wrong")]),
    )
    .await;
    let wrong = wrong.unwrap_err();
    assert_eq!(wrong.reason, Reason::CredentialRefused, "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("canary"));
    let stranger = told(port, json!({"access_key": "AKIAOTHER"}))
        .await
        .unwrap_err();
    assert_eq!(stranger.reason, Reason::CredentialRefused, "{stranger:?}");
    let nobody = told(port, json!({"access_key": "", "secret_key": ""}))
        .await
        .unwrap_err();
    assert_eq!(nobody.reason, Reason::CredentialMissing, "{nobody:?}");
    for (secrets, reason) in [
        (&[][..], Reason::CredentialMissing),
        (&[("S", " \n")], Reason::CredentialMissing),
        (&[("S", "two\nlines")], Reason::CredentialUnusable),
    ] {
        let told = ask(&question(port, &json!({})), &knowing(secrets))
            .await
            .unwrap_err();
        assert_eq!(told.reason, reason, "{told:?}");
    }
}

#[tokio::test]
async fn strangers_who_are_let_in_are_told() {
    let root = tempfile::tempdir().unwrap();
    let bucket = root.path().join("dumps");
    file(&bucket, "db/a.dump", b"PGDMP", "2026-11-21T03:00:00Z");
    let port = serve(root.path(), true).await;
    let facts = told(port, json!({"access_key": "", "secret_key": ""}))
        .await
        .unwrap()
        .facts;
    assert_eq!(
        (facts.public_list, facts.public_read),
        (Some(true), Some(true))
    );
    file(&bucket, "db/a.dump", b"", "2026-11-21T03:00:00Z");
    let facts = told(port, json!({"access_key": "", "secret_key": ""}))
        .await
        .unwrap()
        .facts;
    assert_eq!((facts.public_read, facts.empty), (Some(true), Some(1)));
    assert_eq!(facts.newest.unwrap().form, Some(Form::Empty));
}

#[tokio::test]
async fn a_service_in_trouble_is_our_inability() {
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(2),
        ..knowing(&[("S", SECRET)])
    };
    let told_slow = ask(&question(silent.port, &json!({})), &hurried)
        .await
        .unwrap_err();
    assert_eq!(told_slow.reason, Reason::ApiUnavailable);
    let closed = raw(async |stream| drop(stream)).await;
    assert_eq!(
        told(closed.port, json!({})).await.unwrap_err().reason,
        Reason::ApiUnavailable
    );
    let nobody = crate::real::services::free_port();
    let refused = told(nobody, json!({})).await.unwrap_err();
    assert_eq!(refused.reason, Reason::ApiUnavailable, "{refused:?}");
    for (code, body, reason) in [
        (
            200,
            "<html><body>Welcome</body></html>",
            Reason::ApiUnavailable,
        ),
        (200, "", Reason::ApiUnavailable),
        (
            200,
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            Reason::ApiUnavailable,
        ),
        (
            301,
            "<Error><Code>PermanentRedirect</Code></Error>",
            Reason::ApiUnavailable,
        ),
        (
            403,
            "<Error><Code>AccessDenied</Code></Error>",
            Reason::PermissionDenied,
        ),
        (
            400,
            "<Error><Code>ExpiredToken</Code></Error>",
            Reason::CredentialRefused,
        ),
        (404, "not here", Reason::ApiNotFound),
        (
            404,
            "<Error><Code>NoSuchKey</Code></Error>",
            Reason::ApiNotFound,
        ),
        (
            503,
            "<Error><Code>SlowDown</Code></Error>",
            Reason::ApiRateLimited,
        ),
        (500, "broken", Reason::ApiUnavailable),
    ] {
        let server = clear(move |_| async move {
            let builder = status(code).header("location", "http://elsewhere.example/");
            builder.body(full(body)).unwrap()
        })
        .await;
        let error = told(server.port, json!({})).await.unwrap_err();
        assert_eq!(error.reason, reason, "{code} {body}: {error:?}");
        assert_eq!(server.requests(), 1);
    }
}

/// A page that goes on for ever, or with what was not asked for.
#[tokio::test]
async fn pages_without_end_or_sense_are_not_believed() {
    let page = |key: &str, next: &str| {
        format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>\
             <Contents><Key>{key}</Key><LastModified>2026-11-21T03:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>"
        )
    };
    for (body, words) in [
        (page("db/a", "again"), "same page"),
        (page("secret/a", "next"), "not asked for"),
    ] {
        let server = clear(move |_| {
            let body = body.clone();
            async move { status(200).body(full(body)).unwrap() }
        })
        .await;
        let error = told(server.port, json!({})).await.unwrap_err();
        assert_eq!(error.reason, Reason::ApiUnavailable);
        assert!(error.cause.contains(words), "{error:?}");
    }
    // A listing that breaks off says nothing of what is there.
    let first = page("db/a", "next");
    let server = clear(move |request: http::Request<bytes::Bytes>| {
        let query = request.uri().query().unwrap_or_default();
        let goes_on = query.contains("continuation-token");
        let (code, body) = (if goes_on { 500 } else { 200 }, first.clone());
        async move { status(code).body(full(body)).unwrap() }
    })
    .await;
    let Answer { facts, gaps } = told(server.port, json!({})).await.unwrap();
    assert_eq!((facts.count, facts.newest, facts.daily), (None, None, None));
    for fact in ["count", "newest", "daily", "smallest_bytes", "public_read"] {
        assert_eq!(gaps[fact].reason, Reason::ApiUnavailable, "{fact}");
    }
}

/// Folders are told by names that come in order, as all services promise.
#[tokio::test]
async fn folders_are_backups_where_names_come_in_order() {
    let page = |keys: &[&str]| {
        let contents = keys.iter().map(|key| {
            format!("<Contents><Key>{key}</Key><LastModified>2026-11-21T03:00:00Z</LastModified><Size>1</Size></Contents>")
        });
        let contents = contents.collect::<Vec<_>>().concat();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
    };
    for (keys, count) in [
        (&["db/a-b/1", "db/a-b/2", "db/a/1", "db/b/1"][..], Some(3)),
        (&["db/a/1", "db/b/1", "db/a/2"], None),
    ] {
        let body = page(keys);
        let server = clear(move |_| {
            let body = body.clone();
            async move { status(200).body(full(body)).unwrap() }
        })
        .await;
        let Answer { facts, gaps } = told(server.port, json!({"each": "folder"})).await.unwrap();
        assert_eq!(facts.count, count);
        assert_eq!(gaps.contains_key("count"), count.is_none());
        let facts = told(server.port, json!({})).await.unwrap().facts;
        assert_eq!(facts.count, Some(keys.len() as u64));
    }
}
