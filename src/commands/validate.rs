//! `ready validate`: all mistakes of a profile at once; contacts nothing.

use super::{Ui, load, print};
use crate::cli::Validate;
use crate::exit::Exit;

pub(super) fn run(args: &Validate, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    // Clap has seen to it that one of the two is there.
    let reference = args.reference.as_ref().or(args.profile.as_ref());
    let set = args.set.iter().cloned().collect();
    let profile = load::valid(reference.map_or("", String::as_str), &set, ui)?;
    let applicable = profile
        .checks
        .iter()
        .filter(|check| check.not_applicable.is_none());
    print(
        format!(
            "{} is valid: {} checks, {} of them applicable\n",
            profile.identity.id,
            profile.checks.len(),
            applicable.count()
        )
        .as_bytes(),
    )?;
    Ok(Exit::Ready)
}
