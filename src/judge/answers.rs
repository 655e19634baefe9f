//! The evidence of a run made ready for judging: found by question, converted once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::expect::{Data, Scope};
use crate::check::{Asked, Constants};
use crate::evidence::{Evidence, Observation, Outcome};
use crate::probe::{AnyProbe, ProbeError};
use crate::reason::Reason;

/// All answers of one run, by question. Facts are made ready for expressions here, once,
/// however many checks look at them.
#[derive(Debug)]
pub struct Answers<'a> {
    now: Timestamp,
    by_probe: BTreeMap<&'a AnyProbe, Answer<'a>>,
}

#[derive(Debug)]
struct Answer<'a> {
    observation: &'a Observation,
    /// `None` if there is no answer but an error.
    data: Option<Data>,
}

impl<'a> Answers<'a> {
    /// Indexes the evidence of a run; its start is the `now` of expressions.
    pub fn new(evidence: &'a Evidence) -> Self {
        let answers = evidence.observations.iter().map(|observation| {
            let data = match &observation.outcome {
                Outcome::Answer { facts, .. } => Some(Data::from_json(facts)),
                Outcome::Error(_) => None,
            };
            (&observation.probe, Answer { observation, data })
        });
        Self {
            now: evidence.started,
            by_probe: answers.collect(),
        }
    }

    /// When the run started.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// What was observed for a question, if it was asked at all.
    pub(super) fn observation(&self, probe: &AnyProbe) -> Option<&'a Observation> {
        let answer = self.by_probe.get(probe)?;
        Some(answer.observation)
    }

    /// Why a question has no answer; `None` if it has one.
    pub(super) fn error(&self, asked: &Asked) -> Option<ProbeError> {
        match self.observation(&asked.probe).map(|found| &found.outcome) {
            Some(Outcome::Answer { .. }) => None,
            Some(Outcome::Error(error)) => Some(error.clone()),
            None => Some(ProbeError::new(
                Reason::EvidenceMissing,
                format!("the evidence has no answer to: {}", asked.probe.reproduce()),
            )),
        }
    }

    /// What expressions of a check see: facts under the names it gives them, and constants.
    pub(super) fn scope(&self, asked: &[Asked], constants: &Constants) -> Scope {
        let mut scope = Scope::new(self.now);
        for (name, value) in constants.iter() {
            scope = scope.with(name, Data::from_json(value));
        }
        for asked in asked {
            if let Some(error) = self.error(asked) {
                scope = scope.with_gap(&asked.name, error);
            }
            let Some(answer) = self.by_probe.get(&asked.probe) else {
                continue;
            };
            if let Some(data) = &answer.data {
                scope = scope.with(&asked.name, data.clone());
            }
            if let Outcome::Answer { gaps, .. } = &answer.observation.outcome {
                for (path, error) in gaps {
                    scope = scope.with_gap(format!("{}.{path}", asked.name), error.clone());
                }
            }
        }
        scope
    }

    /// How often the one of these questions was asked that was asked most often.
    pub(super) fn attempts(&self, asked: &[Asked]) -> u32 {
        let attempts = asked
            .iter()
            .filter_map(|asked| Some(self.observation(&asked.probe)?.attempts));
        attempts.max().unwrap_or_default()
    }
}
