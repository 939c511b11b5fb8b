//! Files and folders that belong to another user, or whose mode keeps their own user out: the log names the path, the owner
//! and the command that repairs it; and nothing is made in another user's home.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use rustix::process::geteuid;
use serde_json::{Value, json};

use super::server;
use crate::harness::{Home, Ran, Server};

/// A user with no rights, whom nothing belongs to.
const ANOTHER_USER: u32 = 65_534;
/// Drops every right but those of a user and a group of this number.
const AS_ANOTHER_USER: [&str; 5] =
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"];

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), user);
        }
    }
}

fn refused_with(mut server: Server, key: &str, reason: &str) -> String {
    let refused = server.refused("setAPIKey", [key]);
    assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!(reason)));
    let _ = server.call("vault/status", Value::Null);
    server.shut_down().stderr
}

#[test]
fn a_key_file_or_its_folder_that_is_another_users_is_refused() {
    if !geteuid().is_root() {
        // Only the super-user can give a file away; `files` has the same for others.
        return;
    }
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", object]));
    drop(script);
    let file = home.key_file();
    let folder = file.parent().unwrap().to_owned();
    for (path, mode, usual) in [(&file, 0o666, 0o600), (&file, 0o600, 0o600), (&folder, 0o700, 0o700)] {
        chown(path, Some(ANOTHER_USER), None).unwrap();
        set_mode(path, mode);
        let stderr = refused_with(server(&home), &key, "owner");
        assert!(stderr.contains(&format!("'{}' belongs to user {ANOTHER_USER}", path.display())), "{stderr}");
        chown(path, Some(0), None).unwrap();
        set_mode(path, usual);
    }
    let mut script = home.script_with(&key);
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_key_in_a_folder_that_others_can_write_to_is_refused() {
    let home = Home::new();
    let key = home.key();
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", {}]));
    drop(script);
    let folder = home.key_file().parent().unwrap().to_owned();
    for mode in [0o720, 0o702, 0o777] {
        set_mode(&folder, mode);
        let stderr = refused_with(server(&home), &key, "permissions");
        assert!(stderr.contains(&format!("chmod go-w '{}'", folder.display())), "{mode:o}: {stderr}");
    }
    // In a folder like /tmp no user can remove the files of another one. A folder that others can list shows them a name.
    for mode in [0o1777, 0o755, 0o700] {
        set_mode(&folder, mode);
        let _script = home.script_with(&key);
    }
}

#[test]
fn a_first_start_as_the_super_user_makes_nothing_in_another_users_home() {
    if !geteuid().is_root() {
        return;
    }
    for (data, keys) in [("his/.local/share/vault", "keys"), ("data", "his/.config/keys")] {
        let home = Home::new();
        let key = home.key();
        let his = home.root().join("his");
        fs::create_dir(&his).unwrap();
        set_mode(&his, 0o755);
        chown(&his, Some(ANOTHER_USER), None).unwrap();
        let (data, keys) = (home.root().join(data), home.root().join(keys));
        let mut server = home
            .start()
            .usual_log()
            .without_folders()
            .arguments(["--data-dir".as_ref(), data.as_os_str(), "--key-dir".as_ref(), keys.as_os_str()])
            .run();
        server.initialize(&[]);
        let stderr = refused_with(server, &key, "owner");
        assert!(
            stderr.contains("without sudo") && stderr.contains(&format!("'{}'", his.display())),
            "{stderr}"
        );
        assert_eq!(fs::read_dir(&his).unwrap().count(), 0, "something was made in another user's home");
        assert!(!data.exists() && !keys.exists());
    }
}

#[test]
fn a_home_that_is_not_ours_is_told_with_what_to_do() {
    let home = Home::new();
    let key = home.key();
    let mut start = home.start().usual_log().without_folders().environment("HOME", "/");
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        start = start.environment(name, "");
    }
    let binary_is_open = !Path::new(crate::harness::BINARY).starts_with("/root");
    if geteuid().is_root() {
        assert!(binary_is_open, "the program has to be where another user can run it");
        set_mode(home.root(), 0o755);
        start = start.under(AS_ANOTHER_USER);
    }
    let mut server = start.run();
    server.initialize(&[]);
    let stderr = refused_with(server, &key, "owner");
    assert!(stderr.contains("'/' belongs to user 0 (root)"), "{stderr}");
    assert!(stderr.contains("--data-dir") && !stderr.contains("chown"), "{stderr}");
}

