//! The streams of the program that `run` starts: its output, in which values are replaced, and the descriptors through
//! which it gets values.

use std::io::{self, IsTerminal, Read as _, Write as _};
#[cfg(unix)]
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use zeroize::Zeroizing;

use super::mask::{Mask, Values};
use crate::cli::operator::Failed;
use crate::cli::output;

/// The number of a descriptor for the program.
#[derive(Clone, Copy)]
pub(super) struct Descriptor(u16);

/// A descriptor with the number that the program gets, which nothing else of this process can take.
pub(super) struct Reserved {
    #[cfg(unix)]
    place: OwnedFd,
}

/// What this process does for the streams while the program runs.
pub(super) struct Streams {
    work: Vec<Box<dyn FnOnce() + Send>>,
    threads: Vec<JoinHandle<()>>,
    /// How many of the threads, from the first, have to end before `run` does.
    outputs: usize,
    /// Descriptors that the program inherits.
    #[cfg(unix)]
    inherited: Vec<OwnedFd>,
}

impl Descriptor {
    /// A number after those of stdin, stdout and stderr.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 2).map(Self)
    }

    /// Takes the number, before this process opens other files. No program that is started meanwhile inherits it.
    #[cfg(unix)]
    pub(super) fn reserve(self) -> Result<Reserved, Failed> {
        let number = i32::from(self.0);
        let taken =
            || Failed::wrong(format!("the descriptor {number} is in use or too high; choose another number"));
        let stdin = io::stdin();
        let place = rustix::io::fcntl_dupfd_cloexec(stdin.as_fd(), number).map_err(|_| taken())?;
        if place.as_raw_fd() == number { Ok(Reserved { place }) } else { Err(taken()) }
    }

    /// Only Unix gives programs descriptors by number.
    #[cfg(not(unix))]
    pub(super) fn reserve(self) -> Result<Reserved, Failed> {
        Err(Failed::wrong(format!("this system passes no descriptor {} to a program; use --env", self.0)))
    }
}

impl Streams {
    /// Connects the output of the program: each stream that is no terminal goes through this process, so that values are
    /// replaced in it. If both go to the same file, they stay in order.
    pub(super) fn new(program: &mut Command, masked: Values) -> io::Result<Self> {
        let mut streams = Self {
            work: Vec::new(),
            threads: Vec::new(),
            outputs: 0,
            #[cfg(unix)]
            inherited: Vec::new(),
        };
        if masked.is_empty() {
            return Ok(streams);
        }
        let (to_stdout, to_stderr) = (!io::stdout().is_terminal(), !io::stderr().is_terminal());
        if to_stdout {
            let (reader, writer) = io::pipe()?;
            if to_stderr && is_one_file() {
                program.stderr(Stdio::from(writer.try_clone()?));
            }
            program.stdout(Stdio::from(writer));
            let mask = Mask::new(masked.clone());
            streams
                .work
                .push(Box::new(move || copy(reader, mask, |bytes| output::write_bytes(bytes).is_ok())));
        }
        if to_stderr && !(to_stdout && is_one_file()) {
            let (reader, writer) = io::pipe()?;
            program.stderr(Stdio::from(writer));
            let mask = Mask::new(masked);
            streams
                .work
                .push(Box::new(move || copy(reader, mask, |bytes| io::stderr().write_all(bytes).is_ok())));
        }
        streams.outputs = streams.work.len();
        Ok(streams)
    }

    /// Gives the program a value through a descriptor. The number was free until now, and the program inherits it.
    #[cfg(unix)]
    pub(super) fn give(&mut self, to: Reserved, value: Zeroizing<String>) -> io::Result<()> {
        let number = to.place.as_raw_fd();
        let (reader, mut writer) = io::pipe()?;
        drop(to);
        let inherited = rustix::io::fcntl_dupfd_cloexec(reader.as_fd(), number)?;
        if inherited.as_raw_fd() != number {
            return Err(io::Error::other(format!("the descriptor {number} is in use")));
        }
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty())?;
        self.inherited.push(inherited);
        self.work.push(Box::new(move || {
            // A program that does not read its value may close it.
            let _ = writer.write_all(value.as_bytes());
        }));
        Ok(())
    }

    #[cfg(not(unix))]
    pub(super) fn give(&mut self, _: Reserved, _: Zeroizing<String>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Begins when the program runs.
    pub(super) fn begin(&mut self) {
        #[cfg(unix)]
        self.inherited.clear();
        for work in self.work.drain(..) {
            // Without a thread, the program finds its stream closed.
            if let Ok(thread) = std::thread::Builder::new().name("stream".into()).spawn(work) {
                self.threads.push(thread);
            }
        }
    }

    /// Ends when the program has ended and its output was shown. A program that it has left behind, and that still has
    /// its output, is waited for as well, as a shell's pipe does.
    pub(super) fn end(self) {
        for thread in self.threads.into_iter().take(self.outputs) {
            let _ = thread.join();
        }
    }
}

/// Whether stdout and stderr go to one place.
fn is_one_file() -> bool {
    #[cfg(unix)]
    {
        let file = |stream| rustix::fs::fstat(stream).ok().map(|found| (found.st_dev, found.st_ino));
        let output = file(rustix::stdio::stdout());
        output.is_some() && output == file(rustix::stdio::stderr())
    }
    #[cfg(not(unix))]
    false
}

/// Copies a stream until its end, or until nothing takes it any more.
fn copy(mut from: io::PipeReader, mut mask: Mask, show: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(length) => {
                let shown = mask.take(&bytes[..length]);
                if !shown.is_empty() && !show(&shown) {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let rest = mask.end();
    if !rest.is_empty() {
        show(&rest);
    }
}
