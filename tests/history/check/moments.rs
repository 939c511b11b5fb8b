//! The earliest moment of each change, and whether that is early enough for all; see [`super`].

use std::collections::BTreeMap;

use super::super::call::{Ask, Call, Outcome, Time};
use super::Wrong;
use super::versions::Versions;

/// A bound, and the call that asks for it.
#[derive(Clone, Copy)]
struct Bound {
    time: Time,
    call: Option<usize>,
}

/// A time in which a record was not there, or may not have been.
struct Gap {
    /// The change with which it begins; `None` if with the history.
    begins: Option<usize>,
    /// The change with which it ends.
    ends: Option<usize>,
    /// When it must have begun at the latest, for whoever sees it.
    latest: Time,
}

pub(super) fn check(calls: &[Call], versions: &Versions) -> Result<(), Wrong> {
    let mut lower: Vec<_> =
        versions.all.iter().map(|version| Bound { time: version.began, call: version.call }).collect();
    let mut upper: Vec<_> =
        versions.all.iter().map(|version| Bound { time: version.ended, call: version.call }).collect();
    let mut nothing = Vec::new();
    // When each change was seen to be the last one, at the latest.
    let mut last_seen = vec![0; versions.all.len()];
    for (index, call) in calls.iter().enumerate() {
        match call.outcome {
            Outcome::Found(revision, _) | Outcome::Conflict(revision) if revision > 0 => {
                let seen = versions.position(revision);
                last_seen[seen] = last_seen[seen].max(call.began);
                if call.ended < upper[seen].time {
                    upper[seen] = Bound { time: call.ended, call: Some(index) };
                }
                if let Some(next) = next_of(versions, call.record, seen) {
                    raise(&mut lower[next], call.began, index);
                }
            }
            Outcome::FoundNothing | Outcome::NothingToDelete | Outcome::Conflict(0) => nothing.push(index),
            _ => {}
        }
    }
    let lines: BTreeMap<_, _> =
        versions.of.iter().map(|(record, of)| (*record, Line::new(versions, of))).collect();
    let empty = Line::new(versions, &[]);
    let gaps_of = |index: &usize| {
        let call = &calls[*index];
        lines.get(&call.record).unwrap_or(&empty).gaps(calls, versions, &last_seen, call)
    };
    let gaps: Vec<_> = nothing.iter().map(gaps_of).collect();
    loop {
        let moments = earliest(&lower);
        let mut moved = false;
        for (index, gaps) in nothing.iter().zip(&gaps) {
            let call = &calls[*index];
            let early = |gap: &&Gap| gap.begins.is_none_or(|begins| moments[begins].time <= gap.latest);
            let Some(gap) = gaps.iter().rev().find(early) else {
                return Err(Wrong(format!("it was there, and this did not find it: {call}")));
            };
            if let Some(ends) = gap.ends
                && moments[ends].time < call.began
            {
                raise(&mut lower[ends], call.began, *index);
                moved = true;
            }
        }
        if !moved {
            return compare(calls, versions, &moments, &upper);
        }
    }
}

fn raise(bound: &mut Bound, time: Time, call: usize) {
    if time > bound.time {
        *bound = Bound { time, call: Some(call) };
    }
}

fn next_of(versions: &Versions, record: usize, position: usize) -> Option<usize> {
    let of = &versions.of[&record];
    of.get(of.partition_point(|other| *other <= position)).copied()
}

/// The earliest moments that follow the revisions.
fn earliest(lower: &[Bound]) -> Vec<Bound> {
    let mut moments = Vec::with_capacity(lower.len());
    let mut last = Bound { time: 0, call: None };
    for bound in lower {
        if bound.time > last.time {
            last = *bound;
        }
        moments.push(last);
    }
    moments
}

/// One record's changes, and where among them a time is.
struct Line<'v> {
    of: &'v [usize],
    /// The latest end of each change and those before it.
    reach: Vec<Time>,
    /// The earliest beginning of each change and those after it.
    begins: Vec<Time>,
}

impl<'v> Line<'v> {
    fn new(versions: &'v Versions, of: &'v [usize]) -> Self {
        let mut reach: Vec<_> = of.iter().map(|at| versions.all[*at].ended).collect();
        for at in 1..reach.len() {
            reach[at] = reach[at].max(reach[at - 1]);
        }
        let mut begins: Vec<_> = of.iter().map(|at| versions.all[*at].began).collect();
        for at in (1..begins.len()).rev() {
            begins[at - 1] = begins[at - 1].min(begins[at]);
        }
        Self { of, reach, begins }
    }

    /// The gaps in which a call may have found nothing, in their order.
    fn gaps(&self, calls: &[Call], versions: &Versions, last_seen: &[Time], call: &Call) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let deletes: Vec<_> = versions
            .unseen(calls, call.record, 0, call.ended)
            .filter(|unseen| unseen.ask == Ask::Delete)
            .collect();
        // Those before end too early for it, those after begin too late.
        let first = self.reach.partition_point(|reach| *reach < call.began);
        let last = self.begins.partition_point(|begins| *begins <= call.ended);
        for at in first..=last {
            let ends = self.of.get(at).copied();
            let Some(begins) = at.checked_sub(1).map(|before| self.of[before]) else {
                gaps.push(Gap { begins: None, ends, latest: call.ended });
                continue;
            };
            let version = &versions.all[begins];
            let mut latest = call.ended;
            if version.there {
                let fits =
                    |delete: &&&Call| delete.if_revision.is_none_or(|wanted| wanted == version.revision);
                // The last of them that may have come between.
                let delete = deletes.iter().filter(fits).map(|delete| delete.ended).max();
                let Some(delete) = delete else { continue };
                latest = latest.min(delete);
                // Whoever saw it after that, or wrote on condition that it was there, saw that it was not deleted.
                let condition = ends.and_then(|ends| versions.all[ends].call.map(|call| &calls[call]));
                if last_seen[begins] > latest
                    || condition.is_some_and(|next| next.if_revision == Some(version.revision))
                {
                    continue;
                }
            }
            gaps.push(Gap { begins: Some(begins), ends, latest });
        }
        gaps
    }
}

fn compare(calls: &[Call], versions: &Versions, moments: &[Bound], upper: &[Bound]) -> Result<(), Wrong> {
    for ((version, moment), upper) in versions.all.iter().zip(moments).zip(upper) {
        if moment.time > upper.time {
            let name = |bound: &Bound| bound.call.map_or("nobody".to_owned(), |call| calls[call].to_string());
            return Err(Wrong(format!(
                "revision {} of record {} was there before, by {}; and not yet there after, by {}",
                version.revision,
                version.record,
                name(upper),
                name(moment)
            )));
        }
    }
    Ok(())
}
