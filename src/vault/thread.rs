//! The vault's thread: it opens the store, and only it writes. It takes the queued requests, decides about each write
//! under the store's lock, commits all of them at once, releases the lock, makes the reads, and answers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::protector::UnlockMode;
use crate::store::{Batch, StoreEvent, WriteLock};

use super::{Error, Need, Opened, Vault, key_index};

mod contact;
mod group;

use contact::Contacts;
use group::Unusable;

/// The most weight of the requests in one commit. It bounds how long another process waits that came just after the
/// commit had begun.
const GROUP: usize = 128;
/// How long to wait for an old environment to be closed before a new one is opened.
const CLOSING: Duration = Duration::from_secs(1);

/// How long to wait for the last users of the environment when the process ends.
const ENDING: Duration = Duration::from_millis(200);

/// Runs until the process ends.
pub(super) fn run(vault: &Arc<Vault>) -> ! {
    let back_up_after = vault.limits().backup_after();
    let later = |after: Option<Duration>| after.map(|after| Instant::now() + after);
    let mut back_up_at = later(back_up_after);
    let mut contacts = Contacts::default();
    loop {
        let contact_at = contacts.next(vault);
        let next = back_up_at.into_iter().chain(contact_at).min();
        let idle = next.map(|next| next.saturating_duration_since(Instant::now()));
        let Some(work) = vault.queue.wait(idle) else {
            if contact_at == next {
                contacts.begin();
                vault.refresh();
            } else {
                vault.back_up();
                // No other backup before there is work again.
                back_up_at = None;
            }
            continue;
        };
        back_up_at = later(back_up_after);
        let mut asked = None;
        if work.leave {
            let _turn = Turn(vault);
            vault.leave();
        }
        for (need, done) in work.openers {
            let _turn = Turn(vault);
            done(vault.ensure(need, &mut asked));
        }
        if work.has_jobs
            && let Some(unusable) = vault.write()
        {
            vault.reopen_later(unusable);
        }
        vault.tell_server_state();
    }
}

/// One turn of the thread: its work between two looks at the queue. Dropping this runs the tasks that the turn woke.
/// Nothing else runs them on this thread, so each way out of a turn has to drop it.
struct Turn<'v>(&'v Vault);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.run_woken();
    }
}

impl Vault {
    /// Opens the store as far as `need` demands.
    /// `asked` is what the server of a shared store answered in this turn, if it was asked.
    fn ensure(
        self: &Arc<Self>,
        need: Need,
        asked: &mut Option<Result<(), Error>>,
    ) -> Result<Option<Arc<Opened>>, Error> {
        let opened = self.remember_opening(self.try_ensure(need));
        if let Ok(Some(opened)) = &opened {
            contact::contact(opened, need, asked)?;
        }
        opened
    }

    /// The store for the queued jobs, whatever its server says.
    fn open_for_jobs(self: &Arc<Self>) -> Result<Arc<Opened>, Error> {
        let opened = self.remember_opening(self.try_ensure(Need::Key));
        opened.and_then(|opened| opened.ok_or(Error::Internal))
    }

    fn remember_opening(
        &self,
        opened: Result<Option<Arc<Opened>>, Error>,
    ) -> Result<Option<Arc<Opened>>, Error> {
        match &opened {
            Ok(Some(opened)) if opened.is_unlocked() => self.was_opened.store(true, Ordering::Relaxed),
            Ok(_) => {}
            Err(error) => {
                let first = !self.was_refused.swap(true, Ordering::Relaxed);
                // The other errors have already logged what to do.
                if first
                    && matches!(error, Error::StoreFailed(_) | Error::StoreFull(_) | Error::StoreDamaged(_))
                {
                    let path = self.config.data.display();
                    tracing::error!("the store in '{path}' can't be opened; see --data-dir and --key-dir");
                }
            }
        }
        opened
    }

