//! A program that runs in the place of this process: it gets this process's signals, values through descriptors, and its
//! exit code is this process's.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::{Handle, Signals};

use super::is_ignored;

/// Catches the signals that usually end a process, before the program starts: from then on they are for the program. A
/// signal that this process has inherited as ignored stays ignored, as with `nohup`.
///
/// # Errors
/// If they can't be caught.
pub fn catch_signals() -> io::Result<Signals> {
    let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
    Signals::new(all.into_iter().filter(|signal| !is_ignored(*signal)))
}

/// Waits for the end of the program, and passes on the signals that were caught until then.
///
/// # Errors
/// If the program can't be waited for.
pub fn wait_and_forward(signals: Signals, mut child: Child) -> io::Result<ExitStatus> {
    let forwarding = forward(signals, &child)?;
    wait_without_reaping(&child)?;
    // The program's number is not given to another process before this ends.
    drop(forwarding);
    child.wait()
}

/// Passes signals on until it is dropped.
struct Forwarding {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

fn forward(mut signals: Signals, child: &Child) -> io::Result<Forwarding> {
    let (handle, child) = (signals.handle(), Pid::from_child(child));
    let pass_on = move || {
        for signal in &mut signals {
            // The terminal sends these to its whole foreground group, so to the program as well.
            let is_from_terminal = matches!(signal, SIGINT | SIGQUIT) && is_in_foreground();
            if let Some(signal) = Signal::from_named_raw(signal)
                && !is_from_terminal
            {
                let _ = kill_process(child, signal);
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".into()).spawn(pass_on)?;
    Ok(Forwarding { handle, thread: Some(thread) })
}

/// Whether this process is in the foreground of a terminal that is one of its streams.
fn is_in_foreground() -> bool {
    let group = |stream| rustix::termios::tcgetpgrp(stream).ok();
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    streams.into_iter().filter_map(group).any(|foreground| foreground == getpgrp())
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.handle.close();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Waits for the end of a child, whose number stays its own until it is reaped.
fn wait_without_reaping(child: &Child) -> io::Result<()> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(Pid::from_child(child)), options) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The exit code of a shell for a program that has ended so: 128 and the number of the signal, if one ended it.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.signal().map_or_else(|| status.code().unwrap_or(1), |signal| 128 + signal)
}

/// A descriptor with the number that a program gets, which nothing else of this process can take.
pub struct ReservedDescriptor(OwnedFd);

/// A descriptor that the next program inherits.
pub struct InheritedDescriptor(#[allow(dead_code, reason = "it is open until it is dropped")] OwnedFd);

impl ReservedDescriptor {
    /// Takes the number, before this process opens other files. No program that is started meanwhile inherits it.
    /// `None` if the number is in use, or too high.
    pub fn reserve(number: u16) -> Option<Self> {
        let number = i32::from(number);
        let stdin = io::stdin();
        let place = rustix::io::fcntl_dupfd_cloexec(stdin.as_fd(), number).ok()?;
        (place.as_raw_fd() == number).then_some(Self(place))
    }

    /// Gives the next program a pipe under this number.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn give(self, reader: &io::PipeReader) -> io::Result<InheritedDescriptor> {
        let number = self.0.as_raw_fd();
        drop(self);
        let inherited = rustix::io::fcntl_dupfd_cloexec(reader.as_fd(), number)?;
        if inherited.as_raw_fd() != number {
            return Err(io::Error::other(format!("the descriptor {number} is in use")));
        }
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty())?;
        Ok(InheritedDescriptor(inherited))
    }
}
