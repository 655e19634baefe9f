//! Which questions a profile takes: every probe once, and who wants its answer.
//!
//! Nothing is contacted here. A question that is not allowed is kept, held back with its
//! reason, so that the report can say what was not asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::check::CheckId;
use crate::probe::{Access, AnyProbe, Contact, ProbeError};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::units::Duration;

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
    /// The questions that the applicable checks of `profile` take.
    pub fn of(profile: &Profile, allow: Allow) -> Self {
        let mut wanted: BTreeMap<&AnyProbe, (BTreeSet<&CheckId>, Duration, u32)> = BTreeMap::new();
        let applicable = profile
            .checks
            .iter()
            .filter(|check| check.not_applicable.is_none());
        for check in applicable {
            for asked in check.rule.asked() {
                let (checks, timeout, retries) = wanted
                    .entry(&asked.probe)
                    .or_insert_with(|| (BTreeSet::new(), asked.timeout, asked.retries));
                checks.insert(&check.id);
                *timeout = asked.timeout.max(*timeout);
                *retries = asked.retries.max(*retries);
            }
        }
        let questions = wanted
            .into_iter()
            .map(|(probe, (checks, timeout, retries))| {
                let contacts = probe.contacts();
                Question {
                    held: held_back(&contacts, allow),
                    probe: probe.clone(),
                    contacts,
                    wanted_by: checks.into_iter().cloned().collect(),
                    timeout,
                    retries,
                }
            })
            .collect();
        Self { questions }
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
