//! `ready explain`: why a check matters, how to look by hand, how to fix it; and what a profile
//! needs, what a probe kind answers, what a reason code means.

use std::fmt::Write as _;

use anyhow::bail;
use serde_json::{Value, json};

use super::{Ui, access, print};
use crate::cli::Explain;
use crate::exit::Exit;
use crate::probe::{AnyProbe, facts_schemas};
use crate::profile::catalogue::{self, CatalogueCheck};
use crate::profile::{self, BuiltIn};
use crate::reason::{Reason, Side};

pub(super) fn run(args: &Explain, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let id = args.id.as_str();
    let (text, json) = if let Some(check) = catalogue::find(id) {
        (check_text(check, ui.width()), check_json(check))
    } else if let Some(profile) = profile::built_in().into_iter().find(|one| one.id == id) {
        (profile_text(&profile, ui.width()), profile_json(&profile))
    } else if let Ok(reason) = id.parse::<Reason>() {
        (reason_text(reason), reason_json(reason))
    } else if let Some(schema) = facts_schemas().remove(id) {
        (facts_text(id, schema.as_value()), schema.to_value())
    } else {
        bail!("{}", unknown(id));
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

fn profile_text(profile: &BuiltIn, width: usize) -> String {
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
                None if var.required => " [required]".to_owned(),
                None => String::new(),
            };
            _ = writeln!(text, "  {:16} {}{need}", var.name, var.about);
        }
    }
    if !needs.secrets.is_empty() {
        text.push_str("\nSecrets (environment variables, or NAME_FILE)\n");
        for secret in &needs.secrets {
            _ = writeln!(
                text,
                "  {:16} {}",
                secret.name,
                secret.about.as_deref().unwrap_or("")
            );
        }
    }
    text
}

fn profile_json(profile: &BuiltIn) -> Value {
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
            })
        })
        .collect();
    let secrets: Vec<Value> = needs
        .secrets
        .iter()
        .map(|secret| {
            json!({"name": secret.name, "about": secret.about, "optional": secret.optional})
        })
        .collect();
    json!({
        "id": profile.id,
        "title": profile.title,
        "about": profile.about,
        "vars": vars,
        "secrets": secrets,
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

fn unknown(id: &str) -> String {
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
