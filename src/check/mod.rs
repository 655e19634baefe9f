//! One leaf of a profile: what must hold, why it matters and how to fix it.
//!
//! These are valid checks, made by `profile`; how they are written in YAML is not known here.

pub mod expect;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::AnyProbe;
use crate::units::{Duration, Period};
use expect::Expression;

/// A check's name, unique in a profile and stable for as long as people refer to it:
/// `zebu.pre.https.valid-cert`, `tls/certificate-valid`, or with the item of a `for_each`,
/// `zebu.ports[5432]`.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CheckId(pub String);

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much harm a failure does; gives the check its weight.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Weight 1.
    Low,
    /// Weight 2.
    #[default]
    Medium,
    /// Weight 5.
    High,
    /// Weight 10.
    Critical,
}

impl Impact {
    /// The weight in the score.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Low => 1.0,
            Self::Medium => 2.0,
            Self::High => 5.0,
            Self::Critical => 10.0,
        }
    }
}

/// How much work it is to fix, not to check.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Minutes.
    Low,
    /// Hours.
    #[default]
    Medium,
    /// Days.
    High,
}

impl Effort {
    /// How much a point is worth when it is this much work, for fix-first.
    pub const fn ease(self) -> f64 {
        match self {
            Self::Low => 1.0,
            Self::Medium => 0.5,
            Self::High => 0.25,
        }
    }
}

/// One thing that must hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its unique name.
    pub id: CheckId,
    /// What holds when it passes, in a few words.
    pub title: String,
    /// Path of its section, `pre.https`; empty at the top of the profile.
    pub section: String,
    /// The built-in check it was made from, `tls/certificate-valid`.
    pub catalogue: Option<String>,
    /// How it is decided.
    pub rule: Rule,
    /// Why it is not applicable: a `when:` that is false, or dropped with a reason.
    pub not_applicable: Option<String>,
    /// Whether it is shown but never scored.
    pub info: bool,
    /// Whether its failure means NOT READY whatever the score.
    pub blocker: bool,
    /// Whether people say that it is done.
    pub claimed: bool,
    /// How much harm a failure does.
    pub impact: Impact,
    /// How much work it is to fix.
    pub effort: Effort,
    /// Weight in the score, by `impact` unless given.
    pub weight: f64,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Place among what to fix first, whatever its points are.
    pub rank: Option<u32>,
    /// What fixing it costs, in words.
    pub cost: Option<String>,
    /// What is known to be missing, in words.
    pub known_gap: Option<String>,
    /// Why it matters.
    pub why: Option<String>,
    /// How to look by hand.
    pub verify: Option<String>,
    /// How to fix it.
    pub fix: Vec<Fix>,
    /// Further reading.
    pub refs: Vec<String>,
}

/// A way to fix a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What it is for (`nginx`, `Caddy`, `Express`); `None` for words that fit everywhere.
    pub with: Option<String>,
    /// What to do.
    pub text: String,
}

/// How a check is decided.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Every expectation holds of the facts.
    Expect(Expect),
    /// A number on its way to a target, with partial credit.
    Measure(Measure),
    /// A person says so.
    Attest(Attest),
    /// Decided by probes, or by a person's word where they could not be asked.
    StandIn(Box<StandIn>),
    /// At least one alternative passes.
    Any(Vec<Part>),
    /// Every part passes.
    All(Vec<Part>),
}

/// One part of an `any:` or `all:`.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it looks at, in a few words.
    pub title: String,
    /// How it is decided.
    pub rule: Rule,
}

/// A probe under the name that expressions know it by.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The probe's kind, or the name given under `probes:`.
    pub name: String,
    /// The question.
    pub probe: AnyProbe,
    /// How long it may take.
    pub timeout: Duration,
    /// How often it is asked again on trouble on the way.
    pub retries: u32,
}

/// What expressions see beside facts: `vars` and `with`.
pub type Constants = Arc<BTreeMap<String, Arc<Value>>>;

/// Expectations over facts.
#[derive(Clone, Debug)]
pub struct Expect {
    /// The probes, each with a name of its own.
    pub asked: Vec<Asked>,
    /// `vars` and `with`.
    pub constants: Constants,
    /// All must be true. Never empty.
    pub expectations: Vec<Expectation>,
}

/// One expression that must be true.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The expression.
    pub expression: Expression,
    /// What it means when it is false, in the author's words.
    pub because: Option<String>,
}

