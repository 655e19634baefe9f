//! The `postgres` probe against Debian's PostgreSQL.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ready::probe::postgres::{Facts, Postgres};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use super::program;
use super::services::{Service, free_port};
use crate::support::certificates::{Authority, Leaf, pem};
use crate::support::context;

/// A program of PostgreSQL's, which Debian keeps in a folder of each version.
pub(super) fn installed(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let found = versions
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin").join(name))
        .find(|path| path.is_file());
    found.or_else(|| program(name))
}

/// The server refuses to run as root: then everything of it runs as the user that Debian made.
pub(super) fn as_its_user(program: &Path, arguments: &[&str]) -> Vec<String> {
    let is_root = rustix::process::getuid().is_root();
    let user = [
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
    ];
    let before: &[&str] = if is_root { &user } else { &[] };
    let program = program.display().to_string();
    before
        .iter()
        .copied()
        .chain([&*program])
        .chain(arguments.iter().copied())
        .map(str::to_owned)
        .collect()
}

fn run(command: &[String]) {
    let ran = Command::new(&command[0])
        .args(&command[1..])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{command:?}: {ran:?}");
}

pub(super) struct Server {
    service: Service,
    psql: PathBuf,
}

impl Server {
    /// A new server with these settings, a superuser `boss` and two tables.
    pub(super) async fn start(
        settings: &[&str],
        certificate: Option<(&str, &str)>,
    ) -> Option<Self> {
        Self::start_on(free_port(), settings, certificate).await
    }

