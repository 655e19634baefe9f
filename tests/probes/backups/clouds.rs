//! What only real clouds tell, from servers in their documented shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use ready::probe::Answer;
use ready::probe::backups::{Api, Form, ObjectLock};
use ready::reason::Reason;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{KEY, SECRET, ask, knowing};
use crate::support::http::{Server, clear, full, status};

const NAMES: &str = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>db/a.age</Key>\
    <LastModified>2026-11-21T03:00:00Z</LastModified><Size>40</Size></Contents></ListBucketResult>";
const AGE: &str = "age-encryption.org/v1\n-> X25519";

/// A bucket that answers these documents, and encrypts with a key of its own.
async fn bucket(versioning: &'static str, lock: (u16, &'static str)) -> Server {
    clear(move |request: Request<bytes::Bytes>| async move {
        let is_signed = request.headers().contains_key("authorization");
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (code, body) = match (request.uri().path(), query.as_str()) {
            _ if !is_signed => (
                400,
                "<Error><Code>InvalidArgument</Code><Message>Authorization</Message></Error>",
            ),
            ("/dumps", "versioning") => (200, versioning),
            ("/dumps", "object-lock") => lock,
            ("/dumps", _) => (200, NAMES),
            ("/dumps/db/a.age", _) => (206, AGE),
            _ => (500, ""),
        };
        let answer = status(code).header("x-amz-server-side-encryption", "aws:kms");
        answer.body(full(body)).unwrap()
    })
    .await
}

#[tokio::test]
async fn a_bucket_tells_how_it_keeps_what_lies_in_it() {
    let ask = async |server: &Server| {
        let fields = json!({
            "location": "s3://dumps/db/", "endpoint": format!("http://s3.example:{}/", server.port),
            "access_key": KEY, "secret_key": "${secrets.S}", "token": "${secrets.T}",
        });
        let context = knowing(&[("S", SECRET), ("T", "canary-session")]);
        ask(&fields, &context).await.unwrap()
    };
    let locked = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
        <Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule></ObjectLockConfiguration>";
    let on = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>";
    let Answer { facts, gaps } = ask(&bucket(on, (200, locked)).await).await;
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(facts.versioning, Some(true));
    let lock = ObjectLock {
        enabled: true,
        mode: Some("COMPLIANCE".to_owned()),
        days: Some(730),
    };
    assert_eq!(facts.object_lock, Some(lock));
    assert_eq!(
        (facts.public_list, facts.public_read),
        (Some(false), Some(false))
    );
    let newest = facts.newest.unwrap();
    assert_eq!((newest.form, newest.sealed), (Some(Form::Age), Some(true)));
    assert_eq!(newest.encryption.as_deref(), Some("aws:kms"));

    let none = "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>";
    let facts = ask(&bucket("<VersioningConfiguration/>", (404, none)).await)
        .await
        .facts;
    assert_eq!(facts.versioning, Some(false));
    assert_eq!(facts.object_lock, Some(ObjectLock::default()));

    let denied = "<Error><Code>AccessDenied</Code></Error>";
    let Answer { facts, gaps } = ask(&bucket("<html/>", (403, denied)).await).await;
    assert_eq!((facts.versioning, facts.object_lock), (None, None));
    assert_eq!(gaps["versioning"].reason, Reason::ApiUnavailable);
    assert_eq!(gaps["object_lock"].reason, Reason::PermissionDenied);
}

#[tokio::test]
async fn google_is_asked_with_a_token_or_a_key() {
    let server = clear(async |request: Request<bytes::Bytes>| {
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let login = header("authorization");
        let is_ours = login == "Bearer canary-token" || login.contains("Credential=GOOG1E/");
        let (code, body) = match (request.uri().path(), request.uri().query()) {
            _ if login.is_empty() => (401, "<Error><Code>AuthenticationRequired</Code></Error>"),
            _ if !is_ours => (401, "<Error><Code>AuthenticationRequired</Code></Error>"),
            ("/dumps", Some("versioning")) => (
                200,
                "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
            ),
            ("/dumps", Some("list-type=2&prefix=db%2F")) => (200, NAMES),
            ("/dumps/db/a.age", None) if header("range") == "bytes=0-65535" => (206, AGE),
            _ => (500, ""),
        };
        status(code).body(full(body)).unwrap()
    })
    .await;
    let endpoint = format!("http://storage.example:{}", server.port);
    let place = json!({"location": "gs://dumps/db/", "endpoint": endpoint});
    let with = |more: serde_json::Value| {
        let mut fields = place.clone();
        let more = more.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        fields
    };
    let secrets = knowing(&[("T", "canary-token"), ("W", "canary-wrong"), ("S", SECRET)]);
    for login in [
        json!({"token": "${secrets.T}"}),
        json!({"access_key": "GOOG1E", "secret_key": "${secrets.S}"}),
    ] {
        let Answer { facts, gaps } = ask(&with(login), &secrets).await.unwrap();
        assert_eq!((facts.api, facts.count), (Api::Google, Some(1)));
        assert_eq!(
            (facts.versioning, facts.public_list, facts.public_read),
            (Some(false), Some(false), Some(false))
        );
        assert_eq!(facts.newest.unwrap().form, Some(Form::Age));
        assert_eq!(gaps["object_lock"].reason, Reason::QueryRefused);
    }
    let wrong = ask(&with(json!({"token": "${secrets.W}"})), &secrets)
        .await
        .unwrap_err();
    assert_eq!(wrong.reason, Reason::CredentialRefused);
    let nobody = ask(&place, &secrets).await.unwrap_err();
    assert_eq!(nobody.reason, Reason::CredentialMissing);
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        (0..64)
            .map(|at| key.get(at).copied().unwrap_or(0) ^ with)
            .collect()
    };
    let inner = Sha256::digest([&padded(0x36)[..], text.as_bytes()].concat());
    Sha256::digest([&padded(0x5c)[..], &inner[..]].concat()).to_vec()
}

