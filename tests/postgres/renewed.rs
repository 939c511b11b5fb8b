//! A machine whose data folder vanishes, as in a workspace of an operator: with `--store` it takes its store again.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cable::Cable;
use crate::harness::{Home, Ran, Server as Sidecar};
use crate::machines::{Shared, URL_WITHOUT_SERVER, Waiting, credentials, joined, store};

const PASSPHRASE: &str = "correct horse";

/// A workspace that has joined a store with one record, over a cable that can be cut.
struct Workspace {
    shared: Shared,
    cable: Cable,
    home: Home,
    url: String,
}

impl Workspace {
    fn new() -> Self {
        let shared = Shared::pushed();
        let cable = Cable::to(shared.server().port());
        let url = format!("postgres://app@127.0.0.1:{}/{}", cable.port, shared.database);
        let home = Home::new();
        let workspace = Self { shared, cable, home, url };
        workspace.join();
        workspace
    }

    fn join(&self) {
        let waiting = Waiting::begin(&self.home, &self.url, &["--machine", "ws-17", "--store", &self.url]);
        let approved = self.shared.first.run(&["remote", "approve", "--yes", &waiting.code], "");
        assert_eq!(approved.code, 0, "{}", approved.said);
        waiting.end();
    }

    fn run(&self, arguments: &[&str], input: &str) -> Ran {
        self.home.run(&[arguments, &["--store", &self.url]].concat(), input)
    }

    fn object(&self) -> Value {
        self.run(&["get", "me.app"], "").json()
    }

    fn sidecar(&self) -> Sidecar {
        let mut sidecar = self.home.start().environment("PLUGIN_VAULT_STORE", &self.url).run();
        sidecar.initialize(&[]);
        sidecar
    }

    /// The data folder is another, empty one now.
    fn vanish(&self) {
        fs::remove_dir_all(self.home.data()).unwrap();
    }

    fn kept(&self) -> PathBuf {
        credentials(&self.home).unwrap().with_file_name("protectors")
    }
}

#[test]
fn a_data_folder_that_vanished_is_taken_again_with_the_records_of_its_machine() {
    let workspace = Workspace::new();
    let (key, here) = (workspace.home.key(), workspace.home.object());
    let at = json!({"context": "workspace", "workspaceFolder": "file:///workspace"});
    let mut sidecar = workspace.sidecar();
    sidecar.set_key(&key);
    let mut write = at.clone();
    write["data"] = here.clone();
    sidecar.ok("setPersistentData", write);
    sidecar.shut_down();
    for _ in 0..2 {
        workspace.vanish();
        let mut sidecar = workspace.sidecar();
        sidecar.set_key(&key);
        assert_eq!(sidecar.ok("getPersistentData", at.clone()), here);
        let status = sidecar.ok("vault/status", json!({}));
        assert_eq!(
            (&status["remote"]["state"], &status["protector"]),
            (&json!("current"), &json!("key-file"))
        );
        sidecar.ok("setPersistentData", json!({"context": "user", "data": {}}));
        sidecar.shut_down();
        assert_eq!(workspace.object(), workspace.shared.object);
    }
    let state = workspace.home.run(&["--json", "remote", "status"], "").json();
    assert_eq!((&state["machine"], &state["state"]), (&json!("ws-17"), &json!("current")));
}

#[test]
fn an_empty_folder_says_nothing_of_its_data_until_the_server_was_reached() {
    let workspace = Workspace::new();
    workspace.vanish();
    workspace.cable.cut();
    let mut sidecar = workspace.sidecar();
    let key = workspace.home.key();
    for _ in 0..2 {
        assert_eq!(sidecar.code("setAPIKey", [key.as_str()]), 5007);
        assert_eq!(sidecar.code("vault/status", json!({})), 5007);
        assert_eq!(workspace.run(&["get", "me.app"], "").code, 7);
        assert_eq!(workspace.run(&["list"], "").code, 7);
    }
    workspace.cable.join();
    assert_eq!(workspace.object(), workspace.shared.object);
    sidecar.set_key(&key);
    assert_eq!(sidecar.ok("getPersistentData", ["user"]), Value::Null);
    sidecar.shut_down();
    // Once it has data, it is read without the server.
    workspace.cable.cut();
    assert_eq!(workspace.object(), workspace.shared.object);
}

