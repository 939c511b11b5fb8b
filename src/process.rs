//! This process, and other processes, as the operating system sees them. What differs between systems is in
//! `process/unix.rs` and `process/windows.rs`, under the same names.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;

use std::io;
use std::path::{Path, PathBuf};

#[cfg(windows)]
pub use system::QuietConsole;
pub use system::{
    CaughtSignals, InheritedDescriptor, LocalListener, LocalStream, ReservedDescriptor, SYNC_IS_SHALLOW,
    adopt_child, as_stdio, boot_id, boot_millis, carry, catch_signals, check_descriptors, connect_local,
    exit_code, harden, hardening_gaps, has_ended, is_ignored, is_lock_gone, is_unsuitable,
    kill_with_children, on_ending_signal, outputs_are_one, parent, prepare_child, restore_signals,
    restore_umask, shared_mutex, stdout_is_null, terminal_columns, terminate, wait_and_forward, waiter,
};

/// Why a local socket can't be used.
#[derive(Debug)]
pub enum NoSocket {
    /// Its folder can be entered by others, or is another user's.
    Folder,
    /// Something else has the path: another process that listens, another kind of file, or another user's.
    Taken,
    /// The process that listens there runs as another user.
    Peer,
    /// This system has no sockets of this kind that could be used.
    Unsupported,
    /// The system's error.
    Io(io::Error),
}

impl From<io::Error> for NoSocket {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How a connection that was carried over a socket has ended.
pub struct Carried {
    /// Whether stdin ended first.
    pub client_ended: bool,
    /// The last bytes that stdin gave.
    pub tail: Vec<u8>,
}

/// The absolute paths of the programs with this bare name in the absolute folders of `PATH`, in its order.
pub fn in_path(name: &str) -> impl Iterator<Item = PathBuf> {
    let file = system::program_file(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    folders.into_iter().map(move |folder| folder.join(&file)).filter(|file| is_program(file))
}

/// Whether an absolute path is that of a file that this user can execute.
pub fn is_program(file: &Path) -> bool {
    file.is_absolute() && file.is_file() && system::may_execute(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_says_the_kind_and_size_of_the_mutexes_and_nothing_else() {
        let shape = shared_mutex();
        #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
        assert_eq!(shape, "pthread-gnu-40");
        #[cfg(all(target_os = "linux", target_env = "musl", target_pointer_width = "64"))]
        assert_eq!(shape, "pthread-musl-40");
        #[cfg(target_os = "macos")]
        assert_eq!(shape, "sysv");
        #[cfg(windows)]
        assert_eq!(shape, "named");
        assert!(!shape.contains(char::is_whitespace));
    }
}
