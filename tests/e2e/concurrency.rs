//! Order on one connection, and many processes on one store.

mod cancel;
mod lock;
mod many_processes;
mod order;