#[test]
fn a_removed_protector_opens_nothing_that_is_taken_again() {
    let workspace = Workspace::new();
    let former = fs::read(workspace.kept()).unwrap();
    let add = ["protector", "add", "passphrase", "--new-passphrase-fd", "0"];
    assert_eq!(workspace.run(&add, PASSPHRASE).code, 0);
    // Whether or not the command knows of `--store`.
    let remove = ["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"];
    let removed = workspace.home.run(&remove, PASSPHRASE);
    assert_eq!(removed.code, 0, "{}", removed.said);
    let protectors = |file: &[u8]| serde_json::from_slice::<Value>(file).unwrap()["protectors"].clone();
    let kept = protectors(&fs::read(workspace.kept()).unwrap());
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_ne!(kept, protectors(&former));
    workspace.vanish();
    assert_eq!(workspace.run(&["get", "me.app"], "").code, 5);
    let opened = workspace.run(&["get", "me.app", "--passphrase-fd", "0"], PASSPHRASE);
    assert_eq!(opened.json(), workspace.shared.object);
}

#[test]
fn all_protectors_are_there_again() {
    let workspace = Workspace::new();
    let add = ["protector", "add", "passphrase", "--new-passphrase-fd", "0"];
    assert_eq!(workspace.run(&add, PASSPHRASE).code, 0);
    let list = || workspace.run(&["--json", "protector", "list"], "").json();
    let before = list();
    assert_eq!(before.as_array().unwrap().len(), 2);
    workspace.vanish();
    assert_eq!(list(), before);
}

#[test]
fn another_store_and_one_that_was_not_joined_are_refused_and_left_as_they_are() {
    let shared = Shared::pushed();
    let url = shared.url("app");
    let own = Home::new();
    let object = store(&own, "me.own");
    let (kept_nothing, _) = joined(&shared, &[]);
    fs::remove_dir_all(kept_nothing.data()).unwrap();
    let empty = Home::new();
    for (home, reason) in [(&own, "otherStore"), (&kept_nothing, "notJoined"), (&empty, "notJoined")] {
        let mut sidecar = home.start().argument("--store").argument(&url).run();
        sidecar.initialize(&[]);
        assert_eq!(sidecar.refused("setAPIKey", [home.key()]).why(), (5005, reason));
        let ran = home.run(&["get", "me.own", "--store", &url], "");
        assert!(ran.code == 6 && ran.said.contains("--store"), "{} {}", ran.code, ran.said);
        sidecar.shut_down();
    }
    assert_eq!(own.run(&["get", "me.own"], "").json(), object);
    assert!(!empty.data().exists() && !kept_nothing.data().exists());
}

#[test]
fn a_workspace_that_joins_again_takes_the_store_that_it_joined_last() {
    let workspace = Workspace::new();
    // Another store in the same database.
    let other = Home::new();
    let object = store(&other, "me.other");
    assert_eq!(other.run(&["remote", "push", &workspace.shared.url("owner")], "").code, 0);
    let waiting = Waiting::begin(&workspace.home, &workspace.url, &["--yes", "--store", &workspace.url]);
    assert_eq!(other.run(&["remote", "approve", "--yes", &waiting.code], "").code, 0);
    waiting.end();
    workspace.vanish();
    assert_eq!(workspace.run(&["get", "me.other"], "").json(), object);
}

#[test]
fn a_url_with_a_password_is_refused_before_anything_is_done() {
    let home = Home::new();
    let ran = home.run(&["list", "--store", "postgres://me:secret@h/db"], "");
    assert!(ran.code == 2 && ran.said.contains("PGPASSWORD") && !ran.said.contains("secret"), "{}", ran.said);
    let temporary = home.run(&["list", "--temporary", "--store", URL_WITHOUT_SERVER], "");
    assert_eq!(temporary.code, 2, "{}", temporary.said);
    assert!(!home.data().exists());
}
