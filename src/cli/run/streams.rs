//! The streams of the program that `run` starts: its output, in which values are replaced, and the descriptors through
//! which it gets values.

use std::io::{self, IsTerminal, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use zeroize::Zeroizing;

use super::mask::{Mask, Values};
use crate::cli::operator::Failed;
use crate::cli::output;
use crate::process::{self, InheritedDescriptor, ReservedDescriptor};

/// The number of a descriptor for the program.
#[derive(Clone, Copy)]
pub(super) struct Descriptor(u16);

/// What this process does for the streams while the program runs.
pub(super) struct Streams {
    work: Vec<Box<dyn FnOnce() + Send>>,
    threads: Vec<JoinHandle<()>>,
    /// How many of the threads, from the first, have to end before `run` does.
    outputs: usize,
    /// Descriptors that the program inherits.
    inherited: Vec<InheritedDescriptor>,
}

impl Descriptor {
    /// A number after those of stdin, stdout and stderr.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 2).map(Self)
    }

    /// Takes the number, before this process opens other files.
    pub(super) fn reserve(self) -> Result<ReservedDescriptor, Failed> {
        ReservedDescriptor::reserve(self.0).ok_or_else(|| {
            Failed::wrong(format!(
                "the descriptor {} is in use or too high, or this system passes none; choose another number, or use --env",
                self.0
            ))
        })
    }
}

impl Streams {
    /// Connects the output of the program: each stream that is no terminal goes through this process, so that values are
    /// replaced in it. If both go to the same file, they stay in order.
    pub(super) fn new(program: &mut Command, masked: Values) -> io::Result<Self> {
        let mut streams = Self { work: Vec::new(), threads: Vec::new(), outputs: 0, inherited: Vec::new() };
        if masked.is_empty() {
            return Ok(streams);
        }
        let (to_stdout, to_stderr) = (!io::stdout().is_terminal(), !io::stderr().is_terminal());
        if to_stdout {
            let (reader, writer) = io::pipe()?;
            if to_stderr && process::outputs_are_one() {
                program.stderr(Stdio::from(writer.try_clone()?));
            }
            program.stdout(Stdio::from(writer));
            let mask = Mask::new(masked.clone());
            streams
                .work
                .push(Box::new(move || copy(reader, mask, |bytes| output::write_bytes(bytes).is_ok())));
        }
        if to_stderr && !(to_stdout && process::outputs_are_one()) {
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
    pub(super) fn give(&mut self, to: ReservedDescriptor, value: Zeroizing<String>) -> io::Result<()> {
        let (reader, mut writer) = io::pipe()?;
        self.inherited.push(to.give(&reader)?);
        self.work.push(Box::new(move || {
            // A program that does not read its value may close it.
            let _ = writer.write_all(value.as_bytes());
        }));
        Ok(())
    }

    /// Begins when the program runs.
    pub(super) fn begin(&mut self) {
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
