//! What people wrote into valid checks, with all problems told at once.
//!
//! Nothing is contacted and no secret is looked at.

mod check;
mod drawn;
mod each;
mod expand;
mod expression;
mod measure;
mod rule;
mod runs;
mod variables;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::catalogue::{self, CatalogueCheck};
use super::decode::{Spanned, decode};
use super::load::Loader;
use super::raw::{RawFixWith, RawProfile, RawSecret, RawSection};
use super::tree::{Kind, Node};
use super::vars::Budget;
use super::{Profile, SecretSpec, Section, SignOff};
use crate::check::{Check, CheckId, Fix};
use crate::diagnostic::{Diagnostic, Span};
use crate::evidence::ProfileRef;
use crate::host::Host;
use crate::units::Duration;
use check::Workshop;
use rule::{Bench, How};

/// Time limit of a question unless the profile says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Retries of a question unless the profile says otherwise.
const RETRIES: u32 = 1;

/// The valid profile; if there are errors among the loader's problems, it is not to be used.
pub(super) fn resolve(
    node: &Node,
    loader: &mut Loader,
    set: &BTreeMap<String, String>,
    host: &Host,
) -> Option<Profile> {
    let mut problems = Vec::new();
    let raw = decode::<RawProfile>(node, &mut problems).value;
    let Some(raw) = raw else {
        loader.problems.extend(problems);
        return None;
    };
    check_header(&raw, node, &mut problems);
    let budget = Budget::default();
    let values = variables::values(&raw.vars, set, &loader.sources, &budget, &mut problems);
    let unset = variables::unset(&raw.vars, set);
    let secrets =
        variables::secret_names(raw.secrets.0.iter().map(|(name, _)| name.value.as_str()));
    let vars = Value::Object(values.clone().into_iter().collect());
    let mut workshop = Workshop {
        sources: &loader.sources,
        budget: &budget,
        values,
        secrets,
        constants: BTreeMap::from([("vars".to_owned(), vars.into())]).into(),
        limits: (
            raw.defaults.timeout.unwrap_or(TIMEOUT),
            raw.defaults.retries.unwrap_or(RETRIES),
        ),
        stand_in: raw.defaults.stand_in,
        folder: loader.folder.as_deref(),
        now: host.now,
        problems,
        read: Vec::new(),
        seen: HashMap::new(),
        checks: Vec::new(),
    };
    let sections = sections(&raw.sections, "", &mut workshop);
    for check in &raw.checks {
        workshop.add(&check.node, "");
    }
    let sha256 = hash(node, loader, set, &workshop.read);
    let Workshop {
        values,
        checks,
        seen,
        mut problems,
        ..
    } = workshop;
    let id = raw.id.map(|id| id.value).unwrap_or_default();
    problems.extend(runs::unknown(&id, &checks, &seen));
    // What follows from a variable without a value is told once, as that.
    problems.retain(|problem| {
        problem.code == variables::UNSET || !variables::speaks_of(problem, &unset, &loader.sources)
    });
    if checks.is_empty() && problems.is_empty() && loader.problems.is_empty() {
        let problem = Diagnostic::warning("profile.empty", "this profile has no checks");
        problems.push(problem.at(&node.span));
    }
    loader.problems.extend(problems);
    Some(Profile {
        title: raw.title.unwrap_or_else(|| id.clone()),
        identity: ProfileRef { id, sha256 },
        about: raw.about.clone(),
        minimum: raw.minimum.as_ref().map(|minimum| minimum.value),
        min_coverage: raw.min_coverage.as_ref().map(|minimum| minimum.value),
        require_sign_offs: raw.require_sign_offs,
        distinct_approvers: raw.distinct_approvers,
        vars: values,
        secrets: raw.secrets.0.iter().map(secret).collect(),
        sections,
        checks,
    })
}

