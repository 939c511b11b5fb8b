//! What keeps the process's memory to itself, and what is looked at before the process starts to serve.

/// Before anything secret is in memory, whichever subcommand runs: no core dumps, and no other process of this user may
/// read this one's memory, as far as the system can see to it. What is made is for this user
/// alone, and has the mode that it was given, whatever umask the process was started with.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if setrlimit(Resource::Core, none).is_err() {
            tracing::warn!("core dumps could not be turned off");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
            tracing::warn!("the process's memory could not be closed to others");
        }
    }
}

/// Whether there are descriptors for what the server needs before it can answer anything: the runtime ends the process
/// where it gets none.
#[cfg(unix)]
pub(super) fn check_descriptors() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    const FEW: usize = 8;
    let stdin = std::io::stdin();
    (0..FEW).map(|_| stdin.as_fd().try_clone_to_owned()).collect::<Result<Vec<_>, _>>().map(drop)
}
