//! What a container engine tells of a product.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A container of Compose's that is held well.
pub(super) fn container(project: &str, service: &str, name: &str, image: &str) -> Value {
    json!({
        "Name": format!("/{name}"), "Image": "sha256:aa", "RestartCount": 0,
        "State": {"Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0,
            "StartedAt": Timestamp::now().to_string(), "Health": {"Status": "healthy"}},
        "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}, "NetworkMode": format!("{project}_default"),
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "Memory": 536_870_912, "NanoCpus": 500_000_000, "PidsLimit": 200, "Privileged": false,
            "ReadonlyRootfs": true, "PidMode": "", "IpcMode": "private", "CapAdd": null, "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"], "PortBindings": {}},
        "Config": {"Image": image, "User": "10001", "Env": ["PATH=/bin"],
            "Labels": {"com.docker.compose.project": project, "com.docker.compose.service": service}},
        "Mounts": [], "NetworkSettings": {"Ports": {}},
    })
}

/// The image of all of them, made two days ago.
pub(super) fn image(name: &str, tag: &str) -> Value {
    let made = Timestamp::now() - SignedDuration::from_hours(48);
    json!({"Id": "sha256:aa", "RepoTags": [format!("{name}:{tag}")], "RepoDigests": [format!("{name}@sha256:bb")],
        "Created": made.to_string(), "Size": 1000})
}