/// A number on its way to a target.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The probes, each with a name of its own.
    pub asked: Vec<Asked>,
    /// `vars` and `with`.
    pub constants: Constants,
    /// The number, or a word where there are any.
    pub value: Expression,
    /// Full credit from here on; without it only words earn any.
    pub target: Option<f64>,
    /// Half credit from here on, none before; without it credit is all or nothing.
    pub warn_at: Option<f64>,
    /// Unit to print.
    pub unit: Option<String>,
    /// Words that it may be instead of a number, and what share of the weight each earns.
    pub words: Vec<(String, f64)>,
    /// What it was when the checklist was written.
    pub was: Option<String>,
    /// What it is called where the answer does not have it. That earns nothing.
    pub absent: Option<String>,
}

impl Measure {
    /// Whether less is better.
    pub fn is_lower_better(&self) -> bool {
        match (self.target, self.warn_at) {
            (Some(target), Some(warn_at)) => warn_at > target,
            _ => false,
        }
    }

    /// What is aimed at: `100 %`, `at most 4 h`, `Passed`.
    pub fn aim(&self) -> String {
        let number = self.target.map(|target| {
            let bound = if self.is_lower_better() {
                "at most "
            } else {
                ""
            };
            format!("{bound}{}", self.with_unit(target))
        });
        let words = self.words.iter().filter(|(_, credit)| *credit >= 1.0);
        let words = words.map(|(word, _)| word.clone());
        number
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" or ")
    }

    /// From where on it is on its way: `from 80 %`, `to 8 h`, `at Scheduled`.
    pub fn amber(&self) -> Option<String> {
        let number = self.warn_at.map(|warn_at| {
            let way = if self.is_lower_better() { "to" } else { "from" };
            format!("{way} {}", self.with_unit(warn_at))
        });
        let partly = |credit: f64| credit > 0.0 && credit < 1.0;
        let words = self.words.iter().filter(|(_, credit)| partly(*credit));
        let words = words.map(|(word, _)| format!("at {word}"));
        let all: Vec<String> = number.into_iter().chain(words).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// `87.5 %`, to four digits after the point: more is not what people read.
    pub fn with_unit(&self, value: f64) -> String {
        let rounded = (value * 1e4).round() / 1e4;
        let shown = if rounded == 0.0 { value } else { rounded };
        match self.unit.as_deref().map(str::trim) {
            Some(unit) if !unit.is_empty() => format!("{shown} {unit}"),
            _ => shown.to_string(),
        }
    }
}

/// A person's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attest {
    /// What the person is asked to do and note.
    pub ask: String,
    /// How long a statement is good for.
    pub max_age: Option<Period>,
    /// Address of the page that a statement must be about, as it is now.
    pub document: Option<String>,
}

/// A rule with a person's statement for where it could not be asked.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The rule.
    pub rule: Rule,
    /// The statement; it never overrules an answer.
    pub attest: Attest,
}

impl Rule {
    /// Every probe that deciding it takes.
    pub fn asked(&self) -> Vec<&Asked> {
        match self {
            Self::Expect(expect) => expect.asked.iter().collect(),
            Self::Measure(measure) => measure.asked.iter().collect(),
            Self::Attest(_) => Vec::new(),
            Self::StandIn(either) => either.rule.asked(),
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().flat_map(|part| part.rule.asked()).collect()
            }
        }
    }

    /// What is measured to decide it.
    pub fn measures(&self) -> Vec<&Measure> {
        match self {
            Self::Expect(_) | Self::Attest(_) => Vec::new(),
            Self::Measure(measure) => vec![measure],
            Self::StandIn(either) => either.rule.measures(),
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().flat_map(|part| part.rule.measures()).collect()
            }
        }
    }

    /// The statements that may decide it or a part of it.
    pub fn attests(&self) -> Vec<&Attest> {
        match self {
            Self::Expect(_) | Self::Measure(_) => Vec::new(),
            Self::Attest(attest) => vec![attest],
            Self::StandIn(either) => {
                let within = either.rule.attests().into_iter();
                within.chain([&either.attest]).collect()
            }
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().flat_map(|part| part.rule.attests()).collect()
            }
        }
    }

    /// Whether a person's statement may decide it or a part of it.
    pub fn takes_word(&self) -> bool {
        !self.attests().is_empty()
    }
}
