//! Builds kustomizations, as far as they change what is told of objects.
//!
//! Followed are resources and bases in folders, patches of both kinds, namespace, prefix and
//! suffix of names, labels, annotations, images and replicas, in the order in which `kustomize`
//! applies them. Everything else that a kustomization may say hides objects or changes them, so
//! that it is remembered as trouble: nothing passes because of what was not followed.

use std::path::Path;

use serde_json::Value;

use super::Kustomization;
use super::objects::{MOST_OBJECTS, opened};
use super::reading::Reading;
use crate::probe::ProbeError;
use crate::probe::local::{beyond, is_nothing, malformed, unreadable};
use crate::reason::Reason;

mod merge;
mod names;
mod patch;
mod said;
mod transform;

use said::Said;

/// Names that the file of a kustomization may have.
const FILES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// How deep bases may lie below each other.
const DEEPEST: usize = 16;

/// An object on its way through kustomizations.
pub(super) struct Item {
    /// The object.
    pub(super) value: Value,
    /// The file that it comes from.
    pub(super) path: String,
    /// Namespaces and names that it had before.
    former: Vec<(Option<String>, String)>,
}

/// Whether a path is that of a kustomization's file.
pub(super) fn is_file(path: &str) -> bool {
    let name = Path::new(path).file_name();
    name.is_some_and(|name| FILES.iter().any(|file| name == *file))
}

/// The folder that a file is in; empty for the working folder.
pub(super) fn parent(path: &str) -> String {
    let folder = Path::new(path).parent();
    folder.map_or_else(String::new, |folder| folder.to_string_lossy().into_owned())
}

/// Whether a file is in a folder or below it.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    Path::new(path).starts_with(folder)
}

/// The folders that a kustomization names, as far as it can be read.
pub(super) fn folders_below(reading: &mut Reading<'_>, folder: &str) -> Vec<String> {
    let Ok((_, said)) = read(reading, folder) else {
        // Building it says what is wrong with it.
        return Vec::new();
    };
    let named = said.resources.iter().chain(&said.components);
    named.filter_map(|entry| joined(folder, entry)).collect()
}

/// Builds kustomizations.
pub(super) struct Builder<'b, 'f> {
    reading: &'b mut Reading<'f>,
    /// Those that were built.
    pub(super) built: Vec<Kustomization>,
    /// The folders that are being built, one within the other.
    open: Vec<String>,
}

