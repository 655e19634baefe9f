//! What people write: the keys of a profile and of a catalogue check.
//!
//! The JSON Schemas for editors are made from these types, so each key is described here and
//! nowhere else. Whether the values make sense together is not known here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::decode::{Named, Spanned, Tree};
use crate::check::{Effort, Impact};
use crate::probe::AnyProbe;
use crate::units::{Duration, Period};

/// A production-readiness checklist.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Profile")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    /// Version of this format: 1.
    #[schemars(required)]
    pub(crate) ready: Option<Spanned<u32>>,
    /// Short name of the profile, in lower case.
    #[schemars(required)]
    pub(crate) id: Option<Spanned<String>>,
    /// Title at the top of the report.
    pub(crate) title: Option<String>,
    /// What it is for.
    pub(crate) about: Option<String>,
    /// Profiles that this one builds on: ids of built-in ones, or paths from this file.
    #[serde(default)]
    #[expect(dead_code, reason = "taken from the tree before it is read")]
    pub(crate) extends: Option<Tree<OneOrMany<String>>>,
    /// Variables, used as `${name}` in values and `vars.name` in expressions.
    #[serde(default)]
    pub(crate) vars: Named<RawVar>,
    /// Secrets, used as `${secrets.NAME}` in probes. Values come from the environment or a file.
    #[serde(default)]
    pub(crate) secrets: Named<RawSecret>,
    /// What checks do unless they say otherwise.
    #[serde(default)]
    pub(crate) defaults: RawDefaults,
    /// Score from 0 to 100 that the whole must reach.
    pub(crate) minimum: Option<Spanned<f64>>,
    /// Percentage of the weight, 0 to 100, that must be known.
    pub(crate) min_coverage: Option<Spanned<f64>>,
    /// Whether every `sign_off` must be there for the verdict to be ready.
    #[serde(default)]
    pub(crate) require_sign_offs: bool,
    /// Whether nobody may sign off for two roles.
    #[serde(default)]
    pub(crate) distinct_approvers: bool,
    /// The tree of sections.
    #[serde(default)]
    pub(crate) sections: Vec<RawSection>,
    /// Checks outside of sections, and changes to checks of the profiles it extends.
    #[serde(default)]
    pub(crate) checks: Vec<Tree<RawCheck>>,
}

/// One value or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "the lists are read from the tree; this is their schema"
)]
pub(crate) enum OneOrMany<T> {
    /// One.
    One(T),
    /// Many.
    Many(Vec<T>),
}

/// A variable.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Variable")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawVar {
    /// What it is for.
    pub(crate) about: Option<String>,
    /// Whether a value must be given with `--set name=value`.
    #[serde(default)]
    pub(crate) required: bool,
    /// A value as it would be written after `--set name=`, for help alone.
    pub(crate) example: Option<String>,
    /// Its value unless one is given; may use other variables.
    pub(crate) default: Option<Tree<Value>>,
    /// The only values that it may have.
    pub(crate) one_of: Option<Tree<Vec<Value>>>,
    /// Type of the value; by default that of `default`, or `string`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<VarType>,
}

/// Type of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VarType {
    /// Text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list; on the command line separated by commas.
    List,
}

/// A secret.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Secret")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSecret {
    /// What it is for, and what it must be allowed to do.
    pub(crate) about: Option<String>,
    /// Whether the profile is of use without it.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// What checks do unless they say otherwise.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Defaults")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDefaults {
    /// How long one question may take; 10s unless given.
    pub(crate) timeout: Option<Duration>,
    /// How often a question is asked again after trouble on the way; 1 unless given.
    pub(crate) retries: Option<u32>,
    /// Lets a person's word, for so long, stand in for every question that takes a secret or
    /// `--allow` and could not be asked. It never overrules an answer.
    pub(crate) stand_in: Option<Period>,
}

