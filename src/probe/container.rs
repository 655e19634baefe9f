//! Words of containers that several kinds read: image references, sizes, logging, mounts.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How exactly an image is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// By its content, which cannot change.
    Digest,
    /// By a tag, which somebody can move.
    Tag,
    /// By the tag `latest`.
    Latest,
    /// By no tag at all, which means `latest`.
    None,
}

/// An image's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

impl Reference {
    /// Reads `registry/repository:tag@digest`; `None` if it is no such name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match name.get(last..)?.find(':') {
            Some(colon) => (
                name.get(..last + colon)?,
                Some(name.get(last + colon + 1..)?),
            ),
            None => (name, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("docker.io", name),
        };
        let is_word = |text: &str, more: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
        };
        let sound = is_word(repository, "._-/")
            && is_word(registry, ".-:[]")
            && tag.is_none_or(|tag| is_word(tag, "._-"))
            && digest.is_none_or(|digest| digest.contains(':') && is_word(digest, ":+._-"));
        sound.then(|| Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    pub(super) fn pin(&self) -> Pin {
        match (&self.digest, self.tag.as_deref()) {
            (Some(_), _) => Pin::Digest,
            (None, Some("latest")) => Pin::Latest,
            (None, Some(_)) => Pin::Tag,
            (None, None) => Pin::None,
        }
    }
}

/// What a container may use; what is left out has no limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
}

/// Where a container's output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Logging {
    /// The driver; left out where it is the engine's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// A file of the log is not larger than this, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size_bytes: Option<u64>,
    /// Files of the log that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_files: Option<u64>,
    /// Names of all options; their values can be secrets.
    pub options: BTreeSet<String>,
}

impl Logging {
    /// Reads a driver's options; `Err` names one that has no meaning.
    pub(super) fn of(
        driver: Option<String>,
        options: &BTreeMap<String, String>,
    ) -> Result<Self, &'static str> {
        let size = match options.get("max-size").map(String::as_str) {
            // No limit, as the engine reads it.
            None | Some("" | "-1") => None,
            Some(text) => Some(bytes(text).ok_or("max-size")?),
        };
        let files = match options.get("max-file").map(String::as_str) {
            None | Some("") => None,
            Some(text) => Some(text.trim().parse().map_err(|_| "max-file")?),
        };
        Ok(Self {
            driver: driver.filter(|driver| !driver.is_empty()),
            max_size_bytes: size,
            max_files: files,
            options: options.keys().cloned().collect(),
        })
    }
}

/// A size as container engines write it: `512m`, `1.5g`, `10 MB`, a number of bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "within the bounds that are asked for"
)]
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = (text.get(..end)?, text.get(end..)?.trim());
    let number: f64 = number.parse().ok()?;
    let scale = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 1_u64,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        "p" => 1 << 50,
        _ => return None,
    };
    let size = number * scale as f64;
    (size < 1e18).then_some(size as u64)
}

/// A capability's name in capitals and without `CAP_`.
pub(super) fn capability(name: &str) -> String {
    let name = name.trim().to_ascii_uppercase();
    name.strip_prefix("CAP_").map(str::to_owned).unwrap_or(name)
}

/// Whether who may write to this path of the host commands its container engine: the socket,
/// or a folder that it stands in.
pub(super) fn commands_the_engine(source: &str) -> bool {
    const SOCKETS: &[&str] = &["docker.sock", "podman.sock", "containerd.sock", "crio.sock"];
    const ABOVE: &[&str] = &[
        "",
        "/run",
        "/var",
        "/var/run",
        "/run/podman",
        "/var/run/podman",
        "/run/containerd",
        "/var/run/containerd",
    ];
    let Some(path) = source.strip_prefix('/') else {
        return false;
    };
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    let plain: String = parts.flat_map(|part| ["/", part]).collect();
    let name = plain.rsplit('/').next().unwrap_or_default();
    SOCKETS.contains(&name) || ABOVE.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::{Logging, Pin, Reference, bytes, commands_the_engine};

    #[test]
    fn references_are_taken_apart() {
        for (text, registry, repository, tag, pin) in [
            ("nginx", "docker.io", "nginx", None, Pin::None),
            (
                "nginx:latest",
                "docker.io",
                "nginx",
                Some("latest"),
                Pin::Latest,
            ),
            ("a/b:1.2-x", "docker.io", "a/b", Some("1.2-x"), Pin::Tag),
            ("ghcr.io/a/b", "ghcr.io", "a/b", None, Pin::None),
            (
                "localhost:5000/b:1",
                "localhost:5000",
                "b",
                Some("1"),
                Pin::Tag,
            ),
            ("localhost/b", "localhost", "b", None, Pin::None),
            ("b:1@sha256:00ff", "docker.io", "b", Some("1"), Pin::Digest),
            ("b@sha256:00ff", "docker.io", "b", None, Pin::Digest),
        ] {
            let found = Reference::parse(text).unwrap();
            assert_eq!(
                (
                    &*found.registry,
                    &*found.repository,
                    found.tag.as_deref(),
                    found.pin()
                ),
                (registry, repository, tag, pin),
                "{text}"
            );
        }
        for wrong in [
            "", ":", "a:", "a@", "a@b", "a b", "a:1/", "ghcr.io/", "a:${X}",
        ] {
            assert_eq!(Reference::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_as_engines_do() {
        for (text, size) in [
            ("0", 0),
            ("1024", 1024),
            ("10m", 10 << 20),
            ("10MB", 10 << 20),
            ("1.5g", 3 << 29),
            ("2 KiB", 2048),
            ("7b", 7),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for wrong in ["", "m", "ten", "10x", "-1", "1e9", "99999999999p", "1.2.3"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn log_limits_are_read() {
        let of = |options: &[(&str, &str)]| {
            let options = options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Logging::of(Some(String::new()), &options.collect())
        };
        let told = of(&[("max-size", "10m"), ("max-file", "3"), ("token", "s3")]).unwrap();
        assert_eq!(
            (told.max_size_bytes, told.max_files),
            (Some(10 << 20), Some(3))
        );
        assert!(told.driver.is_none() && told.options.contains("token"));
        assert_eq!(of(&[("max-size", "-1")]).unwrap().max_size_bytes, None);
        assert_eq!(of(&[("max-size", "big")]), Err("max-size"));
        assert_eq!(of(&[("max-file", "many")]), Err("max-file"));
    }

    #[test]
    fn the_engines_socket_is_known_by_its_folders_too() {
        for path in [
            "/var/run/docker.sock",
            "/run//docker.sock",
            "/run/",
            "/",
            "/run/user/1/podman/podman.sock",
        ] {
            assert!(commands_the_engine(path), "{path}");
        }
        for path in ["", "data", "./docker.sock", "/srv/data", "/run/app"] {
            assert!(!commands_the_engine(path), "{path}");
        }
    }
}