impl<'b, 'f> Builder<'b, 'f> {
    pub(super) fn new(reading: &'b mut Reading<'f>) -> Self {
        Self {
            reading,
            built: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The objects that the kustomization in a folder makes.
    pub(super) fn build(&mut self, folder: &str) -> Result<Vec<Item>, ProbeError> {
        if self.open.len() >= DEEPEST || self.open.iter().any(|open| open == folder) {
            let words = "its bases lead to itself, or too deep";
            return Err(malformed(folder, words));
        }
        self.open.push(folder.to_owned());
        let built = self.build_open(folder);
        self.open.pop();
        built
    }

    fn build_open(&mut self, folder: &str) -> Result<Vec<Item>, ProbeError> {
        let (path, said) = read(self.reading, folder)?;
        self.built.push(Kustomization {
            path: path.clone(),
            resources: said.resources.clone(),
        });
        for field in &said.unfollowed {
            self.reading.hidden(unfollowed(&path, field));
        }
        if said.makes_secrets {
            let error = unfollowed(&path, "secretGenerator");
            self.reading.hidden_secrets.get_or_insert(error);
        }
        if said.makes_objects {
            let error = unfollowed(&path, "its generators");
            self.reading.hidden_objects.get_or_insert(error);
        }
        let mut items = Vec::new();
        for entry in &said.resources {
            self.add(folder, &path, entry, &mut items)?;
        }
        self.patch(folder, &path, &said.early_patches, &mut items)?;
        transform::namespace(&said, &mut items);
        names::affixes(&said, &mut items);
        transform::labels(&said, &mut items);
        self.patch(folder, &path, &said.late_patches, &mut items)?;
        transform::replicas(&said, &mut items);
        transform::images(&said, &mut items);
        Ok(items)
    }

    /// Adds what a resource or base is: a file, or a folder with a kustomization.
    fn add(
        &mut self,
        folder: &str,
        path: &str,
        entry: &str,
        items: &mut Vec<Item>,
    ) -> Result<(), ProbeError> {
        let Some(place) = joined(folder, entry) else {
            self.reading.hidden(unfollowed(path, entry));
            return Ok(());
        };
        match std::fs::metadata(self.reading.full(&place)) {
            Ok(metadata) if metadata.is_dir() => items.extend(self.build(&place)?),
            Ok(_) => {
                for document in self.reading.documents(&place)? {
                    items.extend(opened(document, &place)?.into_iter().map(|value| Item {
                        value,
                        path: place.clone(),
                        former: Vec::new(),
                    }));
                }
            }
            Err(error) if is_nothing(&error) && is_remote(entry) => {
                self.reading.hidden(unfollowed(path, entry));
            }
            Err(error) if is_nothing(&error) => {
                return Err(malformed(path, &format!("{entry} is not there")));
            }
            Err(error) => return Err(unreadable(&place, &error)),
        }
        if items.len() > MOST_OBJECTS {
            return Err(beyond(format!(
                "{path} makes more than {MOST_OBJECTS} objects"
            )));
        }
        Ok(())
    }

    fn patch(
        &mut self,
        folder: &str,
        path: &str,
        patches: &[said::Patch],
        items: &mut Vec<Item>,
    ) -> Result<(), ProbeError> {
        for patch in patches {
            let documents = match &patch.text {
                said::Text::Inline(text) => patch::inline(path, text)?,
                said::Text::File(file) => {
                    let Some(place) = joined(folder, file) else {
                        self.reading.hidden(unfollowed(path, file));
                        continue;
                    };
                    self.reading.documents(&place)?
                }
            };
            for document in documents {
                match patch::apply(document, patch.target.as_ref(), items) {
                    Ok(()) => {}
                    Err(patch::Trouble::Unfollowed(what)) => {
                        self.reading.hidden(unfollowed(path, &what));
                    }
                    Err(patch::Trouble::Wrong(words)) => return Err(malformed(path, &words)),
                }
            }
        }
        Ok(())
    }
}

/// The kustomization in a folder, and the path of its file.
fn read(reading: &mut Reading<'_>, folder: &str) -> Result<(String, Said), ProbeError> {
    let mut paths = FILES.iter().filter_map(|file| joined(folder, file));
    let there = |path: &String| reading.full(path).is_file();
    let Some(path) = paths.find(there) else {
        return Err(malformed(folder, "it is a folder without a kustomization"));
    };
    let mut documents = reading.documents(&path)?;
    let said = match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => said::read(&document),
        (None, _) => Ok(Said::default()),
        _ => Err("it has several documents".to_owned()),
    };
    let said = said.map_err(|words| malformed(&path, &words))?;
    Ok((path, said))
}

/// What a kustomization says that is not followed here.
fn unfollowed(path: &str, what: &str) -> ProbeError {
    let cause = format!("{path} uses what is not followed: {what}");
    let detail = "read what kustomize build makes of it instead";
    ProbeError::new(Reason::KubernetesIndeterminate, cause).with_detail(detail)
}

/// The path of what a kustomization in a folder names; `None` for what does not start there.
fn joined(folder: &str, entry: &str) -> Option<String> {
    if entry.starts_with('/') || entry.is_empty() || entry.contains("://") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| *part != ".").collect();
    if folder.is_empty() {
        parts.clear();
    }
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| !["..", ""].contains(last)) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether what is not there may be somewhere else: a repository.
fn is_remote(entry: &str) -> bool {
    let first = entry.split('/').next().unwrap_or_default();
    entry.contains("?ref=")
        || entry.contains('@')
        || entry.contains(".git")
        || (first.contains('.') && !first.starts_with('.') && entry.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::{is_remote, joined};

    #[test]
    fn paths_are_joined_as_they_are_written() {
        for (folder, entry, path) in [
            ("k8s/prod", "../base", Some("k8s/base")),
            ("k8s/prod", "./a.yaml", Some("k8s/prod/a.yaml")),
            ("", "a.yaml", Some("a.yaml")),
            ("", "../a", Some("../a")),
            ("../x", "../../a", Some("../../a")),
            ("/k8s", "../a", Some("/a")),
            ("/k8s", "b/", Some("/k8s/b")),
            ("k8s", "/etc/passwd", None),
            ("k8s", "https://example.com/x", None),
        ] {
            assert_eq!(joined(folder, entry).as_deref(), path, "{folder} {entry}");
        }
        assert!(is_remote("github.com/org/repo//base?ref=v1"));
        assert!(is_remote("git@github.com:org/repo"));
        assert!(!is_remote("../base") && !is_remote("missing.yaml"));
    }
}
