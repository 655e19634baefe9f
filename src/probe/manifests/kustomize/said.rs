//! What a kustomization says.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::probe::cluster::raw::{Entries, Few, Scalar};

/// What a kustomization says, as far as it is followed.
#[derive(Default)]
pub(super) struct Said {
    /// Files, and folders with kustomizations.
    pub(super) resources: Vec<String>,
    /// Folders of components, which are not followed.
    pub(super) components: Vec<String>,
    pub(super) namespace: Option<String>,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) labels: Vec<Labels>,
    pub(super) annotations: Entries<String>,
    pub(super) images: Few<Image>,
    pub(super) replicas: Few<Replicas>,
    /// Patches before everything else.
    pub(super) early_patches: Vec<Patch>,
    /// Patches after names and labels.
    pub(super) late_patches: Vec<Patch>,
    /// Fields that are not followed.
    pub(super) unfollowed: Vec<String>,
    /// Whether objects come from generators.
    pub(super) makes_objects: bool,
    /// Whether secrets do.
    pub(super) makes_secrets: bool,
}

/// A patch and what it is for.
pub(super) struct Patch {
    pub(super) text: Text,
    /// Left out where the patch itself names an object.
    pub(super) target: Option<Target>,
}

/// Where a patch stands.
pub(super) enum Text {
    Inline(String),
    File(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Labels {
    pub(super) pairs: Entries<String>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    fields: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) new_name: Option<String>,
    pub(super) new_tag: Option<Scalar>,
    pub(super) digest: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Replicas {
    pub(super) name: String,
    pub(super) count: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawPatch {
    path: Option<String>,
    patch: Option<String>,
    target: Option<Target>,
    options: Option<Value>,
}

/// Which objects a patch is for: each field is a pattern, unless it is left out.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Target {
    pub(super) group: Option<String>,
    pub(super) version: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) label_selector: Option<String>,
    pub(super) annotation_selector: Option<String>,
}

/// Reads a kustomization; the error says what is wrong with it.
pub(super) fn read(document: &Value) -> Result<Said, String> {
    let mut said = Said::default();
    let fields = document.as_object().ok_or("it is no map")?;
    for (name, value) in fields {
        if value.is_null() {
            continue;
        }
        field(&mut said, name, value).map_err(|()| format!("{name} is not as kustomize has it"))?;
    }
    Ok(said)
}

fn field(said: &mut Said, name: &str, value: &Value) -> Result<(), ()> {
    match name {
        "apiVersion" | "metadata" | "sortOptions" | "buildMetadata" | "generatorOptions" => {}
        "kind" if value != "Component" => {}
        "resources" | "bases" => said.resources.extend(read_as::<Few<String>>(value)?),
        "components" => {
            said.components.extend(read_as::<Few<String>>(value)?);
            said.unfollowed.push(name.to_owned());
        }
        "namespace" => said.namespace = Some(read_as(value)?),
        "namePrefix" => said.prefix = read_as(value)?,
        "nameSuffix" => said.suffix = read_as(value)?,
        "commonLabels" => said.labels.push(Labels {
            pairs: read_as(value)?,
            include_selectors: true,
            include_templates: true,
            fields: None,
        }),
        "labels" => {
            for labels in read_as::<Few<Labels>>(value)? {
                if labels.fields.is_some() {
                    said.unfollowed.push("labels with fields".to_owned());
                }
                said.labels.push(labels);
            }
        }
        "commonAnnotations" => said.annotations = read_as(value)?,
        "images" => said.images = read_as(value)?,
        "replicas" => said.replicas = read_as(value)?,
        "patches" | "patchesJson6902" => {
            for raw in read_as::<Few<RawPatch>>(value)? {
                if raw.options.is_some() {
                    said.unfollowed.push("patches with options".to_owned());
                }
                let text = match (raw.patch, raw.path) {
                    (Some(patch), None) => Text::Inline(patch),
                    (None, Some(path)) => Text::File(path),
                    _ => return Err(()),
                };
                let patch = Patch {
                    text,
                    target: raw.target,
                };
                if name == "patches" {
                    said.early_patches.push(patch);
                } else {
                    said.late_patches.push(patch);
                }
            }
        }
        "patchesStrategicMerge" => {
            let patches = read_as::<Few<String>>(value)?
                .into_iter()
                .map(|entry| Patch {
                    // It is either the patch or its path.
                    text: if entry.contains('\n') {
                        Text::Inline(entry)
                    } else {
                        Text::File(entry)
                    },
                    target: None,
                });
            said.early_patches.extend(patches);
        }
        "configMapGenerator" => said.makes_objects = true,
        "secretGenerator" => {
            said.makes_objects = true;
            said.makes_secrets = true;
        }
        other => said.unfollowed.push(other.to_owned()),
    }
    Ok(())
}

fn read_as<T: DeserializeOwned>(value: &Value) -> Result<T, ()> {
    serde_json::from_value(value.clone()).map_err(|_| ())
}
