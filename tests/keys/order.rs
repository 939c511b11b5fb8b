//! What one connection asks for, without waiting, before its key is rotated: the handle is good all the time.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use serde_json::{Value, json};

use crate::server::{Home, with};

/// A pipe in the place of a slot file: whoever reads it gets what was there, and whoever opens it to overwrite it waits
/// until the gate is opened.
struct Gate<'p> {
    path: &'p Path,
    content: Vec<u8>,
    was_read: AtomicBool,
    is_open: AtomicBool,
}

impl<'p> Gate<'p> {
    fn in_place_of(path: &'p Path) -> Self {
        let content = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Self { path, content, was_read: AtomicBool::new(false), is_open: AtomicBool::new(false) }
    }

    /// Until the gate is opened.
    fn serve(&self) {
        while !self.is_open.load(Ordering::Acquire) {
            // Waits for somebody who reads. One who has read enough is no concern of ours.
            let mut pipe = OpenOptions::new().write(true).open(self.path).unwrap();
            let _ = pipe.write_all(&self.content);
            drop(pipe);
            // Until that one has closed it too: nobody may be given it twice.
            while self.is_read() && !self.is_open.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            self.was_read.store(true, Ordering::Release);
        }
    }

    /// Waits until somebody has read it to its end: once it is open nobody can any more.
    fn wait_until_read(&self) {
        let end = Instant::now() + Duration::from_mins(1);
        while !self.was_read.load(Ordering::Acquire) {
            assert!(Instant::now() < end, "nobody reads the slot");
            std::thread::yield_now();
        }
    }

    fn is_read(&self) -> bool {
        rustix::fs::open(self.path, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()
    }

    /// What is returned keeps it open.
    fn open(&self) -> fs::File {
        self.is_open.store(true, Ordering::Release);
        OpenOptions::new().read(true).write(true).open(self.path).unwrap()
    }
}

/// The reads wait for a write, are let go together, and are long enough for the rotation to be committed while they
/// still run; the gate holds the rotation between its commit and its answer.
#[test]
fn reads_that_were_asked_for_before_a_rotation_are_not_hurt_by_it() {
    let home = Home::new();
    let mut server = home.server();
    let (issued, handle) = server.issue("a.b");
    let read = with(&handle, json!({"context": "user"}));
    let write = |round: u64| {
        let data = json!({"round": round, "text": "x".repeat(100_000)});
        with(&handle, json!({"context": "user", "data": data}))
    };
    server.ok("setPersistentData", &write(0));
    let path = home.data().join("slots").join(issued["keyId"].as_str().unwrap());
    let gate = Gate::in_place_of(&path);
    let (reads, rotated) = std::thread::scope(|scope| {
        scope.spawn(|| gate.serve());
        let written = server.send("setPersistentData", &write(1));
        let reads: Vec<_> = (0..40).map(|_| server.send("getPersistentData", &read)).collect();
        let rotated = server.send("rotateAPIKey", &with(&handle, json!({})));
        server.wait(written).unwrap();
        let reads: Vec<Result<Value, _>> = reads.into_iter().map(|id| server.wait(id)).collect();
        gate.wait_until_read();
        let open = gate.open();
        let rotated = server.wait(rotated);
        drop(open);
        (reads, rotated)
    });
    rotated.unwrap();
    assert_eq!(server.ok("getPersistentData", &read)["round"], 1);
    let refused: Vec<_> = reads.iter().filter_map(|read| read.as_ref().err()).collect();
    assert!(refused.is_empty(), "{} of {} were refused: {:?}", refused.len(), reads.len(), refused[0]);
    assert!(reads.iter().all(|read| read.as_ref().is_ok_and(|read| read["round"] == 1)));
}
