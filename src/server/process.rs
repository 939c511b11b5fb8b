//! Watches the client's process: when it ends, the sidecar ends.

use std::sync::Arc;

use tokio::sync::Notify;

/// Notifies `ended` when a process has ended. Never does so if no process has this id now: in a container the client's
/// id means another process, or none.
#[cfg(unix)]
pub(super) fn watch(process: u32, ended: Arc<Notify>) {
    let Some(process) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else { return };
    let Some(wait) = waiter(process) else { return };
    // The thread sleeps until then. If the system refuses to start it, the sidecar ends at the end of its input.
    let _ = std::thread::Builder::new().name("client".into()).spawn(move || {
        wait();
        ended.notify_one();
    });
}

/// Does nothing: on this system the sidecar ends at the end of its input.
#[cfg(not(unix))]
pub(super) fn watch(_process: u32, _ended: Arc<Notify>) {}

/// A function that waits for the end of a process; `None` if no process has this id.
#[cfg(unix)]
fn waiter(process: rustix::process::Pid) -> Option<Box<dyn FnOnce() + Send>> {
    use rustix::io::Errno;
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
    let exists = move || rustix::process::test_kill_process(process) != Err(Errno::SRCH);
    exists().then(|| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            while exists() {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        })
    })
}
