//! Which change made which revision, and whether each record's changes follow from one another.

use std::collections::{BTreeMap, HashMap};

use super::super::call::{Ask, Call, Content, Outcome, Time};
use super::{Summary, Wrong};

/// One change that is in the store.
pub(super) struct Version {
    pub(super) revision: u64,
    pub(super) record: usize,
    /// The call that made it; `None` if only its revision was seen.
    pub(super) call: Option<usize>,
    /// Whether the record is there after it.
    pub(super) there: bool,
    pub(super) began: Time,
    pub(super) ended: Time,
    content: Option<Content>,
}

/// All changes in the order of their revisions.
pub(super) struct Versions {
    pub(super) all: Vec<Version>,
    /// The positions of each record's changes in `all`.
    pub(super) of: BTreeMap<usize, Vec<usize>>,
    /// The calls on each record of which nobody knows whether they changed anything.
    pub(super) unseen: HashMap<usize, Vec<usize>>,
    position: HashMap<u64, usize>,
}

/// Finds them all.
pub(super) fn find(calls: &[Call]) -> Result<Versions, Wrong> {
    let writers = writers(calls)?;
    let mut found = Found { calls, by_revision: BTreeMap::new(), revision_of: HashMap::new() };
    for (index, call) in calls.iter().enumerate() {
        if let Outcome::Written(revision) = call.outcome {
            found.bind(index, revision)?;
        }
    }
    for call in calls {
        if let Outcome::Found(revision, content) = call.outcome {
            found.see(call, revision, content, &writers)?;
        }
    }
    for call in calls {
        if let Outcome::Conflict(revision) = call.outcome
            && revision > 0
        {
            found.meet(call, revision)?;
        }
    }
    let versions = found.finish();
    versions.check_density(calls)?;
    for record in versions.of.keys() {
        versions.check_record(calls, *record)?;
    }
    Ok(versions)
}

/// Which call wrote each number.
fn writers(calls: &[Call]) -> Result<HashMap<u64, usize>, Wrong> {
    let mut writers = HashMap::new();
    for (index, call) in calls.iter().enumerate() {
        if let Ask::Set(number) | Ask::Patch(number) = call.ask
            && writers.insert(number, index).is_some()
        {
            return Err(Wrong(format!("the rig wrote {number} twice")));
        }
    }
    Ok(writers)
}

struct Found<'c> {
    calls: &'c [Call],
    by_revision: BTreeMap<u64, Version>,
    revision_of: HashMap<usize, u64>,
}

impl Found<'_> {
    /// A call made a revision.
    fn bind(&mut self, index: usize, revision: u64) -> Result<(), Wrong> {
        let call = &self.calls[index];
        let content = match call.ask {
            Ask::Set(number) => Some(Content { set: Some(number), patched: None }),
            _ => None,
        };
        let version = Version {
            revision,
            record: call.record,
            call: Some(index),
            there: call.leaves_something(),
            began: call.began,
            ended: call.ended,
            content,
        };
        if let Some(other) = self.by_revision.insert(revision, version) {
            let other = other.call.map_or("a change".to_owned(), |other| self.calls[other].to_string());
            return Err(Wrong(format!("revision {revision} was given twice: {other}, and {call}")));
        }
        if let Some(other) = self.revision_of.insert(index, revision) {
            return Err(Wrong(format!("a call has two revisions, {other} and {revision}: {call}")));
        }
        Ok(())
    }

    /// A get found a revision, and what it holds.
    fn see(
        &mut self,
        get: &Call,
        revision: u64,
        content: Content,
        writers: &HashMap<u64, usize>,
    ) -> Result<(), Wrong> {
        // A set leaves nothing of what was patched in before.
        let number = content.patched.or(content.set);
        let writer = number.and_then(|number| writers.get(&number).copied());
        let Some(writer) = writer else { return Err(Wrong(format!("this was never written: {get}"))) };
        let call = &self.calls[writer];
        let is_set = matches!(call.ask, Ask::Set(_));
        if call.record != get.record
            || call.outcome == Outcome::NotDone
            || is_set != content.patched.is_none()
        {
            return Err(Wrong(format!("this can't be there: {get}, written by {call}")));
        }
        if !self.by_revision.contains_key(&revision) && call.is_maybe() {
            self.bind(writer, revision)?;
        }
        let version = self.by_revision.get_mut(&revision);
        let version = version.filter(|version| version.call == Some(writer));
        let Some(version) = version else {
            return Err(Wrong(format!("another revision than it was given: {get}, written by {call}")));
        };
        match version.content.replace(content) {
            Some(before) if before != content => {
                Err(Wrong(format!("one revision, two contents: {get}, and {before:?}")))
            }
            _ => Ok(()),
        }
    }

    /// A call met a revision of which nothing else is known yet.
    fn meet(&mut self, met: &Call, revision: u64) -> Result<(), Wrong> {
        if let Some(version) = self.by_revision.get(&revision) {
            return if version.record == met.record && version.there && met.if_revision != Some(revision) {
                Ok(())
            } else {
                Err(Wrong(format!("this is no conflict: {met}")))
            };
        }
        let may_be = |(index, call): &(usize, &Call)| {
            call.record == met.record
                && call.is_maybe()
                && call.leaves_something()
                && !self.revision_of.contains_key(index)
        };
        let candidates = self.calls.iter().enumerate().filter(may_be);
        let spans = candidates.map(|(_, call)| (call.began, call.ended));
        let span = spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let Some((began, ended)) = span else {
            return Err(Wrong(format!("nobody made this revision: {met}")));
        };
        let version =
            Version { revision, record: met.record, call: None, there: true, began, ended, content: None };
        self.by_revision.insert(revision, version);
        Ok(())
    }

    fn finish(self) -> Versions {
        let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut position = HashMap::new();
        let all: Vec<_> = self.by_revision.into_values().collect();
        for (at, version) in all.iter().enumerate() {
            of.entry(version.record).or_default().push(at);
            position.insert(version.revision, at);
        }
        let mut unseen: HashMap<_, Vec<_>> = HashMap::new();
        for (index, call) in self.calls.iter().enumerate() {
            if call.is_maybe() && !self.revision_of.contains_key(&index) {
                unseen.entry(call.record).or_default().push(index);
            }
        }
        Versions { all, of, unseen, position }
    }
}

