//! Finds manifests and kustomizations, and tells what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use super::objects::{Group, is_object, opened};
use super::reading::Reading;
use super::{Facts, Kustomization, Manifests, kustomize};
use crate::probe::cluster::{Model, Section};
use crate::probe::file::find::{self, Wanted};
use crate::probe::local::{is_nothing, unreadable};
use crate::probe::{Answer, ProbeError};
use crate::reason::Reason;

/// What may hold objects.
const MANIFESTS: &str = "{*.yaml,*.yml,*.json,Kustomization}";
/// The file that makes a folder a chart.
const CHART: &str = "Chart.yaml";

/// Reads all that is asked for.
pub(super) fn gather(
    probe: &Manifests,
    folder: &Path,
    now: Timestamp,
    deadline: Instant,
) -> Result<Answer<Facts>, ProbeError> {
    let mut reading = Reading::new(folder, deadline);
    let paths = paths(probe, folder, deadline, &mut reading)?;
    let bases: BTreeSet<String> = paths
        .iter()
        .filter(|path| kustomize::is_file(path))
        .map(|path| kustomize::parent(path))
        .collect();
    let mut told = Telling {
        probe,
        now,
        facts: Facts::default(),
        model: None,
        reading,
    };
    told.plain(&paths, &bases);
    told.built(&bases);
    for path in paths {
        if !told.reading.used.contains(&path) {
            told.facts.unused.push(path);
        }
    }
    told.answer()
}

/// The files that may hold objects, in order.
fn paths(
    probe: &Manifests,
    folder: &Path,
    deadline: Instant,
    reading: &mut Reading<'_>,
) -> Result<Vec<String>, ProbeError> {
    let path = probe.path.trim_end_matches('/');
    let path = if path.is_empty() { "/" } else { path };
    let mut wanted = path.to_owned();
    if !find::is_pattern(path) {
        let metadata = std::fs::metadata(folder.join(path)).map_err(|error| {
            if is_nothing(&error) {
                let cause = format!("there is nothing at {}", probe.path);
                ProbeError::new(Reason::FolderMissing, cause)
            } else {
                unreadable(&probe.path, &error)
            }
        })?;
        if metadata.is_dir() {
            wanted = match path {
                "." => format!("**/{MANIFESTS}"),
                "/" => format!("/**/{MANIFESTS}"),
                _ => format!("{path}/**/{MANIFESTS}"),
            };
        }
    }
    // Validation lets no bad pattern through.
    let wanted = Wanted::new(&wanted, &probe.exclude).map_err(|words| {
        ProbeError::new(Reason::ProbeInternal, "a pattern that cannot be used").with_detail(words)
    })?;
    let found = wanted.find(folder, deadline);
    if let Some(error) = found.trouble {
        reading.hidden(error);
    }
    let mut paths = found.paths;
    paths.retain(|path| !folder.join(path).is_dir());
    if paths.is_empty() {
        let error = reading.trouble.take();
        return Err(error.unwrap_or_else(|| {
            let cause = format!("there are no manifests at {}", probe.path);
            ProbeError::new(Reason::FileUnreadable, cause)
        }));
    }
    Ok(paths)
}

struct Telling<'a> {
    probe: &'a Manifests,
    now: Timestamp,
    facts: Facts,
    model: Option<Answer<Model>>,
    reading: Reading<'a>,
}

