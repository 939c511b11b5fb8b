//! What a person asks of an installation: its state, its folders, a check, what was put aside; and how tables look.

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use serde_json::{Value, json};

use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};
use crate::screen;
use crate::shapes::valid;
use crate::sick::{NAME, Sick, VALUE};

/// An output with `--json`, which fits its schema.
#[track_caller]
fn json_of(sick: &Sick, script: &str, schema: &str) -> (Value, i32) {
    let ran = sick.run(script);
    let output: Value = serde_json::from_str(&ran.shown)
        .unwrap_or_else(|error| panic!("{error}: {} {}", ran.shown, ran.said));
    valid(schema, &output);
    for secret in [KEY, VALUE, NAME] {
        assert!(!ran.shown.contains(secret) && !ran.said.contains(secret), "{secret}");
    }
    (output, ran.code)
}

#[test]
fn status_says_in_which_state_a_store_is_also_by_its_exit_code() {
    let sick = Sick::empty();
    let (none, code) = json_of(&sick, "plugin-vault status --json", "status");
    assert_eq!((&none["state"], code), (&json!("none"), 3));
    assert!(!sick.data().exists(), "looking makes nothing");
    sick.write(1);
    let (open, code) = json_of(&sick, "plugin-vault status --json", "status");
    assert_eq!((&open["state"], code), (&json!("open"), 0));
    assert_eq!((&open["records"], &open["protector"]), (&json!(2), &json!("key-file")));
    assert_eq!(open["dataDir"], "~/.local/share/plugin-vault");
    assert_eq!(
        open["protects"],
        json!({"copiesOfTheDataFolder": true, "otherUsers": true, "stolenDisk": false})
    );
    fs::remove_file(sick.key_file()).unwrap();
    let (locked, code) = json_of(&sick, "plugin-vault status --json", "status");
    assert_eq!((&locked["state"], code), (&json!("locked"), 5));
    fs::set_permissions(sick.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let (refused, code) = json_of(&sick, "plugin-vault status --json", "status");
    assert_eq!((&refused["state"], code), (&json!("unusable"), 6));
}

#[test]
fn status_never_asks() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut command = home.command(&["status", "--json"]);
    command.env("PLUGIN_VAULT_ASKPASS", home.program("askpass", PASSPHRASE));
    let ran = home.finish(command, "");
    let status: Value = serde_json::from_str(&ran.shown).unwrap();
    assert_eq!((&status["state"], ran.code), (&json!("locked"), 5));
}

#[test]
fn status_names_the_processes_that_have_the_store_open() {
    let sick = Sick::filled();
    let mut client = crate::client::Client::start(&sick.home, sick.shell("exec plugin-vault"));
    assert!(client.call("vault/status", &json!({}))["result"].is_object());
    let (status, _) = json_of(&sick, "plugin-vault status --json", "status");
    let pid = client.pid().as_raw_nonzero().get();
    assert_eq!(status["processes"], json!([{"process": pid, "version": env!("CARGO_PKG_VERSION")}]));
    assert!(status["lastBackupAt"].is_string());
    let text = sick.run("plugin-vault status").shown;
    assert!(
        text.contains(&format!("{pid} ({})", env!("CARGO_PKG_VERSION"))) && text.contains("just now"),
        "{text}"
    );
}

#[test]
fn path_prints_folders_for_scripts() {
    let sick = Sick::empty();
    for (which, path) in
        [("data", sick.data()), ("keys", sick.keys()), ("backups", sick.data().join("backups"))]
    {
        let ran = sick.run(&format!("plugin-vault path {which}"));
        assert_eq!((ran.shown, ran.code), (format!("{}\n", path.display()), 0));
    }
    assert!(!sick.data().exists());
    assert_eq!(sick.run("plugin-vault path elsewhere").code, 2);
}

#[test]
fn check_repairs_a_damaged_store_and_says_so() {
    let sick = Sick::filled();
    let (sound, code) = json_of(&sick, "plugin-vault check --json", "check");
    assert_eq!((&sound["sound"], code), (&json!(true), 0));
    assert!(sound["repaired"].is_null() && sound["data"].is_null());
    let path = sick.data().join("data.mdb");
    let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    let data = fs::File::options().write(true).open(&path).unwrap();
    data.write_all_at(&vec![0xa5; length - 2 * 4_096], 2 * 4_096).unwrap();
    let (repaired, code) = json_of(&sick, "plugin-vault check --json", "check");
    assert_eq!((&repaired["sound"], code), (&json!(true), 0));
    assert_eq!(repaired["repaired"]["quarantine"], "~/.local/share/plugin-vault/quarantine/0000");
    let (again, _) = json_of(&sick, "plugin-vault check --json", "check");
    assert!(again["repaired"].is_null());
    assert_eq!(Sick::empty().run("plugin-vault check").code, 3);
}

