//! Which versions, suites and groups a server accepts, asked one by one.
//!
//! That a version is refused is only known if another one is accepted at the same address.
//! What cannot be found out becomes a gap and never a "no".

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::facts::{Group, Protocols, Suite};
use super::reply::ServerHello;
use super::suites::{
    TLS1_2, TLS1_3, VERSIONS, describe, group_name, groups, is_post_quantum, offers, suite_name,
    version_name,
};
use super::target::{Outcome, Target};
use crate::probe::ProbeError;
use crate::reason::Reason;

/// What is known about one version.
pub(super) struct Version {
    /// Its number.
    id: u16,
    /// What the server agreed to, and in which batch of suites; `None` if it refuses.
    answer: Result<Option<(usize, Box<ServerHello>)>, ProbeError>,
}

/// What the scan found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) protocols: Protocols,
    pub(super) versions: Option<Vec<String>>,
    pub(super) suites: Option<Vec<Suite>>,
    pub(super) groups: Option<Vec<Group>>,
    pub(super) server_preference: Option<bool>,
    pub(super) compression: Option<bool>,
    pub(super) secure_renegotiation: Option<bool>,
    pub(super) extended_master_secret: Option<bool>,
    pub(super) session_tickets: Option<bool>,
    pub(super) heartbeat: Option<bool>,
    pub(super) gaps: BTreeMap<String, ProbeError>,
}

/// Asks about every version. `spoken` is one that is known to be accepted; a server that refuses
/// even that has not understood, or has had enough.
pub(super) async fn versions(target: &Target<'_>, spoken: Option<&str>) -> Vec<Version> {
    let asked = VERSIONS.map(|(id, _, _)| async move {
        let (answer, closed) = version(target, id).await;
        (Version { id, answer }, closed)
    });
    let mut all = join_all(asked).await;
    let is_denied = all.iter().any(|(version, _)| {
        matches!(version.answer, Ok(None)) && Some(version_name(version.id).as_str()) == spoken
    });
    let accepted = all.iter().find_map(|(version, _)| {
        let (_, hello) = version.answer.as_ref().ok()?.as_ref()?;
        Some((version.id, hello.suite))
    });
    // A server that ends connections without a word may have had enough of them.
    let is_doubtful = all.iter().any(|(_, closed)| *closed);
    let has_enough = match accepted {
        Some((id, suite)) if is_doubtful => !still_agrees(target, id, suite).await,
        _ => false,
    };
    for (version, closed) in &mut all {
        let is_refused = matches!(version.answer, Ok(None));
        if is_refused && (is_denied || has_enough && *closed) {
            version.answer = Err(has_had_enough(target));
        }
    }
    all.into_iter().map(|(version, _)| version).collect()
}

/// The best agreement up to TLS 1.2, in which certificates are sent in clear.
pub(super) fn clear_agreement(versions: &[Version]) -> Option<&ServerHello> {
    versions
        .iter()
        .rev()
        .filter_map(|version| version.answer.as_ref().ok()?.as_ref())
        .map(|(_, hello)| &**hello)
        .find(|hello| !hello.chain.is_empty())
}

type Agreement = Result<Option<(usize, Box<ServerHello>)>, ProbeError>;

async fn version(target: &Target<'_>, id: u16) -> (Agreement, bool) {
    let mut closed = false;
    for (batch, suites) in offers(id).iter().enumerate() {
        match target.ask(id, suites, &groups(id), true).await {
            Ok(Outcome::Agreed(hello)) => return (Ok(Some((batch, hello))), false),
            Ok(Outcome::Refused) => {}
            Ok(Outcome::Closed) => closed = true,
            Err(error) => return (Err(error), false),
        }
    }
    (Ok(None), closed)
}

async fn still_agrees(target: &Target<'_>, version: u16, suite: u16) -> bool {
    let again = target.ask(version, &[suite], &groups(version), true).await;
    matches!(again, Ok(Outcome::Agreed(_)))
}

fn has_had_enough(target: &Target<'_>) -> ProbeError {
    let cause = format!("{} closes connections after a while", target.subject);
    ProbeError::new(Reason::TlsClosed, cause)
}

