//! What do Compose files start: how is it watched, limited, published and named?
//!
//! The files are merged as Compose does, without asking it: maps by key, lists one after the
//! other, `!reset` and `!override`, `extends`, profiles, and variables from the `.env` file
//! beside the first file or from the question; the environment of this run is not looked at.
//! Absence of a file is a fact. The target's own fault: files that Compose would refuse. Our
//! inability: files that we may not read, and, as gaps, whatever needs a variable that is not
//! set here or stands in files that `include` brings in, which are not followed.
//!
//! No value of a variable becomes a fact: only what `env_file` would say of it. Whether images
//! or environment files are there is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::field::{Field, Told};
use self::load::{Loaded, above, load, untold, within};
use self::node::Node;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

mod facts;
mod field;
mod interpolate;
mod load;
mod merge;
mod node;
mod publish;
mod service;

pub use facts::{
    Dependency, EnvironmentFile, Facts, Healthcheck, HealthcheckState, Image, Mount, Port, Service,
    Unset, Variable,
};

/// The most services that are told of.
const MOST_SERVICES: usize = 1000;
/// The most ports, variables or mounts that are told of.
const MOST_ITEMS: usize = 10_000;

/// Reads Compose files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compose {
    /// The files, each merged into those before it, from the working directory. Where none is
    /// given, those that Compose looks for: the ones that `COMPOSE_FILE` in `.env` names, or
    /// `compose.yaml`, `docker-compose.yml` and their like with the override beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The folder in which they are looked for where none is given; empty for the working
    /// directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Active profiles, `*` for all. Where none is given, those of `COMPOSE_PROFILES`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub profiles: BTreeSet<String>,
    /// The file that variables are read from, if it is there; from the folder of the first file.
    /// Empty for none.
    #[serde(default = "usual_variables")]
    pub env_file: String,
    /// More variables, which go before those of the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

fn usual_variables() -> String {
    ".env".to_owned()
}

impl Compose {
    /// The folder of the first file; empty for the working directory.
    fn project(&self) -> &str {
        self.files
            .first()
            .map_or(&self.folder, |first| above(first))
    }
}

impl Probe for Compose {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        if self.files.iter().any(|file| file.trim().is_empty()) {
            return Err(Invalid::new("files", "one of them is empty"));
        }
        let mut paths = self.files.iter().chain([&self.env_file, &self.folder]);
        if paths.any(|path| path.contains('\0')) {
            return Err(Invalid::new("files", "has a NUL character"));
        }
        if !self.files.is_empty() && !self.folder.is_empty() {
            return Err(Invalid::new("folder", "is of no use with `files`"));
        }
        let values = self.variables.values();
        if values
            .flat_map(|value| crate::secret::references(value))
            .next()
            .is_some()
        {
            let words = "no secret is needed here: give any other value in its place";
            return Err(Invalid::new("variables", words));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let what = match (self.files.as_slice(), self.folder.as_str()) {
            ([], "") => "Compose files".to_owned(),
            ([], folder) => format!("Compose files in {folder}"),
            (files, _) => files.join(", "),
        };
        let action = format!("read {what} and what they extend");
        vec![local::contact(action, Access::ReadOnly)]
    }

    fn reproduce(&self) -> String {
        let variables = self.variables.iter();
        let mut words: Vec<String> = variables
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        words.push("docker compose".to_owned());
        if !self.folder.is_empty() {
            words.push(format!("--project-directory {}", quoted(&self.folder)));
        }
        let files = self.files.iter();
        words.extend(files.map(|file| format!("-f {}", quoted(file))));
        if !["", ".env"].contains(&self.env_file.as_str()) {
            let path = within(self.project(), &self.env_file);
            words.push(format!("--env-file {}", quoted(&path)));
        }
        let profiles = self.profiles.iter();
        words.extend(profiles.map(|profile| format!("--profile {}", quoted(profile))));
        // Values of variables are nobody's business.
        words.push("config --no-interpolate".to_owned());
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let (probe, folder) = (self.clone(), context.cwd.clone());
        local::blocking(move || match load(&probe, &folder)? {
            Some(loaded) => told(&probe, &loaded),
            None => Ok(Facts::default().into()),
        })
        .await
    }
}

