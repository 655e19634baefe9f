//! The `docker` probe against engines in this process, over a socket and over TLS.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use ready::probe::docker::{Container, Docker, Facts};
use ready::probe::env_file::ValueKind;
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::certificates::{Authority, Identity, Leaf, pem};
use crate::support::context;
use crate::support::http::{Server, clear, full, on_socket, raw, secure_for, status};

/// An engine that answers these pages, and 404 to everything else.
#[derive(Clone, Default)]
struct Pages {
    pages: Vec<(String, u16, String)>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pages {
    /// An engine with these containers, each of its own identity, and one image.
    fn of(containers: &[Value]) -> Self {
        let mut pages = Self::default();
        pages.put(
            "/version",
            &json!({"Version": "28.2.2", "ApiVersion": "1.50",
            "Components": [{"Name": "Engine", "Version": "28.2.2"}]}),
        );
        pages.put("/info", &json!({"LoggingDriver": "json-file", "LiveRestoreEnabled": true, "Driver": "overlay2",
            "DockerRootDir": "/var/lib/docker", "SecurityOptions": ["name=seccomp"], "Warnings": null}));
        let listed = containers.iter().enumerate().map(
            |(number, one)| json!({"Id": format!("c{number}"), "Labels": one["Config"]["Labels"]}),
        );
        pages.put("/containers/json?all=true", &listed.collect::<Value>());
        for (number, one) in containers.iter().enumerate() {
            pages.put(&format!("/containers/c{number}/json"), one);
        }
        pages.put("/images/sha256:aa/json", &json!({"Id": "sha256:aa", "RepoTags": ["zebu/api:1.4.2"],
            "RepoDigests": ["zebu/api@sha256:bb"], "Created": "2026-11-11T12:00:00.5Z", "Size": 1000}));
        pages
    }

    fn put(&mut self, path: &str, body: &Value) {
        self.says(path, 200, &body.to_string());
    }

    fn says(&mut self, path: &str, status: u16, body: &str) {
        self.pages.retain(|(known, ..)| known != path);
        self.pages.push((path.to_owned(), status, body.to_owned()));
    }

    fn answer(&self, request: &Request<Bytes>) -> http::Response<crate::support::http::Body> {
        let path = request.uri().path_and_query().unwrap().as_str();
        self.asked
            .lock()
            .unwrap()
            .push(format!("{} {path}", request.method()));
        let page = self.pages.iter().find(|(known, ..)| known == path);
        let (code, body) = page.map_or((404, "{\"message\": \"none\"}"), |(_, code, body)| {
            (*code, body)
        });
        status(code).body(full(body.to_owned())).unwrap()
    }

    /// Asks the engine over a socket.
    async fn ask(&self, fields: Value) -> Result<Answer<Facts>, ProbeError> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("docker.sock");
        let pages = self.clone();
        let _server = on_socket(&path, move |request| {
            let answer = pages.answer(&request);
            async move { answer }
        })
        .await;
        ask(&path, fields).await
    }
}

fn probe(fields: Value) -> Docker {
    serde_json::from_value(fields).unwrap()
}

async fn ask(path: &Path, mut fields: Value) -> Result<Answer<Facts>, ProbeError> {
    fields["host"] = json!(format!("unix://{}", path.display()));
    let probe = probe(fields);
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        timeout: Duration::from_secs(5),
        ..context(&[])
    };
    probe.gather(&context).await
}

fn api() -> Value {
    json!({
        "Id": "c0", "Name": "/zebu-api-1", "Image": "sha256:aa", "RestartCount": 2,
        "State": {"Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0,
            "StartedAt": "2026-11-21T11:00:00.123456789Z", "Health": {"Status": "healthy"}},
        "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3", "labels": "canary"}},
            "Memory": 536_870_912, "NanoCpus": 1_500_000_000, "PidsLimit": 100, "Privileged": false,
            "ReadonlyRootfs": true, "NetworkMode": "zebu_default", "PidMode": "", "IpcMode": "private",
            "CapAdd": ["CAP_NET_BIND_SERVICE"], "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"],
            "PortBindings": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]}},
        "Config": {"Image": "zebu/api:1.4.2", "User": "10001", "StopTimeout": 30,
            "Env": ["MODE=production", "DB_PASSWORD=canaryk3Jx9qT9wzLm2", "PATH=/bin"],
            "Labels": {"com.docker.compose.project": "zebu", "com.docker.compose.service": "api",
                "com.docker.compose.project.config_files": "/srv/docker-compose.yml,/srv/docker-compose.prod.yml"}},
        "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data",
            "Destination": "/data", "RW": true}],
        "NetworkSettings": {"Ports": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}], "9000/udp": null}},
    })
}

