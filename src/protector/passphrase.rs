//! Passphrases: which texts are valid, in which form they are used, and how a protector's key is derived from one.
//!
//! Every passphrase in the program passes [`Passphrase::new`], wherever it came from: a terminal, a file descriptor, a
//! helper program, or a parameter of `vault/unlock`. So the same words open the store through every one of them.
//! `docs/format.md` has the rule; the cases are in `tests/conformance/passphrases`.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, random};

use super::{Deadline, Reason, derivation};

/// A passphrase in the form that keys are derived from. Zeroed when dropped; never printed.
pub struct Passphrase(Zeroizing<String>);

/// Why bytes are not a passphrase. It reveals nothing about their content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PassphraseError {
    /// No text, or only a byte-order mark.
    Empty,
    /// Longer than [`Passphrase::LONGEST`].
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// It contains a control character (general category Cc).
    ControlCharacter,
}

impl PassphraseError {
    /// The reason as the rest of a sentence about the passphrase.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::TooLong => "is longer than 64 KiB",
            Self::NotUtf8 => "is not UTF-8 text",
            Self::ControlCharacter => "contains a control character, for example a tab or an escape sequence",
        }
    }
}

impl fmt::Display for PassphraseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the passphrase {}", self.name())
    }
}

impl std::error::Error for PassphraseError {}

/// U+FEFF, which editors and shells of some systems put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// UTF-8 that is normalised to NFC grows by this factor at most.
const GROWTH: usize = 3;

impl Passphrase {
    /// The longest passphrase, in bytes of UTF-8 as it was given.
    pub const LONGEST: usize = 64 * 1024;

    /// Makes a passphrase from these bytes: without a leading byte-order mark, with U+0020 for every other space, in
    /// Normalization Form C.
    ///
    /// # Errors
    /// For bytes that no passphrase may have. They are refused rather than repaired: a passphrase that was silently cut
    /// or changed opens nothing later.
    pub fn new(given: &[u8]) -> Result<Self, PassphraseError> {
        if given.len() > Self::LONGEST {
            return Err(PassphraseError::TooLong);
        }
        let text = std::str::from_utf8(given).map_err(|_| PassphraseError::NotUtf8)?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.contains(char::is_control) {
            return Err(PassphraseError::ControlCharacter);
        }
        // Allocated once: a buffer that grows would leave copies behind.
        let mut prepared = Zeroizing::new(String::with_capacity(GROWTH * text.len()));
        if text.is_ascii() {
            // The text is in Form C already. This avoids the buffer of the normaliser, which would not be zeroed.
            prepared.push_str(text);
        } else {
            prepared.extend(text.chars().map(plain_space).nfc());
        }
        Ok(Self(prepared))
    }

