//! `ready plan`: everything that would be contacted, before anything is sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Ui, load, network, print};
use crate::cli;
use crate::exit::Exit;
use crate::plan::{Plan, Question};
use crate::probe::Access;
use crate::text::{count, line};

pub(super) fn run(args: &cli::Plan, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let (profile, ledger) = load::with_ledger(&args.profile, &args.ledger, ui)?;
    let plan = Plan::of(&profile, &ledger, network::allow(&args.allow));
    if args.json {
        let mut json = serde_json::to_vec_pretty(&serde_json::json!({
            "schema": "ready.plan/v1",
            "profile": profile.identity,
            "questions": plan.questions,
        }))?;
        json.push(b'\n');
        print(&json)?;
    } else {
        print(text(&plan, &profile.title).as_bytes())?;
    }
    Ok(Exit::Ready)
}

fn text(plan: &Plan, title: &str) -> String {
    let mut text = format!("{}\n", line(title));
    let mut hosts: BTreeMap<String, Vec<(String, &Question)>> = BTreeMap::new();
    for question in &plan.questions {
        for contact in &question.contacts {
            let access = match contact.access {
                Access::ReadOnly => "read-only",
                Access::Intrusive => "intrusive",
                Access::Exec => "runs a program",
            };
            let action = format!("{} ×{}, {access}", contact.action, contact.count);
            hosts
                .entry(contact.place())
                .or_default()
                .push((action, question));
        }
    }
    for (place, contacts) in &hosts {
        _ = writeln!(text, "\n{}", line(place));
        for (action, question) in contacts {
            let checks = count(question.wanted_by.len(), "check");
            _ = write!(text, "  {}, for {checks}", line(action));
            if let Some(held) = &question.held {
                _ = write!(text, "  (not asked: {})", held.cause);
            }
            text.push('\n');
        }
    }
    let most: u32 = plan
        .questions
        .iter()
        .filter(|question| question.held.is_none())
        .flat_map(|question| &question.contacts)
        .map(|contact| contact.count)
        .sum();
    _ = writeln!(
        text,
        "\n{}, at most {most} requests; nothing has been sent.",
        count(plan.questions.len(), "question")
    );
    text
}
