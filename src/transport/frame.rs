//! The bytes of one message, the two ways to put them on a wire, and what else can come instead of one.
//!
//! Plain data, used by any thread. Must never print what it holds, nor give memory back with a message still in it.

use zeroize::Zeroize;

/// How frames are told from each other. The first byte of the input that is not white space decides, for the
/// whole connection and for both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The LSP base protocol: `Content-Length` headers, an empty line, the message.
    Headers,
    /// One message a line.
    Lines,
}

/// The body of one message, never longer than the reader's limit. Zeroed when dropped; without `Debug`, since it may
/// hold an API key.
pub struct Frame(Box<[u8]>);

impl Frame {
    pub(super) fn new(bytes: Box<[u8]>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves, without a copy. From here on the caller is the one who zeroes them.
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

/// What the reader tells of the input, one after another.
pub enum Input {
    /// A whole message, perhaps empty.
    Frame(Frame),
    /// Not a message, and the place where the next one may begin is known: answer −32700 with `id: null`, go on.
    Malformed,
    /// Where the next message begins cannot be known, or is not worth it: answer −32600 with `id: null`, then it is
    /// over.
    Violation,
    /// Too many lines that are no header: whoever is there speaks another language. It is over.
    NoProtocol,
    /// The input ended in the middle of a frame. It is over.
    CutOff,
    /// The input ended behind this text with no line break. Only its reader can tell whether it was cut off.
    LastLine(Frame),
    /// The input ended between two frames.
    End,
}

/// A buffer that is zeroed when dropped.
///
/// Only what lies below its length is: whoever grows it past its capacity must do so by way of a new one, since a
/// reallocation would leave the old bytes behind. (`zeroize`'s own `Zeroizing<Vec<u8>>` zeroes byte by byte, and the
/// spare capacity too.)
#[derive(Default)]
pub(super) struct Wiped(pub(super) Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// One message as it goes out: one buffer, so that it can be one write.
///
/// The header is spelt exactly so, and alone: some clients compare it byte for byte. A raw line break inside a JSON
/// text can only be white space, so that a blank in its place says the same.
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
