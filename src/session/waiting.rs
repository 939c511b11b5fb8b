//! What a single request waits for: an open store, its turn, its outcome. The task of the request waits; the reading
//! thread never does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::limits;
use crate::vault::{Busy, Deadline, Error, Locking, Need, OneByOne, Opened, Passphrase, Read, Write};

use super::{Failure, Pending, Session};

/// How long opening the store may take. A repair waits ten seconds for other processes to close the store. It has to
/// answer first, because it knows the reason.
const OPENING: Duration = Duration::from_secs(12);

impl Session {
    /// Opens the store if necessary, and returns it with its key.
    pub async fn opened(&self, pending: &Pending) -> Result<Arc<Opened>, Failure> {
        self.need(Need::Key, pending).await?.ok_or(Failure::Vault(Error::Internal))
    }

    /// The store if there is one, with or without its key.
    pub async fn existing(&self, pending: &Pending) -> Result<Option<Arc<Opened>>, Failure> {
        self.need(Need::Existing, pending).await
    }

    pub(super) async fn ended(&self) {
        // `self` keeps the sender, so the wait can't fail.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    /// Gets the store key, and may ask a person for it. Returns whether the key is available then; `false` if there is
    /// no store.
    pub async fn unlock(
        &self,
        passphrase: Option<Passphrase>,
        wait: Duration,
        pending: &Pending,
    ) -> Result<bool, Failure> {
        let Some(opened) = self.existing(pending).await? else { return Ok(false) };
        if opened.is_unlocked() && !opened.is_marked_locked()? {
            return Ok(true);
        }
        let asks = passphrase.is_none();
        let locked = opened.why_locked();
        let (done, mut unlocked) = oneshot::channel();
        let deadline = Deadline::of(wait);
        let ticket = self.vault.unlock(&opened, passphrase, deadline.clone(), move |result| {
            // The receiver is gone if the request was cancelled.
            let _ = done.send(result);
        });
        drop(opened);
        let too_late = tokio::time::sleep(wait);
        tokio::pin!(too_late);
        let mut waits = true;
        let given_up = loop {
            tokio::select! {
                biased;
                unlocked = &mut unlocked => {
                    unlocked.unwrap_or(Err(Error::Internal))?;
                    return Ok(true);
                }
                () = pending.cancelled() => break Failure::Cancelled,
                // Once the process is ending, the request no longer waits for a person.
                () = self.ended(), if asks => break locked.into(),
                // An unlock that has begun checks its deadline itself.
                () = &mut too_late, if waits => {
                    if self.vault.withdraw_unlock(ticket) {
                        break locked.too_late().into();
                    }
                    waits = false;
                }
            }
        };
        deadline.end();
        self.vault.withdraw_unlock(ticket);
        Err(given_up)
    }

    /// Locks the store, once the writes that the connection has asked for before have their outcomes.
    pub async fn lock(&self, pending: &Pending) -> Result<Locking, Failure> {
        tokio::select! {
            () = self.all_written() => {}
            () = pending.cancelled() => return Err(Failure::Cancelled),
        }
        let Some(opened) = self.existing(pending).await? else { return Ok(Locking::NoStore) };
        let locking = self.vault.lock(&opened)?;
        self.forget_keys();
        Ok(locking)
    }

    async fn need(&self, need: Need, pending: &Pending) -> Result<Option<Arc<Opened>>, Failure> {
        if let Some(opened) = self.vault.opened() {
            return Ok(Some(opened));
        }
        let (done, opened) = oneshot::channel();
        self.vault.open(need, move |result| {
            // The receiver is gone if the request was cancelled.
            let _ = done.send(result);
        });
        self.opening(opened, pending).await
    }

    /// Before a read that has to see what the server of a shared store has now: asks the server. A store that is not
    /// shared is always as new as that.
    pub async fn refresh(&self, pending: &Pending) -> Result<(), Failure> {
        if self.vault.opened().is_some_and(|opened| !opened.is_shared()) {
            return Ok(());
        }
        let (done, opened) = oneshot::channel();
        self.vault.open(Need::Fresh, move |result| {
            // The receiver is gone if the request was cancelled.
            let _ = done.send(result);
        });
        self.opening(opened, pending).await.map(drop)
    }

    /// Waits for an outcome that comes once the store is open, for at most [`OPENING`].
    async fn opening<T>(
        &self,
        outcome: oneshot::Receiver<Result<T, Error>>,
        pending: &Pending,
    ) -> Result<T, Failure> {
        tokio::select! {
            outcome = outcome => Ok(outcome.unwrap_or(Err(Error::Internal))?),
            () = tokio::time::sleep(OPENING) => Err(Error::busy(Busy::Opening).into()),
            () = pending.cancelled() => Err(Failure::Cancelled),
        }
    }

    /// Reads in the order of the connection's requests. The read sees the earlier writes of this connection in the same
    /// namespace, and no later ones. It waits for nothing else, and runs at once if no such write is pending.
    pub async fn read<R: Read + 'static>(&self, read: R, pending: &Pending) -> Result<R::Outcome, Failure> {
        self.read_with(Need::Key, read, pending).await
    }

