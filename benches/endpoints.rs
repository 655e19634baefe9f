//! 1,000 distinct endpoints of one server, over HTTP and HTTPS: `ready audit` beside
//! `hurl --test --parallel`, in one run, wall time and peak memory of each.
//!
//! `cargo bench --bench endpoints`. Hurl is found on `PATH` or by `HURL=/path/to/hurl`; where
//! it is not installed only `ready` is measured, and that is said.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement that cannot go on panics"
)]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const ENDPOINTS: usize = 1000;
const ROUNDS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (http, https, ca) = runtime.block_on(start());
    let ca_file = folder.path().join("ca.pem");
    fs::write(&ca_file, ca).unwrap();
    let hurl = std::env::var_os("HURL").map_or_else(|| PathBuf::from("hurl"), PathBuf::from);

    println!("{ENDPOINTS} endpoints, {ROUNDS} rounds in turn; median (fastest) wall, peak memory");
    for (scheme, address) in [("http", http), ("https", https)] {
        let origin = format!("{scheme}://localhost:{}", address.port());
        let profile = folder.path().join(format!("{scheme}.yaml"));
        fs::write(&profile, profile_of(&origin)).unwrap();
        let files = folder.path().join(scheme);
        fs::create_dir(&files).unwrap();
        for number in 0..ENDPOINTS {
            let file = files.join(format!("{number}.hurl"));
            fs::write(file, format!("GET {origin}/item/{number}\nHTTP 200\n")).unwrap();
        }
        let mut ready = Vec::new();
        let mut peer = Vec::new();
        for _ in 0..ROUNDS {
            ready.push(measure(
                Command::new(env!("CARGO_BIN_EXE_ready"))
                    .args(["audit", "--profile"])
                    .arg(&profile)
                    .arg("--ca")
                    .arg(&ca_file),
            ));
            peer.push(measure(
                Command::new(&hurl)
                    .args(["--test", "--parallel", "--cacert"])
                    .arg(&ca_file)
                    .arg(&files),
            ));
        }
        print("ready", scheme, ready);
        print("hurl --parallel", scheme, peer);
    }
}

fn profile_of(origin: &str) -> String {
    let mut text = "ready: 1\nid: endpoints\ntitle: Endpoints\nchecks:\n".to_owned();
    for number in 0..ENDPOINTS {
        _ = writeln!(
            text,
            "  - {{id: item-{number}, title: Item {number}, probe: {{http: {{url: '{origin}/item/{number}'}}}}, expect: http.status == 200}}"
        );
    }
    text
}

struct Measured {
    wall: Duration,
    peak_kib: u64,
}

/// Runs to the end; `None` if the program is not there. A run that fails is no measurement.
fn measure(command: &mut Command) -> Option<Measured> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak_kib.max(high_water_mark(Path::new(&status_file)).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{command:?} ended with {status}");
    Some(Measured {
        wall: start.elapsed(),
        peak_kib,
    })
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn print(name: &str, scheme: &str, runs: Vec<Option<Measured>>) {
    let Some(mut runs) = runs.into_iter().collect::<Option<Vec<_>>>() else {
        println!("{scheme:6} {name:16} not installed");
        return;
    };
    runs.sort_by_key(|run| run.wall);
    println!(
        "{scheme:6} {name:16} {:>6} ms ({:>6} ms)  {:>4} MiB",
        runs[runs.len() / 2].wall.as_millis(),
        runs[0].wall.as_millis(),
        runs.iter().map(|run| run.peak_kib).max().unwrap_or(0) / 1024
    );
}

async fn start() -> (SocketAddr, SocketAddr, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    // A root with its leaf's name would look self-signed to OpenSSL.
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Benchmark root");
    let root = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&leaf_key, &issuer)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into()),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (http.local_addr().unwrap(), https.local_addr().unwrap());
    tokio::spawn(serve(http, None));
    tokio::spawn(serve(https, Some(TlsAcceptor::from(Arc::new(config)))));
    (addresses.0, addresses.1, root.pem())
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let service = service_fn(|request: Request<Incoming>| async move {
                let body = format!("{{\"path\":\"{}\"}}", request.uri().path());
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
            });
            let _ = match acceptor {
                None => server.serve_connection(TokioIo::new(stream), service).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
                    Err(_) => return,
                },
            };
        });
    }
}
