//! RFC 7396 merge patches over JSON text: what the patch does not touch keeps its text, byte for byte.
//!
//! The writer calls this under the store's lock. It must never turn a value into numbers and maps and back, and never
//! recurse further than [`PATCH_DEPTH`], however deep the texts are nested. Pure functions over text.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::{self, Kind, Member};
use crate::limits::PATCH_DEPTH;

#[cfg(test)]
mod tests;

/// The patch has more than [`PATCH_DEPTH`] levels of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// The text of `target` (or of `{}` if there is none) after `patch`, which is an object; `None` if there was a target
/// and the patch leaves each of its members as it is written.
///
/// Members that the patch does not name keep their place and the text of name and value. One that it names stays where
/// it is; several by one name become one, where the last of them was. New members follow in the patch's order. Where
/// the patch has a name twice, its last one counts. White space between members goes when anything changes.
pub(super) fn merge(target: Option<&RawValue>, patch: &RawValue) -> Result<Option<String>, TooDeep> {
    debug_assert_eq!(json::kind(patch), Kind::Object, "the caller lets only objects through");
    let room = target.map_or(0, |target| target.get().len()) + patch.get().len();
    let mut merged = String::with_capacity(room);
    let changed = write_merged(&mut merged, target, patch, 1)?;
    Ok((changed || target.is_none()).then_some(merged))
}

/// Writes the object that comes out, and says whether it differs from the target by more than white space between
/// members. A target that is no object counts as `{}`, and as different.
fn write_merged(
    out: &mut String,
    target: Option<&RawValue>,
    patch: &RawValue,
    level: usize,
) -> Result<bool, TooDeep> {
    if level > PATCH_DEPTH {
        return Err(TooDeep);
    }
    let patch = json::members(patch).unwrap_or_default();
    let target = target.and_then(json::members);
    let mut changed = target.is_none();
    let target = target.unwrap_or_default();

    // For each name in the patch: the last member with that name, in the patch and in the target.
    let last: HashMap<Cow<'_, [u8]>, usize> =
        patch.iter().enumerate().map(|(at, member)| (member.name_bytes(), at)).collect();
    let touched: Vec<Option<usize>> =
        target.iter().map(|member| last.get(&member.name_bytes()).copied()).collect();
    let mut place = vec![None; patch.len()];
    for (at, by) in touched.iter().enumerate() {
        if let Some(by) = by {
            place[*by] = Some(at);
        }
    }

    let mut object = ObjectText::begin(out);
    for (at, (member, by)) in target.iter().zip(&touched).enumerate() {
        match by {
            None => object.push(member.name, member.value),
            Some(by) if place[*by] == Some(at) => {
                changed |= object.push_patched(Some(member), &patch[*by], level)?;
            }
            Some(_) => changed = true,
        }
    }
    for (at, member) in patch.iter().enumerate() {
        if place[at].is_none() && last.get(&member.name_bytes()) == Some(&at) {
            changed |= object.push_patched(None, member, level)?;
        }
    }
    object.end();
    Ok(changed)
}

/// An object that is being written.
struct ObjectText<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> ObjectText<'a> {
    fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn name(&mut self, name: &RawValue) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push_str(name.get());
        self.out.push(':');
    }

    fn push(&mut self, name: &RawValue, value: &RawValue) {
        self.name(name);
        self.out.push_str(value.get());
    }

    /// Writes what one member of the patch makes of the member that it names, if that one is there, and says whether
    /// it differs.
    fn push_patched(
        &mut self,
        old: Option<&Member<'_>>,
        patch: &Member<'_>,
        level: usize,
    ) -> Result<bool, TooDeep> {
        let name = old.map_or(patch.name, |old| old.name);
        let old = old.map(|old| old.value);
        match json::kind(patch.value) {
            Kind::Null => Ok(old.is_some()),
            Kind::Object => {
                self.name(name);
                let start = self.out.len();
                let changed = write_merged(self.out, old, patch.value, level + 1)?;
                if let (false, Some(old)) = (changed, old) {
                    self.out.truncate(start);
                    self.out.push_str(old.get());
                }
                Ok(changed)
            }
            Kind::Array | Kind::String | Kind::Number | Kind::Bool => {
                self.push(name, patch.value);
                Ok(old.is_none_or(|old| old.get() != patch.value.get()))
            }
        }
    }

    fn end(self) {
        self.out.push('}');
    }
}
