//! The profile that a checklist becomes, as YAML that people read and go on with.

use std::collections::BTreeMap;

use serde_json::Value;

use super::addresses;
use super::checklist::{Checklist, Item, Kind, Section};
use super::choose::{Decision, REFERENCE, unset};
use super::ids::Ids;
use super::titles::{clean, section_slug};
use super::yaml::{comment, scalar, text, value};
use crate::check::{Effort, Impact};
use crate::text::push;
use crate::units::{Duration, Period};

/// Domains of others, which documents link to.
const OTHERS: &[&str] = &[
    "12factor.net",
    "amazonaws.com",
    "cloudflare.com",
    "docker.com",
    "github.com",
    "github.io",
    "githubusercontent.com",
    "gitlab.com",
    "google.com",
    "hstspreload.org",
    "kubernetes.io",
    "letsencrypt.org",
    "mozilla.org",
    "npmjs.com",
    "owasp.org",
    "securityheaders.com",
    "ssllabs.com",
];

/// What a profile is made of.
pub(super) struct Making<'a> {
    pub(super) list: &'a Checklist,
    pub(super) ids: &'a Ids,
    pub(super) decisions: &'a [Decision],
    /// Name of the document.
    pub(super) document: &'a str,
    /// Id of the profile.
    pub(super) id: &'a str,
    pub(super) lines: &'a dyn Fn(usize) -> usize,
}

/// A variable or secret, with what it is for.
type Named = BTreeMap<String, (String, String)>;

