//! Which call made which change, and whether each record's changes follow from one another.
//!
//! The witness was told of every change, also of those without an answer, so none has to be guessed. If the
//! call of a change has no answer, and no read saw the change before the next one, several calls may have made it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::call::{Ask, Call, Content, Outcome, Time, Told};
use super::{Summary, Wrong};

/// One change that is in the store.
pub(super) struct Version {
    pub(super) revision: u64,
    pub(super) record: usize,
    pub(super) maker: Maker,
    /// Whether the record is there after it.
    pub(super) there: bool,
    pub(super) began: Time,
    pub(super) ended: Time,
    seen: Option<Content>,
}

/// Who made a change.
pub(super) enum Maker {
    Call(usize),
    /// One of these, none of which has an answer.
    OneOf(Vec<usize>),
}

impl Version {
    /// The call that made it, where that is known.
    pub(super) fn call(&self) -> Option<usize> {
        match self.maker {
            Maker::Call(call) => Some(call),
            Maker::OneOf(_) => None,
        }
    }
}

/// All changes in the order of their revisions.
pub(super) struct Versions {
    pub(super) all: Vec<Version>,
    /// The positions of each record's changes in `all`.
    pub(super) of: BTreeMap<usize, Vec<usize>>,
    position: HashMap<u64, usize>,
    /// Calls without an answer that changed something.
    made: usize,
}

/// Finds them all.
pub(super) fn find(calls: &[Call], told: &[Told]) -> Result<Versions, Wrong> {
    let writers = writers(calls)?;
    let mut found = Found { calls, by_revision: BTreeMap::new(), made: BTreeSet::new() };
    found.told(told)?;
    for (index, call) in calls.iter().enumerate() {
        if let Outcome::Written(revision) = call.outcome {
            found.bind(index, revision)?;
        }
    }
    for call in calls {
        match call.outcome {
            Outcome::Found(revision, content) => found.see(call, revision, content, &writers)?,
            Outcome::Conflict(revision @ 1..) => found.meet(call, revision)?,
            _ => {}
        }
    }
    found.guess()?;
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
    /// The calls that have made one.
    made: BTreeSet<usize>,
}

impl Found<'_> {
    /// What the witness says.
    fn told(&mut self, told: &[Told]) -> Result<(), Wrong> {
        let mut last = 0;
        for Told { revision, record, deleted, at } in told {
            if *revision <= last {
                return Err(Wrong(format!("revision {revision} was told after {last}")));
            }
            last = *revision;
            let version = Version {
                revision: *revision,
                record: *record,
                maker: Maker::OneOf(Vec::new()),
                there: !deleted,
                began: 0,
                ended: *at,
                seen: None,
            };
            self.by_revision.insert(*revision, version);
        }
        Ok(())
    }

    /// A call made a revision.
    fn bind(&mut self, index: usize, revision: u64) -> Result<(), Wrong> {
        let call = &self.calls[index];
        if call.ask == Ask::Acquire && !self.by_revision.contains_key(&revision) {
            // No notice reports a lease.
            let maker = Maker::OneOf(Vec::new());
            let (record, there, began, ended) = (call.record, true, 0, Time::MAX);
            let lease = Version { revision, record, maker, there, began, ended, seen: None };
            self.by_revision.insert(revision, lease);
        }
        let version = self.by_revision.get_mut(&revision);
        let version =
            version.ok_or_else(|| Wrong(format!("no notice reported revision {revision}: {call}")))?;
        if let Some(other) = version.call() {
            let other = &self.calls[other];
            return Err(Wrong(format!("revision {revision} was given twice: {other}, and {call}")));
        }
        if (version.record, version.there) != (call.record, call.leaves_something()) {
            return Err(Wrong(format!("something else was told of it: {call}")));
        }
        version.maker = Maker::Call(index);
        version.began = call.began;
        version.ended = version.ended.min(call.ended);
        if !self.made.insert(index) {
            return Err(Wrong(format!("it was done twice, the second time as revision {revision}: {call}")));
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
        if call.is_maybe() && !self.made.contains(&writer) {
            self.bind(writer, revision)?;
        }
        let version = self.by_revision.get_mut(&revision);
        let version = version.filter(|version| version.call() == Some(writer));
        let Some(version) = version else {
            return Err(Wrong(format!("another revision than it was given: {get}, written by {call}")));
        };
        match version.seen.replace(content) {
            Some(before) if before != content => {
                Err(Wrong(format!("one revision, two contents: {get}, and {before:?}")))
            }
            _ => Ok(()),
        }
    }

    /// A call met a revision.
    fn meet(&self, met: &Call, revision: u64) -> Result<(), Wrong> {
        let version = self.by_revision.get(&revision);
        let meets = |version: &Version| version.record == met.record && version.there;
        if version.is_some_and(meets) && met.if_revision != Some(revision) {
            Ok(())
        } else {
            Err(Wrong(format!("this is no conflict: {met}")))
        }
    }

    /// Finds, for each change whose call is not known, the calls that may have made it. Each call makes one change.
    fn guess(&mut self) -> Result<(), Wrong> {
        let unknown: Vec<u64> = self
            .by_revision
            .values()
            .filter(|version| version.call().is_none())
            .map(|v| v.revision)
            .collect();
        let left: Vec<usize> = (0..self.calls.len())
            .filter(|index| self.calls[*index].is_maybe() && !self.made.contains(index))
            .collect();
        let may_make = |version: &Version, call: &Call| {
            call.record == version.record
                && call.ask != Ask::Acquire
                && call.leaves_something() == version.there
                && call.began <= version.ended
        };
        let mut maker_of: HashMap<usize, u64> = HashMap::new();
        for revision in &unknown {
            let version = self.by_revision.get_mut(revision).expect("it was there just now");
            let makers: Vec<_> =
                left.iter().copied().filter(|index| may_make(version, &self.calls[*index])).collect();
            let span = makers.iter().map(|index| (self.calls[*index].began, self.calls[*index].ended));
            let span = span.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
            let (began, ended) = span.unwrap_or((0, 0));
            version.began = began;
            version.ended = version.ended.min(ended);
            version.maker = Maker::OneOf(makers);
            if !self.give_maker(*revision, &mut maker_of, &mut BTreeSet::new()) {
                return Err(Wrong(format!("no call made revision {revision}")));
            }
        }
        self.made.extend(maker_of.into_keys());
        Ok(())
    }

    /// Gives a change one of its makers, and the one that has it another.
    fn give_maker(
        &self,
        revision: u64,
        maker_of: &mut HashMap<usize, u64>,
        tried: &mut BTreeSet<usize>,
    ) -> bool {
        let Maker::OneOf(makers) = &self.by_revision[&revision].maker else { return false };
        for maker in makers {
            if !tried.insert(*maker) {
                continue;
            }
            let taken = maker_of.get(maker).copied();
            if taken.is_none_or(|other| self.give_maker(other, maker_of, tried)) {
                maker_of.insert(*maker, revision);
                return true;
            }
        }
        false
    }

    fn finish(self) -> Versions {
        let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut position = HashMap::new();
        let all: Vec<_> = self.by_revision.into_values().collect();
        for (at, version) in all.iter().enumerate() {
            of.entry(version.record).or_default().push(at);
            position.insert(version.revision, at);
        }
        let made = self.made.iter().filter(|index| self.calls[**index].is_maybe()).count();
        Versions { all, of, position, made }
    }
}

