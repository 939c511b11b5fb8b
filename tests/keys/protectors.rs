//! What is left of a removed protector for a person who has the data folder as it is then, the protector's key, and what
//! the protector's row said: every byte string in every file is tried as the wrapped store key.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plugin_vault::crypto::{ProtectorKey, ProtectorKeys, StoreId};
use serde_json::{Value, json};

use crate::disk::protectors;
use crate::harness::files;
use crate::server::{Home, random_key, with};

/// Format, kind, time, length of the parameters, which key files do not have.
const HEADER: usize = 1 + 1 + 8 + 2;
const COMMITMENT: usize = 32;
/// Nonce, 64 bytes of padded text, tag.
const WRAPPED: usize = 12 + 64 + 16;
const WORDS: &str = "a passphrase\n";

/// A person who knew a key file, and its row, before the protector was removed.
struct Attacker {
    keys: ProtectorKeys,
    id: Vec<u8>,
    row: Vec<u8>,
}

impl Attacker {
    /// Of a store that has its first protector alone.
    fn of(home: &Home) -> Self {
        let [(id, row)] = &protectors(&home.data())[..] else { panic!("there is one protector") };
        let [folder] = &fs::read_dir(home.keys()).unwrap().collect::<Vec<_>>()[..] else {
            panic!("one store")
        };
        let folder = folder.as_ref().unwrap().path();
        let store = StoreId::parse(folder.file_name().unwrap().to_str().unwrap()).unwrap();
        let text = fs::read_to_string(folder.join("key")).unwrap();
        let digits = text.strip_prefix("plugin-vault key 1 ").unwrap().trim_end();
        let key = ProtectorKey::from_slice(&base16ct::lower::decode_vec(digits).unwrap()).unwrap();
        Self { keys: ProtectorKeys::derive(store, &key), id: id.clone(), row: row.clone() }
    }

    /// The files in which something opens the store.
    fn finds(&self, folder: &Path) -> BTreeSet<PathBuf> {
        let header = &self.row[..HEADER];
        let opens = |window: &[u8]| self.keys.unwrap(&self.id, header, window).is_ok();
        // Zeros are zeros wherever they are, and most of a store is zeros.
        let is_worth_it = |window: &&[u8]| window.iter().any(|byte| *byte != 0);
        let found = files(folder).into_iter();
        let found = found.filter(|(_, content)| content.windows(WRAPPED).filter(is_worth_it).any(opens));
        found.map(|(path, _)| path.strip_prefix(folder).unwrap().to_owned()).collect()
    }
}

/// The files in which a part of a row stands that says something of its protector.
fn stands(row: &[u8], folder: &Path) -> BTreeSet<PathBuf> {
    let parameters = usize::from(u16::from_be_bytes(row[10..12].try_into().unwrap()));
    let secret = &row[HEADER + parameters..];
    let parts: Vec<_> = secret.chunks_exact(16).collect();
    assert!(parts.len() > COMMITMENT / 16);
    let has_part = |content: &[u8]| content.windows(16).any(|window| parts.contains(&window));
    let found = files(folder).into_iter().filter(|(_, content)| has_part(content));
    found.map(|(path, _)| path.strip_prefix(folder).unwrap().to_owned()).collect()
}

fn set(home: &Home, key: &Value) {
    let mut server = home.server();
    let handle = server.handle_of(key);
    server
        .ok("setPersistentData", with(&handle, json!({"context": "user", "data": {"secret": random_key()}})));
}

fn path_of(id: &[u8]) -> PathBuf {
    Path::new("protectors").join(base16ct::lower::encode_string(id))
}

/// A store with backups, a file in quarantine and free pages, from the time when the protector was there.
fn used(home: &Home) -> Value {
    let key = random_key();
    set(home, &key);
    home.back_up();
    let archive = home.data().with_file_name("archive");
    home.operate(&["backup", archive.to_str().unwrap()], "");
    set(home, &key);
    home.operate(&["restore", "--yes", archive.to_str().unwrap()], "");
    set(home, &key);
    assert!(home.data().join("quarantine/0000/data.mdb").exists());
    key
}

/// What README recommends: a passphrase in the key file's place.
#[test]
fn nothing_opens_a_store_with_a_key_file_that_was_removed() {
    let home = Home::new();
    set(&home, &random_key());
    let attacker = Attacker::of(&home);
    used(&home);
    // The search works, and finds the protector in its own file alone.
    assert_eq!(attacker.finds(&home.data()), BTreeSet::from([path_of(&attacker.id)]));
    home.operate(&["protector", "add", "passphrase"], WORDS);
    home.operate(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], WORDS);
    assert_eq!(attacker.finds(&home.data()), BTreeSet::new());
    // Its file stays, and says nothing; the key file itself is gone.
    assert!(home.data().join(path_of(&attacker.id)).exists());
    let folder = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    assert!(!folder.join("key").exists());
    let status = home.server().ok("vault/status", json!({}));
    assert_eq!(
        (&status["protectors"], &status["protects"]["stolenDisk"]),
        (&json!(["passphrase"]), &json!(true))
    );
}

#[test]
fn nothing_stands_anywhere_of_a_passphrase_that_was_removed() {
    let home = Home::new();
    set(&home, &random_key());
    let first = protectors(&home.data()).remove(0).0;
    home.operate(&["protector", "add", "passphrase"], WORDS);
    let (id, row) = protectors(&home.data()).into_iter().find(|(id, _)| *id != first).unwrap();
    let key = used(&home);
    assert_eq!(stands(&row, &home.data()), BTreeSet::from([path_of(&id)]));
    home.operate(&["protector", "remove", "passphrase", "--yes"], "");
    assert_eq!(stands(&row, &home.data()), BTreeSet::new());
    set(&home, &key);
    home.back_up();
    // An archive of before that is put back without its protectors does not bring it back, not even on the way.
    let archive = home.data().with_file_name("archive");
    home.operate(&["restore", "--yes", "--keep-protectors", archive.to_str().unwrap()], "");
    assert_eq!(stands(&row, &home.data()), BTreeSet::new());
}

/// As after a crash, a damaged store is repaired from a backup of before, and from its own old pages.
#[test]
fn no_repair_brings_a_removed_protector_back() {
    let home = Home::new();
    let key = random_key();
    set(&home, &key);
    home.operate(&["protector", "add", "passphrase"], WORDS);
    let before = protectors(&home.data());
    home.back_up();
    home.operate(&["protector", "remove", "passphrase", "--yes"], "");
    for with_backup in [true, false] {
        if !with_backup {
            fs::remove_dir_all(home.data().join("backups")).unwrap();
        }
        // One of the two pages that say where everything lies.
        let mut data = fs::read(home.data().join("data.mdb")).unwrap();
        data[..4096].fill(0);
        plugin_vault::files::replace(&home.data().join("data.mdb"), &data).unwrap();
        let mut server = home.server();
        let status = server.ok("vault/status", json!({}));
        assert!(status["repaired"].is_object());
        assert_eq!(status["protectors"], json!(["key-file"]));
        server.finish_without_notices();
        let removed = before.iter().filter(|(id, _)| *id != kept(&home));
        for (_, row) in removed {
            assert_eq!(stands(row, &home.data()), BTreeSet::new());
        }
    }
}

/// The id of the protector that is there.
fn kept(home: &Home) -> Vec<u8> {
    let listed = home.command(&["--json", "protector", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    base16ct::lower::decode_vec(listed[0]["id"].as_str().unwrap()).unwrap()
}