impl Making<'_> {
    /// The whole file.
    pub(super) fn yaml(&self) -> String {
        let domain = self.domain();
        let (vars, secrets) = self.named(domain.as_deref());
        let mut out = self.header(&vars);
        push(
            &mut out,
            format_args!("ready: 1\nid: {}\n", scalar(self.id)),
        );
        let title = self
            .list
            .title
            .clone()
            .unwrap_or_else(|| self.id.to_owned());
        push(&mut out, format_args!("title: {}\n", text(&title)));
        table(&mut out, "vars", &vars, |default, about| {
            format!("{{default: {}, about: {}}}", scalar(default), text(about))
        });
        table(&mut out, "secrets", &secrets, |_, about| {
            format!("{{optional: true, about: {}}}", text(about))
        });
        if let Some(minimum) = self.list.minimum {
            push(&mut out, format_args!("minimum: {minimum}\n"));
        }
        let below = self.below();
        if self.list.items.is_empty() {
            out.push_str("checks: []\n");
            return out;
        }
        self.sections(&mut out, 0, 0, &below, domain.as_deref());
        self.checks(&mut out, 0, "", domain.as_deref());
        out
    }

    fn header(&self, vars: &Named) -> String {
        let count = |of: fn(&Decision) -> bool| self.decisions.iter().filter(|one| of(one)).count();
        let mut out = format!(
            "# Made by `ready import {}`: {} checks, {} of them asked of the system, {} where a\n\
             # built-in check may fit (named beside it), {} for people to state.\n\
             #\n\
             # Put changes of your own into a profile that extends this one: ids stay as they are\n\
             # when the document is edited and imported again with `--profile THIS.yaml`.\n",
            comment(self.document),
            self.list.items.len(),
            count(|one| matches!(one, Decision::Use { .. })),
            count(|one| matches!(one, Decision::Propose { .. })),
            count(|one| matches!(one, Decision::Attest)),
        );
        if !vars.is_empty() {
            let names: Vec<&str> = vars.keys().map(String::as_str).collect();
            push(
                &mut out,
                format_args!("#\n# To set: {}.\n", names.join(", ")),
            );
        }
        for must in &self.list.musts {
            push(
                &mut out,
                format_args!("# Named as a must, but by no item: {}\n", comment(must)),
            );
        }
        out
    }

    /// The team's own domain, if the document names it.
    fn domain(&self) -> Option<String> {
        let texts = self.list.items.iter().map(|item| item.text.as_str());
        let title = self.list.title.as_deref();
        let domains = addresses::domains(texts.chain(title));
        domains
            .into_iter()
            .find(|name| !OTHERS.contains(&name.as_str()))
    }

    /// Variables and secrets that the parameters refer to.
    fn named(&self, domain: Option<&str>) -> (Named, Named) {
        let (mut vars, mut secrets) = (Named::new(), Named::new());
        for decision in self.decisions {
            let Decision::Use { check, with, .. } = decision else {
                continue;
            };
            for (name, value) in with {
                let value = value.to_string();
                let own = own(&value, domain);
                let param = check.params.iter().find(|param| param.name == *name);
                for found in REFERENCE.captures_iter(&own) {
                    let name = found[2].to_owned();
                    let about = param.map(|param| param.about.clone()).unwrap_or_default();
                    if found.get(1).is_some() {
                        secrets.entry(name).or_insert((String::new(), about));
                    } else if name == "domain" {
                        let default = domain.map_or_else(|| unset(&name, param), str::to_owned);
                        vars.entry(name)
                            .or_insert((default, "your public domain".to_owned()));
                    } else {
                        let default = unset(&name, param);
                        vars.entry(name).or_insert((default, about));
                    }
                }
            }
        }
        (vars, secrets)
    }

    /// Whether there are items in a section or below it.
    fn below(&self) -> Vec<bool> {
        let mut below = vec![false; self.list.sections.len()];
        for item in &self.list.items {
            for (at, _) in self.list.above(item.section) {
                below[at] = true;
            }
        }
        below
    }

    fn sections(
        &self,
        out: &mut String,
        of: usize,
        depth: usize,
        below: &[bool],
        domain: Option<&str>,
    ) {
        let pad = "  ".repeat(2 * depth);
        let inner = self.list.sections.iter().enumerate().skip(1);
        let inner = inner.filter(|(at, section)| section.parent == Some(of) && below[*at]);
        let mut first = true;
        for (at, section) in inner {
            if std::mem::take(&mut first) {
                push(out, format_args!("{pad}sections:\n"));
            }
            push(
                out,
                format_args!("{pad}  - id: {}\n", scalar(&self.ids.sections[at])),
            );
            let pad = format!("{pad}    ");
            push(out, format_args!("{pad}title: {}\n", text(&section.title)));
            head(out, &pad, section);
            self.checks(out, at, &pad, domain);
            self.sections(out, at, depth + 1, below, domain);
        }
    }

    fn checks(&self, out: &mut String, section: usize, pad: &str, domain: Option<&str>) {
        let items = self.list.items.iter().enumerate();
        let mut first = true;
        for (at, item) in items.filter(|(_, item)| item.section == section) {
            if std::mem::take(&mut first) {
                push(out, format_args!("{pad}checks:\n"));
            }
            self.check(out, at, item, &format!("{pad}  "), domain);
        }
    }

    fn check(&self, out: &mut String, at: usize, item: &Item, pad: &str, domain: Option<&str>) {
        self.remarks(out, at, item, pad);
        push(
            out,
            format_args!("{pad}- id: {}\n", scalar(&self.ids.items[at])),
        );
        let pad = format!("{pad}  ");
        push(out, format_args!("{pad}title: {}\n", text(&titled(item))));
        if let Some(impact) = item.impact.or(item.optional.then_some(Impact::Low)) {
            push(out, format_args!("{pad}impact: {}\n", impact_word(impact)));
        }
        if let Some(effort) = item.effort {
            push(out, format_args!("{pad}effort: {}\n", effort_word(effort)));
        }
        for (key, said) in [
            ("blocker", item.blocker),
            ("claimed", item.claimed()),
            (
                "info",
                self.list
                    .inherited(item.section, |section| section.incident.then_some(()))
                    .is_some(),
            ),
        ] {
            if said {
                push(out, format_args!("{pad}{key}: true\n"));
            }
        }
        let why = self.list.sections[item.section].why.as_ref();
        if let Some(why) = why.filter(|_| item.kind == Kind::Task) {
            push(out, format_args!("{pad}why: {}\n", text(why)));
        }
        match &self.decisions[at] {
            Decision::Use { check, with, .. } => {
                push(out, format_args!("{pad}use: {}\n", scalar(&check.id)));
                if !with.is_empty() {
                    let with = with.iter().map(|(name, given)| {
                        let given = given_own(given, domain);
                        format!("{name}: {}", value(&given))
                    });
                    let with: Vec<String> = with.collect();
                    push(out, format_args!("{pad}with: {{{}}}\n", with.join(", ")));
                }
            }
            _ => push(out, format_args!("{pad}attest: {}\n", attest(item))),
        }
    }

    /// What is worth knowing about a check, as comments before it.
    fn remarks(&self, out: &mut String, at: usize, item: &Item, pad: &str) {
        let line = (self.lines)(item.start);
        let decided = match &self.decisions[at] {
            Decision::Use { why, .. } => format!("; asked of the system for {why}"),
            Decision::Propose { check, why } => format!("; perhaps `use: {}`: {why}", check.id),
            Decision::Attest => String::new(),
        };
        push(
            out,
            format_args!("{pad}# line {line}{}\n", comment(&decided)),
        );
        if let Some(must) = &item.must {
            push(out, format_args!("{pad}# a must: {}\n", comment(must)));
        }
        if let Some(condition) = &item.condition {
            let condition = comment(condition);
            push(
                out,
                format_args!("{pad}# only {condition}: otherwise `drop:` it with the reason\n"),
            );
        }
        if item.contradicts() {
            push(
                out,
                format_args!("{pad}# the document says that it is done, and that it is not\n"),
            );
        }
    }
}

