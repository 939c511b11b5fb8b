//! Processes that begin while others end: the last one that closes the store must not take it from one that opens it.

use serde_json::json;

use super::write;
use crate::harness::Home;

const THREADS: u64 = 6;
const STARTS: u64 = 25;

#[test]
fn a_process_opens_the_store_while_others_close_it() {
    let home = Home::new();
    let key = home.key();
    let one_after_another = |thread: u64| {
        for start in 0..STARTS {
            let mut server = home.script_with(&key);
            // Some only look.
            if start % 3 != 0 {
                write(&mut server, thread, &json!({"start": start})).unwrap();
            }
            let there = super::read(&mut server, thread);
            let last = if start % 3 == 0 { start.checked_sub(1) } else { Some(start) };
            assert_eq!(there["start"].as_u64(), last, "thread {thread}, start {start}");
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || one_after_another(thread));
        }
    });
}
