//! The bodies of the fuzzers in `fuzz/`, on any compiler and for a bounded time: over every conformance case as it is,
//! and over mutations of them. Without a fuzzer's eye for new paths; that is what `cargo +nightly fuzz run` is for.
//!
//! `RIG_SECONDS` is how long for each, `RIG_SEED` which mutations.

#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]
#![allow(clippy::unwrap_used, reason = "a test that can't read its own repository has failed")]

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[cfg(target_os = "linux")]
#[path = "../fuzz/crafted.rs"]
mod crafted;
#[path = "rig/mod.rs"]
mod rig;

use std::path::Path;
use std::time::Instant;

use rig::Random;

/// The files of these folders, and what of them stands in hexadecimal digits.
fn corpus(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let words = bytes.split(u8::is_ascii_whitespace);
            corpus.extend(words.filter_map(|word| base16ct::lower::decode_vec(word).ok()));
            corpus.push(bytes);
        }
    }
    assert!(corpus.len() > 100, "the cases were not found");
    corpus
}

/// A change of each byte at the beginning of each page, where it says what lies where.
fn edits() -> Vec<Vec<u8>> {
    // A damaged row whose value has pages of its own, and a free page that says it is one of those.
    let found = [0x01, 0xb0, 0x40, 0x0a, 0x01, 0xd0, 0x00, 0x01].to_vec();
    // A record of free pages that names fewer of them: what lies in the others was removed.
    let shortened = [0x02, 0x0f, 0x80, 0x0e].to_vec();
    let places = (0..40_u32).flat_map(|page| (0..64).map(move |at| page * 4_096 + at));
    let edits = places.map(|at| [&at.to_be_bytes()[1..], &[1 << (at % 8)]].concat());
    [found, shortened].into_iter().chain(edits).collect()
}

fn mutate(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    bytes.truncate(1 + random.below(4096));
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 => bytes.insert(at, b"\r\n{:0\x00\xff"[random.below(7)]),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 => bytes.truncate(at),
            _ => {
                let other = &corpus[random.below(corpus.len())];
                let end = random.below(other.len().min(512) + 1);
                bytes.splice(at..at, other[..end].iter().copied());
            }
        }
    }
    bytes
}

fn run(name: &str, body: fn(&[u8]), corpus: &[Vec<u8>]) {
    let (seed, length) = (rig::seed(), rig::length(3));
    let mut random = Random(seed);
    for case in corpus {
        let held = std::panic::catch_unwind(|| body(case)).is_ok();
        assert!(held, "{name}: {}", base16ct::lower::encode_string(case));
    }
    let (mut mutations, began) = (0, Instant::now());
    while began.elapsed() < length {
        let bytes = mutate(&mut random, corpus);
        let held = std::panic::catch_unwind(|| body(&bytes)).is_ok();
        assert!(held, "{name}, seed {seed}: {}", base16ct::lower::encode_string(&bytes));
        mutations += 1;
    }
    rig::tell(&format!("{name}: seed {seed}, {} cases, {mutations} mutations", corpus.len()));
}

#[test]
fn frames_are_the_same_however_they_are_cut() {
    let corpus = corpus(&["frames", "jsonrpc"]);
    // The first byte says how to cut it.
    let cut = corpus.iter().map(|case| [&[0], case.as_slice()].concat());
    run("frames", bodies::frames, &cut.collect::<Vec<_>>());
}

#[test]
fn a_faulty_message_is_answered_with_its_own_id_or_none() {
    let mut corpus = corpus(&["frames", "jsonrpc"]);
    // What a case sends, without the case around it.
    let sent = corpus.iter().flat_map(|case| case.split(|&byte| byte == b'\n')).filter_map(|line| {
        let at = line.iter().position(|byte| b"{[".contains(byte))?;
        line.starts_with(b"frame").then(|| line[at..].to_vec())
    });
    let mut sent: Vec<_> = sent.collect();
    corpus.append(&mut sent);
    run("faulty", bodies::faulty, &corpus);
}

#[test]
fn nothing_opens_that_was_not_sealed() {
    run("sealed", bodies::sealed, &corpus(&["sealed"]));
}

#[test]
fn a_row_is_put_together_as_it_was_or_not_read() {
    run("records", bodies::records, &corpus(&["sealed"]));
}

#[test]
fn a_damaged_file_is_told_from_a_sound_one_and_searched_to_its_end() {
    run("checker", bodies::checker, &edits());
}

#[cfg(target_os = "linux")]
#[test]
fn a_crafted_data_folder_is_used_in_time_and_nothing_outside_of_it_changes() {
    run("crafted", crafted::crafted, &crafted::cases());
}
