//! `BatchSender`'s repository, which `repo/` is, and its buckets.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::{commit, copy, write};

const POLICIES: [&str; 3] = [
    "nats/networkpolicy.yaml",
    "clickhouse/networkpolicy.yaml",
    "worker/networkpolicy.yaml",
];
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: worker}\nstringData: {DATABASE_URL: \"postgres://app@db/batchsender\"}\n";

/// Makes the repository; a broken one has a plain secret, no policies and half a plan.
pub(super) fn make(folder: &Path, is_broken: bool) {
    copy("batchsender/repo", folder);
    if is_broken {
        let list = folder.join("k8s/base/kustomization.yaml");
        let mut text = std::fs::read_to_string(&list).unwrap();
        for policy in POLICIES {
            text = text.replace(&format!("  - {policy}\n"), "");
            std::fs::remove_file(folder.join("k8s/base").join(policy)).unwrap();
        }
        let text = text.replace("worker/sealed-secret.yaml", "worker/secret.yaml");
        std::fs::remove_file(folder.join("k8s/base/worker/sealed-secret.yaml")).unwrap();
        write(
            folder,
            &[
                ("k8s/base/kustomization.yaml", &text),
                ("k8s/base/worker/secret.yaml", SECRET),
                (
                    "docs/DISASTER_RECOVERY.md",
                    "# Disaster recovery\n\n## Backup\n\nNone yet.\n",
                ),
            ],
        );
    }
    commit(folder, "v1.4.2");
}

/// Makes the buckets: archived parts, and a backup a night, the last of which may be missing.
pub(super) fn buckets(root: &Path, is_broken: bool) {
    write(
        root,
        &[("batchsender-archive/store/a1/data.bin", "rows of long ago")],
    );
    let newest = if is_broken { 3 } else { 0 };
    for day in newest..14_u64 {
        let name = format!("batchsender-backups/clickhouse/{day:02}.zip");
        write(root, &[(&name, "PK\u{3}\u{4} parts of tables")]);
        let time = SystemTime::now() - Duration::from_secs(day * 86_400 + 3600);
        let file = std::fs::File::options()
            .append(true)
            .open(root.join(&name))
            .unwrap();
        file.set_modified(time).unwrap();
    }
}
