//! `ready explain`: why a check matters, how to look by hand, how to fix it; and what a profile
//! needs, what a probe kind answers, what a reason code means.

use std::fmt::Write as _;

use anyhow::bail;
use serde_json::{Value, json};

use super::{Ui, access, print};
use crate::check::{Check, Measure};
use crate::cli::Explain;
use crate::exit::Exit;
use crate::probe::{AnyProbe, facts_schemas};
use crate::profile::catalogue::{self, CatalogueCheck};
use crate::profile::{self, BuiltIn, Profile, Reach};
use crate::reason::{Reason, Side};

pub(super) fn run(args: &Explain, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let (kind, id) = match args.words.as_slice() {
        [id] => (None, id.as_str()),
        [kind, id] => (Some(kind.as_str()), id.as_str()),
        _ => bail!("name one thing to explain"),
    };
    if let Some(kind) = kind.filter(|kind| !KINDS.contains(kind)) {
        bail!("`{kind}` is no kind of thing: {}", KINDS.join(", "));
    }
    let may_be = |word: &str| kind.is_none_or(|kind| kind == word);
    let (text, json) = if let Some(check) = catalogue::find(id).filter(|_| may_be("check")) {
        (check_text(check, ui.width()), check_json(check))
    } else if let Some(profile) = built_in(id).filter(|_| may_be("profile")) {
        let reached = reached(&profile, ui);
        (
            profile_text(&profile, reached.as_ref(), ui.width()),
            profile_json(&profile, reached.as_ref()),
        )
    } else if let Some(reason) = id.parse::<Reason>().ok().filter(|_| may_be("reason")) {
        (reason_text(reason), reason_json(reason))
    } else if let Some(schema) = facts_schemas().remove(id).filter(|_| may_be("probe")) {
        (facts_text(id, schema.as_value()), schema.to_value())
    } else {
        bail!("{}", unknown(id, kind));
    };
    if args.json {
        let mut bytes = serde_json::to_vec_pretty(&json)?;
        bytes.push(b'\n');
        print(&bytes)?;
    } else {
        print(text.as_bytes())?;
    }
    Ok(Exit::Ready)
}

/// Kinds of things that can be explained, as people may say them before the id.
const KINDS: [&str; 4] = ["check", "profile", "probe", "reason"];

fn built_in(id: &str) -> Option<BuiltIn> {
    profile::built_in().into_iter().find(|one| one.id == id)
}

fn check_text(check: &CatalogueCheck, width: usize) -> String {
    let mut text = format!("{}\n{}\n", check.id, check.title);
    let facts = format!(
        "impact {}, effort {}, {}",
        word(&json!(check.impact)),
        word(&json!(check.effort)),
        word(&json!(access::of(check)))
    );
    _ = writeln!(
        text,
        "{facts}{}",
        if check.info {
            ", shown but not scored"
        } else {
            ""
        }
    );
    paragraph(&mut text, "Why", &check.why, width);
    block(&mut text, "By hand", &check.verify);
    for fix in &check.fix {
        match &fix.with {
            None => paragraph(&mut text, "Fix", &fix.text, width),
            Some(tool) => block(&mut text, &format!("Fix with {tool}"), &fix.text),
        }
    }
    if !check.params.is_empty() {
        text.push_str("\nParameters\n");
        for param in &check.params {
            let default = match &param.default {
                Some(Value::String(default)) => format!(" [default: {default}]"),
                Some(default) => format!(" [default: {default}]"),
                None if param.is_required() => " [required]".to_owned(),
                None => String::new(),
            };
            _ = writeln!(text, "  {:16} {}{default}", param.name, param.about);
        }
    }
    if !check.refs.is_empty() {
        block(&mut text, "Read more", &check.refs.join("\n"));
    }
    text
}

