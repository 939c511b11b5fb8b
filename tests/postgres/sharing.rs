//! The commands that share a store and let machines join it: against a real server, by the program itself.

use std::path::PathBuf;
use std::process::Stdio;

use plugin_vault::rows::{Id, Table};
use plugin_vault::store::Slot;
use serde_json::{Value, json};

use crate::harness::Home;
use crate::machines::{
    Shared, URL_WITHOUT_SERVER, Waiting, credentials, edit_credentials, fails, joined, object, opened, store,
    valid,
};
use crate::server::{PASSWORD, server};

#[test]
fn a_machine_that_was_approved_has_the_whole_store_and_the_server_sees_nothing_of_it() {
    let shared = Shared::pushed();
    let (laptop, report) = joined(&shared, &["--machine", "my laptop"]);
    assert_eq!((&report["machine"], &report["records"]), (&json!("my laptop"), &json!(1)));
    assert_eq!(object(&laptop, "me.app"), shared.object);
    assert!(!laptop.keys().join("joining").exists());
    let status = laptop.run(&["--json", "remote", "status"], "").json();
    valid("remote-status", &status);
    assert_eq!((&status["state"], &status["machine"]), (&json!("current"), &json!("my laptop")));
    let word = shared.object["token"].as_str().unwrap();
    for word in [word, "me.app", "default", "my laptop", "key-file"] {
        let seen = format!(
            "select (select count(*) from plugin_vault.rows where position('{word}'::bytea in value) > 0) + \
             (select count(*) from plugin_vault.devices where position('{word}'::bytea in label) > 0)"
        );
        assert_eq!(shared.psql(&seen), "0", "{word}");
    }
    // Nothing is left for a machine that has joined.
    assert_eq!(shared.psql("select count(*) from plugin_vault.devices where sealed_key is not null"), "0");
}

#[test]
fn a_store_is_pushed_once_and_one_that_is_not_set_up_is_left_alone() {
    let home = Home::new();
    store(&home, "me.app");
    let database = server().database();
    let url = format!("postgres://owner@127.0.0.1:{}/{database}", server().port());
    fails(&home, &["remote", "push", &url], 1, "remote setup");
    fails(&home, &["remote", "push", "postgres://me:secret@h/db"], 2, "PGPASSWORD");
    fails(&home, &["remote", "push", "h/db"], 2, "postgres://");
    fails(&home, &["remote", "push", URL_WITHOUT_SERVER], 7, "can't be reached");
    fails(&home, &["remote", "setup", URL_WITHOUT_SERVER], 7, "can't be reached");
    assert_eq!(home.run(&["--json", "remote", "status"], "").json(), json!({"shared": false}));
    assert!(credentials(&home).is_none());
    assert_eq!(home.run(&["remote", "setup", &url], "").code, 0);
    assert_eq!(home.run(&["remote", "setup", &url], "").code, 0);
    let pushed = home.run(&["--json", "remote", "push", &url], "").json();
    valid("remote-push", &pushed);
    assert_eq!(pushed["records"], 1);
    fails(&home, &["remote", "push", &url], 1, "shared already");
}

#[test]
fn a_push_that_fails_leaves_nothing_on_either_side() {
    let home = Home::new();
    let object_there = store(&home, "me.app");
    let shared = Shared::set_up(home);
    // Fails after some of it has arrived.
    shared.psql(
        "create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; \
         create trigger fail before insert on plugin_vault.rows for each row when (new.tab = 7) \
         execute function fail()",
    );
    fails(&shared.first, &["remote", "push", &shared.url("owner")], 1, "does not understand");
    for table in ["stores", "devices", "rows", "commits"] {
        assert_eq!(shared.psql(&format!("select count(*) from plugin_vault.{table}")), "0", "{table}");
    }
    assert!(credentials(&shared.first).is_none());
    assert_eq!(object(&shared.first, "me.app"), object_there);
    assert_eq!(shared.first.run(&["--json", "remote", "status"], "").json()["shared"], false);
    shared.psql("drop trigger fail on plugin_vault.rows");
    assert_eq!(shared.first.run(&["remote", "push", &shared.url("owner")], "").code, 0);
}