fn head(out: &mut String, pad: &str, section: &Section) {
    if let Some(minimum) = section.minimum {
        push(out, format_args!("{pad}minimum: {minimum}\n"));
    }
    if let Some(due) = &section.due {
        push(out, format_args!("{pad}when_due: {}\n", text(due)));
    }
    if let Some(role) = &section.sign_off {
        push(
            out,
            format_args!("{pad}sign_off: {{role: {}}}\n", text(role)),
        );
    }
}

fn table(out: &mut String, name: &str, entries: &Named, line: impl Fn(&str, &str) -> String) {
    if entries.is_empty() {
        return;
    }
    push(out, format_args!("{name}:\n"));
    for (entry, (default, about)) in entries {
        push(out, format_args!("  {entry}: {}\n", line(default, about)));
    }
}

/// The title of an item's check.
pub(super) fn titled(item: &Item) -> String {
    let title = crate::text::line(&item.title);
    match item.kind {
        Kind::Gap => format!("Closed: {title}"),
        _ => title.into_owned(),
    }
}

/// What a person is asked to state.
fn attest(item: &Item) -> String {
    let said = clean(&item.text);
    let more = said.len() > item.title.len() + 8;
    let ask = match (&item.measure, item.kind) {
        (Some((current, target)), _) => format!(
            "Measure it and note the value: the aim is {target}, the document says {current}"
        ),
        (None, Kind::Gap) => "Say what closed this gap, and where that can be seen".to_owned(),
        (None, _) if more => format!("Say how you know, and where it can be seen: {said}"),
        (None, _) => "Say how you know, and where it can be seen".to_owned(),
    };
    match item.cadence {
        Some(age) => format!("{{ask: {}, max_age: {}}}", text(&ask), period(age)),
        None => format!("{{ask: {}}}", text(&ask)),
    }
}

/// A length of time by its name, if it has one.
fn period(age: Duration) -> String {
    let named = ["weekly", "monthly", "quarterly", "annual"]
        .into_iter()
        .find(|name| {
            let days = name.parse::<Period>().map(Period::days);
            days.is_ok_and(|days| Duration::from_secs(days * 86_400) == age)
        });
    named.map_or_else(|| age.to_string(), str::to_owned)
}

/// An address below the team's domain by the variable.
fn own(text: &str, domain: Option<&str>) -> String {
    domain.map_or_else(
        || text.to_owned(),
        |domain| text.replace(domain, "${domain}"),
    )
}

fn given_own(given: &Value, domain: Option<&str>) -> Value {
    match given {
        Value::String(text) => Value::from(own(text, domain)),
        other => other.clone(),
    }
}

fn impact_word(impact: Impact) -> &'static str {
    match impact {
        Impact::Critical => "critical",
        Impact::High => "high",
        Impact::Medium => "medium",
        Impact::Low => "low",
    }
}

fn effort_word(effort: Effort) -> &'static str {
    match effort {
        Effort::High => "high",
        Effort::Medium => "medium",
        Effort::Low => "low",
    }
}

/// An id for a profile of a document with this name: `VALET-checklist.md` is `valet`.
pub(super) fn id_of(document: &str) -> String {
    let name = document.rsplit(['/', '\\']).next().unwrap_or(document);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    section_slug(&stem.replace(['_', '-', '.'], " "))
}
