//! Requests to an interface that programs speak: for every kind that asks JSON over HTTP.
//!
//! It shares connections, overrides, roots and limits with the `http` kind, always judges the
//! certificate before anything is sent, and never sends a header to another origin. It reads
//! nothing into an answer and keeps no session; the kind itself does that.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::ask::Asker;
use super::body::Body;
use super::deadline::Deadline;
use super::follow::{Route, follow};
use super::question::Version;
use super::request::{Outgoing, header_value};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Redirects that are followed: an interface that has moved, or been renamed.
const REDIRECTS: u8 = 3;
/// Bytes of an answer that are read unless the kind says otherwise.
const MOST_BYTES: usize = 8 << 20;

/// One request.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Call {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    max_body: usize,
}

/// One answer, of whatever status.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Reply {
    /// Where it came from, after redirects.
    pub(in crate::probe) url: Url,
    /// Its status.
    pub(in crate::probe) status: StatusCode,
    /// Its headers.
    pub(in crate::probe) headers: HeaderMap,
    /// Its body after decompression.
    pub(in crate::probe) body: Bytes,
    /// Whether there is more of the body than was read.
    pub(in crate::probe) truncated: bool,
}

impl Call {
    /// A `GET` of this address.
    pub(in crate::probe) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A request by this method to this address.
    pub(in crate::probe) fn new(method: Method, url: Url) -> Self {
        Self {
            url,
            method,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            max_body: MOST_BYTES,
        }
    }

    /// With this header. The value may hold a secret: it is not shown when it cannot be sent.
    pub(in crate::probe) fn header(
        mut self,
        name: HeaderName,
        value: &str,
    ) -> Result<Self, ProbeError> {
        let mut sent: HeaderValue = header_value(&format!("headers.{name}"), value)?;
        sent.set_sensitive(true);
        self.headers.insert(name, sent);
        Ok(self)
    }

    /// With a token, unless there is none.
    pub(in crate::probe) fn bearer(self, token: Option<&str>) -> Result<Self, ProbeError> {
        match token {
            Some(token) => {
                let value = format!("Bearer {}", token.trim());
                self.header(http::header::AUTHORIZATION, &value)
            }
            None => Ok(self),
        }
    }

    /// With this body.
    pub(in crate::probe) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Reads at most so many bytes of the answer.
    pub(in crate::probe) fn at_most(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Asks.
    pub(in crate::probe) async fn ask(
        self,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Reply, ProbeError> {
        let asker = Asker {
            context,
            deadline,
            max_body: self.max_body,
            verify: true,
        };
        let route = Route {
            redirects: REDIRECTS,
            version: Version::Auto,
            address: None,
        };
        let outgoing = Outgoing::plain(self.method, self.url, self.headers, self.body);
        let answered = follow(asker, outgoing, route).await?.last;
        let decoded = Body::of(&answered, self.max_body)?.decoded;
        Ok(Reply {
            url: answered.url,
            status: answered.status,
            headers: answered.headers,
            body: decoded.bytes,
            truncated: decoded.truncated,
        })
    }
}

impl Reply {
    /// The reply if it says that all went well; otherwise what its status means.
    pub(in crate::probe) fn ok(self) -> Result<Self, ProbeError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let place = self.place();
        let (reason, what) = match self.status {
            StatusCode::UNAUTHORIZED => (Reason::CredentialRefused, "refused the credential"),
            StatusCode::FORBIDDEN => (Reason::PermissionDenied, "does not permit the question"),
            StatusCode::TOO_MANY_REQUESTS => (Reason::ApiRateLimited, "wants fewer requests"),
            _ => (Reason::HttpStatus, "did not answer the question"),
        };
        let start: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(200)
            .collect();
        let detail = format!("{} {}: {start}", self.status.as_u16(), self.url.path());
        Err(ProbeError::new(reason, format!("{place} {what}")).with_detail(detail))
    }

    /// The body read as JSON of this shape.
    pub(in crate::probe) fn json<T: DeserializeOwned>(&self) -> Result<T, ProbeError> {
        if self.truncated {
            let cause = format!("{} answers more than is read", self.place());
            return Err(ProbeError::new(Reason::HttpTruncated, cause));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let cause = format!("{} does not answer as its interface says", self.place());
            ProbeError::new(Reason::ServiceProtocol, cause)
                .with_detail(format!("{}: {error}", self.url.path()))
        })
    }

    /// `host:port`, for causes.
    pub(in crate::probe) fn place(&self) -> String {
        super::follow::target(&self.url, None, Version::Auto).subject()
    }
}
