//! The two streams of the client: descriptor 0, and a copy of descriptor 1.
//!
//! The reader belongs to the thread that reads, the writer to the outbox. They may be pipes, sockets, files or
//! terminals. This module must never make them non-blocking: the open file is shared with the parent process, and
//! perhaps with others. Another process may have made them non-blocking; then the functions here wait as if it had not.
//! No other code may write to the client: descriptor 1 becomes a second stderr before other code runs.

#[cfg(unix)]
#[path = "stdio/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "stdio/windows.rs"]
mod system;

pub use system::{StdinReader, StdoutWriter, hung_up, take};
