//! Ways to get the store key. Each protector has a row in the store, which contains the store key, wrapped under the
//! protector's own key. Protectors differ in where that key is kept.
//!
//! One store can have several protectors, like the slots of an encrypted disk. The store lists them, and the program
//! never changes the list silently: a key that can't be read is an error, and no reason to make another one.

mod cache;
mod command;
mod deadline;
mod derivation;
mod key_file;
mod keyring;
mod make;
mod passphrase;
mod problems;
mod program;
mod protects;
mod row;
mod system;
mod terminal;
mod turn;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crypto::{ProtectorKey, ProtectorKeys, StoreId, StoreKey};

use cache::Cache;
pub use deadline::Deadline;
pub use key_file::is_below;
pub use make::{New, NotMade, make, make_with_key_file};
pub use passphrase::{Passphrase, PassphraseError, first_line};
pub use problems::problems;
pub use program::{is_relative as is_relative_program, is_there};
pub use protects::{Protects, protects};
pub use row::Kind;
use row::Row;
pub use terminal::{ask as ask_at_terminal, is_there as has_terminal};
pub use turn::{Turn, turn};

/// How long a program or a keyring may take in a mode that does not ask the user.
///
/// Shorter than a write waits in the queue, so that its answer gives the reason.
const QUIET: Duration = Duration::from_secs(4);
/// How long a keyring may take to store a new key and return it.
const PROBE: Duration = Duration::from_secs(2);

/// What the protectors of a process need besides the rows in the store.
pub struct ProtectorConfig<'m> {
    /// The folder of the store, which has the lock for [`turn`].
    pub data_folder: &'m Path,
    /// The folder of key files.
    pub key_folder: &'m Path,
    /// How to ask the user for the passphrase; `None` if there is no way.
    pub askpass: Option<&'m Askpass>,
}

/// How to ask the user for the passphrase.
#[derive(Clone)]
pub enum Askpass {
    /// A program that gets the question as its argument.
    Program(String),
    /// This process, at its own terminal.
    Terminal,
}

/// What a protector may do to get the store key.
#[derive(Clone, Copy)]
pub enum UnlockMode<'e> {
    /// Read key files and the session's cache. Run no program and ask no user.
    CachedOnly,
    /// Use every protector that gives its key without the user.
    Quiet,
    /// Ask the user, who may have given the passphrase already.
    AskUser {
        /// The passphrase, if the user gave one.
        passphrase: Option<&'e Passphrase>,
        /// How long the user may take.
        deadline: &'e Deadline,
    },
}

impl UnlockMode<'_> {
    /// Whether the caller's deadline has passed. The other modes have none.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::AskUser { deadline, .. } if deadline.is_over())
    }
}

/// The error if no protector gives the store key. Nothing was changed or created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unavailable {
    /// The protector that has to be fixed or unlocked.
    pub protector: Kind,
    /// Why it did not give the key.
    pub reason: Reason,
}

impl Unavailable {
    /// The same protector, with the reason [`Reason::Deadline`].
    #[must_use]
    pub fn too_late(self) -> Self {
        Self { reason: Reason::Deadline, ..self }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the protector {} gave no key ({})", self.protector.name(), self.reason.name())
    }
}

impl std::error::Error for Unavailable {}

/// Why a protector did not give its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The user has to unlock it, for example through `vault/unlock`.
    Locked,
    /// The user has locked the store, so no protector was asked.
    StoreLocked,
    /// It has no key for this store.
    Missing,
    /// It has a key, but not this store's.
    Wrong,
    /// The program may not ask it, or it refused.
    Denied,
    /// It did not give its key before the deadline.
    Deadline,
    /// Other users can read its key or replace it.
    OpenToOthers,
    /// The program failed: its exit status was not 0, or a signal ended it.
    Failed,
    /// The program does not exist.
    ProgramMissing,
    /// The path of the program depends on the current folder, so it is not run.
    RelativeProgram,
    /// The user or the program gave a text that is not a valid passphrase.
    InvalidPassphrase,
    /// The system does not have enough memory to derive a key.
    Memory,
    /// The key file or its folder belongs to another user.
    NotOurs,
    /// The key file is not a regular file.
    NotAFile,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::Locked,
        Self::StoreLocked,
        Self::Missing,
        Self::Wrong,
        Self::Denied,
        Self::Deadline,
        Self::OpenToOthers,
        Self::Failed,
        Self::ProgramMissing,
        Self::RelativeProgram,
        Self::InvalidPassphrase,
        Self::Memory,
        Self::NotOurs,
        Self::NotAFile,
    ];

    /// Its name in the protocol and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Locked | Self::StoreLocked => "locked",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Denied | Self::OpenToOthers | Self::NotOurs | Self::NotAFile => "denied",
            Self::Deadline => "deadline",
            Self::Failed => "failed",
            Self::ProgramMissing => "programMissing",
            Self::RelativeProgram => "relativeProgram",
            Self::InvalidPassphrase => "invalidPassphrase",
            Self::Memory => "memory",
        }
    }
}

