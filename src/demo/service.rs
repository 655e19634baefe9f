//! The shop's web service: it works, and gives away more than it should.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>The demo shop</title>
  <script src="http://static.shop.test/cart.js"></script>
  <script src="https://cdn.widgets.test/chat.js"></script>
</head>
<body><h1>Welcome</h1><form action="/search"><input name="q"></form></body>
</html>
"#;

/// Says who ordered what, in the way frameworks do when nobody turned their debug mode off.
const TRACEBACK: &str = r#"<!doctype html><title>Page not found</title><h1>Page not found</h1><pre>
Traceback (most recent call last):
  File "/srv/shop/app/router.py", line 84, in dispatch
    handler = routes[request.path]
KeyError: 'no route'
</pre>
"#;

const ENVIRONMENT: &str = "\
APP_ENV=production
DATABASE_URL=postgres://shop:not-a-real-password@db.shop.test/shop
STRIPE_SECRET_KEY=not-a-real-key
";

const SECURITY_TXT: &str = "\
Contact: mailto:security@shop.test
Expires: 2024-01-01T00:00:00Z
";

/// Answers until the runtime ends; with `tls`, over TLS.
pub(super) async fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
    let acceptor = tls.map(TlsAcceptor::from);
    // An accept error (no file descriptors left) ends the demo, not the program.
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, acceptor.clone()));
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    // Small answers wait for the other side's acknowledgement otherwise, which looks slow.
    let _ = stream.set_nodelay(true);
    let server = auto::Builder::new(TokioExecutor::new());
    let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request)) });
    // A client that goes away or speaks nonsense is its own affair.
    let _ = match acceptor {
        None => server.serve_connection(TokioIo::new(stream), service).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
            Err(_) => return,
        },
    };
}

fn answer(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, content_type, body) = match (request.method(), request.uri().path()) {
        (&Method::TRACE | &Method::CONNECT, _) => (StatusCode::METHOD_NOT_ALLOWED, TEXT, ""),
        (_, "/") => (StatusCode::OK, HTML, PAGE),
        (_, "/health") => (StatusCode::OK, JSON, r#"{"status":"ok"}"#),
        (_, "/.env") => (StatusCode::OK, TEXT, ENVIRONMENT),
        (_, "/.well-known/security.txt") => (StatusCode::OK, TEXT, SECURITY_TXT),
        (_, "/robots.txt") => (StatusCode::OK, TEXT, "User-agent: *\nDisallow: /cart\n"),
        _ => (StatusCode::NOT_FOUND, HTML, TRACEBACK),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in [
        ("server", "nginx/1.14.0"),
        ("x-powered-by", "Express"),
        ("strict-transport-security", "max-age=300"),
        (
            "content-security-policy",
            "default-src 'self' https: 'unsafe-inline'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("set-cookie", "session=2b7e151628aed2a6; Path=/"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Some(origin) = request.headers().get(ORIGIN) {
        headers.insert("access-control-allow-origin", origin.clone());
        headers.insert(
            "access-control-allow-credentials",
            HeaderValue::from_static("true"),
        );
    }
    response
}
