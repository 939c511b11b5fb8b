//! However the input is split into reads, the reader reports the same.

use proptest::prelude::*;

use super::reader::{LIMIT, Pieces, Seen, frame, read_all};
use crate::transport::Framing;
use crate::transport::frame::encode;

/// Pieces of input that have a meaning in combination.
const KNOWN: &[&str] = &[
    "Content-Length: 2\r\n\r\n{}",
    "Content-Length: 2\n",
    "content-length : 5 \r\n",
    "Content-Length: 0\r\n\r\n",
    "Content-Length: 300\r\n",
    "Content-Length",
    "Content-Type: a/b; charset=latin1\r\n",
    "Content-Type: a/b; charset=utf-8\r\n",
    "X: y\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    ":",
    "a b\n",
    "word",
    "{}",
    "[1]\n",
    "\u{feff}",
    "\u{ef}",
];

fn fragment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::sample::select(KNOWN).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => (prop_oneof![Just(b'x'), Just(b' '), Just(b':')], prop_oneof![190..210_usize, 65_000..66_000_usize])
            .prop_map(|(byte, count)| vec![byte; count]),
    ]
}

proptest! {
    #[test]
    fn the_split_into_reads_does_not_change_the_result(
        fragments in proptest::collection::vec(fragment(), 0..20),
        cuts in proptest::collection::vec(any::<usize>(), 0..40),
    ) {
        let bytes = fragments.concat();
        prop_assert_eq!(read_all(&bytes[..], LIMIT), read_all(Pieces::new(&bytes, &cuts), LIMIT));
    }

    #[test]
    fn frames_come_out_as_they_went_in(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..LIMIT), 0..10),
        cuts in proptest::collection::vec(any::<usize>(), 0..40),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for body in &bodies {
            let framed = encode(Framing::Headers, body.clone());
            bytes.extend_from_slice(&framed.0);
            expected.push(frame(body));
        }
        expected.push(Seen::End);
        prop_assert_eq!(read_all(Pieces::new(&bytes, &cuts), LIMIT), expected);
    }
}
