//! Asking the whole question: redirects, samples, every address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use super::ask::Asker;
use super::connection::{Reach, Via};
use super::deadline::{Deadline, milliseconds, percentile};
use super::facts::{AddressResult, Facts, Samples};
use super::follow::{Chain, Route, follow, target};
use super::question::{Addresses, Http};
use super::read::read;
use super::request::Outgoing;
use crate::probe::{Answer, Context, ProbeError};
use crate::reason::{Reason, Side};

/// Asks the question.
pub(super) async fn gather(
    question: &Http,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let asker = Asker {
        context,
        deadline: Deadline::after(context.timeout),
        max_body: usize::try_from(question.max_body).unwrap_or(usize::MAX),
        verify: question.verify,
        jar: None,
    };
    let first = Outgoing::new(question, context)?;
    let route = Route {
        redirects: question.redirects,
        version: question.version,
        reach: Reach::default(),
    };
    if question.addresses == Addresses::All {
        return every_address(question, asker, first, route).await;
    }
    one(question, asker, first, route).await
}

async fn one(
    question: &Http,
    asker: Asker<'_>,
    first: Outgoing,
    route: Route,
) -> Result<Answer<Facts>, ProbeError> {
    let start = Instant::now();
    let chain = follow(asker, first, &route).await?;
    let elapsed = start.elapsed();
    let samples = samples(question, asker, &chain, route).await?;
    let mut answer = read(&chain, asker.max_body)?;
    answer.facts.elapsed_ms = milliseconds(elapsed);
    answer.facts.samples = samples;
    Ok(answer)
}

/// Asks each address at the same time. The facts are those of the first that answered.
async fn every_address(
    question: &Http,
    asker: Asker<'_>,
    first: Outgoing,
    route: Route,
) -> Result<Answer<Facts>, ProbeError> {
    let target = target(&first.url, Reach::default(), route.version);
    let net = &asker.context.net;
    let found = net.addresses(&target.host, target.port, asker.deadline.left());
    let found: BTreeSet<SocketAddr> = found.await?.into_iter().collect();
    let questions = found.iter().map(|&address| {
        let reach = Reach {
            via: Via::Address(address),
            party: None,
        };
        one(question, asker, first.clone(), Route { reach, ..route })
    });
    let answers = futures_util::future::join_all(questions).await;
    let mut results = Vec::new();
    let mut gaps = BTreeMap::new();
    let mut told: Option<Answer<Facts>> = None;
    let mut failed: Option<ProbeError> = None;
    for (address, answer) in found.into_iter().zip(answers) {
        results.push(result(address, &answer));
        match answer {
            Ok(answer) => told = told.or(Some(answer)),
            Err(error) => {
                if error.side() == Side::Ours {
                    gaps.insert("addresses".to_owned(), error.clone());
                }
                // What an address itself answered says more than what we could not do.
                if failed
                    .as_ref()
                    .is_none_or(|failed| failed.side() == Side::Ours)
                {
                    failed = Some(error);
                }
            }
        }
    }
    let Some(mut answer) = told else {
        return Err(failed.unwrap_or_else(|| {
            let cause = format!("{} has no address", target.host);
            ProbeError::new(Reason::DnsNoAddress, cause)
        }));
    };
    answer.facts.addresses = Some(results);
    answer.gaps.extend(gaps);
    Ok(answer)
}

fn result(address: SocketAddr, answer: &Result<Answer<Facts>, ProbeError>) -> AddressResult {
    let facts = answer.as_ref().ok().map(|answer| &answer.facts);
    AddressResult {
        address: address.to_string(),
        answered: facts.is_some(),
        status: facts.map(|facts| facts.status),
        version: facts.map(|facts| facts.version.clone()),
        url: facts.map(|facts| facts.url.clone()),
        headers: facts.map(|facts| facts.headers.clone()),
        timing: facts.map(|facts| facts.timing),
        error: answer.as_ref().err().cloned(),
    }
}

/// Asks the last address again and again, redirects not followed.
async fn samples(
    question: &Http,
    asker: Asker<'_>,
    chain: &Chain,
    route: Route,
) -> Result<Option<Samples>, ProbeError> {
    if question.samples < 2 {
        return Ok(None);
    }
    let is_first = chain.before.is_empty();
    let reach = if is_first {
        route.reach
    } else {
        Reach::default()
    };
    let target = target(&chain.asked.url, reach, route.version);
    let mut statuses = BTreeSet::from([chain.last.status.as_u16()]);
    let mut totals = vec![chain.last.exchange];
    let mut first_bytes = vec![chain.last.first_byte];
    for _ in 1..question.samples {
        let answer = asker.ask(&chain.asked, &target, |_, _| false).await?;
        statuses.insert(answer.status.as_u16());
        totals.push(answer.exchange);
        first_bytes.push(answer.first_byte);
    }
    totals.sort_unstable();
    first_bytes.sort_unstable();
    Ok(Some(Samples {
        count: u32::from(question.samples),
        statuses: statuses.into_iter().collect(),
        p50_ms: percentile(&totals, 50),
        p95_ms: percentile(&totals, 95),
        p99_ms: percentile(&totals, 99),
        first_byte_p50_ms: percentile(&first_bytes, 50),
        first_byte_p95_ms: percentile(&first_bytes, 95),
        first_byte_p99_ms: percentile(&first_bytes, 99),
    }))
}
