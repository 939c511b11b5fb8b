//! Secrets that a command line needs: read from a file descriptor, or typed by a person.

use std::io::Read;

use zeroize::Zeroizing;

use crate::protector::{ask_at_terminal, has_terminal};
use crate::vault::Passphrase;

use super::operator::Failed;
use super::question::Question;

/// The longest line with a secret, in bytes.
const LONGEST: usize = 4 * 1024;

/// A passphrase that is to open something from now on. Nobody sees what they type, so they type it twice.
pub(super) fn new_passphrase(descriptor: u32) -> Result<Passphrase, Failed> {
    let said = secret_line(descriptor, "New passphrase: ")?;
    if descriptor == 0 && has_terminal() && *secret_line(descriptor, "The same again: ")? != *said {
        return Err(Failed("the two were not the same; nothing was changed".into()));
    }
    Passphrase::new(said).ok_or_else(|| Failed("the passphrase is empty".into()))
}

/// A line from a file descriptor: keys and passphrases never come from arguments or the environment, which others can
/// read. A person at a terminal is asked the question, and what they type is not shown.
pub(super) fn secret_line(descriptor: u32, question: &str) -> Result<Zeroizing<String>, Failed> {
    let unreadable = || Failed(format!("descriptor {descriptor} can't be read; see --help"));
    if descriptor == 0 && has_terminal() {
        return ask_at_terminal(question, Question::begin().patience())
            .map_err(|_| Failed("nothing was typed".into()));
    }
    let source: Box<dyn Read> = if descriptor == 0 {
        Box::new(std::io::stdin())
    } else if cfg!(unix) {
        Box::new(std::fs::File::open(format!("/dev/fd/{descriptor}")).map_err(|_| unreadable())?)
    } else {
        return Err(unreadable());
    };
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    #[allow(
        clippy::unbuffered_bytes,
        reason = "the next line may be another secret, for whoever reads it next"
    )]
    for byte in source.bytes().take(LONGEST) {
        match byte.map_err(|_| unreadable())? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    let text = std::str::from_utf8(&line).map_err(|_| unreadable())?;
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}
