//! One written check into valid ones: one, or one for each item.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::drawn::Drawn;
use super::each::{Item, items};
use super::expand::expand;
use super::expression::{compile, names};
use super::fixes;
use super::rule::{Bench, Decided, How, constants_with, rule};
use crate::check::expect::{self, Data, Outcome, Want};
use crate::check::{Attest, Check, CheckId, Constants, Rule, StandIn};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::profile::catalogue;
use crate::profile::decode::{Spanned, decode};
use crate::profile::raw::RawCheck;
use crate::profile::reach::takes_more_than_asking;
use crate::profile::tree::{Kind, Node};
use crate::profile::vars::{Budget, Scope};
use crate::units::{Duration, Period};

/// Checks of one profile.
const MOST_CHECKS: usize = 5_000;
/// After so many problems the rest is not looked at: nobody would read them.
const MOST_PROBLEMS: usize = 1000;
/// A longer id is not a name.
const LONGEST_ID: usize = 200;

/// What is known of the profile while its checks are made.
pub(super) struct Workshop<'a> {
    pub(super) sources: &'a Sources,
    pub(super) budget: &'a Budget,
    pub(super) values: BTreeMap<String, Value>,
    pub(super) secrets: BTreeSet<String>,
    pub(super) constants: Constants,
    pub(super) limits: (Duration, u32),
    pub(super) stand_in: Option<Period>,
    pub(super) folder: Option<&'a Path>,
    pub(super) now: Timestamp,
    pub(super) problems: Vec<Diagnostic>,
    /// Files of items that were read.
    pub(super) read: Vec<Vec<u8>>,
    /// Where each id was first given.
    pub(super) seen: HashMap<String, Span>,
    pub(super) checks: Vec<Check>,
}