    fn try_ensure(self: &Arc<Self>, need: Need) -> Result<Option<Arc<Opened>>, Error> {
        let mut current = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = current.take_if(|opened| !opened.store().is_usable()) {
            self.close(opened);
        }
        let opened = match current {
            Some(opened) => opened,
            None => match Opened::open(
                &self.config,
                &self.location,
                !matches!(need, Need::Existing | Need::Fresh),
            )? {
                Some(opened) => self.install(opened),
                None => return Ok(None),
            },
        };
        match need {
            Need::Key => {
                opened.unlock(&self.config, &UnlockMode::Quiet)?;
            }
            // A caller that needs no key gets the store without it.
            Need::CachedOnly | Need::Existing | Need::Fresh => {
                let _ = opened.unlock(&self.config, &UnlockMode::CachedOnly);
            }
        }
        Ok(Some(opened))
    }

    fn install(self: &Arc<Self>, opened: Opened) -> Arc<Opened> {
        let opened = Arc::new(opened);
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        if self.watches {
            self.listen(&opened);
        }
        opened
    }

    /// Runs the tasks that this turn's results woke. Each turn ends with this call. Within a turn it comes before any
    /// work that may take long.
    fn run_woken(&self) {
        if let Some(call) = self.after_turn.get() {
            call();
        }
    }

    /// Takes a backup on a thread of its own, because it may take long and writes must not wait for it.
    fn back_up(&self) {
        let Some(opened) = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        let back_up = move || {
            if let Err(error) = opened.store().back_up_daily() {
                tracing::warn!(?error, "the daily backup could not be taken; it is tried again");
            }
        };
        // If the thread can't be started, a later backup takes its place.
        let _ = std::thread::Builder::new().name("backup".into()).spawn(back_up);
    }

    /// Closes the store, because another process wants an exclusive lock. The next request that needs the store waits
    /// until that process is done.
    fn leave(&self) {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = opened {
            self.close(opened);
            // Watchers and waiting requests then check the store that the folder has by then.
            self.events.tell(StoreEvent::Committed);
        }
    }

