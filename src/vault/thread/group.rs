//! Group commit: what goes into one commit, and what follows it. Runs on the vault's thread. No read is made while the
//! store's lock is held, because every other process waits for that lock.

use std::time::{Duration, Instant};

use crate::faults::Fault;
use crate::limits;
use crate::store::{BusyReason, CommitError, Snapshot, StoreError, WriteLock};

use crate::vault::draft::{Draft, Mark, Work};
use crate::vault::opened::Secrets;
use crate::vault::queue::Job;
use crate::vault::reading::LIST;
use crate::vault::replica::NotCommitted;
use crate::vault::slots::ToDestroy;
use crate::vault::{Error, Opened, Overload, Taking, Vault};

use super::GROUP;

/// The bytes that outcomes of reads may take together before they are sent.
const TOGETHER: usize = 64 * 1024;
/// How long the thread waits for room before it checks whether another process waits for this one.
const LOOK: Duration = Duration::from_millis(20);

/// The environment can't be used any more.
#[derive(Clone, Copy)]
pub(super) struct Unusable;

/// The outcomes of reads that are being delivered.
struct Reading<'v> {
    vault: &'v Vault,
    /// Bytes of the outcomes that are made and not sent yet.
    bytes: usize,
    has_room: bool,
}

impl Vault {
    /// Makes the reads at the front of the queue, which no write precedes. Returns whether there were any.
    pub(super) fn read_first(&self, opened: &Opened) -> bool {
        let mut reading = Reading { vault: self, bytes: 0, has_room: true };
        let mut weight = 0;
        while weight < GROUP
            && let Some(job) = self.queue.take_read()
        {
            weight += job.weight();
            reading.answer(opened, job, None);
        }
        weight > 0
    }

    /// Commits the queued jobs together. If that fails, commits them one by one, because only one of them may not fit.
    pub(super) fn write_group(&self, opened: &Opened, mut lock: WriteLock<'_>) -> Result<(), Unusable> {
        let mut jobs: Vec<_> = self.queue.take_first().into_iter().collect();
        // Kept until the commit is done, even if the store is locked meanwhile.
        let secrets = match opened.secrets() {
            Ok(secrets) => secrets,
            Err(error) => {
                drop(lock);
                for job in jobs {
                    job.answer(Some(error));
                }
                return Ok(());
            }
        };
        // How often the jobs may be decided anew.
        let mut again = if opened.replica().is_some() { limits::CONFLICTS } else { 1 };
        while !jobs.is_empty() {
            let error;
            (error, lock) = match self.commit(opened, &secrets, &mut jobs, lock, true) {
                Ok(usable) => return usable,
                Err(failed) => failed,
            };
            match error {
                // A process that was killed in its commit may have left a commit behind that only the next transaction
                // finds, and no snapshot before it. Another machine may have committed to a shared store. The jobs are
                // then decided again.
                NotCommitted::Store(CommitError::NotDone(StoreError::Busy(BusyReason::Overtaken)))
                    if again > 0 =>
                {
                    again -= 1;
                }
                NotCommitted::Store(CommitError::NotDone(_)) if jobs.len() > 1 => {
                    return self.write_singly(opened, &secrets, lock, jobs);
                }
                error => {
                    // The next process may write while this one answers.
                    drop(lock);
                    refuse(jobs, error);
                    return usable(Err(error));
                }
            }
        }
        Ok(())
    }

    fn write_singly(
        &self,
        opened: &Opened,
        secrets: &Secrets,
        lock: WriteLock<'_>,
        jobs: Vec<Box<dyn Job>>,
    ) -> Result<(), Unusable> {
        let mut reading = Reading { vault: self, bytes: 0, has_room: true };
        let (mut lock, mut usable_still) = (Some(lock), Ok(()));
        for job in jobs {
            if usable_still.is_err() {
                refuse([job], StoreError::Failed.into());
                continue;
            }
            if job.only_reads() {
                lock = None;
                reading.answer(opened, job, None);
                continue;
            }
            let held = match lock.take().map_or_else(|| opened.store().lock(), Ok) {
                Ok(held) => held,
                Err(error) => {
                    refuse([job], error.into());
                    usable_still = if error.needs_reopening() { Err(Unusable) } else { Ok(()) };
                    continue;
                }
            };
            let mut single = vec![job];
            match self.commit(opened, secrets, &mut single, held, false) {
                Ok(usable) => usable_still = usable,
                Err((error, held)) => {
                    lock = Some(held);
                    refuse(single, error);
                    usable_still = usable(Err(error));
                }
            }
        }
        usable_still
    }

