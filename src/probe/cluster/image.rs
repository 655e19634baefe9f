//! References to images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An image, as it is referred to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The reference as it is written.
    pub reference: String,
    /// Registry and name, without tag and digest.
    pub name: String,
    /// The tag; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The digest, such as `sha256:…`; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether it says exactly which image: by a digest, or by a tag other than `latest`.
    pub pinned: bool,
}

impl Image {
    pub(in crate::probe) fn read(reference: &str) -> Self {
        let (rest, digest) = match reference.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (reference, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let colon = rest.get(start..).and_then(|last| last.find(':'));
        let (name, tag) = match colon.map(|at| rest.split_at(start + at)) {
            Some((name, tag)) => (name, tag.get(1..).filter(|tag| !tag.is_empty())),
            None => (rest, None),
        };
        let is_fixed = tag.is_some_and(|tag| tag != "latest");
        Self {
            reference: reference.to_owned(),
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
            pinned: digest.is_some() || is_fixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn references_are_taken_apart() {
        for (reference, name, tag, digest, pinned) in [
            ("nginx", "nginx", None, None, false),
            ("nginx:latest", "nginx", Some("latest"), None, false),
            ("nginx:1.27", "nginx", Some("1.27"), None, true),
            ("nginx:", "nginx", None, None, false),
            ("reg:5000/a/b", "reg:5000/a/b", None, None, false),
            ("reg:5000/a/b:2", "reg:5000/a/b", Some("2"), None, true),
            ("a@sha256:0f", "a", None, Some("sha256:0f"), true),
            (
                "r:1/a:latest@sha256:0f",
                "r:1/a",
                Some("latest"),
                Some("sha256:0f"),
                true,
            ),
        ] {
            let image = Image::read(reference);
            let found = (
                image.name.as_str(),
                image.tag.as_deref(),
                image.digest.as_deref(),
                image.pinned,
            );
            assert_eq!(found, (name, tag, digest, pinned), "{reference}");
        }
    }
}
