//! Three NATS servers that keep a stream together, the first of them behind TLS with a worker.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use serde_json::json;

use crate::real::program;
use crate::real::services::Service;
use crate::support::certificates::{Authority, Identity, pem};

const CLIENTS: [u16; 3] = [4222, 4223, 4224];
const ROUTES: [u16; 3] = [6222, 6223, 6224];

/// A worker's connection, as its client library holds it.
type Worker = rustls::StreamOwned<rustls::ClientConnection, TcpStream>;

/// All of them; they end with the value.
pub(super) struct Queue {
    _servers: Vec<Service>,
    _worker: Option<Worker>,
}

impl Queue {
    /// Starts three that are called `name`, or a single one in clear text to which nobody talks.
    pub(super) async fn start(
        name: &'static str,
        root: &Authority,
        identity: &Identity,
        is_broken: bool,
    ) -> Option<Self> {
        let nats = program("nats-server")?;
        let count = if is_broken { 1 } else { CLIENTS.len() };
        let mut servers = Vec::new();
        for (number, port) in CLIENTS.into_iter().enumerate().take(count) {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), identity);
            let start = |port: u16, folder: &Path| {
                let config = configuration(number, port, count, is_broken);
                std::fs::write(folder.join("nats.conf"), config).unwrap();
                vec!["-c".to_owned(), "nats.conf".to_owned()]
            };
            servers.push(Service::start_on(port, &nats, folder, start).await);
        }
        // The last one is asked in clear text.
        make_a_stream(CLIENTS[count - 1], count).await;
        Some(Self {
            _servers: servers,
            _worker: (!is_broken).then(|| worker(name, root)),
        })
    }
}

fn write(folder: &Path, identity: &Identity) {
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put("c.pem", pem("CERTIFICATE", &identity.chain[0]));
    put("k.pem", pem("PRIVATE KEY", identity.key.secret_der()));
}

fn configuration(number: usize, port: u16, count: usize, is_broken: bool) -> String {
    let mut text = format!(
        "server_name: n{number}\nlisten: \"127.0.0.1:{port}\"\njetstream {{ store_dir: data }}\n"
    );
    if number == 0 {
        text += "http: \"127.0.0.1:8222\"\n";
        if !is_broken {
            text += "tls { cert_file: c.pem, key_file: k.pem }\n";
        }
    }
    if count > 1 {
        let routes = ROUTES.map(|port| format!("\"nats://127.0.0.1:{port}\""));
        let (own, all) = (ROUTES[number], routes.join(", "));
        _ = writeln!(
            text,
            "cluster {{ name: mail, listen: \"127.0.0.1:{own}\", routes: [{all}] }}"
        );
    }
    text
}

/// Makes a stream on `replicas` servers once they have found each other.
async fn make_a_stream(port: u16, replicas: usize) {
    let config = json!({"name": "BATCHES", "subjects": ["batches"], "storage": "file", "num_replicas": replicas,
        "retention": "limits", "discard": "old", "max_consumers": -1, "max_msgs": -1, "max_bytes": -1});
    let config = config.to_string();
    let text = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB in 1\r\nPUB $JS.API.STREAM.CREATE.BATCHES in {}\r\n{config}\r\n",
        config.len()
    );
    let start = Instant::now();
    loop {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut said = String::new();
        let mut buffer = [0; 8192];
        while !said.contains("stream_create_response") {
            match stream.read(&mut buffer) {
                Ok(read) if read > 0 => said += &String::from_utf8_lossy(&buffer[..read]),
                _ => break,
            }
        }
        if said.contains("stream_create_response") && !said.contains("\"error\"") {
            return;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{said}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Connects as a worker does.
fn worker(name: &'static str, root: &Authority) -> Worker {
    let stream = TcpStream::connect(("127.0.0.1", CLIENTS[0])).unwrap();
    let mut greeting = String::new();
    BufReader::with_capacity(1, &stream)
        .read_line(&mut greeting)
        .unwrap();
    assert!(greeting.starts_with("INFO "), "{greeting}");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, stream);
    stream
        .write_all(b"CONNECT {\"verbose\":false,\"name\":\"worker\"}\r\nPING\r\n")
        .unwrap();
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"PONG\r\n");
    stream
}