impl Versions {
    pub(super) fn position(&self, revision: u64) -> usize {
        self.position[&revision]
    }

    /// Only a lease whose token was never answered may have taken a missing revision.
    fn check_density(&self, calls: &[Call]) -> Result<(), Wrong> {
        let (Some(first), Some(last)) = (self.all.first(), self.all.last()) else { return Ok(()) };
        let missing = last.revision - first.revision + 1 - self.all.len() as u64;
        let unknown = calls.iter().filter(|call| call.ask == Ask::Acquire && call.is_maybe()).count();
        if missing > unknown as u64 {
            return Err(Wrong(format!(
                "{missing} revisions are missing, and {unknown} leases have no answer"
            )));
        }
        Ok(())
    }

    /// Whether each change of a record can follow the one before it.
    fn check_record(&self, calls: &[Call], record: usize) -> Result<(), Wrong> {
        let mut before: Option<&Version> = None;
        // What may have been set last, as far as what follows depends on it.
        let mut bases = BTreeSet::from([None]);
        for position in &self.of[&record] {
            let version = &self.all[*position];
            if let Some(call) = version.call().map(|index| &calls[index])
                && call.ask != Ask::Acquire
            {
                check_condition(call, before.filter(|before| before.there))?;
            }
            version.follow(calls, &mut bases)?;
            before = Some(version);
        }
        Ok(())
    }

    pub(super) fn summary(&self, calls: &[Call]) -> Summary {
        let count = |wanted: fn(&Outcome) -> bool| calls.iter().filter(|call| wanted(&call.outcome)).count();
        let maybe = calls.iter().filter(|call| call.is_maybe()).count();
        Summary {
            changes: count(|outcome| matches!(outcome, Outcome::Written(_))),
            reads: count(|outcome| matches!(outcome, Outcome::Found(..) | Outcome::FoundNothing)),
            conflicts: count(|outcome| matches!(outcome, Outcome::Conflict(_))),
            maybe_done: self.made,
            maybe_not: maybe - self.made,
            ..Summary::default()
        }
    }
}

/// Whether a change could be made over the one before it, `there` being what was there.
fn check_condition(call: &Call, there: Option<&Version>) -> Result<(), Wrong> {
    let right = match call.if_revision {
        Some(0) => there.is_none(),
        Some(wanted) => there.is_some_and(|there| there.revision == wanted),
        None => true,
    };
    if !right {
        return Err(Wrong(format!("another revision was there: {call}")));
    }
    if call.ask == Ask::Delete && there.is_none() {
        return Err(Wrong(format!("it deleted what was not there: {call}")));
    }
    Ok(())
}

impl Version {
    /// Whether it can hold what was seen, over one of these bases; which bases it leaves.
    fn follow(&self, calls: &[Call], bases: &mut BTreeSet<Option<u64>>) -> Result<(), Wrong> {
        match &self.maker {
            _ if !self.there => *bases = BTreeSet::from([None]),
            Maker::Call(index) => match calls[*index].ask {
                Ask::Set(number) => *bases = BTreeSet::from([Some(number)]),
                _ => {
                    if let Some(seen) = self.seen {
                        if !bases.contains(&seen.set) {
                            let call = &calls[*index];
                            return Err(Wrong(format!("patched into something else, {seen:?}: {call}")));
                        }
                        *bases = BTreeSet::from([seen.set]);
                    }
                }
            },
            Maker::OneOf(makers) => bases.extend(makers.iter().filter_map(|index| match calls[*index].ask {
                Ask::Set(number) => Some(Some(number)),
                _ => None,
            })),
        }
        Ok(())
    }
}