/// A node of the tree.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Section")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSection {
    /// Short name, unique among its neighbours.
    pub(crate) id: Spanned<String>,
    /// Title; by default the id.
    pub(crate) title: Option<String>,
    /// Score from 0 to 100 that its checks must reach; makes it a stage.
    pub(crate) minimum: Option<Spanned<f64>>,
    /// When it is due, in words.
    pub(crate) when_due: Option<String>,
    /// Who approves it.
    pub(crate) sign_off: Option<RawSignOff>,
    /// Sections below.
    #[serde(default)]
    pub(crate) sections: Vec<RawSection>,
    /// Its checks.
    #[serde(default)]
    pub(crate) checks: Vec<Tree<RawCheck>>,
}

/// Who approves a section.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "SignOff")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignOff {
    /// The role.
    pub(crate) role: String,
}

/// One check: what must hold, why, and how to fix it. How it is decided is said in exactly one
/// way: `use`, `probe` or `probes` with `expect` or `measure`, `any`, `all`, or `attest`. Beside
/// `use` or a probe, `attest` lets a statement stand in where the question cannot be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Check")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCheck {
    /// Unique name, stable for as long as people refer to it; by default that of `use`.
    pub(crate) id: Option<Spanned<String>>,
    /// What holds when it passes, in a few words.
    pub(crate) title: Option<String>,
    /// Why it matters.
    pub(crate) why: Option<String>,
    /// How to look by hand.
    pub(crate) verify: Option<String>,
    /// How to fix it.
    pub(crate) fix: Option<Tree<RawFixes>>,
    /// Further reading.
    pub(crate) refs: Option<Vec<String>>,
    /// Words to select it by.
    pub(crate) tags: Option<Vec<String>>,
    /// Who answers for it.
    pub(crate) owner: Option<String>,
    /// Place among what to fix first, 1 before 2, whatever its points are.
    pub(crate) rank: Option<u32>,
    /// What fixing it costs, in words: `$5 a month`.
    pub(crate) cost: Option<String>,
    /// What is known to be missing, in words. It still counts; the report says that it is known.
    pub(crate) known_gap: Option<String>,
    /// How much harm a failure does: critical 10, high 5, medium 2, low 1.
    pub(crate) impact: Option<Impact>,
    /// How much work it is to fix: low, medium, high.
    pub(crate) effort: Option<Effort>,
    /// Whether its failure means NOT READY whatever the score.
    pub(crate) blocker: Option<bool>,
    /// Weight in the score, instead of that of `impact`.
    pub(crate) weight: Option<Spanned<f64>>,
    /// Whether it is shown but never scored.
    pub(crate) info: Option<bool>,
    /// Whether people say that it is done; an audit says whether that is so.
    pub(crate) claimed: Option<bool>,
    /// A condition on variables; where it is false the check is not applicable.
    pub(crate) when: Option<Spanned<String>>,
    /// Why the check is not applicable here; it is then never asked.
    pub(crate) drop: Option<Spanned<String>>,
    /// Makes one check of each item, known as `${item}` and, in expressions, `item`.
    #[expect(dead_code, reason = "taken from the tree before it is read")]
    pub(crate) for_each: Option<Tree<RawForEach>>,
    /// A check of the catalogue.
    #[serde(rename = "use")]
    pub(crate) catalogue: Option<Spanned<String>>,
    /// Parameters of the check in `use`.
    pub(crate) with: Option<Tree<BTreeMap<String, Value>>>,
    /// The question to ask; its facts are known by the kind's name.
    pub(crate) probe: Option<Tree<AnyProbe>>,
    /// Several questions; the facts of each are known by the name given here.
    pub(crate) probes: Option<Tree<BTreeMap<String, AnyProbe>>>,
    /// What must be true of the facts; every expression must hold.
    pub(crate) expect: Option<Tree<RawExpect>>,
    /// A number on its way to a target, with partial credit.
    pub(crate) measure: Option<RawMeasure>,
    /// A person's statement, for what no probe can see; beside a probe, for when it cannot ask.
    pub(crate) attest: Option<RawAttest>,
    /// Passes if any of these passes.
    pub(crate) any: Option<Vec<Tree<RawPart>>>,
    /// Passes if all of these pass.
    pub(crate) all: Option<Vec<Tree<RawPart>>>,
    /// How long its questions may take.
    pub(crate) timeout: Option<Duration>,
    /// How often its questions are asked again after trouble on the way.
    pub(crate) retries: Option<u32>,
}

