//! The `backups` probe: a folder, an S3 server that checks signatures, and servers in the shape
//! of Amazon's, Google's and Azure's, all in this process.

mod clouds;
mod folder;
pub(crate) mod s3;

use std::path::Path;
use std::time::{Duration, SystemTime};

use ready::probe::backups::{Backups, Facts};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::context;

/// When all these questions are asked: a Saturday.
const NOW: &str = "2026-11-21T12:00:00Z";
pub(crate) const KEY: &str = "AKIAEXAMPLE";
pub(crate) const SECRET: &str = "canary/secret+key";

fn knowing(secrets: &[(&str, &str)]) -> Context {
    let secrets: Secrets = secrets
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
        .collect();
    Context {
        secrets: secrets.into(),
        timeout: Duration::from_secs(20),
        now: NOW.parse().unwrap(),
        ..context(&[])
    }
}

fn probe(fields: &Value) -> Backups {
    serde_json::from_value(fields.clone()).unwrap()
}

async fn ask(fields: &Value, context: &Context) -> Result<Answer<Facts>, ProbeError> {
    let probe = probe(fields);
    assert_eq!(probe.validate(), Ok(()), "{fields}");
    assert!(!probe.contacts().is_empty() && !probe.reproduce().contains("canary"));
    probe.gather(context).await
}

/// Writes a file that was last changed at this moment.
fn file(root: &Path, name: &str, bytes: &[u8], modified: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let modified: jiff::Timestamp = modified.parse().unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::from(modified)).unwrap();
}

#[test]
fn what_cannot_be_asked_is_refused_and_the_rest_is_in_the_plan() {
    let s3 = "s3://b/p";
    for (fields, field) in [
        (json!({"location": ""}), "location"),
        (json!({"location": "ftp://b/p"}), "location"),
        (json!({"location": "s3://"}), "location"),
        (json!({"location": "s3://b c/p"}), "location"),
        (json!({"location": "s3://.."}), "location"),
        (json!({"location": "az://only"}), "location"),
        (
            json!({"location": s3, "endpoint": "s3.example"}),
            "endpoint",
        ),
        (
            json!({"location": s3, "endpoint": "https://a@s3.example"}),
            "endpoint",
        ),
        (
            json!({"location": s3, "endpoint": "https://s3.example/?x=1"}),
            "endpoint",
        ),
        (json!({"location": s3, "region": "a/b"}), "region"),
        (
            json!({"location": s3, "access_key": "k", "secret_key": "s"}),
            "secret_key",
        ),
        (
            json!({"location": s3, "secret_key": "${secrets.S}"}),
            "access_key",
        ),
        (json!({"location": s3, "token": "${secrets.S}"}), "token"),
        (
            json!({"location": "az://a/b", "access_key": "k"}),
            "access_key",
        ),
        (
            json!({"location": "/srv", "token": "${secrets.S}"}),
            "location",
        ),
        (json!({"location": "/srv", "name": "[a"}), "name"),
        (json!({"location": "/srv", "since": "yesterday"}), "since"),
        (json!({"location": "/srv", "months": 121}), "months"),
        (
            json!({"location": s3, "restore_list": true}),
            "restore_list",
        ),
    ] {
        let told = probe(&fields).validate().unwrap_err();
        assert_eq!(told.field, field, "{fields}: {told:?}");
    }
    let places = |fields: Value| -> Vec<String> {
        let contacts = probe(&fields).contacts();
        let told = contacts.iter().map(|contact| {
            format!(
                "{} {:?} {}",
                contact.place(),
                contact.access,
                contact.action
            )
        });
        told.collect()
    };
    assert_eq!(
        places(json!({"location": "s3://b/p", "region": "eu-central-1"})),
        [
            "s3.eu-central-1.amazonaws.com:443 ReadOnly GET names in /b",
            "s3.eu-central-1.amazonaws.com:443 ReadOnly GET start of the newest backup",
            "s3.eu-central-1.amazonaws.com:443 ReadOnly GET /b and the newest backup without credentials",
            "s3.eu-central-1.amazonaws.com:443 ReadOnly GET /b?versioning, ?object-lock",
        ]
    );
    assert_eq!(
        places(json!({"location": "/srv/b", "restore_list": true})),
        [
            "this machine ReadOnly list /srv/b, read the start of the newest backup",
            "this machine Exec run pg_restore --list of the newest in /srv/b",
        ]
    );
    assert!(
        places(json!({"location": "az://acct/c/p"}))[0]
            .starts_with("acct.blob.core.windows.net:443")
    );
    assert!(places(json!({"location": "gs://b"}))[0].starts_with("storage.googleapis.com:443"));
}

#[test]
fn a_person_can_look_too() {
    for (fields, command) in [
        (
            json!({"location": "s3://b/p", "access_key": KEY, "secret_key": "${secrets.S}"}),
            "AWS_ACCESS_KEY_ID=AKIAEXAMPLE AWS_SECRET_ACCESS_KEY=\"$S\" aws s3 ls --recursive s3://b/p \
             --region us-east-1 --endpoint-url https://s3.us-east-1.amazonaws.com | sort",
        ),
        (
            json!({"location": "gs://b/p", "token": "${secrets.T}"}),
            "curl -sS -H \"authorization: Bearer \"\"$T\" 'https://storage.googleapis.com/b?list-type=2&prefix=p'",
        ),
        (
            json!({"location": "az://a/c/p", "token": "${secrets.T}"}),
            "az storage blob list --account-name a --container-name c --prefix p --sas-token \"$T\" --output table",
        ),
        (
            json!({"location": "/srv/my backups"}),
            "find '/srv/my backups' -type f -printf '%TY-%Tm-%Td %TH:%TM %s %P\\n' | sort",
        ),
        (
            json!({"location": "/srv/b", "restore_list": true}),
            "pg_restore --list \"$(find /srv/b -type f -printf '%T@ %p\\n' | sort -n | tail -1 | cut -d' ' -f2-)\"",
        ),
    ] {
        assert_eq!(probe(&fields).reproduce(), command);
    }
}
