//! Bytes to frames and back. This room knows no JSON: a frame is a run of bytes with a length, and what is in it is
//! the business of the rooms above.
//!
//! Two ways lead through it. In: [`FrameReader`] pulls frames out of a [`std::io::Read`], on the thread that calls it.
//! Out: [`Outbox`] frames what it is given and writes it, on the thread that sends if that cannot wait, else on a
//! thread of its own. The two share nothing, so that neither can wait for the other. [`take_stdio`] gets the real ends.
//!
//! It must never allocate because of a number that a stranger wrote, never hold what it skips, never end the process,
//! never log a byte of a frame, and never leave a frame's bytes behind in memory that it gives back: API keys and
//! stored data pass through here.

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
