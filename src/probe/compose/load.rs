//! Finds, reads and merges the files, and follows what services extend.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;

use super::Compose;
use super::field::{Field, Trouble};
use super::interpolate::{Unfit, Value, Variables};
use super::merge::{merge_service, merge_services};
use super::node::{Map, Node};
use crate::probe::ProbeError;
use crate::probe::env_file::assignments;
use crate::probe::local::{beyond, is_nothing, malformed, not_a_file, open, unreadable};

/// What Compose looks for, the first that is there.
const USUAL: &[&str] = &[
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
/// What Compose merges into it, the first that is there.
const USUAL_OVERRIDES: &[&str] = &[
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
/// What is read of a service.
const READ: &[&str] = &[
    "build",
    "cap_add",
    "cap_drop",
    "cpu_period",
    "cpu_quota",
    "cpus",
    "depends_on",
    "deploy",
    "env_file",
    "environment",
    "extends",
    "healthcheck",
    "image",
    "ipc",
    "logging",
    "mem_limit",
    "network_mode",
    "pid",
    "pids_limit",
    "ports",
    "privileged",
    "profiles",
    "read_only",
    "restart",
    "scale",
    "security_opt",
    "stop_grace_period",
    "user",
    "volumes",
];
/// What is read of how a service is deployed.
const DEPLOY: &[&str] = &["replicas", "resources", "restart_policy"];
/// A larger file is not read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;
/// More files than these are not read.
const MOST_FILES: usize = 32;
/// Services that extend each other.
const MOST_EXTENDS: usize = 16;
/// Bytes of all files together.
const MOST_BYTES: usize = 4 << 20;
/// Values of all files, and of all services with what they extend.
const MOST_NODES: usize = 200_000;

/// What the files say, merged.
pub(super) struct Loaded {
    pub(super) files: Vec<String>,
    pub(super) services: Map,
    pub(super) variables: Variables,
    /// A file that brings in others, which are not read.
    pub(super) includes: Option<String>,
}

/// Reads everything; `None` where a file is missing.
pub(super) fn load(probe: &Compose, folder: &Path) -> Result<Option<Loaded>, ProbeError> {
    let mut loader = Loader {
        folder,
        variables: Variables::default(),
        read: Vec::new(),
        others: BTreeMap::new(),
        bytes: 0,
        nodes: 0,
        includes: None,
    };
    loader.variables = loader.variables_of(probe)?;
    let files = loader.files_of(probe)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut services = Map::new();
    for path in &files {
        let Some(own) = loader.services(path)? else {
            return Ok(None);
        };
        let own = loader.extended_all(&own, path)?;
        services = merge_services(services, own).map_err(|at| cannot_merge(path, &at))?;
    }
    let Node::Map(services) = Node::Map(services).settled() else {
        return Ok(None);
    };
    Ok(Some(Loaded {
        files: loader.read,
        services,
        variables: loader.variables,
        includes: loader.includes,
    }))
}

/// The folder that a file stands in; empty for the working directory.
pub(super) fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder, as it is shown.
pub(super) fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() || name.starts_with('/') {
        name.to_owned()
    } else {
        format!("{}/{name}", folder.trim_end_matches('/'))
    }
}

fn cannot_merge(path: &str, at: &str) -> ProbeError {
    let words = format!("services.{at}: what is written here and before it cannot be merged");
    malformed(path, &words)
}

struct Loader<'p> {
    folder: &'p Path,
    variables: Variables,
    read: Vec<String>,
    /// Services of files that others extend, by path.
    others: BTreeMap<String, Rc<Map>>,
    bytes: usize,
    nodes: usize,
    includes: Option<String>,
}