#[test]
fn check_reads_the_data_whose_key_the_store_keeps() {
    let sick = Sick::filled();
    let issue = json!({"jsonrpc": "2.0", "id": 1, "method": "issueAPIKey", "params": {"plugin": "me.plugin", "installation": "test"}});
    let set = json!({"jsonrpc": "2.0", "id": 2, "method": "setPersistentData", "params": ["user", {"a": 1}]});
    let ran = sick.home.finish(sick.shell("plugin-vault"), &format!("{issue}\n"));
    let key: Value = serde_json::from_str(ran.shown.lines().next().unwrap()).unwrap();
    let key = key["result"]["apiKey"].as_str().unwrap();
    let select = json!({"jsonrpc": "2.0", "id": 1, "method": "setAPIKey", "params": [key]});
    sick.home.finish(sick.shell("plugin-vault"), &format!("{select}\n{set}\n"));
    let (report, code) = json_of(&sick, "plugin-vault check --read-data --json", "check");
    assert_eq!(code, 0);
    assert_eq!(report["data"], json!({"read": 1, "damaged": 0, "withoutKey": 2}));
}

#[test]
fn a_backup_is_verified_wholly_and_without_a_store() {
    let sick = Sick::filled();
    assert_eq!(sick.run("plugin-vault backup copy").code, 0);
    let (report, code) = json_of(&sick, "plugin-vault backup verify copy --json", "backup-verify");
    assert_eq!((code, &report["openedBy"]), (0, &json!(["key-file"])));
    assert!(report["rows"].as_u64().unwrap() > 2);
    let copy = sick.user("copy");
    let whole = fs::read(&copy).unwrap();
    for (length, harmed) in [(whole.len() - 3_000, None), (whole.len(), Some(3 * 4_096)), (100, None)] {
        let mut bytes = whole[..length].to_vec();
        if let Some(at) = harmed {
            bytes[at..at + 4_096].fill(0xa5);
        }
        fs::write(&copy, bytes).unwrap();
        let refused = sick.run("plugin-vault backup verify copy");
        assert!(
            refused.code == 6 && refused.said.contains("not a complete backup"),
            "{length}: {}",
            refused.said
        );
    }
    // On another machine.
    let other = Sick::empty();
    fs::write(other.user("copy"), whole).unwrap();
    assert_eq!(other.run("plugin-vault backup verify copy").code, 0);
    assert!(!other.data().exists());
}

#[test]
fn quarantine_is_listed_and_deleted_after_a_question() {
    let sick = Sick::filled();
    for _ in 0..2 {
        assert_eq!(sick.run("plugin-vault reset --yes").code, 0);
        sick.write(1);
    }
    let (list, _) = json_of(&sick, "plugin-vault quarantine list --json", "quarantine-list");
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert!(list[0]["bytes"].as_u64().unwrap() > 4_096);
    let refused = sick.run("plugin-vault quarantine purge");
    assert!(
        refused.code == 2 && refused.said.contains("0000, 0001") && refused.said.contains("--yes"),
        "{}",
        refused.said
    );
    let (tried, _) = json_of(&sick, "plugin-vault quarantine purge --dry-run --json", "quarantine-purge");
    assert_eq!((&tried["purged"], &tried["dryRun"]), (&json!(["0000", "0001"]), &json!(true)));
    assert!(sick.data().join("quarantine/0001").exists());
    assert_eq!(sick.run("plugin-vault quarantine purge 7777 --yes").code, 4);
    let (purged, _) = json_of(&sick, "plugin-vault quarantine purge 0000 --yes --json", "quarantine-purge");
    assert_eq!(purged["purged"], json!(["0000"]));
    assert!(!sick.data().join("quarantine/0000").exists() && sick.data().join("quarantine/0001").exists());
    assert!(sick.has_record());
}

