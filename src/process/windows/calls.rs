//! The calls of Windows that concern processes, each behind a safe function. No crate that is kept has a safe form of
//! all of them. This file is one of the few with `unsafe`, see `tests/tidy.rs`: a function here contains one call, or
//! calls on one handle, and no decision of this program.

#![allow(unsafe_code, reason = "the system's calls have no safe form")]

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::process::Child;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_SUCCESS, HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Console::{
    CONSOLE_SCREEN_BUFFER_INFO, FlushConsoleInputBuffer, GetConsoleMode, GetConsoleScreenBufferInfo,
    INPUT_RECORD, KEY_EVENT, ReadConsoleInputW, SetConsoleMode,
};
use windows_sys::Win32::System::Diagnostics::Debug::{SEM_NOGPFAULTERRORBOX, SetErrorMode};
use windows_sys::Win32::System::ErrorReporting::{WER_FAULT_REPORTING_FLAG_NOHEAP, WerSetFlags};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_DWORD, RegGetValueW};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

/// The result of a call that returns 0 if it failed.
fn done(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that made the handle gave it to this process alone.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Waits until a handle is signalled. Returns whether it was, within `most`; `None` waits for ever.
fn wait(handle: HANDLE, most: Option<Duration>) -> bool {
    let millis = most.map_or(INFINITE, |most| u32::try_from(most.as_millis()).unwrap_or(INFINITE - 1));
    // SAFETY: the handle is open for as long as the caller borrows its owner.
    unsafe { WaitForSingleObject(handle, millis) == WAIT_OBJECT_0 }
}

/// Another process, whose id stays reserved while this exists.
pub(super) struct Process(OwnedHandle);

impl Process {
    /// The process with this id; an error if there is none, or it belongs to another user.
    pub(super) fn open(id: u32) -> io::Result<Self> {
        // SAFETY: the call takes no pointers.
        owned(unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, id) }).map(Self)
    }

    /// Waits for its end.
    pub(super) fn wait(&self) {
        wait(self.0.as_raw_handle(), None);
    }
}

/// A job object. The system ends the processes in it, and those that they start, when this is dropped and when this
/// process ends, however it ends.
pub(super) struct Job {
    _handle: OwnedHandle,
}

impl Job {
    /// A job with this child in it.
    pub(super) fn of(child: &Child) -> io::Result<Self> {
        // SAFETY: both pointers may be null.
        let job = owned(unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) })?;
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let length = u32::try_from(size_of_val(&limits)).expect("a small structure");
        // SAFETY: the pointer and the length are those of one structure, which is of the kind that the class names.
        done(unsafe {
            SetInformationJobObject(
                job.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                length,
            )
        })?;
        // SAFETY: both handles are open.
        done(unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) })?;
        Ok(Self { _handle: job })
    }
}

/// Prevents that programs which this process starts inherit its standard streams, unless it gives them on purpose.
pub(super) fn keep_streams() -> io::Result<()> {
    let streams = [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    for stream in streams.into_iter().filter(|stream| !stream.is_null()) {
        // SAFETY: the call takes no pointers, and refuses a handle that is not open.
        done(unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) })?;
    }
    Ok(())
}

/// Keeps the heap of this process, which holds keys, out of error reports. Such a report is not made with a window
/// either.
pub(super) fn keep_memory_out_of_reports() -> io::Result<()> {
    // SAFETY: the calls take no pointers.
    let result = unsafe {
        SetErrorMode(SEM_NOGPFAULTERRORBOX);
        WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP)
    };
    if result < 0 { Err(io::Error::from_raw_os_error(result)) } else { Ok(()) }
}

/// Milliseconds since the system was started, also those in which it slept.
pub(super) fn tick_count() -> u64 {
    // SAFETY: the call takes no pointers.
    unsafe { GetTickCount64() }
}

/// A number from the registry of the machine.
pub(super) fn machine_number(key: &str, value: &str) -> Option<u32> {
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<_>>();
    let (key, value) = (wide(key), wide(value));
    let (mut number, mut length) = (0_u32, 4_u32);
    // SAFETY: both names end with a zero, and the last two pointers are to a number and its length in bytes.
    let result = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            key.as_ptr(),
            value.as_ptr(),
            RRF_RT_REG_DWORD,
            std::ptr::null_mut(),
            (&raw mut number).cast(),
            &raw mut length,
        )
    };
    (result == ERROR_SUCCESS).then_some(number)
}

/// The columns of the console at stdout; `None` if it is not a console.
pub(super) fn console_columns() -> Option<usize> {
    let mut info = CONSOLE_SCREEN_BUFFER_INFO::default();
    // SAFETY: the pointer is to a structure of the right kind.
    done(unsafe { GetConsoleScreenBufferInfo(io::stdout().as_raw_handle(), &raw mut info) }).ok()?;
    let window = info.srWindow;
    usize::try_from(i32::from(window.Right) - i32::from(window.Left) + 1).ok()
}

/// The console at stdin, while it shows nothing that is typed and gives each key at once. Restores it when dropped.
pub struct QuietConsole(u32);

impl QuietConsole {
    /// Makes the console quiet. Keys that were typed before are dropped, since they do not answer the question.
    ///
    /// # Errors
    /// If stdin is no console.
    pub fn begin() -> io::Result<Self> {
        let input = io::stdin().as_raw_handle();
        let mut before = 0;
        // SAFETY: the pointer is to a number.
        done(unsafe { GetConsoleMode(input, &raw mut before) })?;
        // SAFETY: the calls take no pointers.
        done(unsafe { SetConsoleMode(input, 0) })?;
        // SAFETY: as above.
        done(unsafe { FlushConsoleInputBuffer(input) })?;
        Ok(Self(before))
    }

    /// The UTF-16 unit of the next key; `None` if the next event is no key with a character, or after `most`.
    ///
    /// # Errors
    /// If the console is gone.
    pub fn next_key(&self, most: Duration) -> io::Result<Option<u16>> {
        let input = io::stdin().as_raw_handle();
        if !wait(input, Some(most)) {
            return Ok(None);
        }
        let (mut event, mut count) = (INPUT_RECORD::default(), 0);
        // SAFETY: the pointers are to one structure, as the length says, and to a number.
        done(unsafe { ReadConsoleInputW(input, &raw mut event, 1, &raw mut count) })?;
        if count == 0 || u32::from(event.EventType) != KEY_EVENT {
            return Ok(None);
        }
        // SAFETY: the kind of the event says which part of the union is set, and every bit pattern is a character.
        let (is_down, unit) =
            unsafe { (event.Event.KeyEvent.bKeyDown != 0, event.Event.KeyEvent.uChar.UnicodeChar) };
        Ok((is_down && unit != 0).then_some(unit))
    }
}

impl Drop for QuietConsole {
    fn drop(&mut self) {
        // SAFETY: the call takes no pointers.
        let _ = unsafe { SetConsoleMode(io::stdin().as_raw_handle(), self.0) };
    }
}
