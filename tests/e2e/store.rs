//! What lies on the disk: who may read it, what happens when it is not as it was left, and that nothing is lost.

mod backup;
mod crash;
mod damage;
mod header;
mod key_file;
mod large;
// Its FIFOs and devices are made with a call that macOS does not have.
#[cfg(target_os = "linux")]
mod links;
mod locked;
mod locks;
// Owners and modes are those of Unix.
#[cfg(unix)]
mod owners;
#[cfg(unix)]
mod permissions;
mod repair;
// Windows moves and deletes no file that is open.
#[cfg(unix)]
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
