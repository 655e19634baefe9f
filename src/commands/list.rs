//! `ready list`: what is built in, by name.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::{access, print};
use crate::cli::{List, Listed};
use crate::exit::Exit;
use crate::probe::{Access, AnyProbe, facts_schemas};
use crate::profile::{self, catalogue};
use crate::reason::{Reason, Side};
use crate::report::FORMATS;

/// One line of a list.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    about: String,
    /// What else there is to know, for programs.
    #[serde(flatten)]
    more: Value,
}

pub(super) fn run(args: &List) -> anyhow::Result<Exit> {
    let entries = match args.what {
        Listed::Checks => checks(),
        Listed::Profiles => profiles(),
        Listed::Probes => probes(),
        Listed::Formats => formats(),
        Listed::Reasons => reasons(),
    };
    if args.json {
        let mut json = serde_json::to_vec_pretty(&entries)?;
        json.push(b'\n');
        print(&json)?;
    } else {
        print(text(&entries, args.what).as_bytes())?;
    }
    Ok(Exit::Ready)
}

fn text(entries: &[Entry], what: Listed) -> String {
    let width = entries
        .iter()
        .map(|entry| entry.id.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    let mut area = "";
    for entry in entries {
        if what == Listed::Checks {
            let (this, _) = entry.id.split_once('/').unwrap_or(("", ""));
            if this != area {
                if !area.is_empty() {
                    text.push('\n');
                }
                area = this;
            }
        }
        _ = writeln!(text, "{:width$}  {}{}", entry.id, entry.about, note(entry));
    }
    if what == Listed::Checks {
        text.push_str(
            "\nIn brackets: what a check needs beside the network, and what `--allow` it takes.",
        );
    }
    _ = writeln!(
        text,
        "\n{} in all; `ready explain ID` tells more of one.",
        entries.len()
    );
    text
}

/// What a check needs, where that is more than any stranger has.
fn note(entry: &Entry) -> String {
    let word = |key: &str, usual: &str| {
        let word = entry.more[key].as_str().filter(|word| *word != usual);
        word.map(str::to_owned)
    };
    let words: Vec<String> = [word("needs", "public"), word("access", "read-only")]
        .into_iter()
        .flatten()
        .collect();
    if words.is_empty() {
        return String::new();
    }
    format!(" ({})", words.join(", "))
}

fn checks() -> Vec<Entry> {
    catalogue::all()
        .map(|check| {
            let access: Access = access::of(check);
            Entry {
                id: check.id.clone(),
                about: check.title.clone(),
                more: json!({
                    "impact": check.impact,
                    "effort": check.effort,
                    "needs": check.needs,
                    "access": access,
                    "info": check.info,
                    "tags": check.tags,
                }),
            }
        })
        .collect()
}

fn profiles() -> Vec<Entry> {
    profile::built_in()
        .into_iter()
        .map(|built_in| Entry {
            id: built_in.id.to_owned(),
            about: built_in.title,
            more: json!({}),
        })
        .collect()
}

fn probes() -> Vec<Entry> {
    let mut schemas = facts_schemas();
    AnyProbe::KINDS
        .iter()
        .map(|kind| {
            let schema = schemas.remove(kind).unwrap_or_default();
            let facts = schema.get("properties").and_then(Value::as_object);
            let names: Vec<&str> = facts
                .into_iter()
                .flat_map(|facts| facts.keys().map(String::as_str))
                .collect();
            Entry {
                id: (*kind).to_owned(),
                about: names.join(", "),
                more: json!({"facts": names}),
            }
        })
        .collect()
}

fn formats() -> Vec<Entry> {
    FORMATS
        .iter()
        .map(|format| Entry {
            id: format.name().to_owned(),
            about: format.about().to_owned(),
            more: json!({}),
        })
        .collect()
}

fn reasons() -> Vec<Entry> {
    Reason::ALL
        .iter()
        .map(|reason| Entry {
            id: reason.code().to_owned(),
            about: reason.about().to_owned(),
            more: json!({
                "side": match reason.side() {
                    Side::Target => "target",
                    Side::Ours => "ours",
                },
            }),
        })
        .collect()
}
