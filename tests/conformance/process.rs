//! The real binary, with bytes in and bytes out.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Nothing here takes as long: who waits longer waits for something that never comes.
const PATIENCE: Duration = Duration::from_mins(1);
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
    pub(crate) const ALL: [Self; 4] = [Self::Whole, Self::Bytes, Self::Thirds, Self::Sockets];

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

/// The binary with a store of its own, one open folder, and all its log lines.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-vault"));
    command.args(["--temporary", "--log", "trace", "--workspace-folder", "file:///w"]).args(arguments);
    command.env_remove("RUST_LOG").stderr(Stdio::piped());
    command
}

/// Feeds `input`, ends it, and waits for the end.
pub(crate) fn run(arguments: &[&str], input: &[u8], way: Way) -> Result<Outcome, String> {
    let mut command = command(arguments);
    let (mut child, stdin, stdout) = match way {
        Way::Sockets => {
            // One pair each for stdin and stdout, as Node makes them.
            let (our_in, its_in) = UnixStream::pair().unwrap();
            let (our_out, its_out) = UnixStream::pair().unwrap();
            command.stdin(OwnedFd::from(its_in)).stdout(OwnedFd::from(its_out));
            let child = command.spawn().unwrap();
            (child, Box::new(Ending(our_in)) as Box<dyn Write + Send>, reading(our_out))
        }
        Way::Whole | Way::Bytes | Way::Thirds => {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let stdin = Box::new(child.stdin.take().unwrap()) as Box<dyn Write + Send>;
            let stdout = reading(child.stdout.take().unwrap());
            (child, stdin, stdout)
        }
    };
    // Its ends of the sockets lie in it.
    drop(command);
    let stderr = reading(child.stderr.take().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| feed(stdin, input, way));
        outcome(&mut child, &stdout, &stderr)
    })
}

/// Waits for the end of a child whose output is being read.
pub(crate) fn outcome(
    child: &mut Child,
    stdout: &Receiver<Vec<u8>>,
    stderr: &Receiver<Vec<u8>>,
) -> Result<Outcome, String> {
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(PATIENCE), stderr.recv_timeout(PATIENCE)) else {
        child.kill().unwrap();
        child.wait().unwrap();
        return Err("it hangs".to_owned());
    };
    Ok(Outcome { stdout, stderr, exit: child.wait().unwrap().code() })
}

/// Takes all that comes, on a thread of its own.
pub(crate) fn reading(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (all, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        match from.read_to_end(&mut bytes) {
            Ok(_) => {}
            // What a socket says whose other end closed with input unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error}"),
        }
        let _ = all.send(bytes);
    });
    receiver
}

/// Whoever ends early leaves input unread; that is no fault.
fn feed(mut stdin: Box<dyn Write + Send>, input: &[u8], way: Way) {
    for piece in input.chunks(way.piece(input).max(1)) {
        if stdin.write_all(piece).is_err() {
            return;
        }
    }
}

/// A socket that says, when dropped, that nothing more comes.
struct Ending(UnixStream);

impl Write for Ending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }
}
