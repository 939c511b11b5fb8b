//! Ways to the store key. Each has a row in the store, in which the store key lies wrapped under the protector's own
//! key; where that key lies is what makes one protector differ from another.
//!
//! Several can guard one store, like the slots of an encrypted disk. Which ones do is written down, and never changed in
//! silence: a key that can't be reached is an error, and no reason to make another.

mod cache;
mod command;
mod deadline;
mod derivation;
mod key_file;
mod keyring;
mod make;
mod passphrase;
mod program;
mod protects;
mod row;
mod terminal;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crypto::{ProtectorKey, ProtectorKeys, StoreId, StoreKey};

use cache::Cache;
pub use deadline::Deadline;
pub use make::{New, NotMade, make};
pub use passphrase::{Passphrase, PassphraseError, first_line};
pub use program::is_relative as is_relative_program;
pub use protects::{Protects, protects};
pub use row::Kind;
use row::Row;
pub use terminal::{ask as ask_at_terminal, is_there as has_terminal};

/// How long a program or a keyring may take where nobody is asked.
///
/// Shorter than a write waits in the queue, so that it is told why.
const QUIET: Duration = Duration::from_secs(4);
/// How long a keyring may take to keep a new key and give it back.
const PROBE: Duration = Duration::from_secs(2);

/// Where protectors look for what they need.
pub struct ProtectorConfig<'m> {
    /// The folder of key files.
    pub key_folder: &'m Path,
    /// Who asks a person for the passphrase.
    pub askpass: Option<&'m Askpass>,
}

/// Who asks a person for the passphrase.
pub enum Askpass {
    /// A program, which gets the question as its argument.
    Program(String),
    /// This process, at the terminal that it was started in.
    Terminal,
}

/// How far to go for the store key.
#[derive(Clone, Copy)]
pub enum UnlockMode<'e> {
    /// What lies in a file or was given to another process: nobody is asked, nothing is run.
    CachedOnly,
    /// Whatever gives its key without a person.
    Quiet,
    /// A person may be asked, and may have said the passphrase already.
    AskUser {
        /// The passphrase, if it was given.
        passphrase: Option<&'e Passphrase>,
        /// How long the person may take.
        deadline: &'e Deadline,
    },
}

impl UnlockMode<'_> {
    /// Whether nobody waits any more.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::AskUser { deadline, .. } if deadline.is_over())
    }
}

/// The store key is not to be had. Nothing was changed, nothing was made in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unavailable {
    /// The protector that stands in the way.
    pub protector: Kind,
    /// Why it did not give the key.
    pub reason: Reason,
}

impl Unavailable {
    /// The same protector, not asked in time.
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
    /// A person has to unlock it: `vault/unlock` asks.
    Locked,
    /// It has no key for this store.
    Missing,
    /// It has a key, but not this store's.
    Wrong,
    /// It may not be asked, or said no.
    Denied,
    /// It took too long.
    Deadline,
    /// Others can read its key, or put another in its place.
    OpenToOthers,
    /// The program failed: it ended with an exit status other than 0, or was ended by a signal.
    Failed,
    /// There is no such program.
    ProgramMissing,
    /// The program is named by a path that depends on the current folder, so it is not run.
    RelativeProgram,
    /// What a person or a program said is no passphrase.
    InvalidPassphrase,
    /// The system has no memory left to derive a key.
    Memory,
    /// What should hold its key is another user's.
    NotOurs,
    /// What should hold its key is no regular file.
    NotAFile,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::Locked,
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

    /// As it is named on the wire and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
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

/// A protector's row, as it lies in the store.
pub type StoredRow = ([u8; 16], Vec<u8>);

/// What can be told of a protector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protector {
    /// Names its row.
    pub id: [u8; 16],
    /// Which it is.
    pub kind: Kind,
    /// When it was made, in milliseconds since 1970.
    pub made_at: u64,
}

/// Whether the folder of key files is there, or may be made by this process.
pub fn may_keep(config: &ProtectorConfig<'_>) -> std::io::Result<()> {
    Ok(crate::files::may_create_folder(config.key_folder)?)
}

/// Where the key file of a store lies, whether or not there is one.
pub fn key_file(config: &ProtectorConfig<'_>, store: StoreId) -> PathBuf {
    key_file::path(config.key_folder, store)
}

