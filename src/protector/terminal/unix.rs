//! The terminal on Unix.

use zeroize::Zeroizing;

use crate::protector::{Deadline, Passphrase, Reason};

/// Whether a terminal can be asked without showing the answer.
pub(in crate::protector) const CAN_ASK: bool = true;

/// Asks a question and reads the line that the user types. Restores the terminal in every case.
///
/// # Errors
/// [`Reason::Deadline`] after the deadline; [`Reason::Denied`] if the user cancels or the terminal can't be used.
pub fn ask(prompt: &str, deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    use std::io::Write as _;

    let terminal = Quiet::begin().map_err(|_| Reason::Denied)?;
    // The user may answer even if the prompt could not be shown.
    let _ = std::io::stderr().write_all(prompt.as_bytes());
    let line = read_line(deadline);
    drop(terminal);
    // The line feed that the user typed was not shown.
    let _ = std::io::stderr().write_all(b"\n");
    line
}

/// The longest line, in bytes: one more than a passphrase may have, so that a longer passphrase is refused and not cut.
const LONGEST: usize = Passphrase::LONGEST + 1;

/// Reads byte by byte. Ctrl-C has to come as a byte, so that it does not end this process while the terminal shows no
/// input.
fn read_line(deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const BACKSPACE: u8 = 8;
    const CTRL_U: u8 = 21;
    const DELETE: u8 = 127;
    let input = rustix::stdio::stdin();
    // Allocated once: a buffer that grows would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let left = Timespec::try_from(deadline.left()).map_err(|_| Reason::Deadline)?;
        match poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(Reason::Deadline),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(Reason::Denied),
        }
        let mut letter = Zeroizing::new([0]);
        match rustix::io::read(input, &mut *letter) {
            Ok(1) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Ok(_) | Err(_) => return Err(Reason::Denied),
        }
        match letter[0] {
            b'\r' | b'\n' => return Ok(line),
            CTRL_C => return Err(Reason::Denied),
            CTRL_D if line.is_empty() => return Err(Reason::Denied),
            CTRL_D => return Ok(line),
            CTRL_U => line.clear(),
            BACKSPACE | DELETE => while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // A passphrase that was cut would open nothing later, so a longer line is refused as a whole.
            _ if line.len() == LONGEST => {}
            byte => line.push(byte),
        }
    }
}

/// The terminal while it does not show what the user types. Restores it when dropped.
struct Quiet(rustix::termios::Termios);

impl Quiet {
    fn begin() -> rustix::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let input = rustix::stdio::stdin();
        let before = tcgetattr(input)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        // Input that was typed before the question is not its answer.
        tcsetattr(input, OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.0);
    }
}