fn db() -> Value {
    json!({
        "Id": "c1", "Name": "/db", "Image": "sha256:aa", "RestartCount": 0,
        "State": {"Status": "exited", "Running": false, "OOMKilled": true, "ExitCode": 137,
            "StartedAt": "2026-11-21T11:00:00Z"},
        "HostConfig": {"RestartPolicy": {"Name": ""}, "LogConfig": {"Type": "json-file", "Config": {}},
            "Memory": 0, "NanoCpus": 0, "CpuQuota": 50000, "PidsLimit": null, "Privileged": true,
            "ReadonlyRootfs": false, "NetworkMode": "host", "PidMode": "host", "IpcMode": "host",
            "CapAdd": null, "CapDrop": null, "SecurityOpt": null,
            "PortBindings": {"5432/tcp": [{"HostIp": "", "HostPort": "5432"}, {"HostIp": "::", "HostPort": ""}]}},
        "Config": {"Image": "postgres", "User": "", "Env": ["POSTGRES_PASSWORD=postgres"], "Labels": null},
        "Mounts": [{"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/d.sock", "RW": false}],
        "NetworkSettings": {"Ports": {}},
    })
}

fn container(facts: &Facts, name: &str) -> Container {
    let containers = facts.containers.as_ref().unwrap();
    containers
        .iter()
        .find(|one| one.name == name)
        .unwrap()
        .clone()
}

/// An engine with one container, over TCP.
pub(crate) async fn engine() -> Server {
    serve(Pages::of(&[api()])).await
}

/// An engine with these containers, all of one image, over TCP.
#[cfg(all(feature = "backups", feature = "postgres"))]
pub(crate) async fn engine_of(containers: &[Value], image: &Value) -> Server {
    let mut pages = Pages::of(containers);
    pages.put("/images/sha256:aa/json", image);
    serve(pages).await
}

async fn serve(pages: Pages) -> Server {
    clear(move |request| {
        let answer = pages.answer(&request);
        async move { answer }
    })
    .await
}

