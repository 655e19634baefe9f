//! The ledger of a profile: where it is, and what is in it.

use std::path::{Path, PathBuf};

use super::{Ui, load};
use crate::cli::LedgerArgs;
use crate::ledger::{self, Ledger};
use crate::profile::{self, Profile};

/// A ledger's file.
pub(super) struct Place {
    /// As people know it.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Whose signatures count, if that is not for the ledger to say.
    pub(super) signers: Option<PathBuf>,
}

impl Place {
    fn new(file: &Path, args: &LedgerArgs, ui: &Ui<'_>) -> Self {
        Self {
            name: file.display().to_string(),
            path: ui.host.cwd.join(file),
            signers: args
                .allowed_signers
                .as_ref()
                .map(|file| ui.host.cwd.join(file)),
        }
    }
}

/// The ledger that is named, or that is found beside the profile; `None` if there is none.
pub(super) fn place(args: &LedgerArgs, reference: &str, ui: &Ui<'_>) -> Option<Place> {
    if let Some(named) = &args.ledger {
        return Some(Place::new(named, args, ui));
    }
    let mut beside = beside(reference).into_iter();
    beside.find_map(|file| {
        let place = Place::new(&file, args, ui);
        place.path.is_file().then_some(place)
    })
}

/// The same, or where one would be made.
pub(super) fn place_to_write(args: &LedgerArgs, reference: &str, ui: &Ui<'_>) -> Place {
    place(args, reference, ui).unwrap_or_else(|| {
        let usual = beside(reference).into_iter().next();
        Place::new(
            &usual.unwrap_or_else(|| "ready.ledger.yaml".into()),
            args,
            ui,
        )
    })
}

/// Where the ledger of a profile may be, the usual place first.
fn beside(reference: &str) -> Vec<PathBuf> {
    if profile::built_in().iter().any(|one| one.id == reference) {
        return vec![format!("{reference}.ledger.yaml").into()];
    }
    let file = Path::new(reference);
    let mut own = file.file_stem().unwrap_or_default().to_owned();
    own.push(".ledger.yaml");
    vec![
        file.with_file_name(own),
        file.with_file_name("ready.ledger.yaml"),
    ]
}

/// Reads a ledger for the whole profile.
pub(super) fn load(place: &Place, profile: &Profile, ui: &Ui<'_>) -> anyhow::Result<Ledger> {
    let signers = place.signers.as_deref();
    ledger::load(&place.name, &place.path, signers, profile, ui.host.now)
        .map_err(|problems| load::Refused::of(&problems, ui).into())
}
