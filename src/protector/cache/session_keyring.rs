//! The keyring of this login session in the Linux kernel (session-keyring(7)). The kernel revokes it at log-out with
//! its content. The user keyring would be wrong here: it outlives the user's last process.
//!
//! All functions are plain system calls. They never wait and never ask the user.

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

use crate::protector::cache::{Entry, LENGTH};

/// The lifetime, in seconds, of an entry that no log-out ends: a long day.
const WITHOUT_A_LOGIN: usize = 12 * 60 * 60;

/// The session's keyring.
pub(in crate::protector) struct Keyring {
    ring: KeyRing,
    /// Whether it ends with the session. If no session keyring was created at log-in, the kernel gives one that stays.
    ends_at_log_out: bool,
}

impl Keyring {
    /// `None` if the kernel has none, or this process may not search it for `name`: in containers, under seccomp, or if
    /// the session was logged out while the process goes on.
    pub(in crate::protector) fn of_this_session(name: &str) -> Option<Self> {
        // A keyring created here would belong to this process alone.
        let make = false;
        let find = || {
            let ring = KeyRing::from_special_id(KeyRingIdentifier::Session, make)?;
            let lent = KeyRing::from_special_id(KeyRingIdentifier::UserSession, make)?;
            match ring.search(name) {
                Ok(_) | Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired) => {}
                Err(why) => return Err(why),
            }
            Ok(Self { ring, ends_at_log_out: ring != lent })
        };
        find().map_err(|why| log("used", why)).ok()
    }

    pub(in crate::protector) fn read(&self, name: &str) -> Option<Entry> {
        let key = self.find(name)?;
        let mut entry = Zeroizing::new([0; LENGTH]);
        // The kernel returns the full length, also if the buffer is shorter.
        let length = key.read(&mut *entry).map_err(|why| log("read", why)).ok()?;
        (length == LENGTH).then_some(entry)
    }

    pub(in crate::protector) fn write(&self, name: &str, entry: &Entry) {
        let written = self
            .ring
            .add_key(name, entry.as_slice())
            .and_then(|key| self.guard(key).inspect_err(|_| _ = key.invalidate()));
        if let Err(why) = written {
            log("written", why);
        }
    }

    /// Only processes of this session may use the key. Other processes of the same user can't, also not by its number.
    fn guard(&self, key: Key) -> Result<(), KeyError> {
        let own = Permission::VIEW
            | Permission::READ
            | Permission::WRITE
            | Permission::SEARCH
            | Permission::SETATTR;
        key.set_perms(KeyPermissionsBuilder::builder().posessor(own).build())?;
        if self.ends_at_log_out { Ok(()) } else { key.set_timeout(WITHOUT_A_LOGIN) }
    }

    pub(in crate::protector) fn remove(&self, name: &str) {
        if let Some(key) = self.find(name)
            && let Err(why) = key.invalidate()
        {
            log("emptied", why);
        }
    }

    fn find(&self, name: &str) -> Option<Key> {
        self.ring.search(name).ok()
    }
}

fn log(what: &str, why: KeyError) {
    tracing::debug!("the session's kernel keyring can't be {what}, so each process asks for itself: {why}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protector::cache::FORMAT;

    #[test]
    fn an_entry_is_private_to_the_session_and_of_the_right_length() {
        let name = "plugin-vault:test of the permissions";
        let Some(keyring) = Keyring::of_this_session(name) else { return };
        keyring.write(name, &Zeroizing::new([FORMAT; LENGTH]));
        let key = keyring.find(name).unwrap();
        assert_eq!(key.metadata().unwrap().get_perms().bits(), 0x2f00_0000);
        assert!(keyring.read(name).is_some());
        for length in [LENGTH - 1, LENGTH + 1] {
            key.update(&vec![FORMAT; length]).unwrap();
            assert!(keyring.read(name).is_none());
        }
        keyring.remove(name);
        assert!(keyring.find(name).is_none());
    }
}
