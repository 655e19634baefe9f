//! Reads a ledger, and the files that its entries are bound to.

use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::resolve::{Outside, resolve};
use super::{Ledger, signature, today};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::profile::{Problems, Profile, read_file, yaml};

/// A larger file is not read to be hashed.
const LARGEST_HASHED: u64 = 1024 * 1024 * 1024;

/// Reads the ledger at `path`, which people know as `name`, for the checks of `profile`. With
/// `signers`, a file of allowed signers, every entry must be signed by one of them.
///
/// `Err` is everything that is wrong with it, all at once.
pub fn load(
    name: &str,
    path: &Path,
    signers: Option<&Path>,
    profile: &Profile,
    now: Timestamp,
) -> Result<Ledger, Problems> {
    let bytes = read_file(path).map_err(|error| broken(name, &error))?;
    checked(name, &bytes, path, signers, profile, now)
}

/// The same for what stands, or is going to stand, in the file at `path`.
pub(super) fn checked(
    name: &str,
    bytes: &[u8],
    path: &Path,
    signers: Option<&Path>,
    profile: &Profile,
    now: Timestamp,
) -> Result<Ledger, Problems> {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let node = yaml::parse(name, bytes, &mut sources, &mut diagnostics);
    let folder = path.parent().unwrap_or(Path::new("."));
    let outside = Outside {
        folder,
        signers,
        sha256: &|file| sha256(&folder.join(file)),
        verify: &signature::verify,
    };
    let ledger = node.map(|node| resolve(&node, profile, today(now), &outside, &mut diagnostics));
    let sound = diagnostics
        .iter()
        .all(|problem| problem.severity < Severity::Error);
    match ledger {
        Some(ledger) if sound => Ok(ledger),
        _ => Err(Problems {
            sources,
            diagnostics: diagnostics.into_iter().map(of_ledgers).collect(),
        }),
    }
}

/// The problem of a file that cannot be read.
pub(super) fn broken(name: &str, error: &std::io::Error) -> Problems {
    let message = format!("cannot read {name}: {error}");
    Problems {
        sources: Sources::default(),
        diagnostics: vec![Diagnostic::error("ledger.read", message)],
    }
}

/// SHA-256 of a plain file in hexadecimal, or why there is none.
pub(crate) fn sha256(path: &Path) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    // Opening a pipe would wait for somebody to write to it.
    let found = std::fs::metadata(path).map_err(told)?;
    if !found.is_file() {
        return Err("it is not a plain file".to_owned());
    }
    let mut file = std::fs::File::open(path)
        .map_err(told)?
        .take(LARGEST_HASHED + 1);
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        let read = file.read(&mut chunk).map_err(told)?;
        if read == 0 {
            return Ok(crate::text::hex(&hasher.finalize()));
        }
        total += read as u64;
        if total > LARGEST_HASHED {
            return Err("it is larger than 1 GiB".to_owned());
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}

/// What is wrong with the shape of a file is told as that of a ledger.
fn of_ledgers(problem: Diagnostic) -> Diagnostic {
    let code = match problem.code {
        "profile.type" => "ledger.type",
        "profile.unknown-key" => "ledger.unknown-key",
        "profile.unknown-word" => "ledger.unknown-word",
        "profile.missing-key" => "ledger.missing-key",
        "profile.value" => "ledger.value",
        other => other,
    };
    let help = match problem.code {
        "yaml.empty" => Some("begin it with `ledger: 1`".to_owned()),
        "yaml.limit" => Some("move old entries to another file; git keeps them".to_owned()),
        _ => problem.help,
    };
    Diagnostic {
        code,
        help,
        ..problem
    }
}