/// The store key, from a protector or from the session's cache.
pub struct Given {
    /// The store key.
    pub store_key: StoreKey,
    /// The protector that gave it.
    pub protector: Kind,
    /// The protector's own key, if the session's cache does not have it yet.
    pub fresh: Option<FreshKey>,
}

/// A protector's key that a process has just got, to be cached for the others of its login session.
pub struct FreshKey {
    cache: Cache,
    row: [u8; 16],
    key: ProtectorKey,
}

impl FreshKey {
    /// Caches the key.
    pub fn keep(self) {
        self.cache.keep(self.row, &self.key);
    }
}

/// A protector's row in the store: its id and its bytes.
pub type StoredRow = ([u8; 16], Vec<u8>);

/// What a protector's row says about it without the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protector {
    /// The id of its row.
    pub id: [u8; 16],
    /// What kind of protector it is.
    pub kind: Kind,
    /// When it was created, in milliseconds since 1970.
    pub made_at: u64,
}

/// Checks whether the folder of key files exists, or this process may create it.
///
/// # Errors
/// If the folder would be in another user's home.
pub fn may_keep(config: &ProtectorConfig<'_>) -> std::io::Result<()> {
    Ok(crate::files::may_create_folder(config.key_folder)?)
}

/// The path of a store's key file, whether or not it exists.
pub fn key_file(config: &ProtectorConfig<'_>, store: StoreId) -> PathBuf {
    key_file::path(config.key_folder, store)
}

/// Whether the operating system's keyring can be used now, without asking the user; otherwise the reason, and a line
/// about it.
///
/// # Errors
/// If it can't be used.
pub fn keyring_state() -> Result<(), (Reason, &'static str)> {
    keyring::state(&Deadline::of(QUIET))
}

/// Removes what a protector keeps outside of the store. The caller has removed its row.
pub fn forget(config: &ProtectorConfig<'_>, store: StoreId, protector: Protector) {
    // The user wants the remaining protectors to be asked, so the cached key goes as well.
    forget_cached(store);
    match protector.kind {
        Kind::KeyFile => key_file::forget(config.key_folder, store),
        Kind::Command => command::forget(config.key_folder, store, protector.id),
        Kind::Keyring => {
            if keyring::delete(store, protector.id, &Deadline::of(QUIET)).is_err() {
                tracing::error!("the key could not be deleted from the keyring; delete it there yourself");
            }
        }
        Kind::Passphrase => {}
    }
}

/// Removes the key that is cached for this login session. Every process of the session then has to ask a protector.
pub fn forget_cached(store: StoreId) {
    if let Some(cache) = Cache::of(store) {
        cache.drop_entry();
    }
}

/// Whether processes of this login session share the key that one of them gets.
pub fn has_cache(store: StoreId) -> bool {
    Cache::of(store).is_some()
}

/// Why a store that the user has locked has no key: the protector to unlock is the first one that is no key file.
pub fn store_locked(rows: &[StoredRow]) -> Unavailable {
    let kind = list(rows).iter().map(|one| one.kind).find(|kind| *kind != Kind::KeyFile);
    Unavailable { protector: kind.unwrap_or(Kind::KeyFile), reason: Reason::StoreLocked }
}

/// Decodes the rows of protectors. Skips rows that this version can't read.
pub fn list(rows: &[StoredRow]) -> Vec<Protector> {
    let known = rows.iter().filter_map(|(id, row)| Some((id, Row::decode(row)?)));
    known.map(|(id, row)| Protector { id: *id, kind: row.kind(), made_at: row.made_at() }).collect()
}

/// The labels of protectors, by their ids. A protector without a label is left out.
pub fn labels(rows: &[StoredRow]) -> BTreeMap<[u8; 16], String> {
    let known = rows.iter().filter_map(|(id, row)| Some((*id, Row::decode(row)?.label().to_owned())));
    known.filter(|(_, label)| !label.is_empty()).collect()
}