fn check_json(check: &CatalogueCheck) -> Value {
    let params: Vec<Value> = check
        .params
        .iter()
        .map(|param| {
            json!({
                "name": param.name,
                "about": param.about,
                "required": param.is_required(),
                "default": param.default,
            })
        })
        .collect();
    json!({
        "id": check.id,
        "title": check.title,
        "why": check.why,
        "verify": check.verify,
        "fix": check.fix,
        "refs": check.refs,
        "impact": check.impact,
        "effort": check.effort,
        "needs": check.needs,
        "access": access::of(check),
        "info": check.info,
        "tags": check.tags,
        "params": params,
    })
}

/// A profile with its required variables set to their examples, and how far it reaches.
fn reached(profile: &BuiltIn, ui: &Ui<'_>) -> Option<(Profile, Reach)> {
    let needs = profile::needs(profile.id);
    let required = needs.vars.into_iter().filter(|var| var.required);
    let set = required
        .map(|var| Some((var.name, var.example?)))
        .collect::<Option<_>>()?;
    let loaded = profile::load(profile.id, &set, ui.host).ok()?;
    let reach = Reach::of(&loaded.profile);
    Some((loaded.profile, reach))
}

fn profile_text(profile: &BuiltIn, reached: Option<&(Profile, Reach)>, width: usize) -> String {
    let reach = reached.map(|(_, reach)| reach);
    let mut text = format!("{}\n{}\n", profile.id, profile.title);
    if let Some(about) = &profile.about {
        paragraph(&mut text, "About", about, width);
    }
    let needs = profile::needs(profile.id);
    if !needs.vars.is_empty() {
        text.push_str("\nVariables (--set NAME=VALUE)\n");
        for var in &needs.vars {
            let need = match &var.default {
                Some(default) => format!(" [default: {default}]"),
                None if var.required => match &var.example {
                    Some(example) => format!(" [required, such as {example}]"),
                    None => " [required]".to_owned(),
                },
                None => String::new(),
            };
            _ = writeln!(text, "  {:16} {}{need}", var.name, var.about);
        }
    }
    if !needs.secrets.is_empty() {
        text.push_str("\nSecrets (environment variables, or NAME_FILE)\n");
        for secret in &needs.secrets {
            let unlocks = reach
                .and_then(|reach| Some(reach.percent(*reach.by_secret.get(&secret.name)?)))
                .map(|percent| format!(" [unlocks {percent:.0} %]"));
            _ = writeln!(
                text,
                "  {:16} {}{}",
                secret.name,
                secret.about.as_deref().unwrap_or(""),
                unlocks.unwrap_or_default()
            );
        }
    }
    if let Some((profile, reach)) = reached {
        reach_text(&mut text, reach);
        figures_text(&mut text, profile);
    }
    text
}

/// What is measured, with what it was and shall be.
fn figures(profile: &Profile) -> impl Iterator<Item = (&Check, &Measure)> {
    let checks = profile.checks.iter();
    checks.flat_map(|check| {
        let measures = check.rule.measures().into_iter();
        measures.map(move |measure| (check, measure))
    })
}

fn figures_text(text: &mut String, profile: &Profile) {
    for (number, (check, measure)) in figures(profile).enumerate() {
        if number == 0 {
            text.push_str("\nFigures\n");
        }
        let was = measure.was.as_ref();
        let was = was.map_or_else(String::new, |was| format!("was {was}, "));
        let amber = measure.amber();
        let amber = amber.map_or_else(String::new, |amber| format!(" (amber {amber})"));
        _ = writeln!(
            text,
            "  {}: {was}target {}{amber}",
            check.title,
            measure.aim()
        );
    }
}

fn reach_text(text: &mut String, reach: &Reach) {
    _ = writeln!(text, "\nWhat can be known of {} checks", reach.checks);
    let rows = [
        (reach.open, "of the score without any secret"),
        (reach.with_secrets, "more with the secrets"),
        (reach.with_allow, "more with --allow intrusive,exec"),
        (reach.by_people, "more by asking people (ready attest)"),
    ];
    for (weight, what) in rows {
        _ = writeln!(text, "  {:4.0} % {what}", reach.percent(weight));
    }
}

