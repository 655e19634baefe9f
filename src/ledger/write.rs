//! Adds entries to a ledger's file: whole or not at all, whatever happens on the way.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;

use super::add::{Draft, add};
use super::load::{broken, checked};
use crate::profile::{Problems, Profile, read_file};

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The ledger was wrong, or would be with the entries.
    #[error(transparent)]
    Problems(Problems),
    /// There is no place in the file's text that is safe to write to.
    #[error("there is no safe place for it in {0}: put the list on lines of its own")]
    Place(String),
    /// The file or its folder.
    #[error("cannot write {name}: {error}")]
    Io {
        /// The file, as people know it.
        name: String,
        /// What went wrong.
        error: io::Error,
    },
}

/// Adds entries at the ends of their lists in the ledger at `path`, which people know as `name`,
/// and makes the file if there is none. Nothing is written unless the result is a valid ledger
/// of the profile.
///
/// The folder is locked meanwhile, so that of two that add at once neither loses anything, and
/// the file is replaced as a whole when the new one is safely on the disk.
pub fn append(
    name: &str,
    path: &Path,
    signers: Option<&Path>,
    drafts: &[Draft],
    profile: &Profile,
    now: Timestamp,
) -> Result<(), AppendError> {
    let told = |error: io::Error| AppendError::Io {
        name: name.to_owned(),
        error,
    };
    // A link keeps leading to the file.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    let lock = File::open(folder).map_err(told)?;
    lock.lock().map_err(told)?;
    let mut text = match read_file(path) {
        Ok(bytes) => {
            checked(name, &bytes, path, signers, profile, now).map_err(AppendError::Problems)?;
            // It was just read as a ledger.
            String::from_utf8(bytes).map_err(|error| told(io::Error::other(error)))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => begin(profile),
        Err(error) => return Err(AppendError::Problems(broken(name, &error))),
    };
    for draft in drafts {
        text = add(&text, draft).ok_or_else(|| AppendError::Place(name.to_owned()))?;
    }
    checked(name, text.as_bytes(), path, signers, profile, now).map_err(AppendError::Problems)?;
    replace(path, folder, &text).map_err(told)?;
    drop(lock);
    Ok(())
}

/// The start of a new ledger.
fn begin(profile: &Profile) -> String {
    format!(
        "# What people vouch for, accept and approve; `ready attest`, `ready waive` and\n\
         # `ready sign` add to it.\n\
         ledger: 1\nprofile: {}\n",
        profile.identity.id
    )
}

/// Replaces a file when the new one is on the disk.
fn replace(path: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Nobody else writes it while the folder is locked; one left behind by a crash is replaced.
    let partial = path.with_file_name(format!(".{name}.partial"));
    let mut file = File::create(&partial)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| match fs::metadata(path) {
            Ok(old) => file.set_permissions(old.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
        return written;
    }
    File::open(folder)?.sync_all()
}
