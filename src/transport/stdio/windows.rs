//! The streams of the client on Windows.

use std::io::{self, Read, Write};

use crate::transport::Output;

/// Takes stdin and stdout for the protocol. To be called once.
///
/// # Errors
/// Never on this system.
pub fn take() -> io::Result<(StdinReader, StdoutWriter)> {
    Ok((StdinReader(io::stdin()), StdoutWriter(io::stdout())))
}

/// Whether the client has closed stdin. This system shows that only to a read, so this is always false.
pub fn hung_up() -> bool {
    false
}

/// The standard input.
pub struct StdinReader(io::Stdin);

impl Read for StdinReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

/// The standard output.
pub struct StdoutWriter(io::Stdout);

impl Output for StdoutWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The library's buffer splits at line feeds. Writing everything at once and flushing leaves nothing in it.
        let mut out = self.0.lock();
        out.write_all(bytes)?;
        out.flush()?;
        Ok(bytes.len())
    }

    fn try_write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