#[tokio::test]
async fn an_engine_is_asked_over_tcp_too() {
    let server = engine().await;
    let host = format!("tcp://127.0.0.1:{}", server.port);
    let answer = probe(json!({"host": host})).gather(&context(&[])).await;
    let facts = serde_json::to_value(answer.unwrap().facts).unwrap();
    assert_eq!(facts["containers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_container_that_is_held_well_is_told() {
    let pages = Pages::of(&[api(), db()]);
    let Answer { facts, gaps } = pages.ask(json!({})).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    let told = serde_json::to_value(container(&facts, "zebu-api-1")).unwrap();
    let expected = json!({
        "name": "zebu-api-1", "project": "zebu", "service": "api",
        "config_files": ["/srv/docker-compose.yml", "/srv/docker-compose.prod.yml"],
        "image": "zebu/api:1.4.2", "image_id": "sha256:aa", "pin": "tag",
        "state": "running", "running": true, "health": "healthy", "exit_code": 0, "oom_killed": false,
        "restart_count": 2, "restart": "on-failure:3", "uptime_seconds": 3600,
        "limits": {"memory_bytes": 512 << 20, "cpus": 1.5, "pids": 100},
        "logging": {"driver": "json-file", "max_size_bytes": 10 << 20, "max_files": 3,
            "options": ["labels", "max-file", "max-size"]},
        "privileged": false, "user": "10001", "read_only": true, "network_mode": "zebu_default",
        "ipc": "private", "cap_add": ["NET_BIND_SERVICE"], "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"], "stop_grace_seconds": 30,
    });
    assert_eq!(told, expected);
    let info = serde_json::to_value(&facts.info).unwrap();
    let expected = json!({"log_driver": "json-file", "live_restore": true, "rootless": false,
        "storage_driver": "overlay2", "data_root": "/var/lib/docker", "warnings": []});
    assert_eq!(info, expected);
    assert_eq!(
        (
            &*facts.version,
            &*facts.api_version,
            facts.engine.as_deref()
        ),
        ("28.2.2", "1.50", Some("Engine"))
    );
    let images = serde_json::to_value(&facts.images).unwrap();
    let expected = json!([{"id": "sha256:aa", "containers": ["db", "zebu-api-1"], "tags": ["zebu/api:1.4.2"],
        "digests": ["zebu/api@sha256:bb"], "created": "2026-11-11T12:00:00.5Z", "age_days": 10.0, "size_bytes": 1000}]);
    assert_eq!(images, expected);
    let asked = pages.asked.lock().unwrap();
    assert_eq!(asked.len(), 6, "the image is asked for once: {asked:?}");
    assert!(
        asked.iter().all(|line| line.starts_with("GET /")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_container_that_is_held_badly_is_told() {
    let facts = Pages::of(&[api(), db()])
        .ask(json!({}))
        .await
        .unwrap()
        .facts;
    let db = container(&facts, "db");
    assert_eq!(
        (&*db.state, db.running, &*db.health, db.exit_code),
        ("exited", false, "none", 137)
    );
    assert!(db.oom_killed && db.privileged && !db.read_only && db.user.is_none());
    assert_eq!(
        (&*db.restart, db.uptime_seconds, db.stop_grace_seconds),
        ("no", None, 10)
    );
    assert_eq!(
        (db.limits.memory_bytes, db.limits.cpus, db.limits.pids),
        (None, Some(0.5), None)
    );
    assert_eq!(
        (&*db.network_mode, db.pid.as_deref()),
        ("host", Some("host"))
    );
    assert!(db.logging.max_size_bytes.is_none() && db.cap_drop.is_empty() && db.project.is_none());
    let ports = facts.ports.iter().flatten();
    let ports: Vec<_> = ports
        .map(|one| (&*one.container, &*one.address, one.published, one.target))
        .collect();
    assert_eq!(
        ports,
        [
            ("zebu-api-1", "127.0.0.1", Some(8000), 8000),
            ("db", "0.0.0.0", Some(5432), 5432),
            ("db", "::", None, 5432),
        ]
    );
    let sockets = facts
        .mounts
        .iter()
        .flatten()
        .filter(|mount| mount.engine_socket);
    assert_eq!(
        sockets
            .map(|mount| (&*mount.container, mount.read_only))
            .collect::<Vec<_>>(),
        [("db", true)]
    );
    let variables = facts.environment.iter().flatten().filter(|one| one.secret);
    let variables: Vec<_> = variables.map(|one| (&*one.name, one.kind)).collect();
    assert_eq!(
        variables,
        [
            ("DB_PASSWORD", ValueKind::Ok),
            ("POSTGRES_PASSWORD", ValueKind::Default)
        ]
    );
    let all = serde_json::to_string(&facts).unwrap();
    assert!(!all.contains("canary"), "{all}");
}

#[tokio::test]
async fn projects_are_told_apart_and_what_is_gone_is_no_error() {
    let mut pages = Pages::of(&[api(), db()]);
    let facts = pages.ask(json!({"project": "zebu"})).await.unwrap().facts;
    assert_eq!((facts.count, facts.containers.unwrap().len()), (Some(1), 1));
    assert_eq!(facts.ports.unwrap().len(), 1);
    pages.says("/containers/c0/json", 404, "{}");
    pages.says("/images/sha256:aa/json", 404, "{}");
    let Answer { facts, gaps } = pages.ask(json!({})).await.unwrap();
    assert!(gaps.is_empty());
    assert_eq!(
        (
            facts.count,
            facts.containers.unwrap().len(),
            facts.images.unwrap().len()
        ),
        (Some(2), 1, 0)
    );
    let nothing = Pages::of(&[]).ask(json!({})).await.unwrap();
    assert_eq!(
        (nothing.facts.count, nothing.facts.containers),
        (Some(0), Some(Vec::new()))
    );
}

#[tokio::test]
async fn what_is_not_let_through_or_too_much_is_unknown_and_never_nothing() {
    for (path, gaps) in [
        ("/info", &["info"][..]),
        ("/images/sha256:aa/json", &["images"]),
        (
            "/containers/c0/json",
            &["containers", "environment", "images", "mounts", "ports"],
        ),
    ] {
        let mut pages = Pages::of(&[api()]);
        pages.says(path, 403, "forbidden");
        let answer = pages.ask(json!({})).await.unwrap();
        assert_eq!(answer.gaps.keys().collect::<Vec<_>>(), gaps, "{path}");
        assert!(
            answer
                .gaps
                .values()
                .all(|gap| gap.reason == Reason::PermissionDenied)
        );
        let facts = serde_json::to_value(&answer.facts).unwrap();
        assert!(gaps.iter().all(|gap| facts.get(gap).is_none()), "{facts}");
    }
    let mut many = Pages::of(&[]);
    let listed = (0..501).map(|number| json!({"Id": format!("c{number}"), "Labels": null}));
    many.put("/containers/json?all=true", &listed.collect::<Value>());
    let Answer { facts, gaps } = many.ask(json!({})).await.unwrap();
    assert_eq!((facts.count, facts.containers), (Some(501), None));
    assert_eq!(gaps["ports"].reason, Reason::FileTruncated);
    let other = many.ask(json!({"project": "other"})).await.unwrap();
    assert!(
        other.gaps.is_empty(),
        "those of other projects do not count"
    );
}

#[tokio::test]
async fn engines_that_tell_too_much_are_not_read_to_the_end() {
    let mut pages = Pages::of(&[api(), api(), api(), api(), api()]);
    for number in 0..5 {
        let mut large = api();
        large["Config"]["Env"] = json!([format!("A={}", "x".repeat(3_900_000))]);
        pages.put(&format!("/containers/c{number}/json"), &large);
    }
    let told = pages.ask(json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::FileTruncated);
    pages.says("/containers/c0/json", 200, &"x".repeat(5 << 20));
    let told = pages.ask(json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpTruncated);
}

#[tokio::test]
async fn engines_that_answer_oddly_fail() {
    let without = |path: &str, field: &str| {
        let mut one = api();
        let fields = if path.is_empty() {
            &mut one
        } else {
            &mut one[path]
        };
        fields.as_object_mut().unwrap().remove(field);
        one
    };
    let with = |path: &[&str], value: Value| {
        let mut one = api();
        let place = path.iter().fold(&mut one, |place, key| &mut place[*key]);
        *place = value;
        one
    };
    for one in [
        json!([]),
        without("", "State"),
        without("State", "Running"),
        without("HostConfig", "Privileged"),
        without("HostConfig", "RestartPolicy"),
        with(&["State", "Running"], json!("yes")),
        with(
            &["HostConfig", "LogConfig", "Config", "max-size"],
            json!("big"),
        ),
        with(
            &["NetworkSettings", "Ports"],
            json!({"x/tcp": [{"HostPort": "1"}]}),
        ),
        with(
            &["NetworkSettings", "Ports"],
            json!({"1/tcp": [{"HostPort": "x"}]}),
        ),
        with(&["Image"], json!("../../version")),
    ] {
        let told = Pages::of(std::slice::from_ref(&one))
            .ask(json!({}))
            .await
            .unwrap_err();
        assert_eq!(told.reason, Reason::ServiceProtocol, "{one}");
        assert!(!format!("{told:?}").contains("canary"), "{told:?}");
    }
    for (path, code, body, reason) in [
        ("/version", 200, "garbage", Reason::ServiceProtocol),
        ("/version", 200, "{}", Reason::ServiceProtocol),
        ("/version", 404, "nginx", Reason::HttpStatus),
        ("/version", 401, "", Reason::CredentialRefused),
        ("/info", 500, "", Reason::HttpStatus),
        (
            "/containers/json?all=true",
            200,
            "[{\"Id\": \"../x\"}]",
            Reason::ServiceProtocol,
        ),
        (
            "/containers/json?all=true",
            200,
            "null",
            Reason::ServiceProtocol,
        ),
        ("/containers/c0/json", 500, "", Reason::HttpStatus),
    ] {
        let mut pages = Pages::of(&[api()]);
        pages.says(path, code, body);
        let told = pages.ask(json!({})).await.unwrap_err();
        assert_eq!(told.reason, reason, "{path} {code} {body}");
    }
}

#[tokio::test]
async fn sockets_that_nobody_answers_at_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let told = ask(&at("none.sock"), json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::NetLocal);
    drop(std::os::unix::net::UnixListener::bind(at("left.sock")).unwrap());
    let told = ask(&at("left.sock"), json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::TcpRefused);
    let silent = std::os::unix::net::UnixListener::bind(at("silent.sock")).unwrap();
    let told = ask(&at("silent.sock"), json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpTimeout);
    drop(silent);
    let closed = at("closed.sock");
    let _server = on_socket(&closed, |_| async { status(500).body(full("")).unwrap() }).await;
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let told = ask(&closed, json!({})).await.unwrap_err();
    // Nothing is closed to root.
    assert!(
        matches!(told.reason, Reason::PermissionDenied | Reason::HttpStatus),
        "{told:?}"
    );

    let garbage = raw(|mut stream| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut buffer = [0; 1024];
        if stream.read(&mut buffer).await.is_ok() {
            let _ = stream.write_all(b"SSH-2.0-x\r\n").await;
            while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
        }
    })
    .await;
    let over_tcp = probe(json!({"host": format!("tcp://localhost:{}", garbage.port)}));
    let told = over_tcp.gather(&context(&[])).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpProtocol);
}

fn write(folder: &Path, roots: &Authority, own: Option<&Identity>) {
    std::fs::write(
        folder.join("ca.pem"),
        pem("CERTIFICATE", &roots.certificate),
    )
    .unwrap();
    if let Some(own) = own {
        std::fs::write(folder.join("cert.pem"), pem("CERTIFICATE", &own.chain[0])).unwrap();
        let key = pem("PRIVATE KEY", own.key.secret_der());
        std::fs::write(folder.join("key.pem"), key).unwrap();
    }
}

fn client() -> Leaf {
    Leaf {
        for_clients: true,
        ..Leaf::named(&["audit"])
    }
}

#[tokio::test]
async fn engines_behind_tls_know_their_clients_by_certificates() {
    let (ours, theirs) = (Authority::root("Zebu"), Authority::root("Other"));
    let identity = ours.sign(&Leaf::named(&["engine.example"]));
    let pages = Pages::of(&[api()]);
    let server: Server = secure_for(identity, Some(&ours), &["http/1.1"], move |request| {
        let answer = pages.answer(&request);
        async move { answer }
    })
    .await;
    let gather = async |folder: &Path| {
        let host = format!("tcp://engine.example:{}", server.port);
        let probe = probe(json!({"host": host, "cert_path": folder}));
        assert_eq!(probe.validate(), Ok(()));
        probe.gather(&context(&[])).await
    };
    let folder = || TempDir::new().unwrap();
    let good = folder();
    write(good.path(), &ours, Some(&ours.sign(&client())));
    let facts = gather(good.path()).await.unwrap().facts;
    assert_eq!(facts.containers.unwrap()[0].name, "zebu-api-1");

    let stranger = folder();
    write(stranger.path(), &ours, None);
    let told = gather(stranger.path()).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsClientCertificate, "{told:?}");
    let doubting = folder();
    write(doubting.path(), &theirs, None);
    let told = gather(doubting.path()).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsUnknownIssuer);

    let empty = folder();
    let told = gather(empty.path()).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
    let half = folder();
    write(half.path(), &ours, Some(&ours.sign(&client())));
    std::fs::remove_file(half.path().join("key.pem")).unwrap();
    let told = gather(half.path()).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialUnusable);
    std::fs::write(half.path().join("ca.pem"), "nothing").unwrap();
    std::fs::remove_file(half.path().join("cert.pem")).unwrap();
    let told = gather(half.path()).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialUnusable);
}

