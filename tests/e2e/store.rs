//! What lies on the disk: who may read it, what happens when it is not as it was left, and that nothing is lost.

mod backup;
mod crash;
mod damage;
mod header;
mod key_file;
mod large;
// Links, FIFOs, owners and modes are those of Unix.
#[cfg(unix)]
mod links;
mod locked;
mod locks;
#[cfg(unix)]
mod owners;
#[cfg(unix)]
mod permissions;
mod repair;
mod replaced;
mod status;

#[cfg(unix)]
use crate::harness::{Home, Server};

/// A server whose log goes to stderr.
#[cfg(unix)]
fn server(home: &Home) -> Server {
    let mut server = home.start().usual_log().run();
    server.initialize(&[]);
    server
}
