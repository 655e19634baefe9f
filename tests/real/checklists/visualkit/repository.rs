//! `VisualKit`'s repository, and the tools that work in it.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::{commit, write};

/// The tests, each of which is its file.
const TESTS: [&str; 31] = [
    "packages/api/src/auth.test.ts",
    "packages/api/src/chat.test.ts",
    "packages/api/src/knowledge.test.ts",
    "packages/api/src/sessions.test.ts",
    "packages/api/src/users.test.ts",
    "packages/api/src/widgets.test.ts",
    "packages/api/src/health.test.ts",
    "packages/api/src/api-keys.test.ts",
    "packages/api/src/ai-personalities.test.ts",
    "packages/api/src/mfa.test.ts",
    "packages/api/src/rls-integration.test.ts",
    "packages/api/src/sessions.integration.test.ts",
    "packages/api/src/services/csrf.test.ts",
    "packages/api/src/services/rate-limit.test.ts",
    "packages/api/src/services/password.test.ts",
    "packages/ai/src/openai.test.ts",
    "packages/ai/src/anthropic.test.ts",
    "packages/ai/src/google.test.ts",
    "packages/ai/src/rag-query.test.ts",
    "packages/ai/src/chunking.test.ts",
    "packages/ai/src/embeddings.test.ts",
    "packages/api/src/enterprise/crm.test.ts",
    "packages/api/src/enterprise/ticketing.test.ts",
    "packages/api/src/enterprise/knowledgeSync.test.ts",
    "packages/api/src/enterprise/communication.test.ts",
    "packages/api/src/enterprise/qualityAssurance.test.ts",
    "packages/api/src/enterprise/enterpriseSecurity.test.ts",
    "packages/api/src/enterprise/crag.test.ts",
    "apps/dashboard/e2e/login.test.ts",
    "apps/dashboard/e2e/chat-window.test.ts",
    "apps/meet/e2e/room.test.ts",
];

const FILES: [(&str, &str); 13] = [
    (
        "package.json",
        "{\"name\": \"visualkit\", \"devDependencies\": {\"turbo\": \"2.6.1\", \"vitest\": \"4.0.9\"}}\n",
    ),
    (
        "apps/dashboard/package.json",
        "{\"name\": \"dashboard\", \"dependencies\": {\"react\": \"18.3.1\", \"tailwindcss\": \"4.1.17\"}}\n",
    ),
    (
        "apps/dashboard/components.json",
        "{\"style\": \"new-york\"}\n",
    ),
    (
        "apps/dashboard/playwright.config.ts",
        "export default {testDir: \"e2e\"};\n",
    ),
    ("apps/dashboard/src/main.tsx", "render(<App />);\n"),
    (
        "packages/api/package.json",
        "{\"name\": \"@visualkit/api\", \"dependencies\": {\"@visualkit/db\": \"workspace:*\", \"fastify\": \"5.6.2\"}}\n",
    ),
    (
        "packages/api/src/users.ts",
        "export const find = (id) => db.select().from(users).where(eq(users.id, id));\n",
    ),
    (
        "vitest.config.ts",
        "export default {test: {coverage: {thresholds: {\n  lines: 80,\n  functions: 80,\n  branches: 80,\n  statements: 80,\n}}}};\n",
    ),
    ("docs/enterprise-user-guide.md", "# Enterprise features\n"),
    (
        "docs/enterprise-api.md",
        "# The API of enterprise features\n",
    ),
    (
        "docs/Runbook.md",
        "# Runbook\n\n## Enterprise: a connector stops\n",
    ),
    (
        "load/summary.json",
        "{\"metrics\": {\"http_req_duration\": {\"p(95)\": 181.2}}}\n",
    ),
    (".gitignore", ".env\n"),
];

const ENVIRONMENT: &str = "DATABASE_URL=postgres://visualkit:9f2c1d77ab40e356@db.visualkit.example/visualkit\n\
    REDIS_URL=rediss://:5b1e77c09d2a4f83@redis.visualkit.example:6379\nSESSION_SECRET=@SESSION@\n\
    OPENAI_API_KEY=sk-proj-KQ7Z1M4X9P2L8W3TB6N5\nANTHROPIC_API_KEY=sk-ant-api03-R8V2C6Y1Q4J7H3\n\
    GEMINI_API_KEY=AIzaSyD7kQ2mX9pL4wR8vT1\nVOYAGE_API_KEY=pa-7HqX2mK9wL4rT8vB\nCOHERE_API_KEY=co-3NzY6pJ1sD5gF9kM\n\
    GOOGLE_CLIENT_ID=481516234200-ab.apps.googleusercontent.com\nGOOGLE_CLIENT_SECRET=GOCSPX-8wL4rT8vB2mK9qX7H\n";

/// What the tools print, as far as it is looked at.
const TOOLS: [(&str, &str); 3] = [
    ("node", "echo v22.21.1\n"),
    ("docker", "[ \"$1\" = exec ] && echo 'Python 3.12.12'\n"),
    (
        "pnpm",
        "case \"$*\" in\n--version) echo 10.23.0 ;;\ntypecheck) echo ' Tasks:    21 successful, 21 total' ;;\n\
         build) echo ' Tasks:    13 successful, 13 total' ;;\ntest) echo ' Tasks:    21 successful, 21 total' ;;\n\
         'vitest run '*) echo '{\"numTotalTests\":4,\"numPassedTests\":4,\"numFailedTests\":0,\"numPendingTests\":0,\"success\":true}' ;;\n\
         *) exit 1 ;;\nesac\n",
    ),
];

/// Makes the repository, with the environment file beside what is committed.
pub(super) fn make(folder: &Path, is_broken: bool) {
    write(folder, &FILES);
    let mut root = "export const appRouter = router({\n".to_owned();
    for number in 1..=24 {
        _ = writeln!(root, "  part{number}: part{number}Router,");
    }
    root += "});\n";
    write(folder, &[("packages/api/src/root.ts", &root)]);
    for path in TESTS {
        write(
            folder,
            &[(
                path,
                "it(\"works\", async () => expect(await work()).toBe(true));\n",
            )],
        );
    }
    commit(folder, "v2.0.0");
    let session = if is_broken {
        "changeme"
    } else {
        "e35688129f2c1d77ab409f2c1d77ab40e3568812"
    };
    write(
        folder,
        &[(".env", &ENVIRONMENT.replace("@SESSION@", session))],
    );
}

/// Puts scripts in the place of tools that Debian does not have, or not in the versions that are
/// asked for: they print what the tools do.
pub(super) fn tools(folder: &Path) {
    for (name, script) in TOOLS {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}
