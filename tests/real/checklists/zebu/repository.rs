//! Zebu's repository, its environment file and its backups.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::super::{commit, write};

const COMPOSE: &str = r#"x-usual: &usual
  restart: unless-stopped
  healthcheck: {test: [CMD, "true"]}
  deploy: {resources: {limits: {memory: 512M, cpus: "0.5"}}}
services:
  frontend: {<<: *usual, image: zebu/frontend:1.4.2}
  backend: {<<: *usual, image: zebu/backend:1.4.2, ports: ["127.0.0.1:8000:8000"]}
  db: {<<: *usual, image: postgres:17.6, ports: ["127.0.0.1:5432:5432"]}
  redis: {<<: *usual, image: redis:8.2.1, ports: ["127.0.0.1:6379:6379"]}
"#;

const FILES: [(&str, &str); 14] = [
    ("README.md", "# Zebu\n\nA portfolio tracker.\n"),
    ("CHANGELOG.md", "# Changes\n\n## 1.4.2\n"),
    (".gitignore", ".env\n"),
    (
        ".env.example",
        "APP_ENV=\nAPP_DEBUG=\nLOG_LEVEL=\nPOSTGRES_PASSWORD=\nSECRET_KEY=\nALPHA_VANTAGE_API_KEY=\nCORS_ORIGINS=\n",
    ),
    ("docker-compose.prod.yml", COMPOSE),
    (
        "backend/app.py",
        "def find(db, name):\n    return db.execute(\"SELECT id FROM portfolios WHERE name = :name\", {\"name\": name})\n",
    ),
    (
        "docs/recovery.md",
        "# Disaster recovery\n\nRTO: 4 hours. RPO: 24 hours.\n\n## Restore\n\nAlembic: `alembic downgrade -1`.\n",
    ),
    (
        "docs/deploy.md",
        "# Deployment\n\n## Rollback\n\n## Troubleshooting\n\nShut down: `docker compose down`.\n",
    ),
    ("docs/runbooks/restart.md", "# Restart a service\n"),
    ("docs/deployment-checklist.md", "# Before a deployment\n"),
    (
        "docs/architecture.md",
        "# Architecture\n\n## Dependencies\n\n## Configuration\n\n## Secrets\n\n## Scaling and capacity\n",
    ),
    ("docs/proxmox-vm-deployment.md", "# The VM\n"),
    ("docs/domain-and-ssl-setup.md", "# Names and certificates\n"),
    ("frontend/package.json", "{\"name\": \"zebu\"}\n"),
];

const ENVIRONMENT: &str = "APP_ENV=production\nAPP_DEBUG=false\nLOG_LEVEL=INFO\n\
    POSTGRES_PASSWORD=9f2c1d77ab40e35688129f2c1d77ab40\nSECRET_KEY=e35688129f2c1d77ab409f2c1d77ab40e3568812\n\
    ALPHA_VANTAGE_API_KEY=KQ7Z1M4X9P2L8W3T\nCORS_ORIGINS=https://zebu.example\n";

const BAD_ENVIRONMENT: &str = "APP_ENV=development\nAPP_DEBUG=true\nLOG_LEVEL=DEBUG\n\
    POSTGRES_PASSWORD=zebu-2026\nSECRET_KEY=changeme\nALPHA_VANTAGE_API_KEY=your-api-key-here\nCORS_ORIGINS=*\n";

/// Makes the repository with its environment file beside what is committed.
pub(super) fn make(folder: &Path, is_broken: bool) {
    write(folder, &FILES);
    let environment = if is_broken {
        BAD_ENVIRONMENT
    } else {
        ENVIRONMENT
    };
    if is_broken {
        write(
            folder,
            &[(".env", environment), (".gitignore", "node_modules\n")],
        );
    }
    commit(folder, "v1.4.2");
    write(folder, &[(".env", environment)]);
    let mode = if is_broken { 0o644 } else { 0o600 };
    std::fs::set_permissions(folder.join(".env"), std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What is deployed on the VM: a clone that belongs to whoever looks.
pub(super) fn clone(from: &Path, to: &Path, owner: &str) {
    let ran = Command::new("git")
        .args(["clone", "-q"])
        .args([from, to])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let ran = Command::new("chown")
        .args(["-R", owner])
        .arg(to)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}
