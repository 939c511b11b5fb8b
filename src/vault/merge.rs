//! RFC 7396 merge patches over JSON text: members that the patch does not change keep their text, byte for byte.
//!
//! The writer calls this under the store's lock, and both texts may be megabytes of tiny members. So this module keeps
//! only positions in a text: those of its objects and, for one object at a time, those of its members, sorted by name.
//! It takes O(n log n) time, and memory of a few times the texts' own. It must never turn a value into numbers and maps
//! and back, and never recurse further than [`PATCH_DEPTH`]. Pure functions over text.

use crate::json::{Cursor, compare_names};
use crate::limits::PATCH_DEPTH;

#[cfg(test)]
mod tests;

/// The error for a patch with more than [`PATCH_DEPTH`] levels of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// Checks that a patch has at most [`PATCH_DEPTH`] levels.
pub(super) fn check_depth(patch: &str) -> Result<(), TooDeep> {
    let text = Text::read(patch);
    if text.is_deeper { Err(TooDeep) } else { Ok(()) }
}

/// Applies `patch`, which is an object, to the text of `target`, or to `{}` if there is none. `None` if there is a
/// target and the patch leaves each of its members as it is written.
///
/// Members that the patch does not name keep their place and the text of name and value. A member that it names stays
/// in its place. Several members with one name become one, in the place of the last one. New members follow in the
/// patch's order. If the patch has a name twice, the last one counts. A change removes the white space between members.
pub(super) fn merge(target: Option<&str>, patch: &str) -> Result<Option<String>, TooDeep> {
    debug_assert!(patch.starts_with('{'), "the caller passes only objects");
    let room = target.map_or(0, str::len) + patch.len();
    let merge = Merge { target: Text::read(target.unwrap_or_default()), patch: Text::read(patch) };
    if merge.patch.is_deeper {
        return Err(TooDeep);
    }
    let mut merged = String::with_capacity(room);
    let target = target.is_some_and(|target| target.starts_with('{')).then_some(0);
    let changes = merge.write(&mut merged, target, 0);
    Ok(changes.then_some(merged))
}

/// A position in a text. Limits keep texts below 4 GiB.
type At = u32;

fn at(position: usize) -> At {
    At::try_from(position).expect("limits keep data below 4 GiB")
}

fn index(at: At) -> usize {
    at as usize
}

/// A text, and the beginnings and ends of the objects in it that are nested only in objects, in the order of their
/// beginnings. With the ends, code can skip an object without reading it.
struct Text<'a> {
    source: &'a str,
    objects: Vec<(At, At)>,
    /// Whether there are more levels than a patch may have. Deeper objects are not in the list.
    is_deeper: bool,
}

/// A member of an object.
#[derive(Clone, Copy)]
struct Member {
    name: At,
    value: At,
    end: At,
}

impl<'a> Text<'a> {
    fn read(text: &'a str) -> Self {
        let mut read = Self { source: text, objects: Vec::new(), is_deeper: false };
        let mut cursor = Cursor::new(text, 0);
        let mut open = Vec::new();
        if cursor.enter_object() {
            open.push(0);
            read.objects.push((0, 0));
        }
        while let Some(&object) = open.last() {
            if cursor.next_name().is_none() {
                read.objects[object].1 = at(cursor.position());
                open.pop();
                continue;
            }
            let start = cursor.position();
            if cursor.is_at_object() && open.len() < PATCH_DEPTH {
                cursor.enter_object();
                open.push(read.objects.len());
                read.objects.push((at(start), 0));
            } else {
                read.is_deeper |= cursor.is_at_object();
                cursor.take_value();
            }
        }
        read
    }

    /// The members of the object that begins at this position.
    fn members(&self, object: At) -> impl Iterator<Item = Member> {
        let mut cursor = Cursor::new(self.source, index(object));
        cursor.enter_object();
        std::iter::from_fn(move || {
            // White space and a comma precede the name.
            let name = cursor.next_name()?;
            let value = cursor.position();
            match self.end_of(at(value)) {
                Some(end) => cursor.go_to(index(end)),
                None => drop(cursor.take_value()),
            }
            let name = name.as_ptr() as usize - self.source.as_ptr() as usize;
            Some(Member { name: at(name), value: at(value), end: at(cursor.position()) })
        })
    }

