//! Connections shared by all questions of a run to one origin.
//!
//! HTTP/2 connections serve many questions at once, HTTP/1 connections one after the other. It
//! does not limit how many are open: the gatherer limits the questions per host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;

use super::connection::{About, Connection, Sender, Target};
use super::deadline::Deadline;
use super::failure;
use super::question::Version;
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Open connections by what they lead to. Belongs to one run: certificates are judged by the
/// run's roots and clock.
#[derive(Debug, Default)]
pub struct Pool(Mutex<HashMap<Target, Arc<Origin>>>);

/// Idle HTTP/1 connections kept per origin.
const MOST_IDLE: usize = 32;

/// Whoever waits for somebody else's attempt to connect may wait this much past its own
/// deadline, to hear what came of it instead of guessing.
const PATIENCE: Duration = Duration::from_millis(200);

impl Pool {
    /// A connection for one request: one at hand, or a new one. `stale` is a connection that
    /// has just turned out to be dead; neither it nor any other old HTTP/1 connection is given
    /// again.
    pub(super) async fn connection(
        &self,
        target: &Target,
        stale: Option<&Arc<About>>,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Connection, ProbeError> {
        let origin = self.origin(target);
        if stale.is_some() {
            origin.idle().clear();
        } else if let Some(idle) = origin.take_idle() {
            return Ok(idle);
        }
        if !target.https && target.version != Version::Two {
            // Always HTTP/1: there is nothing to share while it is being opened.
            return Box::pin(Connection::open(target, context, deadline)).await;
        }
        origin.shared(target, stale, context, deadline).await
    }

    /// Takes an HTTP/1 connection back whose answer was read to its end.
    pub(super) fn put_back(&self, target: &Target, mut connection: Connection) {
        let Sender::One(sender) = &connection.sender else {
            return;
        };
        if sender.is_closed() {
            return;
        }
        connection.reused = true;
        let origin = self.origin(target);
        let mut idle = origin.idle();
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    fn origin(&self, target: &Target) -> Arc<Origin> {
        let mut origins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        origins.entry(target.clone()).or_default().clone()
    }
}

/// The connections to one origin.
#[derive(Debug, Default)]
struct Origin {
    idle: Mutex<Vec<Connection>>,
    /// Locked while a connection is being opened that others may come to share.
    shared: tokio::sync::Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    many: Option<(http2::SendRequest<Full<Bytes>>, Arc<About>)>,
    /// The origin turned out to speak HTTP/1, so that waiting for each other is no use.
    speaks_one: bool,
    failure: Option<Failure>,
}

/// How the last attempt to connect failed, for those who were waiting meanwhile.
#[derive(Debug)]
struct Failure {
    at: Instant,
    deadline: Deadline,
    error: ProbeError,
}

impl Failure {
    /// Whether somebody who waits since `since` would have met with the same.
    fn holds_for(&self, since: Instant, deadline: Deadline) -> bool {
        let ran_out = matches!(
            self.error.reason,
            Reason::TcpTimeout | Reason::TlsTimeout | Reason::HttpTimeout | Reason::DnsUnreachable
        );
        self.at >= since && !(ran_out && deadline.is_later_than(self.deadline, PATIENCE))
    }
}

impl Origin {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if matches!(&connection.sender, Sender::One(sender) if sender.is_ready()) {
                return Some(connection);
            }
        }
        None
    }

    async fn shared(
        &self,
        target: &Target,
        stale: Option<&Arc<About>>,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Connection, ProbeError> {
        let since = Instant::now();
        let waiting = tokio::time::timeout(deadline.left() + PATIENCE, self.shared.lock());
        let Ok(mut shared) = waiting.await else {
            let cause = format!("{} {}", target.subject(), failure::SILENT);
            return Err(ProbeError::new(Reason::HttpTimeout, cause));
        };
        if let Some(connection) = shared.at_hand(stale) {
            return Ok(connection);
        }
        if shared.speaks_one {
            drop(shared);
            return Box::pin(Connection::open(target, context, deadline)).await;
        }
        if let Some(failure) = &shared.failure
            && failure.holds_for(since, deadline)
        {
            return Err(failure.error.clone());
        }
        let opened = Box::pin(Connection::open(target, context, deadline)).await;
        shared.note(&opened, deadline);
        opened
    }
}

impl Shared {
    fn at_hand(&self, stale: Option<&Arc<About>>) -> Option<Connection> {
        let (sender, about) = self.many.as_ref().filter(|(sender, about)| {
            !sender.is_closed() && stale.is_none_or(|stale| !Arc::ptr_eq(stale, about))
        })?;
        Some(Connection {
            sender: Sender::Many(sender.clone()),
            about: about.clone(),
            reused: true,
        })
    }

    fn note(&mut self, opened: &Result<Connection, ProbeError>, deadline: Deadline) {
        self.failure = None;
        match opened {
            Ok(connection) => match &connection.sender {
                Sender::One(_) => self.speaks_one = true,
                Sender::Many(sender) => {
                    self.many = Some((sender.clone(), connection.about.clone()));
                }
            },
            Err(error) => {
                self.failure = Some(Failure {
                    at: Instant::now(),
                    deadline,
                    error: error.clone(),
                });
            }
        }
    }
}
