//! Processes on Windows.

use std::collections::HashMap;
use std::io;
use std::os::windows::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[path = "windows/calls.rs"]
mod calls;

pub use calls::QuietConsole;
use calls::{Job, Process};

use crate::process::{Carried, NoSocket};

/// Opens no console window for a program of the console.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Whether an error report of this process may hold its memory.
static MAY_BE_REPORTED: AtomicBool = AtomicBool::new(true);

/// Called by every subcommand before a secret is in memory. Keeps the memory of this process out of error reports, and
/// its standard streams, which are the client's, from the programs that it starts.
pub fn harden() {
    match calls::keep_memory_out_of_reports() {
        Ok(()) => MAY_BE_REPORTED.store(false, Ordering::Relaxed),
        Err(error) => tracing::warn!("error reports could not be kept free of the process's memory: {error}"),
    }
    if let Err(error) = calls::keep_streams() {
        tracing::debug!(%error, "programs that this process starts inherit its streams");
    }
}

/// What [`harden`] could not do, as parts of a sentence about a sidecar. Another process of this user may always read
/// its memory on this system.
pub fn hardening_gaps() -> Vec<&'static str> {
    let may_be_reported = MAY_BE_REPORTED.load(Ordering::Relaxed);
    may_be_reported.then_some("a crash may write its memory to the disk").into_iter().collect()
}

/// Does nothing: this system has no umask.
pub fn restore_umask() {}

/// Does nothing: this system has no small limit of handles.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
pub fn check_descriptors() -> io::Result<()> {
    Ok(())
}

/// Always false: whether stdout is `NUL` can't be seen here.
pub fn stdout_is_null() -> bool {
    false
}

/// The columns of the console at stdout; `None` if it is not a console.
pub fn terminal_columns() -> Option<usize> {
    calls::console_columns()
}

/// Always false: whether both go to one place can't be seen here.
pub fn outputs_are_one() -> bool {
    false
}

/// Catches nothing: a program in the same console gets its signals itself.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
pub fn catch_signals() -> io::Result<NoSignals> {
    Ok(NoSignals)
}

/// What [`catch_signals`] has caught.
pub struct NoSignals;

/// Waits for the end of a program.
///
/// # Errors
/// If the program can't be waited for.
pub fn wait_and_forward(_: NoSignals, mut child: Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// The exit code of a program.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(1)
}

/// A descriptor with the number that a program gets. Only Unix gives programs descriptors by number.
pub enum ReservedDescriptor {}

/// A descriptor that the next program inherits.
pub enum InheritedDescriptor {}

impl ReservedDescriptor {
    /// Always `None`.
    pub fn reserve(_number: u16) -> Option<Self> {
        None
    }

    /// Never called.
    ///
    /// # Errors
    /// Never.
    pub fn give(self, _reader: &io::PipeReader) -> io::Result<InheritedDescriptor> {
        match self {}
    }
}

/// Does nothing: a process on this system inherits no signal state.
pub fn restore_signals() {}

/// Always false: a process on this system inherits no signal state.
pub fn is_ignored(_signal: i32) -> bool {
    false
}

/// As long as this exists, signals set a flag. There are none here: a console that is closed ends the process.
pub struct CaughtSignals;

impl CaughtSignals {
    /// Does nothing.
    pub fn set(_flag: &Arc<AtomicBool>) -> Self {
        Self
    }
}

/// A function that waits for the end of a process. `None` if this user has no process with this id now.
pub fn waiter(process: u32) -> Option<Box<dyn FnOnce() + Send>> {
    let process = Process::open(process).ok()?;
    Some(Box::new(move || process.wait()))
}

/// The name of a program's file.
pub(super) fn program_file(name: &str) -> PathBuf {
    let mut file = PathBuf::from(name);
    if file.extension().is_none() {
        file.set_extension("exe");
    }
    file
}

/// Always true: the system decides by the name's extension.
pub(super) fn may_execute(_file: &Path) -> bool {
    true
}

/// Whether a program that exists could not be started because it is built for another processor.
pub fn is_unsuitable(error: &io::Error) -> bool {
    const BAD_EXE_FORMAT: i32 = 193;
    const EXE_MACHINE_TYPE_MISMATCH: i32 = 216;
    matches!(error.raw_os_error(), Some(BAD_EXE_FORMAT | EXE_MACHINE_TYPE_MISMATCH))
}