impl Versions {
    pub(super) fn position(&self, revision: u64) -> usize {
        self.position[&revision]
    }

    /// The calls on a record that may have happened unseen by the time `by`, and not before `from`.
    pub(super) fn unseen<'c>(
        &'c self,
        calls: &'c [Call],
        record: usize,
        from: Time,
        by: Time,
    ) -> impl Iterator<Item = &'c Call> {
        let all = self.unseen.get(&record).into_iter().flatten().map(|index| &calls[*index]);
        all.filter(move |call| call.began <= by && call.ended >= from)
    }

    fn check_density(&self, calls: &[Call]) -> Result<(), Wrong> {
        let (Some(first), Some(last)) = (self.all.first(), self.all.last()) else { return Ok(()) };
        let missing = last.revision - first.revision + 1 - self.all.len() as u64;
        let unseen: usize = self.unseen.values().map(Vec::len).sum();
        if missing > unseen as u64 {
            let calls = calls.len();
            return Err(Wrong(format!(
                "{missing} revisions are missing, {unseen} of {calls} calls have no answer"
            )));
        }
        Ok(())
    }

    /// Whether each change of a record can follow the one before it.
    fn check_record(&self, calls: &[Call], record: usize) -> Result<(), Wrong> {
        let mut before: Option<&Version> = None;
        let mut content = Some(NOTHING);
        for position in &self.of[&record] {
            let version = &self.all[*position];
            content = match version.call.map(|index| &calls[index]) {
                Some(call) => {
                    let from = before.map_or(0, |before| before.began);
                    let unseen: Vec<_> = self.unseen(calls, record, from, version.ended).collect();
                    check_condition(call, before, &unseen)?;
                    follow(call, version.content, content, &unseen)?
                }
                None => version.content,
            };
            before = Some(version);
        }
        Ok(())
    }

    pub(super) fn summary(&self, calls: &[Call]) -> Summary {
        let maybe_unseen = self.unseen.values().map(Vec::len).sum();
        let count = |wanted: fn(&Outcome) -> bool| calls.iter().filter(|call| wanted(&call.outcome)).count();
        Summary {
            changes: count(|outcome| matches!(outcome, Outcome::Written(_))),
            reads: count(|outcome| matches!(outcome, Outcome::Found(..) | Outcome::FoundNothing)),
            conflicts: count(|outcome| matches!(outcome, Outcome::Conflict(_))),
            maybe_seen: calls.iter().filter(|call| call.is_maybe()).count() - maybe_unseen,
            maybe_unseen,
            ..Summary::default()
        }
    }
}

const NOTHING: Content = Content { set: None, patched: None };

/// Whether a change could be made over the one before it, or over one that nobody saw.
fn check_condition(call: &Call, before: Option<&Version>, unseen: &[&Call]) -> Result<(), Wrong> {
    let there = before.filter(|before| before.there);
    let deleted = unseen.iter().any(|call| call.ask == Ask::Delete);
    let made = unseen.iter().any(|call| call.leaves_something());
    let right = match call.if_revision {
        Some(0) => there.is_none() || deleted,
        Some(wanted) => there.is_some_and(|there| there.revision == wanted),
        None => true,
    };
    if !right {
        return Err(Wrong(format!("another revision was there: {call}")));
    }
    if call.ask == Ask::Delete && there.is_none() && !made {
        return Err(Wrong(format!("it deleted what was not there: {call}")));
    }
    Ok(())
}

/// What the record holds after a change, as far as that is known; `seen` is what somebody found there.
fn follow(
    call: &Call,
    seen: Option<Content>,
    before: Option<Content>,
    unseen: &[&Call],
) -> Result<Option<Content>, Wrong> {
    let number = match call.ask {
        Ask::Delete => return Ok(Some(NOTHING)),
        Ask::Get | Ask::Set(_) => return Ok(seen),
        Ask::Patch(number) => number,
    };
    let expected = before.map(|before| Content { patched: Some(number), ..before });
    if let (Some(seen), Some(expected)) = (seen, expected)
        && seen != expected
    {
        let is_base = |call: &&Call| match call.ask {
            Ask::Set(number) => seen.set == Some(number),
            Ask::Delete => seen.set.is_none(),
            _ => false,
        };
        if !unseen.iter().any(is_base) {
            return Err(Wrong(format!("it was patched into something else, {seen:?}: {call}")));
        }
    }
    // Where somebody may have changed what it was patched into, only who looked knows.
    let certain = !unseen.iter().any(|call| call.ask == Ask::Delete || matches!(call.ask, Ask::Set(_)));
    Ok(seen.or(expected.filter(|_| certain)))
}