#[test]
fn what_cannot_be_asked_is_refused_and_plans_name_the_engine() {
    for (fields, field) in [
        (json!({"host": ""}), "host"),
        (json!({"host": "docker.example"}), "host"),
        (json!({"host": "unix://run/docker.sock"}), "host"),
        (json!({"host": "ftp://docker.example"}), "host"),
        (json!({"host": "ssh://docker.example"}), "host"),
        (json!({"host": "tcp://docker.example/path"}), "host"),
        (json!({"host": "tcp://me:secret@docker.example"}), "host"),
        (
            json!({"host": "http://docker.example", "cert_path": "c"}),
            "host",
        ),
        (json!({"cert_path": "c"}), "cert_path"),
    ] {
        assert_eq!(
            probe(fields.clone()).validate().unwrap_err().field,
            field,
            "{fields}"
        );
    }
    let usual = probe(json!({}));
    assert_eq!(usual.validate(), Ok(()));
    assert_eq!(
        usual.reproduce(),
        "docker -H unix:///var/run/docker.sock ps --all"
    );
    let contact = &usual.contacts()[0];
    assert_eq!((&*contact.host, contact.port), ("this machine", None));
    let remote = probe(json!({"host": "tcp://d.example", "cert_path": "c", "project": "a b"}));
    assert_eq!(
        remote.reproduce(),
        "docker -H tcp://d.example --tlsverify --tlscacert c/ca.pem --tlscert c/cert.pem --tlskey c/key.pem \
         ps --all --filter 'label=com.docker.compose.project=a b'"
    );
    let contacts = remote.contacts();
    assert_eq!(
        (&*contacts[0].host, contacts[0].port),
        ("d.example", Some(2376))
    );
    let hosts: BTreeSet<_> = contacts.iter().map(|one| one.host.as_str()).collect();
    assert!(hosts.contains("this machine"));
    for (host, port) in [
        ("tcp://d.example", 2375),
        ("tcp://d.example:80", 80),
        ("https://[::1]", 2376),
        ("https://d.example:443", 443),
    ] {
        assert_eq!(
            probe(json!({"host": host})).contacts()[0].port,
            Some(port),
            "{host}"
        );
    }
}
