//! The bytes of one message, the two framings, and what the reader may find instead of a message.
//!
//! Plain data, used by any thread. Must never print a message, nor free memory that still contains one.

use zeroize::Zeroize;

/// How messages are separated. The first byte of the input that is not white space decides, for the whole connection
/// and both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The LSP base protocol: `Content-Length` headers, an empty line, the message.
    Headers,
    /// One message on each line.
    Lines,
}

/// The body of one message, never longer than the reader's limit. Zeroed when dropped; without `Debug`, since it may
/// hold an API key.
pub struct Frame(Box<[u8]>);

impl Frame {
    pub(super) fn new(bytes: Box<[u8]>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves, without a copy. The caller has to zero them.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0).into_vec()
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What the reader found in the input.
pub enum Input {
    /// A complete message, perhaps empty.
    Frame(Frame),
    /// Not a message, but the reader knows where the next one may begin. The answer is −32700 with `id: null`, and the
    /// connection goes on.
    Malformed,
    /// The reader can't find the beginning of the next message. The answer is −32600 with `id: null`, and the
    /// connection ends.
    Violation,
    /// Too many lines that are not headers: the client does not speak this protocol. The connection ends.
    NoProtocol,
    /// The input ended in the middle of a frame.
    CutOff,
    /// The input ended after this text without a line break. The room above decides whether the text was cut off.
    LastLine(Frame),
    /// The input ended between two frames.
    End,
}

/// A buffer that is zeroed when dropped.
///
/// Only the bytes below its length are zeroed. To grow it past its capacity, code must copy it into a new one, since a
/// reallocation would leave the old bytes behind. (`zeroize`'s own `Zeroizing<Vec<u8>>` zeroes byte by byte, and the
/// spare capacity too.)
#[derive(Default)]
pub(super) struct Wiped(pub(super) Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// Frames one message for the output, in one buffer, so that it can be one write.
///
/// The header is spelt exactly like this, and there is no other: some clients compare it byte for byte. A raw line
/// break inside a JSON text can only be white space, so a space in its place means the same.
pub(super) fn encode(framing: Framing, body: Vec<u8>) -> Wiped {
    let body = Wiped(body);
    match framing {
        Framing::Headers => {
            let header = format!("Content-Length: {}\r\n\r\n", body.0.len());
            let mut out = Wiped(Vec::with_capacity(header.len() + body.0.len()));
            out.0.extend_from_slice(header.as_bytes());
            out.0.extend_from_slice(&body.0);
            out
        }
        Framing::Lines => {
            let mut out = Wiped(Vec::with_capacity(body.0.len() + 1));
            out.0.extend(body.0.iter().map(|&byte| match byte {
                b'\r' | b'\n' => b' ',
                other => other,
            }));
            out.0.push(b'\n');
            out
        }
    }
}