/// Asks for everything that the accepted versions have.
pub(super) async fn details(target: &Target<'_>, versions: &[Version]) -> Scan {
    let mut scan = Scan::default();
    scan.note_versions(target, versions);
    let accepted: Vec<(u16, usize, &ServerHello)> = versions
        .iter()
        .filter_map(|version| {
            let (batch, hello) = version.answer.as_ref().ok()?.as_ref()?;
            Some((version.id, *batch, &**hello))
        })
        .collect();
    let asked = accepted
        .iter()
        .map(|(id, batch, hello)| async move { (*id, suites(target, *id, *batch, hello).await) });
    let found = join_all(asked).await;
    scan.note_suites(target, &found);
    let known = |version: u16| -> Vec<u16> {
        found
            .iter()
            .filter(|(id, _)| *id == version)
            .filter_map(|(_, suites)| suites.as_ref().ok())
            .flat_map(|suites| suites.iter().map(|(suite, _)| *suite))
            .collect()
    };
    let older = accepted.iter().map(|(id, _, _)| *id);
    let older = older.filter(|id| *id < TLS1_3).max().unwrap_or(TLS1_2);
    let (modern, legacy) = (known(TLS1_3), known(older));
    let curves: Vec<u16> = legacy
        .iter()
        .copied()
        .filter(|suite| suite_name(*suite).contains("_ECDHE_"))
        .collect();
    let asked = [(older, curves), (TLS1_3, modern.clone())]
        .map(|(id, suites)| async move { (id, agreed_groups(target, id, &suites).await) });
    scan.note_groups(target, join_all(asked).await);
    let (version, suites) = if legacy.len() > 1 {
        (older, legacy)
    } else {
        (TLS1_3, modern)
    };
    scan.note_preference(target, preference(target, version, suites).await);
    scan.note_habits(&accepted);
    scan
}

type Suites = Vec<(u16, Box<ServerHello>)>;

/// Every suite of a version: what the server chose is taken away until it chooses no more.
async fn suites(
    target: &Target<'_>,
    version: u16,
    first_batch: usize,
    first: &ServerHello,
) -> Result<Suites, ProbeError> {
    let mut found: Suites = vec![(first.suite, Box::new(first.clone()))];
    for batch in offers(version).into_iter().skip(first_batch) {
        let mut left = batch;
        left.retain(|suite| *suite != first.suite);
        while !left.is_empty() {
            match target.ask(version, &left, &groups(version), true).await? {
                Outcome::Agreed(hello) => {
                    left.retain(|suite| *suite != hello.suite);
                    found.push((hello.suite, hello));
                }
                Outcome::Refused => break,
                Outcome::Closed if still_agrees(target, version, first.suite).await => break,
                Outcome::Closed => return Err(has_had_enough(target)),
            }
        }
    }
    Ok(found)
}

/// Every group of a version. What was found is offered again behind the others, since up to
/// TLS 1.2 the certificate may need it; but a server that then insists on it is asked without.
async fn agreed_groups(
    target: &Target<'_>,
    version: u16,
    suites: &[u16],
) -> Result<Vec<u16>, ProbeError> {
    let mut found = Vec::new();
    let Some(first) = suites.first() else {
        return Ok(found);
    };
    let mut left = groups(version);
    let mut keeps_found = version < TLS1_3;
    while !left.is_empty() {
        let mut offered = left.clone();
        if keeps_found {
            offered.extend(&found);
        }
        match target.ask(version, suites, &offered, false).await? {
            Outcome::Agreed(hello) => match hello.group.filter(|group| left.contains(group)) {
                Some(group) => {
                    left.retain(|one| *one != group);
                    found.push(group);
                }
                None if keeps_found => keeps_found = false,
                None => break,
            },
            Outcome::Refused if keeps_found => keeps_found = false,
            Outcome::Refused => break,
            Outcome::Closed if still_agrees(target, version, *first).await => break,
            Outcome::Closed => return Err(has_had_enough(target)),
        }
    }
    Ok(found)
}

/// Whether the suite that was chosen from all is chosen again when it is offered last.
async fn preference(
    target: &Target<'_>,
    version: u16,
    mut suites: Vec<u16>,
) -> Result<Option<bool>, ProbeError> {
    if suites.len() < 2 {
        return Ok(None);
    }
    let favourite = suites.remove(0);
    suites.push(favourite);
    match target.ask(version, &suites, &groups(version), true).await? {
        Outcome::Agreed(hello) => Ok(Some(hello.suite == favourite)),
        Outcome::Refused | Outcome::Closed => Err(has_had_enough(target)),
    }
}