#[test]
fn a_passphrase_is_changed_and_keeps_its_label() {
    let home = guarded_by_a_passphrase();
    let old = home.json(&["protector", "list"], "")[0]["id"].clone();
    let both = format!("{PASSPHRASE}\nanother one\n");
    let changed = ["protector", "change", "passphrase", "--passphrase-fd", "0"];
    home.forget_cached();
    assert_eq!(home.run(&changed, &both).code, 0);
    let list = home.json(&["protector", "list"], "");
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_ne!(list[0]["id"], old);
    home.forget_cached();
    assert_eq!(home.run(&["key", "list", "--passphrase-fd", "0"], PASSPHRASE).code, 5);
    assert_eq!(home.run(&["key", "list", "--passphrase-fd", "0"], "another one").code, 0);
}

#[test]
fn a_protector_has_a_label_and_is_named_by_the_beginning_of_its_id() {
    let home = guarded_by_a_passphrase();
    let add = ["protector", "add", "passphrase", "--label", "鍵 of the laptop", "--passphrase-fd", "0"];
    assert_eq!(home.run(&add, &format!("{PASSPHRASE}\nanother one\n")).code, 0);
    let list = home.json(&["protector", "list"], "");
    let labelled = list.as_array().unwrap().iter().find(|one| one["label"] == "鍵 of the laptop").unwrap();
    let id = labelled["id"].as_str().unwrap();
    let table = home.run(&["protector", "list"], "").shown;
    assert!(table.contains(&id[..8]) && !table.contains(&id[..12]), "{table}");
    assert!(
        table.contains("LABEL") && table.contains("鍵 of the laptop") && table.contains("just now"),
        "{table}"
    );
    let ambiguous = home.run(&["protector", "remove", "passphrase", "--yes"], "");
    assert!(ambiguous.code == 2 && ambiguous.said.contains("several"), "{}", ambiguous.said);
    let remove = ["protector", "remove", &id[..8], "--passphrase-fd", "0"];
    let refused = home.run(&remove, PASSPHRASE);
    assert!(refused.code == 2 && refused.said.contains("鍵 of the laptop"), "{}", refused.said);
    assert_eq!(home.run(&[&remove[..], &["--dry-run"]].concat(), PASSPHRASE).code, 0);
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 2);
    assert_eq!(home.run(&[&remove[..], &["--yes"]].concat(), PASSPHRASE).code, 0);
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
    let long = "x".repeat(257);
    assert_eq!(home.run(&["protector", "add", "key-file", "--label", &long], "").code, 2);
}

#[test]
fn a_key_is_revoked_after_a_question_and_named_by_the_beginning_of_its_id() {
    let home = Home::new();
    for plugin in ["me.one", "me.two"] {
        home.json(&["key", "issue", plugin, "--installation", "a"], "");
    }
    let list = home.json(&["key", "list", "me.one"], "");
    let id = list[0]["keyId"].as_str().unwrap();
    let refused = home.run(&["key", "revoke", &id[..10]], "");
    assert!(
        refused.code == 2 && refused.said.contains("me.one") && refused.said.contains("0 records"),
        "{}",
        refused.said
    );
    assert_eq!(home.json(&["key", "revoke", &id[..10], "--dry-run"], "")["dryRun"], true);
    assert_eq!(home.json(&["key", "list"], "").as_array().unwrap().len(), 2);
    assert_eq!(home.json(&["key", "revoke", &id[..10], "--yes"], "")["revoked"], true);
    let refused = home.run(&["key", "forget", "me.two"], "");
    assert!(refused.code == 2 && refused.said.contains("all data of me.two"), "{}", refused.said);
    assert_eq!(home.json(&["key", "forget", "me.two", "--yes"], "")["destroyed"], 1);
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
}

#[test]
fn a_table_fits_the_terminal_and_has_only_filled_columns() {
    let home = Home::new();
    let long = format!("publisher.{}", "a-long-name-".repeat(12));
    for plugin in ["me.鍵", &long] {
        home.json(&["key", "issue", plugin, "--installation", "vscode"], "");
    }
    let shown = screen::of(home.command(&["key", "list"]), 70);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert!(lines.iter().all(|line| line.chars().count() <= 70), "{shown}");
    assert!(shown.contains('…') && shown.contains("just now"), "{shown}");
    for column in ["LABEL", "EXPIRES", "LAST WRITE"] {
        assert!(!lines[0].contains(column), "{column}: {shown}");
    }
    let whole = home.run(&["key", "list"], "").shown;
    assert!(whole.contains(&long), "{whole}");
}
