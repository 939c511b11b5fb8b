//! A whole store of format 1 as files, `store-v1/`: the program has to read all that was written to it, by each of its
//! protectors, from its own backup and from the archive that `plugin-vault backup` wrote.
//!
//! `FREEZE=1 cargo test --test conformance frozen` makes it anew; `README.md` says when.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plugin_vault::crypto::{ApiKey, DataKeys, NamespaceId, SlotId, StoreId, StoreKeys};
use plugin_vault::rows::Table;
use plugin_vault::store::{SLOT_HEADER, Slot, Snapshot};
use serde_json::{Value, json};

use crate::harness::Home;
use crate::store::{address, keys_of, open};

const REPLACED: &str = "0000000000000000000000000000000000000001";
const OWNER: &str = "0000000000000000000000000000000000000002";
const REVOKED: &str = "0000000000000000000000000000000000000003";
const PASSPHRASE: &str = "correct horse battery staple";
/// The protectors of the frozen store.
const KINDS: &[&str] = &["key-file", "passphrase", "command"];
const SAID: &str = "what the program says";
const FOLDER: &str = "file:///home/me/project";
/// What makes the store; all else in the data folder is of one process, one boot or one machine.
const PARTS: [&str; 6] = ["header", "data.mdb", "slots", "protectors", "backups", "pending-slots"];

fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/store-v1")
}

/// Copies a file, or a folder with all that is in it, so that its user alone may read it.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if from.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(to, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A store in a folder of its own, and the program run in it.
struct Place(Home);

impl Place {
    fn empty() -> Self {
        Self(Home::new())
    }

    /// A copy of the frozen store.
    fn thawed() -> Self {
        let place = Self::empty();
        copy(&frozen().join("data"), &place.data());
        copy(&frozen().join("keys"), &place.path().join("keys"));
        place.forget_cached();
        place
    }

