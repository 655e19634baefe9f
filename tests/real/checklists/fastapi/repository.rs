//! The shop's repository: an API in Python with its tests and migrations, a front end, documents.

use std::path::Path;

use super::super::write;

const FILES: [(&str, &str); 27] = [
    (
        "12_DEPLOYMENT_ARCHITECTURE.md",
        "# Deployment architecture\n",
    ),
    (
        "docker-compose.yml",
        "services:\n  api: {build: apps/api}\n  web: {build: apps/web}\n  worker: {build: apps/worker}\n",
    ),
    (".github/workflows/ci.yml", WORKFLOW),
    ("apps/api/Dockerfile", DOCKERFILE),
    ("apps/web/Dockerfile", DOCKERFILE),
    ("apps/worker/Dockerfile", DOCKERFILE),
    ("apps/api/pytest.ini", "[pytest]\ntestpaths = tests\n"),
    ("apps/api/shop/__init__.py", ""),
    (
        "apps/api/shop/money.py",
        "def euros(cents: int) -> str:\n    return f\"{cents // 100}.{cents % 100:02}\"\n",
    ),
    ("apps/api/shop/limits.py", LIMITS),
    ("apps/api/shop/database.py", DATABASE),
    ("apps/api/shop/monitoring.py", MONITORING),
    ("apps/api/tests/conftest.py", CONFTEST),
    ("apps/api/tests/test_money.py", TEST_MONEY),
    ("apps/api/tests/test_limits.py", TEST_LIMITS),
    ("apps/api/alembic.ini", ALEMBIC),
    ("apps/api/migrations/env.py", ENVIRONMENT),
    (
        "apps/api/migrations/versions/0041_users.py",
        "revision = \"0041_users\"\ndown_revision = None\n",
    ),
    (
        "apps/api/migrations/versions/0042_last.py",
        "revision = \"0042_last\"\ndown_revision = \"0041_users\"\n",
    ),
    (
        "apps/web/package.json",
        "{\"name\": \"web\", \"private\": true, \"scripts\": {\"lint\": \"node lint.mjs\"}}\n",
    ),
    ("apps/web/lint.mjs", LINT),
    ("apps/web/main.js", "document.title = \"Shop\";\n"),
    ("scripts/backup_database.py", "import subprocess\n"),
    (
        "scripts/backup_cron.sh",
        "#!/bin/sh\nset -eu\npython scripts/backup_database.py\n",
    ),
    (
        "docs/BACKUP_RESTORE.md",
        "# Backups\n\n## Restoring\n\n`pg_restore -d scratch newest.dump`\n",
    ),
    ("docs/adr/0001-fastapi.md", "# FastAPI\n"),
    ("docs/MANIFESTO.md", "# What the shop is for\n"),
];

/// What the document still lists as missing.
const LATER: [(&str, &str); 2] = [
    (
        "docs/runbooks/deployment.md",
        "# Deployment\n\n## Rollback\n",
    ),
    ("docs/runbooks/incident.md", "# Incidents\n"),
];

const WORKFLOW: &str = "on:\n  push:\n  pull_request:\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      \
    - run: ruff check apps/api\n      - run: pytest apps/api\n      - run: docker build apps/api\n";
const DOCKERFILE: &str =
    "FROM debian:13 AS build\nRUN true\nFROM debian:13-slim\nCOPY --from=build /app /app\n";
const LIMITS: &str = "class Limiter:
    def __init__(self, redis):
        self.redis = redis

    def allows(self, who: str) -> bool:
        try:
            return self.redis.incr(who) <= 100
        except ConnectionError:
            return True
";
const DATABASE: &str = "from sqlalchemy import create_engine


def engine(url: str):
    return create_engine(url, pool_size=10, max_overflow=5, pool_pre_ping=True)
";
const MONITORING: &str = "import sentry_sdk

sentry_sdk.init(traces_sample_rate=0.1)
";
const CONFTEST: &str = "import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
";
const TEST_MONEY: &str = r#"import pytest

from shop.money import euros


@pytest.mark.parametrize("cents", range(522))
def test_euros_are_whole(cents):
    assert euros(cents * 100) == f"{cents}.00"
"#;
const TEST_LIMITS: &str = r#"from shop.limits import Limiter


class Gone:
    def incr(self, who):
        raise ConnectionError


class Counter:
    def incr(self, who):
        return 1


def test_requests_pass_when_redis_down():
    assert Limiter(Gone()).allows("ann")


def test_requests_are_counted():
    assert Limiter(Counter()).allows("ann")
"#;
const ALEMBIC: &str = "[alembic]\nscript_location = migrations\n\
    sqlalchemy.url = postgresql+psycopg2://app:db-app@127.0.0.1/app\n";
const ENVIRONMENT: &str = r#"from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine

metadata = MetaData()
Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("hashed_password", Text, nullable=False),
)


def ours(name, kind, _):
    return kind != "table" or name in metadata.tables


engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_name=ours)
    with context.begin_transaction():
        context.run_migrations()
"#;
const LINT: &str = "import {readFileSync} from 'node:fs';\n\
    if (readFileSync('main.js', 'utf8').includes('console.log')) process.exit(1);\n";

/// Makes it as it should be, or as the document found it and worse.
pub(super) fn make(folder: &Path, is_broken: bool) {
    write(folder, &FILES);
    if is_broken {
        write(
            folder,
            &[
                ("apps/web/main.js", "console.log(document);\n"),
                ("scripts/backup_cron.sh", "if true\n"),
                (
                    "apps/api/shop/money.py",
                    "import os\ndef euros(cents):\n    return cents\n",
                ),
            ],
        );
    } else {
        write(folder, &LATER);
    }
}
