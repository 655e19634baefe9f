//! `ready waive`: accepts failing checks until a date.

use super::Ui;
use super::entry::{Asker, Desk};
use crate::cli;
use crate::exit::Exit;
use crate::ledger::List;

pub(super) fn run(args: &cli::Waive, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let desk = Desk::of(&args.entry, ui)?;
    let asker = Asker::new(ui, false);
    let owner = asker.need(args.owner.as_ref(), "--owner", "Who answers for it")?;
    let reason = asker.need(
        args.reason.as_ref(),
        "--reason",
        "Why it is acceptable for now",
    )?;
    let until = asker.need(
        args.until.as_ref(),
        "--until",
        "The last day, such as 2026-12-31, at most 90 days from now",
    )?;
    let entries = args.ids.iter().map(|id| {
        let mut fields = desk.about(id);
        for (key, value) in [
            ("owner", &owner),
            ("reason", &reason),
            ("at", &desk.at),
            ("until", &until),
        ] {
            fields.insert(key.to_owned(), value.clone().into());
        }
        fields
    });
    desk.add(List::Waivers, entries.collect())?;
    Ok(Exit::Ready)
}
