//! The keyring of this login session in the Linux kernel (session-keyring(7)), which is revoked at log-out with all that
//! is only in it. Not the user's own keyring: that one outlives the user's last process.
//!
//! Asked at once and by system calls only; nothing here waits or asks anybody.

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

use super::{Entry, LENGTH};

/// The end of an entry where no log-out ends it: a long day.
const WITHOUT_A_LOGIN: usize = 12 * 60 * 60;

/// The session's keyring.
pub(super) struct Keyring {
    ring: KeyRing,
    /// Whether it ends with the session. Where nothing has made one at log-in, the kernel lends one that stays.
    ends_at_log_out: bool,
}

impl Keyring {
    /// `None` where the kernel has none, or this process may not search it for `name`: containers, seccomp, a session
    /// that was logged out under a process that goes on.
    pub(super) fn of_this_session(name: &str) -> Option<Self> {
        // One that is made here would be this process's alone.
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

    pub(super) fn read(&self, name: &str) -> Option<Entry> {
        let key = self.find(name)?;
        let mut entry = Zeroizing::new([0; LENGTH]);
        // The kernel tells the length of all that it has, also where that is more than there is room for.
        let length = key.read(&mut *entry).map_err(|why| log("read", why)).ok()?;
        (length == LENGTH).then_some(entry)
    }

    pub(super) fn write(&self, name: &str, entry: &Entry) {
        let written = self
            .ring
            .add_key(name, entry.as_slice())
            .and_then(|key| self.guard(key).inspect_err(|_| _ = key.invalidate()));
        if let Err(why) = written {
            log("written", why);
        }
    }

    /// Only whoever has the session's keyring may use the key: no other process of the same user, by its number.
    fn guard(&self, key: Key) -> Result<(), KeyError> {
        let own = Permission::VIEW
            | Permission::READ
            | Permission::WRITE
            | Permission::SEARCH
            | Permission::SETATTR;
        key.set_perms(KeyPermissionsBuilder::builder().posessor(own).build())?;
        if self.ends_at_log_out { Ok(()) } else { key.set_timeout(WITHOUT_A_LOGIN) }
    }

    pub(super) fn remove(&self, name: &str) {
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
    fn an_entry_is_for_the_session_alone_and_of_the_right_length() {
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
