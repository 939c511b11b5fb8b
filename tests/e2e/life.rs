//! The life of a process: how it begins, how it is spoken to, how it ends.

mod arguments;
mod client_process;
mod endings;
mod initialize;
mod phases;
mod places;
mod secrecy;
// Windows has no signals.
#[cfg(unix)]
mod signals;
mod streams;
