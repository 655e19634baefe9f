//! Requests to an interface that programs speak: for every kind that asks JSON over HTTP.
//!
//! It shares connections, overrides, roots and limits with the `http` kind, always judges the
//! certificate before anything is sent, and never sends a header to another origin. It reads
//! nothing into an answer, and keeps a session only for a kind that brings its own [`Jar`].

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use url::Url;

use super::ask::Asker;
use super::body::Body;
use super::connection::{Reach, Via};
use super::deadline::Deadline;
use super::follow::{Route, follow};
use super::jar::Jar;
use super::question::{Http, Version};
use super::read::combined;
use super::request::Outgoing;
use crate::probe::net::tls::Party;
use crate::probe::{Context, ProbeError};
use crate::reason::{Reason, Side};

/// Redirects that are followed: an interface that has moved, or been renamed.
pub(in crate::probe) const REDIRECTS: u8 = 3;
/// Bytes of an answer that are read.
const MOST_BYTES: usize = 8 << 20;

/// One request.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Call {
    outgoing: Outgoing,
    redirects: u8,
    reach: Reach,
    raw: bool,
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
    /// How many bytes of it came over the wire.
    pub(in crate::probe) received: u64,
    subject: String,
    /// Why there is more in the body than could be read, or all of it is not readable.
    pub(in crate::probe) unread: Option<ProbeError>,
    /// How many redirects led there.
    pub(in crate::probe) redirected: u32,
}

impl Call {
    /// A `GET` of this address.
    pub(in crate::probe) fn get(url: Url) -> Self {
        Self::new(Method::GET, url, HeaderMap::new(), Bytes::new())
    }

    /// A request with these headers, which no other origin sees.
    pub(in crate::probe) fn new(method: Method, url: Url, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            outgoing: Outgoing::plain(method, url, headers, body),
            redirects: REDIRECTS,
            reach: Reach::default(),
            raw: false,
        }
    }

    /// The request that a question of the `http` kind sends first, its secrets filled in.
    pub(in crate::probe) fn of(question: &Http, context: &Context) -> Result<Self, ProbeError> {
        Ok(Self {
            outgoing: Outgoing::new(question, context)?,
            redirects: question.redirects,
            reach: Reach::default(),
            raw: false,
        })
    }

    /// Over a socket in this machine's file system; the address's host is only named.
    pub(in crate::probe) fn over_socket(mut self, path: &Path) -> Self {
        self.reach.via = Via::Socket(path.into());
        self
    }

    /// As this client, which believes its own roots.
    pub(in crate::probe) fn on_behalf_of(mut self, party: Party) -> Self {
        self.reach.party = Some(party);
        self
    }

    /// As it is: redirects are answers, and the body is neither asked for nor read compressed.
    #[cfg_attr(
        not(feature = "backups"),
        expect(dead_code, reason = "for clients that sign what they send")
    )]
    pub(in crate::probe) fn unchanged(mut self) -> Self {
        self.redirects = 0;
        self.raw = true;
        self.outgoing.accept_any_encoding();
        self
    }

    /// Redirects are answers.
    pub(in crate::probe) fn without_redirects(mut self) -> Self {
        self.redirects = 0;
        self
    }

    /// The same request to another address of the same origin; `None` for any other, which
    /// must not see its headers.
    pub(in crate::probe) fn to(&self, url: Url) -> Option<Self> {
        (url.origin() == self.outgoing.url.origin()).then(|| {
            let mut next = self.clone();
            next.outgoing.url = url;
            next
        })
    }

    /// With this header, which no other origin sees.
    pub(in crate::probe) fn header(
        mut self,
        name: HeaderName,
        value: &str,
    ) -> Result<Self, ProbeError> {
        self.outgoing.add_private(name, value)?;
        Ok(self)
    }

    /// Where it goes.
    pub(in crate::probe) fn url(&self) -> &Url {
        &self.outgoing.url
    }

    /// As HTTP/1.1 has it, for a kind that sends it by itself.
    pub(in crate::probe) fn message(&self) -> Result<Request<Full<Bytes>>, ProbeError> {
        self.outgoing.message(false)
    }

    /// Asks.
    pub(in crate::probe) async fn ask(
        self,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Reply, ProbeError> {
        self.ask_with(None, MOST_BYTES, context, deadline).await
    }

    /// Asks within a session, and reads at most so many bytes of the answer.
    pub(in crate::probe) async fn ask_with(
        self,
        jar: Option<&Jar>,
        max_body: usize,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Reply, ProbeError> {
        let asker = Asker {
            context,
            deadline,
            max_body,
            verify: true,
            jar,
        };
        let route = Route {
            redirects: self.redirects,
            version: Version::Auto,
            reach: self.reach,
        };
        let chain = follow(asker, self.outgoing, &route).await?;
        let answered = chain.last;
        let (body, truncated, unread) = if self.raw {
            (answered.body.clone(), answered.truncated, None)
        } else {
            let body = Body::of(&answered, max_body)?;
            let unread = body.unread(&answered);
            (body.decoded.bytes, body.decoded.truncated, unread)
        };
        Ok(Reply {
            subject: answered.subject,
            redirected: u32::try_from(chain.before.len()).unwrap_or(u32::MAX),
            unread,
            url: answered.url,
            status: answered.status,
            headers: answered.headers,
            body,
            truncated,
            received: answered.body.len() as u64,
        })
    }
}

impl Reply {
    /// The reply if it says that all went well; otherwise what its status means.
    pub(in crate::probe) fn ok(self) -> Result<Self, ProbeError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let place = self.place().to_owned();
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

    /// Headers by lower-case name, several of one name joined.
    pub(in crate::probe) fn headers_by_name(&self) -> BTreeMap<String, String> {
        combined(&self.headers)
    }

    /// `host:port` or the socket's path, for causes.
    pub(in crate::probe) fn place(&self) -> &str {
        &self.subject
    }
}

/// What is wrong with somebody else's service that was asked about the target is our inability
/// to find out, and never the target's failure.
pub(in crate::probe) fn not_the_targets(error: ProbeError) -> ProbeError {
    if error.side() == Side::Ours {
        return error;
    }
    let code = error.reason.code();
    let detail = match error.detail {
        Some(detail) => format!("{code}: {detail}"),
        None => code.to_owned(),
    };
    ProbeError::new(Reason::ApiUnavailable, error.cause).with_detail(detail)
}