fn check_header(raw: &RawProfile, node: &Node, problems: &mut Vec<Diagnostic>) {
    for (key, example) in [("ready", "ready: 1"), ("id", "id: my-service")] {
        if node.get(key).is_none() {
            problems.push(
                Diagnostic::error(
                    "profile.missing-key",
                    format!("this profile has no `{key}`"),
                )
                .at(&node.span)
                .help(format!("write `{example}`")),
            );
        }
    }
    if let Some(ready) = raw.ready.as_ref().filter(|ready| ready.value != 1) {
        let message = format!(
            "format version {} is not known to this program",
            ready.value
        );
        let problem = Diagnostic::error("profile.version", message).at(&ready.span);
        problems.push(problem.help("write `ready: 1`, or take a newer `ready`"));
    }
    let odd = |c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c);
    let odd_id = |id: &&Spanned<String>| id.value.is_empty() || id.value.contains(odd);
    if let Some(id) = raw.id.as_ref().filter(odd_id) {
        let message = format!("`{}` cannot be a profile's id", id.value);
        let problem = Diagnostic::error("profile.id", message);
        problems.push(
            problem
                .at(&id.span)
                .help("letters, digits, `-`, `_` and `.`"),
        );
    }
    for minimum in [&raw.minimum, &raw.min_coverage] {
        check_percentage(minimum.as_ref(), problems);
    }
    for (name, _) in &raw.secrets.0 {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.value.is_empty() || !name.value.chars().all(plain) {
            let problem = Diagnostic::error(
                "secrets.name",
                format!("`{}` cannot be a secret's name", name.value),
            );
            problems.push(
                problem
                    .at(&name.span)
                    .help("letters, digits and `_`, as environment variables have"),
            );
        }
    }
}

fn check_percentage(minimum: Option<&Spanned<f64>>, problems: &mut Vec<Diagnostic>) {
    if let Some(minimum) = minimum
        && !(0.0..=100.0).contains(&minimum.value)
    {
        let message = format!("{} is not between 0 and 100", minimum.value);
        problems.push(Diagnostic::error("profile.percentage", message).at(&minimum.span));
    }
}

fn secret((name, raw): &(Spanned<String>, RawSecret)) -> SecretSpec {
    SecretSpec {
        name: name.value.clone(),
        optional: raw.optional,
        about: raw.about.clone(),
    }
}

/// The sections, their checks made on the way.
fn sections(raw: &[RawSection], above: &str, workshop: &mut Workshop<'_>) -> Vec<Section> {
    let mut seen: HashMap<&str, &Span> = HashMap::new();
    let mut made = Vec::with_capacity(raw.len());
    for section in raw {
        let id = section.id.value.as_str();
        if let Some(first) = seen.insert(id, &section.id.span) {
            let problem = Diagnostic::error(
                "section.duplicate-id",
                format!("two sections are called `{id}`"),
            )
            .at(&section.id.span)
            .label("again here")
            .related(first, "first here");
            workshop
                .problems
                .push(problem.help("put the checks of both into one"));
        }
        let odd = |c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c);
        if id.is_empty() || id.contains(odd) {
            let problem =
                Diagnostic::error("section.id", format!("`{id}` cannot be a section's id"));
            workshop.problems.push(
                problem
                    .at(&section.id.span)
                    .help("letters, digits, `-` and `_`"),
            );
        }
        check_percentage(section.minimum.as_ref(), &mut workshop.problems);
        let path = if above.is_empty() {
            id.to_owned()
        } else {
            format!("{above}.{id}")
        };
        for check in &section.checks {
            workshop.add(&check.node, &path);
        }
        made.push(Section {
            title: section.title.clone().unwrap_or_else(|| id.to_owned()),
            minimum: section.minimum.as_ref().map(|minimum| minimum.value),
            when_due: section.when_due.clone(),
            sign_off: section.sign_off.as_ref().map(|sign_off| SignOff {
                role: sign_off.role.clone(),
            }),
            sections: sections(&section.sections, &path, workshop),
            path,
        });
    }
    made
}

