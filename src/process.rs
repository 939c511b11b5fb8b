//! This process, and other processes, as the operating system sees them. What differs between systems is in
//! `process/unix.rs` and `process/windows.rs`, under the same names.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;

use std::path::{Path, PathBuf};

#[cfg(windows)]
pub use system::QuietConsole;
pub use system::{
    CaughtSignals, InheritedDescriptor, ReservedDescriptor, SYNC_IS_SHALLOW, adopt_child, boot_id,
    boot_millis, catch_signals, check_descriptors, exit_code, harden, hardening_gaps, has_ended, is_ignored,
    is_lock_gone, is_unsuitable, kill_with_children, outputs_are_one, prepare_child, restore_signals,
    restore_umask, shared_mutex, stdout_is_null, terminal_columns, wait_and_forward, waiter,
};

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
