//! One request over a shared connection, and its answer read within limits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use url::Url;

use super::connection::{About, Connection, Sender, Target};
use super::deadline::Deadline;
use super::failure;
use super::jar::Jar;
use super::pool::Pool;
use super::request::Outgoing;
use crate::probe::{Context, ProbeError};

/// How much of a redirect's body is read to keep its connection, and for how long.
const REDIRECT_BODY: usize = 64 << 10;
const REDIRECT_BODY_TIME: Duration = Duration::from_millis(250);

/// How requests of one question are made.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) context: &'a Context,
    pub(super) deadline: Deadline,
    /// Bytes of a body that are read.
    pub(super) max_body: usize,
    /// Whether a certificate that is not valid ends the question.
    pub(super) verify: bool,
    /// Cookies that go from answers into later requests.
    pub(super) jar: Option<&'a Jar>,
}

/// One answer.
#[derive(Debug)]
pub(super) struct Answered {
    /// What causes name.
    pub(super) subject: String,
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) version: http::Version,
    pub(super) headers: HeaderMap,
    /// The body as it came over the wire.
    pub(super) body: Bytes,
    /// Whether there is more of the body than was read.
    pub(super) truncated: bool,
    pub(super) about: Arc<About>,
    pub(super) reused: bool,
    /// From sending the request to the head of the answer.
    pub(super) first_byte: Duration,
    /// From sending the request to the end of the body.
    pub(super) exchange: Duration,
    /// The same with the time it took to get a connection.
    pub(super) total: Duration,
}

impl Asker<'_> {
    /// Sends a request and reads the answer. A body that nobody will look at (`is_redirect`)
    /// is read only so far as it helps to keep the connection.
    pub(super) async fn ask(
        &self,
        outgoing: &Outgoing,
        target: &Target,
        is_redirect: impl Fn(StatusCode, &HeaderMap) -> bool,
    ) -> Result<Answered, ProbeError> {
        let start = Instant::now();
        let mut stale = None;
        let (mut connection, sent, response) = loop {
            let connection = self.connection(target, stale.as_ref()).await?;
            let about = connection.about.clone();
            let is_first_try = stale.is_none();
            match self.send(outgoing, target, connection).await? {
                Ok(got) => break got,
                Err(error) if is_first_try && error.may_repeat => stale = Some(about),
                Err(error) => return Err(error.told),
            }
        };
        let first_byte = sent.elapsed();
        let (head, body) = response.into_parts();
        if let Some(jar) = self.jar {
            jar.keep(&head.headers, &outgoing.url);
        }
        let (body, truncated) = if is_redirect(head.status, &head.headers) {
            skim(body).await
        } else {
            self.read(body, target, &connection).await?
        };
        let exchange = sent.elapsed();
        let answered = Answered {
            subject: target.subject(),
            url: outgoing.url.clone(),
            status: head.status,
            version: head.version,
            headers: head.headers,
            body,
            truncated,
            about: connection.about.clone(),
            reused: connection.reused,
            first_byte,
            exchange,
            total: start.elapsed(),
        };
        connection.reused = true;
        if !truncated {
            self.pool().put_back(target, connection);
        }
        Ok(answered)
    }

    fn pool(&self) -> &Pool {
        &self.context.http
    }

    async fn connection(
        &self,
        target: &Target,
        stale: Option<&Arc<About>>,
    ) -> Result<Connection, ProbeError> {
        let (context, deadline) = (self.context, self.deadline);
        let pool = self.pool();
        let connection = pool.connection(target, stale, context, deadline).await?;
        match &connection.about.problem {
            Some(problem) if self.verify => {
                let problem = problem.clone();
                pool.put_back(target, connection);
                Err(problem)
            }
            _ => Ok(connection),
        }
    }

    async fn send(
        &self,
        outgoing: &Outgoing,
        target: &Target,
        mut connection: Connection,
    ) -> Result<Result<(Connection, Instant, Response<Incoming>), Unsent>, ProbeError> {
        let subject = target.subject();
        let two = matches!(connection.sender, Sender::Many(_));
        let mut message = outgoing.message(two)?;
        if let Some(jar) = self.jar {
            jar.fill(message.headers_mut(), &outgoing.url);
        }
        self.context.traffic.request();
        let sent = Instant::now();
        let sending = connection.send(message);
        let answer = self
            .deadline
            .cut(&subject, failure::SILENT, sending)
            .await?;
        Ok(match answer {
            Ok(response) => Ok((connection, sent, response)),
            Err(error) => Err(Unsent {
                may_repeat: connection.reused
                    && (outgoing.method.is_idempotent() || error.is_canceled()),
                told: failure::of(&error, &subject, connection.about.tls.as_ref()),
            }),
        })
    }

    async fn read(
        &self,
        mut body: Incoming,
        target: &Target,
        connection: &Connection,
    ) -> Result<(Bytes, bool), ProbeError> {
        let subject = target.subject();
        let mut read = BytesMut::new();
        loop {
            let frame = self.deadline.cut(&subject, failure::SLOW, body.frame());
            let frame = match frame.await? {
                None => return Ok((read.freeze(), false)),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    let tls = connection.about.tls.as_ref();
                    return Err(failure::of(&error, &subject, tls));
                }
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let room = self.max_body - read.len();
            read.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                return Ok((read.freeze(), true));
            }
        }
    }
}

/// A request that got no answer.
struct Unsent {
    told: ProbeError,
    /// The connection had been idle and may have died meanwhile, and asking again does no harm.
    may_repeat: bool,
}

/// Reads the body of a redirect if it is short, and says whether there is more.
async fn skim(mut body: Incoming) -> (Bytes, bool) {
    let mut length = 0;
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return true;
            };
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > REDIRECT_BODY {
                return true;
            }
        }
        false
    };
    let is_cut = tokio::time::timeout(REDIRECT_BODY_TIME, reading).await;
    (Bytes::new(), is_cut.unwrap_or(true))
}
