//! Protects the memory of the process, and checks the system before the process starts to serve.

/// Called by every subcommand before a secret is in memory. Turns off core dumps, and keeps other processes of this
/// user from reading this one's memory, as far as the system can. Sets the umask, so that new files belong to this user
/// alone and have exactly the mode that the program gives them.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let before = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let _ = UMASK.set(before);
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if setrlimit(Resource::Core, none).is_err() {
            tracing::warn!("core dumps could not be turned off");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
            tracing::warn!("the process's memory could not be protected from other processes of this user");
        }
    }
}

/// The umask before [`harden`] changed it.
#[cfg(unix)]
static UMASK: std::sync::OnceLock<rustix::fs::Mode> = std::sync::OnceLock::new();

/// Sets the umask that this process was started with, for a program that is started next and makes files of its own.
pub fn restore_umask() {
    #[cfg(unix)]
    if let Some(before) = UMASK.get() {
        rustix::process::umask(*before);
    }
}

/// Checks that the server can open the descriptors that it needs before its first answer. Without this check the
/// runtime ends the process if it gets none.
#[cfg(unix)]
pub(super) fn check_descriptors() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    const FEW: usize = 8;
    let stdin = std::io::stdin();
    (0..FEW).map(|_| stdin.as_fd().try_clone_to_owned()).collect::<Result<Vec<_>, _>>().map(drop)
}
