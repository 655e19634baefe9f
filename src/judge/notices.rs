//! What is worth knowing of the ledger: what ends soon, what is no longer of use.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::waive::{holds, is_renewed, may_be_waived};
use super::{Status, Verdict};
use crate::check::Check;
use crate::ledger::{Ledger, SOON_DAYS, Target, Waiver, Word};
use crate::reason::Reason;
use crate::text::count;

/// Something to look after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// What it is, as a stable code: `attest.expiring`, `waiver.stale` …
    pub reason: String,
    /// The check or section.
    #[serde(flatten)]
    pub target: Target,
    /// The same in words.
    pub text: String,
}

/// Notices on verdicts of a day: first what is contradicted, then words that end soon, then
/// waivers.
pub fn notices(judged: &[(&Check, &Verdict)], ledger: &Ledger, today: Date) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut words: BTreeMap<(&Target, &str, Date), &Word> = BTreeMap::new();
    for (check, verdict) in judged {
        let Some(word) = &verdict.attestation else {
            continue;
        };
        if verdict.real.unwrap_or(verdict.status) == Status::Fail {
            notices.push(contradicted(check, word));
        }
        if verdict.status == Status::Attested {
            // A section's word is told once, where it ends first for one of its checks.
            let first = words
                .entry((&word.target, &word.by, word.at))
                .or_insert(word);
            if word.expires < first.expires {
                *first = word;
            }
        }
    }
    notices.extend(words.values().filter_map(|word| expiring(word, today)));
    for waiver in &ledger.waivers {
        notices.extend(of_waiver(waiver, judged, ledger, today));
    }
    notices
}

fn expiring(word: &Word, today: Date) -> Option<Notice> {
    let ends = ends_soon(word.expires, today)?;
    let text = format!("the word of {} of {} {ends}", word.by, word.at);
    Some(notice(Reason::AttestExpiring, &word.target, text))
}

fn contradicted(check: &Check, word: &Word) -> Notice {
    let text = format!(
        "{} vouched for it on {}, and the probe found otherwise",
        word.by, word.at
    );
    let target = Target::Check(check.id.clone());
    notice(Reason::AttestContradicted, &target, text)
}

fn of_waiver(
    waiver: &Waiver,
    judged: &[(&Check, &Verdict)],
    ledger: &Ledger,
    today: Date,
) -> Option<Notice> {
    let mut covered = judged
        .iter()
        .filter(|(check, _)| waiver.target.covers(check))
        .map(|(_, verdict)| verdict.real.unwrap_or(verdict.status))
        .peekable();
    // Not selected in this run.
    covered.peek()?;
    let is_needed = covered.any(may_be_waived);
    let Waiver { owner, until, .. } = waiver;
    if !holds(waiver, today) {
        let text = format!("{owner}'s waiver ended on {until}, and it counts again");
        let is_missed = is_needed && !is_renewed(waiver, ledger, today);
        return is_missed.then(|| notice(Reason::WaiverEnded, &waiver.target, text));
    }
    if !is_needed {
        let text = format!("{owner}'s waiver until {until} is not needed any more");
        return Some(notice(Reason::WaiverStale, &waiver.target, text));
    }
    let ends = ends_soon(*until, today)?;
    let text = format!("{owner}'s waiver {ends}");
    Some(notice(Reason::WaiverExpiring, &waiver.target, text))
}

/// `ends on 2026-12-01, in 3 days`
fn ends_soon(last: Date, today: Date) -> Option<String> {
    let days = last.duration_since(today).as_hours() / 24;
    if days > i64::from(SOON_DAYS) {
        return None;
    }
    let left = match usize::try_from(days) {
        Ok(0) => "today".to_owned(),
        Ok(days) => format!("in {}", count(days, "day")),
        Err(_) => return None,
    };
    Some(format!("ends on {last}, {left}"))
}

fn notice(reason: Reason, target: &Target, text: String) -> Notice {
    Notice {
        reason: reason.code().to_owned(),
        target: target.clone(),
        text,
    }
}
