//! The terminal on Windows: the console.

use zeroize::Zeroizing;

use crate::process::QuietConsole;
use crate::protector::deadline::LOOK;
use crate::protector::{Deadline, Passphrase, Reason};

/// Whether a terminal can be asked without showing the answer.
pub(in crate::protector) const CAN_ASK: bool = true;

/// The longest line, in UTF-16 units: one more than a passphrase may have bytes, so that a longer passphrase is refused
/// and not cut.
const LONGEST: usize = Passphrase::LONGEST + 1;

/// Asks a question and reads the line that the user types. Restores the console in every case.
///
/// # Errors
/// [`Reason::Deadline`] after the deadline; [`Reason::Denied`] if the user cancels or the console can't be used.
pub fn ask(prompt: &str, deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    use std::io::Write as _;

    let console = QuietConsole::begin().map_err(|_| Reason::Denied)?;
    // The user may answer even if the prompt could not be shown.
    let _ = std::io::stderr().write_all(prompt.as_bytes());
    let line = read_line(deadline, |most| console.next_key(most).map_err(|_| Reason::Denied));
    drop(console);
    // The line end that the user typed was not shown.
    let _ = std::io::stderr().write_all(b"\n");
    line
}

/// Reads key by key. Ctrl-C has to come as a key, so that it does not end this process while the console shows no
/// input.
fn read_line(
    deadline: &Deadline,
    mut next_key: impl FnMut(std::time::Duration) -> Result<Option<u16>, Reason>,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    const CTRL_C: u16 = 3;
    const BACKSPACE: u16 = 8;
    const LINE_FEED: u16 = 10;
    const ENTER: u16 = 13;
    const CTRL_U: u16 = 21;
    const CTRL_Z: u16 = 26;
    // Allocated once: a buffer that grows would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        if deadline.is_over() {
            return Err(Reason::Deadline);
        }
        let Some(unit) = next_key(deadline.left().min(LOOK))? else { continue };
        match unit {
            CTRL_C => return Err(Reason::Denied),
            CTRL_Z if line.is_empty() => return Err(Reason::Denied),
            ENTER | LINE_FEED | CTRL_Z => return Ok(utf8(&line)),
            CTRL_U => line.clear(),
            // A character outside the basic plane is two units, the second of which is a low surrogate.
            BACKSPACE => while line.pop().is_some_and(|unit| unit & 0xfc00 == 0xdc00) {},
            // A passphrase that was cut would open nothing later, so a longer line is refused as a whole.
            _ if line.len() == LONGEST => {}
            unit => line.push(unit),
        }
    }
}

/// The line in UTF-8. What is no character becomes a byte that no passphrase may contain.
fn utf8(line: &[u16]) -> Zeroizing<Vec<u8>> {
    // At most three bytes for each unit; allocated once, like the line.
    let mut bytes = Zeroizing::new(Vec::with_capacity(3 * line.len()));
    for letter in char::decode_utf16(line.iter().copied()) {
        match letter {
            Ok(letter) => {
                let mut buffer = Zeroizing::new([0; 4]);
                bytes.extend_from_slice(letter.encode_utf8(&mut *buffer).as_bytes());
            }
            Err(_) => bytes.push(0xff),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_is_read_key_by_key() {
        let check = |keys: &str, expected: Result<&str, Reason>| {
            let mut units = keys.encode_utf16();
            let line = read_line(&Deadline::of(Duration::from_millis(100)), |_| Ok(units.next()));
            let line = line.map(|line| String::from_utf8(line.to_vec()).unwrap());
            assert_eq!(line.as_deref().map_err(|reason| *reason), expected, "{keys:?}");
        };
        check("secret\r", Ok("secret"));
        check("\r", Ok(""));
        check("sekr\u{8}\u{8}cret\r", Ok("secret"));
        check("wrong\u{15}right\r", Ok("right"));
        check("a\u{1f511}\u{8}b\r", Ok("ab"));
        check("p\u{e4}\u{1f511}\r", Ok("p\u{e4}\u{1f511}"));
        check("secret\u{1a}", Ok("secret"));
        check("\u{1a}", Err(Reason::Denied));
        check("sec\u{3}", Err(Reason::Denied));
        check("no line end", Err(Reason::Deadline));
        let longer = "x".repeat(LONGEST + 5);
        check(&format!("{longer}\r"), Ok(&longer[..LONGEST]));
    }
}
