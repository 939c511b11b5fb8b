//! Whole stores: one that the program wrote, read by the description of its format, and one that another
//! implementation computed, read by the program.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use plugin_vault::crypto::{ApiKey, DataKeys, ProtectorKey, ProtectorKeys, RecordId, StoreId, StoreKeys};
use plugin_vault::files;
use plugin_vault::rows::{Id, NEVER, StoredRecord, Table};
use plugin_vault::store::{
    Batch, Location, NewStore, ProtectorRow, Row, SLOT_HEADER, Slot, Snapshot, Store, StoreError,
};

use crate::case;
use crate::harness::{Home, check_lines};

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
/// A record that does not expire, at an address that is known.
const RECORD: &str = "record-without-expiry";
const LIMIT: u64 = 1 << 30;

/// The eight bytes that stand behind a value in the data file of a store in which it is put.
pub(crate) fn bytes_behind(table: &str, key: &[u8], value: &[u8]) -> Vec<u8> {
    let table = Table::ALL.into_iter().find(|known| known.name() == table).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![Row { table, key: key.to_vec(), value: Some(value.to_vec()) }];
    make(folder.path(), [7; 16], ([1; 16], vec![1]), rows);
    let file = fs::read(folder.path().join("data.mdb")).unwrap();
    let whole = [key, value].concat();
    let found = file.windows(whole.len()).position(|window| window == whole).unwrap() + whole.len();
    file[found..found + 8].to_vec()
}

/// A store that begins with what is given.
struct Given(RefCell<Option<(Id, ProtectorRow, Vec<Row>)>>);

impl NewStore for Given {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Ok(self.0.take().expect("one store is made"))
    }
}

fn location(folder: &Path) -> Location {
    Location::new(folder.to_owned(), false, [9; 16])
}

/// Makes a store in an empty folder.
fn make(folder: &Path, id: Id, protector: ProtectorRow, rows: Vec<Row>) {
    let given = Given(RefCell::new(Some((id, protector, rows))));
    let store = location(folder).open(LIMIT, || 0, Some(&given)).ok().flatten().unwrap();
    assert!(given.0.take().is_none() && store.id() == id, "an empty folder has no store");
}

pub(crate) fn open(folder: &Path) -> Store {
    location(folder).open(LIMIT, || 0, None::<&Given>).ok().flatten().expect("the store is there")
}

/// What the program answers to this input, with its store in this folder.
fn answers(folder: &Path, input: &str) -> (String, i32) {
    let home = Home::new();
    let start = home.start().usual_log().without_folders();
    let start = start.argument("--data-dir").argument(folder.join("data"));
    let ran = start.argument("--key-dir").argument(folder.join("keys")).ran(input);
    (ran.shown, ran.code)
}

/// Carries requests out that all succeed; returns the answers, which come as they complete.
fn written(folder: &Path, requests: &[&str]) -> String {
    let input = requests.join("\n");
    let (answers, exit) = answers(folder, &input);
    check_lines(&input, &answers);
    assert!(exit == 0 && !answers.contains("\"error\""), "{answers}");
    assert_eq!(answers.lines().count(), requests.len());
    answers
}

/// `format ‖ kind ‖ time ‖ length ‖ parameters ‖ commitment ‖ wrapped store key`.
pub(crate) fn keys_of(store: &Store, folder: &Path) -> StoreKeys {
    let rows = store.protectors().ok().unwrap();
    let (id, row) = rows.iter().find(|(_, row)| row[..2] == [1, 1]).unwrap();
    let store_id = StoreId(store.id());
    let text = fs::read_to_string(folder.join("keys").join(store_id.to_text()).join("key")).unwrap();
    let digits = text.strip_prefix("plugin-vault key 1 ").unwrap().trim_end();
    let key = ProtectorKey::from_slice(&base16ct::lower::decode_vec(digits).unwrap()).unwrap();
    let keys = ProtectorKeys::derive(store_id, &key);
    let parameters = usize::from(u16::from_be_bytes(row[10..12].try_into().unwrap()));
    let (header, rest) = row.split_at(12 + parameters);
    let (commitment, wrapped) = rest.split_at(32);
    assert_eq!(commitment, keys.commitment());
    StoreKeys::derive(store_id, keys.unwrap(id, header, wrapped).unwrap())
}

