//! The `limits` probe against Debian's nginx.

use std::time::Duration;

use ready::probe::limits::{Attempt, Limits};
use ready::probe::{Context, Probe};
use serde_json::json;

use super::nginx::Nginx;
use super::program;
use crate::support::certificates::{Authority, Leaf};
use crate::support::context;

#[tokio::test]
async fn the_limits_of_nginx_are_seen() {
    let Some(nginx) = program("nginx") else {
        return;
    };
    let root = Authority::root("Limits");
    let identity = root.sign(&Leaf::named(&["api.test"]));
    let configuration = include_str!("nginx/limits.conf");
    let nginx = Nginx::start(&nginx, configuration, (&identity, &root), &[]);
    let context = Context {
        timeout: Duration::from_secs(40),
        ..context(std::slice::from_ref(&root.certificate))
    };
    for url in [
        format!("http://api.test:{}/api", nginx.plain),
        format!("https://api.test:{}/api", nginx.tls),
    ] {
        let fields = json!({"url": url, "wait": 20});
        let probe: Limits = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate(), Ok(()));
        let answer = probe.gather(&context).await.unwrap();
        assert_eq!(answer.gaps.len(), 0, "{answer:?}");
        let facts = answer.facts;
        let status = |attempt: &Option<Attempt>| attempt.as_ref().unwrap().status;
        assert_eq!(facts.plain_status, 415);
        assert_eq!(status(&facts.oversized_body), Some(413));
        assert_eq!(status(&facts.wrong_type), Some(415));
        assert_eq!(status(&facts.malformed), Some(400));
        assert_eq!(status(&facts.bad_method), Some(405));
        // nginx has an own word for it, and tells clients 400.
        assert_eq!(status(&facts.oversized_header), Some(400));
        let slow = facts.slow_body.unwrap();
        assert!(slow.status == Some(408) || slow.closed, "{slow:?}");
        assert_eq!(facts.leaks, []);
    }
}
