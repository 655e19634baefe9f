//! The zone's own name servers: who they are by the zone and by the zone above, and what
//! each of them answers.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};

use super::Answer;
use super::ask::{self, Asker, Place, View};
use super::exchange::{Exchange, Question};
use super::facts::{Authority, Facts, NameServer};
use super::record::plain;
use crate::probe::ProbeError;
use crate::reason::Reason;

/// As many name servers as a zone is asked through at most.
const MOST_SERVERS: usize = 13;

/// As many of the name servers above as are tried.
const MOST_PARENTS: usize = 3;

/// Fills in what the zone's own servers say; what cannot be found out becomes a gap.
pub(super) async fn compare(asker: &Asker<'_>, question: &Question, answer: &mut Answer<Facts>) {
    match find(asker, question, answer).await {
        Ok(authority) => answer.facts.authority = Some(authority),
        Err(error) => {
            answer.gaps.insert("authority".to_owned(), error);
        }
    }
}

async fn find(
    asker: &Asker<'_>,
    question: &Question,
    answer: &mut Answer<Facts>,
) -> Result<Authority, ProbeError> {
    let zone = zone_of(asker, &question.name).await?;
    let known = asker.ask_more(zone.clone(), RecordType::NS).await?;
    let known = name_servers(&known.message.answers, &zone);
    let delegation = delegation(asker, &zone).await;
    let mut names = known.clone();
    names.extend(delegation.iter().flatten().cloned());
    let each = names.iter().take(MOST_SERVERS);
    let each = each.map(|name| ask_server(asker, name, &zone, question));
    let (servers, sets): (Vec<NameServer>, Vec<_>) = join_all(each).await.into_iter().unzip();
    if servers.iter().all(|server| server.rcode.is_none()) {
        let cause = format!("the name servers of {} did not answer", plain(&zone));
        return Err(ProbeError::new(Reason::DnsUnreachable, cause));
    }
    let own = sets.into_iter().flatten().next().unwrap_or(known);
    let delegation = match delegation {
        Ok(delegation) => Some(delegation),
        Err(error) => {
            for fact in ["delegation", "delegation_agrees"] {
                let path = format!("authority.{fact}");
                answer.gaps.insert(path, error.clone());
            }
            None
        }
    };
    Ok(conclude(
        &answer.facts,
        plain(&zone),
        own,
        delegation,
        servers,
    ))
}

fn conclude(
    facts: &Facts,
    zone: String,
    own: BTreeSet<String>,
    delegation: Option<BTreeSet<String>>,
    servers: Vec<NameServer>,
) -> Authority {
    let serve = || servers.iter().filter(|server| server.authoritative);
    let said: BTreeSet<_> = serve().map(|s| (&s.rcode, &s.answers)).collect();
    let resolved: Vec<&String> = facts.answers.iter().map(|record| &record.data).collect();
    // An alias out of the zone is answered in full by the resolver alone.
    let elsewhere = !facts.cname.is_empty();
    let same = |server: &NameServer| server.answers.iter().eq(resolved.iter().copied());
    Authority {
        zone,
        delegation_agrees: delegation.as_ref().map(|names| *names == own),
        delegation: delegation.map(|names| names.into_iter().collect()),
        name_servers: own.into_iter().collect(),
        all_answer: servers.iter().all(|server| server.authoritative),
        answers_agree: said.len() == 1,
        serials_agree: serve().map(|s| s.serial).collect::<BTreeSet<_>>().len() == 1,
        resolver_agrees: elsewhere || serve().any(same),
        servers,
    }
}

/// The zone that `name` is in, by the resolver.
pub(super) async fn zone_of(asker: &Asker<'_>, name: &Name) -> Result<Name, ProbeError> {
    let mut name = name.clone();
    loop {
        let exchange = asker.ask_more(name.clone(), RecordType::SOA).await?;
        let message = &exchange.message;
        let mut records = message.answers.iter().chain(&message.authorities);
        let apex = records.find(|record| {
            // Behind an alias the record is that of another zone.
            record.record_type() == RecordType::SOA && record.name.zone_of(&name)
        });
        if let Some(apex) = apex {
            return Ok(apex.name.to_lowercase());
        }
        if name.is_root() {
            let cause = format!("no zone of {} can be found", plain(&name));
            return Err(ProbeError::new(Reason::DnsServfail, cause));
        }
        name = name.base_name();
    }
}

