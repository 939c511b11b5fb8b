//! Runs a test in its own process, with its own home folder and session bus. The bus starts no services by name, so
//! that the only keyring is the one that the test starts.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::files;

/// Set in the process that runs the test's body.
const INSIDE: &str = "PLUGIN_VAULT_TEST_INSIDE";

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

/// Which session bus the test gets.
pub(super) enum Bus {
    /// A real bus without services.
    Empty,
    /// An address without a bus.
    None,
    /// A socket that takes connections and never answers.
    Hangs,
}

/// Runs `body`, the body of the test `name` in the folder `tests`, in a process of its own.
pub(super) fn on_a_bus(bus: &Bus, name: &str, body: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return body();
    }
    let home = tempfile::Builder::new().prefix("keyring-").tempdir().unwrap();
    let socket = home.path().join("bus");
    let address = format!("unix:path={}", socket.display());
    let _listener =
        matches!(bus, Bus::Hangs).then(|| std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let mut command = match bus {
        Bus::Empty => under_dbus(home.path()),
        Bus::None | Bus::Hangs => Command::new(env::current_exe().unwrap()),
    };
    let full_name = format!("protector::keyring::tests::{name}");
    command.args(["--exact", &full_name]).env(INSIDE, "yes").stdin(Stdio::null());
    command.env("DBUS_SESSION_BUS_ADDRESS", address);
    for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, home.path());
    }
    command.env_remove("GNOME_KEYRING_CONTROL").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let output = command.output().expect("dbus-run-session is installed");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    // Indented, so that a script does not count the inner run's result as another one.
    let text = text.replace('\n', "\n    ");
    assert!(output.status.success() && text.contains("1 passed"), "{name}:\n    {text}");
}

fn under_dbus(home: &Path) -> Command {
    let config = home.join("bus.conf");
    files::create_whole(&config, CONFIG.as_bytes()).unwrap();
    let mut command = Command::new("dbus-run-session");
    command.arg("--config-file").arg(config).arg("--").arg(env::current_exe().unwrap());
    command
}