    /// Decides about jobs (and about queued ones, if `more`), commits them, releases the lock, makes the reads among
    /// them, and answers all. Returns whether the environment can be used then. If the commit fails, answers none of the
    /// jobs and returns the lock.
    fn commit<'l>(
        &self,
        opened: &Opened,
        secrets: &Secrets,
        jobs: &mut Vec<Box<dyn Job>>,
        lock: WriteLock<'l>,
        more: bool,
    ) -> Result<Result<(), Unusable>, (NotCommitted, WriteLock<'l>)> {
        let snapshot = match opened.store().snapshot() {
            Ok(snapshot) => snapshot,
            Err(error) => return Err((error.into(), lock)),
        };
        let decided = self.decide(opened, secrets, &snapshot, jobs, more);
        let (mut draft, marks) = match decided {
            Ok(decided) => decided,
            Err(error) => return Err((error.into(), lock)),
        };
        if Fault::EarlyAnswer.is_injected() {
            // The wrong order, which must never happen: the answers first, and the commit a little later, like stores
            // that flush from time to time. The test rigs have to notice this.
            self.bring(opened, std::mem::take(jobs), &marks, &draft);
            self.run_woken();
            std::thread::sleep(LOOK);
        }
        let usable = match commit_draft(opened, &lock, &mut draft, &marks) {
            Ok(()) => Ok(()),
            Err(error @ NotCommitted::NotApplied(_)) => usable(Err(error)),
            Err(error) => return Err((error, lock)),
        };
        // The next process may write while this one reads and answers.
        drop(lock);
        self.bring(opened, std::mem::take(jobs), &marks, &draft);
        Ok(usable)
    }

    /// Decides about each job, from what the store holds and what the jobs before it change.
    fn decide<'d>(
        &self,
        opened: &'d Opened,
        secrets: &'d Secrets,
        snapshot: &'d Snapshot<'d>,
        jobs: &mut Vec<Box<dyn Job>>,
        more: bool,
    ) -> Result<(Draft<'d>, Vec<Option<Mark>>), StoreError> {
        let mut draft = Draft::new(opened, secrets, snapshot)?;
        let mut marks = Vec::with_capacity(jobs.len());
        let mut evaluate = |job: &mut Box<dyn Job>, draft: &mut Draft<'_>| {
            if let Some(changes) = job.evaluate(draft) {
                draft.apply(changes);
            }
            marks.push(job.only_reads().then(|| draft.mark()));
        };
        for job in jobs.iter_mut() {
            evaluate(job, &mut draft);
        }
        let mut weight: usize = jobs.iter().map(|job| job.weight()).sum();
        let mut alone = !more || jobs.iter().any(|job| job.stands_alone());
        while !alone && weight < GROUP && draft.cost() < limits::COMMIT_BYTES {
            match self.queue.take_next() {
                Some(mut job) => {
                    evaluate(&mut job, &mut draft);
                    weight += job.weight();
                    jobs.push(job);
                }
                None => alone = true,
            }
        }
        let left_over = ToDestroy::find(snapshot, &secrets.keys)?;
        if draft.has_changes() && opened.destroy_slots(&left_over.slots) {
            draft.forget_destroyed(left_over.slots);
        }
        if draft.has_changes() {
            draft.forget_destroyed(left_over.unfounded);
        }
        Ok((draft, marks))
    }

    /// Answers jobs in their order, and makes the reads among them.
    fn bring(&self, opened: &Opened, jobs: Vec<Box<dyn Job>>, marks: &[Option<Mark>], draft: &Draft<'_>) {
        let mut reading = Reading { vault: self, bytes: 0, has_room: true };
        for (job, mark) in jobs.into_iter().zip(marks) {
            match mark {
                Some(mark) => reading.answer(opened, job, Some((draft, *mark))),
                None => job.answer(None),
            }
        }
    }

    /// Whether the client takes the outcomes of its reads. It may take none for [`limits::TAKING_WAIT`], unless another
    /// process waits for this one. Without room the reads are refused, and the client has to send them again.
    fn has_room(&self) -> bool {
        let Some(taking) = self.taking.get() else { return true };
        waits_for_room(|| taking(LOOK), Instant::now, || self.queue.is_to_leave())
    }
}