/// Gets the store key from the first protector that gives it. Asks the cheapest ones first, and tries a passphrase that
/// the user gave before any protector that may show a window. A key that another process of this login session got is
/// in the cache and costs nothing; the caller caches a key that this process gets.
///
/// # Errors
/// The protector that the user has to unlock or fix, if none gives the key.
pub fn open(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[StoredRow],
    mode: &UnlockMode<'_>,
) -> Result<Given, Unavailable> {
    let known = by_cost(rows, mode);
    let (files, others) = known.split_at(known.partition_point(|(_, row)| row.kind() == Kind::KeyFile));
    let no_file = match first(config, store, files, mode) {
        Ok(found) => return Ok(Given { store_key: found.store_key, protector: Kind::KeyFile, fresh: None }),
        Err(why) => why,
    };
    if others.is_empty() {
        return Err(no_file.unwrap_or(NOTHING));
    }
    let cache = Cache::of(store);
    if let Some((store_key, protector)) = cache.as_ref().and_then(|cache| recall(cache, store, others)) {
        return Ok(Given { store_key, protector, fresh: None });
    }
    let found =
        first(config, store, others, mode).map_err(|why| preferred(no_file, why).unwrap_or(NOTHING))?;
    let fresh = cache.map(|cache| FreshKey { cache, row: found.row, key: found.key });
    Ok(Given { store_key: found.store_key, protector: found.kind, fresh })
}

/// The first of these protectors that gives the store key now. Asks the protectors themselves and does not use the
/// cache.
///
/// # Errors
/// As [`open`].
pub fn test(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[StoredRow],
    mode: &UnlockMode<'_>,
) -> Result<[u8; 16], Unavailable> {
    let found = first(config, store, &by_cost(rows, mode), mode);
    found.map(|found| found.row).map_err(|why| why.unwrap_or(NOTHING))
}

/// Whether the processes of this login session should take turns: a protector is a program, and the key that it gives
/// to one process is cached for the others.
pub fn takes_turns(store: StoreId, rows: &[StoredRow]) -> bool {
    list(rows).iter().any(|one| one.kind == Kind::Command) && Cache::of(store).is_some()
}

/// Whether this mode would ask the user.
pub fn asks(rows: &[StoredRow], mode: &UnlockMode<'_>) -> bool {
    matches!(mode, UnlockMode::AskUser { passphrase: None, .. })
        && list(rows).iter().any(|one| one.kind != Kind::KeyFile)
}

/// Ends the programs that this process runs, and any window in which they ask the user. Called when the process ends.
pub fn end_programs() {
    program::end_all();
}

const NOTHING: Unavailable = Unavailable { protector: Kind::KeyFile, reason: Reason::Missing };

/// The key of a protector, and the store key from its row.
struct Found {
    row: [u8; 16],
    kind: Kind,
    key: ProtectorKey,
    store_key: StoreKey,
}

fn by_cost<'r>(rows: &'r [StoredRow], mode: &UnlockMode<'_>) -> Vec<([u8; 16], Row<'r>)> {
    let has_passphrase = matches!(mode, UnlockMode::AskUser { passphrase: Some(_), .. });
    let mut known: Vec<_> = rows.iter().filter_map(|(id, row)| Some((*id, Row::decode(row)?))).collect();
    known.sort_by_key(|(_, row)| match row.kind() {
        Kind::KeyFile => 0,
        Kind::Passphrase if has_passphrase => 1,
        Kind::Keyring => 2,
        Kind::Command => 3,
        Kind::Passphrase => 4,
    });
    known
}

