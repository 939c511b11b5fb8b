//! The real binary, with bytes in and bytes out.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::harness::{Home, Start, finish};

/// Longer inputs are cut into pieces of this size, rather than into bytes.
const MANY: usize = 128 * 1024;
const PIECE: usize = 4_093;

/// How the bytes come and go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Over pipes, all in one write.
    Whole,
    /// Over pipes, each byte by itself.
    Bytes,
    /// Over pipes, in three pieces.
    Thirds,
    /// Over sockets, all in one write.
    Sockets,
}

impl Way {
    /// The ways in which the bytes of a case come and go. What a server does to a store does not depend on them.
    pub(crate) fn all() -> &'static [Self] {
        if is_on_server() { &[Self::Whole] } else { &[Self::Whole, Self::Bytes, Self::Thirds, Self::Sockets] }
    }

    fn piece(self, input: &[u8]) -> usize {
        match self {
            Self::Whole | Self::Sockets => input.len(),
            Self::Bytes if input.len() <= MANY => 1,
            Self::Bytes => PIECE,
            Self::Thirds => input.len() / 3 + 1,
        }
    }
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) exit: Option<i32>,
}

/// A start with a store of its own: one that ends with the process, or one on a server, which ends with the home.
fn start(arguments: &[&str]) -> Start {
    let start = Home::new().start().usual_log().in_folder(std::env::temp_dir());
    let start = if is_on_server() { start } else { start.without_folders().argument("--temporary") };
    start.arguments(["--log", "trace", "--workspace-folder", "file:///w"]).arguments(arguments)
}

#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
fn is_on_server() -> bool {
    crate::harness::shared::is_chosen()
}

#[cfg(not(all(target_os = "linux", feature = "postgres-tests")))]
const fn is_on_server() -> bool {
    false
}

/// The binary with a store of its own, one open folder, and all its log lines.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = start(arguments).command();
    command.stderr(Stdio::piped());
    command
}

/// The same, started with pipes, and its log lines dropped.
pub(crate) fn piped() -> Child {
    let mut command = command(&[]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Feeds `input`, ends it, and waits for the end.
pub(crate) fn run(arguments: &[&str], input: &[u8], way: Way) -> Result<Outcome, String> {
    let start = start(arguments);
    let start = if matches!(way, Way::Sockets) { start.sockets() } else { start };
    let output = finish(start.spawn(), |stdin| feed(stdin, input, way))?;
    Ok(Outcome { stdout: output.stdout, stderr: output.stderr, exit: output.status.code() })
}

/// A process that ends early leaves input unread, which is no failure.
fn feed(mut stdin: Box<dyn Write + Send>, input: &[u8], way: Way) {
    for piece in input.chunks(way.piece(input).max(1)) {
        if stdin.write_all(piece).is_err() {
            return;
        }
    }
}
