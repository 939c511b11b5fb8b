//! A person at the terminal that a command was typed in: asked a question, without showing the answer.

use zeroize::Zeroizing;

use super::{Deadline, Reason};

/// Whether somebody sits there: standard input is a terminal that can be asked at.
pub fn is_there() -> bool {
    use std::io::IsTerminal as _;
    cfg!(unix) && std::io::stdin().is_terminal()
}

/// Asks, and takes the bytes of the line that is typed. The terminal is as it was when this returns, however it does.
#[cfg(unix)]
pub fn ask(prompt: &str, deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    use std::io::Write as _;

    let terminal = Quiet::begin().map_err(|_| Reason::Denied)?;
    // Who does not see it may answer all the same.
    let _ = std::io::stderr().write_all(prompt.as_bytes());
    let line = read_line(deadline);
    drop(terminal);
    // The one that was typed was not shown.
    let _ = std::io::stderr().write_all(b"\n");
    line
}

/// There is no way yet to ask at this system's terminals.
#[cfg(not(unix))]
pub fn ask(_prompt: &str, _patience: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    Err(Reason::Locked)
}

/// The longest line, in bytes: one more than a passphrase may have, so that one that is too long is told.
#[cfg(unix)]
const LONGEST: usize = super::Passphrase::LONGEST + 1;

/// Reads letter by letter: Ctrl-C has to come as a letter, so that nothing ends this process while the terminal is mute.
#[cfg(unix)]
fn read_line(deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const BACKSPACE: u8 = 8;
    const CTRL_U: u8 = 21;
    const DELETE: u8 = 127;
    let input = rustix::stdio::stdin();
    // Whole from the start: one that grows would leave copies behind.
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
            // A passphrase that was cut would open nothing later; this one is refused as a whole.
            _ if line.len() == LONGEST => {}
            byte => line.push(byte),
        }
    }
}

/// The terminal, while it shows nothing of what is typed.
#[cfg(unix)]
struct Quiet(rustix::termios::Termios);

#[cfg(unix)]
impl Quiet {
    fn begin() -> rustix::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let input = rustix::stdio::stdin();
        let before = tcgetattr(input)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        // What was typed before the question is no answer to it.
        tcsetattr(input, OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.0);
    }
}
