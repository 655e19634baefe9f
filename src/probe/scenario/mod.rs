//! Does a series of HTTP requests, each with what earlier answers gave, come out as it must?
//! Login, refresh, the old token once more.
//!
//! Cookies are kept from step to step as a browser keeps them, and what a step captures can
//! stand in later ones as `{{name}}`. Any status of any step is a fact. The target's answer: a
//! step that gets no answer, as in the `http` kind. Our inability: a secret that is not set, and
//! an answer that does not have what is to be captured (`capture.missing`, or
//! `credential.refused` where it is 401 or 403). The scenario stops there: the steps after it are
//! gaps with that reason.
//!
//! What is captured is taken for a token: it is sent, and masked in everything that is told, as
//! secrets are. `set-cookie` and bodies are no facts; of JSON, fields that are named like secrets
//! and JSON Web Tokens are masked as well. Repeating a step, and branching, it does not do.

mod capture;
mod facts;
mod run;
mod step;
mod template;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::capture::Capture;
pub use self::facts::{Facts, Seen};
pub use self::step::Step;
use super::{Answer, Contact, Context, Invalid, Probe, ProbeError};

/// Asks one thing after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The requests in order, at most 20.
    pub steps: Vec<Step>,
}

impl Probe for Scenario {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        validate::validate(self)
    }

    fn contacts(&self) -> Vec<Contact> {
        self.steps.iter().flat_map(Step::contacts).collect()
    }

    fn reproduce(&self) -> String {
        let commands: Vec<String> = self.steps.iter().map(Step::reproduce).collect();
        commands.join("\n")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        run::run(self, context).await
    }
}
