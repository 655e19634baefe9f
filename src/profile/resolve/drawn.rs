//! `use:` a check of the catalogue with parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::expand::expand;
use super::fixes;
use super::rule::{Bench, Decided, How, constants_with, rule};
use crate::check::{Effort, Fix, Impact};
use crate::diagnostic::{Diagnostic, Sources, closest};
use crate::profile::catalogue::{self, CatalogueCheck, catalogue};
use crate::profile::decode::{Spanned, decode};
use crate::profile::params;
use crate::profile::raw::{RawAttest, RawCatalogueCheck, RawMeasure};
use crate::profile::vars::Scope;

/// What the catalogue says about a check, parameters in place.
pub(super) struct Drawn {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) why: String,
    pub(super) verify: String,
    pub(super) fix: Vec<Fix>,
    pub(super) refs: Vec<String>,
    pub(super) impact: Impact,
    pub(super) effort: Effort,
    pub(super) tags: Vec<String>,
    pub(super) info: bool,
}

impl Drawn {
    /// The same without parameters, for a check that is not asked about.
    pub(super) fn unfilled(check: &CatalogueCheck) -> Self {
        Self {
            id: check.id.clone(),
            title: check.title.clone(),
            why: check.why.clone(),
            verify: check.verify.clone(),
            fix: check.fix.clone(),
            refs: check.refs.clone(),
            impact: check.impact,
            effort: check.effort,
            tags: check.tags.clone(),
            info: check.info,
        }
    }
}

/// The rule of the named check. Problems with its own file are told where it is used.
pub(super) fn drawn(
    id: &Spanned<String>,
    how: &How<'_>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Decided> {
    let Some(check) = catalogue::find(&id.value) else {
        let message = format!("no check `{}` in the catalogue", id.value);
        let problem = Diagnostic::error("use.unknown", message).at(&id.span);
        let known = catalogue::all().map(|check| check.id.as_str());
        problems.push(match closest(&id.value, known) {
            Some(meant) => problem
                .help(format!("did you mean `{meant}`?"))
                .replace(meant),
            None => problem.help("`ready list checks` shows all there are"),
        });
        return None;
    };
    for (key, said) in [
        ("probe", how.probe.map(|node| &node.span)),
        ("probes", how.probes.map(|node| &node.span)),
        ("expect", how.expect.map(|node| &node.span)),
    ] {
        if let Some(span) = said {
            let message = format!("`{key}` beside `use`: the catalogue's check brings its own");
            problems.push(
                Diagnostic::error("check.ambiguous", message)
                    .at(span)
                    .help("use parameters in `with`, or write the check yourself"),
            );
        }
    }
    let own = &catalogue().sources;
    let values = params::values(&check.params, how.with, &id.span, own, problems);
    let mut found = Vec::new();
    let decided = instance(check, values, how, bench, &mut found);
    problems.extend(found.into_iter().map(|problem| {
        let message = format!("`{}`: {}", id.value, problem.message);
        Diagnostic::error(problem.code, message).at(how.with.map_or(&id.span, |with| &with.span))
    }));
    decided
}

/// The check with these values. Problems are told at their places in the catalogue's files.
pub(super) fn instance(
    check: &CatalogueCheck,
    values: BTreeMap<String, Value>,
    how: &How<'_>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Decided> {
    let sources: &Sources = &catalogue().sources;
    let scope = Scope {
        values: &values,
        item: None,
        called: "parameter",
        secrets: None,
        sources,
        budget: bench.budget,
    };
    let node = expand(&check.node, &scope, problems);
    let read = decode::<RawCatalogueCheck>(&node, problems);
    let raw = read.value?;
    let measure = raw
        .measure
        .as_ref()
        .and_then(|tree| decode::<RawMeasure>(&tree.node, problems).value);
    let attest = raw
        .attest
        .as_ref()
        .and_then(|tree| decode::<RawAttest>(&tree.node, problems).value);
    let inner = How {
        catalogue: None,
        with: None,
        probe: raw.probe.as_ref().map(|probe| &probe.node),
        probes: raw.probes.as_ref().map(|probes| &probes.node),
        expect: raw.expect.as_ref().map(|expect| &expect.node),
        measure: measure.as_ref(),
        attest: attest.as_ref(),
        any: raw.any.as_deref(),
        all: raw.all.as_deref(),
        timeout: how.timeout.or(raw.timeout),
        retries: how.retries.or(raw.retries),
        span: &node.span,
        clean: read.clean,
    };
    let constants = BTreeMap::new().into();
    let bench = Bench {
        constants: constants_with(
            &constants,
            "with",
            Value::Object(values.into_iter().collect()),
        ),
        sources,
        depth: bench.depth + 1,
        ..bench.clone()
    };
    let decided = rule(&inner, &bench, problems)?;
    Some(Decided {
        rule: decided.rule,
        drawn: Some(Box::new(Drawn {
            id: check.id.clone(),
            title: raw.title,
            why: raw.why,
            verify: raw.verify,
            fix: fixes(&raw.fix.node, problems),
            refs: raw.refs,
            impact: raw.impact,
            effort: raw.effort,
            tags: raw.tags,
            info: raw.info,
        })),
    })
}