/// How Azure's documentation says that a request with a shared key is signed.
fn shared_key(
    account: &str,
    key: &[u8],
    path: &str,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> String {
    let header = |name: &str| {
        let value = headers.get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let mut text = format!(
        "GET\n\n\n\n\n\n{}\n\n\n\n\n{}\nx-ms-version:{}\n/{account}{path}",
        header("date"),
        header("range"),
        header("x-ms-version")
    );
    let mut query = query.to_vec();
    query.sort();
    for (name, value) in query {
        text.extend(["\n", &name, ":", &value]);
    }
    format!("SharedKey {account}:{}", STANDARD.encode(hmac(key, &text)))
}

#[tokio::test]
async fn azure_is_asked_with_a_key_or_a_signature() {
    const ACCOUNT_KEY: &[u8] = b"canary account key of azure";
    let server = clear(async |request: Request<bytes::Bytes>| {
        let query = request.uri().query().unwrap_or_default();
        let mut query: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let path = request.uri().path().to_owned();
        let signed = query.iter().any(|(name, value)| name == "sig" && value == "canary+/sig=");
        query.retain(|(name, _)| !["sv", "sig"].contains(&name.as_str()));
        let expected = shared_key("acct", ACCOUNT_KEY, &path, &query, request.headers());
        let login = request.headers().get("authorization");
        let login = login.map(|value| value.to_str().unwrap());
        let value = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let blob = |name: &str, day: u8| {
            format!(
                "<Blob><Name>{name}</Name><Properties><Last-Modified>Fri, {day} Nov 2026 03:00:00 GMT</Last-Modified>\
                 <Content-Length>40</Content-Length></Properties></Blob>"
            )
        };
        let page = |blob: String, next: &str| {
            format!("\u{feff}<EnumerationResults><Blobs>{blob}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>")
        };
        let (code, body) = match (path.as_str(), value("comp"), value("marker")) {
            _ if login.is_some_and(|login| login != expected) => {
                (403, "<Error><Code>AuthenticationFailed</Code></Error>".to_owned())
            }
            _ if login.is_none() && !signed => (404, "<Error><Code>ResourceNotFound</Code></Error>".to_owned()),
            ("/dumps", Some("list"), None) if value("prefix") == Some("db/") => (200, page(blob("db/a.age", 13), "more")),
            ("/dumps", Some("list"), Some("more")) => (200, page(blob("db/b.age", 20), "")),
            ("/dumps/db/b.age", None, None) => (206, AGE.to_owned()),
            ("/gone", _, _) => (404, "<Error><Code>ContainerNotFound</Code></Error>".to_owned()),
            _ => (500, path),
        };
        status(code).header("x-ms-server-encrypted", "true").body(full(body)).unwrap()
    })
    .await;
    let endpoint = format!("http://acct.blob.example:{}", server.port);
    let key = STANDARD.encode(ACCOUNT_KEY);
    let wrong = STANDARD.encode("canary wrong");
    let secrets = knowing(&[
        ("K", &key),
        ("W", &wrong),
        ("N", "canary"),
        ("S", "?sv=2021-08-06&sig=canary%2B%2Fsig%3D"),
    ]);
    let place = |location: &str, field: &str, secret: &str| json!({"location": location, "endpoint": endpoint, field: format!("${{secrets.{secret}}}")});
    for (field, secret) in [("secret_key", "K"), ("token", "S")] {
        let fields = place("az://acct/dumps/db/", field, secret);
        let Answer { facts, gaps } = ask(&fields, &secrets).await.unwrap();
        assert_eq!((facts.api, facts.count), (Api::Azure, Some(2)), "{field}");
        assert_eq!(
            (facts.public_list, facts.public_read),
            (Some(false), Some(false))
        );
        let newest = facts.newest.unwrap();
        assert_eq!(
            (newest.name.as_str(), newest.form),
            ("b.age", Some(Form::Age)),
            "{gaps:?}"
        );
        assert_eq!(newest.encryption.as_deref(), Some("AES256"));
        assert_eq!(gaps["versioning"].reason, Reason::QueryRefused);
        let gone = place("az://acct/gone/db/", field, secret);
        assert!(!ask(&gone, &secrets).await.unwrap().facts.exists);
    }
    let refused = ask(&place("az://acct/dumps/db/", "secret_key", "W"), &secrets)
        .await
        .unwrap_err();
    assert_eq!(refused.reason, Reason::CredentialRefused, "{refused:?}");
    for field in ["secret_key", "token"] {
        let odd = ask(&place("az://acct/dumps/db/", field, "N"), &secrets)
            .await
            .unwrap_err();
        assert_eq!(odd.reason, Reason::CredentialUnusable, "{odd:?}");
        assert!(!format!("{odd:?}").contains("canary"), "{odd:?}");
    }
}