impl Workshop<'_> {
    /// Makes the checks that `node` describes.
    pub(super) fn add(&mut self, node: &Node, section: &str) {
        if self.problems.len() >= MOST_PROBLEMS {
            return;
        }
        let Some(list) = node.get("for_each") else {
            self.add_one(node, section, None);
            return;
        };
        let (mut read, mut problems) = (Vec::new(), Vec::new());
        let items = items(list, &self.scope(), self.folder, &mut read, &mut problems);
        self.read.append(&mut read);
        self.problems.append(&mut problems);
        let mut single = node.clone();
        if let Kind::Map(entries) = &mut single.kind {
            entries.retain(|entry| entry.key.text != "for_each");
        }
        for item in items.unwrap_or_default() {
            if self.checks.len() > MOST_CHECKS {
                return;
            }
            self.add_one(&single, section, Some(&item));
        }
    }

    fn add_one(&mut self, node: &Node, section: &str, item: Option<&Item>) {
        if self.checks.len() >= MOST_CHECKS {
            // Once, at the first check that is too many.
            if !self.problems.iter().any(|told| told.code == "check.limit") {
                let problem = Diagnostic::error("check.limit", "more than 5,000 checks");
                self.problems.push(problem.at(&node.span));
            }
            return;
        }
        let mut constants = self.constants.clone();
        if let Some(item) = item {
            constants = constants_with(&constants, "item", item.value.clone());
        }
        let scope = Scope {
            item: item.map(|item| &item.value),
            ..self.scope()
        };
        let mut found = Vec::new();
        let expanded = expand(node, &scope, &mut found);
        let read = decode::<RawCheck>(&expanded, &mut self.problems);
        let Some(raw) = read.value else {
            self.problems.append(&mut found);
            return;
        };
        let repeated = item.filter(|_| !varies(node));
        let Some(id) = self.id(&raw, &expanded, repeated) else {
            self.problems.append(&mut found);
            return;
        };
        let bench = Bench {
            constants: constants.clone(),
            sources: self.sources,
            budget: self.budget,
            limits: self.limits,
            depth: 0,
        };
        let place = raw.id.as_ref().map_or(&expanded.span, |id| &id.span);
        let how = raw.how(place, read.clean);
        let mut decided = rule(&how, &bench, &mut found);
        let not_applicable = self.not_applicable(&raw, &constants);
        if not_applicable.is_some() {
            let before = found.len();
            found.retain(|problem| !OF_VALUES.contains(&problem.code));
            if decided.is_none() && found.is_empty() && before > 0 {
                decided = Some(unasked(&raw));
            }
        }
        self.problems.append(&mut found);
        let weight = self.weight(&raw);
        if let Some(decided) = decided {
            self.one_document(&decided.rule, place);
            let mut check = raw.finish(id, decided, &mut self.problems);
            if let Some(max_age) = self.stand_in {
                check.rule = or_a_word(check.rule, &check.title, max_age);
            }
            self.checks.push(Check {
                section: section.to_owned(),
                not_applicable,
                weight: weight.unwrap_or(check.impact.weight()),
                title: titled(check.title, repeated),
                ..check
            });
        }
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            values: &self.values,
            item: None,
            called: "variable",
            secrets: Some(&self.secrets),
            sources: self.sources,
            budget: self.budget,
        }
    }

    /// The id, told if there is none, if it is no name or if another check has it.
    fn id(&mut self, raw: &RawCheck, node: &Node, item: Option<&Item>) -> Option<CheckId> {
        let Some(written) = raw.id.as_ref().or(raw.catalogue.as_ref()) else {
            let broken = node.get("id").or_else(|| node.get("use")).is_some();
            if !broken {
                let problem =
                    Diagnostic::error("check.id", "this check has no `id`").at(&node.span);
                self.problems
                    .push(problem.help("give it a short name that will not change"));
            }
            return None;
        };
        let mut id = written.value.clone();
        if let Some(item) = item {
            id = format!("{id}[{}]", item.key);
        }
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if id.is_empty() || id.len() > LONGEST_ID || (item.is_none() && id.contains(odd)) {
            let message = format!("`{}` cannot be an id", crate::text::shorten(&id, 60));
            let problem = Diagnostic::error("check.id", message).at(&written.span);
            self.problems
                .push(problem.help("letters, digits, `.`, `-`, `_` and `/`, without spaces"));
            return None;
        }
        if let Some(first) = self.seen.get(&id) {
            let problem = Diagnostic::error(
                "check.duplicate-id",
                format!("two checks are called `{id}`"),
            )
            .at(&written.span)
            .label("again here");
            let problem = if *first == written.span {
                problem
            } else {
                problem.related(first, "first here")
            };
            self.problems
                .push(problem.help("give one of them another `id`"));
            return None;
        }
        self.seen.insert(id.clone(), written.span.clone());
        Some(CheckId(id))
    }

    /// Why it is not applicable: dropped, or a condition that is false.
    fn not_applicable(&mut self, raw: &RawCheck, constants: &Constants) -> Option<String> {
        let condition = raw
            .when
            .as_ref()
            .and_then(|when| self.condition(when, constants));
        let Some(drop) = &raw.drop else {
            return condition;
        };
        let reason = drop.value.trim();
        if reason.len() < 3 || matches!(reason, "true" | "false" | "yes") {
            let problem =
                Diagnostic::error("check.drop", "`drop` needs the reason in words").at(&drop.span);
            self.problems
                .push(problem.help("`drop: \"we have no mail\"`; it is shown in the report"));
        }
        Some(reason.to_owned())
    }

    /// `None` if the condition holds; otherwise it, with the values that make it false.
    fn condition(&mut self, when: &Spanned<String>, constants: &Constants) -> Option<String> {
        let names = names([], constants);
        let expression = compile(
            when,
            &names,
            Want::Condition,
            self.sources,
            &mut self.problems,
        )?;
        let mut scope = expect::Scope::new(self.now);
        for (name, value) in constants.iter() {
            scope = scope.with(name, Data::from_json(value));
        }
        let what = match expression.judge(&scope) {
            Outcome::True => return None,
            Outcome::False(values) => {
                let values = values.join(", ");
                let source = expression.source();
                return Some(if values.is_empty() {
                    format!("`when: {source}` is false")
                } else {
                    format!("`when: {source}` is false: {values}")
                });
            }
            Outcome::Missing { path, .. } => format!("there is no {path}"),
            Outcome::Type { message, .. } => message,
            Outcome::Gap(error) => error.cause,
        };
        let problem = Diagnostic::error(
            "check.when",
            format!("the condition cannot be decided: {what}"),
        );
        self.problems.push(problem.at(&when.span));
        None
    }

    /// A statement is about one text.
    fn one_document(&mut self, rule: &Rule, place: &Span) {
        let attests = rule.attests().into_iter();
        let pages: BTreeSet<_> = attests.filter_map(|one| one.document.as_ref()).collect();
        if pages.len() > 1 {
            let message = format!("asks for a statement on {} pages at once", pages.len());
            let problem = Diagnostic::error("check.documents", message).at(place);
            self.problems
                .push(problem.help("make a check of each: a statement is about one `document`"));
        }
    }

    fn weight(&mut self, raw: &RawCheck) -> Option<f64> {
        let weight = raw.weight.as_ref()?;
        if weight.value > 0.0 && weight.value <= 1000.0 {
            return Some(weight.value);
        }
        let message = format!("weight {} is not above 0 and at most 1000", weight.value);
        let problem = Diagnostic::error("check.weight", message).at(&weight.span);
        self.problems
            .push(problem.help("`info: true` shows a check without scoring it"));
        None
    }
}

