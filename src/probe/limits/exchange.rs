//! One attempt: sent piece by piece while listening for the answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;

use super::answer::{Came, finish};
use super::attempt::Wrong;
use crate::probe::http::wire::{self, NoHead, Wire};

/// What became of an attempt.
pub(super) struct Outcome {
    /// What came back; `None` if nothing did in time.
    pub(super) came: Option<Came>,
    /// Whether everything was sent.
    pub(super) all_sent: bool,
    /// Bytes of the body that were sent.
    pub(super) sent: u64,
    /// From the first byte sent to what came.
    pub(super) took: Duration,
}

/// Sends a request, its head already written out, until the answer begins.
pub(super) async fn exchange(
    wire: &mut Wire,
    head: &[u8],
    wrong: &Wrong,
    limit: Duration,
) -> Outcome {
    let start = Instant::now();
    let sent = AtomicU64::new(0);
    let (mut reader, mut writer) = tokio::io::split(&mut wire.stream);
    let sending = async {
        writer.write_all(head).await?;
        writer.flush().await?;
        for piece in &wrong.body {
            writer.write_all(piece).await?;
            writer.flush().await?;
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        std::io::Result::Ok(())
    };
    let mut all_sent = false;
    let listening = async {
        let mut listening = std::pin::pin!(wire::head(&mut reader));
        tokio::select! {
            biased;
            head = &mut listening => head,
            done = sending => {
                // A connection that takes no more may still have an answer to give.
                all_sent = done.is_ok();
                listening.await
            }
        }
    };
    let head = tokio::time::timeout(limit, listening).await;
    let took = start.elapsed();
    let came = match head {
        Err(_) => None,
        Ok(Ok(head)) => Some(Came::Answer(finish(head, &mut reader).await)),
        Ok(Err(NoHead::End)) => Some(Came::End),
        Ok(Err(NoHead::Garbage(bytes))) => Some(Came::Garbage(bytes)),
    };
    Outcome {
        came,
        all_sent,
        sent: sent.into_inner(),
        took,
    }
}
