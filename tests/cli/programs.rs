//! Programs that people really have: `pass`, with keys of its own, and `age`. Only with the feature `program-tests`;
//! they need `pass`, `gpg`, `age` and `keyctl`. They touch no file of the user who runs them, and leave no agent behind.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::harness::request_lines;
use crate::home::{Home, KEY, PASSPHRASE, Ran};

/// A password store with an `OpenPGP` key that needs no passphrase. Its path is short, since its sockets lie in it.
struct Pass(TempDir);

impl Pass {
    fn new() -> Self {
        let pass = Self(tempfile::Builder::new().prefix("pv").rand_bytes(4).tempdir_in("/tmp").unwrap());
        plugin_vault::files::create_folder(&pass.gnupg()).unwrap();
        let generate = [
            "--batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--quick-generate-key",
            "vault@test",
        ];
        pass.run("gpg", &generate, "");
        pass.run("pass", &["init", "vault@test"], "");
        pass
    }

    fn gnupg(&self) -> PathBuf {
        self.0.path().join("g")
    }

    /// In this one's environment.
    fn with<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let store = self.0.path().join("store");
        command.env("GNUPGHOME", self.gnupg()).env("PASSWORD_STORE_DIR", store).env("HOME", self.0.path())
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.with(&mut command);
        let Ran { code, said, .. } = Home::new().finish(command, input);
        assert_eq!(code, 0, "{program} {arguments:?}: {said}");
    }

    fn insert(&self, passphrase: &str) {
        self.run("pass", &["insert", "--echo", "--force", "vault"], &format!("{passphrase}\n"));
    }

    /// A process that has to ask, in this one's environment: what it answers to a read.
    fn read(&self, home: &Home) -> Value {
        home.forget_cached();
        let mut command = home.command(&[]);
        self.with(&mut command);
        // The input stays open until the answer: after its end, the last answers have 6 s, which a busy machine exceeds.
        let mut client = Client::start(home, command);
        client.call("setAPIKey", &json!([KEY]));
        client.call("getPersistentData", &json!(["user"]))
    }

    fn refused(&self, home: &Home) -> Value {
        let answer = self.read(home);
        assert_eq!(answer["error"]["code"], 4001, "{answer}");
        assert_eq!(answer["error"]["data"]["protector"], "command");
        answer["error"]["data"]["reason"].clone()
    }

    /// A store with an object, that this program alone opens.
    fn guard(&self, program: &[&str]) -> Home {
        let home = Home::new();
        home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
        for arguments in [
            [&["protector", "add", "command", "--"], program].concat(),
            vec!["protector", "remove", "key-file", "--yes"],
        ] {
            let mut command = home.command(&arguments);
            self.with(&mut command);
            let ran = home.finish(command, "");
            assert_eq!(ran.code, 0, "{}", ran.said);
        }
        home
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut kill = Command::new("gpgconf");
        let _ = self.with(kill.args(["--kill", "all"])).status();
    }
}

#[test]
fn pass_opens_the_store_and_what_it_can_not_say_is_a_reason() {
    let pass = Pass::new();
    pass.insert(PASSPHRASE);
    let home = pass.guard(&["pass", "show", "vault"]);
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
    pass.insert("changed since");
    assert_eq!(pass.refused(&home), "wrong");
    pass.run("pass", &["rm", "--force", "vault"], "");
    assert_eq!(pass.refused(&home), "failed");
    pass.insert(PASSPHRASE);
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
}

#[test]
fn a_pass_that_hangs_is_given_up_and_the_next_try_works() {
    let pass = Pass::new();
    pass.insert(PASSPHRASE);
    let home = pass.guard(&["pass", "show", "vault"]);
    let agent = stopped_agent(&pass);
    assert_eq!(pass.refused(&home), "deadline");
    agent.go_on();
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
}

/// An agent of `gpg` that does not answer.
struct Stopped(String);

fn stopped_agent(pass: &Pass) -> Stopped {
    let mut ask = Command::new("gpg-connect-agent");
    pass.with(ask.args(["getinfo pid", "/bye"]));
    let said = String::from_utf8(ask.output().unwrap().stdout).unwrap();
    let stopped = Stopped(said.lines().find_map(|line| line.strip_prefix("D ")).unwrap().trim().to_owned());
    // A SIGSTOP can be lost while the agent ends the thread that answered: 9 of 357 were. So it is sent until it works.
    while !stopped.is_stopped() {
        stopped.send("-STOP");
    }
    stopped
}