impl Reading<'_> {
    fn answer(&mut self, opened: &Opened, mut job: Box<dyn Job>, moment: Option<(&Draft<'_>, Mark)>) {
        // Outcomes that are ready wait neither for many more nor for one that takes long.
        if self.bytes >= TOGETHER || job.weight() >= LIST {
            self.give_away();
        }
        if !self.has_room {
            return job.answer(Some(Error::Overloaded(Overload::Answers)));
        }
        let mut made = job.read(opened, moment);
        if made == Err(Error::Overloaded(Overload::Answers)) {
            // A batch that held the missing memory may be complete by now.
            self.give_away();
            made = job.read(opened, moment);
        }
        self.bytes += made.unwrap_or_default();
        job.answer(None);
    }

    fn give_away(&mut self) {
        self.vault.run_woken();
        self.has_room = self.has_room && (self.bytes < TOGETHER || self.vault.has_room());
        self.bytes = 0;
    }
}

fn waits_for_room(
    look: impl Fn() -> Taking,
    mut now: impl FnMut() -> Instant,
    is_to_leave: impl Fn() -> bool,
) -> bool {
    let mut deadline = now() + limits::TAKING_WAIT;
    loop {
        match look() {
            Taking::Enough => return true,
            Taking::Some => deadline = now() + limits::TAKING_WAIT,
            Taking::Nothing => {}
        }
        if now() >= deadline || is_to_leave() {
            return false;
        }
    }
}

fn commit_draft(
    opened: &Opened,
    lock: &WriteLock<'_>,
    draft: &mut Draft<'_>,
    marks: &[Option<Mark>],
) -> Result<(), NotCommitted> {
    let Work { protectors, batch, destroyed } = draft.work();
    for change in protectors {
        opened.change_protector(lock, &change)?;
    }
    let Some(mut batch) = batch else {
        // A refusal is a decision too, and so is a write that finds nothing to change.
        let has_writes = marks.iter().any(Option::is_none) && !Fault::StaleRefusal.is_injected();
        return if has_writes { opened.confirm_decision(lock) } else { Ok(()) };
    };
    let committed = opened.commit(lock, &mut batch, &destroyed);
    if !matches!(committed, Ok(()) | Err(NotCommitted::NotApplied(_))) {
        return committed;
    }
    if marks.iter().any(Option::is_some) {
        draft.give_back(batch);
    }
    if !destroyed.is_empty() {
        opened.destroy_slots(&destroyed);
    }
    committed
}

/// Whether the environment can be used after this outcome.
pub(super) fn usable(outcome: Result<(), NotCommitted>) -> Result<(), Unusable> {
    match outcome {
        // LMDB met damage that came after the check: the next opening finds and repairs it.
        Err(
            NotCommitted::Store(CommitError::Unknown | CommitError::NotDone(StoreError::Damaged))
            | NotCommitted::NotApplied(CommitError::Unknown | CommitError::NotDone(StoreError::Damaged)),
        ) => Err(Unusable),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn refuse(jobs: impl IntoIterator<Item = Box<dyn Job>>, error: NotCommitted) {
    let error = error.into();
    for job in jobs {
        job.answer(Some(error));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Whether there was room, and after how many seconds, if each look takes one second.
    fn check(looks: &[Taking], leaves_after: u64) -> (bool, u64) {
        let (began, seconds) = (Instant::now(), Cell::new(0));
        let looks = RefCell::new(looks.iter());
        let look = || {
            seconds.set(seconds.get() + 1);
            looks.borrow_mut().next().copied().unwrap_or(Taking::Nothing)
        };
        let now = || began + Duration::from_secs(seconds.get());
        (waits_for_room(look, now, || seconds.get() >= leaves_after), seconds.get())
    }

    #[test]
    fn a_client_may_take_nothing_for_some_seconds_and_may_be_slow_for_longer() {
        let most = limits::TAKING_WAIT.as_secs();
        assert_eq!(check(&[], u64::MAX), (false, most));
        assert_eq!(check(&[Taking::Enough], u64::MAX), (true, 1));
        let slow = [[Taking::Some; 30].as_slice(), &[Taking::Enough]].concat();
        assert_eq!(check(&slow, u64::MAX), (true, 31));
        assert_eq!(check(&[Taking::Some; 30], u64::MAX), (false, 30 + most));
        // Another process waits for this one.
        assert_eq!(check(&slow, 5), (false, 5));
    }
}
