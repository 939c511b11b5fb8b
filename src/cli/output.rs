//! Standard output of a subcommand. A subcommand whose answer was not written has failed.

use std::io::{self, Write as _};

/// Why something could not be written to standard output.
#[derive(Debug)]
pub enum Lost {
    /// Its reader has closed it, often on purpose, as `head` does.
    ReaderGone,
    /// The system refused it, because of a full disk for example.
    Failed(io::Error),
}

/// Writes all of a text, past every buffer of this process.
///
/// # Errors
/// [`Lost`] where not all of it was taken. A part may have been.
pub fn write(text: &str) -> Result<(), Lost> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Lost::ReaderGone,
        _ => Lost::Failed(error),
    })
}

/// Whether what is written goes nowhere: to `/dev/null`, which is also what a closed descriptor becomes at the start of
/// the process.
pub(super) fn goes_nowhere() -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{fstat, stat};
        let null = stat("/dev/null").map(|null| (null.st_dev, null.st_ino, null.st_rdev));
        let output =
            fstat(rustix::stdio::stdout()).map(|output| (output.st_dev, output.st_ino, output.st_rdev));
        null.is_ok() && output == null
    }
    #[cfg(not(unix))]
    false
}
