//! HTTP servers in this process, on a free port of loopback: HTTP/1.1 and 2, clear and over
//! TLS, and raw ones that misbehave.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, Identity};

/// A body of a test server's answer.
pub type Body = BoxBody<Bytes, Infallible>;

/// A running server; it lives as long as the test's runtime.
#[derive(Clone)]
pub struct Server {
    /// Where it listens.
    pub port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    async fn listen() -> (Self, TcpListener) {
        Self::listen_at("127.0.0.1:0").await
    }

    async fn listen_at(address: &str) -> (Self, TcpListener) {
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        (server, listener)
    }
}

/// An answer with this status and nothing else.
pub fn status(status: u16) -> http::response::Builder {
    Response::builder().status(status)
}

/// A body at once.
pub fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

/// Serves over clear text: HTTP/1.1, and HTTP/2 with prior knowledge.
pub async fn clear<F, Fut>(handle: F) -> Server
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    clear_at("127.0.0.1:0", handle).await
}

/// The same at a certain address.
pub async fn clear_at<F, Fut>(address: &str, handle: F) -> Server
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let (server, listener) = Server::listen_at(address).await;
    let counted = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.connections.fetch_add(1, Ordering::SeqCst);
            stream.set_nodelay(true).unwrap();
            tokio::spawn(speak(stream, counted.clone(), handle.clone()));
        }
    });
    server
}

/// Serves over a socket of the file system, in clear text; such a server has no port.
pub async fn on_socket<F, Fut>(path: &std::path::Path, handle: F) -> Server
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = tokio::net::UnixListener::bind(path).unwrap();
    let server = Server {
        port: 0,
        connections: Arc::default(),
        requests: Arc::default(),
    };
    let counted = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(speak(stream, counted.clone(), handle.clone()));
        }
    });
    server
}

/// Serves over TLS, offering these protocols.
pub async fn secure<F, Fut>(identity: Identity, alpn: &[&str], handle: F) -> Server
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    secure_for(identity, None, alpn, handle).await
}

/// Serves over TLS those clients that this authority vouches for, or all.
pub async fn secure_for<F, Fut>(
    identity: Identity,
    clients: Option<&Authority>,
    alpn: &[&str],
    handle: F,
) -> Server
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        Some(authority) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(authority.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (server, listener) = Server::listen().await;
    let counted = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.connections.fetch_add(1, Ordering::SeqCst);
            stream.set_nodelay(true).unwrap();
            let (acceptor, counted, handle) = (acceptor.clone(), counted.clone(), handle.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    speak(stream, counted, handle).await;
                }
            });
        }
    });
    server
}

async fn speak<S, F, Fut>(stream: S, counted: Server, handle: F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        counted.requests.fetch_add(1, Ordering::SeqCst);
        let handle = handle.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(handle(Request::from_parts(head, body)).await)
        }
    });
    // A client that leaves early is no trouble of the server's.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Gives every connection to `handle`, which may do with it what it likes.
pub async fn raw<F, Fut>(handle: F) -> Server
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (server, listener) = Server::listen().await;
    let counted = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.connections.fetch_add(1, Ordering::SeqCst);
            stream.set_nodelay(true).unwrap();
            tokio::spawn(handle(stream));
        }
    });
    server
}

/// Reads a request's head; `None` once the client has left.
pub async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
