//! What is sent unasked: changes to those who watch, and the state of the store. One task a connection; it sends a notice
//! only when the client has taken everything that was sent before, so that one who does not read costs nothing.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;

use crate::session::{Failure, Pending, Phase, Session, Told};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{BeginWatch, Caller, Change, Changed, Context, Error, Name, Timestamp};

use super::methods::status;
use super::values::{Handle, Revision, True};

/// How long until it is tried again to read what could not be read.
const AGAIN: Duration = Duration::from_secs(1);

/// The notification of a change.
pub(super) const DID_CHANGE: &str = "persistentData/didChange";

/// What a watching client is told.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum DidChange<'a> {
    /// A record was written, or deleted.
    Change {
        /// The watch that this is for.
        handle: Handle<'a>,
        /// The record's revision now.
        revision: Revision,
        /// Where the record is.
        context: Context,
        /// Its folder; absent for the context `user`.
        #[serde(skip_serializing_if = "Option::is_none")]
        workspace_folder: Option<&'a WorkspaceFolder>,
        /// Its name; absent for *the* object of its context.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a Name>,
        /// Whether it was deleted.
        deleted: bool,
    },
    /// Changes were missed, and are not kept any more (the newest 10,000 of the store are): read everything again.
    Resync {
        /// The watch that this is for.
        handle: Handle<'a>,
        /// The revision up to which they were missed.
        revision: Revision,
        /// Tells this from other notices.
        resync: True,
    },
    /// The last one: the key is not good any more.
    Ended {
        /// The watch that this is for.
        handle: Handle<'a>,
        /// The revision up to which the client has been told.
        revision: Revision,
        /// Why.
        ended: Ended,
    },
}

/// Why a watch ends.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "WatchEnd"))]
pub(super) enum Ended {
    #[serde(rename = "apiKeyRevoked")]
    Revoked,
    #[serde(rename = "apiKeyExpired")]
    Expired,
}

/// Runs until the connection ends.
pub(super) async fn run(session: Arc<Session>) {
    let (mut commits, mut calls) = (session.commits(), session.calls());
    loop {
        // Before looking: what comes in between is not missed.
        commits.mark_unchanged();
        let again = tell_changes(&session).await;
        let end = session.first_end().map(until);
        let wait = again.into_iter().chain(end).min();
        tokio::select! {
            _ = commits.changed() => {}
            _ = calls.changed() => status::tell(&session).await,
            () = sleep(wait) => {}
        }
    }
}

/// So long, or for ever.
async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn until(end: Timestamp) -> Duration {
    Duration::from_millis(end.millis().saturating_sub(Timestamp::now().millis()))
}

/// Tells every watch what it has not been told. Where that can't be read just now, how long to wait.
async fn tell_changes(session: &Session) -> Option<Duration> {
    let mut again = None;
    for handle in session.watched() {
        while let Some((caller, told, now)) = session.watcher(&handle) {
            session.notices().await;
            match changes(session, &caller, told.revision).await {
                Ok(mut changed) => {
                    changed.fell_behind |= told != now;
                    if !tell(session, &handle, told, now, &changed).await || !changed.more {
                        break;
                    }
                }
                Err(Failure::Vault(error @ (Error::ApiKeyRevoked | Error::ApiKeyExpired))) => {
                    if was_rotated_meanwhile(session, caller).await {
                        continue;
                    }
                    session.unwatch(&handle);
                    let ended = if error == Error::ApiKeyExpired { Ended::Expired } else { Ended::Revoked };
                    let (handle, revision) = (Handle(handle.as_str().into()), Revision(told.revision));
                    send(session, &DidChange::Ended { handle, revision, ended }).await;
                }
                Err(_) => {
                    again = Some(AGAIN);
                    break;
                }
            }
        }
    }
    again
}

/// Whether the connection itself has put a new key in the place of the one that was refused just now. A read waits for
/// the rotation that this is perhaps the sign of, and is then made with the key that the handle means.
async fn was_rotated_meanwhile(session: &Session, caller: Caller) -> bool {
    session.read(BeginWatch(caller), &Pending::default()).await.is_ok()
}

async fn changes(session: &Session, caller: &Caller, told: u64) -> Result<Changed, Failure> {
    // A folder that was deleted is no reason to make a new store: nothing is asked for.
    if session.vault().opened().is_none() && !session.vault().has_store() {
        return Ok(Changed::without_store(told));
    }
    Ok(session.opened(&Pending::default()).await?.changes(caller, told)?)
}

/// Tells one watch what was read for it. `false` if it is another watch by now.
async fn tell(session: &Session, handle: &str, mut told: Told, now: Told, changed: &Changed) -> bool {
    if changed.fell_behind {
        let up_to = changed.up_to;
        if !session.has_been_told(handle, told, now.at(up_to), changed.ends) {
            return false;
        }
        let (handle, revision) = (Handle(handle.into()), Revision(up_to));
        send(session, &DidChange::Resync { handle, revision, resync: True::TRUE }).await;
        return true;
    }
    for change in &changed.told {
        if !session.has_been_told(handle, told, now.at(change.revision), changed.ends) {
            return false;
        }
        told = now.at(change.revision);
        send(session, &did_change(handle, change)).await;
    }
    session.has_been_told(handle, told, now.at(changed.up_to), changed.ends)
}

fn did_change<'a>(handle: &'a str, change: &'a Change) -> DidChange<'a> {
    let address = &change.address;
    DidChange::Change {
        handle: Handle(handle.into()),
        revision: Revision(change.revision),
        context: address.context(),
        workspace_folder: address.folder.as_ref(),
        name: address.name.as_ref(),
        deleted: change.deleted,
    }
}

async fn send(session: &Session, params: &DidChange<'_>) {
    // A client that has said goodbye wants no more.
    if session.phase() < Phase::ShutDown {
        let message = json!({"jsonrpc": "2.0", "method": DID_CHANGE, "params": params});
        session.client().send(message.to_string().into_bytes());
    }
    let (taken, all_taken) = oneshot::channel();
    session.client().when_taken(Box::new(move || {
        // The task ends with the process.
        let _ = taken.send(());
    }));
    let _ = all_taken.await;
}
