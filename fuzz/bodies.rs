//! What the fuzzers try, as plain functions over bytes: each panics where something is wrong. `fuzz_targets/` hands them
//! to cargo-fuzz; `tests/fuzz.rs` runs them on stable, over mutated cases, for a bounded time.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;

use plugin_vault::crypto::{AssociatedData, Cipher, Place, StoreId};
use plugin_vault::files;
use plugin_vault::store::{
    Batch, Ended, Entered, Folder, Row, Standing, Store, StoredRecord, Table, check, salvage,
};
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
            let Ok(Entered::Empty(creation)) = Folder::new(folder.clone()).enter() else {
                panic!("a new folder has no store")
            };
            assert!(creation.finish([1; 16], Vec::new()).is_ok(), "it can be made");
            let Ok(Entered::Store(present)) = Folder::new(folder.clone()).enter() else {
                panic!("it is there")
            };
            let Ok(store) = Store::open(present, u64::MAX, Ended::Cleanly) else {
                panic!("it can be opened")
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
                let Ok(lock) = store.lock() else { panic!("nobody else has it") };
                let batch = Batch { expected: revision - 1, revision, rows };
                assert!(store.commit(&lock, batch).is_ok(), "it can be written");
            }
            drop(store);
            let bytes = fs::read(folder.join("data.mdb")).expect("it is there");
            let header = fs::read_to_string(folder.join("header")).expect("it is there");
            let page_size = header.split_ascii_whitespace().last().and_then(|size| size.parse().ok());
            fs::remove_dir_all(folder).expect("nobody uses it any more");
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
