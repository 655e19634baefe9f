//! `ready sign`: adds the approval of sections, as a saved report shows them.

use anyhow::{Context as _, bail};
use serde_json::Map;

use super::Ui;
use super::entry::{Asker, Desk};
use crate::cli;
use crate::exit::Exit;
use crate::ledger::List;
use crate::report::{Report, json};
use crate::score::Section;

pub(super) fn run(args: &cli::Sign, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let desk = Desk::of(&args.entry, ui)?;
    let report = read(args, &desk)?;
    let asker = Asker::new(ui, false);
    let by = asker.need(args.by.as_ref(), "--by", "Who approves")?;
    let mut entries = Vec::new();
    for path in &args.sections {
        let section = find(&report.sections, path)
            .with_context(|| format!("the report has no section `{path}`"))?;
        let Some(sign_off) = &section.sign_off else {
            bail!("nobody is asked to sign off `{path}`: give it a `sign_off` in the profile");
        };
        if !section.passes() {
            bail!("`{path}` does not pass in this report, and so cannot be approved");
        }
        let mut fields = Map::from_iter([
            ("section".to_owned(), path.as_str().into()),
            ("role".to_owned(), sign_off.role.as_str().into()),
            ("by".to_owned(), by.as_str().into()),
            ("at".to_owned(), desk.at.as_str().into()),
        ]);
        fields.extend(
            args.note
                .as_deref()
                .map(|note| ("note".to_owned(), note.into())),
        );
        for (key, value) in [
            ("profile", &report.run.profile.sha256),
            ("result", &sign_off.result),
        ] {
            fields.insert(key.to_owned(), value.as_str().into());
        }
        entries.push(fields);
    }
    desk.add(List::SignOffs, entries)?;
    Ok(Exit::Ready)
}

fn read(args: &cli::Sign, desk: &Desk<'_>) -> anyhow::Result<Report> {
    let name = args.run.display();
    let bytes = std::fs::read(desk.ui.host.cwd.join(&args.run))
        .with_context(|| format!("cannot read {name}"))?;
    let report = json::read(&bytes).with_context(|| format!("cannot use {name}"))?;
    if report.run.profile.id != desk.profile.identity.id {
        bail!(
            "{name} is a report on the profile `{}`, not on `{}`",
            report.run.profile.id,
            desk.profile.identity.id
        );
    }
    if report.run.interrupted {
        bail!("{name} is of a run that was interrupted");
    }
    Ok(report)
}

fn find<'a>(sections: &'a [Section], path: &str) -> Option<&'a Section> {
    sections.iter().find_map(|section| {
        if section.id == path {
            Some(section)
        } else {
            find(&section.sections, path)
        }
    })
}
