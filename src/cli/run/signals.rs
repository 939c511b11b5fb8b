//! Passes signals on to the program that `run` waits for.

use std::io;
use std::process::{Child, ExitStatus};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::{Handle, Signals};

use crate::process::is_ignored;

/// Catches the signals that usually end a process, before the program starts: from then on they are for the program. A
/// signal that this process has inherited as ignored stays ignored, as with `nohup`.
pub(super) fn catch() -> io::Result<Signals> {
    let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
    Signals::new(all.into_iter().filter(|signal| !is_ignored(*signal)))
}

/// Waits for the end of the program, and passes on the signals that were caught until then.
pub(super) fn wait(signals: Signals, mut child: Child) -> io::Result<ExitStatus> {
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
