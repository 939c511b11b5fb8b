//! What holds of a read that a machine's replica may answer. If the machine has seen or made the revision `s` in any call
//! that had ended when the read began, and the server may be [`LATEST`] ahead:
//!
//! - the read finds a state at or after `s`: a machine never goes back, and is never behind its own writes;
//! - the read finds a state at or after each change that had ended [`LATEST`] before the read began;
//! - the read finds no change that began after the read had ended.

use super::super::call::{Call, Outcome, Time};
use super::versions::{Version, Versions};
use super::{Machine, Wrong};

/// How far a replica may be behind: 20 s, and what clocks with whole milliseconds hide.
pub(super) const LATEST: Time = 20_010_000_000;

/// What a machine had seen by when: the ends of its calls, in order, each with the highest revision up to then.
struct Seen(Vec<(Time, u64)>);

impl Seen {
    fn of(machine: &Machine) -> Self {
        let calls = machine.calls.iter().chain(&machine.plain);
        let mut seen: Vec<_> = calls
            .filter_map(|call| match call.outcome {
                Outcome::Written(revision) | Outcome::Found(revision, _) | Outcome::Conflict(revision) => {
                    Some((call.ended, revision))
                }
                Outcome::NothingToDelete | Outcome::FoundNothing | Outcome::NotDone | Outcome::Maybe => None,
            })
            .collect();
        seen.sort_unstable();
        let mut highest = 0;
        for (_, revision) in &mut seen {
            highest = highest.max(*revision);
            *revision = highest;
        }
        Self(seen)
    }

    /// The highest revision that the machine had seen before this time.
    fn before(&self, time: Time) -> u64 {
        let at = self.0.partition_point(|(ended, _)| *ended < time);
        at.checked_sub(1).map_or(0, |at| self.0[at].1)
    }
}

/// `latest` is how far the replica may be behind, if the server was always there.
pub(super) fn check(machine: &Machine, versions: &Versions, latest: Option<Time>) -> Result<(), Wrong> {
    let seen = Seen::of(machine);
    for read in &machine.plain {
        let of = versions.of.get(&read.record).map_or(&[][..], Vec::as_slice);
        let begins = match read.outcome {
            Outcome::Found(revision, _) => vec![Some(versions.position(revision))],
            Outcome::FoundNothing => {
                let gone = of.iter().copied().filter(|at| !versions.all[*at].there);
                std::iter::once(None).chain(gone.map(Some)).collect()
            }
            _ => continue,
        };
        let known = seen.before(read.began);
        let mut wrong = String::new();
        let fits = begins.into_iter().any(|begins| {
            let after = of.partition_point(|at| begins.is_some_and(|begins| *at <= begins));
            let next = of.get(after).map(|at| &versions.all[*at]);
            let begins = begins.map(|begins| &versions.all[begins]);
            why_not(read, begins, next, (known, latest)).map(|why| wrong = why).is_none()
        });
        if !fits {
            return Err(Wrong(format!("{wrong}: {read}")));
        }
    }
    Ok(())
}

/// Why a read can't have found the state between two changes of its record.
fn why_not(
    read: &Call,
    begins: Option<&Version>,
    next: Option<&Version>,
    (known, latest): (u64, Option<Time>),
) -> Option<String> {
    if begins.is_some_and(|begins| begins.began > read.ended) {
        return Some("a replica had a change before it was asked for".into());
    }
    let next = next?;
    if next.revision <= known {
        return Some(format!(
            "the machine had seen revision {known}, and went back before {}",
            next.revision
        ));
    }
    let is_late = latest.is_some_and(|latest| next.ended.saturating_add(latest) < read.began);
    is_late.then(|| format!("the replica was more than 20 s behind revision {}", next.revision))
}
