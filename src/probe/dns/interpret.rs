//! What an answer means, by its type and where it was asked for, and the further questions
//! that this takes. All of them are bounded, and what they leave open becomes a gap.

use futures_util::future::join_all;
use hickory_proto::rr::RecordType;

use super::ask::{Asker, View};
use super::exchange::Question;
use super::facts::{Facts, MailServer, Mx};
use super::meaning::spf::{Known, Progress};
use super::meaning::{caa, dkim, dmarc, policy, spf};
use super::record::{Record, plain};
use super::{Answer, Kind, absolute};
use crate::probe::ProbeError;
use crate::reason::{Reason, Side};

/// As many mail servers as are looked up.
const MOST_TARGETS: usize = 10;

/// As many names as are looked up for an SPF record; one that needs more is over the limit.
const MOST_INCLUDES: usize = 40;

/// Fills in the meaning.
pub(super) async fn interpret(asker: &Asker<'_>, answer: &mut Answer<Facts>) {
    match answer.facts.kind {
        Kind::Mx => mx(asker, answer).await,
        Kind::Caa => certificate_authorities(asker, answer).await,
        Kind::Txt => text(asker, answer).await,
        _ => {}
    }
}

async fn text(asker: &Asker<'_>, answer: &mut Answer<Facts>) {
    let records = texts(&answer.facts.answers);
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    let name = answer.facts.name.clone();
    if let Some(domain) = name.strip_prefix("_dmarc.") {
        answer.facts.dmarc = dmarc::parse(&texts, &name, false);
        if answer.facts.dmarc.is_none() {
            inherited_dmarc(asker, domain, answer).await;
        }
    } else if name.contains("._domainkey.") {
        answer.facts.dkim = dkim::parse(&texts);
    } else if name.starts_with("_mta-sts.") {
        answer.facts.mta_sts = policy::mta_sts(&texts);
    } else if name.starts_with("_smtp._tls.") {
        answer.facts.tls_rpt = policy::tls_rpt(&texts);
    } else {
        sender_policy(asker, &texts, answer).await;
    }
}

fn texts(records: &[Record]) -> Vec<String> {
    let texts = records.iter().filter_map(|record| record.text.clone());
    texts.collect()
}

/// A domain without a policy has that of the registrable domain (RFC 7489, section 6.6.3).
async fn inherited_dmarc(asker: &Asker<'_>, domain: &str, answer: &mut Answer<Facts>) {
    let Some(above) = psl::domain_str(domain).filter(|above| *above != domain) else {
        return;
    };
    let name = format!("_dmarc.{above}");
    match ask_texts(asker, &name).await {
        Ok(texts) => {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            answer.facts.dmarc = dmarc::parse(&texts, &name, true);
        }
        Err(error) => {
            answer.gaps.insert("dmarc".to_owned(), error);
        }
    }
}

async fn sender_policy(asker: &Asker<'_>, texts: &[&str], answer: &mut Answer<Facts>) {
    let mut known = Known::new();
    let gap = loop {
        match spf::evaluate(texts, &known) {
            Progress::Done(spf) => {
                answer.facts.spf = spf;
                return;
            }
            Progress::Needs(names) => {
                let room = MOST_INCLUDES.saturating_sub(known.len());
                let found = join_all(names.into_iter().take(room).map(async |name| {
                    let texts = ask_texts(asker, &name).await;
                    (name, texts)
                }));
                let found = found.await;
                if found.is_empty() {
                    let cause = format!("the SPF record of {} is too long", answer.facts.name);
                    break ProbeError::new(Reason::DnsIndeterminate, cause);
                }
                let mut failed = None;
                for (name, texts) in found {
                    match texts {
                        // What the resolver cannot resolve is as good as no record.
                        Err(error) if error.side() == Side::Ours => failed = Some(error),
                        texts => _ = known.insert(name, texts.unwrap_or_default()),
                    }
                }
                if let Some(error) = failed {
                    break error;
                }
            }
        }
    };
    // What the record says by itself is known all the same.
    answer.facts.spf = spf::alone(texts);
    let settled = answer
        .facts
        .spf
        .as_ref()
        .is_some_and(|spf| spf.all.is_some());
    for fact in ["valid", "lookups", "all"] {
        if fact != "all" || !settled {
            answer.gaps.insert(format!("spf.{fact}"), gap.clone());
        }
    }
}

