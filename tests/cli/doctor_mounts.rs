//! Sick installations on file systems of a test's own. `tests/run` gives them a mount namespace.

use std::fs;

use crate::harness::mount::Mount;
use crate::sick::Sick;

#[test]
fn a_disk_with_little_space_and_old_data_in_quarantine() {
    let sick = Sick::empty();
    fs::create_dir_all(sick.data().parent().unwrap()).unwrap();
    let _disk = Mount::memory(&sick.data(), 70 << 20);
    sick.write(1);
    assert_eq!(sick.run("plugin-vault reset --yes").code, 0);
    sick.write(1);
    fs::write(sick.data().join("quarantine/0000/filling"), vec![1; 20 << 20]).unwrap();
    let command = sick.is_cured("file-system", "warning", "are free, and writes may soon fail", true);
    assert_eq!(command, "plugin-vault quarantine purge");
    assert!(sick.has_record());
}

/// Data and keys are on it.
#[test]
fn a_home_that_is_mounted_read_only() {
    let sick = Sick::empty();
    let disk = Mount::memory(&sick.user(".local"), 200 << 20);
    sick.write(1);
    disk.again("ro");
    for script in ["get me.plugin", "list", "status", "set me.plugin </dev/null", "key list"] {
        let ran = sick.run(&format!("plugin-vault {script}"));
        assert_eq!(ran.code, 6, "{script}: {}", ran.said);
        assert!(
            ran.said.contains("mounted read-only") && ran.said.contains("Mount it for writing"),
            "{}",
            ran.said
        );
        assert!(ran.shown.is_empty() || script == "status", "{}", ran.shown);
    }
    let sudo = sick.home.program_that("sudo", "exec \"$@\"");
    fs::rename(sudo, sick.home.path("bin/sudo")).unwrap();
    sick.is_cured("folders", "failed", "read-only", false);
    assert!(sick.has_record());
}

#[test]
fn a_disk_with_little_space_where_nothing_of_ours_can_go() {
    let sick = Sick::empty();
    fs::create_dir_all(sick.data().parent().unwrap()).unwrap();
    let _disk = Mount::memory(&sick.data(), 20 << 20);
    sick.write(1);
    let (findings, code) = sick.doctor();
    let found = findings.iter().find(|one| one.text.contains("writes may soon fail")).expect("it is found");
    assert_eq!((found.check.as_str(), found.level.as_str(), code), ("file-system", "warning", 0));
    assert_eq!(found.command, None);
}

#[test]
fn a_folder_of_a_network_file_system() {
    let mut sick = Sick::empty();
    let _mount = Mount::by_program(&sick.user("net"), &sick.user("real"));
    sick.set("PLUGIN_VAULT_DATA_DIR", sick.user("net/vault"));
    sick.write_by("plugin-vault --allow-network-file-system", 1);
    let command = sick.is_cured("file-system", "failed", "on a network or user-space file system", false);
    assert!(command.ends_with("&& unset PLUGIN_VAULT_DATA_DIR"), "{command}");
    assert!(sick.data().join("data.mdb").is_file());
}

#[test]
fn a_data_folder_that_is_a_network_file_system_of_its_own() {
    let mut sick = Sick::empty();
    let _mount = Mount::by_program(&sick.user("net"), &sick.user("real"));
    sick.set("PLUGIN_VAULT_DATA_DIR", sick.user("net"));
    sick.write_by("plugin-vault --allow-network-file-system", 1);
    sick.is_cured("file-system", "failed", "on a network or user-space file system", false);
    assert!(sick.data().join("data.mdb").is_file());
}

#[test]
fn a_data_folder_in_the_layer_of_a_container() {
    let sick = Sick::empty();
    let layers = sick.home.path("layers");
    fs::create_dir(&layers).unwrap();
    let _disk = Mount::memory(&layers.join("disk"), 200 << 20);
    let _layer = Mount::layered(&sick.user(".local"), &layers.join("disk"));
    sick.write(1);
    let (findings, code) = sick.doctor();
    let found =
        findings.iter().find(|one| one.text.contains("writable layer of a container")).expect("found");
    assert_eq!((found.check.as_str(), found.level.as_str(), code), ("file-system", "warning", 0));
    assert!(found.text.ends_with("mount a volume there"), "{found:?}");
    // With a volume there, it is well.
    let elsewhere = Sick::empty();
    fs::create_dir_all(elsewhere.data().parent().unwrap()).unwrap();
    let _volume = Mount::memory(&elsewhere.data(), 200 << 20);
    elsewhere.write(1);
    let (findings, _) = elsewhere.doctor();
    assert!(findings.iter().any(|one| one.check == "file-system" && one.level == "ok"), "{findings:#?}");
}
