//! Tests with a real keyring: a GNOME daemon with its own login keyring.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use zbus::blocking::Connection;
use zbus::blocking::fdo::DBusProxy;
use zbus::zvariant::OwnedObjectPath;

use super::bus::{Bus, on_a_bus};
use super::{Item, LONG};
use crate::crypto::StoreId;
use crate::protector::Deadline;
use crate::protector::Reason;
use crate::protector::keyring::{delete, make, read};

const NAME: &str = "org.freedesktop.secrets";
const ROW: [u8; 16] = [7; 16];

struct Gnome(Child);

impl Gnome {
    /// Starts a daemon. With a password it has an unlocked login keyring, which is the default one.
    fn start(password: Option<&str>) -> Self {
        let bus = Connection::session().unwrap();
        let dbus = DBusProxy::new(&bus).unwrap();
        let mut owners = dbus.receive_name_owner_changed_with_args(&[(0, NAME)]).unwrap();
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if password.is_some() {
            command.arg("--unlock");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = command.spawn().expect("gnome-keyring-daemon is installed");
        let mut input = daemon.stdin.take().unwrap();
        input.write_all(password.unwrap_or_default().as_bytes()).unwrap();
        drop(input);
        owners.next().unwrap();
        Self(daemon)
    }

    /// Locks the login keyring.
    fn lock() {
        let bus = Connection::session().unwrap();
        let interface = Some("org.freedesktop.Secret.Service");
        let call = |method, body: &[OwnedObjectPath]| {
            bus.call_method(Some(NAME), "/org/freedesktop/secrets", interface, method, &body).unwrap()
        };
        let login = OwnedObjectPath::try_from("/org/freedesktop/secrets/collection/login").unwrap();
        let reply = call("Lock", &[login]);
        let (locked, _): (Vec<OwnedObjectPath>, OwnedObjectPath) = reply.body().deserialize().unwrap();
        assert_eq!(locked.len(), 1);
    }
}

impl Drop for Gnome {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn secret_tool(arguments: &[&str], store: StoreId, input: &str) -> String {
    let mut command = Command::new("secret-tool");
    command.args(arguments).args(["service", "plugin-vault", "username", &Item::new(store, ROW).user]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut tool = command.spawn().expect("secret-tool is installed");
    tool.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = tool.wait_with_output().unwrap();
    assert!(output.status.success(), "secret-tool {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn reason<T>(result: Result<T, Reason>) -> Option<Reason> {
    result.err()
}

#[test]
fn a_key_is_read_back_and_found_by_its_name() {
    on_a_bus(&Bus::Empty, "gnome::a_key_is_read_back_and_found_by_its_name", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        let key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        assert!(read(store, ROW, false, &Deadline::of(LONG)).unwrap().expose() == key.expose());
        assert!(read(store, ROW, true, &Deadline::of(LONG)).unwrap().expose() == key.expose());
        let text = secret_tool(&["lookup"], store, "");
        assert!(text == base16ct::lower::encode_string(key.expose()));
        assert!(secret_tool(&["search"], store, "").contains("label = plugin-vault store key"));
    });
}

#[test]
fn another_row_or_store_has_another_key() {
    on_a_bus(&Bus::Empty, "gnome::another_row_or_store_has_another_key", || {
        let _gnome = Gnome::start(Some("password"));
        let (store, other) = (StoreId::generate(), StoreId::generate());
        let key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        assert_eq!(reason(read(store, [8; 16], false, &Deadline::of(LONG))), Some(Reason::Missing));
        assert_eq!(reason(read(other, ROW, false, &Deadline::of(LONG))), Some(Reason::Missing));
        assert!(make(other, ROW, &Deadline::of(LONG)).unwrap().expose() != key.expose());
        assert!(read(store, ROW, false, &Deadline::of(LONG)).unwrap().expose() == key.expose());
    });
}

#[test]
fn an_existing_key_is_never_replaced() {
    on_a_bus(&Bus::Empty, "gnome::an_existing_key_is_never_replaced", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        let key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        assert_eq!(reason(make(store, ROW, &Deadline::of(LONG))), Some(Reason::Denied));
        assert!(read(store, ROW, false, &Deadline::of(LONG)).unwrap().expose() == key.expose());
    });
}

#[test]
fn a_locked_keyring_is_locked_at_once_for_everything() {
    on_a_bus(&Bus::Empty, "gnome::a_locked_keyring_is_locked_at_once_for_everything", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        let _key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        Gnome::lock();
        let start = Instant::now();
        assert_eq!(reason(read(store, ROW, false, &Deadline::of(LONG))), Some(Reason::Locked));
        assert_eq!(reason(make(store, [8; 16], &Deadline::of(LONG))), Some(Reason::Locked));
        assert_eq!(reason(delete(store, ROW, &Deadline::of(LONG))), Some(Reason::Locked));
        assert!(start.elapsed() < LONG / 4);
    });
}

#[test]
fn a_locked_keyring_without_a_desktop_is_denied() {
    on_a_bus(&Bus::Empty, "gnome::a_locked_keyring_without_a_desktop_is_denied", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        let _key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        Gnome::lock();
        // The prompt needs a desktop, which this bus does not have.
        assert_eq!(reason(read(store, ROW, true, &Deadline::of(LONG))), Some(Reason::Denied));
    });
}

#[test]
fn a_key_that_was_deleted_is_missing() {
    on_a_bus(&Bus::Empty, "gnome::a_key_that_was_deleted_is_missing", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        assert_eq!(reason(read(store, ROW, false, &Deadline::of(LONG))), Some(Reason::Missing));
        let _key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        secret_tool(&["clear"], store, "");
        assert_eq!(reason(read(store, ROW, true, &Deadline::of(LONG))), Some(Reason::Missing));
        assert_eq!(reason(delete(store, ROW, &Deadline::of(LONG))), Some(Reason::Missing));
        let _key = make(store, ROW, &Deadline::of(LONG)).unwrap();
        delete(store, ROW, &Deadline::of(LONG)).unwrap();
        assert_eq!(reason(read(store, ROW, false, &Deadline::of(LONG))), Some(Reason::Missing));
    });
}

#[test]
fn an_item_that_is_not_a_key_is_wrong_and_stays() {
    on_a_bus(&Bus::Empty, "gnome::an_item_that_is_not_a_key_is_wrong_and_stays", || {
        let _gnome = Gnome::start(Some("password"));
        let store = StoreId::generate();
        secret_tool(&["store", "--label=other"], store, "another's password");
        assert_eq!(reason(read(store, ROW, false, &Deadline::of(LONG))), Some(Reason::Wrong));
        assert_eq!(reason(make(store, ROW, &Deadline::of(LONG))), Some(Reason::Denied));
        assert_eq!(secret_tool(&["lookup"], store, ""), "another's password");
    });
}

#[test]
fn a_service_without_a_collection_stores_no_key() {
    on_a_bus(&Bus::Empty, "gnome::a_service_without_a_collection_stores_no_key", || {
        let _gnome = Gnome::start(None);
        let store = StoreId::generate();
        assert_eq!(reason(make(store, ROW, &Deadline::of(LONG))), Some(Reason::Denied));
        assert_eq!(reason(read(store, ROW, false, &Deadline::of(LONG))), Some(Reason::Missing));
    });
}
