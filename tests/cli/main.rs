//! The command line: keys for their holders and for the user of a store, protectors, and a store that is locked.

#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]
#![allow(clippy::unwrap_used, reason = "a test that can't run the program has failed")]

#[path = "../support/harness.rs"]
mod harness;

// The programs that it asks are scripts of a Unix shell.
#[cfg(unix)]
mod client;
mod copies;
// Its cases are modes, links and terminals of Unix.
#[cfg(unix)]
mod doctor;
// Its cases are modes, and programs that are scripts of a Unix shell.
#[cfg(unix)]
mod doctor_copies;
#[cfg(all(target_os = "linux", feature = "namespace-tests"))]
mod doctor_mounts;
mod exit_codes;
mod helpers;
mod home;
// Its cases are modes and terminals of Unix, and lines for its shell.
#[cfg(unix)]
mod installation;
// Pseudo-terminals are those of Unix.
#[cfg(unix)]
mod screen;
// Its cases are modes, links and terminals of Unix.
#[cfg(unix)]
mod sick;

// Only Linux has a keyring of the login session.
#[cfg(target_os = "linux")]
mod cache;
#[cfg(feature = "keyring-tests")]
mod keyring;
mod keys;
mod locking;
mod moving;
mod names;
mod notices;
mod output;
mod passphrases;
// The programs that it asks are scripts of a Unix shell.
#[cfg(unix)]
mod program_runs;
#[cfg(feature = "program-tests")]
mod programs;
// The programs that it asks are scripts of a Unix shell.
#[cfg(unix)]
mod prompts;
mod protectors;
mod records;
mod reset;
mod restore;
mod running;
// Pseudo-terminals are those of Unix.
#[cfg(unix)]
mod screens;
mod secrecy;
mod shapes;
mod shells;
// The programs that it asks are scripts of a Unix shell.
#[cfg(unix)]
mod slow;
// Pseudo-terminals are those of Unix.
#[cfg(unix)]
mod terminal;
// The programs that it asks are scripts of a Unix shell.
#[cfg(unix)]
mod unlocks;