#[test]
fn a_push_that_was_killed_can_be_repeated_and_a_store_that_is_in_use_on_the_server_is_not_replaced() {
    let home = Home::new();
    store(&home, "me.app");
    let shared = Shared::set_up(home);
    let before = shared.first.path("before");
    crate::harness::copy(&shared.first.data(), &before);
    let put_back = || {
        std::fs::remove_dir_all(shared.first.data()).unwrap();
        crate::harness::copy(&before, &shared.first.data());
    };
    let push = || shared.first.run(&["remote", "push", &shared.url("owner")], "");
    let stores = || shared.psql("select count(*) from plugin_vault.stores");
    assert_eq!(push().code, 0);
    // An older copy of the data folder, as a user may put one back: the store on the server is in use.
    put_back();
    let refused = push();
    assert!(refused.code == 1 && refused.said.contains("has this store already"), "{}", refused.said);
    assert_eq!(stores(), "1");
    let file = credentials(&shared.first).expect("those of the store that is in use stay");
    // As if the push had been killed before its last step.
    std::fs::rename(&file, file.with_file_name("pushing")).unwrap();
    let pushed = push();
    assert_eq!((pushed.code, stores()), (0, "1".into()), "{}", pushed.said);
    assert!(credentials(&shared.first).is_some() && !file.with_file_name("pushing").exists());
    assert_eq!(shared.first.run(&["--json", "remote", "status"], "").json()["state"], "current");
}

#[test]
fn a_dry_run_of_a_join_shows_what_would_be_lost_and_leaves_no_trace() {
    let shared = Shared::pushed();
    let home = Home::new();
    store(&home, "me.other");
    let ran = home.run(&["remote", "join", &shared.url("app"), "--dry-run"], "");
    assert!(ran.code == 0 && ran.shown.contains("has 1 record") && ran.shown.contains("nothing was changed"));
    assert!(!home.keys().join("joining").exists());
    let tried = shared.first.run(&["--json", "remote", "leave", "--dry-run"], "").json();
    assert_eq!(tried["dryRun"], true);
    assert_eq!(shared.first.run(&["--json", "remote", "status"], "").json()["state"], "current");
}

#[test]
fn a_store_whose_credentials_are_lost_can_still_leave() {
    let shared = Shared::pushed();
    std::fs::remove_file(credentials(&shared.first).unwrap()).unwrap();
    fails(&shared.first, &["remote", "status"], 6, "not in the key folder");
    let left = shared.first.run(&["--json", "remote", "leave", "--yes"], "").json();
    assert_eq!(left, json!({"records": 1, "complete": false, "serverKnows": false}));
    assert_eq!(object(&shared.first, "me.app"), shared.object);
}

#[test]
fn a_server_that_can_not_be_reached_is_7_and_status_still_shows_what_is_known() {
    let shared = Shared::pushed();
    edit_credentials(&shared.first, URL_WITHOUT_SERVER);
    let ran = shared.first.run(&["--json", "remote", "status"], "");
    assert_eq!(ran.code, 7, "{}", ran.said);
    let status: Value = serde_json::from_str(&ran.shown).unwrap();
    valid("remote-status", &status);
    assert_eq!((&status["url"], &status["position"]), (&json!(URL_WITHOUT_SERVER), &json!(1)));
    assert!(status["head"].is_null() && status["reason"].is_string());
    let failure: Value = serde_json::from_str(ran.said.lines().last().unwrap()).unwrap();
    valid("error", &failure);
    assert_eq!((&failure["kind"], &failure["exitCode"]), (&json!("storeUnreachable"), &json!(7)));
    fails(&shared.first, &["remote", "machines"], 7, "can't be reached");
    fails(&shared.first, &["remote", "leave", "--destroy", "--yes"], 7, "can't be reached");
    assert_eq!(shared.first.run(&["--json", "remote", "status"], "").code, 7, "it is shared still");
}

#[test]
fn a_join_that_was_interrupted_continues_with_the_same_code() {
    let shared = Shared::pushed();
    let home = Home::new();
    let code = Waiting::begin(&home, &shared.url("app"), &[]).kill();
    let again = Waiting::begin(&home, &shared.url("app"), &[]);
    assert_eq!(again.code, code);
    again.kill();
    let other = Waiting::begin(&home, &shared.url("app"), &["--machine", "other"]);
    assert_ne!(other.code, code);
    let code = other.kill();
    let approve = |code: &str| shared.first.run(&["remote", "approve", "--yes", code], "");
    assert_eq!(approve(&code).code, 0);
    // Approved while no process waits.
    let joined = home.run(&["--json", "remote", "join", &shared.url("app"), "--machine", "other"], "").json();
    assert_eq!(joined["machine"], "other");
    assert_eq!(object(&home, "me.app"), shared.object);
    let mut wrong = code.into_bytes();
    wrong.swap(20, 21);
    wrong[30] = if wrong[30] == b'a' { b'b' } else { b'a' };
    let refused = approve(std::str::from_utf8(&wrong).unwrap());
    assert!(refused.code == 2 && refused.said.contains("pv1"), "{}", refused.said);
}

