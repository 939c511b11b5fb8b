//! The commands that take a store back, and those that choose between two histories.

use std::path::PathBuf;

use plugin_vault::remote::{self, Log as _};
use serde_json::json;

use crate::harness::Ran;
use crate::machines::{
    Shared, URL_WITHOUT_SERVER, credentials, edit_credentials, fails, joined, object, store, valid,
};
use crate::server::soon;

fn last_revision(ran: &Ran) -> u64 {
    ran.json()["revision"].as_u64().unwrap()
}

#[test]
fn a_store_that_left_is_an_ordinary_one_with_higher_numbers_even_where_the_server_is_gone() {
    let shared = Shared::pushed();
    let (laptop, _) = joined(&shared, &["--machine", "laptop"]);
    let before = last_revision(&laptop.run(&["--json", "get", "me.app"], ""));
    let left = laptop.run(&["--json", "remote", "leave", "--yes"], "").json();
    valid("remote-leave", &left);
    assert_eq!(left, json!({"records": 1, "complete": true, "serverKnows": true}));
    assert_eq!(shared.psql("select count(*) from plugin_vault.devices"), "1");
    assert!(credentials(&laptop).is_none());
    assert_eq!(laptop.run(&["set", "me.app"], "{\"b\":1}").code, 0);
    let after = last_revision(&laptop.run(&["--json", "get", "me.app"], ""));
    assert!(after > before + (1 << 32), "{before} {after}");
    fails(&laptop, &["remote", "leave", "--yes"], 4, "not shared");

    edit_credentials(&shared.first, URL_WITHOUT_SERVER);
    let left = shared.first.run(&["--json", "remote", "leave", "--yes"], "").json();
    assert_eq!(left, json!({"records": 1, "complete": false, "serverKnows": false}));
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    assert_eq!(shared.first.run(&["set", "me.app"], "{\"c\":1}").code, 0);
}

#[test]
fn leave_with_destroy_removes_the_store_from_the_server() {
    let shared = Shared::pushed();
    let (laptop, _) = joined(&shared, &[]);
    fails(&shared.first, &["remote", "leave", "--destroy"], 2, "all its machines");
    assert_eq!(shared.first.run(&["remote", "leave", "--destroy", "--yes"], "").code, 0);
    for table in ["stores", "devices", "rows", "commits"] {
        assert_eq!(shared.psql(&format!("select count(*) from plugin_vault.{table}")), "0", "{table}");
    }
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    fails(&laptop, &["remote", "status"], 6, "does not know this machine");
    // The replica of the other machine is not lost.
    assert_eq!(laptop.run(&["remote", "leave", "--yes"], "").code, 0);
    assert_eq!(object(&laptop, "me.app"), shared.object);
}

#[test]
fn a_user_chooses_between_a_server_that_went_back_and_what_the_machine_has() {
    for keeps_mine in [false, true] {
        let shared = Shared::pushed_to_its_own_server();
        fails(&shared.first, &["remote", "keep-mine", "--yes"], 1, "lost no commit");
        // A base backup, then a commit that the machine takes, then the backup instead of the server.
        let old = shared.server().copied(false);
        shared.remove_records();
        fails(&shared.first, &["get", "me.app"], 4, "");
        edit_credentials(
            &shared.first,
            &format!("postgres://app@127.0.0.1:{}/{}", old.port(), shared.database),
        );
        let status = shared.first.run(&["--json", "remote", "status"], "").json();
        assert_eq!(status["state"], "wentBack");
        let command = if keeps_mine { "keep-mine" } else { "keep-server" };
        fails(&shared.first, &["remote", command], 2, "gone from the store");
        let kept = shared.first.run(&["--json", "remote", command, "--yes"], "").json();
        valid("remote-keep", &kept);
        let status = shared.first.run(&["--json", "remote", "status"], "").json();
        assert_eq!(status["state"], "current", "{command}");
        let live = "select count(*) from plugin_vault.rows where tab = 3 and value is not null";
        let ran = shared.first.run(&["get", "me.app"], "");
        if keeps_mine {
            assert_eq!((ran.code, old.psql(&shared.database, live)), (4, "0".into()), "{}", ran.said);
            assert!(kept.get("quarantine").is_none());
        } else {
            assert_eq!(
                (object(&shared.first, "me.app"), old.psql(&shared.database, live)),
                (shared.object.clone(), "1".into())
            );
            assert!(PathBuf::from(kept["quarantine"].as_str().unwrap()).exists());
        }
        let head = shared.log_at(&old).head(0, &soon()).unwrap();
        assert!(head.revision > 1 << 32, "no number that a client remembers is assigned again");
        assert!(remote::take_whole(&mut shared.log_at(&old), &soon()).is_ok());
    }
}

