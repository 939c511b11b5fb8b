//! One commit, appended once: the same request is sent again until the server has answered or the deadline has passed.

use super::{Appended, Commit, Deadline, Log, RemoteError};

/// Appends a commit. If an answer is lost, sends the same request again; its id keeps it from being carried out twice.
///
/// # Errors
/// [`RemoteError::Unanswered`] if the commit may have been done or not. Every other error means that it was not done.
pub fn append(
    log: &mut (impl Log + ?Sized),
    commit: &Commit<'_>,
    deadline: &Deadline,
) -> Result<Appended, RemoteError> {
    let (mut was_sent, mut repeated) = (false, None);
    loop {
        match log.append(commit, deadline) {
            Err(RemoteError::Unanswered) if deadline.is_over() => return Err(RemoteError::Unanswered),
            Err(RemoteError::Unanswered) => was_sent = true,
            // An earlier request may have been carried out, whatever became of this one.
            Err(_) if was_sent && deadline.is_over() => return Err(RemoteError::Unanswered),
            // The server is gone. Its answer is not waited for any longer than for progress.
            Err(RemoteError::Unreachable | RemoteError::Failed) if was_sent => {
                if repeated.get_or_insert_with(|| deadline.stalled()).is_over() {
                    return Err(RemoteError::Unanswered);
                }
                pause(deadline);
            }
            Err(_) | Ok(Appended::Forgotten) if was_sent => return Err(RemoteError::Unanswered),
            // The request was sent once, so it was not among the commits that followed.
            Ok(Appended::Forgotten) => return Ok(Appended::Conflict),
            outcome => return outcome,
        }
    }
}

/// Waits before the server is tried again that could not be reached.
fn pause(deadline: &Deadline) {
    if let Some(left) = deadline.step() {
        std::thread::sleep(left.min(std::time::Duration::from_millis(100)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::remote::Position;
    use crate::remote::fake::{FakeLog, Fate, REMEMBERED};

    const ID: [u8; 16] = [1; 16];

    fn try_once(log: &mut FakeLog, deadline: &Deadline) -> Result<Appended, RemoteError> {
        let position = Position::default();
        append(log, &Commit { position: &position, write_id: &ID, revision: 1, rows: &[] }, deadline)
    }

    #[track_caller]
    fn check(fates: &[Fate], expected: Result<Appended, RemoteError>, commits: usize) {
        let mut log = FakeLog::new();
        log.fates = fates.iter().rev().copied().collect();
        assert_eq!(try_once(&mut log, &Deadline::within(Duration::from_mins(1))), expected, "{fates:?}");
        log.deliver_late();
        assert_eq!(log.committed.len(), commits, "{fates:?}");
    }

    #[test]
    fn a_commit_is_done_once_whatever_is_lost() {
        let done = Ok(Appended::Done);
        check(&[], done, 1);
        check(&[Fate::Lost], done, 1);
        check(&[Fate::AnswerLost], done, 1);
        check(&[Fate::Late], done, 1);
        check(&[Fate::AnswerLost, Fate::Late, Fate::NotSent, Fate::Lost], done, 1);
        check(&[Fate::NotSent], Err(RemoteError::Unreachable), 0);
    }

    #[test]
    fn only_a_deadline_leaves_the_outcome_unknown() {
        let mut log = FakeLog::new();
        log.fates = vec![Fate::AnswerLost];
        assert_eq!(try_once(&mut log, &Deadline::within(Duration::ZERO)), Err(RemoteError::Unanswered));
        assert_eq!(try_once(&mut log, &Deadline::within(Duration::from_mins(1))), Ok(Appended::Done));
    }

    #[test]
    fn another_commit_is_a_conflict_and_a_late_request_changes_nothing() {
        let mut log = FakeLog::new();
        log.fates = vec![Fate::Late];
        assert_eq!(try_once(&mut log, &Deadline::within(Duration::ZERO)), Err(RemoteError::Unanswered));
        log.commit([2; 16], &[]);
        assert_eq!(try_once(&mut log, &Deadline::within(Duration::from_mins(1))), Ok(Appended::Conflict));
        log.deliver_late();
        assert!(!log.committed.contains(&ID));
    }

    #[test]
    fn a_first_request_that_the_log_has_forgotten_is_a_conflict_and_a_repeated_one_is_unknown() {
        let mut log = FakeLog::new();
        for number in 0..=REMEMBERED {
            log.commit((1_000 + u128::from(number)).to_be_bytes(), &[]);
        }
        let deadline = Deadline::within(Duration::from_mins(1));
        assert_eq!(try_once(&mut log, &deadline), Ok(Appended::Conflict));
        log.fates = vec![Fate::Lost];
        assert_eq!(try_once(&mut log, &deadline), Err(RemoteError::Unanswered));
    }
}