/// Takes away what a protector keeps outside of the store. Its row is gone already.
pub fn forget(config: &ProtectorConfig<'_>, store: StoreId, protector: Protector) {
    // Whoever takes one away wants the others asked.
    if let Some(cache) = Cache::of(store) {
        cache.drop_entry();
    }
    match protector.kind {
        Kind::KeyFile => key_file::forget(config.key_folder, store),
        Kind::Command => command::forget(config.key_folder, store, protector.id),
        Kind::Keyring => {
            if keyring::delete(store, protector.id, &Deadline::of(QUIET)).is_err() {
                tracing::error!("the key could not be deleted from the keyring; delete it yourself");
            }
        }
        Kind::Passphrase => {}
    }
}

/// The protectors that these rows are; rows that this version can't read are passed over.
pub fn list(rows: &[StoredRow]) -> Vec<Protector> {
    let known = rows.iter().filter_map(|(id, row)| Some((id, Row::decode(row)?)));
    known.map(|(id, row)| Protector { id: *id, kind: row.kind(), made_at: row.made_at() }).collect()
}

/// Gets the store key from the first protector that gives it; those that cost least are asked first, and a passphrase
/// that was said before any of those that may show a window. A key that another process of this login session was given
/// costs nothing; one that this one is given is left for the others.
pub fn open(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[StoredRow],
    mode: &UnlockMode<'_>,
) -> Result<(StoreKey, Kind), Unavailable> {
    let known = by_cost(rows, mode);
    let (files, others) = known.split_at(known.partition_point(|(_, row)| row.kind() == Kind::KeyFile));
    let no_file = match first(config, store, files, mode) {
        Ok(found) => return Ok((found.store_key, Kind::KeyFile)),
        Err(why) => why,
    };
    if others.is_empty() {
        return Err(no_file.unwrap_or(NOTHING));
    }
    let cache = Cache::of(store);
    if let Some(found) = cache.as_ref().and_then(|cache| recall(cache, store, others)) {
        return Ok(found);
    }
    let found = first(config, store, others, mode).map_err(|why| worse(no_file, why).unwrap_or(NOTHING))?;
    if let Some(cache) = cache {
        cache.keep(found.row, &found.key);
    }
    Ok((found.store_key, found.kind))
}

/// The first of these protectors that gives the store key now: they are really asked, no cache is looked at.
pub fn test(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[StoredRow],
    mode: &UnlockMode<'_>,
) -> Result<[u8; 16], Unavailable> {
    let found = first(config, store, &by_cost(rows, mode), mode);
    found.map(|found| found.row).map_err(|why| why.unwrap_or(NOTHING))
}

/// Whether the processes of this login session should ask one after the other without a person: a program is run, and
/// what it says is left for the others.
pub fn takes_turns(store: StoreId, rows: &[StoredRow]) -> bool {
    list(rows).iter().any(|one| one.kind == Kind::Command) && Cache::of(store).is_some()
}

/// Whether a person would be asked by whoever goes that far.
pub fn asks(rows: &[StoredRow], mode: &UnlockMode<'_>) -> bool {
    matches!(mode, UnlockMode::AskUser { passphrase: None, .. })
        && list(rows).iter().any(|one| one.kind != Kind::KeyFile)
}

/// This process is ending: the programs that it has asked end with it, and a window that asks a person goes away.
pub fn end_programs() {
    program::end_all();
}

const NOTHING: Unavailable = Unavailable { protector: Kind::KeyFile, reason: Reason::Missing };

/// What a protector gave.
struct Found {
    row: [u8; 16],
    kind: Kind,
    key: ProtectorKey,
    store_key: StoreKey,
}

fn by_cost<'r>(rows: &'r [StoredRow], mode: &UnlockMode<'_>) -> Vec<([u8; 16], Row<'r>)> {
    let was_said = matches!(mode, UnlockMode::AskUser { passphrase: Some(_), .. });
    let mut known: Vec<_> = rows.iter().filter_map(|(id, row)| Some((*id, Row::decode(row)?))).collect();
    known.sort_by_key(|(_, row)| match row.kind() {
        Kind::KeyFile => 0,
        Kind::Passphrase if was_said => 1,
        Kind::Keyring => 2,
        Kind::Command => 3,
        Kind::Passphrase => 4,
    });
    known
}

