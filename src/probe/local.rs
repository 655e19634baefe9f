//! What the kinds share that look at the machine we run on.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{Access, Contact, ProbeError};
use crate::reason::Reason;

/// A look at this machine, for the list of contacts.
pub(super) fn contact(action: String, access: Access) -> Contact {
    Contact {
        host: "this machine".to_owned(),
        port: None,
        action,
        count: 1,
        access,
    }
}

/// Opens a regular file. It is not waited for the other end of a pipe, should one have taken
/// the file's place meanwhile.
pub(super) fn open(path: &Path) -> std::io::Result<fs::File> {
    let file = fs::File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(std::io::Error::other("it is no longer a file"))
    }
}

/// Whether there is nothing at a path: no such name, a file where a folder would have to be,
/// a link that leads nowhere or in a circle, a name that no file can have.
pub(super) fn is_nothing(error: &std::io::Error) -> bool {
    let codes = [libc::ENOENT, libc::ENOTDIR, libc::ELOOP, libc::ENAMETOOLONG];
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

/// Permissions as four octal digits.
pub(super) fn octal(mode: u32) -> String {
    format!("{:04o}", mode & 0o7777)
}

/// What went wrong with a path, in words that are the same for every check that needs it.
pub(super) fn unreadable(path: &str, error: &std::io::Error) -> ProbeError {
    let reason = match error.kind() {
        std::io::ErrorKind::PermissionDenied => Reason::PermissionDenied,
        _ => Reason::FileUnreadable,
    };
    ProbeError::new(reason, format!("{path} cannot be read")).with_detail(error.to_string())
}

/// Something else than a file stands at the path of one.
pub(super) fn not_a_file(path: &str) -> ProbeError {
    ProbeError::new(Reason::FileUnreadable, format!("{path} is not a file"))
}

/// A file that is not what its format demands.
pub(super) fn malformed(path: &str, words: &str) -> ProbeError {
    ProbeError::new(Reason::FileMalformed, format!("{path} is malformed")).with_detail(words)
}

/// A fact that would need more than was read.
pub(super) fn beyond(what: impl Into<String>) -> ProbeError {
    ProbeError::new(Reason::FileTruncated, what)
}

/// Runs what blocks on a thread of its own; it has to end by itself within its time.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProbeError> + Send + 'static,
) -> Result<T, ProbeError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            let words = "a look at this machine ended in a defect";
            Err(ProbeError::new(Reason::ProbeInternal, words).with_detail(error.to_string()))
        })
}
