//! Asks for every list, and remembers which could not be read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ask::Asking;
use super::credentials::Found;
use super::live::RawEvent;
use super::{Facts, Kubernetes};
use crate::probe::cluster::raw::access::{Binding, Role, ServiceAccount};
use crate::probe::cluster::raw::workload::{ControllerSpec, ControllerStatus};
use crate::probe::cluster::raw::{Meta, Object};
use crate::probe::cluster::{Inventory, Section, USUAL_NAMESPACE};
use crate::probe::http::deadline::Deadline;
use crate::probe::{Answer, Context, ProbeError};
use crate::reason::Reason;

/// More pods than this are not told.
const MOST_PODS: usize = 5000;
/// More objects than this are not told of any other list.
pub(super) const MOST: usize = 2000;

/// What every object has that is looked at by its name alone.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) metadata: Meta,
}

/// The version of a server.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

pub(super) type Controller = Object<ControllerSpec, ControllerStatus>;

/// Every object says how it is called.
pub(super) trait Listed: DeserializeOwned {
    fn meta(&self) -> &Meta;
}

impl<S, T> Listed for Object<S, T>
where
    Object<S, T>: DeserializeOwned,
{
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

macro_rules! listed {
    ($($Kind:ident),+) => {
        $(impl Listed for $Kind {
            fn meta(&self) -> &Meta {
                &self.metadata
            }
        })+
    };
}

listed!(Binding, Named, RawEvent, Role, ServiceAccount);

/// Asks for everything.
pub(super) async fn gather(
    probe: &Kubernetes,
    found: Found,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let deadline = Deadline::after(context.timeout * 19 / 20);
    let mut inventory = Inventory::default();
    USUAL_NAMESPACE.clone_into(&mut inventory.namespace);
    let mut gathering = Gathering {
        probe,
        asking: Asking::new(found, context, deadline),
        inventory,
        missing: BTreeMap::new(),
        facts: Facts::default(),
        gaps: BTreeMap::new(),
        seen: 0,
    };
    gathering.version().await?;
    let is_there = gathering.namespace().await?;
    gathering.workloads().await;
    gathering.around().await;
    gathering.access().await;
    gathering.living().await;
    gathering.more().await;
    if let (Err(error), 0) = (is_there, gathering.seen) {
        // Lists of a namespace that is not there are empty as well.
        return Err(error);
    }
    Ok(gathering.told())
}

pub(super) struct Gathering<'g> {
    pub(super) probe: &'g Kubernetes,
    pub(super) asking: Asking<'g>,
    pub(super) inventory: Inventory,
    pub(super) missing: BTreeMap<Section, ProbeError>,
    pub(super) facts: Facts,
    pub(super) gaps: BTreeMap<String, ProbeError>,
    /// How many objects there were in all lists of what is in a namespace.
    seen: usize,
}

impl Gathering<'_> {
    /// Whether the API answers at all.
    async fn version(&mut self) -> Result<(), ProbeError> {
        match self.asking.one::<Version>("/version").await {
            Ok(version) => {
                let version = version.git_version;
                let plain = version.strip_prefix('v').unwrap_or(&version);
                self.facts.version = Some(plain.chars().take(100).collect());
            }
            Err(error) if error.reason == Reason::PermissionDenied => {
                self.gap("version", error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether the namespace that is asked about is there, as far as that may be known.
    async fn namespace(&mut self) -> Result<Result<(), ProbeError>, ProbeError> {
        let name = &self.probe.namespace;
        if name.is_empty() {
            return Ok(Ok(()));
        }
        match self
            .asking
            .one::<Named>(&format!("/api/v1/namespaces/{name}"))
            .await
        {
            Ok(_) => Ok(Ok(())),
            Err(error) if error.reason == Reason::PermissionDenied => Ok(Err(error)),
            Err(error) if error.reason == Reason::ApiNotFound => {
                let cause = format!("the cluster has no namespace {name}");
                Err(ProbeError::new(Reason::ApiNotFound, cause))
            }
            Err(error) => Err(error),
        }
    }

    /// The path of a list, of one namespace or of all.
    pub(super) fn path(&self, api: &str, plural: &str) -> String {
        match self.probe.namespace.as_str() {
            "" => format!("{api}/{plural}"),
            name => format!("{api}/namespaces/{name}/{plural}"),
        }
    }

    /// The objects of a list, without those of namespaces that are passed over.
    pub(super) async fn list<T: Listed>(
        &mut self,
        api: &str,
        plural: &str,
    ) -> Result<Vec<T>, ProbeError> {
        let most = if plural == "pods" { MOST_PODS } else { MOST };
        let path = self.path(api, plural);
        let mut objects: Vec<T> = self.asking.list(&path, most).await?;
        self.seen += objects.len();
        objects.retain(|object| self.is_wanted(object.meta()));
        Ok(objects)
    }

    pub(super) fn is_wanted(&self, meta: &Meta) -> bool {
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        !self.probe.namespace.is_empty() || !self.probe.exclude.contains(namespace)
    }

    /// Adds the objects of a list; if there is something wrong with one, the list is missing.
    pub(super) async fn add<T: Listed>(
        &mut self,
        section: Section,
        (api, plural): (&str, &str),
        add: impl Fn(&mut Inventory, T) -> Result<(), String>,
    ) {
        let added = self.list(api, plural).await.and_then(|objects| {
            let inventory = &mut self.inventory;
            let mut added = objects.into_iter().map(|object| add(inventory, object));
            added.try_for_each(|one| one.map_err(|words| odd(plural, &words)))
        });
        self.lacking(section, added);
    }

    /// Adds the objects of a list that is about the whole cluster.
    pub(super) async fn add_wide<T: DeserializeOwned>(
        &mut self,
        section: Section,
        (api, plural): (&str, &str),
        add: impl Fn(&mut Inventory, T) -> Result<(), String>,
    ) {
        let read = self
            .asking
            .list::<T>(&format!("{api}/{plural}"), MOST)
            .await;
        let added = read.and_then(|objects| {
            let inventory = &mut self.inventory;
            let mut added = objects.into_iter().map(|object| add(inventory, object));
            added.try_for_each(|one| one.map_err(|words| odd(plural, &words)))
        });
        self.lacking(section, added);
    }

    pub(super) fn lacking(&mut self, section: Section, read: Result<(), ProbeError>) {
        if let Err(error) = read {
            self.missing.entry(section).or_insert(error);
        }
    }

    pub(super) fn gap(&mut self, fact: &str, error: ProbeError) {
        self.gaps.insert(fact.to_owned(), error);
    }

    fn told(self) -> Answer<Facts> {
        let Answer { facts, gaps } = self.inventory.told(&self.missing);
        let mut answer = Answer {
            facts: self.facts,
            gaps: self.gaps,
        };
        answer.facts.model = facts;
        answer.gaps.extend(gaps);
        answer
    }
}

/// An object that the API itself would refuse.
pub(super) fn odd(plural: &str, words: &str) -> ProbeError {
    let cause = format!("the cluster's list of {plural} is not as its interface says");
    ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words.to_owned())
}
