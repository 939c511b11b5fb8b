//! Tests of the room as a whole, one file for each half. None sleeps; tests that need a slow client keep a gate shut.

mod cutting;
mod outbox;
mod reader;
#[cfg(unix)]
mod stdio;