#[test]
fn a_join_that_ended_after_it_had_made_the_store_is_finished() {
    let shared = Shared::pushed();
    let home = Home::new();
    let waiting = Waiting::begin(&home, &shared.url("app"), &["--machine", "m"]);
    let code = waiting.code.clone();
    let pending = std::fs::read(home.keys().join("joining")).unwrap();
    assert_eq!(shared.first.run(&["remote", "approve", "--yes", &code], "").code, 0);
    waiting.end();
    // As if it had been killed before its last step.
    plugin_vault::files::replace(&home.keys().join("joining"), &pending).unwrap();
    let again = home.run(&["--json", "remote", "join", &shared.url("app"), "--machine", "m"], "").json();
    assert!(again.get("quarantine").is_none() && again["records"] == 1, "{again}");
    assert!(!home.keys().join("joining").exists());
}

#[test]
fn a_store_that_is_there_goes_to_quarantine_and_not_without_a_word() {
    let shared = Shared::pushed();
    let home = Home::new();
    store(&home, "me.other");
    fails(&home, &["remote", "join", &shared.url("app")], 2, "quarantine");
    let waiting = Waiting::begin(&home, &shared.url("app"), &["--yes"]);
    let code = waiting.code.clone();
    assert!(object(&home, "me.other")["token"].is_string(), "it stays until the join is approved");
    assert_eq!(shared.first.run(&["remote", "approve", "--yes", &code], "").code, 0);
    let joined = waiting.end();
    assert!(PathBuf::from(joined["quarantine"].as_str().unwrap()).join("protectors").exists());
    assert_eq!(object(&home, "me.app"), shared.object);
    fails(&home, &["get", "me.other"], 4, "");
}

#[test]
fn what_was_left_for_another_code_is_not_taken() {
    let shared = Shared::pushed();
    let home = Home::new();
    let code = Waiting::begin(&home, &shared.url("app"), &[]).kill();
    assert_eq!(shared.first.run(&["remote", "approve", "--yes", &code], "").code, 0);
    let change = "update plugin_vault.devices set sealed_key = set_byte(sealed_key, 70, get_byte(sealed_key, 70) # 1) \
         where sealed_key is not null";
    shared.psql(change);
    fails(&home, &["remote", "join", &shared.url("app")], 6, "does not open with its code");
    assert!(!home.data().join("header").exists(), "nothing was made");
    shared.psql(change);
    assert_eq!(home.run(&["remote", "join", &shared.url("app")], "").code, 0);
    assert_eq!(object(&home, "me.app"), shared.object);
}

