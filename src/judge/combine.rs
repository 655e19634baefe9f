//! `any` and `all` over parts that may each pass, fail or be unknown.

use super::{Case, Figure, Status, Verdict, decide};
use crate::check::Part;

/// Passes if one part passes, fails if all fail, and is unknown otherwise.
pub(super) fn any(parts: &[Part], case: &Case<'_>) -> Verdict {
    let judged = Judged::of(parts, case);
    // The last of several equals would be taken; turned around it is the first.
    let best = judged
        .having(|verdict| verdict.credit > 0.0)
        .rev()
        .max_by(|(_, a), (_, b)| {
            // What was measured goes before a word for it.
            let measured = (b.status == Status::Attested).cmp(&(a.status == Status::Attested));
            a.credit.total_cmp(&b.credit).then(measured)
        });
    if let Some((part, verdict)) = best {
        let explanation = match verdict.explanation.as_str() {
            "" => format!("satisfied by: {}", part.title),
            what => format!("satisfied by: {}: {what}", part.title),
        };
        return Verdict {
            explanation,
            ..verdict.clone()
        };
    }
    let kinds: [fn(Status) -> bool; 2] = [Status::is_unknown, |status| status == Status::Fail];
    // None of the alternatives helped, so each is told.
    judged.combined(kinds, |_| true)
}

/// Fails if one part fails, is unknown if one is, and passes otherwise, with the least credit.
pub(super) fn all(parts: &[Part], case: &Case<'_>) -> Verdict {
    let kinds: [fn(Status) -> bool; 3] = [
        |status| status == Status::Fail,
        Status::is_unknown,
        |status| status == Status::Warn,
    ];
    let judged = Judged::of(parts, case);
    if let Some(verdict) = judged.vouched() {
        return verdict;
    }
    judged.combined(kinds, |status| status != Status::Pass)
}

struct Judged<'a>(Vec<(&'a Part, Verdict)>);

impl<'a> Judged<'a> {
    fn of(parts: &'a [Part], case: &Case<'_>) -> Self {
        Self(
            parts
                .iter()
                .map(|part| (part, decide(&part.rule, case)))
                .collect(),
        )
    }

    fn having(
        &self,
        test: impl Fn(&Verdict) -> bool,
    ) -> impl DoubleEndedIterator<Item = &(&'a Part, Verdict)> {
        self.0.iter().filter(move |(_, verdict)| test(verdict))
    }

    /// Where all parts hold and one of them by a person's word, so does the whole.
    fn vouched(&self) -> Option<Verdict> {
        let holds = |verdict: &Verdict| matches!(verdict.status, Status::Pass | Status::Attested);
        if !self.0.iter().all(|(_, verdict)| holds(verdict)) {
            return None;
        }
        let vouched: Vec<_> = self
            .having(|verdict| verdict.status == Status::Attested)
            .collect();
        // Of several words the one that ends first is the one to look after.
        let (_, first) = vouched.iter().min_by_key(|(_, verdict)| {
            let word = verdict.attestation.as_ref();
            word.map(|word| word.expires)
        })?;
        let attempts = self.0.iter().map(|(_, verdict)| verdict.attempts).max();
        Some(Verdict {
            figure: self.figure(),
            explanation: explanation(&vouched),
            reproduce: commands(&self.0.iter().collect::<Vec<_>>()),
            attempts: attempts.unwrap_or_default(),
            ..first.clone()
        })
    }

    /// The verdict of the first part of the first kind that there are any of, told with all
    /// parts that are `shown`; a pass if there are none.
    fn combined<const N: usize>(
        &self,
        kinds: [fn(Status) -> bool; N],
        shown: fn(Status) -> bool,
    ) -> Verdict {
        let decisive = kinds.iter().find_map(|is_kind| {
            let of_kind: Vec<_> = self.having(|verdict| is_kind(verdict.status)).collect();
            (!of_kind.is_empty()).then_some(of_kind)
        });
        let attempts = self.0.iter().map(|(_, verdict)| verdict.attempts).max();
        let verdict = match decisive {
            Some(decisive) => {
                let shown: Vec<_> = self.having(|verdict| shown(verdict.status)).collect();
                Verdict {
                    explanation: explanation(&shown),
                    reproduce: commands(&shown),
                    ..merged(&decisive)
                }
            }
            None if self.0.is_empty() => Verdict::of_nothing(),
            None => Verdict {
                reproduce: commands(&self.0.iter().collect::<Vec<_>>()),
                ..Verdict::of(Status::Pass)
            },
        };
        Verdict {
            attempts: attempts.unwrap_or_default(),
            figure: self.figure(),
            ..verdict
        }
    }

    /// What was measured in one of the parts, whichever decided.
    fn figure(&self) -> Option<Figure> {
        self.0
            .iter()
            .find_map(|(_, verdict)| verdict.figure.clone())
    }
}

/// The first one's verdict with the least credit; a cause only if all share it.
fn merged(parts: &[&(&Part, Verdict)]) -> Verdict {
    let Some((_, first)) = parts.first() else {
        return Verdict::of_nothing();
    };
    let shared = |cause: &String| {
        let mut others = parts.iter().map(|(_, verdict)| verdict.cause.as_ref());
        others.all(|other| other == Some(cause))
    };
    let credits = parts.iter().map(|(_, verdict)| verdict.credit);
    Verdict {
        credit: credits.fold(first.credit, f64::min),
        cause: first.cause.clone().filter(shared),
        ..first.clone()
    }
}

fn explanation(parts: &[&(&Part, Verdict)]) -> String {
    let lines = parts.iter().map(|(part, verdict)| {
        let what = verdict.explanation.replace('\n', "\n  ");
        format!("{}: {what}", part.title)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn commands(parts: &[&(&Part, Verdict)]) -> Option<String> {
    let mut commands: Vec<&str> = Vec::new();
    for (_, verdict) in parts {
        for command in verdict
            .reproduce
            .iter()
            .flat_map(|commands| commands.lines())
        {
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
    }
    (!commands.is_empty()).then(|| commands.join("\n"))
}
