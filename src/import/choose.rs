//! What becomes of an item: a built-in check with its parameters, or a person's statement.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::checklist::{Checklist, Item, Kind};
use super::extract::Stated;
use super::index::{Fit, Index, Said};
use super::said::pattern;
use super::words::{singular, words};
use crate::profile::Param;
use crate::profile::catalogue::{CatalogueCheck, Needs, ParamType};

/// Score from which a check is taken.
const CONFIDENT: f64 = 5.0;
/// By how much it must be ahead of the next.
const AHEAD: f64 = 0.4;
/// Score from which a check is worth a mention.
const PLAUSIBLE: f64 = 3.2;

/// What becomes of an item.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A built-in check answers it.
    Use {
        /// The check.
        check: &'static CatalogueCheck,
        /// Its parameters.
        with: BTreeMap<String, Value>,
        /// Why it was taken.
        why: String,
    },
    /// A person answers it; a built-in check may fit.
    Propose {
        /// The check.
        check: &'static CatalogueCheck,
        /// Why it was not taken.
        why: String,
    },
    /// A person answers it.
    Attest,
}

/// Words by which an item is about what people have written, agreed on or practised. A check
/// that does not speak of the same cannot see that.
const OF_PEOPLE: &[&str] = &[
    "agreed",
    "approved",
    "audit",
    "budget",
    "communicated",
    "contact",
    "contract",
    "counsel",
    "defined",
    "documentation",
    "documented",
    "drill",
    "estimated",
    "exercise",
    "guide",
    "identified",
    "legal",
    "manual",
    "outage",
    "plan",
    "planned",
    "playbook",
    "policy",
    "post-mortem",
    "postmortem",
    "practice",
    "procedure",
    "process",
    "projection",
    "rehearsed",
    "review",
    "reviewed",
    "rotation",
    "runbook",
    "tested",
    "test",
    "trained",
    "training",
];

/// Those of them that also count when they stand in a description.
const OF_PAPER: &[&str] = &["approved", "counsel", "documented", "reviewed"];

/// Decides what becomes of an item.
pub(super) fn decide(list: &Checklist, item: &Item) -> Decision {
    if item.measure.is_some() {
        return Decision::Attest;
    }
    let mut stated = Stated::of(&item.text, &item.code);
    stated.named(&item.name, OF_PEOPLE);
    let said = said(list, item, &stated);
    let fits = Index::get().fits(&said);
    let fits: Vec<(Fit, Option<BTreeMap<String, Value>>)> = fits
        .into_iter()
        .take_while(|fit| fit.score >= PLAUSIBLE)
        .take(6)
        .map(|fit| {
            let with = parameters(fit.check, &stated);
            (fit, with)
        })
        .collect();
    // A check whose parameters nobody states is no rival of one whose are.
    let Some((best, with)) = fits
        .iter()
        .find(|(_, with)| with.is_some())
        .or(fits.first())
    else {
        return Decision::Attest;
    };
    let next = fits
        .iter()
        .find(|(fit, with)| fit.check.id != best.check.id && with.is_some());
    let words = best.phrase.join(" ");
    let of_people = of_people(item, best);
    let doubt = match (with, next) {
        (None, _) => Some("the text does not state its parameters".to_owned()),
        _ if best.score < CONFIDENT => Some(format!("{:.1} is below {CONFIDENT}", best.score)),
        // Checks of one area look at one thing: there the better one is taken.
        (_, Some((next, _)))
            if best.score - next.score < AHEAD && area(best.check) != area(next.check) =>
        {
            Some(format!(
                "{} fits as well ({:.1})",
                next.check.id, next.score
            ))
        }
        _ if item.kind == Kind::Gap => Some("the text says what is missing".to_owned()),
        _ => of_people.map(|word| format!("it speaks of “{word}”")),
    };
    match (doubt, with) {
        (None, Some(with)) if is_sound(best.check, with) => Decision::Use {
            check: best.check,
            with: with.clone(),
            why: format!("“{words}” {:.1}", best.score),
        },
        (doubt, _) => Decision::Propose {
            check: best.check,
            why: format!(
                "“{words}” {:.1}; {}",
                best.score,
                doubt.unwrap_or_else(|| "what it states does not fit".to_owned())
            ),
        },
    }
}

