//! Waits for the program that `run` starts, on a system whose processes get no signals.

use std::io;
use std::process::{Child, ExitStatus};

/// Catches nothing.
#[allow(clippy::unnecessary_wraps, reason = "the same face as on Unix")]
pub(super) fn catch() -> io::Result<()> {
    Ok(())
}

/// Waits for the end of the program.
pub(super) fn wait((): (), mut child: Child) -> io::Result<ExitStatus> {
    child.wait()
}
