//! What a server of a shared store has on its disk, and in a dump: nothing that was secret, however it was stored.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::Home;
use crate::machines::{Shared, joined};

/// What no server may have.
struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    fn word(&mut self, home: &Home) -> String {
        let word = home.word();
        self.0.push(word.clone().into_bytes());
        word
    }

    fn key(&mut self, home: &Home, answer: &Value) -> Value {
        let key = answer["apiKey"].as_str().unwrap();
        home.keep_key(key);
        self.0.extend([key.as_bytes().to_vec(), base16ct::lower::decode_vec(key).unwrap()]);
        answer["apiKey"].clone()
    }

    /// Which of them these bytes have, as bytes or as the digits of a dump.
    fn found(&self, bytes: &[u8]) -> Vec<String> {
        let digits = |secret: &Vec<u8>| base16ct::lower::encode_string(secret).into_bytes();
        let texts: Vec<_> = self.0.iter().flat_map(|secret| [secret.clone(), digits(secret)]).collect();
        let two = |text: &[u8]| usize::from(u16::from_be_bytes([text[0], text[1]]));
        let mut beginnings = vec![Vec::new(); 1 << 16];
        for (at, text) in texts.iter().enumerate() {
            beginnings[two(text)].push(at);
        }
        let mut found = BTreeSet::new();
        for at in 0..bytes.len().saturating_sub(1) {
            let texts =
                beginnings[two(&bytes[at..])].iter().filter(|text| bytes[at..].starts_with(&texts[**text]));
            found.extend(texts.map(|text| text / 2));
        }
        found.into_iter().map(|secret| String::from_utf8_lossy(&self.0[secret]).into_owned()).collect()
    }
}

/// All bytes of the files below a folder.
pub(crate) fn bytes_below(folder: &Path, all: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes_below(&path, all);
        } else if let Ok(bytes) = fs::read(&path) {
            // The server may have removed the file meanwhile.
            all.extend(bytes);
        }
    }
}

/// Uses everything that a store has, on two machines: keys, scopes, records, folders, leases, an ended key, a passphrase.
fn session(shared: &Shared, secrets: &mut Secrets) {
    let home = &shared.first;
    let passphrase = secrets.word(home);
    let added = home.run(&["protector", "add", "passphrase", "--new-passphrase-fd", "0"], &passphrase);
    assert_eq!(added.code, 0, "{}", added.said);
    let machine = secrets.word(home);
    let (other, _) = joined(shared, &["--machine", &machine]);
    let (folder, name, plugin) = (secrets.word(home), secrets.word(home), secrets.word(home));
    let folder = format!("file:///home/{folder}");
    let mut client = home.client_in(&[&folder]);
    let issued = client.ok("issueAPIKey", json!({"plugin": plugin, "installation": secrets.word(home)}));
    let key = secrets.key(home, &issued);
    let handle = client.ok("setAPIKey", json!([key]))["handle"].clone();
    for length in [1, 200, 20_000] {
        let value = secrets.word(home);
        let data = json!({"secret": value, "fill": "-".repeat(length)});
        for params in [
            json!({"context": "user", "name": name, "data": data, "handle": handle}),
            json!({"context": "workspace", "workspaceFolder": folder, "data": data, "handle": handle}),
        ] {
            client.ok("setPersistentData", params);
        }
    }
    let patch =
        json!({"context": "user", "name": name, "patch": {"more": secrets.word(home)}, "handle": handle});
    client.ok("patchPersistentData", patch);
    client.ok("acquireLease", json!({"name": secrets.word(home), "ttlMs": 60_000, "handle": handle}));
    let scope = json!({"workspaceFolders": [folder], "readOnly": true});
    let label = secrets.word(home);
    let reading = client.ok("shareAPIKey", json!({"label": label, "scope": scope, "handle": handle}));
    secrets.key(home, &reading);
    let rotated = client.ok("rotateAPIKey", json!({"handle": handle}));
    let key = secrets.key(home, &rotated);
    let ended = client.ok("issueAPIKey", json!({"plugin": secrets.word(home)}));
    let ended = client.ok("setAPIKey", [secrets.key(home, &ended)])["handle"].clone();
    client.ok(
        "setPersistentData",
        json!({"context": "user", "data": {"a": secrets.word(home)}, "handle": ended}),
    );
    client.ok("revokeAPIKey", json!({"handle": ended}));
    drop(client);
    other.keep_key(key.as_str().unwrap());
    let mut there = other.client_with(key.as_str().unwrap());
    let read = there.ok("getPersistentRecord", json!({"context": "user", "name": name}));
    assert!(read["data"]["secret"].is_string(), "the other machine has it: {read}");
    // A protector stays on its machine: neither its row nor a part of it is there.
    for entry in fs::read_dir(home.data().join("protectors")).unwrap() {
        let row = fs::read(entry.unwrap().path()).unwrap();
        // Salts and wrapped keys, and not the zeros between them.
        let is_random = |part: &&[u8]| part.iter().collect::<BTreeSet<_>>().len() > 10;
        secrets.0.extend(row.chunks_exact(16).filter(is_random).map(<[u8]>::to_vec));
    }
}

#[test]
fn a_server_has_no_key_value_name_folder_plugin_label_or_protector_in_its_files_or_in_a_dump() {
    let shared = Shared::pushed_to_its_own_server();
    let mut secrets = Secrets(Vec::new());
    session(&shared, &mut secrets);
    assert!(secrets.0.len() > 20);
    let server = shared.server();
    shared.psql("checkpoint");
    let mut files = Vec::new();
    bytes_below(&server.folder, &mut files);
    let dump = server.dump(&shared.database);
    // The records are there, sealed.
    let row = shared.psql(
        "select encode(value, 'hex') from plugin_vault.rows where tab = 3 and length(value) > 20000 limit 1",
    );
    assert!(dump.contains(&row[..64]) && files.len() > 1 << 20);
    assert_eq!(secrets.found(&files), [""; 0]);
    assert_eq!(secrets.found(dump.as_bytes()), [""; 0]);
    // What is stored as it is would have been found in both.
    let word = String::from_utf8(secrets.0[0].clone()).unwrap();
    shared.psql(&format!("create table plain (word bytea); insert into plain values ('{word}'); checkpoint"));
    files.clear();
    bytes_below(&server.folder, &mut files);
    assert_eq!(secrets.found(&files), std::slice::from_ref(&word));
    assert_eq!(secrets.found(server.dump(&shared.database).as_bytes()), [word]);
}