impl Loader<'_> {
    /// A file's text; `None` where there is none.
    fn text(&self, path: &str) -> Result<Option<String>, ProbeError> {
        let full = self.folder.join(path);
        match std::fs::metadata(&full) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(not_a_file(path)),
            Err(error) if is_nothing(&error) => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        }
        let mut bytes = Vec::new();
        open(&full)
            .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(path, &error))?;
        if u64::try_from(bytes.len()).is_ok_and(|read| read > LARGEST_FILE) {
            return Err(beyond(format!("{path} is larger than 1 MiB")));
        }
        // The error's own words could show bytes of a secret.
        let text = String::from_utf8(bytes).map_err(|_| malformed(path, "it is not UTF-8"))?;
        Ok(Some(text))
    }

    fn variables_of(&self, probe: &Compose) -> Result<Variables, ProbeError> {
        let mut values = BTreeMap::new();
        if !probe.env_file.is_empty() {
            let path = within(probe.project(), &probe.env_file);
            let text = self.text(&path)?.unwrap_or_default();
            for (name, value) in assignments(&text) {
                // What stands for another variable would have to be worked out.
                let value = if value.contains('$') {
                    Value::Unknown
                } else {
                    Value::Known(value.into_owned())
                };
                values.insert(name.to_owned(), value);
            }
        }
        let given = probe.variables.iter();
        values.extend(given.map(|(name, value)| (name.clone(), Value::Known(value.clone()))));
        Ok(Variables::new(values))
    }

    /// The files that are merged, in order.
    fn files_of(&self, probe: &Compose) -> Result<Vec<String>, ProbeError> {
        if !probe.files.is_empty() {
            return Ok(probe.files.clone());
        }
        if let Some(named) = self.variables.known("COMPOSE_FILE") {
            let names = named.split(':').filter(|name| !name.is_empty());
            return Ok(names.map(|name| within(&probe.folder, name)).collect());
        }
        let first = |names: &[&str]| -> Result<Option<String>, ProbeError> {
            for name in names {
                let path = within(&probe.folder, name);
                if self.text(&path)?.is_some() {
                    return Ok(Some(path));
                }
            }
            Ok(None)
        };
        let Some(file) = first(USUAL)? else {
            return Ok(Vec::new());
        };
        let more = first(USUAL_OVERRIDES)?;
        Ok([file].into_iter().chain(more).collect())
    }

    /// The services of a file, variables put in; `None` where there is no such file.
    fn services(&mut self, path: &str) -> Result<Option<Map>, ProbeError> {
        if self.read.len() >= MOST_FILES {
            return Err(beyond(format!(
                "there are more than {MOST_FILES} Compose files"
            )));
        }
        let Some(text) = self.text(path)? else {
            return Ok(None);
        };
        if !self.read.iter().any(|known| known == path) {
            self.read.push(path.to_owned());
        }
        self.bytes += text.len();
        if self.bytes > MOST_BYTES {
            return Err(beyond("the Compose files are larger than 4 MiB together"));
        }
        let root = Node::parse(&text).map_err(|words| malformed(path, &words))?;
        let mut root = self.counted(root)?;
        root.fill(&mut self.variables, "")
            .map_err(|(at, unfit)| match unfit {
                Unfit::Invalid => {
                    let at = at.trim_start_matches('.');
                    let words = format!("{at}: a `$` that is no variable is written `$$`");
                    malformed(path, &words)
                }
                Unfit::TooMuch(error) => error,
            })?;
        let Node::Map(mut root) = root else {
            return Err(malformed(path, "it is no map"));
        };
        match root.remove("include") {
            None | Some(Node::Nothing) => {}
            Some(_) => self.includes = Some(path.to_owned()),
        }
        match root.remove("services") {
            Some(Node::Map(services)) => {
                let known = services.into_iter();
                let trimmed = known.map(|(name, service)| (name, trimmed(service)));
                Ok(Some(trimmed.collect()))
            }
            None | Some(Node::Nothing) => Ok(Some(Map::new())),
            Some(_) => Err(malformed(path, "services: it is no map")),
        }
    }

    fn extended_all(&mut self, services: &Map, path: &str) -> Result<Map, ProbeError> {
        let names: Vec<String> = services.keys().cloned().collect();
        let mut extended = Map::new();
        for name in names {
            let service = self.extended(services, &name, path, &mut Vec::new())?;
            extended.insert(name, service);
        }
        Ok(extended)
    }

    /// A service over what it extends.
    fn extended(
        &mut self,
        services: &Map,
        name: &str,
        path: &str,
        trail: &mut Vec<(String, String)>,
    ) -> Result<Node, ProbeError> {
        let Some(service) = services.get(name) else {
            return Err(malformed(
                path,
                &format!("services.{name}: it is extended and not there"),
            ));
        };
        let mut service = service.clone();
        let place = (path.to_owned(), name.to_owned());
        if trail.contains(&place) {
            return Err(malformed(
                path,
                &format!("services.{name}: it extends itself"),
            ));
        }
        trail.push(place);
        if trail.len() > MOST_EXTENDS {
            let what = format!("{path}: more than {MOST_EXTENDS} services extend each other");
            return Err(beyond(what));
        }
        let Some((base, file)) = extends(&service, name, path)? else {
            return self.counted(service);
        };
        let base = match file {
            None => self.extended(services, &base, path, trail)?,
            Some(file) => {
                let file = within(above(path), &file);
                let others = self.others_of(&file)?;
                self.extended(&others, &base, &file, trail)?
            }
        };
        if let Node::Map(own) = &mut service {
            own.remove("extends");
        }
        let merged = merge_service(base, service, name).map_err(|at| cannot_merge(path, &at))?;
        self.counted(merged)
    }

    fn others_of(&mut self, path: &str) -> Result<Rc<Map>, ProbeError> {
        if let Some(known) = self.others.get(path) {
            return Ok(Rc::clone(known));
        }
        let Some(services) = self.services(path)? else {
            let error = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(unreadable(path, &error));
        };
        let services = Rc::new(services);
        self.others.insert(path.to_owned(), Rc::clone(&services));
        Ok(services)
    }

    fn counted(&mut self, node: Node) -> Result<Node, ProbeError> {
        self.nodes += node.size();
        if self.nodes > MOST_NODES {
            let what = "the Compose files, with what services extend, say more than is read";
            return Err(beyond(what));
        }
        Ok(node)
    }
}

