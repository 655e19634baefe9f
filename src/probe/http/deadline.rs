//! The moment by which a question must be answered.

use std::time::{Duration, Instant};

use crate::probe::ProbeError;
use crate::reason::Reason;

/// The moment by which a question must be answered.
#[derive(Clone, Copy, Debug)]
pub(in crate::probe) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub(in crate::probe) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// What is left.
    pub(in crate::probe) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether this comes later than `other` by more than `slack`.
    pub(in crate::probe) fn is_later_than(self, other: Self, slack: Duration) -> bool {
        self.0.saturating_duration_since(other.0) > slack
    }

    /// `work`, or `http.timeout` if it takes too long. `what` completes `host:port …`.
    pub(in crate::probe) async fn cut<T>(
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
pub(in crate::probe) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// The smallest time that at least `percent` of all do not exceed.
pub(in crate::probe) fn percentile(ascending: &[Duration], percent: usize) -> f64 {
    let rank = (ascending.len() * percent).div_ceil(100);
    let time = ascending.get(rank.saturating_sub(1)).copied();
    milliseconds(time.unwrap_or_default())
}