impl Stopped {
    fn go_on(&self) {
        self.send("-CONT");
    }

    fn send(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0]).status().unwrap().success());
    }

    fn is_stopped(&self) -> bool {
        let state = Command::new("ps").args(["-o", "stat=", "-p", &self.0]).output().unwrap().stdout;
        state.starts_with(b"T")
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.go_on();
    }
}

#[test]
fn age_opens_the_store() {
    let pass = Pass::new();
    let path = |name: &str| pass.0.path().join(name).to_str().unwrap().to_owned();
    let (identity, file) = (path("identity"), path("secret.age"));
    pass.run("age-keygen", &["-o", &identity], "");
    let text = std::fs::read_to_string(&identity).unwrap();
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    pass.run("age", &["-r", recipient, "-o", &file], PASSPHRASE);
    let home = pass.guard(&["age", "-d", "-i", &identity, &file]);
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
    // Another file in its place says another word.
    std::fs::remove_file(&file).unwrap();
    pass.run("age", &["-r", recipient, "-o", &file], "another");
    assert_eq!(pass.refused(&home), "wrong");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(pass.refused(&home), "failed");
    pass.run("age", &["-r", recipient, "-o", &file], PASSPHRASE);
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
}

/// As `docs/recipes.md` shows it: sealed with the key of the machine, which only the superuser has.
#[test]
fn systemd_creds_opens_the_store() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let pass = Pass::new();
    let file = pass.0.path().join("sealed").to_str().unwrap().to_owned();
    pass.run("systemd-creds", &["encrypt", "--with-key=host", "--name=plugin-vault", "-", &file], PASSPHRASE);
    let home = pass.guard(&["systemd-creds", "decrypt", "--name=plugin-vault", &file, "-"]);
    assert_eq!(pass.read(&home)["result"], json!({"a": 1}));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(pass.refused(&home), "failed");
}

/// The kernel refuses: the session that the processes are in was logged out.
#[cfg(target_os = "linux")]
#[test]
fn without_a_keyring_of_the_session_each_process_asks_once() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let runs = home.path("runs");
    let program = home.program_that("say", &format!("echo run >> '{}'\necho '{PASSPHRASE}'", runs.display()));
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    std::fs::remove_file(&runs).unwrap();
    let mut requests = vec![("setAPIKey", json!([KEY]))];
    requests.extend((0..4).map(|_| ("getPersistentData", json!(["user"]))));
    let lines = request_lines(&requests);
    for before in 0..2 {
        let plain = home.command(&["--log", "debug"]);
        let mut command = Command::new("keyctl");
        command.args(["session", "-", "sh", "-c", "keyctl revoke @s; exec \"$0\" \"$@\""]);
        command.arg(plain.get_program()).args(plain.get_args());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = home.finish(command, &lines);
        assert_eq!(ran.shown.matches(r#""result":{"a":1}"#).count(), 4, "{}", ran.said);
        assert!(ran.said.contains("kernel keyring"), "{}", ran.said);
        assert_eq!(std::fs::read_to_string(&runs).unwrap().lines().count(), before + 1);
    }
    assert!(home.cached().is_none());
}

/// A login session of its own: what it kept is not found from another one, and goes with it.
#[cfg(target_os = "linux")]
#[test]
fn what_a_session_keeps_is_its_own() {
    let home = crate::home::guarded_by_a_passphrase();
    let unlock =
        json!({"jsonrpc": "2.0", "id": 1, "method": "vault/unlock", "params": {"passphrase": PASSPHRASE}});
    let status = json!({"jsonrpc": "2.0", "id": 2, "method": "vault/status"});
    for (name, line) in [("unlock", unlock), ("status", status)] {
        home.program_that(name, &format!("printf '%s\\n' '{line}'"));
    }
    let plain = home.command(&[]);
    let mut command = Command::new("keyctl");
    let script = format!(
        "'{0}' | \"$0\" \"$@\"; '{1}' | \"$0\" \"$@\"",
        home.path("unlock").display(),
        home.path("status").display()
    );
    command.args(["session", "-", "sh", "-c", &script]).arg(plain.get_program()).args(plain.get_args());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = home.finish(command, "");
    let status = ran.shown.lines().last().unwrap();
    assert!(
        status.contains(r#""keyAvailable":true"#) && status.contains(r#""protector":"passphrase""#),
        "{status}"
    );
    assert!(home.cached().is_none() && home.is_locked());
}
