//! This process, and other processes, as the operating system sees them. What differs between systems is in
//! `process/unix.rs` and `process/windows.rs`, under the same names.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;

use std::path::{Path, PathBuf};

pub use system::{
    CaughtSignals, SYNC_IS_SHALLOW, boot_id, boot_millis, check_descriptors, harden, has_ended, is_ignored,
    kill_with_children, prepare_child, restore_signals, restore_umask, shared_mutex, stdout_is_null, waiter,
};

/// The absolute path of a program with this bare name, from the absolute folders of `PATH`.
pub fn in_path(name: &str) -> Option<PathBuf> {
    let file = system::program_file(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&file)).find(|file| is_program(file))
}

/// Whether a file is one that this user can execute.
pub fn is_program(file: &Path) -> bool {
    file.is_file() && system::may_execute(file)
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