fn profile_json(profile: &BuiltIn, reached: Option<&(Profile, Reach)>) -> Value {
    let reach = reached.map(|(_, reach)| reach);
    let figures = reached.map(|(profile, _)| {
        let figures = figures(profile).map(|(check, measure)| {
            json!({
                "id": check.id, "title": check.title, "was": measure.was,
                "target": measure.aim(), "amber": measure.amber(),
            })
        });
        figures.collect::<Vec<_>>()
    });
    let needs = profile::needs(profile.id);
    let vars: Vec<Value> = needs
        .vars
        .iter()
        .map(|var| {
            json!({
                "name": var.name,
                "about": var.about,
                "required": var.required,
                "default": var.default,
                "example": var.example,
            })
        })
        .collect();
    let secrets: Vec<Value> = needs
        .secrets
        .iter()
        .map(|secret| {
            let unlocks = reach.and_then(|reach| {
                let weight = reach.by_secret.get(&secret.name)?;
                Some(reach.percent(*weight))
            });
            json!({
                "name": secret.name, "about": secret.about, "optional": secret.optional,
                "unlocks_percent": unlocks,
            })
        })
        .collect();
    json!({
        "id": profile.id,
        "title": profile.title,
        "about": profile.about,
        "vars": vars,
        "secrets": secrets,
        "figures": figures,
        "reach": reach.map(|reach| json!({
            "checks": reach.checks,
            "open_percent": reach.percent(reach.open),
            "with_secrets_percent": reach.percent(reach.with_secrets),
            "with_allow_percent": reach.percent(reach.with_allow),
            "by_people_percent": reach.percent(reach.by_people),
        })),
    })
}

fn reason_text(reason: Reason) -> String {
    let side = match reason.side() {
        Side::Target => "It is the target's answer: the check fails.",
        Side::Ours => "It is our own inability: the check is unknown, which is never a pass.",
    };
    format!("{reason}\n{}\n\n{side}\n", reason.about())
}

fn reason_json(reason: Reason) -> Value {
    json!({
        "id": reason.code(),
        "about": reason.about(),
        "side": match reason.side() { Side::Target => "target", Side::Ours => "ours" },
    })
}

fn facts_text(kind: &str, schema: &Value) -> String {
    let mut text = format!("{kind}\n");
    if let Some(about) = schema["description"].as_str() {
        _ = writeln!(text, "{about}");
    }
    text.push_str("\nFacts\n");
    for (name, fact) in schema["properties"].as_object().into_iter().flatten() {
        let about = fact["description"].as_str().unwrap_or_default();
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        _ = writeln!(text, "  {kind}.{name:20} {about}");
    }
    _ = writeln!(
        text,
        "\n`ready schema {kind}` prints all of it as JSON Schema."
    );
    text
}

fn unknown(id: &str, kind: Option<&str>) -> String {
    if let Some(kind) = kind {
        return format!("no {kind} is called `{id}`; `ready list {kind}s` shows all there are");
    }
    let known = catalogue::all()
        .map(|check| check.id.as_str())
        .chain(profile::built_in().into_iter().map(|one| one.id))
        .chain(Reason::ALL.iter().map(|reason| reason.code()))
        .chain(AnyProbe::KINDS.iter().copied());
    let near = known
        .map(|word| (strsim::jaro_winkler(word, id), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, word)) => format!("nothing is called `{id}`; did you mean `{word}`?"),
        None => format!("nothing is called `{id}`; `ready list checks` shows what there is"),
    }
}

fn paragraph(text: &mut String, heading: &str, words: &str, width: usize) {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let options = textwrap::Options::new(width)
        .initial_indent("  ")
        .subsequent_indent("  ");
    _ = writeln!(text, "\n{heading}\n{}", textwrap::fill(&words, options));
}

fn block(text: &mut String, heading: &str, lines: &str) {
    _ = writeln!(text, "\n{heading}");
    for line in lines.trim_end().lines() {
        _ = writeln!(text, "  {line}");
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
