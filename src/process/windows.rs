//! Processes on Windows.

use std::io;
use std::os::windows::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::process::{Carried, NoSocket};

/// Opens no console window for a program of the console.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Does nothing: no safe interface excludes a process from crash dumps here.
pub fn harden() {}

/// Always empty: nothing can be looked at here.
pub fn hardening_gaps() -> Vec<&'static str> {
    Vec::new()
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

/// Always `None`: the size of a console can't be read here without `unsafe`.
pub fn terminal_columns() -> Option<usize> {
    None
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
pub fn catch_signals() -> io::Result<()> {
    Ok(())
}

/// Waits for the end of a program.
///
/// # Errors
/// If the program can't be waited for.
pub fn wait_and_forward((): (), mut child: Child) -> io::Result<ExitStatus> {
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

/// Always `None`: on this system the sidecar ends at the end of its input.
pub fn waiter(_process: u32) -> Option<Box<dyn FnOnce() + Send>> {
    None
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

/// Prepares a program that must end with [`kill_with_children`].
pub fn prepare_child(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Whether a child itself has ended. Its handle keeps its process id reserved.
pub fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

/// Does nothing: only a job object ends the processes that a program has started.
pub fn kill_with_children(_child: u32) {}

/// Always `None`: the system has no id of the boot that can be read without `unsafe`.
pub fn boot_id() -> Option<String> {
    None
}

/// Milliseconds of the wall clock: no clock of the boot can be read here without `unsafe`.
pub fn boot_millis() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
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
pub fn as_stdio(stream: LocalStream) -> io::Result<(Stdio, Stdio)> {
    match stream {}
}

/// Carries nothing.
///
/// # Errors
/// Never: there is no such connection.
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