/// What may be wrong with values alone. It does no harm in a check that is not applicable, as
/// one about an optional variable is.
const OF_VALUES: [&str; 3] = ["vars.part", "use.param-type", "probe.invalid"];

/// How a check is decided that is never asked about.
fn unasked(raw: &RawCheck) -> Decided {
    let used = raw.catalogue.as_ref();
    let used = used.and_then(|id| catalogue::find(&id.value));
    Decided {
        rule: Rule::All(Vec::new()),
        drawn: used.map(|check| Box::new(Drawn::unfilled(check))),
    }
}

/// The rule, with the statement that may stand in where a credential or `--allow` is missing.
fn or_a_word(rule: Rule, title: &str, max_age: Period) -> Rule {
    if rule.takes_word() || !takes_more_than_asking(&rule) {
        return rule;
    }
    let attest = Attest {
        ask: format!("Look by hand whether this holds: {title}"),
        max_age: Some(max_age),
        document: None,
    };
    Rule::StandIn(Box::new(StandIn { rule, attest }))
}

/// Whether the id is different for each item by itself.
fn varies(node: &Node) -> bool {
    let id = node.get("id").and_then(Node::as_text);
    id.is_some_and(|id| id.contains("${item"))
}

fn titled(title: String, item: Option<&Item>) -> String {
    match item {
        Some(item) if !title.contains(&item.key) => format!("{title} ({})", item.key),
        _ => title,
    }
}

impl RawCheck {
    fn how<'a>(&'a self, span: &'a Span, clean: bool) -> How<'a> {
        How {
            catalogue: self.catalogue.as_ref(),
            with: self.with.as_ref().map(|with| &with.node),
            probe: self.probe.as_ref().map(|probe| &probe.node),
            probes: self.probes.as_ref().map(|probes| &probes.node),
            expect: self.expect.as_ref().map(|expect| &expect.node),
            measure: self.measure.as_ref(),
            attest: self.attest.as_ref(),
            any: self.any.as_deref(),
            all: self.all.as_deref(),
            timeout: self.timeout,
            retries: self.retries,
            span,
            clean,
        }
    }

    /// The check, what is written here going before what the catalogue says.
    fn finish(&self, id: CheckId, decided: Decided, problems: &mut Vec<Diagnostic>) -> Check {
        let drawn = decided.drawn.as_deref();
        let impact = self
            .impact
            .or(drawn.map(|drawn| drawn.impact))
            .unwrap_or_default();
        let own_fix = self.fix.as_ref().map(|fix| fixes(&fix.node, problems));
        let list = |own: &Option<Vec<String>>, other: Option<&Vec<String>>| {
            own.as_ref().or(other).cloned().unwrap_or_default()
        };
        Check {
            title: self
                .title
                .clone()
                .or_else(|| drawn.map(|drawn| drawn.title.clone()))
                .unwrap_or_else(|| id.0.clone()),
            id,
            section: String::new(),
            catalogue: drawn.map(|drawn| drawn.id.clone()),
            not_applicable: None,
            info: self.info.unwrap_or(drawn.is_some_and(|drawn| drawn.info)),
            blocker: self.blocker.unwrap_or_default(),
            claimed: self.claimed.unwrap_or_default(),
            impact,
            effort: self
                .effort
                .or(drawn.map(|drawn| drawn.effort))
                .unwrap_or_default(),
            weight: impact.weight(),
            tags: list(&self.tags, drawn.map(|drawn| &drawn.tags)),
            owner: self.owner.clone(),
            rank: self.rank,
            cost: self.cost.clone(),
            known_gap: self.known_gap.clone(),
            why: self
                .why
                .clone()
                .or_else(|| drawn.map(|drawn| drawn.why.clone())),
            verify: self
                .verify
                .clone()
                .or_else(|| drawn.map(|drawn| drawn.verify.clone())),
            fix: own_fix
                .or_else(|| drawn.map(|drawn| drawn.fix.clone()))
                .unwrap_or_default(),
            refs: list(&self.refs, drawn.map(|drawn| &drawn.refs)),
            rule: decided.rule,
        }
    }
}