/// The words of an item and of what it is in.
fn said(list: &Checklist, item: &Item, stated: &Stated) -> Said {
    let mut named = words(&item.name);
    named.extend(stated.shapes(&item.name).into_iter().map(str::to_owned));
    let around = list
        .above(item.section)
        .flat_map(|(_, section)| words(&section.about));
    Said {
        named,
        within: words(&list.sections[item.section].about),
        described: words(&item.text),
        around: around.collect(),
    }
}

/// A word of people in which the check does not speak.
fn of_people(item: &Item, fit: &Fit) -> Option<&'static str> {
    let bare = item.name.split('(').next().unwrap_or(&item.name);
    let named = words(bare);
    // What is a file, a variable or a command is there to be seen, whatever it is called.
    if fit
        .phrase
        .iter()
        .any(|term| ["@file", "@env", "@command"].contains(&term.as_str()))
    {
        return None;
    }
    let phrases = &fit.check.matches.phrases;
    let covered = |word: &str| {
        let terms = phrases.iter().flat_map(|phrase| &phrase.words);
        let mut forms = terms.flat_map(|term| term.split('|'));
        forms.any(|form| match form.strip_suffix('*') {
            Some(start) => word.starts_with(start),
            None => singular(form) == word,
        })
    };
    let described = words(&item.text);
    let speaks = |word: &&str| {
        named.contains(*word) || (OF_PAPER.contains(word) && described.contains(*word))
    };
    OF_PEOPLE
        .iter()
        .copied()
        .find(|word| speaks(word) && !covered(word))
}

/// The parameters of a check as far as they differ from their defaults; `None` if one that must
/// be given is not stated, and has no value of the team's own.
fn parameters(check: &CatalogueCheck, stated: &Stated) -> Option<BTreeMap<String, Value>> {
    let mut with = BTreeMap::new();
    for param in &check.params {
        let filled = filled(check, param, stated);
        match filled {
            Some(value) if param.default.as_ref() == Some(&value) => {}
            Some(value) => {
                with.insert(param.name.clone(), value);
            }
            None if check.matches.fill.contains_key(&param.name) && param.is_required() => {
                return None;
            }
            None if param.is_required() => {
                with.insert(param.name.clone(), own(check, param)?);
            }
            None => {}
        }
    }
    Some(with)
}

/// What `fill:` or the parameter's type find in the text.
fn filled(check: &CatalogueCheck, param: &Param, stated: &Stated) -> Option<Value> {
    if let Some(sources) = check.matches.fill.get(&param.name) {
        return sources
            .iter()
            .find_map(|source| match source.strip_prefix('=') {
                // A reference would be one to a parameter of the check itself.
                Some(literal) => Some(json!(literal.replace("{domain}", "${domain}"))),
                None => value(param, source, stated),
            });
    }
    let area = area(check);
    let required = |param: &&Param| param.kind == ParamType::Url && param.is_required();
    let urls = check.params.iter().filter(required).count();
    match (param.kind, param.name.as_str()) {
        // Of several addresses the text hardly ever says which is which.
        (ParamType::Url, _) if param.is_required() && urls == 1 => {
            Some(url(stated).unwrap_or_else(|| json!("https://${domain}/")))
        }
        (ParamType::Host, _) => value(param, "host", stated),
        (ParamType::Int, "port") if param.is_required() => value(param, "port", stated),
        // The machine that runs `ready` is hardly ever the one that the document is about.
        (ParamType::String, "host") if area == "HOST" => Some(json!("${server}")),
        (ParamType::String, "password") => Some(json!(format!("${{secrets.{area}_PASSWORD}}"))),
        _ => None,
    }
}