#[test]
fn with_the_passphrase_of_the_first_machine_the_second_one_has_no_key_file() {
    const PASSPHRASE: &str = "correct horse battery staple";
    let shared = Shared::pushed();
    let laptop = Home::new();
    let waiting = Waiting::begin(&laptop, &shared.url("app"), &[]);
    let code = waiting.code.clone();
    let approve = ["remote", "approve", "--with-passphrase", &code];
    fails(&shared.first, &[approve.as_slice(), &["--yes"]].concat(), 1, "exactly one passphrase");
    assert_eq!(shared.first.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    fails(&shared.first, &approve, 2, "a guess can then be tried");
    assert_eq!(shared.first.run(&[approve.as_slice(), &["--yes"]].concat(), "").code, 0);
    waiting.end();
    assert!(laptop.key_folders().iter().all(|folder| !folder.join("key").exists()));
    fails(&laptop, &["get", "me.app"], 5, "passphrase");
    let opened = laptop.run(&["get", "me.app", "--passphrase-fd", "0"], PASSPHRASE).json();
    assert_eq!(opened, shared.object);
}

#[test]
fn a_code_that_machines_of_two_stores_have_approved_joins_none() {
    let shared = Shared::pushed();
    let home = Home::new();
    let code = Waiting::begin(&home, &shared.url("app"), &[]).kill();
    assert_eq!(shared.first.run(&["remote", "approve", "--yes", &code], "").code, 0);
    let other = Home::new();
    store(&other, "me.other");
    assert_eq!(other.run(&["remote", "push", &shared.url("owner")], "").code, 0);
    assert_eq!(other.run(&["remote", "approve", "--yes", &code], "").code, 0);
    fails(&home, &["remote", "join", &shared.url("app")], 6, "several stores");
    assert!(!home.data().join("header").exists(), "nothing was made");
}

#[test]
fn the_password_of_the_login_comes_from_a_descriptor_or_from_where_postgresql_s_programs_look() {
    let shared = Shared::pushed();
    let password = std::str::from_utf8(PASSWORD).unwrap();
    let (home, url) = (Home::new(), shared.url("scram"));
    fails(&home, &["remote", "join", &url], 6, "PGPASSWORD");
    let ran = home.run(&["remote", "join", &url, "--password-fd", "0"], "a wrong one\n");
    assert!(ran.code == 6 && ran.said.contains("refused the login"), "{}", ran.said);
    // The roles of the tests are no owners, so the answer of the server shows that the login is done.
    let ran = home.run(&["remote", "setup", &url, "--password-fd", "0"], password);
    assert!(ran.code == 6 && ran.said.contains("may not do this"), "{}", ran.said);
    let setup = home.start().usual_log().arguments(["remote", "setup", &url]);
    let ran = setup.environment("PGPASSWORD", password).ran("");
    assert!(ran.code == 6 && ran.said.contains("may not do this"), "{}", ran.said);
}

#[test]
fn machines_are_listed_with_their_names_and_one_that_was_removed_is_refused() {
    let shared = Shared::pushed();
    let (laptop, _) = joined(&shared, &["--machine", "laptop"]);
    let machines = shared.first.run(&["--json", "remote", "machines"], "").json();
    valid("remote-machines", &machines);
    let facts = |at: usize| (&machines[at]["name"], &machines[at]["this"], &machines[at]["joined"]);
    assert_eq!(facts(0), (&json!(""), &json!(true), &json!(true)));
    assert_eq!(facts(1), (&json!("laptop"), &json!(false), &json!(true)));
    let table = laptop.run(&["remote", "machines"], "").shown;
    assert!(table.contains("(first)") && table.contains("this machine"), "{table}");
    fails(&shared.first, &["remote", "remove", "laptop"], 2, "keeps the copy");
    fails(&shared.first, &["remote", "remove", "phone", "--yes"], 4, "no such machine");
    let own = machines[0]["id"].as_str().unwrap();
    fails(&shared.first, &["remote", "remove", own, "--yes"], 2, "remote leave");
    let removed = shared.first.run(&["--json", "remote", "remove", "laptop", "--yes"], "").json();
    valid("remote-remove", &removed);
    fails(&laptop, &["remote", "status"], 6, "does not know this machine");
    assert_eq!(shared.first.run(&["--json", "remote", "machines"], "").json().as_array().unwrap().len(), 1);
}

#[test]
fn a_machine_that_was_removed_can_join_again_and_its_former_copy_still_opens() {
    let shared = Shared::pushed();
    let (laptop, _) = joined(&shared, &["--machine", "laptop"]);
    assert_eq!(shared.first.run(&["remote", "remove", "laptop", "--yes"], "").code, 0);
    let waiting = Waiting::begin(&laptop, &shared.url("app"), &["--machine", "laptop", "--yes"]);
    assert_eq!(shared.first.run(&["remote", "approve", "--yes", &waiting.code], "").code, 0);
    let again = waiting.end();
    assert_eq!(object(&laptop, "me.app"), shared.object);
    // The former copy has the same key file.
    let quarantine = PathBuf::from(again["quarantine"].as_str().unwrap());
    let former = quarantine.join("protectors").read_dir().unwrap().count();
    assert_eq!((former, laptop.key_folders().len()), (1, 1));
    std::fs::rename(laptop.data(), laptop.path("newer")).unwrap();
    crate::harness::copy(&laptop.path("newer").join("quarantine/0000"), &laptop.data());
    assert_eq!(object(&laptop, "me.app"), shared.object);
}

#[test]
fn a_role_that_may_create_stores_may_push() {
    let home = Home::new();
    store(&home, "me.app");
    let shared = Shared::set_up(home);
    fails(&shared.first, &["remote", "push", &shared.url("app")], 6, "let the owner grant it");
    assert!(credentials(&shared.first).is_none());
    shared.psql("grant execute on function plugin_vault.create to app");
    assert_eq!(shared.first.run(&["remote", "push", &shared.url("app")], "").code, 0);
    assert_eq!(shared.first.run(&["remote", "leave", "--destroy", "--yes"], "").code, 0);
    assert_eq!(shared.psql("select count(*) from plugin_vault.stores"), "0");
}

/// All rows of a store that its machines share, and its slots.
fn content(home: &Home) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    opened(home, |store| {
        let (snapshot, mut all) = (store.snapshot().unwrap(), Vec::new());
        for table in [Table::Keys, Table::Records, Table::Changes, Table::KeyIndex] {
            snapshot.scan(table, &[], |key, value| all.push((table, key.to_vec(), value.to_vec()))).unwrap();
        }
        let keys: Vec<Id> = all.iter().filter_map(|(_, key, _)| key.as_slice().try_into().ok()).collect();
        for key in keys {
            if let Slot::Wrapped(wrapped) = store.slot(&key).unwrap() {
                all.push((Table::Keys, key.to_vec(), wrapped));
            }
        }
        all
    })
}