    fn path(&self) -> &Path {
        self.0.root()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.0.run(arguments, input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
        ran.shown
    }

    /// The answers of one process to requests, by position; a handle is another each time.
    fn session(&self, requests: &[Value]) -> Vec<Value> {
        let lines = requests.iter().enumerate().map(|(id, request)| {
            let (method, params) = (&request[0], &request[1]);
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
        });
        let mut answers = vec![Value::Null; requests.len()];
        for line in self.run(&[], &lines.collect::<String>()).lines() {
            let mut answer: Value = serde_json::from_str(line).unwrap();
            // A notification says only that the store was unlocked or repaired.
            let Some(at) = answer["id"].as_u64().and_then(|id| usize::try_from(id).ok()) else { continue };
            let answer = answer.as_object_mut().unwrap();
            let outcome = answer.remove("result").or_else(|| answer["error"].get("code").cloned());
            answers[at] = outcome.unwrap();
            answers[at].as_object_mut().and_then(|result| result.remove("handle"));
        }
        answers
    }

    /// A session that may not fail.
    fn written(&self, requests: &[Value]) -> Vec<Value> {
        let answers = self.session(requests);
        assert!(!answers.iter().any(Value::is_number), "{answers:?}");
        answers
    }

    /// What a process of the login session keeps is of another copy of the store.
    #[allow(clippy::unused_self, reason = "only Linux has a cache")]
    fn forget_cached(&self) {
        #[cfg(target_os = "linux")]
        crate::harness::cached::forget(&self.data());
    }
}

fn expected() -> Value {
    let text = fs::read_to_string(frozen().join("expected.json")).expect("see tests/conformance/README.md");
    serde_json::from_str(&text).unwrap()
}

fn call(method: &str, params: Value) -> Value {
    Value::Array(vec![method.into(), params])
}

/// All that can be asked with one key and changes nothing.
fn questions(key: &str) -> Vec<Value> {
    let user = |name: &str| json!({"context": "user", "name": name});
    let workspace = json!({"context": "workspace", "workspaceFolder": FOLDER});
    let mut calls = vec![call("setAPIKey", json!([key])), call("listAPIKeys", json!({}))];
    calls.push(call("listPersistentData", json!({})));
    let places = [json!({"context": "user"}), user("large"), user("deleted"), user("söß 🔑"), workspace];
    calls.extend(places.into_iter().map(|place| call("getPersistentRecord", place)));
    calls
}

/// What is kept for a plugin is found, and not made.
fn kept() -> Value {
    call("issueAPIKey", json!({"plugin": "acme.notes", "installation": "vscode"}))
}

/// Writes a store with one of everything. Returns what it has to give back.
fn write(place: &Place) -> Value {
    let large = "l".repeat(9_000);
    place.written(&[
        call("setAPIKey", json!([REPLACED])),
        call("setPersistentData", json!(["user", {"n": 1, "list": [null, true, "\u{0}\\\""]}])),
        call("setPersistentData", json!({"context": "user", "name": "large", "data": {"text": large}})),
        call("setPersistentData", json!({"context": "user", "name": "söß 🔑", "data": {"ä": "🔑"}})),
        call("setPersistentData", json!({"context": "user", "name": "deleted", "data": {"gone": 1}})),
        call("deletePersistentData", json!({"context": "user", "name": "deleted"})),
        call(
            "setPersistentData",
            json!({"context": "workspace", "workspaceFolder": FOLDER, "data": {"w": 2}, "expiresAt": "2100-01-01T00:00:00Z"}),
        ),
        call("rotateAPIKey", json!({"apiKey": OWNER})),
    ]);
    place.written(&[
        call("setAPIKey", json!([REVOKED])),
        call("setPersistentData", json!(["user", {"revoked": true}])),
        call("revokeAPIKey", json!({})),
    ]);
    let scope = json!({"readOnly": true, "workspaceFolders": [FOLDER]});
    let answers = place.written(&[
        call("setAPIKey", json!([OWNER])),
        call("shareAPIKey", json!({"label": "helper", "scope": scope, "expiresAt": "2100-01-01T00:00:00Z"})),
        call("acquireLease", json!({"name": "refresh", "ttlMs": 600_000})),
        kept(),
    ]);
    let (shared, lease) = (answers[1]["apiKey"].as_str().unwrap(), &answers[2]["lease"]);
    let issued = answers[3]["apiKey"].as_str().unwrap();
    place.written(&[
        call("setAPIKey", json!([issued])),
        call("setPersistentData", json!(["user", {"kept": true}])),
    ]);
    place.run(&["protector", "add", "passphrase"], "one that is removed");
    place.run(&["protector", "remove", "passphrase", "--yes"], "");
    place.run(&["protector", "add", "passphrase"], PASSPHRASE);
    place.run(&["protector", "add", "command", "--", "echo", SAID], "");
    assert!(open(&place.data()).back_up().ok().unwrap());
    let sessions = [OWNER, shared, issued, REPLACED, REVOKED].map(|key| {
        let requests = questions(key);
        let answers = place.session(&requests);
        json!({"requests": requests, "answers": answers})
    });
    json!({"sessions": sessions, "kept": place.written(&[kept()]), "lease": lease, "status": status(place)})
}

/// What there is, as `vault/status` says it.
fn status(place: &Place) -> Value {
    let answers = place.written(&[call("vault/status", json!({}))]);
    let status = &answers[0];
    json!({"formatVersion": status["formatVersion"], "protectors": status["protectors"], "records": status["records"],
        "protector": status["protector"]})
}

fn freeze() {
    let place = Place::empty();
    let expected = write(&place);
    let archive = place.path().join("backup.tar");
    place.run(&["backup", archive.to_str().unwrap()], "");
    let frozen = frozen();
    for part in ["data", "keys", "backup.tar"] {
        let _ = fs::remove_dir_all(frozen.join(part));
    }
    fs::create_dir_all(frozen.join("data")).unwrap();
    for part in PARTS {
        copy(&place.data().join(part), &frozen.join("data").join(part));
    }
    copy(&place.path().join("keys"), &frozen.join("keys"));
    copy(&archive, &frozen.join("backup.tar"));
    let text = serde_json::to_string_pretty(&expected).unwrap();
    fs::write(frozen.join("expected.json"), text + "\n").unwrap();
}

/// Holds a store to what was stored, key by key. Of records that came from a backup, no more than their data is the same.
fn check_sessions(place: &Place, expected: &Value, only_data: bool) {
    for session in expected["sessions"].as_array().unwrap() {
        let requests = session["requests"].as_array().unwrap();
        let answers = place.session(requests);
        for (request, (answer, expected)) in
            requests.iter().zip(answers.iter().zip(session["answers"].as_array().unwrap()))
        {
            if only_data {
                assert_eq!(answer.get("data"), expected.get("data"), "{request}");
            } else {
                assert_eq!(answer, expected, "{request}");
            }
        }
    }
    let kept = place.written(&[kept()]);
    assert_eq!(&Value::Array(kept), &expected["kept"]);
}

/// What no request shows: the row of a lease whose process has ended, the change notices, and the index of keys, without
/// which a reader goes by the keys.
fn check_rows(place: &Place, expected: &Value) {
    let store = open(&place.data());
    let (keys, snapshot) = (keys_of(&store, place.path()), store.snapshot().ok().unwrap());
    let slot = keys.slot(&ApiKey::parse(OWNER).unwrap());
    let Ok(Slot::Wrapped(wrapped)) = store.slot(&slot.id().0) else { panic!("the slot is there") };
    let (namespace, data_key) = slot.unwrap(SLOT_HEADER, &wrapped).unwrap();
    let data = DataKeys::derive(StoreId(store.id()), namespace, &data_key);
    let lease = snapshot.get(Table::Leases, &data.lease_id("refresh").0).ok().unwrap().unwrap();
    assert_eq!((lease.len(), lease[0]), (86, 1), "format");
    assert_eq!(u64::from_be_bytes(lease[1..9].try_into().unwrap()), expected["lease"].as_u64().unwrap());
    assert_eq!(lease[25..41], slot.id().0, "the key that acquired it");
    assert_eq!((&lease[41..57], lease[57]), ([0; 16].as_slice(), 1), "machine and clock");
    assert_eq!(u32::from_be_bytes(lease[82..].try_into().unwrap()), 600_000);
    check_index(&keys, &snapshot, namespace, &slot.id(), expected);
    let mut changes = Vec::new();
    let take = |key: &[u8], row: &[u8]| changes.push((key.to_vec(), row.to_vec()));
    snapshot.scan(Table::Changes, &[], take).ok().unwrap();
    let changes = changes.iter().filter(|(_, row)| row[1..17] == namespace.0);
    let opened = changes.map(|(key, row)| {
        let revision = u64::from_be_bytes(key.as_slice().try_into().unwrap());
        data.open_change(revision, &row[..33], &row[33..]).unwrap()
    });
    let change =
        |deleted: u8, folder: &str, name: &str| [&[deleted], address(folder, name).as_slice()].concat();
    let expected = [
        change(0, "", ""),
        change(0, "", "large"),
        change(0, "", "söß 🔑"),
        change(0, "", "deleted"),
        change(1, "", "deleted"),
        change(0, FOLDER, ""),
    ];
    assert_eq!(opened.collect::<Vec<_>>(), expected);
}

fn check_index(
    keys: &StoreKeys,
    snapshot: &Snapshot<'_>,
    namespace: NamespaceId,
    owner: &SlotId,
    expected: &Value,
) {
    let row = |kind: u8, texts: &[&[u8]]| {
        let key = [&[kind], keys.index_name(kind, texts).as_slice(), &[0; 16]].concat();
        let value = snapshot.get(Table::KeyIndex, &key).ok().unwrap().unwrap().to_vec();
        (key, value)
    };
    let (_, kept) = row(1, &[b"acme.notes", b"vscode"]);
    assert_eq!(base16ct::lower::encode_string(&kept), expected["kept"][0]["keyId"].as_str().unwrap());
    let (key, list) = row(3, &[&namespace.0]);
    let list = keys.open_key_list(&key, &list[..1], &list[1..]).unwrap();
    assert_eq!(list.len(), 2 * 24, "the owner's key and the shared one");
    assert!(list.chunks(24).any(|entry| entry[..16] == owner.0));
}

/// One test, since all copies share what the login session keeps of the store's key.
#[test]
fn the_frozen_store_is_read_whole_by_each_protector_and_from_each_backup() {
    if std::env::var_os("FREEZE").is_some() {
        freeze();
    }
    let expected = expected();
    let place = Place::thawed();
    assert_eq!(status(&place), expected["status"]);
    check_sessions(&place, &expected, false);
    check_rows(&place, &expected);
    // It is written to as well: every number is above those of before.
    let take = call("acquireLease", json!({"name": "refresh", "ttlMs": 1_000}));
    let answers = place.written(&[call("setAPIKey", json!([OWNER])), take]);
    assert!(answers[1]["lease"].as_u64() > expected["lease"].as_u64());

    // Windows has no program `echo`, so the last one opens nothing there.
    let works = if cfg!(windows) { &KINDS[..2] } else { KINDS };
    let guarded = Place::thawed().0.run(&["--json", "protector", "test", "--passphrase-fd", "0"], PASSPHRASE);
    let tested: Value = serde_json::from_str(&guarded.shown).unwrap();
    let tested = tested.as_array().unwrap().iter().filter(|protector| protector["works"] == true);
    let tested: BTreeSet<_> = tested.map(|protector| protector["kind"].as_str().unwrap()).collect();
    assert_eq!(tested, works.iter().copied().collect(), "{}", guarded.said);

    let damaged = Place::thawed();
    fs::write(damaged.data().join("data.mdb"), "").unwrap();
    check_sessions(&damaged, &expected, true);
    let restored = Place::empty();
    copy(&frozen().join("keys"), &restored.path().join("keys"));
    restored.run(&["restore", frozen().join("backup.tar").to_str().unwrap()], "");
    check_sessions(&restored, &expected, true);
}
