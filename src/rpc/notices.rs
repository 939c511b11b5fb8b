//! Notifications that no request asked for: changes, for clients with a watch, and the state of the store. One task a
//! connection. It sends a notice only when the client has taken everything that was sent before, so that a client
//! that does not read costs nothing.

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

/// How long to wait after a read that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// The notification of a change.
pub(super) const DID_CHANGE: &str = "persistentData/didChange";

/// A change notice.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum DidChange<'a> {
    /// A record was written or deleted.
    Change {
        /// The watch that this notice belongs to.
        handle: Handle<'a>,
        /// The record's revision now.
        revision: Revision,
        /// The record's context.
        context: Context,
        /// The record's folder; absent for the context `user`.
        #[serde(skip_serializing_if = "Option::is_none")]
        workspace_folder: Option<&'a WorkspaceFolder>,
        /// The record's name; absent for the unnamed record of its context.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a Name>,
        /// Whether the record was deleted.
        deleted: bool,
    },
    /// The client missed changes that the store no longer keeps (it keeps the newest 10,000): read everything again.
    Resync {
        /// The watch that this notice belongs to.
        handle: Handle<'a>,
        /// The revision up to which changes were missed.
        revision: Revision,
        /// Marks this kind of notice.
        resync: True,
    },
    /// The last notice of the watch: the key is no longer valid.
    Ended {
        /// The watch that this notice belongs to.
        handle: Handle<'a>,
        /// The revision up to which the client has its notices.
        revision: Revision,
        /// Why the watch ends.
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
        // Before the read, so that a commit in between is not missed.
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

/// Waits this long, or for ever.
async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn until(end: Timestamp) -> Duration {
    Duration::from_millis(end.millis().saturating_sub(Timestamp::now().millis()))
}

/// Sends each watch the notices that it has not had. If a read fails, returns how long to wait.
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

/// Whether the connection itself has replaced the key that was refused just now. A read waits for the rotation that
/// this may be the sign of, and then uses the key that the handle means.
async fn was_rotated_meanwhile(session: &Session, caller: Caller) -> bool {
    session.read(BeginWatch(caller), &Pending::default()).await.is_ok()
}

async fn changes(session: &Session, caller: &Caller, told: u64) -> Result<Changed, Failure> {
    // A deleted folder is no reason to create a new store: no request asked for data.
    if session.vault().opened().is_none() && !session.vault().has_store() {
        return Ok(Changed::without_store(told));
    }
    Ok(session.opened(&Pending::default()).await?.changes(caller, told)?)
}

/// Sends one watch the notices that were read for it. `false` if the watch has been replaced.
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
    // After `shutdown` the client wants no more notices.
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