#[test]
fn a_store_of_many_pages_arrives_whole_and_what_was_revoked_before_does_not() {
    let home = Home::new();
    let large = json!({"a": "x".repeat(900_000)}).to_string();
    for record in 0..11 {
        assert_eq!(home.run(&["set", &format!("me.app:{record}")], &large).code, 0);
    }
    store(&home, "me.revoked");
    let keys = home.run(&["--json", "key", "list"], "").json();
    let is_revoked = |key: &&Value| key["plugin"] == "me.revoked";
    let id = keys.as_array().unwrap().iter().find(is_revoked).unwrap()["keyId"].as_str().unwrap();
    assert_eq!(home.run(&["key", "revoke", "--yes", id], "").code, 0);
    // After a restore, the change notices up to a far higher revision are forgotten.
    let archive = home.path("archive");
    assert_eq!(home.run(&["backup", archive.to_str().unwrap()], "").code, 0);
    assert_eq!(home.run(&["restore", "--yes", archive.to_str().unwrap()], "").code, 0);
    store(&home, "me.app:last");
    let shared = Shared::set_up(home);
    assert_eq!(shared.first.run(&["remote", "push", &shared.url("owner")], "").code, 0);
    let turns: u64 = shared.psql("select turn from plugin_vault.stores").parse().unwrap();
    assert!(turns > 3, "{turns} commits");
    assert_eq!(shared.psql("select count(*) from plugin_vault.rows where tab = 7"), "1");
    let facts = |home: &Home| {
        opened(home, |store| {
            let snapshot = store.snapshot().unwrap();
            (
                snapshot.revision().unwrap(),
                snapshot.forgotten_changes().unwrap(),
                snapshot.keys_revision().unwrap(),
            )
        })
    };
    let before = facts(&shared.first);
    let (laptop, report) = joined(&shared, &[]);
    assert_eq!((facts(&laptop), &report["records"]), (before, &json!(12)));
    assert!(content(&laptop) == content(&shared.first), "the replicas differ");
    let checked = laptop.run(&["check", "--read-data"], "");
    assert_eq!(checked.code, 0, "{}", checked.said);
}

#[test]
fn a_join_that_is_killed_at_any_step_loses_nothing_and_goes_on() {
    /// The steps that are counted.
    const STEPS: u32 = 5;
    for step in 1..=STEPS + 1 {
        let shared = Shared::pushed();
        let home = Home::new();
        let own = store(&home, "me.own");
        let waiting = Waiting::begin(&home, &shared.url("app"), &["--yes"]);
        let code = waiting.kill();
        let report = home.run(&["--json", "doctor"], "").json();
        let found =
            report["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "server");
        let found = found.expect("doctor knows of the join");
        assert!(
            found["level"] == "warning" && found["command"].as_str().unwrap().contains("remote join"),
            "{found}"
        );
        assert_eq!(shared.first.run(&["remote", "approve", "--yes", &code], "").code, 0);
        let arguments = ["remote", "join", &shared.url("app"), "--yes"];
        let fault = format!("joining:kill:{step}");
        let mut killed = home.start().usual_log().arguments(arguments).fault(&fault).command();
        let ended = killed.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(ended.success(), step > STEPS, "step {step}");
        if step <= STEPS {
            let again = home.run(&arguments, "");
            assert_eq!(again.code, 0, "step {step}: {}", again.said);
        }
        assert_eq!(object(&home, "me.app"), shared.object, "step {step}");
        let state = home.run(&["--json", "remote", "status"], "").json();
        assert_eq!(state["state"], "current", "step {step}");
        assert!(!home.keys().join("joining").exists(), "step {step}");
        // The store that was here can be had back.
        let former = home.data().join("quarantine/0000");
        assert_eq!(home.data().join("quarantine").read_dir().unwrap().count(), 1, "step {step}");
        let other = home.path("former");
        crate::harness::copy(&former, &other);
        let words = ["get", "me.own", "--data-dir", other.to_str().unwrap()];
        let kept = home
            .start()
            .usual_log()
            .without_folders()
            .arguments(words)
            .argument("--key-dir")
            .argument(home.keys());
        assert_eq!(kept.ran("").json(), own, "step {step}");
    }
}
