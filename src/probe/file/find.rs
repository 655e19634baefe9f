//! Which paths fit: a path as it is, or a pattern.
//!
//! Links to folders are not followed while looking for a pattern, so that a circle of links
//! has no end to reach.

use std::path::{Path, PathBuf};
use std::time::Instant;

use globset::{GlobBuilder, GlobMatcher};

use super::shown;
use crate::probe::ProbeError;
use crate::probe::local::{beyond, unreadable};

/// More entries of folders than this are not looked at.
const MOST_ENTRIES: usize = 200_000;

/// Whether the path has characters that stand for others.
pub(in crate::probe) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// What is looked for.
pub(in crate::probe) enum Wanted {
    /// Just this path.
    Path(String),
    /// What fits below a folder.
    Pattern {
        /// The part of the path before the first pattern, as it is written.
        base: String,
        /// The whole path.
        matcher: GlobMatcher,
        /// How far below `base` anything can fit.
        depth: usize,
        /// Names that are passed over.
        exclude: Vec<String>,
    },
}

/// Paths as they are shown, and what stood in the way of finding all.
#[derive(Default)]
pub(in crate::probe) struct Found {
    pub(in crate::probe) paths: Vec<String>,
    pub(in crate::probe) trouble: Option<ProbeError>,
}

impl Wanted {
    /// Reads a path; the error says what is wrong with the pattern.
    pub(in crate::probe) fn new(path: &str, exclude: &[String]) -> Result<Self, String> {
        let path = path.strip_prefix("./").unwrap_or(path);
        if !is_pattern(path) {
            return Ok(Self::Path(path.to_owned()));
        }
        let matcher = GlobBuilder::new(path)
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| error.kind().to_string())?
            .compile_matcher();
        let plain: Vec<&str> = path
            .split('/')
            .take_while(|part| !is_pattern(part))
            .collect();
        let base = match plain.as_slice() {
            [""] => "/".to_owned(),
            parts => parts.join("/"),
        };
        let depth = if path.contains("**") {
            usize::MAX
        } else {
            path.split('/').count() - plain.len()
        };
        Ok(Self::Pattern {
            base,
            matcher,
            depth,
            exclude: exclude.to_owned(),
        })
    }

    /// Whether it is one path, and no pattern.
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Self::Path(_))
    }

    /// Everything that fits, from `folder`, in order.
    pub(in crate::probe) fn find(&self, folder: &Path, deadline: Instant) -> Found {
        let mut found = Found::default();
        match self {
            Self::Path(path) => found.paths.push(path.clone()),
            Self::Pattern {
                base,
                matcher,
                depth,
                exclude,
            } => {
                let root = folder.join(base);
                let walk = walkdir::WalkDir::new(&root)
                    .min_depth(1)
                    .max_depth(*depth)
                    .into_iter()
                    .filter_entry(|entry| {
                        entry.depth() == 0
                            || !exclude
                                .iter()
                                .any(|name| entry.file_name() == name.as_str())
                    });
                for (number, entry) in walk.enumerate() {
                    if number >= MOST_ENTRIES || Instant::now() >= deadline {
                        found.trouble = Some(beyond(format!(
                            "not everything below {} was looked at",
                            shown(&root)
                        )));
                        break;
                    }
                    let path = match entry {
                        Ok(entry) => written(base, &root, entry.path()),
                        Err(error) => {
                            found.failed(&root, &error);
                            continue;
                        }
                    };
                    if matcher.is_match(&path) {
                        found.paths.push(shown(&path));
                    }
                }
                found.paths.sort();
            }
        }
        found
    }
}

impl Found {
    /// A folder that is not there holds nothing; one that cannot be read may hold anything.
    fn failed(&mut self, root: &Path, error: &walkdir::Error) {
        let Some(cause) = error.io_error() else {
            return;
        };
        if matches!(
            cause.kind(),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
        ) {
            return;
        }
        let path = shown(error.path().unwrap_or(root));
        self.trouble.get_or_insert_with(|| unreadable(&path, cause));
    }
}

/// The path of an entry, as the pattern writes it.
fn written(base: &str, root: &Path, entry: &Path) -> PathBuf {
    let below = entry.strip_prefix(root).unwrap_or(entry);
    Path::new(base).join(below)
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn the_depth_and_base_of_patterns_are_known() {
        let of = |path: &str| match Wanted::new(path, &[]).unwrap() {
            Wanted::Path(path) => (path, 0),
            Wanted::Pattern { base, depth, .. } => (base, depth),
        };
        assert_eq!(of("./a/b"), ("a/b".to_owned(), 0));
        assert_eq!(of("./*.md"), (String::new(), 1));
        assert_eq!(of("docs/{a,b}.md"), ("docs".to_owned(), 1));
        assert_eq!(of("docs/*/x/*.md"), ("docs".to_owned(), 3));
        assert_eq!(of("/*"), ("/".to_owned(), 1));
        assert_eq!(of("/var/log/*"), ("/var/log".to_owned(), 1));
        assert_eq!(of("**/x"), (String::new(), usize::MAX));
        assert!(Wanted::new("a/[", &[]).is_err());
    }
}