    /// Drops an environment that can't be used any more. Waits for at most [`CLOSING`] for the readers that still have
    /// it.
    fn close(&self, opened: Arc<Opened>) {
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        let still_used = Arc::downgrade(&opened);
        drop(opened);
        let deadline = Instant::now() + CLOSING;
        while still_used.strong_count() > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Closes the store at the end of the process, so that the next process knows that it was closed. Waits for at most
    /// [`ENDING`] for its last readers and writers. If one is still there, the next process checks the store.
    pub(super) fn close_in_order(&self) {
        let opened = self.opened.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut opened) = opened else { return };
        let deadline = Instant::now() + ENDING;
        loop {
            match Arc::try_unwrap(opened) {
                Ok(opened) => return opened.into_store().close(),
                Err(_) if Instant::now() >= deadline => return,
                Err(still_used) => opened = still_used,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// One turn with the queued jobs. Returns a store whose environment can't be used any more. The jobs that are left
    /// in the queue then wait for the store that is opened next.
    fn write(self: &Arc<Self>) -> Option<Arc<Opened>> {
        let _turn = Turn(self);
        let opened = match self.open_for_jobs() {
            Ok(opened) => opened,
            Err(error) => {
                self.refuse_all(error);
                return None;
            }
        };
        let contact = self.contact_for_jobs(&opened);
        if let Err(failed) = contact
            && failed.is_of_disk()
        {
            self.refuse_all(failed.into());
            return None;
        }
        // The writes before these reads are done, so no other process's lock may delay the reads.
        if self.read_first(&opened) {
            return None;
        }
        if let Err(failed) = contact {
            self.refuse_writes(&opened, failed.into());
            return None;
        }
        let outcome = match opened.store().lock() {
            Ok(lock) => match self.prepare(&opened, &lock) {
                Ok(()) => self.write_group(&opened, lock),
                unusable => unusable,
            },
            // The folder has another store now. The queued jobs go to that store.
            Err(error) if error.needs_reopening() => Err(Unusable),
            Err(error) => {
                self.refuse_all(error.into());
                Ok(())
            }
        };
        outcome.is_err().then_some(opened)
    }

    /// Closes an environment that can't be used any more. Whatever the cause was, the next opening checks the store
    /// first.
    fn reopen_later(&self, unusable: Arc<Opened>) {
        unusable.store().doubt();
        self.close(unusable);
    }

    /// Before the queued jobs are decided: notices a store that was moved to a server, or away from it, since it was opened,
    /// and does the store's own work.
    fn prepare(&self, opened: &Opened, lock: &WriteLock<'_>) -> Result<(), Unusable> {
        // An error is met again by the jobs, which answer with it.
        let Ok(snapshot) = opened.store().snapshot() else { return Ok(()) };
        if opened.is_moved(&snapshot).unwrap_or_default() {
            return Err(Unusable);
        }
        let secrets = opened.secrets();
        let index =
            secrets.ok().and_then(|secrets| key_index::rebuilt(&snapshot, &secrets.keys).ok().flatten());
        drop(snapshot);
        self.sweep(opened, lock)?;
        index.map_or(Ok(()), |index| index_keys(opened, lock, index))
    }

    /// From time to time removes records that expired long ago. A removal that fails is tried again the next time.
    fn sweep(&self, opened: &Opened, lock: &WriteLock<'_>) -> Result<(), Unusable> {
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(horizon) = sweeper.horizon(opened.now(), Instant::now()) {
            let batch = opened.store().snapshot().and_then(|snapshot| sweeper.sweep(&snapshot, horizon));
            if let Ok(Some(mut batch)) = batch {
                let outcome = opened.commit(lock, &mut batch, &[]);
                if outcome.is_err() {
                    tracing::warn!("expired records could not be removed; it is tried again");
                }
                return group::usable(outcome);
            }
        }
        Ok(())
    }

    /// Refuses the queued writes. The reads among them are answered from what the store holds.
    fn refuse_writes(&self, opened: &Opened, error: Error) {
        for mut job in self.queue.take_all() {
            if job.only_reads() {
                // The job keeps its outcome, also if it is an error.
                let _ = job.read(opened, None);
                job.answer(None);
            } else {
                job.answer(Some(error));
            }
        }
    }

    fn refuse_all(&self, error: Error) {
        for job in self.queue.take_all() {
            job.answer(Some(error));
        }
    }
}

/// Commits the index of keys that was rebuilt because it was not complete. Until then lookups read the table of keys.
fn index_keys(opened: &Opened, lock: &WriteLock<'_>, mut index: Batch) -> Result<(), Unusable> {
    let outcome = opened.commit(lock, &mut index, &[]);
    if outcome.is_err() {
        tracing::warn!("the index of keys could not be written; it is tried again at the next write");
    }
    group::usable(outcome)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::vault::ForgetPlugin;
    use crate::vault::sample::Sample;

    /// The events of three requests, one after another, in the order in which they happen.
    fn events(vault: &Arc<Vault>) -> Receiver<&'static str> {
        let (happens, events) = channel();
        let woken = happens.clone();
        vault.after_turn(move || woken.send("tasks run").unwrap());
        let (done, happened) = channel();
        for request in 0..3 {
            let (happens, done) = (happens.clone(), done.clone());
            let answer = move || {
                happens.send("outcome").unwrap();
                done.send(()).unwrap();
            };
            if request == 0 {
                vault.open(Need::Key, move |_| answer());
            } else {
                let forget = ForgetPlugin { plugin: "not there".into() };
                vault.submit(forget, move |_: Result<u64, Error>| answer());
            }
            happened.recv().unwrap();
        }
        events
    }

    #[track_caller]
    fn check(events: &Receiver<&'static str>) {
        let next = || events.recv_timeout(Duration::from_mins(1)).expect("something more happens");
        for _ in 0..3 {
            assert_eq!(next(), "outcome");
            assert_eq!(next(), "tasks run");
        }
    }

    #[test]
    fn the_tasks_that_a_turn_has_woken_run_at_its_end() {
        let sample = Sample::new();
        check(&events(&sample.vault));
    }

    #[test]
    fn they_run_as_well_where_the_store_can_not_be_opened() {
        let sample = Sample::new();
        tempfile::NamedTempFile::new().unwrap().persist(sample.data()).unwrap();
        check(&events(&sample.vault));
    }
}