/// The ways to fix a check: a text, or a list of texts and `{with, text}`.
pub(super) fn fixes(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Fix> {
    let items = match &node.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut fixes = Vec::new();
    for item in items {
        match &item.kind {
            Kind::Map(_) => {
                let fix = decode::<RawFixWith>(item, problems).value;
                fixes.extend(fix.map(|fix| Fix {
                    with: Some(fix.with),
                    text: fix.text,
                }));
            }
            Kind::Scalar(scalar) if !item.is_null() => fixes.push(Fix {
                with: None,
                text: scalar.text.clone(),
            }),
            _ => {
                let message = format!(
                    "expected text or `{{with, text}}`, found {}",
                    item.describe()
                );
                problems.push(Diagnostic::error("profile.type", message).at(&item.span));
            }
        }
    }
    fixes
}

/// See [`CatalogueCheck::example`].
pub(super) fn example(
    check: &CatalogueCheck,
    with: &BTreeMap<String, Value>,
) -> Result<Check, Vec<Diagnostic>> {
    let sources = &catalogue::catalogue().sources;
    let mut problems = Vec::new();
    let span = &check.node.span;
    let mut given = with.clone();
    for param in check.params.iter().filter(|param| param.is_required()) {
        given
            .entry(param.name.clone())
            .or_insert_with(|| param.placeholder());
    }
    let given = Node::from_value(&Value::Object(given.into_iter().collect()), span);
    let values = super::params::values(&check.params, Some(&given), span, sources, &mut problems);
    let how = How {
        catalogue: None,
        with: None,
        probe: None,
        probes: None,
        expect: None,
        measure: None,
        attest: None,
        any: None,
        all: None,
        timeout: None,
        retries: None,
        span,
        clean: true,
    };
    let bench = Bench {
        constants: BTreeMap::new().into(),
        sources,
        budget: &Budget::default(),
        limits: (TIMEOUT, RETRIES),
        depth: 0,
    };
    let decided = drawn::instance(check, values, &how, &bench, &mut problems);
    match decided.and_then(|decided| Some((decided.rule, decided.drawn?))) {
        Some((rule, drawn)) if problems.is_empty() => Ok(Check {
            id: CheckId(check.id.clone()),
            title: drawn.title,
            section: String::new(),
            catalogue: Some(drawn.id),
            rule,
            not_applicable: None,
            info: drawn.info,
            blocker: false,
            claimed: false,
            impact: drawn.impact,
            effort: drawn.effort,
            weight: drawn.impact.weight(),
            tags: drawn.tags,
            owner: None,
            rank: None,
            cost: None,
            known_gap: None,
            why: Some(drawn.why),
            verify: Some(drawn.verify),
            fix: drawn.fix,
            refs: drawn.refs,
        }),
        _ => Err(problems),
    }
}

/// SHA-256 over every text the profile was made of and the values it was given.
fn hash(node: &Node, loader: &Loader, set: &BTreeMap<String, String>, read: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |kind: &str, bytes: &[u8]| {
        hasher.update(kind);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    for source in loader.sources.iter() {
        add("source", source.text.as_bytes());
    }
    for bytes in read {
        add("items", bytes);
    }
    for (name, value) in set {
        add("name", name.as_bytes());
        add("value", value.as_bytes());
    }
    let mut used = BTreeSet::new();
    uses(node, &mut used);
    for id in used {
        if let Some(check) = catalogue::find(id) {
            add("check", check.text.as_bytes());
        }
    }
    crate::text::hex(&hasher.finalize())
}

/// The catalogue checks that a tree uses, and those that they use.
fn uses<'a>(node: &'a Node, used: &mut BTreeSet<&'a str>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Seq(items) => items.iter().for_each(|item| uses(item, used)),
        Kind::Map(entries) => {
            for entry in entries {
                let id = entry.value.as_text().filter(|_| entry.key.text == "use");
                if let Some(check) = id.and_then(catalogue::find)
                    && used.insert(&check.id)
                {
                    uses(&check.node, used);
                }
                uses(&entry.value, used);
            }
        }
    }
}
