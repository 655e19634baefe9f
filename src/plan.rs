//! Which questions a profile and its ledger take: every probe once, and who wants its answer.
//!
//! Nothing is contacted here. A question that is not allowed is kept, held back with its
//! reason, so that the report can say what was not asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::check::{Check, CheckId};
use crate::ledger::{Ledger, page};
use crate::probe::{Access, AnyProbe, Contact, ProbeError};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::units::Duration;

/// How long a page may take that a word is about.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is asked for again on trouble on the way.
const PAGE_RETRIES: u32 = 1;

/// What the person who runs it allows beyond reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// `--allow intrusive`.
    pub intrusive: bool,
    /// `--allow exec`.
    pub exec: bool,
}

/// All questions of a run, in a stable order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Each distinct probe once.
    pub questions: Vec<Question>,
}

/// One question to be asked once, whoever wants the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The question.
    pub probe: AnyProbe,
    /// Everything it would contact.
    pub contacts: Vec<Contact>,
    /// The checks that it feeds.
    pub wanted_by: Vec<CheckId>,
    /// The longest time limit that one of them gives.
    pub timeout: Duration,
    /// The most retries that one of them gives.
    pub retries: u32,
    /// Why it will not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<ProbeError>,
}

impl Plan {
    /// The questions that the applicable checks of `profile` take, and the pages that words in
    /// the ledger are about.
    pub fn of(profile: &Profile, ledger: &Ledger, allow: Allow) -> Self {
        let mut wanted = Wanted::default();
        for check in applicable(profile) {
            for asked in check.rule.asked() {
                wanted.add(asked.probe.clone(), check, asked.timeout, asked.retries);
            }
        }
        wanted.add_pages(profile, ledger);
        wanted.plan(allow)
    }

    /// The pages alone.
    pub fn of_pages(profile: &Profile, ledger: &Ledger) -> Self {
        let mut wanted = Wanted::default();
        wanted.add_pages(profile, ledger);
        wanted.plan(Allow::default())
    }

    /// A single page that nothing is known of yet.
    pub fn of_page(url: &str) -> Self {
        Self {
            questions: vec![question(
                page::question(url),
                Vec::new(),
                (PAGE_TIMEOUT, PAGE_RETRIES),
                Allow::default(),
            )],
        }
    }
}

fn applicable(profile: &Profile) -> impl Iterator<Item = &Check> {
    let checks = profile.checks.iter();
    checks.filter(|check| check.not_applicable.is_none())
}

/// Questions with who wants them, the longest time limit and the most retries.
#[derive(Default)]
struct Wanted<'a>(BTreeMap<AnyProbe, (BTreeSet<&'a CheckId>, Duration, u32)>);

impl<'a> Wanted<'a> {
    fn add(&mut self, probe: AnyProbe, check: &'a Check, timeout: Duration, retries: u32) {
        let (checks, longest, most) = self
            .0
            .entry(probe)
            .or_insert_with(|| (BTreeSet::new(), timeout, retries));
        checks.insert(&check.id);
        *longest = timeout.max(*longest);
        *most = retries.max(*most);
    }

    /// The pages of words that would count if the page is what it was.
    fn add_pages(&mut self, profile: &'a Profile, ledger: &Ledger) {
        for word in ledger.attestations.iter().filter(|one| one.flaw.is_none()) {
            let Some(page) = word.page() else {
                continue;
            };
            let covered = applicable(profile)
                .filter(|check| word.target.covers(check) && check.rule.takes_word());
            for check in covered {
                let probe = page::question(&page.url);
                self.add(probe, check, PAGE_TIMEOUT, PAGE_RETRIES);
            }
        }
    }

    fn plan(self, allow: Allow) -> Plan {
        let questions = self
            .0
            .into_iter()
            .map(|(probe, (checks, timeout, retries))| {
                let checks = checks.into_iter().cloned().collect();
                question(probe, checks, (timeout, retries), allow)
            });
        Plan {
            questions: questions.collect(),
        }
    }
}

fn question(
    probe: AnyProbe,
    wanted_by: Vec<CheckId>,
    (timeout, retries): (Duration, u32),
    allow: Allow,
) -> Question {
    let contacts = probe.contacts();
    Question {
        held: held_back(&contacts, allow),
        probe,
        contacts,
        wanted_by,
        timeout,
        retries,
    }
}

fn held_back(contacts: &[Contact], allow: Allow) -> Option<ProbeError> {
    let access = contacts.iter().map(|contact| contact.access).max()?;
    match access {
        Access::Exec if !allow.exec => Some(ProbeError::new(
            Reason::AllowExec,
            "running programs needs --allow exec",
        )),
        Access::Intrusive if !allow.intrusive => Some(ProbeError::new(
            Reason::AllowIntrusive,
            "intrusive questions need --allow intrusive",
        )),
        _ => None,
    }
}