    /// The text that keys are derived from.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// U+0020 for each other character of the general category Zs. Unicode has added none since version 3.0.
fn plain_space(letter: char) -> char {
    match letter {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

/// The first line of the input without its line end: a line feed, or a carriage return and a line feed.
pub fn first_line(read: &[u8]) -> &[u8] {
    let line = read.split(|byte| *byte == b'\n').next().unwrap_or(read);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The costs of a new row: 64 MiB, 3 passes, 4 lanes.
const COSTS: Costs = Costs { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
/// The highest costs that a row may have. A process that can write the row must not make this one use all memory.
const MOST: Costs = Costs { memory_kib: 1024 * 1024, passes: 16, lanes: 16 };

struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

const SALT: usize = 16;
const LENGTH: usize = SALT + 3 * 4;

/// The parameters of a new row: `salt (16) ‖ memory in KiB (4) ‖ passes (4) ‖ lanes (4)`.
pub(super) fn parameters() -> Vec<u8> {
    let mut parameters = random::<SALT>().to_vec();
    for cost in [COSTS.memory_kib, COSTS.passes, COSTS.lanes] {
        parameters.extend_from_slice(&cost.to_be_bytes());
    }
    parameters
}

/// Derives the key of a passphrase with a row's parameters. Waits until this process derives no other key, at most
/// until the deadline.
pub(super) fn derive(
    passphrase: &Passphrase,
    parameters: &[u8],
    deadline: &Deadline,
) -> Result<ProtectorKey, Reason> {
    let parameters: &[u8; LENGTH] = parameters.try_into().map_err(|_| Reason::Wrong)?;
    let (salt, costs) = parameters.split_at(SALT);
    let mut costs =
        costs.chunks_exact(4).map(|cost| u32::from_be_bytes(cost.try_into().expect("chunks of four")));
    let mut cost = |most: u32| costs.next().filter(|cost| *cost <= most).ok_or(Reason::Wrong);
    let (memory, passes, lanes) = (cost(MOST.memory_kib)?, cost(MOST.passes)?, cost(MOST.lanes)?);
    let costs = Params::new(memory, passes, lanes, Some(32)).map_err(|_| Reason::Wrong)?;
    let turn = derivation::turn(deadline).ok_or(Reason::Deadline)?;
    let mut key = Zeroizing::new([0; 32]);
    let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, costs).hash_password_into(
        passphrase.0.as_bytes(),
        salt,
        key.as_mut_slice(),
    );
    drop(turn);
    derived.map_err(|error| match error {
        argon2::Error::OutOfMemory => {
            tracing::error!("there is not enough memory to derive a key from a passphrase: {memory} KiB");
            Reason::Memory
        }
        _ => Reason::Wrong,
    })?;
    ProtectorKey::from_slice(key.as_slice()).ok_or(Reason::Wrong)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.as_bytes()).ok().unwrap()
    }

    fn deadline() -> Deadline {
        Deadline::of(Duration::from_mins(1))
    }

    #[test]
    fn the_same_passphrase_gives_the_same_key_and_another_gives_another() {
        let parameters = parameters();
        let key = |text, parameters: &[u8]| {
            *derive(&passphrase(text), parameters, &deadline()).ok().unwrap().expose()
        };
        assert_eq!(key("one", &parameters), key("one", &parameters));
        assert_ne!(key("one", &parameters), key("two", &parameters));
        assert_ne!(key("one", &parameters), key("one", &super::parameters()));
    }

    #[test]
    fn costs_above_the_limits_are_refused() {
        let check = |position: usize, cost: u32| {
            let mut parameters = parameters();
            parameters[SALT + 4 * position..][..4].copy_from_slice(&cost.to_be_bytes());
            assert_eq!(derive(&passphrase("one"), &parameters, &deadline()).err(), Some(Reason::Wrong));
        };
        check(0, u32::MAX);
        check(0, MOST.memory_kib + 1);
        check(1, 17);
        check(2, 17);
        check(2, 0);
    }

    #[test]
    fn nothing_is_derived_after_the_deadline() {
        let given_up = deadline();
        given_up.end();
        let derived = derive(&passphrase("one"), &parameters(), &given_up);
        assert_eq!(derived.err(), Some(Reason::Deadline));
    }

    #[test]
    fn the_longest_passphrase_is_accepted_and_one_byte_more_is_refused() {
        let longest = "x".repeat(Passphrase::LONGEST);
        assert_eq!(passphrase(&longest).expose(), longest);
        assert_eq!(Passphrase::new((longest + "x").as_bytes()).err(), Some(PassphraseError::TooLong));
    }

    /// The text whose Form C grows most. The buffer must not move, so that no copy stays behind.
    #[test]
    fn the_buffer_for_the_prepared_form_is_long_enough() {
        let text = "\u{1d160}".repeat(Passphrase::LONGEST / 4);
        let prepared = passphrase(&text);
        assert!(prepared.expose().len() > text.len());
        assert!(prepared.0.capacity() == GROWTH * text.len());
    }

    #[test]
    fn a_line_ends_with_its_first_line_feed() {
        let check = |read: &[u8], expected: &[u8]| assert_eq!(first_line(read), expected, "{read:?}");
        check(b"", b"");
        check(b"one", b"one");
        check(b"one\n", b"one");
        check(b"one\r\n", b"one");
        check(b"one\r", b"one");
        check(b"one\r\r\n", b"one\r");
        check(b"one\ntwo\n", b"one");
        check(b"\none", b"");
        check(b" one \t\n", b" one \t");
    }
}