#[test]
fn a_backup_is_not_restored_into_a_store_that_others_share() {
    let shared = Shared::pushed();
    let file = shared.first.path("backup.tar");
    let file = file.to_str().unwrap();
    assert_eq!(shared.first.run(&["backup", file], "").code, 0);
    fails(&shared.first, &["restore", "--yes", file], 1, "remote leave");
    assert_eq!(shared.first.run(&["remote", "leave", "--yes"], "").code, 0);
    assert_eq!(shared.first.run(&["restore", "--yes", file], "").code, 0);
    // The backup of a shared store is a store of this machine alone.
    assert_eq!(shared.first.run(&["--json", "remote", "status"], "").json()["shared"], false);
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    store(&shared.first, "me.app");
}

#[test]
fn with_fresh_a_command_fails_where_the_server_can_not_be_reached() {
    let shared = Shared::pushed();
    assert_eq!(shared.first.run(&["get", "--fresh", "me.app"], "").json(), shared.object);
    edit_credentials(&shared.first, URL_WITHOUT_SERVER);
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    fails(&shared.first, &["get", "--fresh", "me.app"], 7, "can't be reached");
    fails(&shared.first, &["list", "--fresh"], 7, "can't be reached");
    assert_eq!(shared.first.run(&["list"], "").code, 0);
    let status = shared.first.run(&["--json", "status"], "").json();
    valid("status", &status);
    assert!(status["remote"] == "offline" && status["remoteAsOf"].is_string(), "{status}");
    edit_credentials(&shared.first, &shared.url("app"));
    assert_eq!(shared.first.run(&["--json", "status"], "").json()["remote"], "current");
}

#[test]
fn a_machine_that_leaves_keeps_its_name_and_finds_the_records_of_its_folders() {
    let shared = Shared::pushed();
    let (laptop, _) = joined(&shared, &["--machine", "laptop"]);
    let folder = "--workspace=file:///home/me/project";
    let object = laptop.object();
    assert_eq!(laptop.run(&["set", folder, "me.app"], &object.to_string()).code, 0);
    assert_eq!(laptop.run(&["remote", "leave", "--yes"], "").code, 0);
    assert_eq!(laptop.run(&["get", folder, "me.app"], "").json(), object);
    // Also where it is shared again, and where the credentials are lost then.
    let database = shared.server().database();
    let url = format!("postgres://owner@127.0.0.1:{}/{database}", shared.server().port());
    assert_eq!(laptop.run(&["remote", "setup", &url], "").code, 0);
    assert_eq!(laptop.run(&["remote", "push", &url], "").code, 0);
    assert_eq!(laptop.run(&["--json", "remote", "status"], "").json()["machine"], "laptop");
    assert_eq!(laptop.run(&["get", folder, "me.app"], "").json(), object);
    std::fs::remove_file(credentials(&laptop).unwrap()).unwrap();
    assert_eq!(laptop.run(&["get", folder, "me.app"], "").json(), object);
    assert_eq!(laptop.run(&["remote", "leave", "--yes"], "").code, 0);
    assert_eq!(laptop.run(&["get", folder, "me.app"], "").json(), object);
}

#[test]
fn doctor_says_what_keeps_a_shared_store_from_being_written() {
    let shared = Shared::pushed_to_its_own_server();
    let finding = || {
        let ran = shared.first.run(&["--json", "doctor", "--only", "server"], "");
        let report: serde_json::Value = serde_json::from_str(&ran.shown).unwrap();
        valid("doctor", &report);
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{report}");
        (findings[0]["level"].as_str().unwrap().to_owned(), findings[0]["text"].as_str().unwrap().to_owned())
    };
    let (level, text) = finding();
    assert!(level == "ok" && text.contains(&shared.url("app")), "{level}: {text}");
    let before = shared.server().copied(false);
    store(&shared.first, "me.app");
    edit_credentials(
        &shared.first,
        &format!("postgres://app@127.0.0.1:{}/{}", before.port(), shared.database),
    );
    let (level, text) = finding();
    assert!(level == "failed" && text.contains("keep-server"), "{level}: {text}");
    edit_credentials(&shared.first, URL_WITHOUT_SERVER);
    let (level, text) = finding();
    assert!(level == "warning" && text.contains("can't be reached"), "{level}: {text}");
    std::fs::remove_file(credentials(&shared.first).unwrap()).unwrap();
    let (level, text) = finding();
    assert!(level == "failed" && text.contains("credentials"), "{level}: {text}");
}
