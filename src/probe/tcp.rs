//! Is a port open, closed or filtered, on every address of a name?
//!
//! Open, closed and filtered are facts. Our inability: no route, no resolver.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Answer, Contact, Context, Probe, ProbeError};

/// Opens a TCP connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tcp {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether the port accepts connections.
    pub open: bool,
}

impl Probe for Tcp {
    type Facts = Facts;

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: "TCP connect".to_owned(),
            count: 1,
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        format!("nc -vz {} {}", self.host, self.port)
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        context.traffic.connection();
        context
            .net
            .dial(&self.host, self.port, context.timeout)
            .await?;
        Ok(Facts { open: true }.into())
    }
}
