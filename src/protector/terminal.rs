//! Asks the user a question at the terminal of a command, without showing the answer.

use super::system::terminal;

pub use terminal::ask;

/// Whether the user can be asked: standard input is a terminal.
pub fn is_there() -> bool {
    use std::io::IsTerminal as _;
    terminal::CAN_ASK && std::io::stdin().is_terminal()
}