/// A key file's text.
pub(crate) fn key_file(key: &[u8; 32]) -> String {
    format!("plugin-vault key 1 {}\n", base16ct::lower::encode_string(key))
}

/// A protector, as it is given.
pub(crate) enum Protector<'p> {
    Row(&'p [u8]),
    File(&'p [u8]),
}

/// Whether the program opens a store that is made of the cases of `sealed/` and this protector, with this key file; if
/// it does, it has to give back what lies there.
pub(crate) fn opens(store: [u8; 16], key_file: &str, id: [u8; 16], protector: &Protector<'_>) -> bool {
    let cases = case::folder("sealed");
    let part = |name: &str, word: &str| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        base16ct::lower::decode_vec(case.value(word).unwrap()).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let key_row = [part("key-row", "header"), part("key-row", "sealed")].concat();
    let rows = [
        (Table::Keys, part("key-row", "slot-id"), key_row),
        (Table::Records, part(RECORD, "record-id"), part(RECORD, "row")),
    ];
    let rows = rows.into_iter().map(|(table, key, value)| Row { table, key, value: Some(value) });
    let row = match protector {
        Protector::Row(row) => row.to_vec(),
        Protector::File(_) => vec![1],
    };
    make(&data, store, (id, row), rows.collect());
    if let Protector::File(file) = protector {
        files::replace(&data.join("protectors").join(base16ct::lower::encode_string(&id)), file).unwrap();
    }
    let slot = base16ct::lower::encode_string(&part("key-row", "slot-id"));
    files::create_whole(&data.join("slots").join(slot), &part("slot-file", "file")).unwrap();
    let keys = folder.path().join("keys").join(base16ct::lower::encode_string(&store));
    files::create_folder(&keys).unwrap();
    files::create_whole(&keys.join("key"), key_file.as_bytes()).unwrap();

    let set = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"setAPIKey","params":["{KEY}"]}}"#);
    let get = concat!(
        r#"{"jsonrpc":"2.0","id":2,"method":"getPersistentData","params":{"context":"workspace","#,
        r#""workspaceFolder":"file:///home/me/project","name":"token"}}"#
    );
    let (answers, _) = answers(folder.path(), &[&set, get].join("\n"));
    let answer = answers.lines().find(|answer| answer.contains("\"id\":2,")).unwrap();
    let text = String::from_utf8(part(RECORD, "text")).unwrap();
    if answer.contains("\"result\"") {
        assert_eq!(answer, format!(r#"{{"jsonrpc":"2.0","id":2,"result":{text}}}"#));
        return true;
    }
    // A store without a whole protector is damaged.
    // The refusal may come before the second request is read, which then has no key.
    assert!(answers.contains("\"code\":4001,") || answers.contains("\"code\":4003,"), "{answers}");
    false
}

/// `context ‖ length ‖ machine ‖ length ‖ folder ‖ length ‖ name`; the machine is empty.
pub(crate) fn address(folder: &str, name: &str) -> Vec<u8> {
    let mut bytes = vec![if folder.is_empty() { 1 } else { 2 }];
    for part in ["", folder, name] {
        bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn read(snapshot: &Snapshot<'_>, keys: &DataKeys, at: &[u8]) -> (u64, u64, Vec<u8>) {
    let id: RecordId = keys.record_id(at);
    assert_eq!(id.0[..16], keys.namespace().0);
    let row = snapshot.get(Table::Records, &id.0).ok().unwrap().unwrap();
    let stored = StoredRecord::decode(row).unwrap();
    let bound = stored.header.encode();
    let text = keys.open_record(id, &bound, stored.data.to_vec(), 0).unwrap();
    let head = keys.open_address(id, &bound, stored.address).unwrap();
    let (length, found) = head.split_first_chunk::<4>().unwrap();
    assert_eq!((u32::from_be_bytes(*length) as usize, found), (text.len(), at));
    (stored.header.revision, stored.header.expires_at, text)
}

#[test]
fn what_the_program_writes_can_be_read_by_the_description_of_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let set = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"setAPIKey","params":["{KEY}"]}}"#);
    let user = r#"{"jsonrpc":"2.0","id":2,"method":"setPersistentData","params":["user", {"a" : 1E400} ]}"#;
    let workspace = concat!(
        r#"{"jsonrpc":"2.0","id":3,"method":"setPersistentData","params":{"context":"workspace","name":"t","#,
        r#""workspaceFolder":"FILE:///a/%62/","data":{"b":2},"expiresAt":"2100-01-01T00:00:00Z"}}"#
    );
    written(folder.path(), &[&set, user, workspace]);

    let store = open(&folder.path().join("data"));
    let snapshot = store.snapshot().ok().unwrap();
    let keys = keys_of(&store, folder.path());
    let slot = keys.slot(&ApiKey::parse(KEY).unwrap());
    let Ok(Slot::Wrapped(wrapped)) = store.slot(&slot.id().0) else { panic!("the slot is there") };
    let (namespace, data_key) = slot.unwrap(SLOT_HEADER, &wrapped).unwrap();

    let row = snapshot.get(Table::Keys, &slot.id().0).ok().unwrap().unwrap();
    let text = keys.open_key_row(slot.id(), &row[..1], &row[1..]).unwrap();
    let row: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(row["namespace"], base16ct::lower::encode_string(&namespace.0));
    assert_eq!((row["state"].as_str(), row.get("apiKey")), (Some("live"), None));

    let keys = DataKeys::derive(StoreId(store.id()), namespace, &data_key);
    let (first, end, text) = read(&snapshot, &keys, &address("", ""));
    assert_eq!((end, text.as_slice()), (NEVER, br#"{"a" : 1E400}"#.as_slice()));
    let (second, end, text) = read(&snapshot, &keys, &address("file:///a/b", "t"));
    assert_eq!((end, text.as_slice()), (4_102_444_800_000, br#"{"b":2}"#.as_slice()));
    assert!(first < second);
    assert_eq!(snapshot.revision().ok(), Some(second));
}

#[test]
fn a_batch_on_an_older_revision_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let set = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"setAPIKey","params":["{KEY}"]}}"#);
    written(
        folder.path(),
        &[&set, r#"{"jsonrpc":"2.0","id":2,"method":"setPersistentData","params":["user",{}]}"#],
    );
    let store = open(&folder.path().join("data"));
    let before = store.snapshot().ok().unwrap().revision().ok().unwrap();
    let row = Row { table: Table::Records, key: vec![1; 32], value: Some(vec![2]) };
    let lock = store.lock().ok().unwrap();
    let batch = Batch { expected: before - 1, revision: before + 1, rows: vec![row] };
    assert!(store.commit(&lock, &batch).is_err());
    let snapshot = store.snapshot().ok().unwrap();
    assert_eq!(snapshot.revision().ok(), Some(before));
    assert!(matches!(snapshot.get(Table::Records, &[1; 32]), Ok(None)));
}

#[test]
fn line_breaks_that_were_stored_go_out_as_blanks_where_lines_are_the_frames() {
    let folder = tempfile::tempdir().unwrap();
    let set = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"setAPIKey","params":["{KEY}"]}}"#);
    let data = concat!(
        r#"{"jsonrpc":"2.0","id":2,"method":"setPersistentData","params":["user","#,
        "{\r\n\"a\":\n[1,\r2]}]}"
    );
    let get = r#"{"jsonrpc":"2.0","id":3,"method":"getPersistentData","params":["user"]}"#;
    let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let input = [set.as_str(), data, get].map(framed).concat();
    let (kept, _) = answers(folder.path(), &input);
    assert!(kept.contains("\"result\":{\r\n\"a\":\n[1,\r2]}}"), "{kept}");
    let lines = written(folder.path(), &[&set, get]);
    let expected = r#"{"jsonrpc":"2.0","id":3,"result":{  "a": [1, 2]}}"#;
    assert!(lines.lines().any(|line| line == expected), "{lines}");
}
