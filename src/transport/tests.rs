//! Tests of the room as a whole, one file for each way through it. None sleeps; those that need a slow client hold a
//! gate shut.

mod cutting;
mod outbox;
mod reader;
#[cfg(unix)]
mod stdio;
