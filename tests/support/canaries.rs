//! Random words that may stand nowhere but in messages, and the search for them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;

/// Texts of requests are canaries from this length on, with so much of them.
const LEAST: usize = 16;
const MOST: usize = 64;
/// The rest of what a test with very many texts sends is like the first of them.
const ENOUGH: usize = 4_096;

/// What a test has kept secret so far.
#[derive(Default)]
pub(crate) struct Canaries(Mutex<HashSet<Vec<u8>>>);

/// Random hexadecimal digits.
pub(crate) fn digits<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).unwrap();
    base16ct::lower::encode_string(&bytes)
}

impl Canaries {
    pub(crate) fn add_text(&self, text: &str) {
        self.0.lock().unwrap().insert(text.as_bytes().to_vec());
    }

    pub(crate) fn add_key(&self, key: &str) {
        let lower = key.to_ascii_lowercase();
        let bytes = base16ct::lower::decode_vec(&lower).unwrap();
        self.0.lock().unwrap().extend([key.to_ascii_uppercase().into_bytes(), lower.into_bytes(), bytes]);
    }

    /// A text that may be a key.
    pub(crate) fn add(&self, text: &str) {
        if text.len() == 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            self.add_key(text);
        } else if text.len() >= LEAST && self.0.lock().unwrap().len() < ENOUGH {
            self.add_text(&text[..text.floor_char_boundary(MOST)]);
        }
    }

    /// What is secret in a request: keys, passphrases, addresses and data.
    pub(crate) fn add_params(&self, params: &Value) {
        const PUBLIC: &[&str] = &["handle", "keyId", "protectorId", "expiresAt"];
        match params {
            Value::String(text) => self.add(text),
            Value::Array(elements) => elements.iter().for_each(|element| self.add_params(element)),
            Value::Object(members) => {
                let secret = members.iter().filter(|(name, _)| !PUBLIC.contains(&name.as_str()));
                secret.for_each(|(_, value)| self.add_params(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether one of them stands in these bytes.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        let canaries = self.0.lock().unwrap();
        let two = |text: &[u8]| u16::from_be_bytes([text[0], text[1]]);
        let mut begins = vec![false; 1 << 16];
        let mut by_beginning: HashMap<u16, Vec<&[u8]>> = HashMap::new();
        for canary in &*canaries {
            begins[usize::from(two(canary))] = true;
            by_beginning.entry(two(canary)).or_default().push(canary);
        }
        (0..bytes.len().saturating_sub(1)).any(|at| {
            let beginning = two(&bytes[at..]);
            begins[usize::from(beginning)]
                && by_beginning[&beginning].iter().any(|canary| bytes[at..].starts_with(canary))
        })
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
