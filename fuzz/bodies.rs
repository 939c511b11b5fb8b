//! What the fuzzers try, as plain functions over bytes: each panics where something is wrong. `fuzz_targets/` hands them
//! to cargo-fuzz; `tests/fuzz.rs` runs them on stable, over mutated cases, for a bounded time.

use std::io::Read;

use plugin_vault::crypto::{AssociatedData, Cipher, Place, StoreId};
use plugin_vault::store::StoredRecord;
use plugin_vault::transport::{FrameReader, Input};

/// Hands out a few bytes at a time.
struct Pieces<'b> {
    bytes: &'b [u8],
    most: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.most.min(into.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(length);
        into[..length].copy_from_slice(now);
        self.bytes = later;
        Ok(length)
    }
}

/// The frames and faults in some input, each with its bytes.
fn inputs(bytes: &[u8], most: usize, limit: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut reader = FrameReader::new(Pieces { bytes, most }, limit);
    let mut inputs = Vec::new();
    loop {
        let (what, body, over) = match reader.next().expect("these bytes can be read") {
            Input::Frame(frame) => ("frame", frame.into_bytes(), false),
            Input::Malformed => ("malformed", Vec::new(), false),
            Input::Violation => ("violation", Vec::new(), true),
            Input::NoProtocol => ("no protocol", Vec::new(), true),
            Input::CutOff => ("cut off", Vec::new(), true),
            Input::LastLine(frame) => ("last line", frame.into_bytes(), true),
            Input::End => ("end", Vec::new(), true),
        };
        assert!(body.len() <= limit, "a frame is over the limit");
        inputs.push((what, body));
        assert!(inputs.len() <= bytes.len() + 2, "the reader does not come forward");
        if over {
            return inputs;
        }
    }
}

/// However the input is cut into pieces, it says the same. The first byte says how.
pub(crate) fn frames(data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else { return };
    let limit = 1 << (4 + cut % 8);
    let whole = inputs(bytes, usize::MAX, limit);
    let pieces = inputs(bytes, 1 + usize::from(cut / 8), limit);
    assert!(whole == pieces, "the pieces say something else than the whole");
}

/// Nothing opens that was not sealed, and nothing that was, once a bit of it is another. The first two bytes say which.
pub(crate) fn sealed(data: &[u8]) {
    let Some((at, text)) = data.split_first_chunk::<2>() else { return };
    let cipher = Cipher::new(&[7; 32]);
    let place = |key: &[u8]| AssociatedData::new(StoreId([1; 16]), Place::RecordData, key, b"header");
    assert!(cipher.open(&place(b"key"), text).is_err(), "this was never sealed");
    let mut sealed = cipher.seal(&place(b"key"), text);
    assert!(cipher.open(&place(b"key"), &sealed).as_deref() == Ok(text), "what was sealed does not open");
    assert!(cipher.open(&place(b"other"), &sealed).is_err(), "it opens in another place");
    let bit = usize::from(u16::from_be_bytes(*at)) % (sealed.len() * 8);
    sealed[bit / 8] ^= 1 << (bit % 8);
    assert!(cipher.open(&place(b"key"), &sealed).is_err(), "a bit was turned, and it opens");
}

/// A row comes apart into what gives the same row again, or not at all.
pub(crate) fn records(data: &[u8]) {
    if let Some(record) = StoredRecord::decode(data) {
        assert!(record.encode() == data, "the row is another one when it is put together again");
    }
}
