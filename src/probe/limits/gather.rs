//! All attempts at once, after a plain request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::{Came, Reply};
use super::attempt::Kind;
use super::exchange::{Outcome, exchange};
use super::{Answer, Attempt, Context, Facts, Leaked, Limits, ProbeError};
use crate::probe::http::Http;
use crate::probe::http::client::Call;
use crate::probe::http::deadline::{Deadline, milliseconds};
use crate::probe::http::meaning;
use crate::probe::http::wire::{self, Wire};
use crate::reason::Reason;

/// Kept back for reading the rest of an answer.
const MARGIN: Duration = Duration::from_millis(200);

/// Asks.
pub(super) async fn gather(
    limits: &Limits,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let deadline = Deadline::after(context.timeout * 19 / 20);
    let wrong = Call::of(&limits.question(), context)?;
    let plain = Http {
        method: "GET".to_owned(),
        ..limits.question()
    };
    let plain = Call::of(&plain, context)?.ask(context, deadline).await?;
    let mut facts = Facts {
        plain_status: plain.status.as_u16(),
        ..Facts::default()
    };
    let attempts = limits.attempts.iter().map(|kind| {
        let call = wrong.clone();
        async move {
            (
                *kind,
                attempt(*kind, limits, &call, context, deadline).await,
            )
        }
    });
    let mut gaps = BTreeMap::new();
    for (kind, outcome) in futures_util::future::join_all(attempts).await {
        match outcome {
            Ok((attempt, reply)) => {
                *kind.slot(&mut facts) = Some(attempt);
                if let Some(reply) = reply {
                    note_leaks(kind, &reply, &mut facts, &mut gaps, plain.place());
                }
            }
            Err(error) => {
                // What it would have given away is not known either.
                gaps.entry("leaks".to_owned())
                    .or_insert_with(|| error.clone());
                gaps.insert(kind.name().to_owned(), error);
            }
        }
    }
    Ok(Answer { facts, gaps })
}

fn note_leaks(
    kind: Kind,
    reply: &Reply,
    facts: &mut Facts,
    gaps: &mut BTreeMap<String, ProbeError>,
    place: &str,
) {
    let leaks = meaning::leaks(&reply.body).into_iter();
    facts.leaks.extend(leaks.map(|leak| Leaked {
        attempt: kind.name().to_owned(),
        leak,
    }));
    if !reply.readable {
        let cause = format!("{place} answers more than could be read");
        let gap = ProbeError::new(Reason::HttpTruncated, cause);
        gaps.entry("leaks".to_owned()).or_insert(gap);
    }
}

async fn attempt(
    kind: Kind,
    limits: &Limits,
    call: &Call,
    context: &Context,
    deadline: Deadline,
) -> Result<(Attempt, Option<Reply>), ProbeError> {
    let wrong = kind.request(limits);
    let mut message = call.message()?;
    message.headers_mut().remove(http::header::ACCEPT_ENCODING);
    let method = wrong.method.as_deref().unwrap_or(limits.method.as_str());
    let mut more = wrong.headers.clone();
    more.push(("connection", "close".to_owned()));
    let head = wire::written(method, &message, &more);
    let mut wire = Wire::open(call.url(), context, deadline).await?;
    let left = deadline.left().saturating_sub(MARGIN);
    let wait = Duration::from_secs(limits.wait.into());
    let is_slow = kind == Kind::SlowBody;
    let limit = if is_slow { left.min(wait) } else { left };
    context.traffic.request();
    let outcome = exchange(&mut wire, &head, &wrong, limit).await;
    let Outcome { sent, took, .. } = outcome;
    let told = |status, closed| Attempt {
        status,
        closed,
        sent_bytes: sent,
        elapsed_ms: milliseconds(took),
    };
    let subject = &wire.subject;
    match outcome.came {
        Some(Came::Answer(reply)) => Ok((told(Some(reply.status), false), Some(reply))),
        Some(Came::End) => {
            wire.unanswered()?;
            Ok((told(None, true), None))
        }
        Some(Came::Garbage(bytes)) => Err(wire::garbled(subject, &bytes)),
        None if is_slow && wait <= left => Ok((told(None, false), None)),
        None if is_slow || !outcome.all_sent => {
            let cause = format!("the time limit is too short to find out a limit of {subject}");
            let detail = format!("{sent} bytes were sent in {} ms", took.as_millis());
            Err(ProbeError::new(Reason::ProbeTimeLimit, cause).with_detail(detail))
        }
        None => {
            let cause = format!("{subject} did not answer an HTTP request in time");
            Err(ProbeError::new(Reason::HttpTimeout, cause).with_detail(kind.name()))
        }
    }
}
