//! Processes on Unix.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, Signal};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_default};
use signal_hook::{SigId, low_level::unregister};

#[path = "unix/foreground.rs"]
mod foreground;
#[path = "unix/sockets.rs"]
mod sockets;

pub use foreground::{InheritedDescriptor, ReservedDescriptor, catch_signals, exit_code, wait_and_forward};
pub use sockets::{LocalListener, LocalStream, as_stdio, carry, connect_local};

/// Called by every subcommand before a secret is in memory. Turns off core dumps, and keeps other processes of this
/// user from reading this one's memory, as far as the system can. Sets the umask, so that new files belong to this user
/// alone and have exactly the mode that the program gives them.
pub fn harden() {
    let before = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let _ = UMASK.set(before);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if rustix::process::setrlimit(Resource::Core, none).is_err() {
        tracing::warn!("core dumps could not be turned off");
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
            tracing::warn!("the process's memory could not be protected from other processes of this user");
        }
    }
}

/// What [`harden`] could not do, as parts of a sentence about a sidecar.
pub fn hardening_gaps() -> Vec<&'static str> {
    let mut gaps = Vec::new();
    if rustix::process::getrlimit(Resource::Core).current != Some(0) {
        gaps.push("a crash writes its memory to the disk");
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, dumpable_behavior};
        if !matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)) {
            gaps.push("other processes of this user may read its memory");
        }
    }
    gaps
}

/// The umask before [`harden`] changed it.
static UMASK: OnceLock<rustix::fs::Mode> = OnceLock::new();

/// Sets the umask that this process was started with, for a program that is started next and makes files of its own.
pub fn restore_umask() {
    if let Some(before) = UMASK.get() {
        rustix::process::umask(*before);
    }
}

/// Checks that the server can open the descriptors that it needs before its first answer. Without this check the
/// runtime ends the process if it gets none.
///
/// # Errors
/// The system's, if there are too few.
pub fn check_descriptors() -> io::Result<()> {
    use std::os::fd::AsFd as _;
    const FEW: usize = 8;
    let stdin = io::stdin();
    (0..FEW).map(|_| stdin.as_fd().try_clone_to_owned()).collect::<Result<Vec<_>, _>>().map(drop)
}

/// Whether stdout is `/dev/null`, so that the output is lost. A descriptor that was closed at the start of the process
/// is `/dev/null` as well.
pub fn stdout_is_null() -> bool {
    use rustix::fs::{fstat, stat};
    let null = stat("/dev/null").map(|null| (null.st_dev, null.st_ino, null.st_rdev));
    let output = fstat(rustix::stdio::stdout()).map(|output| (output.st_dev, output.st_ino, output.st_rdev));
    null.is_ok() && output == null
}

/// The columns of the terminal at stdout; `None` if it is not a terminal.
pub fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Whether stdout and stderr go to one place.
pub fn outputs_are_one() -> bool {
    let file = |stream| rustix::fs::fstat(stream).ok().map(|found| (found.st_dev, found.st_ino));
    let output = file(rustix::stdio::stdout());
    output.is_some() && output == file(rustix::stdio::stderr())
}

// --- Signals. A process inherits those that its parent has blocked or ignored, and many parents block by accident.

/// Makes signals work as in a process that a shell has started, in this process and in the programs that it starts. To
/// be called first, since every thread inherits the mask of the thread that starts it.
pub fn restore_signals() {
    // Unblocks all signals that the parent has blocked: a blocked SIGTERM would not end the process. Cannot fail for
    // these arguments.
    let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
    // Catches these signals and does nothing. Then a file that grows over the process's limit is an error of the write
    // and not the end of the process, and the exit status of child programs is not lost. If they were ignored, child
    // programs would inherit that.
    for signal in [SIGXFSZ, SIGCHLD] {
        // Cannot fail: both may be caught. If it did, the default would stay: SIGXFSZ would end the process.
        let _ = register(signal, Arc::default());
    }
}

/// Whether this process has inherited a signal as ignored. Only Linux gives the answer without replacing the handler;
/// on other systems it is always no. To be called before the signal is caught.
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

