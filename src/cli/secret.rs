//! Reads the secrets of a command line from a file descriptor, or from the user at a terminal.

use std::io::{ErrorKind, Read};

use zeroize::Zeroizing;

use crate::protector::{PassphraseError, ask_at_terminal, first_line, has_terminal};
use crate::vault::Passphrase;

use super::operator::Failed;
use super::question::Question;

/// The longest line with a secret, in bytes: a passphrase, and the two bytes of a line end.
const LONGEST: usize = Passphrase::LONGEST + 2;

impl From<PassphraseError> for Failed {
    fn from(error: PassphraseError) -> Self {
        Self::new(format!("the passphrase {}; nothing was changed", error.name()))
    }
}

/// Reads a new passphrase. The terminal does not show what the user types, so the user types it twice.
pub(super) fn new_passphrase(descriptor: u32) -> Result<Passphrase, Failed> {
    let first = Passphrase::new(&secret(descriptor, "New passphrase: ")?)?;
    if descriptor == 0 && has_terminal() {
        let again = Passphrase::new(&secret(descriptor, "The same again: ")?);
        if again.map_or(true, |again| again.expose() != first.expose()) {
            return Err(Failed::new("the two passphrases differ; nothing was changed".into()));
        }
    }
    Ok(first)
}

/// Reads the passphrase of the store.
pub(super) fn passphrase(descriptor: u32) -> Result<Passphrase, Failed> {
    Ok(Passphrase::new(&secret(descriptor, "Passphrase of plugin-vault: ")?)?)
}

/// Reads an API key from a line of its own.
pub(super) fn secret_line(descriptor: u32, question: &str) -> Result<Zeroizing<String>, Failed> {
    let line = secret(descriptor, question)?;
    let text = std::str::from_utf8(&line).map_err(|_| unreadable(descriptor))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn unreadable(descriptor: u32) -> Failed {
    Failed::new(format!("descriptor {descriptor} can't be read; see --help"))
}

/// Reads a line from a file descriptor. Keys and passphrases never come from arguments or the environment, which other
/// processes can read. At a terminal, asks the user and does not show the input. A line that is too long is cut where
/// it is longer than any secret may be, so that the caller refuses it.
fn secret(descriptor: u32, question: &str) -> Result<Zeroizing<Vec<u8>>, Failed> {
    if descriptor == 0 && has_terminal() {
        return ask_at_terminal(question, Question::begin().deadline())
            .map_err(|_| Failed::new("nothing was typed".into()));
    }
    let mut source: Box<dyn Read> = if descriptor == 0 {
        Box::new(std::io::stdin())
    } else {
        // No other system has such paths, so that a descriptor can't be read there.
        let file = std::fs::File::open(format!("/dev/fd/{descriptor}"));
        Box::new(file.map_err(|_| unreadable(descriptor))?)
    };
    // Allocated once: a buffer that grows would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    // Byte by byte: the next line may be another secret, for the next reader.
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST {
        match source.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(unreadable(descriptor)),
        }
    }
    let length = first_line(&line).len();
    line.truncate(length);
    Ok(line)
}
