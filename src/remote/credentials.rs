//! What this machine needs in order to reach its store on the server, apart from the password of the login: a file in
//! the store's folder of keys, which only its owner may read.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::files::{self, Cause, Found, Privacy};
use crate::rows::{Id, id_text, parse_id};
use crate::store::{Refusal, StoreError};

use super::{BadUrl, Machine, PostgresLog, ServerUrl};

/// The version of the file's form.
const VERSION: u32 = 1;
/// The longest file, in bytes.
pub(super) const LONGEST: usize = 64 << 10;
const TOKEN: usize = 32;

/// How long a replica answers without a confirmation of the server, unless the user has chosen another time.
pub const OFFLINE_DAYS: u32 = 30;

/// The address of a store on a server, and the token with which this machine may use it. The type has no `Debug`, so
/// that the token gets into no log.
pub struct Credentials {
    /// The server's URL, without a password.
    pub url: String,
    /// The machine's token.
    pub token: [u8; TOKEN],
    /// The machine's name in the addresses of folders; empty for the machine that moved its store to the server.
    pub machine: String,
    /// Days without a confirmation of the server after which the replica is refused.
    pub offline_days: u32,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    version: u32,
    url: String,
    token: Zeroizing<String>,
    machine: String,
    offline_days: u32,
}

/// Which file.
#[derive(Clone, Copy)]
enum Name {
    /// The credentials of a shared store.
    Credentials,
    /// Those of a push that has not ended yet. If it was killed, the next one clears up what it has left on the server.
    Unfinished,
}

impl Credentials {
    /// Reads the credentials of a store; `None` if this machine has none.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if other users may read the file; [`StoreError::FormatTooNew`] if a later version wrote
    /// it; [`StoreError::Damaged`] if it has another form.
    pub fn load(keys: &Path, store: &Id) -> Result<Option<Self>, StoreError> {
        Self::read(&path(keys, store, Name::Credentials))
    }

    /// The stores for which this machine has credentials at this URL.
    ///
    /// # Errors
    /// As [`Self::load`], or if the folder can't be read.
    pub fn stores_at(keys: &Path, url: &str) -> Result<Vec<Id>, StoreError> {
        let names = match fs::read_dir(keys) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names?,
        };
        let mut stores = Vec::new();
        for name in names {
            let Some(store) = name?.file_name().to_str().and_then(parse_id) else { continue };
            if Self::load(keys, &store)?.is_some_and(|found| found.url == url) {
                stores.push(store);
            }
        }
        Ok(stores)
    }

    /// Reads the credentials of a push that was not finished.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_unfinished(keys: &Path, store: &Id) -> Result<Option<Self>, StoreError> {
        Self::read(&path(keys, store, Name::Unfinished))
    }

    /// Whether this machine shares the store, as far as its credentials say: it has some, and no push has left them.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn are_of_shared(keys: &Path, store: &Id) -> Result<bool, StoreError> {
        Ok(Self::load(keys, store)?.is_some() && Self::load_unfinished(keys, store)?.is_none())
    }

    fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let (text, found) = match files::read_reached(path, LONGEST) {
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let text = Zeroizing::new(text);
        check(path, &found)?;
        decode(&text).map(Some).inspect_err(|_| {
            let path = files::quoted(path);
            tracing::error!("the file {path} does not contain credentials that this version can read");
        })
    }

    /// Writes the credentials of a store in place of earlier ones, and syncs them.
    ///
    /// # Errors
    /// If the file can't be written. Earlier credentials are intact then.
    pub fn save(&self, keys: &Path, store: &Id) -> Result<(), StoreError> {
        self.write(&path(keys, store, Name::Credentials))
    }

    /// Writes the credentials of a push that begins.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_unfinished(&self, keys: &Path, store: &Id) -> Result<(), StoreError> {
        self.write(&path(keys, store, Name::Unfinished))
    }

    fn write(&self, path: &Path) -> Result<(), StoreError> {
        files::create_folder(path.parent().unwrap_or(path))?;
        files::replace(path, &self.encode()?)?;
        Ok(())
    }

    /// Overwrites and removes the credentials of a store. It is no error if there are none.
    ///
    /// # Errors
    /// If the file can't be removed.
    pub fn remove(keys: &Path, store: &Id) -> Result<(), StoreError> {
        destroy(&path(keys, store, Name::Credentials))
    }

    /// The same for those of a push.
    ///
    /// # Errors
    /// As [`Self::remove`].
    pub fn remove_unfinished(keys: &Path, store: &Id) -> Result<(), StoreError> {
        destroy(&path(keys, store, Name::Unfinished))
    }

    /// The store's log on the server. This connects to nothing yet.
    ///
    /// # Errors
    /// If the URL is none of a PostgreSQL server.
    pub fn log(&self, store: Id) -> Result<PostgresLog, BadUrl> {
        let machine = Machine { store, token: self.token };
        Ok(PostgresLog::new(ServerUrl::parse(&self.url)?, machine))
    }

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let content = Content {
            version: VERSION,
            url: self.url.clone(),
            token: Zeroizing::new(base16ct::lower::encode_string(&self.token)),
            machine: self.machine.clone(),
            offline_days: self.offline_days,
        };
        let text = serde_json::to_vec_pretty(&content).map_err(|_| StoreError::Failed)?;
        Ok(Zeroizing::new(text))
    }
}