/// The signals that end a question: SIGTERM, and of the others those that the parent has not ignored, as `nohup` does
/// with SIGHUP. Determined before the first of them is caught.
static ENDING: LazyLock<Vec<i32>> = LazyLock::new(|| {
    let all = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
    all.into_iter().filter(|signal| *signal == SIGTERM || !is_ignored(*signal)).collect()
});

/// Whether a signal ends the process. Not while the user is asked, since the question would stay on the screen.
static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let ends = Arc::new(AtomicBool::new(true));
    for signal in ENDING.iter().copied() {
        // A signal that can't be caught ends the process in any case.
        let _ = register_conditional_default(signal, ends.clone());
    }
    ends
});

/// As long as this exists, a signal that would end the process sets a flag instead.
pub struct CaughtSignals(Vec<SigId>);

impl CaughtSignals {
    /// Lets the signals set `flag`.
    pub fn set(flag: &Arc<AtomicBool>) -> Self {
        ENDS.store(false, Ordering::SeqCst);
        Self(ENDING.iter().filter_map(|signal| register(*signal, flag.clone()).ok()).collect())
    }
}

impl Drop for CaughtSignals {
    fn drop(&mut self) {
        ENDS.store(true, Ordering::SeqCst);
        for id in self.0.drain(..) {
            unregister(id);
        }
    }
}

// --- Other processes

/// A function that waits for the end of a process. `None` if no process has this id now: in a container the client's id
/// means another process, or none.
pub fn waiter(process: u32) -> Option<Box<dyn FnOnce() + Send>> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::process::{PidfdFlags, pidfd_open};
        match pidfd_open(process, PidfdFlags::empty()) {
            Ok(descriptor) => {
                return Some(Box::new(move || {
                    let mut descriptors = [PollFd::new(&descriptor, PollFlags::IN)];
                    while poll(&mut descriptors, None) == Err(Errno::INTR) {}
                }));
            }
            Err(Errno::SRCH | Errno::INVAL) => return None,
            // A kernel without process descriptors.
            Err(_) => {}
        }
    }
    #[cfg(target_os = "macos")]
    match watched(process) {
        Ok(watcher) => {
            return Some(Box::new(move || while watcher.poll_forever(None).is_none() {}));
        }
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => return None,
        // The queue of events can't be made; then the process is looked for now and then.
        Err(_) => {}
    }
    let exists = move || rustix::process::test_kill_process(process) != Err(Errno::SRCH);
    exists().then(|| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            while exists() {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        })
    })
}

/// The process that started this one.
pub fn parent() -> Option<u32> {
    rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get().unsigned_abs())
}

/// The user of the process at the other end of a local connection; `None` where the system does not say.
#[cfg(target_os = "linux")]
fn peer_user(stream: &std::os::unix::net::UnixStream) -> io::Result<Option<u32>> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    // A process of another process namespace has the id 0 here, for which the type of `rustix` has no value.
    Ok(Some(getsockopt(stream, PeerCredentials)?.uid()))
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Linux")]
fn peer_user(_: &std::os::unix::net::UnixStream) -> io::Result<Option<u32>> {
    Ok(None)
}