    fn end_of(&self, object: At) -> Option<At> {
        if self.source.as_bytes().get(index(object)) != Some(&b'{') {
            return None;
        }
        let found = self.objects.binary_search_by_key(&object, |(start, _)| *start).ok()?;
        Some(self.objects[found].1)
    }

    /// The text from a name on.
    fn text_at(&self, name: At) -> &'a str {
        &self.source[index(name)..]
    }

    fn name(&self, member: Member) -> &'a str {
        Cursor::new(self.source, index(member.name)).take_value()
    }

    fn value(&self, member: Member) -> &'a str {
        &self.source[index(member.value)..index(member.end)]
    }
}

/// A member of the patch: the change of the member with its name.
struct Step {
    member: Member,
    /// The position of the last member of the target with this name.
    place: Option<At>,
}

struct Merge<'a> {
    target: Text<'a>,
    patch: Text<'a>,
}

impl Merge<'_> {
    /// The members that count of an object of the patch, sorted by name.
    fn steps(&self, patch: At) -> Vec<Step> {
        let name = |step: &Step| self.patch.text_at(step.member.name);
        let mut steps: Vec<_> =
            self.patch.members(patch).map(|member| Step { member, place: None }).collect();
        steps.sort_unstable_by(|one, other| {
            let by_name = compare_names(name(one), name(other));
            by_name.then(one.member.name.cmp(&other.member.name))
        });
        steps.dedup_by(|later, step| {
            let same = compare_names(name(later), name(step)).is_eq();
            if same {
                step.member = later.member;
            }
            same
        });
        steps
    }

    /// Writes an object of the target after an object of the patch was applied. Returns whether that changes more than
    /// white space between members.
    fn write(&self, out: &mut String, target: Option<At>, patch: At) -> bool {
        let mut steps = self.steps(patch);
        let mut changes = target.is_none();
        // The members that the patch names, in their order, each with its step.
        let mut named = Vec::new();
        for member in target.into_iter().flat_map(|target| self.target.members(target)) {
            let name = self.target.text_at(member.name);
            let step =
                steps.binary_search_by(|step| compare_names(self.patch.text_at(step.member.name), name));
            if let Ok(step) = step {
                named.push((member.name, at(step)));
                changes |= steps[step].place.replace(member.name).is_some();
            }
        }
        out.push('{');
        let mut named = named.into_iter().peekable();
        for member in target.into_iter().flat_map(|target| self.target.members(target)) {
            match named.next_if(|(name, _)| *name == member.name) {
                None => write_member(out, self.target.name(member), self.target.value(member)),
                Some((_, step)) if steps[index(step)].place == Some(member.name) => {
                    let step = steps[index(step)].member;
                    changes |= self.write_step(out, self.target.name(member), Some(member), step);
                }
                Some(_) => {}
            }
        }
        steps.retain(|step| step.place.is_none());
        steps.sort_unstable_by_key(|step| step.member.name);
        for step in steps {
            changes |= self.write_step(out, self.patch.name(step.member), None, step.member);
        }
        out.push('}');
        changes
    }

    /// Writes the member with the name of a member of the patch after that was applied. Returns whether its text
    /// differs from before.
    fn write_step(&self, out: &mut String, name: &str, old: Option<Member>, step: Member) -> bool {
        let new = self.patch.value(step);
        if new == "null" {
            return old.is_some();
        }
        if !new.starts_with('{') {
            write_member(out, name, new);
            return old.is_none_or(|old| self.target.value(old) != new);
        }
        write_name(out, name);
        let begun = out.len();
        let old = old.filter(|old| self.target.value(*old).starts_with('{'));
        let changes = self.write(out, old.map(|old| old.value), step.value);
        if let Some(old) = old.filter(|_| !changes) {
            // The value as it was written, with its white space.
            out.truncate(begun);
            out.push_str(self.target.value(old));
        }
        changes
    }
}

fn write_member(out: &mut String, name: &str, value: &str) {
    write_name(out, name);
    out.push_str(value);
}

/// Writes the name of the next member, after a comma if it is not the first one.
fn write_name(out: &mut String, name: &str) {
    // No value ends with an opening brace, so a brace here is that of this object.
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push_str(name);
    out.push(':');
}
