//! The client's process: when it ends, so do we.

use std::future::pending;

/// Waits until a process ends. For ever, if there is none of this number: in a container the client's number means
/// another process, or none.
pub(super) async fn ended(process: u32) {
    #[cfg(target_os = "linux")]
    match by_descriptor(process).await {
        Watched::Ended => return,
        Watched::NoSuchProcess => return pending().await,
        Watched::NotPossible => {}
    }
    by_looking(process).await;
}

#[cfg(target_os = "linux")]
enum Watched {
    Ended,
    NoSuchProcess,
    NotPossible,
}

#[cfg(target_os = "linux")]
async fn by_descriptor(process: u32) -> Watched {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use rustix::process::{PidfdFlags, pidfd_open};
    let Some(process) = pid(process) else { return Watched::NoSuchProcess };
    let descriptor = match pidfd_open(process, PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(Errno::SRCH | Errno::INVAL) => return Watched::NoSuchProcess,
        Err(_) => return Watched::NotPossible,
    };
    // A thread that sleeps until then costs less than what it takes to poll by the clock.
    let (end, ended) = tokio::sync::oneshot::channel();
    let wait = move || {
        let mut descriptors = [PollFd::new(&descriptor, PollFlags::IN)];
        while poll(&mut descriptors, None) == Err(Errno::INTR) {}
        let _ = end.send(());
    };
    if std::thread::Builder::new().name("client".into()).spawn(wait).is_err() {
        return Watched::NotPossible;
    }
    let _ = ended.await;
    Watched::Ended
}

#[cfg(unix)]
fn pid(process: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(process).ok()?)
}

#[cfg(unix)]
async fn by_looking(process: u32) {
    use rustix::io::Errno;
    let Some(process) = pid(process) else { return pending().await };
    let exists = || rustix::process::test_kill_process(process) != Err(Errno::SRCH);
    if !exists() {
        return pending().await;
    }
    while exists() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

/// Here the end of the input is what tells.
#[cfg(not(unix))]
async fn by_looking(_process: u32) {
    pending().await
}
