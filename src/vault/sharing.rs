//! What the user does with a store that several machines share: moves it to a server, lets machines join, sees and removes
//! machines, and takes the store back.
//!
//! These operations run on the caller's thread, in a process of their own: a command line. They take the store's lock
//! themselves and never wait for the vault's thread. How writes and reads of a sidecar use the server is not here.

mod joining;
mod leaving;
mod machines;
mod pushing;
mod rows;

use std::fmt;
use std::time::Duration;

use crate::crypto::StoreId;
use crate::limits;
use crate::remote::{
    self, Credentials, Deadline, Head, Log as _, Password, Position, PostgresLog, ServerUrl,
};
use crate::store::{CommitError, StoreError};

use super::{Config, Error, Failed, Opened};

pub use crate::crypto::{JoinCode, NotAJoinCode};
pub use crate::remote::{BadUrl, OFFLINE_DAYS, Refused, RemoteError, Standing};
pub use joining::{Approved, Joined, Joining, unfinished_join};
pub use leaving::{Kept, Left};
pub use machines::MachineInfo;
pub use pushing::Pushed;

/// How long a call to the server may take that carries little.
const CALL: Duration = Duration::from_secs(10);
/// How long a transfer may go without progress.
const STALL: Duration = Duration::from_secs(30);

fn soon() -> Deadline {
    Deadline::within(CALL)
}

fn transfer() -> Deadline {
    Deadline::without_progress(STALL, limits::SERVER_TRANSFER)
}

/// Why an operation on a shared store was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SharingError {
    /// The store on this machine.
    Store(Error),
    /// The server.
    Server(RemoteError),
    /// The text is no URL of a server.
    Url(BadUrl),
    /// The store is shared already.
    AlreadyShared,
    /// The store is not shared.
    NotShared,
    /// The store is shared, and this machine has lost its credentials for the server.
    NoCredentials,
    /// The server has a store with this id already.
    OnServer,
    /// What an approval left for this machine was made for another code, or was changed.
    NotForThisMachine,
    /// Machines of several stores have approved the same code.
    SeveralStores,
    /// The name of a machine is empty, too long, or has control characters.
    MachineName,
    /// The code has a public key that no machine makes.
    WeakCode,
    /// The store has no passphrase, or more than one.
    NotOnePassphrase,
    /// No machine of the store has this name or id.
    UnknownMachine,
    /// Another machine committed at the same time.
    Overtaken,
    /// The server has not gone back, so there is nothing to choose.
    DidNotGoBack,
    /// It is not known whether the server has committed the change.
    Unknown,
}

impl fmt::Display for SharingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(formatter),
            other => write!(formatter, "the operation on the shared store was not carried out: {other:?}"),
        }
    }
}

impl std::error::Error for SharingError {}

impl From<Error> for SharingError {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<StoreError> for SharingError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl From<RemoteError> for SharingError {
    fn from(error: RemoteError) -> Self {
        Self::Server(error)
    }
}

impl From<CommitError> for SharingError {
    fn from(error: CommitError) -> Self {
        Self::Store(match error {
            CommitError::NotDone(error) => error.into(),
            CommitError::Unknown => Error::StoreFailed(Failed::Commit),
        })
    }
}

impl From<remote::NotCaughtUp> for SharingError {
    fn from(error: remote::NotCaughtUp) -> Self {
        match error {
            remote::NotCaughtUp::Remote(error) => error.into(),
            remote::NotCaughtUp::Store(error) => error.into(),
        }
    }
}

/// The server of a shared store, as the user names it.
pub struct Server {
    text: String,
    url: ServerUrl,
}

impl Server {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it has another form, or a password.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        Ok(Self { text: text.to_owned(), url: ServerUrl::parse(text)? })
    }

    /// The same server, with the password to log in with. Without one it comes from where PostgreSQL's own programs look.
    #[must_use]
    pub fn with_password(self, password: Vec<u8>) -> Self {
        Self { url: self.url.with_password(Password::from(password)), ..self }
    }

    /// The URL, which has no password.
    pub fn url(&self) -> &str {
        &self.text
    }

    /// Installs the schema in the server's database, or upgrades it.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    pub fn set_up(&self) -> Result<(), SharingError> {
        Ok(remote::install(&self.url, &transfer())?)
    }
}

/// A store that is shared, as this machine sees it.
struct Shared {
    credentials: Credentials,
    log: PostgresLog,
}

impl Shared {
    /// The credentials and the log of a store.
    fn of(config: &Config, opened: &Opened) -> Result<Self, SharingError> {
        if !remote::is_replica(&opened.store().snapshot()?)? {
            return Err(SharingError::NotShared);
        }
        let store = opened.store().id();
        let credentials = Credentials::load(&config.keys, &store)?.ok_or(SharingError::NoCredentials)?;
        // A push that was killed behind its last step: the next one must not take this store for a part of one.
        Credentials::remove_unfinished(&config.keys, &store)?;
        let log = credentials.log(store).map_err(SharingError::Url)?;
        Ok(Self { credentials, log })
    }
}

/// What is known of a shared store and its server.
pub struct SharedStatus {
    /// The id of the store.
    pub store: String,
    /// The server's URL, without a password.
    pub url: String,
    /// The name of this machine in addresses; empty for the machine that moved its store to the server.
    pub machine: String,
    /// Days without a confirmation after which this machine's copy is refused.
    pub offline_days: u32,
    /// The last commit that this machine has.
    pub turn: u64,
    /// The server's last commit and how this machine compares with it, or why the server said nothing.
    pub server: Result<ServerState, RemoteError>,
}

/// What the server says.
#[derive(Clone, Copy)]
pub struct ServerState {
    /// The number of its last commit.
    pub turn: u64,
    /// How this machine compares with it.
    pub standing: Standing,
}

impl Opened {
    /// The state of the shared store; asks the server. This needs no store key. `None` if the store is not shared.
    ///
    /// # Errors
    /// If the store or the credentials can't be read.
    pub fn remote_state(&self, config: &Config) -> Result<Option<SharedStatus>, SharingError> {
        let mut shared = match Shared::of(config, self) {
            Err(SharingError::NotShared) => return Ok(None),
            shared => shared?,
        };
        let position = self.position()?;
        let server = match shared.log.head(position.turn, &soon()) {
            Ok(head) => {
                Ok(ServerState { turn: head.position.turn, standing: self.standing(&position, &head)? })
            }
            Err(error) => Err(error),
        };
        Ok(Some(SharedStatus {
            store: StoreId(self.store().id()).to_text(),
            url: shared.credentials.url.clone(),
            machine: shared.credentials.machine.clone(),
            offline_days: shared.credentials.offline_days,
            turn: position.turn,
            server,
        }))
    }

    /// How this machine compares with the server. A store that was restored or repaired here has numbers that the server
    /// has not, wherever its row says that it is.
    fn standing(&self, position: &Position, head: &Head) -> Result<Standing, SharingError> {
        let is_ahead = self.store().snapshot()?.revision()? > head.revision;
        Ok(if is_ahead { Standing::Ahead } else { position.standing(head) })
    }

    fn position(&self) -> Result<Position, SharingError> {
        Ok(remote::position(&self.store().snapshot()?)?)
    }
}
