//! How a check is decided: exactly one way, its probes valid, its expressions compiled.

use serde_json::Value;

use super::drawn::{Drawn, drawn};
use super::expression::{compile, names, spanned};
use super::measure;
use crate::check::expect::{Names, Want};
use crate::check::{Asked, Attest, Constants, Expect, Expectation, Part, Rule, StandIn};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::probe::http::Http;
use crate::probe::{AnyProbe, Probe as _};
use crate::profile::decode::{Spanned, Tree, decode};
use crate::profile::raw::{RawAttest, RawExpect, RawExplained, RawMeasure, RawPart};
use crate::profile::tree::{Entry, Kind, Node};
use crate::profile::vars::Budget;
use crate::units::Duration;

/// Parts within parts.
const DEEPEST: usize = 8;
/// Expectations of one check.
const MOST_EXPECTATIONS: usize = 200;

/// The keys that say how a check or a part is decided, values already in place.
pub(super) struct How<'a> {
    pub(super) catalogue: Option<&'a Spanned<String>>,
    pub(super) with: Option<&'a Node>,
    pub(super) probe: Option<&'a Node>,
    pub(super) probes: Option<&'a Node>,
    pub(super) expect: Option<&'a Node>,
    pub(super) measure: Option<&'a RawMeasure>,
    pub(super) attest: Option<&'a RawAttest>,
    pub(super) any: Option<&'a [Tree<RawPart>]>,
    pub(super) all: Option<&'a [Tree<RawPart>]>,
    pub(super) timeout: Option<Duration>,
    pub(super) retries: Option<u32>,
    /// Where to say that something is missing.
    pub(super) span: &'a Span,
    /// Whether every key could be read; if not, what is missing was told already.
    pub(super) clean: bool,
}

/// What deciding needs to know around it.
#[derive(Clone)]
pub(super) struct Bench<'a> {
    /// `vars`, `with`, `item`.
    pub(super) constants: Constants,
    /// The files.
    pub(super) sources: &'a Sources,
    /// How much variables may still put in.
    pub(super) budget: &'a Budget,
    /// Time limit and retries unless the check says otherwise.
    pub(super) limits: (Duration, u32),
    /// How many rules this one is within.
    pub(super) depth: usize,
}

/// A rule, with what the catalogue says about it if it came from there.
pub(super) struct Decided {
    pub(super) rule: Rule,
    pub(super) drawn: Option<Box<Drawn>>,
}

/// The rule, or `None` with everything that is wrong among `problems`.
pub(super) fn rule(
    how: &How<'_>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Decided> {
    let probing = how.probe.is_some() || how.probes.is_some();
    let expecting = how.expect.is_some() || how.measure.is_some();
    let asking = how.catalogue.is_some() || probing || expecting;
    let ways = [
        ("use", how.catalogue.is_some()),
        (
            if how.probes.is_some() {
                "probes"
            } else {
                "probe"
            },
            how.catalogue.is_none() && (probing || expecting),
        ),
        // Beside a question it stands in where that cannot be asked.
        ("attest", how.attest.is_some() && !asking),
        ("any", how.any.is_some()),
        ("all", how.all.is_some()),
    ];
    let said: Vec<&str> = ways
        .iter()
        .filter(|(_, said)| *said)
        .map(|(way, _)| *way)
        .collect();
    match said.as_slice() {
        [_] => {}
        [] => {
            if how.clean {
                problems.push(
                    Diagnostic::error("check.undecided", "nothing says how this is decided")
                        .at(how.span)
                        .help("give it `use`, `probe` with `expect`, `any`, `all`, or `attest`"),
                );
            }
            return None;
        }
        several => {
            let message = format!("decided in {} ways: {}", several.len(), several.join(", "));
            problems.push(
                Diagnostic::error("check.ambiguous", message)
                    .at(how.span)
                    .help("keep one; `all` joins several"),
            );
            return None;
        }
    }
    if bench.depth > DEEPEST {
        problems.push(
            Diagnostic::error("check.depth", "parts within parts, more than 8 deep").at(how.span),
        );
        return None;
    }
    let plain = |rule| Decided { rule, drawn: None };
    if let Some(id) = how.catalogue {
        let decided = drawn(id, how, bench, problems)?;
        return Some(Decided {
            rule: how.or_a_word(decided.rule, problems)?,
            ..decided
        });
    }
    if let Some(with) = how.with {
        problems.push(
            Diagnostic::error("check.with", "`with` without `use`")
                .at(&with.span)
                .help("`with` gives the parameters of a check of the catalogue"),
        );
    }
    if let Some(attest) = how.attest.filter(|_| !asking) {
        return attest.statement(problems).map(Rule::Attest).map(plain);
    }
    if let Some(all) = how.all {
        return parts(all, how, bench, problems).map(|parts| plain(Rule::All(parts)));
    }
    if let Some(any) = how.any {
        return parts(any, how, bench, problems).map(|parts| plain(Rule::Any(parts)));
    }
    let rule = probed(how, bench, problems)?;
    how.or_a_word(rule, problems).map(plain)
}

