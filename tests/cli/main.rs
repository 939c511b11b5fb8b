//! The command line: keys for their holders and for the user of a store, protectors, and a store that is locked.

#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]
#![allow(clippy::unwrap_used, reason = "a test that can't run the program has failed")]

#[path = "../support/harness.rs"]
mod harness;

mod client;
mod copies;
mod doctor;
mod exit_codes;
mod helpers;
mod home;
mod installation;
mod screen;
mod sick;

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
mod program_runs;
#[cfg(feature = "program-tests")]
mod programs;
mod prompts;
mod protectors;
mod records;
mod reset;
mod restore;
mod running;
mod screens;
mod secrecy;
mod shapes;
mod shells;
mod slow;
mod terminal;
mod unlocks;
