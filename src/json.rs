//! JSON text as it stands: the members of an object and the elements of an array, found but not read.
//!
//! Everything here borrows from the text it was given, and gives its parts back byte for byte. It must never turn a
//! value into numbers and maps and back (that sorts names, rounds numbers, and refuses `1E400` and lone surrogates),
//! and never recurse by the nesting of what a client sent. Pure functions; any thread may call them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

mod cursor;
mod faulty;
mod name;
#[cfg(test)]
mod tests;

pub(crate) use cursor::Cursor;
pub use faulty::{Faulty, FaultyMember};
pub(crate) use name::compare as compare_names;

/// What a JSON text is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number of any size.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// One member of an object, as it is written there. It has no `Debug`: both halves are a caller's data.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// The name with its quotes and escapes.
    pub name: &'a RawValue,
    /// The value's text.
    pub value: &'a RawValue,
}

impl<'a> Member<'a> {
    /// Whether the member goes by this name, however it is escaped.
    pub fn is(&self, name: &str) -> bool {
        *self.name_bytes() == *name.as_bytes()
    }

    /// The name without its escapes. A lone surrogate comes out as the three bytes that UTF-8 would give it, if it
    /// gave it any: so names stay apart, and none of them equals a name that is text.
    pub fn name_bytes(&self) -> Cow<'a, [u8]> {
        name_bytes(self.name.get())
    }
}

/// The one JSON text that these bytes hold, less the white space at its ends; `None` if they hold anything else.
/// Nesting may be as deep as the bytes allow.
pub fn parse(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_str(str::from_utf8(bytes).ok()?).ok()
}

/// What the text is.
pub fn kind(text: &RawValue) -> Kind {
    match text.get().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') => Kind::Null,
        _ => Kind::Number,
    }
}

/// So many members or elements have a use for somebody. Of more only the next one is kept, which says that there are more:
/// a message could hold millions, and each that is found takes ten times the memory that its text does.
pub const MOST: usize = 1_024;

/// The members of an object in their order, those with the same name too, up to [`MOST`] and one; `None` if the text is no
/// object.
pub fn members(object: &RawValue) -> Option<Vec<Member<'_>>> {
    members_in(object.get())
}

/// The same of a text that nobody has read yet, and with no white space before it; `None` if it is anything else.
pub fn members_in(object: &str) -> Option<Vec<Member<'_>>> {
    // An error costs more than a look.
    if !object.starts_with('{') {
        return None;
    }
    let Members(members) = serde_json::from_str(object).ok()?;
    Some(members)
}

/// The elements of an array in their order, up to [`MOST`] and one; `None` if the text is no array.
pub fn elements(array: &RawValue) -> Option<Vec<&RawValue>> {
    elements_in(array.get())
}

/// The same of a text that nobody has read yet, and with no white space before it; `None` if it is anything else.
pub fn elements_in(array: &str) -> Option<Vec<&RawValue>> {
    if !array.starts_with('[') {
        return None;
    }
    let Elements(elements) = serde_json::from_str(array).ok()?;
    Some(elements)
}

/// Whether a character means nothing between two parts of a text.
pub fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// So few names are sooner compared with one another than hashed.
const FEW: usize = 8;

/// The position of the first member whose name, without its escapes, stood before it.
pub fn has_duplicates(members: &[Member<'_>]) -> Option<usize> {
    if members.len() <= FEW {
        let name = |at: usize| members[at].name_bytes();
        return (1..members.len()).find(|&at| (0..at).any(|before| name(before) == name(at)));
    }
    let mut seen = HashSet::with_capacity(members.len());
    members.iter().position(|member| !seen.insert(member.name_bytes()))
}

/// The text that a JSON string means; `None` if this is no string, or has a lone surrogate.
pub fn string(text: &RawValue) -> Option<Cow<'_, str>> {
    if kind(text) != Kind::String {
        return None;
    }
    match unescaped(text.get()) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None => serde_json::from_str(text.get()).ok().map(Cow::Owned),
    }
}

/// What a text says where a whole number from 0 on is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// This number, however it is written: `2`, `2.0`, `20e-1` and `0.2E1` are one, and `-0` is 0.
    Fits(u64),
    /// A whole number below 0, or over `u64::MAX`.
    OutOfRange,
    /// A number with a fraction, or none at all.
    No,
}

/// Reads a whole number exactly. JSON Schema's `integer` is any number without a fraction, and JSON writers that know
/// only floating point write `2.0`.
pub fn whole(text: &RawValue) -> Whole {
    if kind(text) != Kind::Number {
        return Whole::No;
    }
    let (is_negative, number) =
        text.get().strip_prefix('-').map_or((false, text.get()), |number| (true, number));
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = [units, fraction].concat();
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Whole::Fits(0);
    }
    // An exponent without an end is like the highest: no text is long enough to make up for it.
    let high = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let shift = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let zeros = exponent
        .parse::<i64>()
        .unwrap_or(high)
        .saturating_sub(shift(fraction.len()))
        .saturating_add(shift(digits.len() - significant.len()));
    let Ok(zeros) = usize::try_from(zeros) else { return Whole::No };
    // So many digits has `u64::MAX`.
    if is_negative || zeros > 20 || significant.len() > 20 {
        return Whole::OutOfRange;
    }
    format!("{significant}{}", "0".repeat(zeros)).parse().map_or(Whole::OutOfRange, Whole::Fits)
}

/// What [`Member::name_bytes`] gives, for a name that stands in a text by itself.
pub(crate) fn name_bytes(quoted: &str) -> Cow<'_, [u8]> {
    match unescaped(quoted) {
        Some(plain) => Cow::Borrowed(plain.as_bytes()),
        // The parser has been over this text before, so that the whole name is only a form of words.
        None => serde_json::Deserializer::from_str(quoted)
            .deserialize_bytes(NameBytes)
            .map_or(Cow::Borrowed(quoted.as_bytes()), Cow::Owned),
    }
}

/// What stands between the quotes, if that is also what it means.
fn unescaped(quoted: &str) -> Option<&str> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.bytes().any(|byte| byte == b'\\')).then_some(inner)
}

struct NameBytes;

impl Visitor<'_> for NameBytes {
    type Value = Vec<u8>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(name.to_vec())
    }
}

struct Members<'a>(Vec<Member<'a>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.len() <= MOST {
                members.push(Member { name, value });
            }
        }
        Ok(Members(members))
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            if elements.len() <= MOST {
                elements.push(element);
            }
        }
        Ok(Elements(elements))
    }
}