    /// Like [`Self::read`], but with the store key only if no program and no person has to be asked for it.
    pub async fn read_cached_only<R: Read + 'static>(
        &self,
        read: R,
        pending: &Pending,
    ) -> Result<R::Outcome, Failure> {
        self.read_with(Need::CachedOnly, read, pending).await
    }

    async fn read_with<R: Read + 'static>(
        &self,
        need: Need,
        read: R,
        pending: &Pending,
    ) -> Result<R::Outcome, Failure> {
        let is_behind = self.pending.has_write_for(&read.caller().key);
        match self.vault.opened() {
            Some(opened) if !is_behind => Ok(opened.read(&read, pending.room())?),
            None if !is_behind && need == Need::CachedOnly => {
                let (done, outcome) = oneshot::channel();
                self.vault.open(need, move |opened| {
                    let opened = opened.and_then(|opened| opened.ok_or(Error::Internal));
                    // The receiver is gone if the request was cancelled.
                    let _ = done.send(opened.and_then(|opened| opened.read(&read, &OneByOne)));
                });
                Box::pin(self.opening(outcome, pending)).await
            }
            // Boxed, so that a read that is answered at once needs less memory.
            _ => Box::pin(self.read_queued(Arc::new(read), is_behind, pending)).await,
        }
    }

    /// Whether a write that this connection asked for earlier may still change what a read sees now.
    pub fn has_pending_writes(&self) -> bool {
        self.pending.has_writes()
    }

    /// Puts the read into the queue: behind the writes before it or, if the store is not open yet, before any later
    /// write. If the writes before it are withdrawn, the read need not wait any more.
    async fn read_queued<R: Read + 'static>(
        &self,
        read: Arc<R>,
        is_behind: bool,
        pending: &Pending,
    ) -> Result<R::Outcome, Failure> {
        let place = self.pending.last();
        let (done, mut outcome) = oneshot::channel();
        let ticket = self.vault.submit_read(read.clone(), pending.shared_room(), move |result| {
            // The receiver is gone if the connection has ended.
            let _ = done.send(result);
        });
        let no_longer = async {
            if is_behind {
                self.pending.written_up_to(place, &read.caller().key).await;
                None
            } else {
                tokio::time::sleep(OPENING).await;
                Some(Failure::Vault(Error::busy(Busy::Opening)))
            }
        };
        let given_up = tokio::select! {
            biased;
            outcome = &mut outcome => return Ok(outcome.unwrap_or(Err(Error::Internal))?),
            given_up = no_longer => given_up,
            () = pending.cancelled() => Some(Failure::Cancelled),
        };
        if !self.vault.withdraw(ticket) {
            return Ok(outcome.await.unwrap_or(Err(Error::Internal))?);
        }
        if let Some(failure) = given_up {
            return Err(failure);
        }
        self.room_for_answers(pending).await?;
        match self.vault.opened() {
            Some(opened) => Ok(opened.read(&*read, pending.room())?),
            None => Err(Error::busy(Busy::Closing).into()),
        }
    }

    /// Waits until the client has taken enough answers for another one to be made.
    async fn room_for_answers(&self, pending: &Pending) -> Result<(), Failure> {
        while !self.client.has_room(Duration::ZERO) {
            let (taken, all_taken) = oneshot::channel();
            self.client.when_taken(Box::new(move || {
                // The receiver is gone if the request was cancelled.
                let _ = taken.send(());
            }));
            tokio::select! {
                _ = all_taken => {}
                () = pending.cancelled() => return Err(Failure::Cancelled),
            }
        }
        Ok(())
    }

    /// Waits until every write that this connection has asked for has its outcome.
    pub async fn all_written(&self) {
        self.pending.all_written().await;
    }

    /// Carries out a write, in the order of the connection's requests. Its outcome is the true one: the vault's thread,
    /// the deadline or the client decides, depending on which takes the write first.
    pub async fn write<W: Write + 'static>(
        &self,
        write: W,
        pending: &Arc<Pending>,
    ) -> Result<W::Outcome, Failure> {
        let key = write.caller().map(|caller| caller.key.clone());
        let _writing = self.pending.begin_write(pending, key);
        self.carry_out(write, pending).await
    }

    async fn carry_out<W: Write + 'static>(
        &self,
        write: W,
        pending: &Pending,
    ) -> Result<W::Outcome, Failure> {
        let (done, mut outcome) = oneshot::channel();
        let ticket = self.vault.submit(write, move |result| {
            // The receiver is gone if the connection has ended.
            let _ = done.send(result);
        });
        let given_up = tokio::select! {
            biased;
            outcome = &mut outcome => return Ok(outcome.unwrap_or(Err(Error::Internal))?),
            () = tokio::time::sleep(limits::LOCK_WAIT) => self.vault.why_not_written().into(),
            () = pending.cancelled() => Failure::Cancelled,
        };
        if self.vault.withdraw(ticket) {
            match given_up {
                Failure::Vault(Error::StoreBusy { process: Some(process), .. }) => {
                    tracing::warn!(
                        "process {process} holds the write lock; if it is stopped, continue or end it"
                    );
                }
                Failure::Vault(error) => tracing::warn!("a write was not begun: {error}"),
                Failure::Cancelled => {}
            }
            return Err(given_up);
        }
        Ok(outcome.await.unwrap_or(Err(Error::Internal))?)
    }
}
