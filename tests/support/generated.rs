//! Files that are made from the code and checked in.

use std::path::Path;

/// Asserts that the file at `path`, relative to the package, is what the code makes of it now.
/// With `UPDATE_GENERATED` set it writes the file.
pub fn assert_checked_in(path: &str, content: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == content,
        "{path} is out of date: run `UPDATE_GENERATED=1 cargo test` and look at the difference"
    );
}