fn name_servers<'r>(
    records: impl IntoIterator<Item = &'r hickory_proto::rr::Record>,
    zone: &Name,
) -> BTreeSet<String> {
    let target = |record: &hickory_proto::rr::Record| match &record.data {
        RData::NS(target) if record.name == *zone => Some(plain(&target.0)),
        _ => None,
    };
    records.into_iter().filter_map(target).collect()
}

/// The name servers of `zone` by the zone above it.
async fn delegation(asker: &Asker<'_>, zone: &Name) -> Result<BTreeSet<String>, ProbeError> {
    let parent = zone_of(asker, &zone.base_name()).await?;
    let above = asker.ask_more(parent.clone(), RecordType::NS).await?;
    let above = name_servers(&above.message.answers, &parent);
    // Whatever is asked, a server that has only the zone above refers to the name servers below.
    let question = Question::new(zone.clone(), RecordType::A).not_recursive();
    for name in above.iter().take(MOST_PARENTS) {
        let Ok((_, exchange)) = ask_named(asker, name, &question).await else {
            continue;
        };
        let referral = name_servers(&exchange.message.authorities, zone);
        // A server that has both zones answers for the lower one.
        if exchange.message.answers.is_empty() && !referral.is_empty() {
            return Ok(referral);
        }
    }
    let cause = format!("no name server of {} tells the delegation", plain(&parent));
    Err(ProbeError::new(Reason::DnsUnreachable, cause))
}

async fn ask_named(
    asker: &Asker<'_>,
    name: &str,
    question: &Question,
) -> Result<(std::net::SocketAddr, Exchange), ProbeError> {
    let place = Place {
        host: name.to_owned(),
        port: 53,
    };
    let address = asker.locate(&place).await?;
    // One that is silent must leave time to tell so.
    let limit = asker.left() / 2;
    let exchange = super::exchange::ask(asker.context, address, question, limit).await;
    exchange.map(|exchange| (address, exchange))
}

/// What one name server says, and the name servers by its copy of the zone.
async fn ask_server(
    asker: &Asker<'_>,
    name: &str,
    zone: &Name,
    question: &Question,
) -> (NameServer, Option<BTreeSet<String>>) {
    let mut server = NameServer {
        name: name.to_owned(),
        address: None,
        authoritative: false,
        rcode: None,
        answers: Vec::new(),
        serial: None,
        ms: None,
        error: None,
    };
    let to_zone = |kind| Question::new(zone.clone(), kind).not_recursive();
    let plain_question = Question::new(question.name.clone(), question.kind).not_recursive();
    let (soa, ns) = (to_zone(RecordType::SOA), to_zone(RecordType::NS));
    let (said, soa, ns) = tokio::join!(
        ask_named(asker, name, &plain_question),
        ask_named(asker, name, &soa),
        ask_named(asker, name, &ns),
    );
    match said {
        Ok((address, exchange)) => {
            let message = &exchange.message;
            server.address = Some(address);
            server.authoritative = message.metadata.authoritative;
            server.rcode = Some(ask::word(message.metadata.response_code));
            server.answers = View::of(&plain_question, message).data();
            server.ms = Some(exchange.took.as_secs_f64() * 1000.0);
        }
        Err(error) => server.error = Some(error.reason),
    }
    server.serial = soa.ok().and_then(|(_, exchange)| serial(&exchange.message));
    let set = ns.ok().and_then(|(_, exchange)| {
        let set = name_servers(&exchange.message.answers, zone);
        (exchange.message.metadata.authoritative && !set.is_empty()).then_some(set)
    });
    (server, set)
}

fn serial(message: &Message) -> Option<u32> {
    message
        .answers
        .iter()
        .find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        })
}