/// A stated value of the kind `source`, as the parameter's type wants it.
fn value(param: &Param, source: &str, stated: &Stated) -> Option<Value> {
    if source == "url" {
        return url(stated);
    }
    if param.kind == ParamType::List {
        let all = stated.all(source);
        return (!all.is_empty()).then(|| json!(all));
    }
    let first = stated.first(source)?;
    match param.kind {
        ParamType::String if !first.is_string() => Some(json!(first.to_string())),
        _ => Some(first.clone()),
    }
}

/// The address that an item speaks of.
fn url(stated: &Stated) -> Option<Value> {
    if let Some(url) = stated.first("url") {
        return Some(url.clone());
    }
    let text = |kind| stated.first(kind).and_then(Value::as_str);
    let (host, route) = (text("host"), text("route"));
    if host.is_none() && route.is_none() {
        return None;
    }
    let route = route.unwrap_or("/").replace(['{', '}', '*'], "");
    Some(json!(format!(
        "https://{}{route}",
        host.unwrap_or("${domain}")
    )))
}

/// A value that the team must give: a variable or a secret of the profile.
fn own(check: &CatalogueCheck, param: &Param) -> Option<Value> {
    let area = area(check);
    match param.kind {
        ParamType::Secret => Some(json!(format!(
            "${{secrets.{area}_{}}}",
            param.name.to_uppercase()
        ))),
        ParamType::Host if check.needs == Needs::Public && !INNER.contains(&area.as_str()) => {
            Some(json!("${domain}"))
        }
        ParamType::Host | ParamType::String | ParamType::Url => Some(json!(format!(
            "${{{}_{}}}",
            area.to_lowercase(),
            param.name
        ))),
        _ => None,
    }
}

/// Whether the check can be made with these parameters, variables having the values that they
/// have until they are set.
fn is_sound(check: &CatalogueCheck, with: &BTreeMap<String, Value>) -> bool {
    let filled = with.iter().map(|(name, value)| {
        let param = check.params.iter().find(|param| param.name == *name);
        let Value::String(text) = value else {
            return (name.clone(), value.clone());
        };
        let filled =
            REFERENCE.replace_all(text, |found: &regex::Captures<'_>| match found.get(1) {
                Some(_) => found[0].to_owned(),
                None => unset(&found[2], param),
            });
        (name.clone(), json!(filled))
    });
    check.example(&filled.collect()).is_ok()
}

/// What a variable is until it is set: a name that can never be reached.
pub(super) fn unset(name: &str, param: Option<&Param>) -> String {
    match param.map(|param| (param.kind, param.name.as_str())) {
        _ if matches!(name, "domain" | "server") => UNSET_HOST.to_owned(),
        Some((ParamType::Host, _)) => UNSET_HOST.to_owned(),
        Some((ParamType::Url, _)) => format!("https://{UNSET_HOST}/"),
        Some((_, "repository")) => "change-me/change-me".to_owned(),
        _ => "change-me".to_owned(),
    }
}

/// A host that there is not.
const UNSET_HOST: &str = "change-me.invalid";

pattern!(pub(super) REFERENCE, r"\$\{(secrets\.)?([A-Za-z0-9_]+)\}");

/// What is seldom at the public name.
const INNER: &[&str] = &[
    "POSTGRES",
    "REDIS",
    "NATS",
    "CLICKHOUSE",
    "MYSQL",
    "MONGODB",
    "KAFKA",
];

/// Whose the values of a check are: `GITHUB`, `POSTGRES`, `GRAFANA`.
fn area(check: &CatalogueCheck) -> String {
    let (area, name) = check.id.split_once('/').unwrap_or((&check.id, ""));
    let whose = if area == "vendor" {
        name.split('-').next().unwrap_or(name)
    } else {
        area
    };
    whose.replace('-', "_").to_uppercase()
}
