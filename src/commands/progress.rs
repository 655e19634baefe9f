//! Gathers while showing progress on standard error, when that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;
use crate::evidence::{Evidence, ProfileRef};
use crate::gather::{Limits, Progress, gather};
use crate::plan::Plan;
use crate::probe::Context;

/// Asks every question of `plan`, until done, the deadline or `stop`.
pub(super) async fn gather_shown(
    plan: &Plan,
    profile: &ProfileRef,
    context: &Context,
    limits: Limits,
    stop: impl Future<Output = ()>,
    ui: &Ui<'_>,
) -> Evidence {
    let bar = bar(plan.questions.len(), ui);
    let show = |progress: Progress<'_>| {
        bar.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
        if let Some(contact) = progress.observation.probe.contacts().first() {
            bar.set_message(format!(
                "{} {}",
                progress.observation.probe.kind(),
                contact.place()
            ));
        }
    };
    let evidence = gather(plan, profile, context, limits, stop, show).await;
    bar.finish_and_clear();
    evidence
}

/// Comes when the run is to end early: at Ctrl-C, or when a service manager or a CI system says
/// so. Without a handler a signal ends the process the hard way; so be it. Once it was waited for,
/// signals do nothing else any more.
pub(super) async fn stopped() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => _ = signals.recv().await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

fn bar(questions: usize, ui: &Ui<'_>) -> ProgressBar {
    let target = if ui.host.stderr_is_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let length = u64::try_from(questions).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} asking {pos}/{len} {elapsed} {wide_msg}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