impl Telling<'_> {
    /// Reads the files that no kustomization is beside or above of.
    fn plain(&mut self, paths: &[String], bases: &BTreeSet<String>) {
        let mut group = Group::new(&self.probe.namespace, self.now);
        for path in paths {
            if bases.iter().any(|base| kustomize::is_below(path, base)) {
                continue;
            }
            if Path::new(path)
                .file_name()
                .is_some_and(|name| name == CHART)
            {
                let cause = format!("{} is a chart of Helm", kustomize::parent(path));
                let error = ProbeError::new(Reason::FileUnreadable, cause);
                self.reading
                    .hidden(error.with_detail("render it first, such as with helm template"));
            }
            let read = self.reading.documents(path).and_then(|documents| {
                let opened = documents.into_iter().map(|document| opened(document, path));
                opened.collect::<Result<Vec<_>, _>>()
            });
            match read {
                Ok(objects) => {
                    let objects = objects.into_iter().flatten();
                    let (objects, rest): (Vec<_>, Vec<_>) = objects.partition(is_object);
                    if !rest.is_empty() {
                        self.facts.others.push(path.clone());
                    }
                    for object in objects {
                        group.add(object, path, &mut self.reading);
                    }
                }
                Err(error) => self.reading.hidden(error),
            }
        }
        self.add(group);
    }

    /// Builds the kustomizations that no other one among them uses.
    fn built(&mut self, bases: &BTreeSet<String>) {
        let mut used = BTreeSet::new();
        for base in bases {
            used.extend(kustomize::folders_below(&mut self.reading, base));
        }
        for base in bases.difference(&used) {
            self.build(base);
        }
        // Those that use each other in a circle are left, and building them says so.
        for base in bases {
            let is_there = |one: &Kustomization| kustomize::parent(&one.path) == *base;
            if !self.facts.kustomizations.iter().any(is_there) {
                self.build(base);
            }
        }
        let order = |one: &Kustomization, other: &Kustomization| one.path.cmp(&other.path);
        self.facts.kustomizations.sort_by(order);
        self.facts.kustomizations.dedup();
    }

    fn build(&mut self, base: &str) {
        let mut builder = kustomize::Builder::new(&mut self.reading);
        let built = builder.build(base);
        self.facts.kustomizations.extend(builder.built);
        let mut group = Group::new(&self.probe.namespace, self.now);
        match built {
            Ok(items) => {
                for item in items {
                    group.add(item.value, &item.path, &mut self.reading);
                }
            }
            Err(error) => self.reading.hidden(error),
        }
        self.add(group);
    }

    fn add(&mut self, group: Group) {
        self.facts
            .objects
            .get_or_insert_default()
            .extend(group.objects);
        self.facts
            .secrets
            .get_or_insert_default()
            .extend(group.secrets);
        let told = group.inventory.told(&BTreeMap::new());
        self.model = Some(match self.model.take() {
            Some(model) => model.facts.joined(model.gaps, told),
            None => told,
        });
    }

    fn answer(mut self) -> Result<Answer<Facts>, ProbeError> {
        let mut answer = Answer::from(self.facts);
        let Answer { facts, gaps } = self.model.unwrap_or_else(|| Answer::from(Model::default()));
        answer.facts.model = facts;
        answer.gaps = gaps;
        let trouble = self.reading.trouble;
        if let Some(error) = &trouble {
            let missing = Section::ALL.map(|section| (section, error.clone()));
            let nothing = crate::probe::cluster::Inventory::default().told(&missing.into());
            answer.facts.model = nothing.facts;
            answer.gaps = nothing.gaps;
        }
        let hidden = |also: Option<ProbeError>| trouble.clone().or(also);
        if let Some(error) = hidden(self.reading.hidden_objects.take()) {
            answer.facts.objects = None;
            answer.gaps.insert("objects".to_owned(), error);
        }
        if let Some(error) = hidden(self.reading.hidden_secrets.take()) {
            answer.facts.secrets = None;
            answer.gaps.insert("secrets".to_owned(), error);
        }
        answer.facts.files = self.reading.used.into_iter().collect();
        let is_empty = answer.facts.objects.as_ref().is_some_and(Vec::is_empty);
        if is_empty {
            let cause = format!("there are no Kubernetes objects at {}", self.probe.path);
            return Err(ProbeError::new(Reason::FileUnreadable, cause));
        }
        Ok(answer)
    }
}
