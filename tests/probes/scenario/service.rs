//! A service with logins: JSON Web Tokens that are rotated, and sessions in cookies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::{Value, json};

use crate::support::http::{Body, Server, clear, full, status};
use crate::support::jwt::{Issuer, claims};

/// The user's password.
pub const PASSWORD: &str = "p4ss&word=+ä";

/// What the service remembers.
struct State {
    issuer: Issuer,
    /// Refresh tokens by their number: their family, and whether they were used.
    refresh: BTreeMap<u64, (u64, bool)>,
    revoked: Vec<u64>,
    sessions: Vec<String>,
    log: Vec<String>,
    next: u64,
}

/// A running service.
pub struct Service {
    /// The server.
    pub server: Server,
    state: Arc<Mutex<State>>,
}

impl Service {
    /// Starts it.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            issuer: Issuer::new("k1"),
            refresh: BTreeMap::new(),
            revoked: Vec::new(),
            sessions: Vec::new(),
            log: Vec::new(),
            next: 1,
        }));
        let shared = state.clone();
        let server = clear(move |request: Request<Bytes>| {
            let state = shared.clone();
            async move {
                if request.uri().path() == "/slow" {
                    std::future::pending::<()>().await;
                }
                state.lock().unwrap().answer(&request)
            }
        })
        .await;
        Self { server, state }
    }

    /// The requests so far: `POST /login`.
    pub fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://app.example:{}{path}", self.server.port)
    }
}

impl State {
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Body> {
        let path = request.uri().path();
        self.log.push(format!("{} {path}", request.method()));
        match path {
            "/login" => self.login(request),
            "/refresh" | "/lax/refresh" => self.refresh(request, path == "/refresh"),
            "/me" => self.me(request.headers()),
            "/session/login" => self.session_login(request),
            "/session/me" => match self.session(request.headers()) {
                Some(_) => json_answer(200, &json!({"user": "ann"})),
                None => json_answer(401, &json!({"error": "no session"})),
            },
            "/session/logout" | "/lazy/logout" => {
                let session = self.session(request.headers());
                if path == "/session/logout" {
                    self.sessions.retain(|one| Some(one) != session.as_ref());
                }
                let gone = status(204).header("set-cookie", "sid=; Max-Age=0; Path=/");
                gone.body(full("")).unwrap()
            }
            "/page" => status(200)
                .header("x-csrf", "csrf from a header")
                .body(full("<input name=\"csrf\" value=\"c/srf&1 ü\">"))
                .unwrap(),
            "/echo" => echo(request),
            "/big" => json_answer(200, &json!({"list": vec![0; 40_000], "token": "t0ken"})),
            _ => json_answer(404, &json!({})),
        }
    }

    fn login(&mut self, request: &Request<Bytes>) -> Response<Body> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if body["password"] != PASSWORD {
            return json_answer(401, &json!({"error": "wrong password"}));
        }
        let family = self.number();
        self.pair(family)
    }

    fn pair(&mut self, family: u64) -> Response<Body> {
        let number = self.number();
        self.refresh.insert(number, (family, false));
        let mut access = claims("ann", 900);
        access["jti"] = self.number().into();
        let mut refresh = claims("ann", 604_800);
        refresh["jti"] = number.into();
        let (access, refresh) = (self.issuer.sign(&access), self.issuer.sign(&refresh));
        let pair =
            json!({"access_token": access, "data": [{"refresh": refresh}], "expires_in": 900});
        json_answer(200, &pair)
    }

    fn refresh(&mut self, request: &Request<Bytes>, strict: bool) -> Response<Body> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let token = body["refresh_token"].as_str().unwrap_or_default();
        let number = self.issuer.verify(token).and_then(|it| it["jti"].as_u64());
        let Some((family, used)) = number.and_then(|number| self.refresh.get_mut(&number)) else {
            return json_answer(401, &json!({"error": format!("{token} is no token")}));
        };
        let (family, reused) = (*family, std::mem::replace(used, true));
        if strict && (reused || self.revoked.contains(&family)) {
            self.revoked.push(family);
            return json_answer(401, &json!({"error": format!("{token} was used")}));
        }
        self.pair(family)
    }

    fn me(&self, headers: &HeaderMap) -> Response<Body> {
        let token = headers.get("authorization").and_then(|it| it.to_str().ok());
        let token = token.and_then(|it| it.strip_prefix("Bearer "));
        match token.and_then(|token| self.issuer.verify(token)) {
            Some(claims) => json_answer(200, &json!({"user": claims["sub"]})),
            None => json_answer(401, &json!({"error": "no token"})),
        }
    }

    fn session_login(&mut self, request: &Request<Bytes>) -> Response<Body> {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        let is_form = request.headers()["content-type"] == "application/x-www-form-urlencoded";
        if !is_form || form.get("password").map(String::as_str) != Some(PASSWORD) {
            return json_answer(403, &json!({}));
        }
        let session = format!("session-{}-of-ann", self.number());
        self.sessions.push(session.clone());
        let to = status(303).header("location", "/session/me");
        let cookie = format!("sid={session}; Path=/; HttpOnly; SameSite=Lax");
        to.header("set-cookie", cookie).body(full("")).unwrap()
    }

    fn session(&self, headers: &HeaderMap) -> Option<String> {
        let sent = headers.get("cookie")?.to_str().ok()?;
        let session = sent.split("; ").find_map(|one| one.strip_prefix("sid="))?;
        let known = self.sessions.iter().any(|one| one == session);
        known.then(|| session.to_owned())
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// Writes back what it was sent, in many forms.
fn echo(request: &Request<Bytes>) -> Response<Body> {
    use base64::Engine as _;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(request.body()).into_owned();
    let sent = request.headers().get("x-sent");
    let sent = sent.map_or(String::new(), |it| {
        String::from_utf8_lossy(it.as_bytes()).into_owned()
    });
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{sent}"));
    let told = json!({"query": query, "body": body, "sent": sent, "encoded": encoded});
    let answer = status(200).header("x-back", sent.escape_debug().to_string());
    answer.body(full(told.to_string())).unwrap()
}

fn json_answer(code: u16, body: &Value) -> Response<Body> {
    let answer = status(code).header("content-type", "application/json");
    answer.body(full(body.to_string())).unwrap()
}
