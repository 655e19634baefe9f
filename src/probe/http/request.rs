//! A request as it goes out, with its secrets filled in.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::Value;
use url::Url;

use super::question::{Auth, Body, Http};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;
use crate::secret::{Secrets, references};

const USER_AGENT: &str = concat!("ready/", env!("CARGO_PKG_VERSION"));
/// What [`super::decode`] undoes.
const ACCEPT_ENCODING: &str = "gzip, br, zstd";

/// A request, still without the connection that it goes over.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    /// Where it goes.
    pub(super) url: Url,
    /// Its method.
    pub(super) method: Method,
    headers: HeaderMap,
    /// Headers that other origins must not see.
    private: Vec<HeaderName>,
    body: Bytes,
}

impl Outgoing {
    /// The question's first request.
    pub(super) fn new(question: &Http, context: &Context) -> Result<Self, ProbeError> {
        let secrets = context.secrets.as_ref();
        let address = secrets.fill(&question.url)?;
        let mut url = Url::parse(address.reveal()).map_err(|error| unusable("url", &error))?;
        url.set_fragment(None);
        let method = question.method.parse();
        let mut outgoing = Self {
            url,
            method: method.map_err(|error| unusable("method", &error))?,
            headers: HeaderMap::new(),
            private: vec![header::AUTHORIZATION, header::COOKIE],
            body: Bytes::new(),
        };
        outgoing.set_body(question.body.as_ref(), secrets)?;
        for (name, value) in default_headers() {
            outgoing.headers.insert(name, value);
        }
        if let Some(auth) = &question.auth {
            let credentials = authorization(auth, secrets)?;
            let value = header_value("auth", &credentials)?;
            outgoing.headers.insert(header::AUTHORIZATION, value);
        }
        for (name, template) in &question.headers {
            let field = format!("headers.{name}");
            let value = header_value(&field, secrets.fill(template)?.reveal())?;
            let name: HeaderName = name.parse().map_err(|error| unusable(&field, &error))?;
            if !references(template).is_empty() {
                outgoing.private.push(name.clone());
            }
            outgoing.headers.insert(name, value);
        }
        Ok(outgoing)
    }

    /// A request of this program's own. No other origin sees a header that was given.
    pub(super) fn plain(method: Method, url: Url, given: HeaderMap, body: Bytes) -> Self {
        let mut headers: HeaderMap = default_headers().into_iter().collect();
        let private = given.keys().cloned().collect();
        headers.extend(given);
        Self {
            url,
            method,
            headers,
            private,
            body,
        }
    }

    /// Adds a header that no other origin sees.
    pub(super) fn add_private(&mut self, name: HeaderName, value: &str) -> Result<(), ProbeError> {
        let mut sent = header_value(&format!("headers.{name}"), value)?;
        sent.set_sensitive(true);
        self.private.push(name.clone());
        self.headers.insert(name, sent);
        Ok(())
    }

    /// Asks for the body as it is kept, not compressed for the way.
    pub(super) fn accept_any_encoding(&mut self) {
        self.headers.remove(header::ACCEPT_ENCODING);
    }

    /// The `Origin` that the request names.
    pub(super) fn origin(&self) -> Option<&str> {
        self.headers.get(header::ORIGIN)?.to_str().ok()
    }

    /// The request that a redirect asks for, as browsers do it; `None` where it leads to what
    /// is not HTTP.
    pub(super) fn redirected(&self, status: u16, location: &str) -> Option<Self> {
        let mut url = self.url.join(location).ok()?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return None;
        }
        // Credentials that a stranger wrote into an address are of no use to us.
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_fragment(None);
        target_of(&url).parse::<http::Uri>().ok()?;
        let mut next = self.clone();
        if url.origin() != self.url.origin() {
            for name in &self.private {
                next.headers.remove(name);
            }
            next.headers.remove(header::HOST);
        }
        let rewritten = match status {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::GET && self.method != Method::HEAD,
            _ => false,
        };
        if rewritten {
            next.method = Method::GET;
            next.body = Bytes::new();
            next.headers.remove(header::CONTENT_TYPE);
        }
        next.url = url;
        Some(next)
    }

    /// The request in the shape that the connection's protocol version wants.
    pub(super) fn message(&self, two: bool) -> Result<Request<Full<Bytes>>, ProbeError> {
        let mut headers = self.headers.clone();
        let authority = match headers.get(header::HOST) {
            Some(host) => Cow::Owned(String::from_utf8_lossy(host.as_bytes()).into_owned()),
            None => Cow::Borrowed(self.url.authority()),
        };
        let uri = if two {
            headers.remove(header::HOST);
            format!(
                "{}://{authority}{}",
                self.url.scheme(),
                target_of(&self.url)
            )
        } else {
            let host = header_value("url", &authority)?;
            headers.insert(header::HOST, host);
            target_of(&self.url)
        };
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .body(Full::new(self.body.clone()))
            .map_err(|error| unusable("url", &error))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn set_body(&mut self, body: Option<&Body>, secrets: &Secrets) -> Result<(), ProbeError> {
        self.body = match body {
            None => return Ok(()),
            Some(Body::Text(text)) => secrets.fill(text)?.reveal().to_owned().into(),
            Some(Body::Json(json)) => {
                let json_type = HeaderValue::from_static("application/json");
                self.headers.insert(header::CONTENT_TYPE, json_type);
                let mut value = serde_json::from_str(json).map_err(|e| unusable("body", &e))?;
                fill_json(&mut value, secrets)?;
                value.to_string().into()
            }
        };
        Ok(())
    }
}

fn default_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::ACCEPT, HeaderValue::from_static("*/*")),
        (
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(ACCEPT_ENCODING),
        ),
        (header::USER_AGENT, HeaderValue::from_static(USER_AGENT)),
    ]
}

fn authorization(auth: &Auth, secrets: &Secrets) -> Result<String, ProbeError> {
    Ok(match auth {
        Auth::Bearer(token) => format!("Bearer {}", secrets.fill(token)?.reveal().trim()),
        Auth::Basic { user, password } => {
            let (user, password) = (secrets.fill(user)?, secrets.fill(password)?);
            let both = format!("{}:{}", user.reveal(), password.reveal());
            format!("Basic {}", STANDARD.encode(both))
        }
    })
}

/// Puts secrets into every string of a JSON body; only so are they escaped rightly.
fn fill_json(value: &mut Value, secrets: &Secrets) -> Result<(), ProbeError> {
    match value {
        Value::String(text) => secrets.fill(text)?.reveal().clone_into(text),
        Value::Array(items) => {
            for item in items {
                fill_json(item, secrets)?;
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                fill_json(field, secrets)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// Path and query of an address.
pub(super) fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn header_value(field: &str, value: &str) -> Result<HeaderValue, ProbeError> {
    // The value may hold a secret, so it is not shown.
    HeaderValue::from_bytes(value.as_bytes()).map_err(|error| unusable(field, &error))
}

/// A field that turned out to be unusable once secrets were put in.
fn unusable(field: &str, error: &dyn std::fmt::Display) -> ProbeError {
    ProbeError::new(
        Reason::CredentialUnusable,
        format!("`{field}` of the http probe cannot be used with the secrets' values"),
    )
    .with_detail(error.to_string())
}
