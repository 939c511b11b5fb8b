//! Reads a text that is not JSON as far as possible: the members of its object that end before the fault.
//!
//! Clients send such texts: a Lua string of bytes that are not UTF-8, Python's `NaN`, a line break in a string that was
//! put together by hand, half a message. Most of these faults leave no doubt where strings and values end. This module
//! makes a copy in which a plain parser passes over them, and that parser reads until it fails. A fault in the
//! structure (a comma, a quote or a bracket too many or too few) ends the reading: what follows could be inside of
//! another value.
//!
//! Never recurses, and takes one copy of the text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Kind, kind, name_bytes, parse};

/// Replaces, in the copy, a byte that no JSON string may contain.
const FOREIGN: u8 = b'?';
const BYTE_ORDER_MARK: &[u8; 3] = b"\xEF\xBB\xBF";

/// A text that [`parse`] has refused.
pub struct Faulty<'b> {
    sent: &'b [u8],
    /// The copy, of the same length: each part of it corresponds to the bytes at the same position.
    copy: String,
}

/// A member before the fault; its value is `None` if the fault is in the value. It has no `Debug`: it is a caller's
/// data.
pub struct FaultyMember<'f> {
    text: &'f Faulty<'f>,
    name: &'f RawValue,
    value: Option<&'f RawValue>,
}

impl<'b> Faulty<'b> {
    /// Makes the copy in which a parser passes over the faults.
    pub fn new(sent: &'b [u8]) -> Self {
        let mut copy = sent.to_vec();
        if copy.starts_with(BYTE_ORDER_MARK) {
            copy[..BYTE_ORDER_MARK.len()].fill(b' ');
        }
        replace_what_is_not_utf8(&mut copy);
        let mut at = 0;
        while let Some(&byte) = copy.get(at) {
            at = match byte {
                b'"' => replace_in_string(&mut copy, at + 1),
                byte if is_in_word(byte) => replace_word(&mut copy, at),
                _ => at + 1,
            };
        }
        // Whole sequences that are not UTF-8 were replaced, and ASCII only by ASCII, so the copy is UTF-8.
        Self { sent, copy: String::from_utf8(copy).unwrap_or_default() }
    }

    /// The members, in their order, of the object at the beginning of the text.
    pub fn members(&self) -> Vec<FaultyMember<'_>> {
        let mut found = Vec::new();
        // The parser's error is expected: the text is not JSON.
        let _ = BeforeFault(&mut found).deserialize(&mut serde_json::Deserializer::from_str(&self.copy));
        found.into_iter().map(|(name, value)| FaultyMember { text: self, name, value }).collect()
    }

    /// Whether this part of the copy is complete and equals what was sent.
    fn is_as_sent(&self, part: &RawValue) -> bool {
        let start = part.get().as_ptr().addr() - self.copy.as_ptr().addr();
        let end = start + part.get().len();
        // A number at the end of the text may be incomplete.
        let ends = kind(part) == Kind::String || self.sent.get(end).is_some_and(|&byte| !is_in_word(byte));
        ends && self.sent[start..end] == *part.get().as_bytes()
    }
}

impl<'f> FaultyMember<'f> {
    /// Whether the member has this name, however it is escaped.
    pub fn is(&self, name: &str) -> bool {
        *name_bytes(self.name.get()) == *name.as_bytes()
    }

    /// The value, if it is complete JSON and not part of the fault.
    pub fn value(&self) -> Option<&'f RawValue> {
        self.value.filter(|value| self.text.is_as_sent(value))
    }
}

fn replace_what_is_not_utf8(text: &mut [u8]) {
    let mut at = 0;
    while let Err(error) = str::from_utf8(&text[at..]) {
        let start = at + error.valid_up_to();
        at = error.error_len().map_or(text.len(), |length| start + length);
        text[start..at].fill(FOREIGN);
    }
}