/// A gap: what is not known although the server could be talked to.
pub(super) fn incomplete(target: &Target<'_>, path: &str, error: &ProbeError) -> ProbeError {
    let cause = format!("the scan of {} could not be finished", target.subject);
    ProbeError::new(Reason::TlsScanIncomplete, cause)
        .with_detail(format!("{path}: {}", error.cause))
}

impl Scan {
    fn gap(&mut self, target: &Target<'_>, path: &str, error: &ProbeError) {
        let gap = incomplete(target, path, error);
        self.gaps.insert(path.to_owned(), gap);
    }

    fn note_versions(&mut self, target: &Target<'_>, versions: &[Version]) {
        let mut names = Vec::new();
        for version in versions {
            let is_spoken = match &version.answer {
                Ok(answer) => Some(answer.is_some()),
                Err(error) => {
                    let fact = VERSIONS.iter().find(|(id, _, _)| *id == version.id);
                    let fact = fact.map_or("", |(_, _, fact)| *fact);
                    self.gap(target, &format!("protocols.{fact}"), error);
                    self.gap(target, "versions", error);
                    self.gap(target, "suites", error);
                    None
                }
            };
            if is_spoken == Some(true) {
                names.push(version_name(version.id));
            }
            let fact = match version.id {
                super::suites::SSLV3 => &mut self.protocols.sslv3,
                0x0301 => &mut self.protocols.tls1_0,
                0x0302 => &mut self.protocols.tls1_1,
                TLS1_2 => &mut self.protocols.tls1_2,
                _ => &mut self.protocols.tls1_3,
            };
            *fact = is_spoken;
        }
        self.versions = (!self.gaps.contains_key("versions")).then_some(names);
    }

    fn note_suites(&mut self, target: &Target<'_>, found: &[(u16, Result<Suites, ProbeError>)]) {
        let mut all = Vec::new();
        for (version, suites) in found {
            match suites {
                Ok(suites) => {
                    all.extend(suites.iter().map(|(suite, hello)| {
                        describe(*suite, *version, hello.group, hello.dh_bits)
                    }));
                }
                Err(error) => self.gap(target, "suites", error),
            }
        }
        self.suites = (!self.gaps.contains_key("suites")).then_some(all);
    }

    fn note_groups(
        &mut self,
        target: &Target<'_>,
        found: Vec<(u16, Result<Vec<u16>, ProbeError>)>,
    ) {
        let mut all = Vec::new();
        for (version, groups) in found {
            match groups {
                Ok(groups) => all.extend(groups.into_iter().map(|id| Group {
                    version: version_name(version),
                    name: group_name(id),
                    post_quantum: is_post_quantum(id),
                })),
                Err(error) => self.gap(target, "groups", &error),
            }
        }
        let is_whole = ["groups", "protocols.tls1_2", "protocols.tls1_3"]
            .iter()
            .all(|path| !self.gaps.contains_key(*path));
        if is_whole {
            self.groups = Some(all);
        } else if let Some(gap) = self.gaps.get("versions").cloned() {
            self.gaps.entry("groups".to_owned()).or_insert(gap);
        }
    }

    fn note_preference(&mut self, target: &Target<'_>, found: Result<Option<bool>, ProbeError>) {
        match found {
            Ok(preference) => self.server_preference = preference,
            Err(error) => self.gap(target, "server_preference", &error),
        }
    }

    fn note_habits(&mut self, accepted: &[(u16, usize, &ServerHello)]) {
        if accepted.is_empty() {
            return;
        }
        let legacy: Vec<&ServerHello> = accepted
            .iter()
            .filter(|(id, _, _)| *id < TLS1_3)
            .map(|(_, _, hello)| *hello)
            .collect();
        self.compression = Some(legacy.iter().any(|hello| hello.compression));
        if legacy.is_empty() {
            return;
        }
        self.secure_renegotiation = Some(legacy.iter().all(|hello| hello.secure_renegotiation));
        self.session_tickets = Some(legacy.iter().any(|hello| hello.session_ticket));
        self.heartbeat = Some(legacy.iter().any(|hello| hello.heartbeat));
        // SSL 3.0 has no extensions to bind anything with.
        self.extended_master_secret = Some(legacy.iter().all(|hello| hello.extended_master_secret));
    }
}
