//! What the signatures over an answer are worth.
//!
//! The resolver's word (AD, or SERVFAIL that goes away when it is told not to check) comes
//! first. Where it says nothing, the chain is verified here; verification alone never calls an
//! answer bogus that came without signatures.

use hickory_proto::dnssec::Proof;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, Record, RecordType};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};

use super::ask::{self, Asker};
use super::authority::zone_of;
use super::exchange::{Exchange, Question};
use super::facts::{Dnssec, DnssecStatus, Facts, JudgedBy};
use super::record::plain;
use super::{Answer, Dns};
use crate::probe::ProbeError;
use crate::probe::net::resolve::{only, servfail};
use crate::reason::Reason;

/// The resolver failed: an answer that comes when it is told not to check signatures means
/// that they are wrong; the facts then hold no records, as nobody who checks would get any.
pub(super) async fn unchecked(
    probe: &Dns,
    asker: &Asker<'_>,
    question: &Question,
    failed: &Exchange,
) -> Result<Facts, ProbeError> {
    let code = failed.message.metadata.response_code;
    let failure = || servfail(&plain(&question.name), code);
    let again = Question {
        unchecked: true,
        ..question.clone()
    };
    let server = asker.server().ok_or_else(failure)?;
    let exchange = asker.ask(server, &again).await.map_err(|_| failure())?;
    let unchecked = exchange.message.metadata.response_code;
    if !matches!(unchecked, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Err(failure());
    }
    let mut facts = probe.facts(question, &exchange);
    facts.rcode = ask::word(code);
    facts.answers.clear();
    facts.dnssec = Some(Dnssec {
        status: Some(DnssecStatus::Bogus),
        judged_by: Some(JudgedBy::Resolver),
        ..unjudged(&exchange)
    });
    Ok(facts)
}

/// What an answer shows before anybody has judged its signatures.
pub(super) fn unjudged(exchange: &Exchange) -> Dnssec {
    let message = &exchange.message;
    Dnssec {
        status: None,
        signed: message
            .answers
            .iter()
            .chain(&message.authorities)
            .any(|record| record.record_type() == RecordType::RRSIG),
        judged_by: None,
    }
}

/// Fills in what the signatures are worth, unless that is known; what cannot be told becomes
/// a gap.
pub(super) async fn judge(asker: &Asker<'_>, question: &Question, answer: &mut Answer<Facts>) {
    let facts = &mut answer.facts;
    let Some(dnssec) = facts.dnssec.as_mut().filter(|known| known.status.is_none()) else {
        return;
    };
    let verdict = if facts.authentic_data {
        Some((DnssecStatus::Secure, JudgedBy::Resolver))
    } else {
        verify(asker, question, dnssec.signed).await
    };
    dnssec.status = verdict.map(|(status, _)| status);
    dnssec.judged_by = verdict.map(|(_, judge)| judge);
    if verdict.is_none() {
        let cause = format!(
            "the signatures of {} cannot be judged from here",
            facts.name
        );
        let error = ProbeError::new(Reason::DnsIndeterminate, cause);
        answer.gaps.insert("dnssec.status".to_owned(), error);
    }
}

async fn verify(
    asker: &Asker<'_>,
    question: &Question,
    signed: bool,
) -> Option<(DnssecStatus, JudgedBy)> {
    let proof = chain(asker, question).await;
    match proof {
        Some(Proof::Secure) => return Some((DnssecStatus::Secure, JudgedBy::Validation)),
        Some(Proof::Insecure) => return Some((DnssecStatus::Insecure, JudgedBy::Validation)),
        _ => {}
    }
    // Keys given for the run may vouch for a zone that the zone above does not.
    if !asker.context.net.resolver().has_own_trust_anchors()
        && let Ok(zone) = zone_of(asker, &question.name).await
        && let Ok(false) = vouched_for(asker, zone).await
    {
        return Some((DnssecStatus::Insecure, JudgedBy::Resolver));
    }
    (signed && proof == Some(Proof::Bogus)).then_some((DnssecStatus::Bogus, JudgedBy::Validation))
}

/// Whether the zone above names a key of this one.
async fn vouched_for(asker: &Asker<'_>, zone: Name) -> Result<bool, ProbeError> {
    let exchange = asker.ask_more(zone, RecordType::DS).await?;
    let mut answers = exchange.message.answers.iter();
    Ok(answers.any(|record| record.record_type() == RecordType::DS))
}

/// The chain of signatures up to a trusted key; `None` when it could not be followed.
async fn chain(asker: &Asker<'_>, question: &Question) -> Option<Proof> {
    let mut builder =
        TokioResolver::builder_with_config(only(asker.server()?), TokioRuntimeProvider::default())
            .with_trust_anchor(asker.context.net.resolver().trust_anchors());
    let options = builder.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.validate = true;
    options.attempts = 1;
    let resolver = builder.build().ok()?;
    let lookup = resolver.lookup(question.name.clone(), question.kind);
    match tokio::time::timeout(asker.left(), lookup).await.ok()? {
        Ok(found) => weakest(found.answers()),
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => weakest(&none.authorities?),
        Err(NetError::Dns(DnsError::Nsec { proof, .. })) => Some(proof),
        Err(NetError::Dns(DnsError::DnssecBogus)) => Some(Proof::Bogus),
        Err(_) => None,
    }
}

fn weakest(records: &[Record]) -> Option<Proof> {
    records
        .iter()
        .filter(|record| record.record_type() != RecordType::RRSIG)
        .map(|record| record.proof)
        .min()
}
