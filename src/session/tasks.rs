//! Requests that wait, as tasks. The vault's thread itself answers the requests whose outcomes it delivers. No other
//! thread has to be woken in between, and answers that are ready together go out together. All other tasks run on the
//! main thread.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use async_task::Runnable;
use tokio::runtime::Handle;

use super::Client;

thread_local! {
    /// The tasks that this thread has woken; `None` on a thread that does not run them itself.
    static WOKEN: RefCell<Option<Vec<Runnable>>> = const { RefCell::new(None) };
}

/// Starts a task, and runs it on this thread until it has to wait.
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

/// Runs the tasks that this thread has woken. After its first call a thread has to keep calling this, because nothing
/// else runs the tasks that it wakes.
pub(super) fn run_woken(runtime: &Handle, client: &dyn Client) {
    let next = || WOKEN.with_borrow_mut(|woken| woken.replace(Vec::new())).unwrap_or_default();
    let mut woken = next();
    if woken.is_empty() {
        return;
    }
    // The tasks register their next waits on this thread, which needs the runtime.
    let _runtime = runtime.enter();
    client.gather();
    while !woken.is_empty() {
        for task in woken {
            // A panic in one request must not end the thread that writes for the others.
            let _ = catch_unwind(AssertUnwindSafe(|| task.run()));
        }
        woken = next();
    }
    client.flush();
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::thread::{self, ThreadId};

    use tokio::sync::oneshot;

    use super::*;

    #[derive(Default)]
    struct Noted(Mutex<Vec<&'static str>>);

    impl Client for Noted {
        fn send(&self, _: Vec<u8>) {
            self.0.lock().unwrap().push("answer");
        }

        fn gather(&self) {
            self.0.lock().unwrap().push("gather");
        }

        fn flush(&self) {
            self.0.lock().unwrap().push("flush");
        }

        fn when_taken(&self, _: Box<dyn FnOnce() + Send>) {}

        fn watch(&self, _: u32) {}
    }

    /// Starts a request that waits for two outcomes in turn. Returns what sends them, and what receives the id of the
    /// thread that answered it.
    fn request(
        runtime: &Handle,
        client: &Arc<Noted>,
    ) -> (oneshot::Sender<()>, oneshot::Sender<()>, oneshot::Receiver<ThreadId>) {
        let (first, outcome) = oneshot::channel();
        let (second, after) = oneshot::channel();
        let (answered, on) = oneshot::channel();
        let client = client.clone();
        spawn(runtime, async move {
            let _ = outcome.await;
            let _ = after.await;
            client.send(Vec::new());
            let _ = answered.send(thread::current().id());
        });
        (first, second, on)
    }

    #[test]
    fn who_brings_outcomes_answers_them_together() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let client = Arc::new(Noted::default());
        let (one, two) = (request(runtime.handle(), &client), request(runtime.handle(), &client));
        run_woken(runtime.handle(), &*client);
        for outcome in [one.0, one.1, two.0, two.1] {
            outcome.send(()).unwrap();
        }
        assert!(client.0.lock().unwrap().is_empty(), "nothing goes on while outcomes are brought");
        run_woken(runtime.handle(), &*client);
        assert_eq!(*client.0.lock().unwrap(), ["gather", "answer", "answer", "flush"]);
        for on in [one.2, two.2] {
            assert_eq!(on.blocking_recv().unwrap(), thread::current().id());
        }
    }

    #[test]
    fn what_others_bring_goes_on_in_the_runtime() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (first, second, on) = request(runtime.handle(), &Arc::default());
        first.send(()).unwrap();
        second.send(()).unwrap();
        assert_ne!(on.blocking_recv().unwrap(), thread::current().id());
    }

    #[test]
    fn a_fault_in_one_takes_no_other_away() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let client = Arc::new(Noted::default());
        let (bring, outcome) = oneshot::channel::<()>();
        spawn(runtime.handle(), async move {
            let _ = outcome.await;
            panic!("a fault");
        });
        let (first, second, on) = request(runtime.handle(), &client);
        run_woken(runtime.handle(), &*client);
        bring.send(()).unwrap();
        first.send(()).unwrap();
        second.send(()).unwrap();
        run_woken(runtime.handle(), &*client);
        assert_eq!(on.blocking_recv().unwrap(), thread::current().id());
    }
}