/// One part of an `any` or `all`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Part")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPart {
    /// What it looks at, in a few words.
    pub(crate) title: Option<String>,
    /// A check of the catalogue.
    #[serde(rename = "use")]
    pub(crate) catalogue: Option<Spanned<String>>,
    /// Parameters of the check in `use`.
    pub(crate) with: Option<Tree<BTreeMap<String, Value>>>,
    /// The question to ask.
    pub(crate) probe: Option<Tree<AnyProbe>>,
    /// Several questions, each with a name.
    pub(crate) probes: Option<Tree<BTreeMap<String, AnyProbe>>>,
    /// What must be true of the facts.
    pub(crate) expect: Option<Tree<RawExpect>>,
    /// A number on its way to a target.
    pub(crate) measure: Option<RawMeasure>,
    /// A person's statement.
    pub(crate) attest: Option<RawAttest>,
    /// Passes if any of these passes.
    pub(crate) any: Option<Vec<Tree<RawPart>>>,
    /// Passes if all of these pass.
    pub(crate) all: Option<Vec<Tree<RawPart>>>,
    /// How long its questions may take.
    pub(crate) timeout: Option<Duration>,
    /// How often its questions are asked again after trouble on the way.
    pub(crate) retries: Option<u32>,
}

/// One expression or several.
pub(crate) type RawExpect = OneOrMany<RawExpectation>;

/// An expression that must be true.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Expectation")]
#[serde(untagged)]
#[expect(dead_code, reason = "told apart in the tree; this is its schema")]
pub(crate) enum RawExpectation {
    /// The expression.
    Bare(String),
    /// The expression with its meaning.
    Explained(RawExplained),
}

/// An expression with what it means when it is false.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Explained")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExplained {
    /// A CEL expression over facts that must be true.
    pub(crate) that: Spanned<String>,
    /// What it means when it is false.
    pub(crate) because: Option<String>,
}

/// A number or a word on its way to a target.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Measure")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMeasure {
    /// A CEL expression over facts that gives a number, or with `words` a text.
    pub(crate) value: Spanned<String>,
    /// Full credit from here on. Needed unless there are `words`.
    pub(crate) target: Option<f64>,
    /// Half credit from here on. Above the target where less is better.
    pub(crate) warn_at: Option<Spanned<f64>>,
    /// Unit to print.
    pub(crate) unit: Option<String>,
    /// Words that the value may be, with the credit of each from 0 to 1:
    /// `{Passed: 1, Scheduled: 0.5, Never: 0}`. Any other text earns nothing.
    #[serde(default)]
    pub(crate) words: Named<Spanned<f64>>,
    /// What it was when the checklist was written, as it stands there: `30 %`, `Never`. The
    /// report shows it beside what it is now.
    pub(crate) was: Option<String>,
    /// What it is called where the answer does not have it, such as `Never` for what has not
    /// happened yet. That earns nothing.
    pub(crate) absent: Option<Spanned<String>>,
}

/// A person's statement.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Attest")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAttest {
    /// What the person is asked to do and note.
    pub(crate) ask: String,
    /// How long a statement is good for: `quarterly`, or `90d`; a year unless given.
    pub(crate) max_age: Option<Period>,
    /// Address of the page that the statement is about. It counts while the page says what it
    /// said; each run that has a statement looks.
    pub(crate) document: Option<Spanned<String>>,
}

/// A way to fix it, or several.
pub(crate) type RawFixes = OneOrMany<RawFix>;

/// A way to fix it.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Fix")]
#[serde(untagged)]
#[expect(dead_code, reason = "told apart in the tree; this is its schema")]
pub(crate) enum RawFix {
    /// Words that fit everywhere.
    Anywhere(String),
    /// Words for one server, framework or product.
    Somewhere(RawFixWith),
}