    pub(super) async fn start_on(
        port: u16,
        settings: &[&str],
        certificate: Option<(&str, &str)>,
    ) -> Option<Self> {
        let (initdb, postgres, psql) = (
            installed("initdb")?,
            installed("postgres")?,
            installed("psql")?,
        );
        let folder = tempfile::tempdir().unwrap();
        let mut owned = vec![folder.path().to_owned()];
        if let Some((chain, key)) = certificate {
            for (name, text) in [("c.pem", chain), ("k.pem", key)] {
                let path = folder.path().join(name);
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
                owned.push(path);
            }
        }
        let password = folder.path().join("password");
        std::fs::write(&password, "boss-password\n").unwrap();
        owned.push(password);
        if rustix::process::getuid().is_root() {
            let users = std::fs::read_to_string("/etc/passwd").unwrap();
            let line = users
                .lines()
                .find(|line| line.starts_with("postgres:"))
                .unwrap();
            let ids: Vec<u32> = line
                .split(':')
                .skip(2)
                .take(2)
                .map(|id| id.parse().unwrap())
                .collect();
            for path in owned {
                chown(path, Some(ids[0]), Some(ids[1])).unwrap();
            }
        }
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (data, password) = (path("data"), format!("--pwfile={}", path("password")));
        let make = [
            "-D",
            &data,
            "-U",
            "boss",
            "-A",
            "scram-sha-256",
            &*password,
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ];
        run(&as_its_user(&initdb, &make));
        let own = as_its_user(&postgres, &[]);
        let settings: Vec<String> = settings
            .iter()
            .map(|setting| setting.replace("FOLDER", &folder.path().display().to_string()))
            .collect();
        let service = Service::start_on(port, Path::new(&own[0]), folder, |port, folder| {
            let folder = folder.display().to_string();
            let port = port.to_string();
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
        let server = Self { service, psql };
        server.sql(
            "CREATE ROLE audit LOGIN PASSWORD 'audit-password' NOSUPERUSER;
             CREATE TABLE orders (id int PRIMARY KEY, note text);
             ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
             ALTER TABLE orders FORCE ROW LEVEL SECURITY;
             CREATE TABLE plain (id int);
             CREATE TABLE alembic_version (version_num text);
             INSERT INTO alembic_version VALUES ('0042_last');
             GRANT SELECT ON alembic_version TO audit;",
        );
        Some(server)
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.service.port
    }

    /// Runs statements as the superuser, once the server lets anybody in.
    pub(super) fn sql(&self, text: &str) {
        let port = self.service.port.to_string();
        let mut last = None;
        for _ in 0..100 {
            let ran = Command::new(&self.psql)
                .args([
                    "-h",
                    "127.0.0.1",
                    "-p",
                    &port,
                    "-U",
                    "boss",
                    "-d",
                    "postgres",
                ])
                .args(["-v", "ON_ERROR_STOP=1", "-c", text])
                .env("PGPASSWORD", "boss-password")
                .output()
                .unwrap();
            if ran.status.success() {
                return;
            }
            let starting = String::from_utf8_lossy(&ran.stderr).contains("starting up");
            assert!(starting, "{ran:?}");
            last = Some(ran);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{last:?}");
    }

    async fn ask(&self, more: Value, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let mut fields = json!({
            "host": "localhost", "port": self.service.port, "user": "boss",
            "password": "${secrets.P}", "database": "postgres", "tls": "disable",
        });
        let more = more.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        let probe: Postgres = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate(), Ok(()));
        probe.gather(context).await
    }
}

fn knowing(password: &str) -> Context {
    Context {
        secrets: Arc::new(Secrets::from_iter([(
            "P".to_owned(),
            Secret::new(password),
        )])),
        now: jiff::Timestamp::now(),
        timeout: std::time::Duration::from_secs(20),
        ..context(&[])
    }
}

#[tokio::test]
async fn a_server_tells_how_it_is_set_up_and_what_a_query_finds() {
    let Some(server) = Server::start(&["max_connections=37"], None).await else {
        return;
    };
    let boss = knowing("boss-password");
    let more = json!({
        "migrations": "public.alembic_version.version_num",
        "query": "SELECT 7 AS n, true AS yes, 'a' AS word, NULL::int AS nothing, 1.5 AS part"
    });
    let Answer { facts, gaps } = server.ask(more, &boss).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert!(facts.version.unwrap().contains('.') && facts.standby == Some(false));
    assert!(!facts.encrypted && facts.tls.is_none());
    let settings = facts.settings.unwrap();
    assert_eq!(settings["max_connections"], "37");
    // As the server has it, and not as it is set for a question.
    assert_eq!(settings["statement_timeout"], "0");
    assert!(settings["search_path"].contains("public"));
    let connections = facts.connections.unwrap();
    assert_eq!((connections.used, connections.limit), (1, 37));
    let login = facts.login.unwrap();
    assert!(login.superuser && login.name == "boss");
    assert_eq!(facts.superusers.unwrap(), ["boss"]);
    assert_eq!(facts.bypass_rls.unwrap(), [""; 0]);
    let database = facts.database.unwrap();
    assert!(database.name == "postgres" && database.bytes > 1_000_000);
    assert!(database.transactions_left > 2_000_000_000);
    let tables = facts.tables.unwrap();
    let table = |name: &str| tables.iter().find(|table| table.name == name).unwrap();
    assert!(table("public.orders").rls && table("public.orders").forced_rls);
    assert!(!table("public.plain").rls);
    assert!(facts.invalid_indexes.unwrap().is_empty() && facts.slots.unwrap().is_empty());
    assert!(facts.standbys.unwrap().is_empty());
    let archiver = facts.archiver.unwrap();
    assert!(!archiver.on && !archiver.failing && archiver.last_archived_age_seconds.is_none());
    assert!(facts.extensions.unwrap().contains_key("plpgsql"));
    let migrations = facts.migrations.unwrap();
    assert_eq!(
        (migrations.count, migrations.head.as_deref()),
        (1, Some("0042_last"))
    );
    let row = json!({"n": 7, "yes": true, "word": "a", "part": 1.5});
    assert_eq!(json!(facts.rows.unwrap()), json!([row]));
    assert_eq!(facts.value, None);
    let more = json!({"query": "SELECT count(*) FROM public.plain"});
    assert_eq!(
        server.ask(more, &boss).await.unwrap().facts.value,
        Some(json!(0))
    );
}

#[tokio::test]
async fn nothing_is_written_and_nothing_is_endless() {
    let Some(server) = Server::start(&[], None).await else {
        return;
    };
    let boss = knowing("boss-password");
    for (query, reason) in [
        ("INSERT INTO plain VALUES (1)", Reason::QueryRefused),
        ("COMMIT; INSERT INTO plain VALUES (1)", Reason::QueryRefused),
        ("SELECT nothing FROM nowhere", Reason::QueryRefused),
        ("SELECT * FROM plain FOR UPDATE", Reason::QueryRefused),
        ("SELECT generate_series(1, 10000000)", Reason::FileTruncated),
        ("SELECT repeat('x', 200000000)", Reason::FileTruncated),
    ] {
        let Answer { facts, gaps } = server.ask(json!({"query": query}), &boss).await.unwrap();
        assert_eq!(gaps["rows"].reason, reason, "{query}: {gaps:?}");
        assert!(facts.rows.is_none() && facts.value.is_none() && facts.version.is_some());
    }
    let more = json!({"query": "SELECT count(*) FROM plain"});
    assert_eq!(
        server.ask(more, &boss).await.unwrap().facts.value,
        Some(json!(0))
    );
    let hurried = Context {
        timeout: std::time::Duration::from_secs(3),
        ..knowing("boss-password")
    };
    let more = json!({"query": "SELECT pg_sleep(60)"});
    let gaps = server.ask(more, &hurried).await.unwrap().gaps;
    assert_eq!(gaps["rows"].reason, Reason::ServiceTimeout);
}

#[tokio::test]
async fn logins_are_refused_and_few_rights_leave_gaps() {
    let Some(server) = Server::start(&[], None).await else {
        return;
    };
    let told = async |more, password| server.ask(more, &knowing(password)).await.unwrap_err();
    let wrong = told(json!({}), "wrong-canary").await;
    assert_eq!(wrong.reason, Reason::CredentialRefused, "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("canary"));
    let none = told(json!({"password": ""}), "").await;
    assert_eq!(none.reason, Reason::CredentialMissing, "{none:?}");
    let unset = server.ask(json!({}), &context(&[])).await.unwrap_err();
    assert_eq!(unset.reason, Reason::CredentialMissing);
    let elsewhere = told(json!({"database": "nowhere"}), "boss-password").await;
    assert_eq!(elsewhere.reason, Reason::ServiceRefused, "{elsewhere:?}");
    let clear = told(json!({"tls": "require"}), "boss-password").await;
    assert_eq!(clear.reason, Reason::StarttlsRefused, "{clear:?}");

    let audit = json!({
        "user": "audit", "migrations": "alembic_version.version_num", "query": "SELECT * FROM plain"
    });
    let answer = server.ask(audit, &knowing("audit-password")).await.unwrap();
    let Answer { facts, gaps } = answer;
    let unseen = gaps.clone();
    assert!(!facts.login.unwrap().superuser && facts.migrations.is_some());
    // What the login does not see is not there for it, and must not look like nothing.
    for fact in ["connections", "standbys"] {
        assert_eq!(gaps[fact].reason, Reason::PermissionDenied, "{gaps:?}");
    }
    assert!(facts.connections.is_none() && facts.standbys.is_none());
    assert_eq!(gaps["rows"].reason, Reason::PermissionDenied, "{gaps:?}");
    let shown = facts.settings.unwrap();
    assert_eq!(shown["wal_level"], "replica");
    server.sql("GRANT pg_monitor TO audit");
    let monitor = json!({"user": "audit"});
    let Answer { facts, gaps } = server
        .ask(monitor, &knowing("audit-password"))
        .await
        .unwrap();
    assert!(gaps.is_empty() && facts.connections.is_some(), "{gaps:?}");
    // Nor are settings that only some may see taken for none.
    for name in facts.settings.unwrap().keys() {
        if !shown.contains_key(name) {
            let gap = unseen.get(&format!("settings.{name}"));
            let gap = gap.unwrap_or_else(|| panic!("{name} is hidden and no gap"));
            assert_eq!(gap.reason, Reason::PermissionDenied);
        }
    }
    assert!(unseen.contains_key("settings.ssl_min_protocol_version"));
}

#[tokio::test]
async fn lists_are_told_whole_or_not_at_all() {
    let settings = ["wal_level=logical", "max_replication_slots=1100"];
    let Some(server) = Server::start(&settings, None).await else {
        return;
    };
    let slots = |last: u32| {
        format!(
            "SELECT pg_create_physical_replication_slot('s' || n) FROM generate_series(1, {last}) n"
        )
    };
    server.sql(&slots(120));
    let boss = knowing("boss-password");
    let facts = server.ask(json!({}), &boss).await.unwrap().facts;
    assert_eq!(facts.slots.unwrap().len(), 120);
    server.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    server.sql(&slots(1001));
    let Answer { facts, gaps } = server.ask(json!({}), &boss).await.unwrap();
    assert!(facts.slots.is_none());
    assert_eq!(gaps["slots"].reason, Reason::FileTruncated);
}

/// A pooler that hands its one connection to whoever comes next.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_gets_its_connections_back_as_they_were() {
    let (Some(server), Some(bouncer)) = (Server::start(&[], None).await, program("pgbouncer"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("p.ini");
    std::fs::write(folder.path().join("users"), "\"boss\" \"boss-password\"\n").unwrap();
    let own = as_its_user(&bouncer, &[]);
    let database = server.service.port;
    let text = |port: u16, folder: &Path| {
        format!(
            "[databases]\npostgres = host=127.0.0.1 port={database} dbname=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n\
             auth_file = {}/users\npool_mode = transaction\ndefault_pool_size = 1\n\
             ignore_startup_parameters = extra_float_digits\n",
            folder.display()
        )
    };
    make_readable(folder.path());
    let service = Service::start(Path::new(&own[0]), folder, |port, folder| {
        std::fs::write(&configuration, text(port, folder)).unwrap();
        make_readable(&configuration);
        make_readable(&folder.join("users"));
        let configuration = configuration.display().to_string();
        own[1..].iter().cloned().chain([configuration]).collect()
    })
    .await;
    let pooled = Server {
        service,
        psql: server.psql.clone(),
    };
    let more = json!({
        "query": "SELECT count(*) FROM public.plain", "migrations": "alembic_version.version_num"
    });
    let Answer { facts, gaps } = pooled.ask(more, &knowing("boss-password")).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(facts.value, Some(json!(0)));
    let write = json!({"query": "INSERT INTO plain VALUES (1)"});
    let gaps = pooled
        .ask(write, &knowing("boss-password"))
        .await
        .unwrap()
        .gaps;
    assert_eq!(gaps["rows"].reason, Reason::QueryRefused);
    // Whoever gets the same connection next may write, and waits as long as ever.
    pooled.sql("INSERT INTO plain VALUES (2)");
    let settings = pooled
        .ask(json!({}), &knowing("boss-password"))
        .await
        .unwrap()
        .facts
        .settings;
    let settings = settings.unwrap();
    assert_eq!(settings["statement_timeout"], "0");
    assert_eq!(settings["default_transaction_read_only"], "off");
}

/// Lets the server's own user read what the test has written.
fn make_readable(path: &Path) {
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_certificate_is_judged_before_a_password_is_sent() {
    let root = Authority::root("PostgreSQL");
    let identity = root.sign(&Leaf::good_for_years(&["localhost"]));
    let (chain, key) = (
        pem("CERTIFICATE", &identity.chain[0]),
        pem("PRIVATE KEY", identity.key.secret_der()),
    );
    let settings = [
        "ssl=on",
        "ssl_cert_file=FOLDER/c.pem",
        "ssl_key_file=FOLDER/k.pem",
    ];
    let Some(server) = Server::start(&settings, Some((&chain, &key))).await else {
        return;
    };
    let doubting = knowing("boss-password");
    let trusting = Context {
        net: context(std::slice::from_ref(&root.certificate)).net,
        ..doubting.clone()
    };
    let strict = json!({"tls": "verify"});
    let facts = server.ask(strict.clone(), &trusting).await.unwrap().facts;
    let tls = facts.tls.unwrap();
    assert!(facts.encrypted && tls.verified && tls.version == "TLS1.3");
    let told = server.ask(strict, &doubting).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsUnknownIssuer, "{told:?}");
    for mode in ["prefer", "require"] {
        let facts = server
            .ask(json!({"tls": mode}), &doubting)
            .await
            .unwrap()
            .facts;
        let tls = facts.tls.unwrap();
        assert!(!tls.verified && tls.problem.is_some(), "{mode}");
    }
}
