//! The earliest moment of each change, and whether that is early enough for all; see [`super`].

use std::collections::BTreeMap;

use super::super::call::{Call, Outcome, Time};
use super::Wrong;
use super::versions::Versions;

/// A bound, and the call that asks for it.
#[derive(Clone, Copy)]
struct Bound {
    time: Time,
    call: Option<usize>,
}

/// A time in which a record was not there.
struct Gap {
    /// The change with which it begins; `None` if with the history.
    begins: Option<usize>,
    /// The change with which it ends.
    ends: Option<usize>,
}

pub(super) fn check(calls: &[Call], versions: &Versions) -> Result<(), Wrong> {
    let mut lower: Vec<_> =
        versions.all.iter().map(|version| Bound { time: version.began, call: version.call() }).collect();
    let mut upper: Vec<_> =
        versions.all.iter().map(|version| Bound { time: version.ended, call: version.call() }).collect();
    let mut nothing = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        match call.outcome {
            Outcome::Found(revision, _) | Outcome::Conflict(revision) if revision > 0 => {
                let seen = versions.position(revision);
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
        lines.get(&call.record).unwrap_or(&empty).gaps(versions, call)
    };
    let gaps: Vec<_> = nothing.iter().map(gaps_of).collect();
    loop {
        let moments = earliest(&lower);
        let mut moved = false;
        for (index, gaps) in nothing.iter().zip(&gaps) {
            let call = &calls[*index];
            let early = |gap: &&Gap| gap.begins.is_none_or(|begins| moments[begins].time <= call.ended);
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
    fn gaps(&self, versions: &Versions, call: &Call) -> Vec<Gap> {
        // Those before end too early for it, those after begin too late.
        let first = self.reach.partition_point(|reach| *reach < call.began);
        let last = self.begins.partition_point(|begins| *begins <= call.ended);
        let gaps = (first..=last).map(|at| Gap {
            begins: at.checked_sub(1).map(|before| self.of[before]),
            ends: self.of.get(at).copied(),
        });
        gaps.filter(|gap| gap.begins.is_none_or(|begins| !versions.all[begins].there)).collect()
    }
}

fn compare(calls: &[Call], versions: &Versions, moments: &[Bound], upper: &[Bound]) -> Result<(), Wrong> {
    for ((version, moment), upper) in versions.all.iter().zip(moments).zip(upper) {
        if moment.time > upper.time {
            let name =
                |bound: &Bound| bound.call.map_or("no call".to_owned(), |call| calls[call].to_string());
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
