//! The `http` probe against servers in this process.

mod answers;
mod bodies;
mod certificates;
mod faults;
mod redirects;
mod requests;
mod sharing;

use ready::probe::http::{Facts, Http};
use ready::probe::{Answer, Context, Probe, ProbeError};
use serde_json::{Value, json};

use crate::support::certificates::{Authority, Identity, Leaf};

/// The probe with these fields.
fn probe(fields: Value) -> Http {
    let probe: Http = serde_json::from_value(fields).unwrap();
    probe.validate().unwrap();
    probe
}

/// The standard question.
fn get(url: impl Into<String>) -> Http {
    probe(json!({"url": url.into()}))
}

async fn ask(probe: &Http) -> Result<Answer<Facts>, ProbeError> {
    probe.gather(&crate::support::context(&[])).await
}

/// Asks where an answer must come.
async fn facts(probe: &Http) -> Facts {
    ask(probe).await.unwrap().facts
}

/// Asks where no answer may come: the reason's code and the cause.
async fn error(probe: &Http) -> (&'static str, String) {
    let error = ask(probe).await.unwrap_err();
    (error.reason.code(), error.cause)
}

/// A root, and a certificate for `localhost` that it vouches for.
fn trusted() -> (Authority, Identity) {
    let root = Authority::root("Test CA");
    let identity = root.sign(&Leaf::default());
    (root, identity)
}

fn trusting(root: &Authority) -> Context {
    crate::support::context(std::slice::from_ref(&root.certificate))
}
