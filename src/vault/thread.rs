//! The vault's thread: it opens the store, and it alone writes. It takes what has queued up, under the store's lock
//! decides about each write, commits all of it at once, lets the lock go, makes the reads, and answers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::protector::UnlockMode;
use crate::store::{StoreEvent, WriteLock};

use super::{Error, Opened, Timestamp, Vault, key_index};

mod group;

use group::Unusable;

/// What requests may weigh together that one commit takes: what another process waits for that came just after it had begun.
const GROUP: usize = 128;
/// How long an old environment may take to be closed before a new one is opened.
const CLOSING: Duration = Duration::from_secs(1);

/// How long what still uses the environment may take when the process ends.
const ENDING: Duration = Duration::from_millis(200);

/// What a caller needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// The store with its key; made if there is none.
    Key,
    /// The store, made if there is none; its key only if it is at hand.
    AtHand,
    /// The store if there is one; its key only if it is at hand.
    Existing,
}

/// Runs until the process ends.
pub(super) fn run(vault: &Arc<Vault>) -> ! {
    let back_up_after = vault.limits().backup_after();
    let mut idle = back_up_after;
    loop {
        let Some(work) = vault.queue.wait(idle) else {
            vault.back_up();
            // Not again before something has happened.
            idle = None;
            continue;
        };
        idle = back_up_after;
        if work.leave {
            let _turn = Turn(vault);
            vault.leave();
        }
        for (need, done) in work.openers {
            let _turn = Turn(vault);
            done(vault.ensure(need));
        }
        if work.has_jobs
            && let Some(unusable) = vault.write()
        {
            vault.reopen_later(unusable);
        }
    }
}

/// What the thread does between two looks at the queue. The tasks that it wakes by that run when this is dropped: on this
/// thread nothing else runs them, so that each way out of a turn has to pass here.
struct Turn<'v>(&'v Vault);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.run_woken();
    }
}

