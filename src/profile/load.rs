//! Finds and reads a profile and what it extends, and lays them over each other.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::catalogue;
use super::merge::merge;
use super::tree::{Kind, Node};
use super::yaml::{self, LARGEST_FILE};
use crate::diagnostic::{Diagnostic, Sources, Span, closest};

/// Profiles that extend each other in a row.
const LONGEST_CHAIN: usize = 16;
/// Files that one profile may be made of.
const MOST_FILES: usize = 64;

/// Where a profile is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    BuiltIn(&'static str),
    File(PathBuf),
}

impl Place {
    fn name(&self) -> String {
        match self {
            Self::BuiltIn(id) => format!("built-in profile {id}"),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Reads files and remembers what was read.
#[derive(Debug, Default)]
pub(super) struct Loader {
    /// The texts read so far.
    pub(super) sources: Sources,
    /// What is wrong so far.
    pub(super) problems: Vec<Diagnostic>,
    /// The folder that the profile is in, for paths in it.
    pub(super) folder: Option<PathBuf>,
    done: HashMap<Place, Option<Node>>,
}

impl Loader {
    /// The tree of the profile that a person named, with everything it extends.
    pub(super) fn load(&mut self, reference: &str, cwd: &Path) -> Option<Node> {
        let place = match built_in(reference) {
            Some(place) if !is_path(reference) => place,
            _ if is_path(reference) || cwd.join(reference).is_file() => {
                Place::File(PathBuf::from(reference))
            }
            _ => {
                let message =
                    format!("no profile `{reference}`: neither a built-in one nor a file");
                self.problems.push(meant(
                    Diagnostic::error("profile.not-found", message),
                    reference,
                ));
                return None;
            }
        };
        if let Place::File(path) = &place {
            self.folder = cwd.join(path).parent().map(Path::to_path_buf);
        }
        self.open(&place, cwd, &mut Vec::new(), None)
    }

    fn open(
        &mut self,
        place: &Place,
        cwd: &Path,
        chain: &mut Vec<Place>,
        extended_at: Option<&Span>,
    ) -> Option<Node> {
        let identity = match place {
            Place::File(path) => {
                let path = cwd.join(path);
                Place::File(path.canonicalize().unwrap_or(path))
            }
            built_in @ Place::BuiltIn(_) => built_in.clone(),
        };
        if let Some(from) = chain.iter().position(|other| *other == identity) {
            let names = chain[from..].iter().chain([&identity]).map(short);
            let names: Vec<String> = names.collect();
            let message = format!(
                "profiles extend each other in a circle: {}",
                names.join(" → ")
            );
            self.tell(
                "extends.cycle",
                message,
                extended_at,
                "leave out one of them",
            );
            return None;
        }
        if let Some(done) = self.done.get(&identity) {
            return done.clone();
        }
        if chain.len() >= LONGEST_CHAIN || self.done.len() >= MOST_FILES {
            let message = "too many profiles extend each other".to_owned();
            self.tell(
                "extends.depth",
                message,
                extended_at,
                "at most 16 in a row and 64 in all",
            );
            return None;
        }
        let node = self.read(place, cwd, extended_at).map(normalized);
        let node = node.map(|node| {
            chain.push(identity.clone());
            let node = self.extended(node, place, cwd, chain);
            chain.pop();
            node
        });
        // Nothing asks for the outermost again: it may be large, and to keep it is to copy it.
        if !chain.is_empty() {
            self.done.insert(identity, node.clone());
        }
        node
    }

    /// `node` laid over all that it extends, in their order.
    fn extended(&mut self, node: Node, place: &Place, cwd: &Path, chain: &mut Vec<Place>) -> Node {
        let Some(list) = node.get("extends").cloned() else {
            return node;
        };
        let references = match &list.kind {
            Kind::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(&list),
        };
        let mut base: Option<Node> = None;
        for reference in references {
            let Some(text) = reference.as_text() else {
                continue;
            };
            let Some(next) = self.reference(text, place, &reference.span) else {
                continue;
            };
            let Some(lower) = self.open(&next, cwd, chain, Some(&reference.span)) else {
                continue;
            };
            base = Some(match base {
                Some(base) => merge(base, lower, &mut self.problems),
                None => lower,
            });
        }
        match base {
            Some(base) => merge(base, node, &mut self.problems),
            None => node,
        }
    }

    /// What `extends` names.
    fn reference(&mut self, text: &str, from: &Place, span: &Span) -> Option<Place> {
        if !is_path(text) {
            let found = built_in(text);
            if found.is_none() {
                let message = format!("no built-in profile `{text}`");
                let problem = Diagnostic::error("extends.unknown", message).at(span);
                self.problems.push(meant(problem, text));
            }
            return found;
        }
        match from {
            Place::File(path) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                Some(Place::File(folder.join(text)))
            }
            Place::BuiltIn(_) => None,
        }
    }

    fn read(&mut self, place: &Place, cwd: &Path, extended_at: Option<&Span>) -> Option<Node> {
        let name = place.name();
        let bytes = match place {
            Place::BuiltIn(id) => {
                let found = catalogue::profiles().iter().find(|(other, _)| other == id);
                found.map(|(_, text)| text.as_bytes().to_vec())?
            }
            Place::File(path) => match read_file(&cwd.join(path)) {
                Ok(bytes) => bytes,
                Err(error) => {
                    let message = format!("cannot read {name}: {error}");
                    self.tell(
                        "profile.read",
                        message,
                        extended_at,
                        "paths start from the file that names them",
                    );
                    return None;
                }
            },
        };
        yaml::parse(&name, &bytes, &mut self.sources, &mut self.problems)
    }

    fn tell(&mut self, code: &'static str, message: String, at: Option<&Span>, help: &str) {
        let problem = Diagnostic::error(code, message);
        self.problems.push(match at {
            Some(span) => problem.at(span).help(help),
            None => problem,
        });
    }
}

/// Adds which built-in profile was probably meant.
fn meant(problem: Diagnostic, reference: &str) -> Diagnostic {
    match closest(reference, catalogue::profiles().iter().map(|(id, _)| *id)) {
        Some(meant) if problem.span.is_some() => problem
            .help(format!("did you mean `{meant}`?"))
            .replace(meant),
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(
            "`ready list profiles` shows the built-in ones; a file is named with its `.yaml`",
        ),
    }
}

fn short(place: &Place) -> String {
    match place {
        Place::BuiltIn(id) => (*id).to_owned(),
        Place::File(path) => path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
    }
}

fn is_path(reference: &str) -> bool {
    let path = Path::new(reference);
    let extension = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    extension || reference.contains(['/', '\\'])
}

fn built_in(reference: &str) -> Option<Place> {
    catalogue::profiles()
        .iter()
        .find(|(id, _)| *id == reference)
        .map(|(id, _)| Place::BuiltIn(id))
}

/// The bytes of a plain file, one more than the limit at most.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a plain file"));
    }
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    let most = LARGEST_FILE as u64 + 1;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Short forms written out: `vars: {domain: zebu.example}` gives a variable's default, and
/// nothing after a name (`TOKEN:`) is an empty map.
fn normalized(mut node: Node) -> Node {
    let Kind::Map(fields) = &mut node.kind else {
        return node;
    };
    for field in fields {
        let is_vars = field.key.text == "vars";
        if !is_vars && field.key.text != "secrets" {
            continue;
        }
        let Kind::Map(entries) = &mut field.value.kind else {
            continue;
        };
        for entry in entries {
            let span = entry.value.span.clone();
            let kind = if entry.value.is_null() {
                Kind::Map(Vec::new())
            } else if is_vars && !matches!(entry.value.kind, Kind::Map(_)) {
                let mut key = entry.key.clone();
                "default".clone_into(&mut key.text);
                let value = entry.value.clone();
                Kind::Map(vec![super::tree::Entry { key, value }])
            } else {
                continue;
            };
            entry.value = Node { span, kind };
        }
    }
    node
}
