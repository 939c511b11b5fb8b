//! RFC 7396 merge patches over JSON text: what the patch does not touch keeps its text, byte for byte.
//!
//! The writer calls this under the store's lock, so each text is gone over once, however deep it is nested. It must
//! never turn a value into numbers and maps and back, and never recurse further than [`PATCH_DEPTH`]. Pure functions
//! over text.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::{self, Cursor, Kind};
use crate::limits::PATCH_DEPTH;

#[cfg(test)]
mod tests;

/// The patch has more than [`PATCH_DEPTH`] levels of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// Whether a patch has no more levels than it may.
pub(super) fn check_depth(patch: &RawValue) -> Result<(), TooDeep> {
    Patch::read(&mut Cursor::new(patch), 1).map(drop)
}

/// The text of `target` (or of `{}` if there is none) after `patch`, which is an object; `None` if there was a target
/// and the patch leaves each of its members as it is written.
///
/// Members that the patch does not name keep their place and the text of name and value. One that it names stays where
/// it is; several by one name become one, where the last of them was. New members follow in the patch's order. Where
/// the patch has a name twice, its last one counts. White space between members goes when anything changes.
pub(super) fn merge(target: Option<&RawValue>, patch: &RawValue) -> Result<Option<String>, TooDeep> {
    debug_assert_eq!(json::kind(patch), Kind::Object, "the caller lets only objects through");
    let room = target.map_or(0, |target| target.get().len()) + patch.get().len();
    let patch = Patch::read(&mut Cursor::new(patch), 1)?;
    let mut old = target.and_then(|target| Old::read(&mut Cursor::new(target), &patch));
    if let Some(old) = &mut old {
        old.settle(&patch);
    }
    if old.as_ref().is_some_and(|old| !old.changes) {
        return Ok(None);
    }
    let mut merged = String::with_capacity(room);
    write_merged(&mut merged, old.as_ref(), &patch);
    Ok(Some(merged))
}

/// An object of the patch.
struct Patch<'a> {
    members: Vec<(&'a str, Step<'a>)>,
    /// Where the last member with each name is: the one that counts. Nothing leads to those before it.
    last: HashMap<Cow<'a, [u8]>, usize>,
}

/// What a member of the patch asks for.
enum Step<'a> {
    Remove,
    Replace(&'a str),
    Merge(Box<Patch<'a>>),
}

impl<'a> Patch<'a> {
    fn read(cursor: &mut Cursor<'a>, level: usize) -> Result<Self, TooDeep> {
        if level > PATCH_DEPTH {
            return Err(TooDeep);
        }
        let mut patch = Self { members: Vec::new(), last: HashMap::new() };
        if !cursor.enter_object() {
            return Ok(patch);
        }
        while let Some(name) = cursor.next_name() {
            let step = if cursor.is_at_object() {
                Step::Merge(Box::new(Self::read(cursor, level + 1)?))
            } else {
                match cursor.take_value() {
                    "null" => Step::Remove,
                    text => Step::Replace(text),
                }
            };
            if let Some(before) = patch.last.insert(json::name_bytes(name), patch.members.len()) {
                // To remove what nothing leads to is to do nothing.
                patch.members[before].1 = Step::Remove;
            }
            patch.members.push((name, step));
        }
        Ok(patch)
    }
}

/// An object of the target, read as far as the patch may touch it.
struct Old<'a> {
    members: Vec<OldMember<'a>>,
    /// For each member of the patch: the last one here that it names. Empty until settled.
    place: Vec<Option<usize>>,
    /// Whether the patch changes more than white space between members. False until settled.
    changes: bool,
}

struct OldMember<'a> {
    name: &'a str,
    value: &'a str,
    /// The member of the patch that names it.
    step: Option<usize>,
    /// The value, if that is an object and the patch goes into it.
    inner: Option<Box<Old<'a>>>,
}

impl<'a> Old<'a> {
    /// `None` if this is no object, which then counts as `{}`.
    fn read(cursor: &mut Cursor<'a>, patch: &Patch<'_>) -> Option<Self> {
        if !cursor.enter_object() {
            return None;
        }
        let mut members = Vec::new();
        while let Some(name) = cursor.next_name() {
            let step = patch.last.get(&json::name_bytes(name)).copied();
            let start = cursor.position();
            let inner = match step.map(|step| &patch.members[step].1) {
                Some(Step::Merge(patch)) => Self::read(cursor, patch).map(Box::new),
                _ => None,
            };
            if inner.is_none() {
                cursor.take_value();
            }
            members.push(OldMember { name, value: cursor.text_since(start), step, inner });
        }
        Some(Self { members, place: Vec::new(), changes: false })
    }

    /// Finds the places, and what changes, here and in those objects that stay. Not done while reading: a target may
    /// name one member of a long patch any number of times, and each part of the patch is to be looked at once.
    fn settle(&mut self, patch: &Patch<'_>) {
        self.place = vec![None; patch.members.len()];
        for (at, member) in self.members.iter().enumerate() {
            if let Some(step) = member.step {
                self.changes |= self.place[step].replace(at).is_some();
            }
        }
        for ((_, step), place) in patch.members.iter().zip(&self.place) {
            let old = place.map(|at| &mut self.members[at]);
            self.changes |= match (step, old) {
                (Step::Remove, old) => old.is_some(),
                (Step::Replace(text), old) => old.is_none_or(|old| old.value != *text),
                (Step::Merge(patch), old) => {
                    old.and_then(|old| old.inner.as_deref_mut()).is_none_or(|inner| {
                        inner.settle(patch);
                        inner.changes
                    })
                }
            };
        }
    }
}

fn write_merged(out: &mut String, old: Option<&Old<'_>>, patch: &Patch<'_>) {
    out.push('{');
    for (at, member) in old.into_iter().flat_map(|old| old.members.iter().enumerate()) {
        match member.step {
            None => write_member(out, member.name, member.value),
            Some(step) if old.is_some_and(|old| old.place[step] == Some(at)) => {
                write_step(out, member.name, Some(member), &patch.members[step].1);
            }
            Some(_) => {}
        }
    }
    for (at, (name, step)) in patch.members.iter().enumerate() {
        if old.is_none_or(|old| old.place[at].is_none()) {
            write_step(out, name, None, step);
        }
    }
    out.push('}');
}

fn write_step(out: &mut String, name: &str, old: Option<&OldMember<'_>>, step: &Step<'_>) {
    match step {
        Step::Remove => {}
        Step::Replace(text) => write_member(out, name, text),
        Step::Merge(patch) => match old.and_then(|old| old.inner.as_deref().map(|inner| (old, inner))) {
            Some((old, inner)) if !inner.changes => write_member(out, name, old.value),
            inner => {
                write_name(out, name);
                write_merged(out, inner.map(|(_, inner)| inner), patch);
            }
        },
    }
}

fn write_member(out: &mut String, name: &str, value: &str) {
    write_name(out, name);
    out.push_str(value);
}

/// The name of a member of the object that is being written, parted from the one before.
fn write_name(out: &mut String, name: &str) {
    // No value ends in an opening brace, so that one here is the one of this object.
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push_str(name);
    out.push(':');
}