fn decode(text: &[u8]) -> Result<Credentials, StoreError> {
    /// The one member that every version has.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |_| StoreError::Damaged;
    let Versioned { version } = serde_json::from_slice(text).map_err(damaged)?;
    if version > VERSION {
        return Err(StoreError::FormatTooNew);
    }
    let content: Content = serde_json::from_slice(text).map_err(damaged)?;
    let mut token = [0; TOKEN];
    let digits = base16ct::lower::decode(content.token.as_str(), &mut token);
    if digits.map(<[u8]>::len) != Ok(TOKEN) {
        return Err(StoreError::Damaged);
    }
    let Content { url, machine, offline_days, .. } = content;
    Ok(Credentials { url, token, machine, offline_days })
}

fn path(keys: &Path, store: &Id, name: Name) -> PathBuf {
    keys.join(id_text(store)).join(match name {
        Name::Credentials => "remote",
        Name::Unfinished => "pushing",
    })
}

/// Checks that only this user and the super-user can read the file.
pub(super) fn check(path: &Path, found: &Found) -> Result<(), StoreError> {
    let is_ours = found.privacy != Privacy::NotOurs;
    let too_much = if is_ours { 0o077 } else { 0o027 };
    if !is_ours && !found.is_the_super_users {
        return Err(files::Error::at(path, Cause::Owner).into());
    }
    if found.mode & too_much != 0 {
        let command = files::take_rights_away(if is_ours { "600" } else { "440" }, path);
        tracing::error!("other users may read or write what opens the shared store; run: {command}");
        return Err(StoreError::Refused(Refusal::Permissions));
    }
    Ok(())
}

/// Overwrites a file, then removes its name. If the path is a link, removes the link as well.
pub(super) fn destroy(path: &Path) -> Result<(), StoreError> {
    let real = match fs::canonicalize(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        real => real?,
    };
    files::overwrite(&real, LONGEST, |_| true)?;
    fs::remove_file(&real)?;
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Id = [7; 16];

    fn credentials() -> Credentials {
        Credentials {
            url: "postgres://me@db.example/vault".into(),
            token: [0xa5; TOKEN],
            machine: "work \"laptop\"\n鍵".into(),
            offline_days: 12,
        }
    }

    #[test]
    fn credentials_are_read_as_they_were_saved_until_they_are_removed() {
        let keys = tempfile::tempdir().unwrap();
        assert!(Credentials::load(keys.path(), &STORE).unwrap().is_none());
        for _ in 0..2 {
            credentials().save(keys.path(), &STORE).unwrap();
        }
        let read = Credentials::load(keys.path(), &STORE).unwrap().unwrap();
        let expected = credentials();
        assert_eq!((&read.url, &read.machine), (&expected.url, &expected.machine));
        assert_eq!((read.token, read.offline_days), (expected.token, 12));
        assert!(read.log(STORE).is_ok());
        assert!(Credentials::load(keys.path(), &[8; 16]).unwrap().is_none());
        assert!(Credentials::load_unfinished(keys.path(), &STORE).unwrap().is_none());
        for _ in 0..2 {
            Credentials::remove(keys.path(), &STORE).unwrap();
        }
        assert!(Credentials::load(keys.path(), &STORE).unwrap().is_none());
    }

    #[test]
    fn a_file_of_another_form_is_damaged_and_a_later_version_is_too_new() {
        #[track_caller]
        fn check(from: &str, to: &str, expected: StoreError) {
            let text = credentials().encode().unwrap();
            let text = std::str::from_utf8(&text).unwrap();
            assert!(text.contains(from), "{text}");
            assert_eq!(decode(text.replace(from, to).as_bytes()).err(), Some(expected), "{from} {to}");
        }
        check("\"version\": 1", "\"version\": 2", StoreError::FormatTooNew);
        check("\"version\": 1", "\"version\": 2, \"more\": 1", StoreError::FormatTooNew);
        check("\"version\": 1", "\"version\": 1, \"more\": 1", StoreError::Damaged);
        check("a5a5a5", "a5a5", StoreError::Damaged);
        check("a5a5a5", "A5a5a5", StoreError::Damaged);
        check("{", "", StoreError::Damaged);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let keys = tempfile::tempdir().unwrap();
        credentials().save(keys.path(), &STORE).unwrap();
        let path = path(keys.path(), &STORE, Name::Credentials);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Credentials::load(keys.path(), &STORE).err();
        assert_eq!(refused, Some(StoreError::Refused(Refusal::Permissions)));
    }
}