/// Asks the protectors one after the other. Asks the user once, and tries the answer with every passphrase row.
/// `Err(None)` if there is no protector.
fn first(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[([u8; 16], Row<'_>)],
    mode: &UnlockMode<'_>,
) -> Result<Found, Option<Unavailable>> {
    let mut why = None;
    let mut user = UserAnswer { config, answer: None };
    for (id, row) in rows {
        let (row, kind) = (row, row.kind());
        let asked = ask(config, store, (*id, row), mode, &mut user).and_then(|key| {
            let store_key = row.unwrap(*id, &ProtectorKeys::derive(store, &key)).ok_or(Reason::Wrong)?;
            Ok(Found { row: *id, kind, key, store_key })
        });
        match asked {
            Ok(found) => return Ok(found),
            Err(reason) => why = preferred(why, Some(Unavailable { protector: kind, reason })),
        }
    }
    Err(why)
}

/// Which of two reasons to report: one that the user can fix at once, otherwise the later one.
fn preferred(before: Option<Unavailable>, after: Option<Unavailable>) -> Option<Unavailable> {
    const WRONG_WORD: Unavailable = Unavailable { protector: Kind::Passphrase, reason: Reason::Wrong };
    match (before, after) {
        (Some(before), after)
            if before.reason == Reason::Locked || before == WRONG_WORD || after.is_none() =>
        {
            Some(before)
        }
        (_, after) => after,
    }
}

/// The store key from the cache. Drops a cached key that does not open its row any more.
fn recall(cache: &Cache, store: StoreId, rows: &[([u8; 16], Row<'_>)]) -> Option<(StoreKey, Kind)> {
    let (kept, key) = cache.recall()?;
    let row = rows.iter().find(|(id, _)| *id == kept).map(|(_, row)| row);
    let found =
        row.and_then(|row| Some((row.unwrap(kept, &ProtectorKeys::derive(store, &key))?, row.kind())));
    if found.is_none() {
        cache.drop_entry();
    }
    found
}

fn ask(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    (id, row): ([u8; 16], &Row<'_>),
    mode: &UnlockMode<'_>,
    user: &mut UserAnswer<'_>,
) -> Result<ProtectorKey, Reason> {
    match (row.kind(), mode) {
        (Kind::KeyFile, _) => key_file::read(config.key_folder, store),
        // A user who gave a passphrase is not asked by the keyring as well.
        (Kind::Keyring, UnlockMode::Quiet | UnlockMode::AskUser { passphrase: Some(_), .. }) => {
            keyring::read(store, id, false, &Deadline::of(QUIET))
        }
        (Kind::Keyring, UnlockMode::AskUser { passphrase: None, deadline }) => {
            keyring::read(store, id, true, deadline)
        }
        (Kind::Keyring | Kind::Command, UnlockMode::CachedOnly)
        | (Kind::Passphrase, UnlockMode::CachedOnly | UnlockMode::Quiet) => Err(Reason::Locked),
        (Kind::Command, UnlockMode::Quiet) => {
            let passphrase = command::ask(config.key_folder, store, id, &Deadline::of(QUIET))?;
            derive(row, &passphrase, &Deadline::of(QUIET))
        }
        (Kind::Command, UnlockMode::AskUser { deadline, .. }) => {
            derive(row, &command::ask(config.key_folder, store, id, deadline)?, deadline)
        }
        (Kind::Passphrase, UnlockMode::AskUser { passphrase: Some(passphrase), deadline }) => {
            derive(row, passphrase, deadline)
        }
        (Kind::Passphrase, UnlockMode::AskUser { passphrase: None, deadline }) => {
            derive(row, user.ask(deadline)?, deadline)
        }
    }
}

/// The user, who is asked for a passphrase at most once: the answer counts for every passphrase row of the store, and
/// so does a refusal.
struct UserAnswer<'m> {
    config: &'m ProtectorConfig<'m>,
    answer: Option<Result<Passphrase, Reason>>,
}

impl UserAnswer<'_> {
    fn ask(&mut self, deadline: &Deadline) -> Result<&Passphrase, Reason> {
        let askpass = self.config.askpass;
        let answer = self.answer.get_or_insert_with(|| {
            let question = "Passphrase of plugin-vault: ";
            match askpass.ok_or(Reason::Locked)? {
                Askpass::Program(program) => program::ask(&[program.clone(), question.into()], deadline),
                Askpass::Terminal => typed(&terminal::ask(question, deadline)?),
            }
        });
        answer.as_ref().map_err(|reason| *reason)
    }
}

fn typed(line: &[u8]) -> Result<Passphrase, Reason> {
    Passphrase::new(line).map_err(|error| match error {
        // An empty answer cancels the question.
        PassphraseError::Empty => Reason::Denied,
        error => {
            tracing::error!("the typed text is not a valid passphrase: it {}", error.name());
            Reason::InvalidPassphrase
        }
    })
}

fn derive(row: &Row<'_>, passphrase: &Passphrase, deadline: &Deadline) -> Result<ProtectorKey, Reason> {
    passphrase::derive(passphrase, row.parameters(), deadline)
}
