//! What keeps the process's memory to itself, and the process alive where it is given little.

/// Before anything secret is in memory, whichever subcommand runs: no core dumps, and no other process of this user may
/// read this one's memory, as far as the system can see to it. And a file that would grow over the process's limit is an error of the write, not the end of the process.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if setrlimit(Resource::Core, none).is_err() {
            tracing::warn!("core dumps could not be turned off");
        }
        // Caught, and nothing done about it: ignored, it would be so in the programs that this one starts.
        let caught = std::sync::Arc::default();
        if signal_hook::flag::register(signal_hook::consts::SIGXFSZ, caught).is_err() {
            tracing::warn!("a limit on the size of files may end the process");
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
