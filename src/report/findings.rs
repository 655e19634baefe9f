//! What is wrong or unknown, as people read it: one finding for each cause, the worst first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Report};
use crate::check::CheckId;
use crate::judge::Status;

/// One thing to tell: a check, or several that one cause took down.
pub(super) struct Finding<'a> {
    /// The cause, if there are several checks.
    pub(super) cause: Option<&'a str>,
    /// The checks, at least one.
    pub(super) first: &'a Check,
    /// The others.
    pub(super) others: Vec<&'a Check>,
    /// Points of the score that it would bring.
    pub(super) points: f64,
}

impl<'a> Finding<'a> {
    /// The cause that several checks share, or the check's title.
    pub(super) fn title(&self) -> &'a str {
        self.cause.unwrap_or(&self.first.title)
    }

    /// What was seen, apart from what the title says already; of several checks what holds for
    /// all of them.
    pub(super) fn details(&self) -> String {
        let lines = self.first.explanation.lines();
        let shared: Vec<&str> = lines.filter(|line| self.all_say(line)).collect();
        let shared = shared.join("\n");
        match shared.strip_prefix(self.title()) {
            Some(rest) => rest.trim_start_matches([':', ' ', '\n']).to_owned(),
            None => shared,
        }
    }

    fn all_say(&self, line: &str) -> bool {
        let mut others = self.others.iter();
        others.all(|other| other.explanation.lines().any(|said| said == line))
    }

    /// All its checks.
    pub(super) fn checks(&self) -> impl Iterator<Item = &'a Check> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// The findings of a report, each list with what to fix first first.
pub(super) struct Findings<'a> {
    /// What failed.
    pub(super) failed: Vec<Finding<'a>>,
    /// What earned part of its credit.
    pub(super) partial: Vec<Finding<'a>>,
    /// What could not be found out.
    pub(super) unknown: Vec<Finding<'a>>,
}

impl<'a> Findings<'a> {
    /// Sorts out a report.
    pub(super) fn of(report: &'a Report) -> Self {
        let mut findings = Self {
            failed: Vec::new(),
            partial: Vec::new(),
            unknown: Vec::new(),
        };
        let by_id: BTreeMap<&CheckId, &Check> = report
            .checks
            .iter()
            .map(|check| (&check.id, check))
            .collect();
        let mut told: BTreeSet<&CheckId> = BTreeSet::new();
        for remedy in &report.fix_first {
            told.extend(&remedy.checks);
            let mut checks = remedy.checks.iter().filter_map(|id| by_id.get(id).copied());
            let Some(first) = checks.next() else {
                continue;
            };
            let others: Vec<_> = checks.collect();
            findings.add(Finding {
                cause: (!others.is_empty()).then_some(remedy.title.as_str()),
                first,
                others,
                points: remedy.points + remedy.unlocked,
            });
        }
        // What weighs nothing is not worth fixing first, but it is told.
        for check in report
            .checks
            .iter()
            .filter(|check| !told.contains(&check.id))
        {
            findings.add(Finding {
                cause: None,
                first: check,
                others: Vec::new(),
                points: 0.0,
            });
        }
        findings
    }

    fn add(&mut self, finding: Finding<'a>) {
        match finding.first.status {
            Status::Fail => self.failed.push(finding),
            Status::Warn => self.partial.push(finding),
            status if status.is_unknown() => self.unknown.push(finding),
            _ => {}
        }
    }
}
