//! Requests that wait, as tasks. What the vault's thread brings is answered by that thread, so that nobody has to be
//! woken in between, and answers that come together go out together; everything else goes on on the main thread.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use async_task::Runnable;
use tokio::runtime::Handle;

use super::Client;

thread_local! {
    /// What this thread has woken, if it is one that sees to it itself.
    static WOKEN: RefCell<Option<Vec<Runnable>>> = const { RefCell::new(None) };
}

/// Begins a task on this thread, as far as it goes without waiting.
pub fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) {
    let runtime = runtime.clone();
    let schedule = move |task: Runnable| {
        let elsewhere = WOKEN.with_borrow_mut(|woken| match woken {
            Some(woken) => {
                woken.push(task);
                None
            }
            None => Some(task),
        });
        if let Some(task) = elsewhere {
            runtime.spawn(async move { task.run() });
        }
    };
    let (task, detached) = async_task::spawn(task, schedule);
    detached.detach();
    task.run();
}

/// Goes on with what this thread has woken, and sees to it itself from now on, whenever this is called again.
pub(super) fn go_on(runtime: &Handle, client: &dyn Client) {
    let next = || WOKEN.with_borrow_mut(|woken| woken.replace(Vec::new())).unwrap_or_default();
    let mut woken = next();
    if woken.is_empty() {
        return;
    }
    // What they wait for next, they set up on this thread.
    let _runtime = runtime.enter();
    client.gather();
    while !woken.is_empty() {
        for task in woken {
            // A fault in one request must not take the others' writer away.
            let _ = catch_unwind(AssertUnwindSafe(|| task.run()));
        }
        woken = next();
    }
    client.flush();
}