impl Vault {
    /// The store, opened as far as is needed.
    fn ensure(self: &Arc<Self>, need: Need) -> Result<Option<Arc<Opened>>, Error> {
        let opened = self.try_ensure(need);
        match &opened {
            Ok(Some(opened)) if opened.is_unlocked() => self.was_opened.store(true, Ordering::Relaxed),
            Ok(_) => {}
            Err(error) => {
                let first = !self.was_refused.swap(true, Ordering::Relaxed);
                // The others have said already what to do.
                if first
                    && matches!(error, Error::StoreFailed(_) | Error::StoreFull(_) | Error::StoreDamaged(_))
                {
                    let path = self.location.path().display();
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
            None => match Opened::open(&self.config, &self.location, need != Need::Existing)? {
                Some(opened) => self.install(opened),
                None => return Ok(None),
            },
        };
        match need {
            Need::Key => {
                opened.unlock(&self.config, &UnlockMode::Quiet)?;
            }
            // Whoever needs no key is served without it.
            Need::AtHand | Need::Existing => drop(opened.unlock(&self.config, &UnlockMode::CachedOnly)),
        }
        Ok(Some(opened))
    }

    fn install(self: &Arc<Self>, opened: Opened) -> Arc<Opened> {
        let opened = Arc::new(opened);
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        self.listen(&opened);
        if opened.was_repaired() {
            // After listening: this process's own clients are told by the same word.
            self.announce();
        }
        opened
    }

    /// Runs the tasks that this turn's results woke. Each turn ends with this; within one it is called before what may
    /// take long.
    fn run_woken(&self) {
        if let Some(call) = self.after_turn.get() {
            call();
        }
    }

    /// Takes a backup on a thread of its own, since it may be long, and writes must not wait for it.
    fn back_up(&self) {
        let Some(opened) = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        let back_up = move || {
            if let Err(error) = opened.store().back_up_daily() {
                tracing::warn!(?error, "the daily backup could not be taken; it is tried again");
            }
        };
        // Where no thread can be had, there is another day.
        let _ = std::thread::Builder::new().name("backup".into()).spawn(back_up);
    }

    /// Closes the store, since another process wants it alone. Whoever needs it next waits until that one is done.
    fn leave(&self) {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = opened {
            self.close(opened);
            // Those who watch or wait look at the store that is there then.
            self.events.tell(StoreEvent::Committed);
        }
    }

    /// Lets go of an environment that can't be used any more, and waits for the readers that still have it.
    fn close(&self, opened: Arc<Opened>) {
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        let still_used = Arc::downgrade(&opened);
        drop(opened);
        let deadline = Instant::now() + CLOSING;
        while still_used.strong_count() > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Closes the store at the end of the process, so that the next one knows that it was closed. What still reads or
    /// writes it is not waited for long: then the next process checks it.
    pub(super) fn close_in_order(&self) {
        let opened = self.opened.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut opened) = opened else { return };
        let deadline = Instant::now() + ENDING;
        loop {
            match Arc::try_unwrap(opened) {
                Ok(opened) => return self.location.close(opened.into_store()),
                Err(_) if Instant::now() >= deadline => return,
                Err(still_used) => opened = still_used,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// One turn with the jobs that are queued. Returns a store whose environment can't be used any more: what is left in the
    /// queue waits for the one that is opened next.
    fn write(self: &Arc<Self>) -> Option<Arc<Opened>> {
        let _turn = Turn(self);
        let opened = match self.ensure(Need::Key).and_then(|opened| opened.ok_or(Error::Internal)) {
            Ok(opened) => opened,
            Err(error) => {
                self.refuse_all(error);
                return None;
            }
        };
        // What they wait for is done: no other process's lock may hold them up.
        if self.read_first(&opened) {
            return None;
        }
        let outcome = match opened.store().lock() {
            Ok(lock) => match self.sweep(&opened, &lock).and_then(|()| index_keys(&opened, &lock)) {
                Ok(()) => self.write_group(&opened, lock),
                unusable => unusable,
            },
            // Another store lies there now: what is queued goes to that one.
            Err(error) if error.needs_reopening() => Err(Unusable),
            Err(error) => {
                self.refuse_all(error.into());
                Ok(())
            }
        };
        outcome.is_err().then_some(opened)
    }

    /// Closes an environment that can't be used any more. Whatever made it so, the next one is checked first.
    fn reopen_later(&self, unusable: Arc<Opened>) {
        self.location.doubt();
        self.close(unusable);
    }

    /// Looks after the store before the first write; and takes away what has expired long ago, now and then. What can't be taken away now can be the next time.
    fn sweep(&self, opened: &Opened, lock: &WriteLock<'_>) -> Result<(), Unusable> {
        opened.repair_protectors(lock);
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(horizon) = sweeper.horizon(Timestamp::now(), Instant::now()) {
            let batch = opened.store().snapshot().and_then(|snapshot| sweeper.sweep(&snapshot, horizon));
            if let Ok(Some(batch)) = batch {
                let outcome = opened.store().commit(lock, &batch);
                if outcome.is_err() {
                    tracing::warn!("expired records could not be removed; it is tried again");
                }
                return group::usable(outcome);
            }
        }
        Ok(())
    }

    fn refuse_all(&self, error: Error) {
        for job in self.queue.take_all() {
            job.answer(Some(error));
        }
    }
}

/// Makes the index of keys anew where it is not complete. Until that is done the table of keys is read instead.
fn index_keys(opened: &Opened, lock: &WriteLock<'_>) -> Result<(), Unusable> {
    match key_index::rebuilt(opened) {
        Ok(Some(batch)) => {
            let outcome = opened.store().commit(lock, &batch);
            if outcome.is_err() {
                tracing::warn!("the index of keys could not be written; it is tried again at the next write");
            }
            group::usable(outcome)
        }
        Ok(None) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::limits::Limits;
    use crate::vault::{Config, ForgetPlugin};

    /// What happens to three requests, one after the other, in the order in which it happens.
    fn events(data: std::path::PathBuf, keys: std::path::PathBuf) -> Receiver<&'static str> {
        let vault =
            Vault::new(Config { data, keys, askpass: None, allow_network: true, limits: Limits::default() });
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
        let folder = tempfile::tempdir().unwrap();
        check(&events(folder.path().join("data"), folder.path().join("keys")));
    }

    #[test]
    fn they_run_as_well_where_the_store_can_not_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        check(&events(file.path().to_owned(), folder.path().join("keys")));
    }
}
