//! Waivers: the check runs and shows its real result, and that does not count.

use jiff::civil::Date;

use super::{Case, Status, Verdict};
use crate::ledger::{Ledger, Waiver};
use crate::reason::Reason;

/// The verdict with the waiver that holds today, if it needs one.
pub(super) fn waived(verdict: Verdict, case: &Case<'_>) -> Verdict {
    if !may_be_waived(verdict.status) {
        return verdict;
    }
    let about = case
        .ledger
        .waivers
        .iter()
        .filter(|one| one.target.covers(case.check) && holds(one, case.today));
    // Of several, that which holds longest.
    let Some(waiver) = about.max_by_key(|one| one.until) else {
        return verdict;
    };
    let accepted = format!(
        "accepted by {} until {}: {}",
        waiver.owner, waiver.until, waiver.reason
    );
    let explanation = match verdict.explanation.as_str() {
        "" => accepted,
        really => format!("{accepted}\n{really}"),
    };
    Verdict {
        status: Status::Waived,
        real: Some(verdict.status),
        reason: Some(Reason::Waived),
        explanation,
        waiver: Some(waiver.clone()),
        ..verdict
    }
}

/// What is well needs no waiver, and what is not scored cannot have one.
pub(super) fn may_be_waived(status: Status) -> bool {
    status.is_scored() && !matches!(status, Status::Pass | Status::Attested)
}

/// Whether a waiver holds on a day.
pub(super) fn holds(waiver: &Waiver, today: Date) -> bool {
    today <= waiver.until
}

/// Whether another waiver about the same holds on a day.
pub(super) fn is_renewed(waiver: &Waiver, ledger: &Ledger, today: Date) -> bool {
    let mut others = ledger.waivers.iter();
    others.any(|other| other.target == waiver.target && holds(other, today))
}
