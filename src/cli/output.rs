//! The standard output of a subcommand. A subcommand whose answer could not be written has failed.

use std::io::{self, Write as _};

/// Why something could not be written to standard output.
#[derive(Debug)]
pub enum Lost {
    /// Its reader has closed it, often on purpose, as `head` does.
    ReaderGone,
    /// The system refused it, because of a full disk for example.
    Failed(io::Error),
}

/// Writes a whole text, and flushes every buffer of this process.
///
/// # Errors
/// [`Lost`] if not all of it was written. A part may have been.
pub fn write(text: &str) -> Result<(), Lost> {
    write_bytes(text.as_bytes())
}

/// As [`write`], for bytes of any kind.
pub(super) fn write_bytes(bytes: &[u8]) -> Result<(), Lost> {
    let mut output = io::stdout().lock();
    let written = output.write_all(bytes).and_then(|()| output.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Lost::ReaderGone,
        _ => Lost::Failed(error),
    })
}