/// How to fix it with one server, framework or product.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FixWith")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFixWith {
    /// The server, framework or product.
    pub(crate) with: String,
    /// What to do.
    pub(crate) text: String,
}

/// What a check is made for each of: a list, a variable that is a list, or a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ForEach")]
#[serde(untagged)]
#[expect(dead_code, reason = "told apart in the tree; this is its schema")]
pub(crate) enum RawForEach {
    /// A list of values or maps.
    List(Vec<Value>),
    /// A variable that is a list, as `${name}`.
    Variable(String),
    /// A file with one item on each line.
    File(RawFile),
}

/// A file with one item on each line; empty lines and lines that start with `#` do not count.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Lines")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    /// Path from the profile.
    pub(crate) file: Spanned<String>,
}

/// A check of the catalogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogueCheck")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCatalogueCheck {
    /// What holds when it passes, in a few words.
    pub(crate) title: String,
    /// One or two plain sentences on the harm of a failure.
    pub(crate) why: String,
    /// How to look by hand.
    pub(crate) verify: String,
    /// How to fix it.
    pub(crate) fix: Tree<RawFixes>,
    /// Further reading.
    pub(crate) refs: Vec<String>,
    /// Typed parameters, used as `${name}` in texts and probes and `with.name` in expressions.
    #[serde(default)]
    pub(crate) params: Named<RawParam>,
    /// How much harm a failure does.
    #[serde(default)]
    pub(crate) impact: Impact,
    /// How much work it is to fix.
    #[serde(default)]
    pub(crate) effort: Effort,
    /// Words to select it by.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// What it takes to ask.
    #[serde(default)]
    pub(crate) needs: super::catalogue::Needs,
    /// Whether it is shown but never scored.
    #[serde(default)]
    pub(crate) info: bool,
    /// The question to ask.
    pub(crate) probe: Option<Tree<AnyProbe>>,
    /// Several questions, each with a name.
    pub(crate) probes: Option<Tree<BTreeMap<String, AnyProbe>>>,
    /// What must be true of the facts.
    pub(crate) expect: Option<Tree<RawExpect>>,
    /// A number on its way to a target.
    pub(crate) measure: Option<Tree<RawMeasure>>,
    /// A person's statement.
    pub(crate) attest: Option<Tree<RawAttest>>,
    /// Passes if any of these passes.
    pub(crate) any: Option<Vec<Tree<RawPart>>>,
    /// Passes if all of these pass.
    pub(crate) all: Option<Vec<Tree<RawPart>>>,
    /// How long its questions may take.
    pub(crate) timeout: Option<Duration>,
    /// How often its questions are asked again after trouble on the way.
    pub(crate) retries: Option<u32>,
    /// How people write in their checklists what this check looks at.
    #[serde(default)]
    pub(crate) matches: super::matching::RawMatches,
    /// Small answers and the verdict that each must give.
    #[serde(default)]
    pub(crate) examples: Vec<RawExample>,
}

/// A parameter of a catalogue check.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Parameter")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawParam {
    /// Type of its value.
    #[serde(rename = "type")]
    pub(crate) kind: super::catalogue::ParamType,
    /// What it is for.
    pub(crate) about: String,
    /// Whether a value must be given.
    #[serde(default)]
    pub(crate) required: bool,
    /// Its value unless one is given.
    pub(crate) default: Option<Tree<Value>>,
    /// A value for documentation, where its name does not do as one.
    pub(crate) example: Option<Tree<Value>>,
}

/// A small answer and the verdict that it must give.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Example")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExample {
    /// Facts, by the name that expressions know them by.
    pub(crate) facts: Option<Tree<BTreeMap<String, Value>>>,
    /// Reason codes that questions ended with instead of an answer.
    pub(crate) errors: Option<Tree<BTreeMap<String, String>>>,
    /// Parameters that differ from their defaults.
    pub(crate) with: Option<Tree<BTreeMap<String, Value>>>,
    /// The verdict.
    pub(crate) verdict: crate::judge::Status,
    /// Its reason code.
    pub(crate) reason: Option<crate::reason::Reason>,
}
