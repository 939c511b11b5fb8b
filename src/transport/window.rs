//! The bytes that were read and not yet used, and the buffer in which a long message grows.
//!
//! Used by the reader's thread alone. Must never take memory for bytes that have not come: the window has one size for
//! ever, and [`Growing`] is at most twice as long as what it holds, or one piece.

use std::io::{self, Read};

use zeroize::Zeroize;

use super::frame::{Frame, Wiped};
use crate::limits;

/// A whole block of headers must fit, with the byte after it.
const WINDOW: usize = limits::HEADERS + 4096;
/// The smallest step in which a long message grows.
const PIECE: usize = 64 * 1024;

/// A window over the input. What is consumed is zeroed.
pub(super) struct Window {
    bytes: Wiped,
    start: usize,
    end: usize,
    /// How much of the data is known to have no line feed, so that a line that comes byte by byte is searched once.
    searched: usize,
    /// The input has ended; it is not asked again, which on a terminal would wait anew.
    pub(super) ended: bool,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { bytes: Wiped(vec![0; WINDOW]), start: 0, end: 0, searched: 0, ended: false }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes.0[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        let next = self.start + count;
        self.bytes.0[self.start..next].zeroize();
        self.start = next;
        self.searched = 0;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// The length of the first line with its line feed, if that is among the first `within` bytes.
    pub(super) fn line(&mut self, within: usize) -> Option<usize> {
        let data = &self.bytes.0[self.start..self.end];
        let look = data.len().min(within);
        let from = self.searched.min(look);
        let found = data[from..look].iter().position(|&byte| byte == b'\n');
        if found.is_none() {
            self.searched = look;
        }
        found.map(|at| from + at + 1)
    }

    /// One read into the free end.
    pub(super) fn fill(&mut self, input: &mut impl Read) -> io::Result<()> {
        if self.start > 0 {
            // Happens once for each thing that is waited for: from then on it begins at 0.
            let kept = self.end - self.start;
            self.bytes.0.copy_within(self.start..self.end, 0);
            self.bytes.0[kept..self.end].zeroize();
            (self.start, self.end) = (0, kept);
        }
        let count = read(input, &mut self.bytes.0[self.end..])?;
        self.end += count;
        self.ended |= count == 0;
        Ok(())
    }

    /// One read past the window, for a message that is longer than what the window had of it.
    pub(super) fn fill_directly(&mut self, message: &mut Growing, input: &mut impl Read) -> io::Result<()> {
        debug_assert!(self.data().is_empty(), "what was read first comes first");
        let count = read(input, message.spare())?;
        message.filled += count;
        self.ended |= count == 0;
        Ok(())
    }
}

fn read(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A message on its way in.
pub(super) struct Growing {
    bytes: Wiped,
    filled: usize,
    /// The length that it is not to pass: known for a body, the limit for a line.
    most: usize,
}

impl Growing {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Wiped::default(), filled: 0, most }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes.0[..self.filled]
    }

    /// How many bytes are still to come until it is as long as it may be.
    pub(super) fn missing(&self) -> usize {
        self.most - self.filled
    }

    /// Takes bytes in. There must be no more of them than are missing.
    pub(super) fn push(&mut self, data: &[u8]) {
        let filled = self.filled + data.len();
        if filled > self.bytes.0.len() {
            self.grow(filled.max(self.bytes.0.len() * 2));
        }
        self.bytes.0[self.filled..filled].copy_from_slice(data);
        self.filled = filled;
    }

    /// Room to read into: not empty as long as something is missing.
    fn spare(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.0.len() {
            self.grow(PIECE.max(self.filled * 2));
        }
        &mut self.bytes.0[self.filled..]
    }

    fn grow(&mut self, length: usize) {
        let mut longer = Wiped(vec![0; length.min(self.most)]);
        longer.0[..self.filled].copy_from_slice(&self.bytes.0[..self.filled]);
        self.bytes = longer;
    }

    /// The message as it is now, without its last `less` bytes, in memory of just its length.
    pub(super) fn finish(mut self, less: usize) -> Frame {
        let length = self.filled - less;
        if length == self.bytes.0.capacity() {
            return Frame::new(std::mem::take(&mut self.bytes.0).into_boxed_slice());
        }
        Frame::new(self.bytes.0[..length].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_memory_for_what_came_and_not_for_what_was_promised() {
        let mut message = Growing::new(1 << 40);
        message.push(b"ten bytes.");
        assert_eq!(message.bytes.0.capacity(), 10);
        assert_eq!(message.spare().len(), PIECE - 10);
        message.filled = PIECE;
        assert_eq!(message.spare().len(), PIECE);
        assert_eq!(message.data()[..10], *b"ten bytes.");
    }

    #[test]
    fn a_message_never_grows_past_its_end() {
        let mut message = Growing::new(3);
        message.push(b"ab");
        assert_eq!(message.spare().len(), 1);
        message.push(b"c");
        assert_eq!(message.missing(), 0);
        assert_eq!(message.finish(0).as_ref(), b"abc");
    }

    #[test]
    fn what_was_consumed_is_zeroed_and_so_is_what_was_moved() {
        let mut window = Window::new();
        window.fill(&mut &b"key and more"[..]).unwrap();
        window.consume(4);
        window.fill(&mut &b"!"[..]).unwrap();
        assert_eq!(window.data(), b"and more!");
        assert!(window.bytes.0[9..].iter().all(|&byte| byte == 0));
        window.consume(9);
        assert!(window.bytes.0.iter().all(|&byte| byte == 0));
    }
}
