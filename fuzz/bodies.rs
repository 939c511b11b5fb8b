//! What the fuzzers try, as plain functions over bytes: each panics where something is wrong. `fuzz_targets/` hands them
//! to cargo-fuzz; `tests/fuzz.rs` runs them on stable, over mutated cases, for a bounded time.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;

use plugin_vault::crypto::{AssociatedData, Cipher, Place, StoreId};
use plugin_vault::files;
use plugin_vault::rows::{Id, StoredRecord, Table};
use plugin_vault::rpc::Connection;
use plugin_vault::store::for_tests::{Standing, check, salvage};
use plugin_vault::store::{Batch, Location, NewStore, ProtectorRow, Row, StoreError};
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

/// A message that is no JSON is answered with an id of its own, or none. The bytes stand for themselves, for parameters,
/// and for what is in a string.
pub(crate) fn faulty(data: &[u8]) {
    let id = |body: &[u8]| Connection::id_in_faulty(body).map(|id| id.get().as_bytes().to_vec());
    if let Some(id) = id(data) {
        assert!(ids(data).contains(&id.as_slice()), "this id is not at the top level");
    }
    let ours = b"\"ours\"".to_vec();
    let behind = [br#"{"id":"ours","method":"m","params":"#, data, b",}"].concat();
    assert!(id(&behind).is_none_or(|id| id == ours), "an id of the parameters was taken");
    let text: Vec<u8> = data.iter().copied().filter(|byte| !b"\"\\".contains(byte)).collect();
    let around =
        [br#"{"params":{"id":1,"x":[NaN,""#, &text[..], br#""]},"method":"m","id":"ours"}"#].concat();
    assert!(id(&around) == Some(ours), "the id behind a string was not found");
    for length in (0..around.len() - 1).step_by(1 + around.len() / 16) {
        assert!(id(&around[..length]).is_none(), "an id that has not ended");
    }
}

/// What stands behind each `"id":` that is in one bracket and in no string.
fn ids(body: &[u8]) -> Vec<&[u8]> {
    let (mut depth, mut at, mut name, mut found) = (0_i64, 0, None, Vec::new());
    while at < body.len() {
        let start = at;
        at += 1;
        match body[start] {
            b'"' => {
                while at < body.len() && body[at] != b'"' {
                    at += if body[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(body.len());
                name = Some(&body[start..at]);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b':' if depth == 1 && name.is_some_and(is_id) => {
                let value = body[at..].trim_ascii_start();
                let end = match value.first() {
                    Some(b'"') => {
                        let mut end = 1;
                        while end < value.len() && value[end] != b'"' {
                            end += if value[end] == b'\\' { 2 } else { 1 };
                        }
                        end + 1
                    }
                    _ => value
                        .iter()
                        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                        .count(),
                };
                found.push(&value[..end.min(value.len())]);
            }
            byte if byte.is_ascii_whitespace() => continue,
            _ => {}
        }
        name = None;
    }
    found
}

/// Whether a name is `id`, with escapes or without.
fn is_id(name: &[u8]) -> bool {
    let letter = |plain: u8, code: &[u8], name: &[u8]| match name {
        [first, rest @ ..] if *first == plain => Some(rest.len()),
        [b'\\', b'u', digits @ ..] if digits.starts_with(code) => Some(digits.len() - code.len()),
        _ => None,
    };
    let Some(inner) = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) else {
        return false;
    };
    let rest = letter(b'i', b"0069", inner).map(|left| &inner[inner.len() - left..]);
    rest.and_then(|rest| letter(b'd', b"0064", rest)) == Some(0)
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

/// A store that begins with no rows.
struct Empty;

impl NewStore for Empty {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Ok(([1; 16], ([1; 16], vec![1]), Vec::new()))
    }
}

/// A data file that the engine wrote, with rows of all sizes and pages that are free.
struct Sound {
    bytes: Vec<u8>,
    page_size: usize,
}

impl Sound {
    fn get() -> &'static Self {
        static SOUND: OnceLock<Sound> = OnceLock::new();
        SOUND.get_or_init(|| {
            let folder = aside();
            let location = Location::new(folder.clone(), false, [3; 16]);
            let Ok(Some(store)) = location.open(u64::MAX, || 0, Some(&Empty)) else {
                panic!("a new folder has no store, and one can be made")
            };
            for revision in 1..=6 {
                // Each time some of them are written anew, and some removed.
                let rows = (0..60).filter(|number| number % revision == 0).map(|number| Row {
                    table: Table::Records,
                    key: [[2; 16], [u8::try_from(number).expect("few"); 16]].concat(),
                    value: (number % 7 != revision).then(|| {
                        let length =
                            if number % 20 == 0 { 9_000 } else { usize::from(number % 20 == 3) * 700 };
                        vec![1; 60 + length]
                    }),
                });
                let rows = rows.collect();
                let Ok(lock) = store.lock() else { panic!("no other process has it") };
                let batch = Batch { expected: revision - 1, revision, rows };
                assert!(store.commit(&lock, &batch).is_ok(), "it can be written");
            }
            drop(store);
            let bytes = fs::read(folder.join("data.mdb")).expect("it is there");
            let header = fs::read_to_string(folder.join("header")).expect("it is there");
            let page_size = header.split_ascii_whitespace().last().and_then(|size| size.parse().ok());
            fs::remove_dir_all(folder).expect("no process uses it any more");
            Self { bytes, page_size: page_size.expect("the header says it") }
        })
    }
}

/// A path at which nothing lies.
fn aside() -> PathBuf {
    let number: u64 = u64::from_be_bytes(plugin_vault::crypto::random());
    std::env::temp_dir().join(format!("plugin-vault-fuzz-{number:016x}"))
}

/// A file with this content, and no name.
fn file(bytes: &[u8]) -> File {
    let path = aside();
    let mut file = files::create_new(&path).expect("there is room");
    fs::remove_file(path).expect("it is there");
    std::io::Write::write_all(&mut file, bytes).expect("there is room");
    file
}

/// Whatever is done to a data file, the check and salvage come to an end, and what the check lets through is all there.
/// Four bytes say where a byte is changed and how; what is left of them, where the file is cut.
pub(crate) fn checker(data: &[u8]) {
    let sound = Sound::get();
    let mut bytes = sound.bytes.clone();
    let (edits, rest) = data.as_chunks::<4>();
    for [high, middle, low, change] in edits {
        let at = u32::from_be_bytes([0, *high, *middle, *low]) as usize % bytes.len();
        bytes[at] ^= change;
    }
    if let [high, low, ..] = rest {
        bytes.truncate(usize::from(u16::from_be_bytes([*high, *low])) * 7 % sound.bytes.len());
    }
    let file = file(&bytes);
    let checked = check(&file, sound.page_size, None);
    let Ok(found) = salvage(&file, sound.page_size, 0) else { panic!("the file can be read") };
    if let Ok(checked) = checked {
        let live = found.rows.iter().filter(|row| row.standing == Standing::Live).count() as u64;
        assert!(live + checked.damaged_rows == checked.rows, "rows of a sound file are missing");
    }
}
