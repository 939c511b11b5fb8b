//! Where things lie: flags, environment variables, the system's usual folders; and stores that are gone at the end.

use std::fs;

use serde_json::json;

use crate::harness::{Framing, Home, Ran, Server};

fn use_it(mut server: Server, home: &Home) {
    server.initialize(&[]);
    server.set_key(&home.key());
    server.ok("setPersistentData", json!(["user", home.object()]));
}

#[test]
fn environment_variables_name_the_folders() {
    let home = Home::new();
    let start = home.start().without_folders();
    let start = start.environment("PLUGIN_VAULT_DATA_DIR", home.data());
    use_it(start.environment("PLUGIN_VAULT_KEY_DIR", home.keys()).run(), &home);
    assert!(home.data().join("data.mdb").is_file() && home.key_file().is_file());
}

#[test]
fn flags_come_before_environment_variables() {
    let home = Home::new();
    let elsewhere = home.root().join("elsewhere");
    let start = home.start().environment("PLUGIN_VAULT_DATA_DIR", &elsewhere);
    use_it(start.environment("PLUGIN_VAULT_KEY_DIR", &elsewhere).run(), &home);
    assert!(home.data().join("data.mdb").is_file() && home.key_file().is_file());
    assert!(!elsewhere.exists());
}

#[test]
fn an_empty_environment_variable_says_nothing() {
    let home = Home::new();
    let start = home.start().environment("PLUGIN_VAULT_DATA_DIR", "").environment("PLUGIN_VAULT_KEY_DIR", "");
    use_it(start.run(), &home);
    assert!(home.data().join("data.mdb").is_file());
}

#[test]
fn relative_folders_are_those_of_the_current_directory() {
    let home = Home::new();
    let start = home.start().without_folders().arguments(["--data-dir", "data", "--key-dir", "./keys"]);
    let mut server = start.run();
    server.initialize(&[]);
    server.set_key(&home.key());
    let status = server.ok("vault/status", json!({}));
    assert_eq!(status["dataDir"].as_str(), home.data().to_str());
    assert!(home.data().join("data.mdb").is_file() && home.key_file().is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn the_usual_folders_are_those_of_the_system() {
    let home = Home::new();
    let start = home.start().without_folders().environment("HOME", home.root());
    let start = start.environment("XDG_DATA_HOME", home.root().join("xdg/data"));
    use_it(start.environment("XDG_STATE_HOME", home.root().join("xdg/state")).run(), &home);
    assert!(home.root().join("xdg/data/plugin-vault/data.mdb").is_file());
    assert_eq!(fs::read_dir(home.root().join("xdg/state/plugin-vault")).unwrap().count(), 1);

    let start = home.start().without_folders().environment("HOME", home.root());
    let start = start.environment("XDG_DATA_HOME", "");
    use_it(start.environment("XDG_STATE_HOME", "").run(), &home);
    assert!(home.root().join(".local/share/plugin-vault/data.mdb").is_file());
    assert_eq!(fs::read_dir(home.root().join(".local/state/plugin-vault")).unwrap().count(), 1);
}

#[test]
fn a_temporary_store_leaves_nothing_behind() {
    let home = Home::new();
    let temporary = home.root().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut start = home.start().without_folders().argument("--temporary");
    // Each system has its own name for it.
    for name in ["TMPDIR", "TMP", "TEMP"] {
        start = start.environment(name, &temporary);
    }
    let mut server = start.framing(Framing::Lines).run();
    server.set_key(&home.key());
    server.ok("setPersistentData", json!(["user", home.object()]));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1);
    assert_eq!(server.finish().code, Some(0));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

/// An editor starts the sidecar in a project, where a relative path would mean a folder of that project.
#[test]
fn a_variable_that_names_no_absolute_folder_is_refused() {
    for variable in ["PLUGIN_VAULT_DATA_DIR", "PLUGIN_VAULT_KEY_DIR"] {
        for folder in ["~/vault", "~", "vault", "./vault", "$HOME/vault", "${env:HOME}/vault"] {
            let home = Home::new();
            let start = home.start().usual_log().without_folders().environment("HOME", home.root());
            let Ran { code, said, .. } = start.environment(variable, folder).ran("");
            assert_eq!(code, 2, "{variable}={folder}: {said}");
            assert!(said.contains(variable) && said.contains("write an absolute path"), "{said}");
            assert_eq!(fs::read_dir(home.root()).unwrap().count(), 0, "{variable}={folder}");
        }
    }
}

#[test]
fn a_home_that_is_no_absolute_folder_is_refused() {
    let home = Home::new();
    let start = home.start().usual_log().without_folders().environment("HOME", "home");
    let start = start.environment("XDG_DATA_HOME", "").environment("XDG_STATE_HOME", "");
    let Ran { code, said, .. } = start.ran("");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("set HOME"), "{said}");
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 0);
}

#[test]
fn a_temporary_store_is_never_made_in_the_current_folder() {
    for temporary in ["", ".", "temporary"] {
        let home = Home::new();
        fs::create_dir(home.root().join("temporary")).unwrap();
        let start = home.start().without_folders().argument("--temporary").environment("TMPDIR", temporary);
        let mut server = start.framing(Framing::Lines).run();
        server.set_key(&home.key());
        server.ok("setPersistentData", json!(["user", home.object()]));
        let status = server.ok("vault/status", json!({}));
        assert!(!std::path::Path::new(status["dataDir"].as_str().unwrap()).starts_with(home.root()));
        assert_eq!(fs::read_dir(home.root().join("temporary")).unwrap().count(), 0);
    }
}

#[test]
fn two_temporary_stores_are_two_stores() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.start().without_folders().argument("--temporary").run();
    server.initialize(&[]);
    server.set_key(&key);
    server.ok("setPersistentData", json!(["user", home.object()]));
    let mut other = home.start().without_folders().argument("--temporary").run();
    other.initialize(&[]);
    assert_eq!(other.ok("setAPIKey", [key])["known"], false);
}
