//! Valet's repository with its documents and drills, and the registry of its packages.

use std::path::Path;

use http::Response;
use serde_json::json;

use super::super::{Asked, commit, say, write};
use crate::support::http::Body;

const FILES: [(&str, &str); 18] = [
    (
        "product-research/15_deployment_sre_plan.md",
        "# Deployment\n\n## Section 5: Checklist\n",
    ),
    (".gitignore", ".env\n.npmrc\nnode_modules\n"),
    (
        "package.json",
        "{\"name\": \"valet\", \"private\": true, \"scripts\": {\"build\": \"node build.mjs\"}, \"dependencies\": {\"left-pad\": \"1.3.0\"}}\n",
    ),
    ("pnpm-lock.yaml", LOCK),
    ("pnpm-workspace.yaml", "packages: [\"apps/*\"]\n"),
    ("build.mjs", "console.log('built in 1.2s');\n"),
    ("turbo.json", "{\"remoteCache\": {\"enabled\": true}}\n"),
    (
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  test:\n    steps:\n      - run: pnpm build && grep -rE 'sk_live_' apps/web/dist && exit 1\n",
    ),
    (
        ".github/workflows/restore.yml",
        "on:\n  schedule:\n    - cron: \"0 4 1 * *\"\n",
    ),
    (
        "apps/api/src/server.ts",
        "process.on('SIGTERM', () => server.close());\n",
    ),
    (
        "apps/web/src/main.tsx",
        "root.render(<Sentry.ErrorBoundary fallback={Sorry}><App /></Sentry.ErrorBoundary>);\n",
    ),
    (
        "packages/shared/src/constants/retention.ts",
        "export const SCREENSHOTS_DAYS = 30;\n",
    ),
    ("tools/semgrep/user-scoped.yml", "rules: []\n"),
    ("docs/security-architecture.md", "# Security architecture\n"),
    (
        "docs/launch.md",
        "# Launch\n\n## Rollback: who, how and when\n",
    ),
    ("docs/known-issues.md", "# Known issues\n"),
    ("docs/drills/latest.json", DRILLS),
    (
        "apps/web/package.json",
        "{\"name\": \"web\", \"private\": true}\n",
    ),
];

const LOCK: &str = "lockfileVersion: '9.0'\nsettings: {autoInstallPeers: true, excludeLinksFromLockfile: false}\n\
    importers:\n  .:\n    dependencies:\n      left-pad: {specifier: 1.3.0, version: 1.3.0}\n  apps/web: {}\n\
    packages:\n  left-pad@1.3.0: {resolution: {integrity: sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==}}\n\
    snapshots:\n  left-pad@1.3.0: {}\n";
const DRILLS: &str = "{\"database_restore_minutes\": 12, \"vps_restore_minutes\": 9, \"app_redeploy_minutes\": 3,\n  \
    \"onboarding_seconds\": 71, \"kill_switch_seconds\": 1.1}\n";

/// Makes it, with packages from the registry at this port of loopback. Into a broken one
/// somebody has committed what should stay outside.
pub(super) fn make(folder: &Path, registry: u16, is_broken: bool) {
    write(folder, &FILES);
    if is_broken {
        write(
            folder,
            &[
                (".env", "REDIS_PASSWORD=9f2c1d77ab40e35688129f2c1d77ab40\n"),
                (".gitignore", ".npmrc\nnode_modules\n"),
                ("docs/drills/latest.json", "{\"kill_switch_seconds\": 31}\n"),
            ],
        );
    }
    commit(folder, "v1.0.0");
    // As `pnpm install` leaves it.
    write(folder, &[("node_modules/.pnpm/lock.yaml", LOCK)]);
    let registry = format!("registry=http://127.0.0.1:{registry}/\n");
    write(folder, &[(".npmrc", &registry)]);
}

/// What a registry of packages tells of the one that Valet uses, and of its holes.
pub(super) fn registry(asked: &Asked<'_>) -> Response<Body> {
    match (asked.method, asked.path) {
        ("GET", "/left-pad") => say(
            200,
            &json!({"name": "left-pad", "dist-tags": {"latest": "1.3.0"}, "versions": {"1.3.0": {
                "name": "left-pad", "version": "1.3.0",
                "dist": {"tarball": "http://registry.example/left-pad-1.3.0.tgz", "shasum": "5b8a3a7765dfe001261dde915589e782f8c94d1e"}}}}),
        ),
        ("POST", "/-/npm/v1/security/audits") => say(
            200,
            &json!({"actions": [], "advisories": {}, "muted": [], "metadata": {"vulnerabilities":
                {"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0}, "dependencies": 1,
                "devDependencies": 0, "optionalDependencies": 0, "totalDependencies": 1}}),
        ),
        _ => say(404, &json!({"error": "not_found"})),
    }
}
