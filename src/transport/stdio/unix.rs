//! The streams of the client on Unix.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;

use crate::transport::Output;

/// The bytes that a writable pipe certainly takes without blocking (`PIPE_BUF`; POSIX guarantees 512), as long as
/// no other process writes to it. If one does, a sender may block; nothing is lost.
const PIPE_ROOM: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 4096 } else { 512 };

/// Takes stdin and stdout for the protocol, and points descriptor 1 at stderr. To be called once.
///
/// # Errors
/// If the descriptors are not open, or can't be copied.
pub fn take() -> io::Result<(StdinReader, StdoutWriter)> {
    // Closed on exec, and above the three descriptors that a child gets, so that no child process writes to the
    // client.
    let kept = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok((StdinReader(rustix::stdio::stdin()), StdoutWriter::new(kept)?))
}

/// Descriptor 0, without a buffer.
pub struct StdinReader(pub(in crate::transport) BorrowedFd<'static>);

impl Read for StdinReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(self.0, &mut *into) {
                Err(Errno::AGAIN) => wait(self.0, PollFlags::IN)?,
                other => return Ok(other?),
            }
        }
    }
}

/// A copy of descriptor 1, as it was at the start.
pub struct StdoutWriter {
    to: OwnedFd,
    /// The same pipe, opened again as non-blocking. The original, which is shared, stays as it was.
    direct: Option<OwnedFd>,
    kind: Kind,
}

/// How to write without blocking.
#[derive(Clone, Copy)]
enum Kind {
    /// Poll first, and write only as much as it then certainly takes.
    Pipe,
    /// The call itself has a flag not to block; it writes as much of a long frame as fits.
    Socket,
    /// Never blocks.
    File,
    /// A terminal or a device, which may always block.
    Other,
}

impl StdoutWriter {
    pub(in crate::transport) fn new(to: OwnedFd) -> io::Result<Self> {
        let kind = match FileType::from_raw_mode(rustix::fs::fstat(&to)?.st_mode) {
            FileType::Fifo => Kind::Pipe,
            FileType::Socket => Kind::Socket,
            FileType::RegularFile => Kind::File,
            _ => Kind::Other,
        };
        let direct = if matches!(kind, Kind::Pipe) { open_again(&to) } else { None };
        Ok(Self { to, direct, kind })
    }
}

#[cfg(test)]
impl StdoutWriter {
    /// A writer as on a system where a pipe can't be opened again.
    pub(in crate::transport) fn polling_first(self) -> Self {
        Self { direct: None, ..self }
    }
}

impl Output for StdoutWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.to, bytes) {
                Err(Errno::AGAIN) => wait(self.to.as_fd(), PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(direct) = &self.direct {
            return Ok(rustix::io::write(direct, bytes)?);
        }
        Ok(match self.kind {
            Kind::Socket => rustix::net::send(&self.to, bytes, SendFlags::DONTWAIT)?,
            Kind::File => rustix::io::write(&self.to, bytes)?,
            Kind::Pipe if bytes.len() <= PIPE_ROOM && is_ready(self.to.as_fd())? => {
                rustix::io::write(&self.to, bytes)?
            }
            Kind::Pipe | Kind::Other => return Err(io::ErrorKind::WouldBlock.into()),
        })
    }
}

/// Opens a pipe again as a separate open file, if the system has a name for it and allows that.
fn open_again(pipe: &OwnedFd) -> Option<OwnedFd> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return None;
    }
    let name = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(name, flags, Mode::empty()).ok()
}

/// Whether a write would return at once, possibly with an error.
fn is_ready(to: BorrowedFd<'_>) -> io::Result<bool> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    Ok(poll(&mut [PollFd::from_borrowed_fd(to, PollFlags::OUT)], Some(&now))? > 0)
}

/// Whether the client has closed stdin, even if unread bytes are left. Always false for a file.
pub fn hung_up() -> bool {
    let gone = PollFlags::HUP | PollFlags::ERR;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let gone = gone | PollFlags::RDHUP;
    let input = rustix::stdio::stdin();
    let mut stdin = [PollFd::new(&input, gone)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut stdin, Some(&now)).is_ok() && stdin[0].revents().intersects(gone)
}

/// Waits on a descriptor that another process made non-blocking.
fn wait(on: BorrowedFd<'_>, until: PollFlags) -> io::Result<()> {
    let mut asked = [PollFd::from_borrowed_fd(on, until)];
    match poll(&mut asked, None) {
        // Some systems can't poll a terminal. A pause there is better than a busy loop.
        Ok(_) if asked[0].revents().contains(PollFlags::NVAL) => {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
