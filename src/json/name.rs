//! Compares names as they are written, without a decoded copy. The copies of a million names would take more time and
//! memory than everything else that the program does with them.

use std::cmp::Ordering;

/// Compares two names without their escapes. Each text begins with the opening quote of a name; what follows the
/// closing quote is ignored. Two names are equal if their [`name_bytes`](super::name_bytes) are equal.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    Bytes::of(one).cmp(Bytes::of(other))
}

/// The bytes of a name without its escapes.
struct Bytes<'a> {
    rest: &'a [u8],
    /// The bytes of an escape that were not returned yet: the last ones of the four.
    escaped: [u8; 4],
    left: usize,
}

impl<'a> Bytes<'a> {
    fn of(quoted: &'a str) -> Self {
        Self { rest: quoted.as_bytes().get(1..).unwrap_or_default(), escaped: [0; 4], left: 0 }
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The number after `\u`.
    fn take_unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    }

    /// The code point of `\u`, with the second half of a surrogate pair if there is one. A lone half counts as a code
    /// point.
    fn take_code(&mut self) -> Option<u32> {
        let first = self.take_unit()?;
        if (0xd800..0xdc00).contains(&first) && self.rest.starts_with(b"\\u") {
            let behind = self.rest;
            self.rest = &self.rest[2..];
            match self.take_unit()? {
                second @ 0xdc00..0xe000 => {
                    return Some(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                }
                _ => self.rest = behind,
            }
        }
        Some(first)
    }

    fn escape(&mut self) -> Option<u8> {
        let code = match self.take()? {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => 0x0a,
            b'r' => 0x0d,
            b't' => 0x09,
            b'u' => self.take_code()?,
            other => u32::from(other),
        };
        let low = |shift: u32| 0x80 | (code >> shift & 0x3f).to_le_bytes()[0];
        let high = |mark: u32, shift: u32| (mark | code >> shift).to_le_bytes()[0];
        (self.escaped, self.left) = match code {
            0..0x80 => ([0, 0, 0, high(0, 0)], 1),
            0x80..0x800 => ([0, 0, high(0xc0, 6), low(0)], 2),
            0x800..0x1_0000 => ([0, high(0xe0, 12), low(6), low(0)], 3),
            _ => ([high(0xf0, 18), low(12), low(6), low(0)], 4),
        };
        self.next()
    }
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.left > 0 {
            self.left -= 1;
            return Some(self.escaped[3 - self.left]);
        }
        match self.take()? {
            b'"' => {
                self.rest = &[];
                None
            }
            b'\\' => self.escape(),
            byte => Some(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::name_bytes;

    #[test]
    fn a_name_ends_at_its_quote() {
        assert_eq!(compare(r#""a":1}"#, r#""a""#), Ordering::Equal);
        assert_eq!(compare(r#""a\"b":1"#, r#""a\u0022b","#), Ordering::Equal);
        assert_eq!(compare(r#""a":1"#, r#""ab":1"#), Ordering::Less);
    }

    proptest! {
        /// The bytes equal those of the parser, with any escapes, also with lone surrogates.
        #[test]
        fn the_bytes_of_a_name_equal_those_of_the_parser(parts in proptest::collection::vec(
            prop_oneof![
                "[a-c/ÿ€😀]{0,3}",
                Just(r"\\".to_owned()), Just(r#"\""#.to_owned()), Just(r"\/".to_owned()),
                "\\\\[bfnrt]",
                "\\\\u[0-9a-fA-F]{4}",
                "\\\\u[dD][89aA][0-9]{2}\\\\u[dD][c-fC-F][0-9]{2}",
                "\\\\u[dD][89abAB][0-9]{2}",
            ],
            0..6,
        )) {
            let name = format!("\"{}\"", parts.concat());
            let expected = name_bytes(&name).into_owned();
            prop_assert_eq!(Bytes::of(&name).collect::<Vec<_>>(), expected);
        }
    }
}
