//! What the `postgres` probe counts in tables with row level security: everything, or nothing.

use std::sync::Arc;

use ready::probe::postgres::Postgres;
use ready::probe::{Context, Probe};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::json;

use super::postgres::Server;
use crate::support::context;

#[tokio::test]
async fn rows_that_a_policy_hides_are_a_gap_and_no_zero() {
    let Some(server) = Server::start(&[], None).await else {
        return;
    };
    server.sql(
        "CREATE POLICY own ON orders USING (note = current_user);
         INSERT INTO orders VALUES (1, 'somebody');
         GRANT SELECT ON orders TO audit;
         CREATE ROLE whole LOGIN PASSWORD 'audit-password' BYPASSRLS;
         GRANT SELECT ON orders TO whole",
    );
    let secret = ("P".to_owned(), Secret::new("audit-password"));
    let context = Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: std::time::Duration::from_secs(20),
        ..context(&[])
    };
    let probe = |user: &str| {
        serde_json::from_value::<Postgres>(json!({
            "host": "127.0.0.1", "port": server.port(), "user": user, "password": "${secrets.P}",
            "database": "postgres", "tls": "prefer", "query": "SELECT count(*) FROM public.orders",
            "migrations": "public.orders.id",
        }))
        .unwrap()
    };
    let answer = probe("audit").gather(&context).await.unwrap();
    for fact in ["rows", "migrations"] {
        let gap = &answer.gaps[fact];
        assert_eq!(gap.reason, Reason::PermissionDenied, "{gap:?}");
        let detail = gap.detail.as_deref().unwrap_or_default();
        assert!(detail.contains("row-level security"), "{detail}");
    }
    assert!(answer.facts.value.is_none() && answer.facts.migrations.is_none());

    let answer = probe("whole").gather(&context).await.unwrap();
    assert_eq!(answer.facts.value, Some(json!(1)));
    assert_eq!(answer.facts.migrations.unwrap().count, 1);
}
