//! A question's requests: the first one and those that redirects lead to.

use std::collections::BTreeSet;

use http::{HeaderMap, StatusCode, header};
use url::Url;

use super::ask::{Answered, Asker};
use super::connection::{Reach, Target};
use super::question::Version;
use super::request::Outgoing;
use crate::probe::ProbeError;
use crate::reason::Reason;

/// All answers of one question, never empty, and the request that led to the last one.
#[derive(Debug)]
pub(super) struct Chain {
    /// The answers before the last.
    pub(super) before: Vec<Answered>,
    /// The last answer.
    pub(super) last: Answered,
    /// What it answers.
    pub(super) asked: Outgoing,
}

/// How a question goes from answer to answer.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// How many redirects are followed.
    pub(super) redirects: u8,
    /// The protocol version to offer.
    pub(super) version: Version,
    /// How the first origin is reached, and as whom. No other origin is.
    pub(super) reach: Reach,
}

/// Asks, and goes where redirects lead.
pub(super) async fn follow(
    asker: Asker<'_>,
    first: Outgoing,
    route: &Route,
) -> Result<Chain, ProbeError> {
    let origin = first.url.origin();
    let mut request = first;
    let mut before: Vec<Answered> = Vec::new();
    let mut seen = BTreeSet::new();
    loop {
        seen.insert((request.method.to_string(), request.url.clone()));
        let is_first = request.url.origin() == origin;
        let reach = if is_first {
            route.reach.clone()
        } else {
            Reach::default()
        };
        let target = target(&request.url, reach, route.version);
        let next =
            |status, headers: &_| next(&request, status, headers).filter(|_| route.redirects > 0);
        let leads_on = |status, headers: &_| next(status, headers).is_some();
        let answer = asker.ask(&request, &target, leads_on).await;
        let answer = answer.map_err(|error| after(error, before.last()))?;
        let Some(next) = next(answer.status, &answer.headers) else {
            return Ok(Chain {
                before,
                last: answer,
                asked: request,
            });
        };
        let is_loop = seen.contains(&(next.method.to_string(), next.url.clone()));
        before.push(answer);
        if is_loop || before.len() > usize::from(route.redirects) {
            return Err(endless(&before, is_loop, &target));
        }
        request = next;
    }
}

/// The connection that a request needs.
pub(super) fn target(url: &Url, reach: Reach, version: Version) -> Target {
    Target {
        https: url.scheme() == "https",
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port_or_known_default().unwrap_or_default(),
        reach,
        version,
    }
}

fn next(asked: &Outgoing, status: StatusCode, headers: &HeaderMap) -> Option<Outgoing> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Browsers read addresses with other characters than ASCII as UTF-8.
    let location = std::str::from_utf8(headers.get(header::LOCATION)?.as_bytes()).ok()?;
    asked.redirected(status.as_u16(), location)
}

fn endless(chain: &[Answered], is_loop: bool, target: &Target) -> ProbeError {
    let what = if is_loop {
        "redirects in a loop"
    } else {
        "redirects more often than allowed"
    };
    let way: Vec<&str> = chain.iter().map(|answer| answer.url.as_str()).collect();
    ProbeError::new(
        Reason::HttpRedirectLoop,
        format!("{} {what}", target.subject()),
    )
    .with_detail(way.join(" → "))
}

/// Says how the question came to where it failed.
fn after(error: ProbeError, before: Option<&Answered>) -> ProbeError {
    let Some(before) = before else {
        return error;
    };
    let way = format!("after a redirect from {}", before.url);
    let detail = match &error.detail {
        Some(detail) => format!("{way}: {detail}"),
        None => way,
    };
    error.with_detail(detail)
}
