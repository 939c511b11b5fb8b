//! What a process gives away to a reader of its log, or to a process that looks into its memory.

#[cfg(unix)]
use std::fs::{self, Permissions};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

#[cfg(unix)]
use serde_json::{Value, json};

#[cfg(unix)]
use crate::harness::Home;

/// Everything that a client can say a word in, as it should be and as it should not be. The words are canaries: the home
/// is searched for them when the test ends, and the log is one of level `trace`.
#[cfg(unix)]
#[test]
fn no_log_line_has_a_word_of_the_callers_at_any_level() {
    let home = Home::new();
    let (key, folder, word) = (home.key(), home.folder(), home.word());
    home.client().set_key(&key);
    let kept = home.client().ok("issueAPIKey", json!({"plugin": word, "installation": home.word()}));
    let slot = home.data().join("slots").join(kept["keyId"].as_str().unwrap());
    fs::write(slot, "damaged").unwrap();
    let mut client = home.client_in(&[&folder]);
    // What is logged first of all is what goes wrong.
    let set = json!({"apiKey": key, "mustExist": true});
    fs::set_permissions(home.data(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(client.code("setAPIKey", set.clone()), 5005);
    fs::set_permissions(home.data(), Permissions::from_mode(0o700)).unwrap();
    let (file, aside) = (home.key_file(), home.root().join("aside"));
    fs::rename(&file, &aside).unwrap();
    assert_eq!(client.code("setAPIKey", set), 4001);
    fs::rename(&aside, &file).unwrap();
    assert_eq!(client.code("setAPIKey", [kept["apiKey"].as_str().unwrap()]), 4002);
    client.ok("issueAPIKey", json!({"plugin": word, "installation": word, "label": word}));
    let handle = client.set_key(&key);
    client.ok("setPersistentData", json!(["workspace", home.object()]));
    let shared = client.ok("shareAPIKey", json!({"label": word, "scope": {"workspaceFolders": [folder]}}));
    for (method, params) in [
        ("setPersistentData", json!({"context": "user", "name": word, "data": home.object()})),
        (
            "setPersistentData",
            json!({"context": "user", "name": word, "data": home.object(), "ifRevision": 1}),
        ),
        ("setPersistentData", json!({"context": "user", "name": word.repeat(40), "data": {}})),
        ("setPersistentData", json!({"context": "user", "data": word})),
        ("setPersistentData", json!({"context": word, "data": {}})),
        ("setPersistentData", json!({"context": "user", "data": {}, word.as_str(): word})),
        ("setPersistentData", json!({"context": "user", "data": {}, "expiresAt": word})),
        ("setPersistentData", json!({"context": "workspace", "workspaceFolder": word, "data": {}})),
        ("setPersistentData", json!({"context": "user", "data": {}, "lease": 7})),
        ("patchPersistentData", json!({"context": "user", "patch": {word.as_str(): word}})),
        ("getPersistentRecord", json!({"context": "user", "name": word})),
        ("listPersistentData", json!({"workspaceFolder": folder})),
        ("movePersistentData", json!([folder, home.folder()])),
        ("deletePersistentData", json!({"context": "user", "name": word})),
        ("watchPersistentData", json!({})),
        ("acquireLease", json!([word, 60_000])),
        ("renewLease", json!([word, 1])),
        ("releaseLease", json!([word, 1])),
        ("getPersistentData", json!({"context": "user", "handle": word})),
        ("getPersistentData", json!({"context": "user", "handle": key})),
        ("setAPIKey", json!([word])),
        ("setAPIKey", json!({"apiKey": home.key(), "mustExist": true})),
        ("setAPIKey", json!([shared["apiKey"]])),
        ("listAPIKeys", json!({"handle": handle})),
        ("rotateAPIKey", json!({"handle": handle, "apiKey": home.key()})),
        ("revokeAPIKey", json!({"handle": handle, "keyId": word})),
        ("revokeAPIKey", json!({"handle": handle})),
        ("vault/unlock", json!({"passphrase": word})),
        (word.as_str(), json!({})),
    ] {
        // Well or not; the harness holds each error against the table.
        let _ = client.call(method, params);
    }
    client.send_text(&format!("{{\"method\": {word}"));
    let unreadable = loop {
        // What is watched may be told of at any time.
        let message = client.next();
        if message.id() == "null" {
            break message;
        }
    };
    assert_eq!(unreadable.refused().code, -32700);
    client.notify(&word, json!({"word": word}));
    client.ok("vault/status", Value::Null);
    client.forget_answers();
    drop(client);
    let log = fs::read_to_string(home.root().join("logs/2")).unwrap();
    for said in ["other users may read or write the store", "key file"] {
        assert!(log.contains(said), "{said} was not logged, so it was not searched");
    }
}

/// What keeps other processes of the same user out, and the keys out of files that the user did not ask for.
#[cfg(target_os = "linux")]
mod memory {
    use std::fs::{self, Permissions};
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    use tempfile::TempDir;

    use crate::harness::{DEADLINE, Home};

    /// A user without special rights: this process's user, or another one if that is the super-user.
    struct Plain {
        root: TempDir,
        binary: PathBuf,
        user: u32,
    }

    impl Plain {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let me = rustix::process::geteuid();
            let user = if me.is_root() { 65_534 } else { me.as_raw() };
            // Where that user can read and run it: of a file that it can't read the kernel keeps it away in any case.
            let binary = root.path().join("plugin-vault");
            fs::copy(crate::harness::BINARY, &binary).unwrap();
            for path in [root.path(), &binary] {
                fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
                chown(path, Some(user), None).unwrap();
            }
            Self { root, binary, user }
        }

        fn command(&self, program: &Path, arguments: &[&str]) -> Command {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(self.root.path()).env("TMPDIR", self.root.path());
            if rustix::process::geteuid().is_root() {
                command.uid(self.user);
            }
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            command
        }

        /// Whether this user may look into a process of its own: the kernel hands its files to another user if not.
        fn may_look_into(&self, child: &Child) -> bool {
            let environment = format!("/proc/{}/environ", child.id());
            let owns = fs::metadata(&environment).unwrap().uid() == self.user;
            let read =
                self.command(Path::new("/bin/cat"), &[&environment]).output().unwrap().status.success();
            assert_eq!(owns, read);
            owns
        }
    }

    fn core_limits(id: u32) -> Vec<String> {
        let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        line.split_whitespace().take(2).map(str::to_owned).collect()
    }

    #[test]
    fn no_other_process_of_the_user_may_look_into_its_memory() {
        let plain = Plain::new();
        let mut other = plain.command(Path::new("/bin/cat"), &[]).spawn().unwrap();
        writeln!(other.stdin.as_mut().unwrap(), "x").unwrap();
        BufReader::new(other.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        assert!(plain.may_look_into(&other), "the test finds nothing out here");
        let mut server = plain.command(&plain.binary, &["--temporary"]).spawn().unwrap();
        let status = r#"{"jsonrpc":"2.0","id":1,"method":"vault/status"}"#;
        writeln!(server.stdin.as_mut().unwrap(), "{status}").unwrap();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        assert!(!plain.may_look_into(&server));
        for mut child in [other, server] {
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success());
        }
    }

    /// It could be swapped out: the threat model says so.
    #[test]
    fn memory_is_not_locked_against_swap() {
        let home = Home::new();
        let server = home.client_with(&home.key());
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
        let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        assert_eq!(locked.trim(), "0 kB");
    }

    #[test]
    fn there_are_no_core_dumps_of_a_server_or_a_subcommand() {
        let home = Home::new();
        let client = home.client_with(&home.key());
        assert_eq!(core_limits(client.pid().as_raw_pid().unsigned_abs()), ["0", "0"]);
        // It waits for the key.
        let mut waiting = home.start().usual_log().arguments(["key", "rotate"]).command();
        waiting.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut waiting = waiting.spawn().unwrap();
        let begun = Instant::now();
        while core_limits(waiting.id()) != ["0", "0"] {
            assert!(begun.elapsed() < DEADLINE, "a subcommand may leave a core dump");
            std::thread::yield_now();
        }
        drop(waiting.stdin.take());
        assert_eq!(waiting.wait().unwrap().code(), Some(1));
    }

    /// The kernel keeps a process that keeps others out from some of its own files; not from these.
    #[test]
    fn a_subcommand_reads_what_a_descriptor_gives_all_the_same() {
        let plain = Plain::new();
        let key = plain.root.path().join("key");
        fs::write(&key, "0123456789abcdef0123456789abcdef01234567\n").unwrap();
        chown(&key, Some(plain.user), None).unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        let script = "exec ./plugin-vault --data-dir data --key-dir keys key rotate --key-fd 3 3<key";
        let output =
            plain.command(Path::new("/bin/sh"), &["-c", script]).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(said.contains("no store yet"), "{said}");
    }
}
