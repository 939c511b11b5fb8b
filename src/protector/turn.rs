//! Turns: of all processes that share a store, one at a time asks the user or runs a program.

use std::fs::File;
use std::time::Duration;

use super::{Deadline, ProtectorConfig, UnlockMode};
use crate::files::{self, Dir};

/// The lock file, in the data folder.
const LOCK: &str = "prompt.lock";
/// How long to wait for another process that runs the program of a protector.
const TURN: Duration = Duration::from_secs(3);
/// How often to try the lock. It has no timed wait, and its holder waits for a person.
const LOOK: Duration = Duration::from_millis(50);

/// The right to ask the user or to run a program, until this is dropped.
pub struct Turn {
    _lock: File,
}

/// Waits for the turn of this process. `None` once the caller's deadline has passed, or after [`TURN`] in a mode that
/// never asks the user. In such a mode the caller then runs the program without its turn. Also `None` if the disk has
/// no room for the lock file: a full disk must not prevent reading.
///
/// # Errors
/// If something other than a lock file has its name.
pub fn turn(config: &ProtectorConfig<'_>, mode: &UnlockMode<'_>) -> files::Result<Option<Turn>> {
    let file = match Dir::open(config.data_folder).and_then(|dir| dir.open_or_create(LOCK)) {
        Ok(file) => file,
        Err(error) if error.refusal().is_some() => return Err(error),
        Err(error) => {
            tracing::warn!("the lock for questions to the user could not be used: {error}");
            return Ok(None);
        }
    };
    let turn = Deadline::of(TURN);
    while file.try_lock().is_err() {
        let is_over = match mode {
            UnlockMode::AskUser { deadline, .. } => deadline.is_over(),
            UnlockMode::CachedOnly | UnlockMode::Quiet => turn.is_over(),
        };
        if is_over {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
    Ok(Some(Turn { _lock: file }))
}
