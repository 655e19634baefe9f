//! `ready validate`: all mistakes of a profile and its ledger at once; contacts nothing.

use super::{Ui, ledger, load, print};
use crate::cli::Validate;
use crate::exit::Exit;
use crate::text::count;

pub(super) fn run(args: &Validate, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    // Clap has seen to it that one of the two is there.
    let reference = args.reference.as_ref().or(args.profile.as_ref());
    let reference = reference.map_or("", String::as_str);
    let set = args.set.iter().cloned().collect();
    let profile = load::valid(reference, &set, ui)?;
    let said = match ledger::place(&args.ledger, reference, ui) {
        None => String::new(),
        Some(place) => {
            let ledger = ledger::load(&place, &profile, ui)?;
            format!(
                "{} is valid: {}, {}, {}\n",
                place.name,
                count(ledger.attestations.len(), "attestation"),
                count(ledger.waivers.len(), "waiver"),
                count(ledger.sign_offs.len(), "sign-off")
            )
        }
    };
    let applicable = profile
        .checks
        .iter()
        .filter(|check| check.not_applicable.is_none());
    print(
        format!(
            "{} is valid: {} checks, {} of them applicable\n{said}",
            profile.identity.id,
            profile.checks.len(),
            applicable.count()
        )
        .as_bytes(),
    )?;
    Ok(Exit::Ready)
}
