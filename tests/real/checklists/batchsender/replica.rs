//! A database and its read replica, with the login that looks.

use std::path::Path;
use std::process::Command;

use crate::real::postgres::{Server, as_its_user, installed};
use crate::real::services::Service;
use crate::support::certificates::{Identity, pem};

/// The port of the replica; what is asked is the usual one.
const PORT: u16 = 5432;

/// Both; they end with the value.
pub(super) struct Databases {
    _replica: Service,
    _primary: Server,
}

/// Starts them, with a certificate for the replica.
pub(super) async fn start(identity: &Identity) -> Option<Databases> {
    let primary = Server::start(&["wal_level=replica"], None).await?;
    primary.sql("CREATE ROLE ready LOGIN PASSWORD 'db-read' IN ROLE pg_monitor");
    primary.sql("CREATE DATABASE batchsender");
    let folder = tempfile::tempdir().unwrap();
    let chain = pem("CERTIFICATE", &identity.chain[0]);
    let key = pem("PRIVATE KEY", identity.key.secret_der());
    for (name, text) in [("c.pem", chain), ("k.pem", key)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let script = "chown -R postgres:postgres . && chmod 600 k.pem";
    let ran = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder.path())
        .status();
    assert!(ran.unwrap().success());
    let port = primary.port().to_string();
    let data = folder.path().join("data").display().to_string();
    let copied = as_its_user(
        &installed("pg_basebackup")?,
        &[
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "boss",
            "-D",
            &data,
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ],
    );
    let ran = Command::new(&copied[0])
        .args(&copied[1..])
        .env("PGPASSWORD", "boss-password")
        .current_dir("/")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let own = as_its_user(&installed("postgres")?, &[]);
    let replica = Service::start_on(PORT, Path::new(&own[0]), folder, |port, folder| {
        let (folder, port) = (folder.display().to_string(), port.to_string());
        let settings = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={folder}/c.pem"),
            format!("ssl_key_file={folder}/k.pem"),
        ];
        let base = [
            "-D",
            &data,
            "-p",
            &port,
            "-h",
            "127.0.0.1",
            "-k",
            &folder,
            "-F",
        ];
        let more = settings.iter().flat_map(|setting| ["-c", &**setting]);
        own[1..]
            .iter()
            .map(String::as_str)
            .chain(base)
            .chain(more)
            .map(str::to_owned)
            .collect()
    })
    .await;
    Some(Databases {
        _replica: replica,
        _primary: primary,
    })
}
