//! Random words that may stand nowhere but in messages, and the search for them.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// What a test has kept secret so far.
#[derive(Default)]
pub(crate) struct Canaries(Mutex<Vec<Vec<u8>>>);

/// Random hexadecimal digits.
pub(crate) fn digits<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).unwrap();
    base16ct::lower::encode_string(&bytes)
}

impl Canaries {
    pub(crate) fn add_text(&self, text: &str) {
        self.0.lock().unwrap().push(text.as_bytes().to_vec());
    }

    pub(crate) fn add_key(&self, key: &str) {
        let lower = key.to_ascii_lowercase();
        let bytes = base16ct::lower::decode_vec(&lower).unwrap();
        self.0.lock().unwrap().extend([key.to_ascii_uppercase().into_bytes(), lower.into_bytes(), bytes]);
    }

    /// Whether one of them stands in these bytes.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        let canaries = self.0.lock().unwrap();
        let mut begins = vec![false; 1 << 16];
        let two = |text: &[u8]| usize::from(u16::from_be_bytes([text[0], text[1]]));
        for canary in &*canaries {
            begins[two(canary)] = true;
        }
        let found = |at: usize| canaries.iter().any(|canary| bytes[at..].starts_with(canary));
        (0..bytes.len().saturating_sub(1)).any(|at| begins[two(&bytes[at..])] && found(at))
    }

    /// Searches a file, or a folder and all below it.
    pub(crate) fn search(&self, path: &Path) {
        assert!(!self.are_in(path.as_os_str().as_encoded_bytes()), "a file is named after something secret");
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.search(&entry.unwrap().path());
            }
        } else if path.is_file() {
            assert!(!self.are_in(&fs::read(path).unwrap()), "something secret stands in {}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