async fn ask_texts(asker: &Asker<'_>, name: &str) -> Result<Vec<String>, ProbeError> {
    // A name that cannot be asked for has no records.
    let Ok(name) = absolute(name) else {
        return Ok(Vec::new());
    };
    let question = Question::new(name.clone(), RecordType::TXT);
    let exchange = asker.ask_more(name, RecordType::TXT).await?;
    Ok(texts(&View::of(&question, &exchange.message).answers))
}

/// The records that count are those at the closest name that has any (RFC 8659, section 3).
/// Public suffixes (`com`, `co.uk`) are left out: they are not the domain's owner's to set.
async fn certificate_authorities(asker: &Asker<'_>, answer: &mut Answer<Facts>) {
    let summary = |records: &[Record], name: &str| {
        let records: Vec<_> = records.iter().filter_map(|r| r.caa.clone()).collect();
        (!records.is_empty()).then(|| caa::summarise(&records, name))
    };
    answer.facts.caa = summary(&answer.facts.answers, &answer.facts.name);
    let Ok(mut name) = absolute(&answer.facts.name) else {
        return;
    };
    while answer.facts.caa.is_none() {
        name = name.base_name();
        let text = plain(&name);
        if name.is_root() || psl::suffix_str(&text) == Some(text.as_str()) {
            return;
        }
        let question = Question::new(name.clone(), RecordType::CAA);
        match asker.ask_more(name.clone(), RecordType::CAA).await {
            Ok(exchange) => {
                let view = View::of(&question, &exchange.message);
                answer.facts.caa = summary(&view.answers, &text);
            }
            Err(error) => {
                answer.gaps.insert("caa".to_owned(), error);
                return;
            }
        }
    }
}

async fn mx(asker: &Asker<'_>, answer: &mut Answer<Facts>) {
    if answer.facts.answers.is_empty() {
        return;
    }
    let servers = answer.facts.answers.iter().filter_map(|record| {
        let target = record.target.clone()?;
        Some((record.priority.unwrap_or_default(), target))
    });
    let servers: Vec<(u16, String)> = servers.collect();
    if let [(_, only)] = servers.as_slice()
        && only == "."
    {
        answer.facts.mx = Some(Mx {
            takes_mail: false,
            targets: Vec::new(),
            resolve: None,
        });
        return;
    }
    let found = join_all(
        servers
            .into_iter()
            .take(MOST_TARGETS)
            .map(|(priority, name)| mail_server(asker, priority, name)),
    )
    .await;
    let (mut targets, mut failed) = (Vec::new(), None);
    for server in found {
        match server {
            Ok(server) => targets.push(server),
            Err(error) => failed = Some(error),
        }
    }
    let all_fine = |server: &MailServer| !server.alias && !server.addresses.is_empty();
    let resolve = match failed {
        Some(error) if targets.iter().all(all_fine) => {
            answer.gaps.insert("mx.resolve".to_owned(), error);
            None
        }
        _ => Some(targets.iter().all(all_fine)),
    };
    answer.facts.mx = Some(Mx {
        takes_mail: true,
        targets,
        resolve,
    });
}

async fn mail_server(
    asker: &Asker<'_>,
    priority: u16,
    name: String,
) -> Result<MailServer, ProbeError> {
    let mut server = MailServer {
        name,
        priority,
        addresses: Vec::new(),
        alias: false,
    };
    let Ok(name) = absolute(&server.name) else {
        return Ok(server);
    };
    for kind in [RecordType::A, RecordType::AAAA] {
        let question = Question::new(name.clone(), kind);
        let exchange = match asker.ask_more(name.clone(), kind).await {
            Err(error) if error.side() == Side::Ours => return Err(error),
            // What the resolver cannot resolve gets no mail.
            Err(_) => continue,
            Ok(exchange) => exchange,
        };
        let view = View::of(&question, &exchange.message);
        server.alias |= !view.cname.is_empty();
        let addresses = view.answers.iter().filter_map(|record| record.address);
        server.addresses.extend(addresses);
    }
    Ok(server)
}