/// A service without what is told of nowhere, so that only the rest has to be merged.
fn trimmed(service: Node) -> Node {
    let mut map = match service {
        Node::Map(map) => map,
        Node::Override(service) => return Node::Override(Box::new(trimmed(*service))),
        other => return other,
    };
    map.retain(|key, _| READ.contains(&key.as_str()));
    if let Some(build @ (Node::Map(_) | Node::Scalar(_))) = map.get_mut("build") {
        // Only whether it is there is told.
        *build = Node::text("yes");
    }
    if let Some(Node::Map(deploy)) = map.get_mut("deploy") {
        deploy.retain(|key, _| DEPLOY.contains(&key.as_str()));
    }
    Node::Map(map)
}

/// Which service another extends, and in which file.
fn extends(
    service: &Node,
    name: &str,
    path: &str,
) -> Result<Option<(String, Option<String>)>, ProbeError> {
    let Node::Map(map) = service else {
        return Ok(None);
    };
    let extends = match map.get("extends") {
        None | Some(Node::Nothing | Node::Reset) => return Ok(None),
        Some(extends) => Field::new(extends, format!("services.{name}.extends")),
    };
    let told = if extends.is_map() {
        let service = extends.get("service").and_then(|service| service.word());
        let file = extends.get("file").and_then(|file| file.text());
        service.and_then(|service| Ok((service, file?.map(str::to_owned))))
    } else {
        extends.word().map(|service| (service, None))
    };
    told.map(Some).map_err(|trouble| untold(path, &trouble))
}

/// What a value that cannot be told comes to.
pub(super) fn untold(path: &str, trouble: &Trouble) -> ProbeError {
    match trouble {
        Trouble::Odd(at) => malformed(path, &format!("{at}: this has no meaning there")),
        Trouble::Unset { path: at, variable } => {
            let cause = format!("{path} needs the variable {variable}, which is not set here");
            ProbeError::new(crate::reason::Reason::VariableUnset, cause)
                .with_detail(format!("{at}: give it in `variables` or in a .env file"))
        }
    }
}
