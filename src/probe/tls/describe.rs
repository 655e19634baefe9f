//! Puts together what was seen: the only place where the roots, the name and the date meet it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::certificate::{days_left, describe, fingerprint, marks, moment};
use super::facts::{AddressFacts, Certificate, Facts, PathStep, Role};
use super::visit::Visit;
use super::{Answer, More, ProbeError, Seen};
use crate::probe::net::tls::{Path, Shown, Trust, build_path, problems, readable_name};
use crate::reason::{Reason, Side};

/// By what a chain is judged.
pub(super) struct Judge<'a> {
    /// What causes name: `host:port`.
    pub(super) subject: &'a str,
    /// The name that was asked for.
    pub(super) name: &'a str,
    /// The port.
    pub(super) port: u16,
    /// The roots.
    pub(super) trust: &'a Trust,
    /// The date.
    pub(super) now: Timestamp,
}

impl Judge<'_> {
    /// Everything wrong with what was shown, with causes that name what the profile names.
    fn problems(&self, shown: &Shown, roots: &RootCertStore) -> Vec<ProbeError> {
        let mut all = problems(shown, self.name, self.port, roots, self.now);
        let asked = format!("{}:{}", self.name, self.port);
        for problem in &mut all {
            if let Some(rest) = problem.cause.strip_prefix(&asked) {
                problem.cause = format!("{}{rest}", self.subject);
            }
        }
        all
    }

    fn is_trusted(&self, shown: &Shown, roots: &RootCertStore) -> bool {
        let path = build_path(&shown.chain, roots, self.now);
        let problems = self.problems(shown, roots);
        path.root.is_some() && !problems.iter().any(|one| one.reason == Reason::TlsInvalid)
    }

    /// The certificates of a path, and its root where the path has one that was not sent.
    fn steps(&self, shown: &Shown, path: &Path) -> Vec<PathStep> {
        let last = path.certificates.len().saturating_sub(1);
        let mut steps = Vec::new();
        let mut ends_in_root = false;
        for (place, index) in path.certificates.iter().enumerate() {
            let Some(der) = shown.chain.get(*index) else {
                continue;
            };
            let is_root = place == last && path.root.as_deref() == subject(der).as_deref();
            ends_in_root |= is_root;
            let role = match (place, is_root) {
                (0, _) => Role::Leaf,
                (_, true) => Role::Root,
                (_, false) => Role::Intermediate,
            };
            steps.extend(self.step(der, role, true));
        }
        if let Some(root) = path.root.as_ref().filter(|_| !ends_in_root) {
            let known = self.trust.certificate(root);
            let known = known.and_then(|der| self.step(der, Role::Root, false));
            steps.push(known.unwrap_or_else(|| PathStep {
                subject: readable_name(root).unwrap_or_default(),
                role: Role::Root,
                sent: false,
                not_after: None,
                days_left: None,
            }));
        }
        steps
    }

    fn step(&self, der: &[u8], role: Role, sent: bool) -> Option<PathStep> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let not_after = certificate.validity().not_after.timestamp();
        Some(PathStep {
            subject: certificate.subject().to_string(),
            role,
            sent,
            not_after: Some(moment(not_after)),
            days_left: Some(days_left(not_after, self.now)),
        })
    }

    fn address(&self, address: SocketAddr, visit: &Result<Visit, ProbeError>) -> AddressFacts {
        let address = address.to_string();
        let visit = match visit {
            Ok(visit) => visit,
            Err(error) => {
                return AddressFacts {
                    address,
                    completed: false,
                    verified: false,
                    problem: Some(error.reason),
                    version: None,
                    sha256: None,
                    days_left: None,
                };
            }
        };
        let problems = self.problems(&visit.shown, &self.trust.roots);
        let leaf = visit.shown.chain.first();
        AddressFacts {
            address,
            completed: visit.completed,
            verified: problems.is_empty(),
            problem: problems.first().map(|problem| problem.reason),
            version: Some(visit.shown.version.clone()),
            sha256: leaf.map(|der| fingerprint(der)),
            days_left: leaf
                .and_then(|der| describe(der, self.now))
                .map(|leaf| leaf.days_left),
        }
    }
}

fn subject(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(certificate.subject().as_raw().to_vec())
}

/// The answer, from what every address showed and what the scan of one of them found.
pub(super) fn facts(
    judge: &Judge<'_>,
    seen: &Seen,
    more: Option<More>,
) -> Result<Answer<Facts>, ProbeError> {
    let unreadable = || {
        let cause = format!("{} shows no certificate that can be read", judge.subject);
        ProbeError::new(Reason::TlsInvalid, cause)
    };
    let (address, visit) = seen.first().ok_or_else(unreadable)?;
    let leaf_der = visit.shown.chain.first().ok_or_else(unreadable)?;
    let leaf = describe(leaf_der, judge.now).ok_or_else(unreadable)?;
    let mut facts = shaken(address, visit);
    facts.addresses = seen
        .visits
        .iter()
        .map(|(address, visit)| judge.address(*address, visit))
        .collect();
    let marks = marks(leaf_der);
    facts.sct_count = marks.sct_count;
    facts.must_staple = marks.must_staple;
    facts.note_leaf(leaf);
    let other = more
        .as_ref()
        .and_then(|more| more.other.clone())
        .filter(|other| other.chain.first() != Some(leaf_der));
    facts.note_verdict(judge, &visit.shown, other.as_ref());
    facts.note_chain(judge, &visit.shown, other.as_ref());
    let mut gaps = more.map_or_else(BTreeMap::new, |more| facts.note_scan(more));
    gaps.extend(address_gaps(seen));
    Ok(Answer { facts, gaps })
}

