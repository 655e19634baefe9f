//! The moment by which a question must be answered.

use std::time::{Duration, Instant};

use crate::probe::ProbeError;
use crate::reason::Reason;

/// The moment by which a question must be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub(super) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// What is left.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether this comes later than `other` by more than `slack`.
    pub(super) fn is_later_than(self, other: Self, slack: Duration) -> bool {
        self.0.saturating_duration_since(other.0) > slack
    }

    /// `work`, or `http.timeout` if it takes too long. `what` completes `host:port …`.
    pub(super) async fn cut<T>(
        self,
        subject: &str,
        what: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, ProbeError> {
        tokio::time::timeout(self.left(), work)
            .await
            .map_err(|_| ProbeError::new(Reason::HttpTimeout, format!("{subject} {what}")))
    }
}

/// In milliseconds, to the microsecond.
#[expect(clippy::cast_precision_loss, reason = "microseconds of minutes fit")]
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