/// Prepares a program that must end with [`kill_with_children`].
pub fn prepare_child(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Whether a child itself has ended. Its handle keeps its process id reserved.
pub fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

/// The jobs of the running children, by process id.
static JOBS: Mutex<Option<HashMap<u32, Job>>> = Mutex::new(None);

/// Puts a child that was just started into a job of its own. What the child starts before that is not in the job.
pub fn adopt_child(child: &Child) {
    match Job::of(child) {
        Ok(job) => {
            let mut jobs = JOBS.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.get_or_insert_default().insert(child.id(), job);
        }
        // The child has ended already, or a job without nested jobs contains this process.
        Err(error) => tracing::debug!(%error, "a program is in no job, and what it starts may outlive it"),
    }
}

/// Kills a child that was adopted, and all processes that it has started.
pub fn kill_with_children(child: u32) {
    let mut jobs = JOBS.lock().unwrap_or_else(PoisonError::into_inner);
    drop(jobs.as_mut().and_then(|jobs| jobs.remove(&child)));
}

/// The system's number of this boot, as 32 hexadecimal digits; `None` where it keeps none.
pub fn boot_id() -> Option<String> {
    const KEY: &str =
        r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters";
    calls::machine_number(KEY, "BootId").map(|number| format!("{number:032x}"))
}

/// Milliseconds since the boot, on a clock that goes on while the machine sleeps and that no user can set.
pub fn boot_millis() -> u64 {
    calls::tick_count()
}

/// Mutexes that processes share have names here, and LMDB's lock file contains none.
pub fn shared_mutex() -> String {
    "named".to_owned()
}

/// Whether a sync of a file may leave its bytes in the disk's own cache, as LMDB syncs.
pub const SYNC_IS_SHALLOW: bool = false;

// --- Local sockets: named pipes are not done here.

/// One end of a connection: there is none on this system.
pub enum LocalStream {}

/// A socket that others may connect to: there is none on this system.
pub enum LocalListener {}

impl LocalStream {
    /// A second handle of the same connection.
    ///
    /// # Errors
    /// Never: there is no such value.
    pub fn try_clone(&self) -> io::Result<Self> {
        match *self {}
    }
}

impl io::Read for LocalStream {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl io::Write for LocalStream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}

impl LocalListener {
    /// Refused.
    ///
    /// # Errors
    /// Always.
    pub fn bind(_: &Path) -> Result<Self, NoSocket> {
        Err(NoSocket::Unsupported)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        match *self {}
    }

    /// Does nothing.
    pub fn remove(&self) {}

    /// The next connection.
    ///
    /// # Errors
    /// Never: there is no such value.
    pub fn accept(&self) -> io::Result<Option<LocalStream>> {
        match *self {}
    }
}

/// Refused.
///
/// # Errors
/// Always.
pub fn connect_local(_: &Path) -> Result<LocalStream, NoSocket> {
    Err(NoSocket::Unsupported)
}

/// A connection as stdin and stdout of a program.
///
/// # Errors
/// Never: there is no such connection.
#[allow(clippy::needless_pass_by_value, reason = "the same interface as on Unix")]
pub fn as_stdio(stream: LocalStream) -> io::Result<(Stdio, Stdio)> {
    match stream {}
}

/// Carries nothing.
///
/// # Errors
/// Never: there is no such connection.
#[allow(clippy::needless_pass_by_value, reason = "the same interface as on Unix")]
pub fn carry(stream: LocalStream) -> io::Result<Carried> {
    match stream {}
}

/// The process that started this one is not known here.
pub fn parent() -> Option<u32> {
    None
}

/// Does nothing.
pub fn terminate(_: u32) {}

/// Catches nothing: a console ends the process itself.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
pub fn on_ending_signal(_: impl Fn() + Send + 'static) -> io::Result<CaughtSignals> {
    Ok(CaughtSignals::set(&Arc::default()))
}

/// Whether an error of LMDB means that its lock between processes is gone. A named mutex lives as long as a process
/// holds it open.
pub fn is_lock_gone(_error: &io::Error) -> bool {
    false
}