/// As in a container that runs with a number for a user.
#[test]
fn a_user_without_a_name_and_a_home_uses_the_folders_that_are_named() {
    const NUMBER: u32 = 54_321;
    let home = Home::new();
    let own = home.path("own");
    fs::create_dir(&own).unwrap();
    set_mode(&own, 0o700);
    let mut words: Vec<String> = ["env", "-u", "HOME"].map(str::to_owned).to_vec();
    if geteuid().is_root() {
        set_mode(home.root(), 0o755);
        give(&own, NUMBER);
        words.extend(["setpriv".to_owned(), format!("--reuid={NUMBER}"), format!("--regid={NUMBER}")]);
        words.push("--clear-groups".to_owned());
    }
    let start = || home.start().usual_log().without_folders().under(words.iter());
    let named = start().environment("PLUGIN_VAULT_DATA_DIR", own.join("data"));
    let mut server = named.environment("PLUGIN_VAULT_KEY_DIR", own.join("keys")).run();
    server.initialize(&[]);
    server.set_key(&home.key());
    server.ok("setPersistentData", json!(["user", home.object()]));
    drop(server);
    assert!(own.join("data/data.mdb").is_file());
    if geteuid().is_root() {
        let mut start = start();
        for name in ["XDG_DATA_HOME", "XDG_STATE_HOME"] {
            start = start.environment(name, "");
        }
        let Ran { code, said, .. } = start.ran("");
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("set HOME, or name a folder with --data-dir"), "{said}");
        // The canaries are searched for by the test's own user.
        give(&own, 0);
    }
}

#[test]
fn a_file_of_the_super_users_in_ones_own_store_is_told_with_the_command_that_repairs_it() {
    if !geteuid().is_root() {
        return;
    }
    let home = Home::new();
    let key = home.key();
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", {}]));
    drop(script);
    set_mode(home.root(), 0o755);
    let start = || {
        give(&home.root().join("data"), ANOTHER_USER);
        give(&home.root().join("keys"), ANOTHER_USER);
    };
    for name in ["write.lock", "open.lock", "data.mdb", "lock.mdb", "slots", "live", ""] {
        start();
        let path = if name.is_empty() { home.data() } else { home.data().join(name) };
        chown(&path, Some(0), Some(0)).unwrap();
        let mut server = home.start().usual_log().under(AS_ANOTHER_USER).run();
        server.initialize(&[]);
        let stderr = refused_with(server, &key, "owner");
        assert!(
            stderr.contains(&format!("'{}' belongs to user 0 (root)", path.display())),
            "{name}: {stderr}"
        );
        let repair = format!("sudo chown -R {ANOTHER_USER} '{}'", home.data().display());
        assert!(stderr.contains(&repair), "{name}: {stderr}");
        give(&home.root().join("data"), 0);
        give(&home.root().join("keys"), 0);
    }
}

#[test]
fn an_odd_umask_changes_no_mode_of_what_is_made() {
    let home = Home::new();
    let key = home.key();
    for umask in ["0777", "0277", "0000"] {
        let home_of = home.root().join(umask);
        fs::create_dir(&home_of).unwrap();
        let words = ["sh", "-c", "umask $0 && exec \"$@\"", umask];
        let without: &[&str] = if geteuid().is_root() {
            &["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        } else {
            &[]
        };
        let mut server = home
            .start()
            .usual_log()
            .without_folders()
            .in_folder(&home_of)
            .under(without.iter().chain(&words))
            .arguments(["--data-dir", "data", "--key-dir", "keys"])
            .run();
        server.initialize(&[]);
        server.set_key(&key);
        server.ok("setPersistentData", json!(["user", {}]));
        drop(server);
        for (path, mode) in
            [("data", 0o700), ("data/slots", 0o700), ("data/data.mdb", 0o600), ("keys", 0o700)]
        {
            let found = fs::metadata(home_of.join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{umask} {path}");
        }
    }
}
