//! What a command shows at a terminal that has all three of its streams.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs a command to its end at a terminal with that many columns. Line ends are those of a file.
pub(crate) fn of(mut command: Command, columns: u16) -> String {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    // No program of another test inherits it.
    rustix::io::fcntl_setfd(&person, rustix::io::FdFlags::CLOEXEC).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    tcsetwinsize(&person, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
    let end = || File::options().read(true).write(true).open(&name).unwrap();
    let mut program = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    // Our copies of the terminal's end, which would keep it open.
    drop(command);
    let mut person = File::from(person);
    let (mut shown, mut some) = (Vec::new(), [0; 4_096]);
    // Linux answers with an error once the last process has closed its end.
    while let Ok(length @ 1..) = person.read(&mut some) {
        shown.extend_from_slice(&some[..length]);
    }
    assert!(program.wait().unwrap().code().is_some());
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}
