//! Sick installations: `doctor` names what is wrong, and the command that it shows cures it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::home::PASSPHRASE;
use crate::sick::Sick;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Overwrites a part of a file in its place.
fn harm(path: &Path, from: u64, length: usize) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&vec![0xa5; length], from).unwrap();
}

fn harm_all(path: &Path) {
    harm_from(path, 0);
}

fn harm_from(path: &Path, from: u64) {
    let length = fs::metadata(path).unwrap().len();
    harm(path, from, usize::try_from(length - from).unwrap());
}

/// Harms all pages of the tables behind the two that LMDB reads first.
fn harm_pages(sick: &Sick) {
    harm_from(&sick.data().join("data.mdb"), 2 * 4_096);
}

fn age(sick: &Sick, path: &Path, days: u32) {
    let ran = sick.run(&format!("touch -d '{days} days ago' '{}'", path.display()));
    assert_eq!(ran.code, 0, "{}", ran.said);
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_healthy_installation_has_no_failure_and_is_not_changed() {
    let sick = Sick::filled();
    let (findings, code) = sick.doctor();
    let bad: Vec<_> = findings.iter().filter(|one| !matches!(&*one.level, "ok")).collect();
    // A single protector is worth a word.
    assert!(
        code == 0 && bad.iter().all(|one| one.text.contains("alone opens") || one.check == "file-system"),
        "{bad:#?}"
    );
    for check in [
        "program",
        "folders",
        "store",
        "processes",
        "backups",
        "quarantine",
        "protectors",
        "records",
        "keys",
        "clock",
    ] {
        assert!(
            findings.iter().any(|one| one.check == check && one.level == "ok") || check == "protectors",
            "{check}"
        );
    }
    assert!(sick.has_record());
}

#[test]
fn without_a_store_nothing_is_made() {
    let sick = Sick::empty();
    let (findings, code) = sick.doctor();
    assert_eq!(code, 0, "{findings:#?}");
    assert!(findings.iter().any(|one| one.text.contains("there is no store yet")));
    assert!(!sick.data().exists() && !sick.keys().exists());
}

#[test]
fn a_data_folder_that_others_may_read() {
    let sick = Sick::filled();
    mode(&sick.data(), 0o755);
    sick.is_cured("folders", "failed", "other users may read or write the store", false);
    assert!(sick.has_record());
}

#[test]
fn a_data_file_that_others_may_read() {
    let sick = Sick::filled();
    mode(&sick.data().join("data.mdb"), 0o644);
    sick.is_cured("folders", "failed", "other users may read or write the store", false);
}

#[test]
fn a_key_file_that_others_may_read() {
    let sick = Sick::filled();
    mode(&sick.key_file(), 0o644);
    let command = sick.is_cured("folders", "failed", "a file of the store's key", false);
    assert!(command.starts_with("chmod 600 ~/"), "{command}");
    assert!(sick.has_record());
}

#[test]
fn a_folder_of_keys_that_others_may_write_to() {
    let sick = Sick::filled();
    for folder in [sick.key_file().parent().unwrap(), &sick.keys()] {
        mode(folder, 0o777);
        sick.is_cured("folders", "failed", "another file in the place of the store's key", false);
    }
}

#[test]
fn a_link_in_the_place_of_the_data_file() {
    let sick = Sick::filled();
    let (data, elsewhere) = (sick.data().join("data.mdb"), sick.user("elsewhere"));
    fs::rename(&data, &elsewhere).unwrap();
    symlink(&elsewhere, &data).unwrap();
    sick.is_cured("folders", "failed", "is a link", false);
    assert!(!data.is_symlink() && sick.has_record());
}

#[test]
fn a_link_in_the_place_of_a_folder() {
    let sick = Sick::filled();
    let (slots, elsewhere) = (sick.data().join("slots"), sick.user("elsewhere"));
    fs::rename(&slots, &elsewhere).unwrap();
    symlink(&elsewhere, &slots).unwrap();
    sick.is_cured("folders", "failed", "is a link", false);
    assert!(!slots.is_symlink() && sick.has_record());
}

#[test]
fn a_data_file_with_a_second_name() {
    let sick = Sick::filled();
    fs::hard_link(sick.data().join("data.mdb"), sick.user("copy")).unwrap();
    sick.is_cured("folders", "failed", "has a second name", false);
    assert!(sick.has_record());
}

#[test]
fn a_fifo_in_the_place_of_a_file() {
    let sick = Sick::filled();
    let writer = sick.data().join("writer");
    fs::remove_file(&writer).unwrap();
    sick.run(&format!("mkfifo '{}'", writer.display()));
    sick.is_cured("folders", "failed", "is a FIFO", false);
    assert!(sick.has_record());
}

#[test]
fn a_file_in_the_place_of_a_folder() {
    let sick = Sick::filled();
    let folder = sick.data().join("quarantine");
    let _ = fs::remove_dir_all(&folder);
    fs::write(&folder, "notes").unwrap();
    sick.is_cured("folders", "failed", "is a file where a folder belongs", false);
    assert!(sick.has_record());
}

#[test]
fn a_key_folder_inside_the_data_folder() {
    let mut sick = Sick::empty();
    sick.set("PLUGIN_VAULT_KEY_DIR", sick.data().join("keys"));
    sick.write(1);
    let command = sick.is_cured("folders", "failed", "the key folder is inside the data folder", false);
    assert!(command.ends_with("&& unset PLUGIN_VAULT_KEY_DIR"), "{command}");
    assert!(sick.key_file().is_file());
}

#[test]
fn a_key_folder_that_is_a_link_into_the_data_folder() {
    let sick = Sick::filled();
    fs::rename(sick.keys(), sick.data().join("keys")).unwrap();
    symlink(sick.data().join("keys"), sick.keys()).unwrap();
    sick.is_cured("folders", "failed", "the key folder is inside the data folder", false);
    assert!(!sick.keys().is_symlink() && sick.has_record());
}

#[test]
fn a_store_in_a_synchronised_folder() {
    let mut sick = Sick::empty();
    sick.set("PLUGIN_VAULT_DATA_DIR", sick.user("Dropbox/My Apps/vault"));
    sick.write(1);
    let command = sick.is_cured("folders", "failed", "Dropbox synchronises", false);
    assert!(command.ends_with("&& unset PLUGIN_VAULT_DATA_DIR"), "{command}");
    assert!(sick.data().join("data.mdb").is_file());
}

/// Only the superuser can give a folder to another user. The superuser is not told to take it over, since its owner
/// could not use it any more.
#[test]
fn a_folder_of_another_user() {
    for place in [Sick::data, Sick::keys] {
        let sick = Sick::filled();
        let chown = |user| std::os::unix::fs::chown(place(&sick), Some(user), None);
        if chown(12_345).is_err() {
            return;
        }
        let (findings, code) = sick.doctor();
        let found =
            findings.iter().find(|one| one.text.contains("belongs to user 12345")).expect("it is found");
        assert_eq!((found.check.as_str(), found.level.as_str(), code), ("folders", "failed", 1));
        assert_eq!(found.command, None);
        chown(0).unwrap();
        assert!(sick.doctor().1 == 0 && sick.has_record());
    }
}

#[test]
fn a_damaged_page_where_there_is_a_backup() {
    let sick = Sick::filled();
    harm_pages(&sick);
    let command = sick.is_cured("store", "failed", "the store is damaged; opening it repairs it", false);
    assert_eq!(command, "plugin-vault check");
    assert!(sick.has_record());
}

#[test]
fn tables_that_are_gone_where_there_is_a_backup() {
    let sick = Sick::filled();
    fs::remove_file(sick.data().join("data.mdb")).unwrap();
    sick.is_cured("store", "failed", "opening it repairs it", false);
    assert!(sick.has_record());
}

#[test]
fn a_header_that_is_gone() {
    let sick = Sick::filled();
    fs::remove_file(sick.data().join("header")).unwrap();
    sick.is_cured("store", "failed", "opening it repairs it", false);
    assert!(sick.has_record());
}

#[test]
fn a_store_that_nothing_repairs() {
    let sick = Sick::empty();
    sick.write(1);
    harm_all(&sick.data().join("data.mdb"));
    let command = sick.is_cured("store", "failed", "nothing can repair it", true);
    assert_eq!(command, "plugin-vault reset");
}

#[test]
fn a_store_without_a_whole_protector_file() {
    let sick = Sick::filled();
    harm_all(&sick.protector_file());
    sick.is_cured("store", "failed", "no protector file of the store is whole", true);
}

#[test]
fn a_reset_that_was_cut_off() {
    let sick = Sick::filled();
    fs::remove_dir_all(sick.data().join("protectors")).unwrap();
    sick.is_cured("store", "failed", "no protector file", true);
}

#[test]
fn one_damaged_copy_in_a_protector_file() {
    let sick = Sick::filled();
    harm(&sick.protector_file(), 100, 10);
    sick.is_cured("protectors", "warning", "one of the two copies in a protector file", false);
    assert!(sick.has_record());
}

#[test]
fn a_key_file_that_is_gone_where_nothing_else_opens_the_store() {
    let sick = Sick::filled();
    fs::remove_file(sick.key_file()).unwrap();
    let command = sick.is_cured("protectors", "failed", "its file is missing", true);
    assert_eq!(command, "plugin-vault reset");
}

/// Adds a program that gives the passphrase, and returns its path.
fn with_a_program(sick: &Sick) -> String {
    let program = sick.home.program("say", PASSPHRASE);
    let added = sick.run(&format!("plugin-vault protector add command --label 'my program' -- '{program}'"));
    assert_eq!(added.code, 0, "{}", added.said);
    program
}

#[test]
fn a_key_file_that_is_gone_where_a_program_opens_the_store() {
    let sick = Sick::filled();
    with_a_program(&sick);
    fs::remove_file(sick.key_file()).unwrap();
    let command = sick.is_cured("protectors", "warning", "key-file does not open the store", true);
    assert_eq!(command, "plugin-vault protector remove key-file");
    assert!(sick.has_record());
}

#[test]
fn a_program_that_is_gone_where_a_key_file_opens_the_store() {
    let sick = Sick::filled();
    fs::remove_file(with_a_program(&sick)).unwrap();
    let command = sick.is_cured("protectors", "warning", "command does not open the store", true);
    assert_eq!(command, "plugin-vault protector remove command");
    assert!(sick.has_record());
}

#[test]
fn a_program_that_asks_for_the_passphrase_and_is_gone() {
    let mut sick = Sick::filled();
    let added = sick.home.finish(sick.shell("plugin-vault protector add passphrase"), PASSPHRASE);
    assert_eq!(added.code, 0, "{}", added.said);
    sick.set("PLUGIN_VAULT_ASKPASS", sick.user("gone"));
    sick.is_cured("protectors", "failed", "PLUGIN_VAULT_ASKPASS", false);
}

#[test]
fn processes_that_ended_without_closing_the_store() {
    let sick = Sick::filled();
    let live = sick.data().join("live");
    for id in ["11", "22"] {
        fs::write(live.join(id.repeat(16)), "").unwrap();
    }
    sick.is_cured("processes", "warning", "2 processes ended without closing the store", false);
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_sidecar() {
    use crate::client::Client;
    use rustix::process::{Signal, kill_process};
    use serde_json::json;

    let sick = Sick::filled();
    let mut client = Client::start(&sick.home, sick.shell("exec plugin-vault"));
    assert!(client.call("vault/status", &json!({}))["result"].is_object());
    kill_process(client.pid(), Signal::STOP).unwrap();
    let wait = format!("until grep -q ') T' /proc/{}/stat; do :; done", client.pid().as_raw_nonzero());
    sick.run(&wait);
    let command = sick.is_cured("processes", "warning", "is stopped", false);
    assert!(command.starts_with("kill -CONT "), "{command}");
    assert!(client.call("vault/status", &json!({}))["result"].is_object());
}

#[test]
fn a_sidecar_of_another_version() {
    let sick = Sick::filled();
    let name = "33".repeat(16);
    let live = sick.data().join("live");
    fs::write(live.join(&name), "").unwrap();
    mode(&live.join(&name), 0o600);
    // Without its children holding the lock too.
    let mut command = sick.shell(&format!("exec flock --no-fork '{}' sleep 600", live.join(&name).display()));
    let other = Running(command.stdin(Stdio::null()).spawn().unwrap());
    fs::write(live.join(format!("{name}.txt")), format!("plugin-vault 0.0.1 {}\n", other.0.id())).unwrap();
    sick.run(&format!("while flock -n '{}' true; do :; done", live.join(&name).display()));
    let command = sick.is_cured("processes", "warning", "of version 0.0.1", false);
    assert_eq!(command, format!("kill {}", other.0.id()));
}

#[test]
fn an_old_backup() {
    let sick = Sick::filled();
    let backup = Sick::only(&sick.data().join("backups"));
    age(&sick, &backup, 8);
    sick.write(2);
    sick.is_cured("backups", "warning", "of 8 days ago, and the store has changed since", false);
    assert_eq!(fs::read_dir(sick.data().join("backups")).unwrap().count(), 2);
}

#[test]
fn a_damaged_backup() {
    let sick = Sick::filled();
    harm_all(&Sick::only(&sick.data().join("backups")));
    sick.is_cured("backups", "failed", "can't be used", false);
    assert!(sick.has_record());
}

#[test]
fn old_data_in_quarantine() {
    let sick = Sick::filled();
    assert_eq!(sick.run("plugin-vault reset --yes").code, 0);
    sick.write(1);
    age(&sick, &sick.data().join("quarantine/0000"), 40);
    let command = sick.is_cured("quarantine", "warning", "older than 30 days", true);
    assert_eq!(command, "plugin-vault quarantine purge 0000");
    assert!(sick.has_record() && !sick.data().join("quarantine/0000").exists());
}

#[test]
fn a_key_that_expires_soon() {
    let sick = Sick::filled();
    let issued = sick.run(
        "plugin-vault key issue me.plugin --installation test --expires-at \
         \"$(date -u -d '+3 days' +%Y-%m-%dT%H:%M:%SZ)\"",
    );
    assert_eq!(issued.code, 0, "{}", issued.said);
    let command = sick.is_cured("keys", "warning", "a key expires in 2 days", false);
    assert!(command.starts_with("plugin-vault key extend "), "{command}");
}

#[test]
fn fix_puts_right_what_can_lose_no_data() {
    let sick = Sick::filled();
    mode(&sick.key_file(), 0o644);
    let fixed = sick.run("plugin-vault doctor --fix --only folders");
    assert!(fixed.code == 0 && fixed.shown.contains("(put right now)"), "{} {}", fixed.shown, fixed.said);
    harm_pages(&sick);
    let fixed = sick.run("plugin-vault doctor --fix --only store");
    assert_eq!(fixed.code, 0, "{}", fixed.shown);
    assert_eq!(sick.doctor().1, 0);
    // A store that only a reset helps stays as it is.
    fs::remove_file(sick.key_file()).unwrap();
    assert_eq!(sick.run("plugin-vault doctor --fix").code, 1);
    assert!(sick.data().join("data.mdb").exists());
}

#[test]
fn colour_is_for_terminals_and_can_be_refused() {
    let sick = Sick::filled();
    let mut plain = sick.run("plugin-vault doctor").shown;
    assert!(plain.contains("✓ store") && !plain.contains('\u{1b}'), "{plain}");
    for (script, is_coloured) in [
        ("plugin-vault doctor", true),
        ("NO_COLOR=1 plugin-vault doctor", false),
        ("TERM=dumb plugin-vault doctor", false),
    ] {
        plain = crate::screen::of(sick.shell(script), 200);
        assert_eq!(plain.contains("\u{1b}[32m✓"), is_coloured, "{script}: {plain}");
        assert!(plain.contains('✓'), "{plain}");
    }
}
