//! JSON text as it was written: finds the members of an object and the elements of an array without decoding them.
//!
//! Everything here borrows from the text and returns its parts byte for byte. It must never turn a value into numbers
//! and maps and back: that sorts names, rounds numbers, and refuses `1E400` and lone surrogates. It must never recurse
//! by the nesting of what a client sent. These are pure functions; any thread may call them.

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

/// The kind of a JSON text, by its first byte.
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

/// One member of an object, as it was written. It has no `Debug`: both halves are a caller's data.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// The name with its quotes and escapes.
    pub name: &'a RawValue,
    /// The value's text.
    pub value: &'a RawValue,
}

impl<'a> Member<'a> {
    /// Whether the member has this name, however it is escaped.
    pub fn is(&self, name: &str) -> bool {
        *self.name_bytes() == *name.as_bytes()
    }

    /// The name without its escapes. A lone surrogate becomes the three bytes of its generalized UTF-8 form. So
    /// different names stay different, and none of them equals a name that is text.
    pub fn name_bytes(&self) -> Cow<'a, [u8]> {
        name_bytes(self.name.get())
    }
}

/// The one JSON text in these bytes, without the white space at its ends; `None` if they contain anything else. Nesting
/// may be as deep as the bytes allow.
pub fn parse(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_str(str::from_utf8(bytes).ok()?).ok()
}

/// The kind of the text.
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

/// The most members or elements that any caller uses. Of more than that, only the next one is kept, which shows that
/// there are more. A message could contain millions, and each one takes ten times the memory of its text.
pub const MOST: usize = 1_024;

/// The members of an object in their order, also those with the same name, up to [`MOST`] and one more; `None` if the
/// text is not an object.
pub fn members(object: &RawValue) -> Option<Vec<Member<'_>>> {
    members_in(object.get())
}

/// As [`members`], for a text that was not parsed yet and has no white space before it; `None` if it is not such an
/// object.
pub fn members_in(object: &str) -> Option<Vec<Member<'_>>> {
    // This check is cheaper than the parser's error.
    if !object.starts_with('{') {
        return None;
    }
    let Members(members) = serde_json::from_str(object).ok()?;
    Some(members)
}

/// The elements of an array in their order, up to [`MOST`] and one more; `None` if the text is not an array.
pub fn elements(array: &RawValue) -> Option<Vec<&RawValue>> {
    elements_in(array.get())
}

/// As [`elements`], for a text that was not parsed yet and has no white space before it; `None` if it is not such an
/// array.
pub fn elements_in(array: &str) -> Option<Vec<&RawValue>> {
    if !array.starts_with('[') {
        return None;
    }
    let Elements(elements) = serde_json::from_str(array).ok()?;
    Some(elements)
}

/// Whether a character is white space in JSON.
pub fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Up to this many names, comparing each with each other is faster than hashing.
const FEW: usize = 8;

/// The position of the first member that repeats the name, without escapes, of an earlier one.
pub fn has_duplicates(members: &[Member<'_>]) -> Option<usize> {
    if members.len() <= FEW {
        let name = |at: usize| members[at].name_bytes();
        return (1..members.len()).find(|&at| (0..at).any(|before| name(before) == name(at)));
    }
    let mut seen = HashSet::with_capacity(members.len());
    members.iter().position(|member| !seen.insert(member.name_bytes()))
}

/// The text of a JSON string without its escapes; `None` if this is not a string, or has a lone surrogate.
pub fn string(text: &RawValue) -> Option<Cow<'_, str>> {
    if kind(text) != Kind::String {
        return None;
    }
    match unescaped(text.get()) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None => serde_json::from_str(text.get()).ok().map(Cow::Owned),
    }
}

/// A JSON text read as a whole number from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// This number, however it is written: `2`, `2.0`, `20e-1` and `0.2E1` are one, and `-0` is 0.
    Fits(u64),
    /// A whole number below 0, or over `u64::MAX`.
    OutOfRange,
    /// A number with a fraction, or not a number.
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
    // An exponent that is too long counts as the highest or lowest: no text has enough digits to balance it.
    let high = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let shift = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let zeros = exponent
        .parse::<i64>()
        .unwrap_or(high)
        .saturating_sub(shift(fraction.len()))
        .saturating_add(shift(digits.len() - significant.len()));
    let Ok(zeros) = usize::try_from(zeros) else { return Whole::No };
    // `u64::MAX` has 20 digits.
    if is_negative || zeros > 20 || significant.len() > 20 {
        return Whole::OutOfRange;
    }
    format!("{significant}{}", "0".repeat(zeros)).parse().map_or(Whole::OutOfRange, Whole::Fits)
}

/// As [`Member::name_bytes`], for a name with its quotes.
pub(crate) fn name_bytes(quoted: &str) -> Cow<'_, [u8]> {
    match unescaped(quoted) {
        Some(plain) => Cow::Borrowed(plain.as_bytes()),
        // The parser has accepted this text before, so the fallback to the whole name never happens.
        None => serde_json::Deserializer::from_str(quoted)
            .deserialize_bytes(NameBytes)
            .map_or(Cow::Borrowed(quoted.as_bytes()), Cow::Owned),
    }
}

/// The text between the quotes, if it has no escapes.
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
