//! What every probe is handed: the network, the secrets, the surroundings, the clock and its
//! time limit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::http::Pool;
use super::net::Net;
use crate::evidence::Target;
use crate::secret::Secrets;

/// Handed to [`super::Probe::gather`]. Cheap to clone; all clones share one network.
#[derive(Clone, Debug)]
pub struct Context {
    /// Name resolution, connections and trust, with the run's overrides.
    pub net: Arc<Net>,
    /// Values for `${secrets.NAME}`.
    pub secrets: Arc<Secrets>,
    /// How much was sent, for the report.
    pub traffic: Arc<Traffic>,
    /// Open HTTP connections, shared by all questions to an origin.
    pub http: Arc<Pool>,
    /// Environment variables of this run, for programs that are started.
    pub env: Arc<BTreeMap<String, String>>,
    /// The folder that relative paths start from.
    pub cwd: Arc<Path>,
    /// The folder of saved runs, from there.
    pub store: Arc<Path>,
    /// What the run is about; saved runs count if they were about the same. None do where it is
    /// not said.
    pub target: Option<Arc<Target>>,
    /// When the run started; ages and days left are counted from here.
    pub now: Timestamp,
    /// Time limit of the whole question. A probe keeps within it by itself, so that it can say
    /// what it was waiting for; the gatherer cuts it off a moment later if it does not.
    pub timeout: Duration,
}

impl Context {
    /// The same with saved runs in this folder.
    #[must_use]
    pub fn with_store(self, store: &Path) -> Self {
        Self {
            store: store.into(),
            ..self
        }
    }
}

/// Counts what left this machine.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    connections: AtomicU64,
}

impl Traffic {
    /// One request (an HTTP request, a DNS query, a handshake) is about to be sent.
    pub fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// One connection is about to be opened.
    pub fn connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Connections opened so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