impl How<'_> {
    /// The rule, with the statement that may stand in for it.
    fn or_a_word(&self, rule: Rule, problems: &mut Vec<Diagnostic>) -> Option<Rule> {
        let Some(attest) = self.attest else {
            return Some(rule);
        };
        let attest = attest.statement(problems)?;
        Some(Rule::StandIn(Box::new(StandIn { rule, attest })))
    }
}

impl RawAttest {
    fn statement(&self, problems: &mut Vec<Diagnostic>) -> Option<Attest> {
        if let Some(url) = &self.document
            && let Err(invalid) = Http::get(&url.value).validate()
        {
            let message = format!("`document`: {}", invalid.message);
            let problem = Diagnostic::error("probe.invalid", message).at(&url.span);
            problems.push(problem.help("the whole address of a page"));
            return None;
        }
        Some(Attest {
            ask: self.ask.clone(),
            max_age: self.max_age,
            document: self.document.as_ref().map(|url| url.value.clone()),
        })
    }
}

/// Probes with what is expected of their facts.
fn probed(how: &How<'_>, bench: &Bench<'_>, problems: &mut Vec<Diagnostic>) -> Option<Rule> {
    let (asked, kinds) = asked(how, bench, problems)?;
    let pairs = kinds
        .iter()
        .map(|(name, kind)| (name.as_str(), kind.as_str()));
    let names = names(pairs, &bench.constants);
    let rule = match (how.expect, how.measure) {
        (Some(expect), None) => {
            let expectations = expectations(expect, &names, bench, problems)?;
            Rule::Expect(Expect {
                asked: asked?,
                constants: bench.constants.clone(),
                expectations,
            })
        }
        (None, Some(measure)) => {
            let measure = measure::resolve(measure, &names, asked, bench, problems)?;
            Rule::Measure(measure)
        }
        (Some(expect), Some(_)) => {
            let problem = Diagnostic::error("check.ambiguous", "both `expect` and `measure`");
            problems.push(problem.at(&expect.span).help("keep one"));
            return None;
        }
        (None, None) => {
            if how.clean {
                let problem = Diagnostic::error(
                    "check.unexpected",
                    "a probe without `expect`: nothing could ever fail",
                );
                problems.push(
                    problem
                        .at(how.span)
                        .help("say in `expect` what must be true of its facts"),
                );
            }
            return None;
        }
    };
    Some(rule)
}

type Kinds = Vec<(String, String)>;

/// The probes, and the kind of each by its name. Kinds are known also where a probe is wrong,
/// so that expressions can be looked at all the same.
fn asked(
    how: &How<'_>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<(Option<Vec<Asked>>, Kinds)> {
    let mut kinds = Kinds::new();
    let mut asked = Vec::new();
    let mut add = |name: Option<&str>, node: &Node, problems: &mut Vec<Diagnostic>| {
        let kind = node.entries().first().map(|entry| entry.key.text.clone());
        let kind = kind.filter(|kind| AnyProbe::KINDS.contains(&kind.as_str()));
        if let Some(kind) = &kind {
            kinds.push((name.unwrap_or(kind).to_owned(), kind.clone()));
        }
        let probe = probe(node, problems)?;
        asked.push(Asked {
            name: name.unwrap_or(probe.kind()).to_owned(),
            probe,
            timeout: how.timeout.unwrap_or(bench.limits.0),
            retries: how.retries.unwrap_or(bench.limits.1),
        });
        kind.map(|_| ())
    };
    let mut whole = true;
    match (how.probe, how.probes) {
        (Some(node), None) => whole &= add(None, node, problems).is_some(),
        (None, Some(probes)) => {
            if !matches!(probes.kind, Kind::Map(_)) || probes.entries().is_empty() {
                let message = format!(
                    "expected probes with their names, found {}",
                    probes.describe()
                );
                let problem = Diagnostic::error("profile.type", message).at(&probes.span);
                problems.push(problem.help("`probes: {name: {http: {url: …}}}`"));
                return None;
            }
            for Entry { key, value } in probes.entries() {
                if let Some(problem) = bad_name(&key.text) {
                    problems.push(problem.at(&key.span));
                }
                whole &= add(Some(&key.text), value, problems).is_some();
            }
        }
        (Some(_), Some(probes)) => {
            let problem = Diagnostic::error("check.ambiguous", "both `probe` and `probes`");
            problems.push(problem.at(&probes.span).help("keep one"));
            return None;
        }
        (None, None) => {
            if how.clean {
                let problem = Diagnostic::error("check.unasked", "an expectation without a probe");
                problems.push(problem.at(how.span).help("say in `probe` what to ask"));
            }
            return None;
        }
    }
    // Nothing is known of the facts' names where a kind is not: expressions would all be wrong.
    let count = how.probes.map_or(1, |probes| probes.entries().len());
    (kinds.len() == count).then_some((whole.then_some(asked), kinds))
}

