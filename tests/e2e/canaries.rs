//! The search for canaries, which every test of this suite relies on.

use crate::harness::canaries::Canaries;

#[test]
fn the_search_finds_what_was_hidden() {
    #[track_caller]
    fn check(text: &[u8], expected: bool) {
        let canaries = Canaries::default();
        canaries.add_text("canary1");
        canaries.add_key("00112233445566778899aABBccDDeeff00112233");
        assert_eq!(canaries.are_in(text), expected);
    }
    check(b"", false);
    check(b"c", false);
    check(b"a canary0, a canary", false);
    check(b"a canary1", true);
    check(b"x00112233445566778899AABBCCDDEEFF00112233", true);
    check(b"00112233445566778899aabbccddeeff00112233", true);
    check(b"00112233445566778899aabbccddeeff0011223", false);
    check(&base16ct::lower::decode_vec("ff00112233445566778899aabbccddeeff00112233").unwrap(), true);
}