/// Asks one after the other; a person is asked once, and what they say is tried with every passphrase. `Err(None)` where
/// there is none.
fn first(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    rows: &[([u8; 16], Row<'_>)],
    mode: &UnlockMode<'_>,
) -> Result<Found, Option<Unavailable>> {
    let mut why = None;
    let mut person = Person { config, said: None };
    for (id, row) in rows {
        let (row, kind) = (row, row.kind());
        let asked = ask(config, store, (*id, row), mode, &mut person).and_then(|key| {
            let store_key = row.unwrap(*id, &ProtectorKeys::derive(store, &key)).ok_or(Reason::Wrong)?;
            Ok(Found { row: *id, kind, key, store_key })
        });
        match asked {
            Ok(found) => return Ok(found),
            Err(reason) => why = worse(why, Some(Unavailable { protector: kind, reason })),
        }
    }
    Err(why)
}

/// Which of two reasons to tell: what a person can mend at once, else the later one.
fn worse(before: Option<Unavailable>, after: Option<Unavailable>) -> Option<Unavailable> {
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

/// The store key, with what another process was given. What does not fit any more is dropped.
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
    person: &mut Person<'_>,
) -> Result<ProtectorKey, Reason> {
    match (row.kind(), mode) {
        (Kind::KeyFile, _) => key_file::read(config.key_folder, store),
        // Who has said a passphrase has been asked already.
        (Kind::Keyring, UnlockMode::Quiet | UnlockMode::AskUser { passphrase: Some(_), .. }) => {
            keyring::read(store, id, false, &Deadline::of(QUIET))
        }
        (Kind::Keyring, UnlockMode::AskUser { passphrase: None, deadline }) => {
            keyring::read(store, id, true, deadline)
        }
        (Kind::Keyring | Kind::Command, UnlockMode::CachedOnly)
        | (Kind::Passphrase, UnlockMode::CachedOnly | UnlockMode::Quiet) => Err(Reason::Locked),
        (Kind::Command, UnlockMode::Quiet) => {
            let said = command::ask(config.key_folder, store, id, &Deadline::of(QUIET))?;
            derive(row, &said, &Deadline::of(QUIET))
        }
        (Kind::Command, UnlockMode::AskUser { deadline, .. }) => {
            derive(row, &command::ask(config.key_folder, store, id, deadline)?, deadline)
        }
        (Kind::Passphrase, UnlockMode::AskUser { passphrase: Some(said), deadline }) => {
            derive(row, said, deadline)
        }
        (Kind::Passphrase, UnlockMode::AskUser { passphrase: None, deadline }) => {
            derive(row, person.ask(deadline)?, deadline)
        }
    }
}

/// A person who may be asked for a passphrase, once: their answer is good for every passphrase of the store, and so is
/// their refusal.
struct Person<'m> {
    config: &'m ProtectorConfig<'m>,
    said: Option<Result<Passphrase, Reason>>,
}

impl Person<'_> {
    fn ask(&mut self, deadline: &Deadline) -> Result<&Passphrase, Reason> {
        let askpass = self.config.askpass;
        let said = self.said.get_or_insert_with(|| {
            let question = "Passphrase of plugin-vault: ";
            match askpass.ok_or(Reason::Locked)? {
                Askpass::Program(program) => program::ask(&[program.clone(), question.into()], deadline),
                Askpass::Terminal => typed(&terminal::ask(question, deadline)?),
            }
        });
        said.as_ref().map_err(|reason| *reason)
    }
}

fn typed(line: &[u8]) -> Result<Passphrase, Reason> {
    Passphrase::new(line).map_err(|error| match error {
        // Who answers nothing goes away from the question.
        PassphraseError::Empty => Reason::Denied,
        error => {
            tracing::error!("what was typed is no passphrase: it {}", error.name());
            Reason::InvalidPassphrase
        }
    })
}

fn derive(row: &Row<'_>, said: &Passphrase, deadline: &Deadline) -> Result<ProtectorKey, Reason> {
    passphrase::derive(said, row.parameters(), deadline)
}