/// Waits until a descriptor that another process made non-blocking can be read or written.
fn wait_for(descriptor: std::os::fd::BorrowedFd<'_>, writing: bool) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let until = if writing { PollFlags::OUT } else { PollFlags::IN };
    match poll(&mut [PollFd::from_borrowed_fd(descriptor, until)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Asks a child to end.
pub fn terminate(child: u32) {
    if let Some(child) = i32::try_from(child).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(child, Signal::TERM);
    }
}

/// Waits for a signal that asks this process to end, on a thread of its own, and then calls `ended`. As long as the
/// result exists, such a signal does nothing else.
///
/// # Errors
/// If the signals can't be caught.
pub fn on_ending_signal(ended: impl Fn() + Send + 'static) -> io::Result<CaughtSignals> {
    let caught = CaughtSignals::set(&Arc::default());
    let ending = [SIGHUP, SIGINT, SIGTERM].into_iter();
    let ending = ending.filter(|signal| *signal == SIGTERM || !is_ignored(*signal));
    let mut signals = signal_hook::iterator::Signals::new(ending)?;
    let body = move || signals.forever().for_each(|_| ended());
    std::thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(caught)
}

/// A queue that has an event once a process has ended. An error if there is no such process.
#[cfg(target_os = "macos")]
fn watched(process: Pid) -> io::Result<kqueue::Watcher> {
    use kqueue::{EventFilter, FilterFlag, Watcher};
    let mut watcher = Watcher::new()?;
    watcher.add_pid(process.as_raw_nonzero().get(), EventFilter::EVFILT_PROC, FilterFlag::NOTE_EXIT)?;
    watcher.watch()?;
    Ok(watcher)
}

/// The name of a program's file.
pub(super) fn program_file(name: &str) -> PathBuf {
    name.into()
}

/// Whether this user may execute a file.
pub(super) fn may_execute(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Whether a program that exists could not be started because it is built for another processor, or because the loader of
/// its C library is missing.
pub fn is_unsuitable(error: &io::Error) -> bool {
    /// `EBADARCH` of macOS, which `rustix` has no name for.
    const BAD_ARCHITECTURE: i32 = 86;
    let code = error.raw_os_error();
    let codes = [Errno::NOENT, Errno::NOEXEC].map(|code| Some(code.raw_os_error()));
    codes.contains(&code) || (cfg!(target_os = "macos") && code == Some(BAD_ARCHITECTURE))
}

/// Prepares a program that must end with [`kill_with_children`].
pub fn prepare_child(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Does nothing: the child began in a process group of its own.
pub fn adopt_child(_child: &Child) {}

/// Whether a child itself has ended. It is not reaped yet, so that the system does not give its process id, or that of
/// its group, to another process.
pub fn has_ended(child: &mut Child) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let looks = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(Pid::from_child(child)), looks), Ok(Some(_)))
}

/// Kills a child that was not reaped yet, and all processes that it has started.
pub fn kill_with_children(child: u32) {
    if let Some(group) = i32::try_from(child).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

// --- The boot

/// The kernel's random id of this boot, as 32 hexadecimal digits; `None` where the kernel has no readable one.
pub fn boot_id() -> Option<String> {
    #[cfg(target_os = "macos")]
    let text = {
        use sysctl::Sysctl as _;
        sysctl::Ctl::new("kern.bootsessionuuid").ok()?.value_string().ok()?
    };
    #[cfg(not(target_os = "macos"))]
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().replace('-', "").to_ascii_lowercase())
}

/// Milliseconds since the boot, on a clock that goes on while the machine sleeps and that no user can set.
pub fn boot_millis() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    // On macOS the monotonic clock counts while the machine sleeps.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let time = clock_gettime(CLOCK);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1_000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1_000_000
}

/// The kind and size of the mutexes that processes share, which LMDB puts into its lock file. Builds of one LMDB differ
/// in nothing else. The C library counts: each has its own contents for a mutex of the same size. The way it is linked
/// does not.
pub fn shared_mutex() -> String {
    if cfg!(any(
        target_vendor = "apple",
        target_os = "openbsd",
        target_os = "netbsd",
        target_os = "dragonfly"
    )) {
        // LMDB uses a semaphore set, which the kernel keeps.
        return "sysv".to_owned();
    }
    let library = if cfg!(target_env = "musl") {
        "musl"
    } else if cfg!(target_env = "gnu") {
        "gnu"
    } else {
        std::env::consts::OS
    };
    format!("pthread-{library}-{}", size_of::<libc::pthread_mutex_t>())
}

/// Whether an error of LMDB means that its lock between processes is gone: the kernel keeps the semaphores of LMDB, and
/// any program of this user can remove them (`ipcrm`).
pub fn is_lock_gone(error: &io::Error) -> bool {
    let codes = [Some(Errno::INVAL.raw_os_error()), Some(Errno::IDRM.raw_os_error())];
    shared_mutex() == "sysv" && codes.contains(&error.raw_os_error())
}

/// Whether a sync of a file may leave its bytes in the disk's own cache, as LMDB syncs.
pub const SYNC_IS_SHALLOW: bool = cfg!(target_os = "macos");