/// What the merged files say.
fn told(probe: &Compose, loaded: &Loaded) -> Result<Answer<Facts>, ProbeError> {
    let mut telling = Telling {
        files: loaded.files.join(", "),
        gaps: BTreeMap::new(),
    };
    if loaded.services.len() > MOST_SERVICES {
        let what = format!("{} have more than {MOST_SERVICES} services", telling.files);
        return Err(local::beyond(what));
    }
    let active = active_profiles(probe, loaded);
    let mut facts = Facts {
        exists: true,
        files: Some(loaded.files.clone()),
        ..Facts::default()
    };
    let mut inactive = BTreeSet::new();
    let (mut services, mut images) = (Vec::new(), Vec::new());
    let (mut ports, mut environment, mut mounts) = (Vec::new(), Vec::new(), Vec::new());
    for (name, node) in &loaded.services {
        let field = Field::new(node, format!("services.{name}"));
        let is_active = field
            .get("profiles")
            .and_then(|profiles| is_active(&profiles, &active));
        match is_active {
            Ok(true) => {}
            Ok(false) => {
                inactive.insert(name.clone());
                continue;
            }
            Err(trouble) => return Err(untold(&telling.files, &trouble)),
        }
        telling.has_image(name, node)?;
        telling.add(
            "services",
            &mut services,
            service::service(name, &field).map(|one| vec![one]),
        )?;
        let image = service::image(name, &field);
        telling.add(
            "images",
            &mut images,
            image.map(|image| image.into_iter().collect()),
        )?;
        telling.add("ports", &mut ports, publish::ports(name, &field))?;
        telling.add(
            "environment",
            &mut environment,
            service::environment(name, &field),
        )?;
        telling.add("mounts", &mut mounts, publish::mounts(name, &field))?;
    }
    if let Some(path) = &loaded.includes {
        telling.includes(path);
    }
    facts.services = telling.list("services", services);
    facts.images = telling.list("images", images);
    facts.ports = telling.list("ports", ports);
    facts.environment = telling.list("environment", environment);
    facts.mounts = telling.list("mounts", mounts);
    let unset = loaded.variables.unset.iter();
    let unset = unset.map(|(name, required)| Unset {
        name: name.clone(),
        required: *required,
    });
    facts.unset = telling.list("unset", unset.collect());
    if !telling.gaps.contains_key("inactive") {
        facts.inactive = Some(inactive);
    }
    Ok(Answer {
        facts,
        gaps: telling.gaps,
    })
}

fn active_profiles(probe: &Compose, loaded: &Loaded) -> BTreeSet<String> {
    if !probe.profiles.is_empty() {
        return probe.profiles.clone();
    }
    let named = loaded
        .variables
        .known("COMPOSE_PROFILES")
        .unwrap_or_default();
    let words = named.split(',').map(str::trim);
    words
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_active(profiles: &Field<'_>, active: &BTreeSet<String>) -> Told<bool> {
    let profiles: BTreeSet<String> = profiles.words()?;
    Ok(profiles.is_empty() || active.contains("*") || !profiles.is_disjoint(active))
}

struct Telling {
    files: String,
    gaps: BTreeMap<String, ProbeError>,
}

impl Telling {
    /// Compose refuses a service of which it does not know what to start.
    fn has_image(&self, name: &str, node: &Node) -> Result<(), ProbeError> {
        let has = |key: &str| match node {
            Node::Map(map) => map.get(key).is_some_and(|value| *value != Node::Nothing),
            _ => false,
        };
        if has("image") || has("build") {
            return Ok(());
        }
        let words = format!("services.{name}: it has neither `image` nor `build`");
        Err(local::malformed(&self.files, &words))
    }

    /// Adds what a service says, or why it does not say it.
    fn add<T>(
        &mut self,
        fact: &str,
        list: &mut Vec<T>,
        found: Told<Vec<T>>,
    ) -> Result<(), ProbeError> {
        match found {
            Ok(found) => list.extend(found),
            Err(trouble) => {
                let error = untold(&self.files, &trouble);
                if error.reason != Reason::VariableUnset {
                    return Err(error);
                }
                self.gaps.entry(fact.to_owned()).or_insert(error);
            }
        }
        if list.len() > MOST_ITEMS {
            let what = format!("{} have more than {MOST_ITEMS} {fact}", self.files);
            return Err(local::beyond(what));
        }
        Ok(())
    }

    fn includes(&mut self, path: &str) {
        let error = ProbeError::new(
            Reason::FileTruncated,
            format!("{path} includes other files, which are not followed"),
        );
        for fact in [
            "services",
            "inactive",
            "images",
            "ports",
            "environment",
            "mounts",
            "unset",
        ] {
            self.gaps
                .entry(fact.to_owned())
                .or_insert_with(|| error.clone());
        }
    }

    /// A list that is known whole.
    fn list<T>(&self, fact: &str, list: Vec<T>) -> Option<Vec<T>> {
        (!self.gaps.contains_key(fact)).then_some(list)
    }
}
