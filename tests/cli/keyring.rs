//! The protector `keyring` through the program, against GNOME's keyring on a session bus of its own. Only with the feature
//! `keyring-tests`; needs `dbus-run-session`, `dbus-send`, `gnome-keyring-daemon` and `secret-tool`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use zbus::blocking::Connection;
use zbus::blocking::fdo::DBusProxy;

use crate::client::Client;
use crate::home::{Home, KEY, PASSPHRASE};

/// Set in the process that runs the test's body.
const INSIDE: &str = "PLUGIN_VAULT_TEST_INSIDE";
const NAME: &str = "org.freedesktop.secrets";
/// Nothing is started by name on this bus.
const CONFIG: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Runs `body`, the body of the test with that name, in a process, a home and on a bus of its own.
fn on_a_bus(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let folder = tempfile::Builder::new().prefix("keyring-").tempdir().unwrap();
    let config = folder.path().join("bus.conf");
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&config).unwrap();
    file.write_all(CONFIG.as_bytes()).unwrap();
    let mut command = Command::new("dbus-run-session");
    command.arg("--config-file").arg(config).arg("--").arg(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("keyring::{name}")]).env(INSIDE, "yes").stdin(Stdio::null());
    for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, folder.path());
    }
    command.env_remove("GNOME_KEYRING_CONTROL").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let output = command.output().expect("dbus-run-session is installed");
    // Indented, so that the inner run's result is not counted as one more.
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).replace('\n', "\n    ");
    assert!(output.status.success() && text.contains("1 passed"), "{name}:\n    {text}");
}

/// A running keyring service, with an open login keyring.
struct Gnome(Child);

impl Gnome {
    fn start() -> Self {
        let bus = Connection::session().unwrap();
        let dbus = DBusProxy::new(&bus).unwrap();
        let mut owners = dbus.receive_name_owner_changed_with_args(&[(0, NAME)]).unwrap();
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets", "--unlock"]);
        let mut daemon =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        daemon.stdin.take().unwrap().write_all(b"password").unwrap();
        owners.next().unwrap();
        Self(daemon)
    }

    /// Stops its answers, or lets them go on.
    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }

    fn lock() {
        let mut send = Command::new("dbus-send");
        send.args([
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets",
        ]);
        send.arg("org.freedesktop.Secret.Service.Lock");
        send.arg("array:objpath:/org/freedesktop/secrets/collection/login");
        assert!(send.stdout(Stdio::null()).status().unwrap().success());
    }
}

impl Drop for Gnome {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the store's item is in the keyring.
fn item_is_there(home: &Home, row: &str) -> bool {
    let header = std::fs::read_to_string(home.data().join("header")).unwrap();
    let user = format!("{}/{row}", header.split(' ').nth(2).unwrap());
    let mut tool = Command::new("secret-tool");
    let output = tool.args(["lookup", "service", "plugin-vault", "username", &user]).output().unwrap();
    assert_eq!(output.status.success(), !output.stdout.is_empty());
    output.status.success()
}

/// A store with an object that the keyring alone opens, and the row of that protector.
fn guarded_by_the_keyring() -> (Home, String) {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let added = home.run(&["protector", "add", "keyring"], "");
    assert_eq!(added.code, 0, "{}", added.said);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    let listed = home.json(&["protector", "list"], "");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    (home, listed[0]["id"].as_str().unwrap().to_owned())
}

fn read(home: &Home) -> Value {
    home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))])[1].clone()
}

#[test]
fn the_keyring_opens_the_store_until_it_is_removed() {
    on_a_bus("the_keyring_opens_the_store_until_it_is_removed", || {
        let _gnome = Gnome::start();
        let (home, row) = guarded_by_the_keyring();
        assert!(item_is_there(&home, &row));
        assert_eq!(read(&home)["result"], json!({"a": 1}));
        let status = &home.answers(&[("vault/status", json!({}))])[0]["result"];
        assert_eq!(status["protectors"], json!(["keyring"]));
        assert!(home.refused(&["protector", "remove", "keyring", "--yes"], "").contains("last that works"));
        assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
        let removed =
            home.run(&["protector", "remove", "keyring", "--yes", "--passphrase-fd", "0"], PASSPHRASE);
        assert_eq!(removed.code, 0, "{}", removed.said);
        assert!(!item_is_there(&home, &row));
        assert!(home.is_locked());
    });
}

