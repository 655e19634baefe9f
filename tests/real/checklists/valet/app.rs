//! Valet's API and its WebSocket, as the profile knows them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Shake};

use super::super::{Asked, say};
use crate::support::http::{Body, Server, clear_at, full, raw, status};
use crate::support::jwt::{Issuer, claims};

/// The password of the test account.
pub(super) const PASSWORD: &str = "p4ss-of-ready";
const ACCOUNT: &str = "ready@valet.example";

/// Valet's API. A broken one believes every token, and gives sessions away to scripts.
pub(super) struct App {
    pub(super) issuer: Issuer,
    pub(super) is_broken: bool,
    /// Refresh tokens that were not used yet.
    refresh: Mutex<BTreeSet<u32>>,
    next: AtomicU32,
}

impl App {
    pub(super) fn new(issuer: Issuer, is_broken: bool) -> Arc<Self> {
        Arc::new(Self {
            issuer,
            is_broken,
            refresh: Mutex::default(),
            next: AtomicU32::new(1),
        })
    }

    /// Starts it on the machine's own address.
    pub(super) async fn serve(self: &Arc<Self>) -> Server {
        let app = self.clone();
        clear_at("127.0.0.1:3000", move |request| {
            let answer = app.answer(&request);
            async move { answer }
        })
        .await
    }

    /// Starts its WebSocket.
    pub(super) async fn socket(self: &Arc<Self>) -> Server {
        let app = self.clone();
        raw(move |stream| listen(app.clone(), stream)).await
    }

    fn knows(&self, authorization: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        if self.is_broken {
            return !token.is_empty();
        }
        self.issuer.verify(token).is_some()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
        let asked = Asked::of(request);
        let cookie = request.headers().get("cookie");
        let cookie = cookie.and_then(|value| value.to_str().ok());
        let mut answer = self.route(&asked, cookie.unwrap_or_default());
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let headers = answer.headers_mut();
        headers.insert("x-request-id", format!("req-{number}").parse().unwrap());
        let origin = request.headers().get("origin");
        if let Some(origin) = origin.filter(|origin| *origin == "https://valet.example") {
            headers.insert("access-control-allow-origin", origin.clone());
            headers.insert("vary", "origin".parse().unwrap());
        }
        answer
    }

    fn route(&self, asked: &Asked<'_>, cookie: &str) -> Response<Body> {
        let path = asked.path.split('?').next().unwrap_or_default();
        let is_known = self.knows(asked.authorization);
        match (asked.method, path) {
            ("GET", "/api/v1/health") if self.is_broken => say(503, &json!({"status": "down"})),
            ("GET", "/api/v1/health") => say(200, &json!({"status": "ok"})),
            ("GET", "/.well-known/jwks.json") => say(200, &json!({"keys": [self.issuer.jwk()]})),
            ("POST", "/api/v1/auth/login") => self.login(asked.body),
            ("POST", "/api/v1/auth/refresh") => self.refreshed(cookie),
            ("GET", "/api/v1/auth/google") => google(),
            (
                "GET" | "DELETE",
                "/api/v1/me"
                | "/api/v1/gdpr/export"
                | "/api/v1/gdpr/delete-account"
                | "/api/v1/feature-flags",
            ) if !is_known => say(401, &json!({"error": "Unauthorized"})),
            ("GET", "/api/v1/me") => say(200, &json!({"email": ACCOUNT})),
            ("GET", "/api/v1/gdpr/export") => say(200, &json!({"user": {"email": ACCOUNT}})),
            ("GET", "/api/v1/feature-flags") => say(
                200,
                &json!({"greenhouse": true, "lever": true, "workday": false}),
            ),
            _ => say(404, &json!({"error": "Not Found"})),
        }
    }

    fn login(&self, body: &[u8]) -> Response<Body> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return say(400, &json!({"error": "Bad Request"}));
        };
        if body["email"] != ACCOUNT || body["password"] != PASSWORD {
            return say(401, &json!({"error": "Unauthorized"}));
        }
        self.session()
    }

    fn refreshed(&self, cookie: &str) -> Response<Body> {
        let token = cookie
            .split("; ")
            .find_map(|one| one.strip_prefix("refresh_token="));
        let number = token.and_then(|token| token.parse().ok());
        let is_fresh = number.is_some_and(|number| self.refresh.lock().unwrap().remove(&number));
        if is_fresh {
            self.session()
        } else {
            say(401, &json!({"error": "Unauthorized"}))
        }
    }

    /// A new pair of tokens, in cookies alone.
    fn session(&self) -> Response<Body> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.refresh.lock().unwrap().insert(number);
        let access = self.issuer.sign(&claims(ACCOUNT, 900));
        let (flags, max_age) = if self.is_broken {
            ("", 604_800)
        } else {
            ("; HttpOnly; Secure; SameSite=Lax", 900)
        };
        let cookie = |name: &str, value: &str, max_age: u32| {
            format!("{name}={value}; Path=/; Max-Age={max_age}{flags}")
        };
        status(204)
            .header("set-cookie", cookie("access_token", &access, max_age))
            .header(
                "set-cookie",
                cookie("refresh_token", &number.to_string(), 604_800),
            )
            .body(full(""))
            .unwrap()
    }
}

fn google() -> Response<Body> {
    let to = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code\
        &client_id=1234-abc.apps.googleusercontent.com\
        &redirect_uri=https%3A%2F%2Fapi.valet.example%2Fapi%2Fv1%2Fauth%2Fgoogle%2Fcallback";
    status(302).header("location", to).body(full("")).unwrap()
}

/// Lets in whoever shows a token, and says at once how things stand.
async fn listen(app: Arc<App>, stream: TcpStream) {
    #[expect(clippy::result_large_err, reason = "as the library has it")]
    let look = |request: &Shake, response| {
        let shown = request.headers().get("authorization");
        let shown = shown.and_then(|value| value.to_str().ok());
        if app.is_broken || app.knows(shown.unwrap_or_default()) {
            return Ok(response);
        }
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = http::StatusCode::UNAUTHORIZED;
        Err(refused)
    };
    if let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, look).await {
        _ = socket.send(Message::text(r#"{"state": "idle"}"#)).await;
        while let Some(Ok(_)) = socket.next().await {}
    }
}