/// Replaces the faults in a string, from the byte after its first quote on. Returns the position after its last quote.
fn replace_in_string(text: &mut [u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' if text.get(at + 1).is_some_and(|next| b"\"\\/bfnrtu".contains(next)) => at += 1,
            b'\\' | 0..0x20 => text[at] = FOREIGN,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Replaces a number or a word that JSON does not have by a number. Returns the position after it.
fn replace_word(text: &mut [u8], start: usize) -> usize {
    let length = text[start..].iter().take_while(|&&byte| is_in_word(byte)).count();
    let word = &mut text[start..start + length];
    if parse(word).is_none() {
        word.fill(b' ');
        word[0] = b'0';
    }
    start + length
}

/// Whether the byte can occur in a number or a word of any language: `-1.#IND`, `-nan(ind)`, `undefined`, `0x1F`.
fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-._#()".contains(&byte)
}

struct BeforeFault<'m, 'de>(&'m mut Vec<(&'de RawValue, Option<&'de RawValue>)>);

impl<'de> DeserializeSeed<'de> for BeforeFault<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BeforeFault<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key()? {
            let at = self.0.len();
            self.0.push((name, None));
            self.0[at].1 = Some(map.next_value()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members that were found, with the values that were complete.
    fn members(sent: &[u8]) -> Vec<(String, Option<String>)> {
        let text = Faulty::new(sent);
        let members = text.members();
        members
            .iter()
            .map(|member| (member.name.get().to_owned(), member.value().map(|value| value.get().to_owned())))
            .collect()
    }

    #[track_caller]
    fn check(sent: impl AsRef<[u8]>, expected: &[(&str, Option<&str>)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| (format!("\"{name}\""), value.map(ToOwned::to_owned)))
            .collect();
        assert_eq!(members(sent.as_ref()), expected, "{}", String::from_utf8_lossy(sent.as_ref()));
    }

    #[test]
    fn a_fault_inside_a_value_does_not_end_the_reading() {
        for value in [
            "NaN",
            "-Infinity",
            "Infinity",
            "undefined",
            "None",
            "True",
            "01",
            "+1",
            "1.",
            ".5",
            "0x1F",
            "-1.#IND",
            "-nan(ind)",
            "\"\n\"",
            "\"\t\u{1f}\0\"",
            r#""\x41""#,
            r#""\'}""#,
            "[NaN,{\"id\":NaN}]",
            "\"\\\n\"",
        ] {
            check(format!(r#"{{"a":{value},"id":3}}"#), &[("a", None), ("id", Some("3"))]);
        }
        check(b"{\"a\":\"\xff\xc0\xaf\xed\xa0\x80\xe4\xbd\",\"id\":3}", &[("a", None), ("id", Some("3"))]);
        check(b"{\"\xff\":1,\"id\":3}", &[("?", Some("1")), ("id", Some("3"))]);
        check(b"\xEF\xBB\xBF {\"id\":3}", &[("id", Some("3"))]);
        check("{\"id\":3}\0", &[("id", Some("3"))]);
        check("{\"id\":3} x", &[("id", Some("3"))]);
        check(r#"{"id":7,"a":1}{"id":8}"#, &[("id", Some("7")), ("a", Some("1"))]);
    }

    #[test]
    fn a_fault_in_the_structure_ends_the_reading() {
        check(r#"{"id":3,"a":'x',"b":1}"#, &[("id", Some("3")), ("a", None)]);
        check(r#"{"a":"say "id":7, ","id":3}"#, &[("a", Some("\"say \""))]);
        check(r#"{"a":1 "id":3}"#, &[("a", Some("1"))]);
        check(r#"{"a":[1,],"id":3}"#, &[("a", None)]);
        check(r#"{"a":{"b":1]},"id":3}"#, &[("a", None)]);
        check(r#"{"a":{"id":7}},"id":3}"#, &[("a", Some(r#"{"id":7}"#))]);
        check(r#"{"a":"x,"id":3}"#, &[("a", Some("\"x,\""))]);
        check(r#"{"a":"\u12","id":3}"#, &[("a", None)]);
        check(r#"{id:3,"a":1}"#, &[]);
        check(r#"{"id" 3}"#, &[("id", None)]);
        check(b"{\"a\":1,\xff\"id\":3}", &[("a", Some("1"))]);
        check(r#"[{"id":3},NaN]"#, &[]);
        check(r#""id":3"#, &[]);
        check("", &[]);
    }

    #[test]
    fn a_value_is_complete_and_as_it_was_sent_or_missing() {
        check(r#"{"id":"#, &[("id", None)]);
        check(r#"{"id":12"#, &[("id", None)]);
        check(r#"{"id":12 "#, &[("id", Some("12"))]);
        check(r#"{"id":12,"#, &[("id", Some("12"))]);
        check(r#"{"id":"ab"#, &[("id", None)]);
        check(r#"{"id":"ab""#, &[("id", Some("\"ab\""))]);
        check(r#"{"id":tru"#, &[("id", None)]);
        for value in ["01", "NaN", "1.", "\"\n\"", r#""\x""#] {
            check(format!(r#"{{"id":{value},"a":1}}"#), &[("id", None), ("a", Some("1"))]);
        }
        check(b"{\"id\":\"\xff\",\"a\":1}", &[("id", None), ("a", Some("1"))]);
        // A client may also send the replacement byte itself.
        check(b"{\"id\":\"?\",\"a\":\"\xff\"}", &[("id", Some("\"?\"")), ("a", None)]);
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!(r#"{{"id":3,"a":{}NaN"#, "[{\"a\":".repeat(200_000));
        check(&deep, &[("id", Some("3")), ("a", None)]);
        let deep = format!(r#"{{"a":{}NaN{},"id":3}}"#, "[".repeat(200_000), "]".repeat(200_000));
        check(&deep, &[("a", None), ("id", Some("3"))]);
    }
}