/// What the handshake itself says.
fn shaken(address: SocketAddr, visit: &Visit) -> Facts {
    let shown = &visit.shown;
    Facts {
        address: address.to_string(),
        completed: visit.completed,
        version: shown.version.clone(),
        cipher: shown.cipher.clone(),
        group: shown.group.clone(),
        alpn: shown.alpn.clone(),
        ocsp_stapled: !shown.ocsp.is_empty(),
        client_certificate_requested: shown.client_certificate_requested,
        client_certificate_required: visit.client_certificate_required,
        ..Facts::default()
    }
}

impl Facts {
    fn note_leaf(&mut self, leaf: Certificate) {
        self.wildcard = leaf.names.iter().any(|name| name.starts_with("*."));
        self.names.clone_from(&leaf.names);
        self.days_left = leaf.days_left;
        self.lifetime_days = leaf.lifetime_days;
        self.lifetime_left = leaf.lifetime_left;
        self.certificate = leaf;
    }

    /// Judges the chain, and the other one that some clients see.
    fn note_verdict(&mut self, judge: &Judge<'_>, shown: &Shown, other: Option<&Shown>) {
        let roots = &judge.trust.roots;
        let mut problems = judge.problems(shown, roots);
        for problem in other.map_or_else(Vec::new, |other| judge.problems(other, roots)) {
            if !problems.iter().any(|known| known.reason == problem.reason) {
                problems.push(problem);
            }
        }
        let has = |reason| problems.iter().any(|one| one.reason == reason);
        self.verified = problems.is_empty();
        self.trusted = judge.is_trusted(shown, roots);
        self.trusted_web = judge.is_trusted(shown, &judge.trust.web);
        self.name_matches = !has(Reason::TlsNameMismatch);
        self.missing_intermediate = has(Reason::TlsMissingIntermediate);
        self.problem = problems.first().map(|one| one.reason);
        self.problems = problems;
    }

    fn note_chain(&mut self, judge: &Judge<'_>, shown: &Shown, other: Option<&Shown>) {
        let path = build_path(&shown.chain, &judge.trust.roots, judge.now);
        let order = Order::of(shown, &path);
        self.chain_order_ok = order.is_right;
        self.extra_certificates = order.extra;
        self.sends_root = order.sends_root;
        self.chain = certificates(&shown.chain, judge.now);
        self.path = judge.steps(shown, &path);
        let mut dated = self.path.clone();
        if let Some(other) = other {
            let path = build_path(&other.chain, &judge.trust.roots, judge.now);
            dated.extend(judge.steps(other, &path));
            let leaf = other.chain.first();
            self.other_certificates
                .extend(leaf.and_then(|der| describe(der, judge.now)));
        }
        self.expires_first = dated
            .into_iter()
            .filter(|step| step.days_left.is_some())
            .min_by_key(|step| step.days_left);
    }

    /// Adds what the scan found; gives what it did not.
    fn note_scan(&mut self, more: More) -> BTreeMap<String, ProbeError> {
        let scan = more.scan;
        self.protocols = Some(scan.protocols);
        self.versions = scan.versions;
        self.suites = scan.suites;
        self.groups = scan.groups;
        self.server_preference = scan.server_preference;
        self.compression = scan.compression;
        self.secure_renegotiation = scan.secure_renegotiation;
        self.extended_master_secret = scan.extended_master_secret;
        self.session_tickets = scan.session_tickets;
        self.heartbeat = scan.heartbeat;
        self.sni = more.sni;
        scan.gaps
    }
}

/// Addresses that this machine cannot reach are unknown, not broken.
fn address_gaps(seen: &Seen) -> BTreeMap<String, ProbeError> {
    seen.visits
        .iter()
        .filter_map(|(_, visit)| visit.as_ref().err())
        .filter(|error| error.side() == Side::Ours)
        .map(|error| ("addresses".to_owned(), error.clone()))
        .collect()
}

fn certificates(chain: &[CertificateDer<'_>], now: Timestamp) -> Vec<Certificate> {
    chain.iter().filter_map(|der| describe(der, now)).collect()
}

/// How the chain as it was sent compares with the path.
struct Order {
    is_right: bool,
    extra: u32,
    sends_root: bool,
}

impl Order {
    fn of(shown: &Shown, path: &Path) -> Self {
        let is_right = path
            .certificates
            .iter()
            .copied()
            .eq(0..path.certificates.len());
        let is_root = |der: &CertificateDer<'_>| {
            path.root.is_some() && subject(der).as_ref() == path.root.as_ref()
        };
        let unused = (0..shown.chain.len()).filter(|index| !path.certificates.contains(index));
        let unused = unused.filter_map(|index| shown.chain.get(index));
        let extra = unused.filter(|der| !is_root(der)).count();
        Self {
            is_right,
            extra: u32::try_from(extra).unwrap_or(u32::MAX),
            sends_root: shown.chain.iter().skip(1).any(is_root),
        }
    }
}
