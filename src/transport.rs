//! Turns bytes into frames and back. This room knows no JSON: a frame is a run of bytes with a length, and the rooms
//! above interpret it.
//!
//! It has two halves. In: [`FrameReader`] reads frames from a [`std::io::Read`], on the thread that calls it. Out:
//! [`Outbox`] frames messages and writes them, on the sending thread if that cannot block, otherwise on a thread of its
//! own. The two share nothing, so that neither can wait for the other. [`take_stdio`] opens stdin and stdout for them.
//!
//! It must never allocate by a number that came from outside, never keep bytes that it skips, never end the process,
//! and never log a byte of a frame. It must never leave a frame's bytes in memory that it frees: API keys and stored
//! data pass through here.

mod frame;
mod header;
mod outbox;
mod reader;
mod stdio;
mod window;

#[cfg(test)]
mod tests;

pub use frame::{Frame, Framing, Input};
pub use outbox::{Outbox, Output};
pub use reader::FrameReader;
pub use stdio::{StdinReader, StdoutWriter, hung_up as stdin_hung_up, take as take_stdio};