#[test]
fn a_keyring_that_never_answers_is_a_deadline_and_nothing_is_lost() {
    on_a_bus("a_keyring_that_never_answers_is_a_deadline_and_nothing_is_lost", || {
        let gnome = Gnome::start();
        let (home, row) = guarded_by_the_keyring();
        home.forget_cached();
        gnome.signal(rustix::process::Signal::STOP);
        let refused = read(&home);
        assert_eq!(refused["error"]["code"], 4001, "{refused}");
        let data = &refused["error"]["data"];
        assert_eq!((&data["protector"], &data["reason"]), (&json!("keyring"), &json!("deadline")));
        // None is added that can't be asked again.
        assert!(home.refused(&["protector", "add", "keyring"], "").contains("keyring"));
        gnome.signal(rustix::process::Signal::CONT);
        assert!(item_is_there(&home, &row));
        assert_eq!(read(&home)["result"], json!({"a": 1}));
        assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_locked_keyring_is_told_at_once_and_a_key_that_was_given_before_goes_on() {
    on_a_bus("a_locked_keyring_is_told_at_once_and_a_key_that_was_given_before_goes_on", || {
        let gnome = Gnome::start();
        let (home, row) = guarded_by_the_keyring();
        home.forget_cached();
        Gnome::lock();
        let began = std::time::Instant::now();
        let refused = read(&home);
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waits for an answer");
        assert_eq!(refused["error"]["code"], 4001);
        let data = &refused["error"]["data"];
        assert_eq!((&data["protector"], &data["reason"]), (&json!("keyring"), &json!("locked")));
        // Its question needs a desktop, and there is none.
        let mut client = Client::start(&home, home.command(&[]));
        let answer = client.call("vault/unlock", &json!({"timeoutMs": 30000}));
        assert_eq!(answer["error"]["data"]["reason"], "denied", "{answer}");
        drop(client);
        let tested = home.run(&["protector", "test"], "");
        assert!(tested.code == 1 && tested.shown.contains("no: denied"), "it was locked: {}", tested.shown);
        // Opened again, as at a log-in.
        drop(gnome);
        let _gnome = Gnome::start();
        assert!(item_is_there(&home, &row));
        assert_eq!(read(&home)["result"], json!({"a": 1}));
        #[cfg(target_os = "linux")]
        if crate::harness::cached::session_keyring().is_some() {
            Gnome::lock();
            assert_eq!(read(&home)["result"], json!({"a": 1}));
        }
    });
}

#[test]
fn doctor_names_a_keyring_service_that_is_gone() {
    on_a_bus("doctor_names_a_keyring_service_that_is_gone", || {
        let gnome = Gnome::start();
        let (home, _) = guarded_by_the_keyring();
        home.forget_cached();
        let finding = |home: &Home| {
            let ran = home.run(&["doctor", "--json"], "");
            let report: Value = serde_json::from_str(&ran.shown).unwrap();
            let findings = report["findings"].as_array().unwrap().clone();
            (findings.into_iter().find(|one| one["check"] == "keyring").unwrap(), ran.code)
        };
        assert_eq!(finding(&home).0["level"], "ok");
        drop(gnome);
        let (gone, code) = finding(&home);
        assert_eq!((&gone["level"], code), (&json!("failed"), 1), "{gone}");
        assert!(gone["command"].as_str().is_some_and(|command| command.ends_with("protector test keyring")));
        // At the next log-in the service runs again.
        let _gnome = Gnome::start();
        assert_eq!(home.run(&["protector", "test", "keyring"], "").code, 0);
        assert_eq!(finding(&home).0["level"], "ok");
        assert_eq!(read(&home)["result"], json!({"a": 1}));
    });
}
