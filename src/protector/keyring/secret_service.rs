//! The Secret Service over D-Bus, as GNOME, KDE and `KeePassXC` implement it.
//!
//! Uses plain `zbus` calls, since existing client libraries unlock, and so ask the user, on their own. Only
//! [`Keyring::ask`] runs a prompt of the service. Secrets cross the session bus in the specification's `plain` form: a
//! process that may listen on this user's bus may as well ask the keyring itself.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use serde::Serialize;
use zbus::blocking::{Connection, Proxy, connection, proxy};
use zbus::proxy::CacheProperties;
use zbus::zvariant::{DynamicDeserialize, DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zeroize::Zeroizing;

use crate::protector::deadline::LOOK;
use crate::protector::keyring::{Fault, Item, MISSING, NO_ANSWER, SERVICE, Text};
use crate::protector::{Deadline, Reason};

/// The keyring closes its window at the deadline.
pub(in crate::protector) const WINDOW_STAYS: bool = false;

/// The label that the user sees in the keyring's own window.
const LABEL: &str = "plugin-vault store key";
const LOCKED: Fault = Fault(Reason::Locked, "the keyring is locked; unlock it, or send vault/unlock");
const DISMISSED: Fault = Fault(Reason::Denied, "the keyring's question was dismissed");

const NAME: &str = "org.freedesktop.secrets";
const ROOT: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets");
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";
const ITEM_INTERFACE: &str = "org.freedesktop.Secret.Item";
const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";
/// The path that stands for "none".
const NONE: &str = "/";

const NO_BUS: Fault = Fault(Reason::Denied, "there is no session bus, and so no keyring");
const NO_SERVICE: Fault = Fault(Reason::Denied, "no keyring service runs on the session bus");
const REFUSED: Fault = Fault(Reason::Denied, "the keyring service refused");
const NO_COLLECTION: Fault = Fault(Reason::Denied, "the keyring has no default collection; create one first");
const ASKS: Fault =
    Fault(Reason::Denied, "the keyring asks the user first; do it in the keyring's own window");

/// A separate connection to the user's session bus.
pub(in crate::protector) struct Keyring {
    bus: Connection,
    deadline: Deadline,
}

/// A secret on the bus: session, parameters, value, type of the content.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

impl Keyring {
    /// Connects. No call on the connection takes longer than the deadline allows.
    pub(in crate::protector) fn open(deadline: Deadline) -> Result<Self, Fault> {
        let left = deadline.left();
        let bus = connection::Builder::session().and_then(|builder| builder.method_timeout(left).build());
        bus.map(|bus| Self { bus, deadline }).map_err(|error| fault(&error, NO_BUS))
    }

    pub(in crate::protector) fn read(&self, item: &Item, ask: bool) -> Result<Text, Fault> {
        let path = self.find(item, ask)?;
        let session = self.session()?;
        let secret: Secret = self.call(&path, ITEM_INTERFACE, "GetSecret", &session)?;
        Ok(Zeroizing::new(secret.2))
    }

    pub(in crate::protector) fn store(&self, item: &Item, text: &[u8]) -> Result<(), Fault> {
        let collection = self.default_collection()?.ok_or(NO_COLLECTION)?;
        if self.locked(&collection)? {
            return Err(LOCKED);
        }
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Value::from(LABEL)),
            ("org.freedesktop.Secret.Item.Attributes", Value::from(attributes(item))),
        ]);
        let secret = (self.session()?, [0_u8; 0].as_slice(), text, "text/plain");
        let replace = false;
        let made: (OwnedObjectPath, OwnedObjectPath) =
            self.call(&collection, COLLECTION_INTERFACE, "CreateItem", &(properties, secret, replace))?;
        if made.0.as_str() == NONE { Err(ASKS) } else { Ok(()) }
    }

    pub(in crate::protector) fn delete(&self, item: &Item) -> Result<(), Fault> {
        let path = self.find(item, false)?;
        let prompt: OwnedObjectPath = self.call(&path, ITEM_INTERFACE, "Delete", &())?;
        if prompt.as_str() == NONE { Ok(()) } else { Err(ASKS) }
    }

    /// Whether there is a service with a default collection that is unlocked.
    pub(in crate::protector) fn state(&self) -> Result<(), Fault> {
        let collection = self.default_collection()?.ok_or(NO_COLLECTION)?;
        if self.locked(&collection)? { Err(LOCKED) } else { Ok(()) }
    }

    /// The item's path, once it can be read.
    fn find(&self, item: &Item, ask: bool) -> Result<OwnedObjectPath, Fault> {
        // This must precede the search: some services do not show locked items, and some ask the user when they are
        // searched.
        if let Some(collection) = self.default_collection()?
            && self.locked(&collection)?
        {
            self.unlock(&[collection], ask)?;
        }
        let (unlocked, locked) = self.search(item)?;
        if let Some(path) = unlocked.into_iter().next() {
            return Ok(path);
        }
        if locked.is_empty() {
            return Err(MISSING);
        }
        self.unlock(&locked, ask)?;
        self.search(item)?.0.into_iter().next().ok_or(LOCKED)
    }

    /// The paths of items that can be read, and of items that are locked.
    fn search(&self, item: &Item) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), Fault> {
        self.call(&ROOT, SERVICE_INTERFACE, "SearchItems", &attributes(item))
    }

    fn default_collection(&self) -> Result<Option<OwnedObjectPath>, Fault> {
        let path: OwnedObjectPath = self.call(&ROOT, SERVICE_INTERFACE, "ReadAlias", &"default")?;
        Ok((path.as_str() != NONE).then_some(path))
    }

    fn locked(&self, collection: &ObjectPath<'_>) -> Result<bool, Fault> {
        let asked = (COLLECTION_INTERFACE, "Locked");
        let locked: OwnedValue = self.call(collection, "org.freedesktop.DBus.Properties", "Get", &asked)?;
        bool::try_from(locked).map_err(|_| REFUSED)
    }

    fn session(&self) -> Result<OwnedObjectPath, Fault> {
        let plain = ("plain", Value::from(""));
        let (_, path): (OwnedValue, _) = self.call(&ROOT, SERVICE_INTERFACE, "OpenSession", &plain)?;
        Ok(path)
    }

    fn unlock(&self, objects: &[OwnedObjectPath], ask: bool) -> Result<(), Fault> {
        if !ask {
            return Err(LOCKED);
        }
        let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            self.call(&ROOT, SERVICE_INTERFACE, "Unlock", &objects)?;
        if prompt.as_str() == NONE { Ok(()) } else { self.ask(prompt) }
    }

    /// Shows the service's prompt and waits for the answer. Closes the prompt at the deadline.
    fn ask(&self, path: OwnedObjectPath) -> Result<(), Fault> {
        let prompt: Proxy<'static> = proxy::Builder::new(&self.bus)
            .destination(NAME)
            .and_then(|builder| builder.path(path))
            .and_then(|builder| builder.interface(PROMPT_INTERFACE))
            .and_then(|builder| builder.cache_properties(CacheProperties::No).build())
            .map_err(|error| fault(&error, REFUSED))?;
        let mut answers = prompt.receive_signal("Completed").map_err(|error| fault(&error, REFUSED))?;
        let (answer, answered) = channel();
        // Waiting for a signal takes no deadline. This thread ends with the signal, or with the connection.
        let wait = move || {
            let dismissed = answers.next().and_then(|signal| {
                signal.body().deserialize::<(bool, OwnedValue)>().ok().map(|(dismissed, _)| dismissed)
            });
            let _ = answer.send(dismissed);
        };
        thread::Builder::new().name("keyring prompt".into()).spawn(wait).map_err(|_| REFUSED)?;
        let no_window = "";
        let () = self.call(prompt.path(), PROMPT_INTERFACE, "Prompt", &no_window)?;
        loop {
            match answered.recv_timeout(self.deadline.left().min(LOOK)) {
                Ok(Some(false)) => return Ok(()),
                Ok(Some(true)) => return Err(DISMISSED),
                Ok(None) | Err(RecvTimeoutError::Disconnected) => return Err(NO_SERVICE),
                Err(RecvTimeoutError::Timeout) if !self.deadline.is_over() => {}
                Err(RecvTimeoutError::Timeout) => {
                    let _ = prompt.call_noreply("Dismiss", &());
                    return Err(NO_ANSWER);
                }
            }
        }
    }

    fn call<B, R>(&self, path: &ObjectPath<'_>, interface: &str, method: &str, body: &B) -> Result<R, Fault>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let reply = self.bus.call_method(Some(NAME), path, Some(interface), method, body);
        let reply = reply.map_err(|error| fault(&error, REFUSED))?;
        reply.body().deserialize().map_err(|error| fault(&error, REFUSED))
    }
}