fn bad_name(name: &str) -> Option<Diagnostic> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !starts || !plain {
        let message = format!("`{name}` cannot name a probe in expressions");
        return Some(Diagnostic::error("probe.name", message).help("letters, digits and `_`"));
    }
    matches!(name, "vars" | "with" | "item" | "now").then(|| {
        let message = format!("`{name}` has a meaning of its own in expressions");
        Diagnostic::error("probe.name", message).help("take another name")
    })
}

/// One probe, its fields' values checked.
fn probe(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<AnyProbe> {
    let read = decode::<AnyProbe>(node, problems);
    let probe = read.value.filter(|_| read.clean)?;
    let Err(invalid) = probe.validate() else {
        return Some(probe);
    };
    let fields = node.entries().first().map(|entry| &entry.value);
    let mut place = fields.unwrap_or(node);
    for step in invalid.field.split(['.', '[']) {
        let step = step.trim_end_matches(']');
        let deeper = match step.parse::<usize>() {
            Ok(index) => place.items().get(index),
            Err(_) => place.get(step),
        };
        match deeper {
            Some(deeper) => place = deeper,
            None => break,
        }
    }
    let message = format!("`{}`: {}", invalid.field, invalid.message);
    problems.push(Diagnostic::error("probe.invalid", message).at(&place.span));
    None
}

fn expectations(
    node: &Node,
    names: &Names,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Expectation>> {
    let items = match &node.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() || items.len() > MOST_EXPECTATIONS {
        let message = if items.is_empty() {
            "no expectation: nothing could ever fail"
        } else {
            "more than 200 expectations"
        };
        problems.push(Diagnostic::error("check.unexpected", message).at(&node.span));
        return None;
    }
    let mut expectations = Vec::new();
    for item in items {
        let (that, because) = match &item.kind {
            Kind::Map(_) => match decode::<RawExplained>(item, problems).value {
                Some(explained) => (explained.that, explained.because),
                None => continue,
            },
            Kind::Scalar(scalar) if !item.is_null() => (spanned(&scalar.text, &item.span), None),
            _ => {
                let message = format!("expected an expression, found {}", item.describe());
                problems.push(Diagnostic::error("profile.type", message).at(&item.span));
                continue;
            }
        };
        if let Some(expression) = compile(&that, names, Want::Truth, bench.sources, problems) {
            expectations.push(Expectation {
                expression,
                because,
            });
        }
    }
    (expectations.len() == items.len()).then_some(expectations)
}

fn parts(
    raw: &[Tree<RawPart>],
    how: &How<'_>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Part>> {
    if raw.is_empty() {
        let problem = Diagnostic::error("check.undecided", "no alternative is given");
        problems.push(problem.at(how.span));
        return None;
    }
    let bench = Bench {
        depth: bench.depth + 1,
        ..bench.clone()
    };
    let mut parts = Vec::new();
    for tree in raw {
        let read = decode::<RawPart>(&tree.node, problems);
        let Some(part) = read.value else {
            continue;
        };
        let inner = part.how(&tree.node.span, read.clean, how);
        let Some(decided) = rule(&inner, &bench, problems) else {
            continue;
        };
        let title = part
            .title
            .clone()
            .or(decided.drawn.map(|drawn| drawn.title));
        parts.push(Part {
            title: title.unwrap_or_else(|| described(&decided.rule)),
            rule: decided.rule,
        });
    }
    (parts.len() == raw.len()).then_some(parts)
}

/// A rule in a few words, where nobody gave any.
fn described(rule: &Rule) -> String {
    match rule {
        Rule::Expect(expect) => {
            let sources = expect
                .expectations
                .iter()
                .map(|one| one.expression.source());
            sources.collect::<Vec<_>>().join(" and ")
        }
        Rule::Measure(measure) => measure.value.source().to_owned(),
        Rule::Attest(attest) => attest.ask.clone(),
        Rule::StandIn(either) => described(&either.rule),
        Rule::Any(parts) | Rule::All(parts) => {
            let word = if matches!(rule, Rule::Any(_)) {
                " or "
            } else {
                " and "
            };
            let titles: Vec<&str> = parts.iter().map(|part| part.title.as_str()).collect();
            titles.join(word)
        }
    }
}

impl RawPart {
    fn how<'a>(&'a self, span: &'a Span, clean: bool, around: &How<'_>) -> How<'a> {
        How {
            catalogue: self.catalogue.as_ref(),
            with: self.with.as_ref().map(|with| &with.node),
            probe: self.probe.as_ref().map(|probe| &probe.node),
            probes: self.probes.as_ref().map(|probes| &probes.node),
            expect: self
                .expect
                .as_ref()
                .map(|expect: &Tree<RawExpect>| &expect.node),
            measure: self.measure.as_ref(),
            attest: self.attest.as_ref(),
            any: self.any.as_deref(),
            all: self.all.as_deref(),
            timeout: self.timeout.or(around.timeout),
            retries: self.retries.or(around.retries),
            span,
            clean,
        }
    }
}

/// Constants with one more.
pub(super) fn constants_with(constants: &Constants, name: &str, value: Value) -> Constants {
    let mut more = constants.as_ref().clone();
    more.insert(name.to_owned(), value.into());
    more.into()
}
