//! Why a command about a shared store failed, as a line for the user and an exit code.

use crate::vault::sharing::{Refused, RemoteError, SharingError};

use super::super::failed::{Exit, Failed};

impl From<SharingError> for Failed {
    fn from(error: SharingError) -> Self {
        let (exit, why) = match error {
            SharingError::Store(error) => return error.into(),
            SharingError::Url(error) => return super::bad_url(error),
            SharingError::Server(error) => return of_server(error),
            SharingError::AlreadyShared => (
                Exit::Failed,
                "the store is shared already; see plugin-vault remote status, and plugin-vault remote leave to take it \
                 back first",
            ),
            SharingError::NotShared => {
                (Exit::NothingStored, "the store is not shared; see plugin-vault remote push and join")
            }
            SharingError::NoCredentials => (
                Exit::Refused,
                "the file with the credentials of the server is not in the key folder; put it back, or run \
                 plugin-vault remote leave and join again",
            ),
            SharingError::OnServer => (
                Exit::Failed,
                "the server has this store already; join it with plugin-vault remote join, or let the owner of the \
                 database remove it there (plugin_vault.destroy)",
            ),
            SharingError::NotForThisMachine => (
                Exit::Refused,
                "what was left for this machine does not open with its code, so it was not taken; run the same command \
                 with another --machine to get a new code, and compare the whole code when you approve it",
            ),
            SharingError::SeveralStores => (
                Exit::Refused,
                "machines of several stores have approved this code, so none was joined; run the same command with \
                 another --machine to get a new code",
            ),
            SharingError::MachineName => {
                (Exit::WrongArguments, "the name of a machine has 1 to 256 bytes and no control characters")
            }
            SharingError::WeakCode => (Exit::Refused, "no machine makes such a code; nothing was changed"),
            SharingError::NotOnePassphrase => (
                Exit::Failed,
                "--with-passphrase needs a store with exactly one passphrase; see plugin-vault protector list",
            ),
            SharingError::UnknownMachine => {
                (Exit::NothingStored, "there is no such machine; see plugin-vault remote machines")
            }
            SharingError::Overtaken => {
                (Exit::Failed, "another machine wrote at the same time; run the same command again")
            }
            SharingError::DidNotGoBack => {
                (Exit::Failed, "the server has lost no commit that this machine has; nothing was changed")
            }
            SharingError::Unknown => (
                Exit::Unreachable,
                "it is not known whether the server has committed this; run the same command again",
            ),
        };
        Self::with(exit, why.into())
    }
}

/// What the server said, or that it said nothing.
pub(super) fn of_server(error: RemoteError) -> Failed {
    let (exit, why) = match error {
        RemoteError::Unreachable | RemoteError::Unanswered => (
            Exit::Unreachable,
            "the server can't be reached; see whether it runs, and whether the host and the port of the URL are right",
        ),
        RemoteError::Refused(refused) => (Exit::Refused, refusal(refused)),
        RemoteError::Full => (
            Exit::Failed,
            "the store is larger than its quota on the server, or the server's disk is full; nothing was changed there",
        ),
        RemoteError::TooNew => (
            Exit::Refused,
            "the schema on the server is of a later version; update plugin-vault on this machine",
        ),
        RemoteError::NotInstalled => (
            Exit::Failed,
            "the database has no schema of plugin-vault, or an old one; run plugin-vault remote setup URL as its owner",
        ),
        RemoteError::WentBack => (
            Exit::Refused,
            "the server has lost commits that this machine has; choose what counts: plugin-vault remote keep-server or \
             plugin-vault remote keep-mine",
        ),
        RemoteError::Failed => (
            Exit::Failed,
            "the server answered what plugin-vault does not understand; see its log, and the lines that \
             plugin-vault --log warn shows",
        ),
    };
    Failed::with(exit, why.into())
}

fn refusal(refused: Refused) -> &'static str {
    match refused {
        Refused::Login => {
            "the server refused the login; check the user, the database and the password (PGPASSWORD, ~/.pgpass)"
        }
        Refused::NoPassword => {
            "the server asks for a password, and there is none; put it into PGPASSWORD or ~/.pgpass, or give it with \
             --password-fd"
        }
        Refused::NoTls => {
            "the server offers no TLS, and it is not on this machine, so nothing was sent; switch ssl on at the server"
        }
        Refused::Certificate => {
            "the server's certificate is not valid for its name; name the right host, or the certificate to trust with \
             ?sslrootcert=PATH"
        }
        Refused::Machine => {
            "the server does not know this machine for this store: it was removed, or the store was; plugin-vault \
             remote leave keeps what is here"
        }
        Refused::Permission => {
            "the user of the URL may not do this in the database; use the owner of the schema, or let the owner grant it"
        }
    }
}