impl Drop for Keyring {
    /// Closes the connection. The service then ends its sessions and prompts, and a thread that waits for a signal
    /// ends.
    fn drop(&mut self) {
        let _ = self.bus.clone().close();
    }
}

/// The attributes by which the item is found. Their names are those that other clients use.
fn attributes(item: &Item) -> HashMap<&'static str, &str> {
    HashMap::from([("service", SERVICE), ("username", item.user.as_str())])
}

/// The reason behind an error on the bus. The log gets its name, but not its text, which comes from the service.
fn fault(error: &zbus::Error, otherwise: Fault) -> Fault {
    match error {
        zbus::Error::MethodError(name, _, _) => {
            tracing::debug!("the keyring service answered with {name}");
            match name.as_str() {
                "org.freedesktop.Secret.Error.IsLocked" => LOCKED,
                "org.freedesktop.Secret.Error.NoSuchObject" => MISSING,
                "org.freedesktop.DBus.Error.NoReply"
                | "org.freedesktop.DBus.Error.Timeout"
                | "org.freedesktop.DBus.Error.TimedOut" => NO_ANSWER,
                "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => {
                    NO_SERVICE
                }
                name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => NO_SERVICE,
                _ => otherwise,
            }
        }
        zbus::Error::InputOutput(error) if error.kind() == io::ErrorKind::TimedOut => NO_ANSWER,
        _ => otherwise,
    }
}
