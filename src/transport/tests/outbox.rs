//! What the outbox writes, for clients that read, read slowly, or are gone.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::transport::{Framing, Outbox, Output};

/// Far longer than any test here takes.
const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(20);

/// An output with a gate: while it is shut, nothing is written.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Inside>, Condvar)>);

#[derive(Default)]
struct Inside {
    /// How many more bytes may pass.
    open_for: usize,
    broken: bool,
    /// A write waits at the gate.
    waiting: bool,
    through: Vec<u8>,
    writes: Vec<usize>,
}

impl Gate {
    fn open(&self, bytes: usize) {
        let mut inside = self.0.0.lock().unwrap();
        inside.open_for = inside.open_for.saturating_add(bytes);
        self.0.1.notify_all();
    }

    fn shut_permanently(&self) {
        self.0.0.lock().unwrap().broken = true;
        self.0.1.notify_all();
    }

    fn wait_until(&self, what: impl Fn(&Inside) -> bool) {
        let inside = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(inside, |inside| !what(inside)).unwrap());
    }

    fn through(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().through.clone()).unwrap()
    }

    fn writes(&self) -> Vec<usize> {
        self.0.0.lock().unwrap().writes.clone()
    }
}

impl Inside {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.open_for);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.open_for -= count;
        self.through.extend_from_slice(&bytes[..count]);
        self.writes.push(count);
        Ok(count)
    }
}

impl Output for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inside = self.0.0.lock().unwrap();
        inside.waiting = true;
        self.0.1.notify_all();
        inside = self.0.1.wait_while(inside, |inside| inside.open_for == 0 && !inside.broken).unwrap();
        inside.waiting = false;
        let result = inside.take(bytes);
        self.0.1.notify_all();
        result
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.0.lock().unwrap().take(bytes)
    }
}

fn outbox() -> (Gate, Arc<Outbox>) {
    let gate = Gate::default();
    (gate.clone(), Outbox::start(gate))
}

fn framed(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_message_is_one_write_of_exactly_one_header_and_the_body() {
    let (gate, outbox) = outbox();
    gate.open(usize::MAX);
    outbox.send(b"{\"a\":\"\xC3\xA4\"}".to_vec());
    assert_eq!(gate.through(), "Content-Length: 10\r\n\r\n{\"a\":\"\u{e4}\"}");
    assert_eq!(gate.writes(), [32]);
    assert_eq!(outbox.unread(), 0);
}

#[test]
fn a_line_has_no_line_break_but_its_last() {
    let (gate, outbox) = outbox();
    gate.open(usize::MAX);
    outbox.set_framing(Framing::Lines);
    outbox.send(b"{\r\n\"a\":\n1}".to_vec());
    outbox.send(b"[]".to_vec());
    assert_eq!(gate.through(), "{  \"a\": 1}\n[]\n");
    assert_eq!(gate.writes(), [11, 3]);
}

#[test]
fn queued_messages_are_written_together() {
    let (gate, outbox) = outbox();
    outbox.send(b"first".to_vec());
    gate.wait_until(|inside| inside.waiting);
    for body in ["second", "third", "fourth"] {
        outbox.send(body.into());
    }
    let expected: String = ["first", "second", "third", "fourth"].map(framed).concat();
    assert_eq!(outbox.unread(), expected.len());
    gate.open(usize::MAX);
    assert!(outbox.close(LONG, LONG));
    assert_eq!(gate.through(), expected);
    assert_eq!(gate.writes(), [framed("first").len(), expected.len() - framed("first").len()]);
}

#[test]
fn a_partly_written_frame_is_completed_before_the_next() {
    let (gate, outbox) = outbox();
    gate.open(7);
    outbox.send(b"first".to_vec());
    outbox.send(b"second".to_vec());
    let expected = ["first", "second"].map(framed).concat();
    assert_eq!(outbox.unread(), expected.len() - 7);
    gate.open(9);
    gate.open(usize::MAX);
    outbox.wait_for_room(0, LONG);
    assert_eq!(gate.through(), expected);
}

#[test]
fn a_long_message_is_written_in_pieces() {
    let (gate, outbox) = outbox();
    gate.open(usize::MAX);
    let body = "x".repeat(1_000_000);
    outbox.send(body.clone().into());
    outbox.send(b"{}".to_vec());
    outbox.wait_for_room(0, LONG);
    assert_eq!(gate.through(), framed(&body) + &framed("{}"));
    assert!(gate.writes().iter().all(|&count| count <= 64 * 1024));
}

#[test]
fn each_senders_messages_keep_their_order_and_none_is_torn() {
    let (gate, outbox) = outbox();
    outbox.set_framing(Framing::Lines);
    thread::scope(|scope| {
        for sender in 0..4 {
            let outbox = &outbox;
            scope.spawn(move || {
                for count in 0..500 {
                    outbox.send(format!("{sender} {count} {}", "x".repeat(count * 7 % 300)).into());
                }
            });
        }
        // A few bytes at a time, so that writes end anywhere.
        for size in 1..500 {
            gate.open(size);
        }
    });
    gate.open(usize::MAX);
    assert!(outbox.close(LONG, LONG));
    let mut next = [0; 4];
    for line in gate.through().lines() {
        let mut words = line.split(' ');
        let mut number = || words.next().unwrap().parse::<usize>().unwrap();
        let (sender, count) = (number(), number());
        assert_eq!(count, next[sender]);
        assert_eq!(words.next().unwrap().len(), count * 7 % 300);
        next[sender] += 1;
    }
    assert_eq!(next, [500; 4]);
}

#[test]
fn a_client_that_never_reads_makes_no_sender_wait() {
    let (_gate, outbox) = outbox();
    let one = framed(&"x".repeat(1000)).len();
    for sent in 1..=2000 {
        outbox.send(vec![b'x'; 1000]);
        assert_eq!(outbox.unread(), sent * one);
    }
    assert!(!outbox.close(Duration::ZERO, LONG));
    assert_eq!(outbox.unread(), 0);
}

#[test]
fn a_thread_waits_only_until_there_is_space() {
    let (gate, outbox) = outbox();
    outbox.send(vec![b'x'; 100]);
    outbox.send(vec![b'x'; 100]);
    outbox.wait_for_room(1000, LONG);
    let waiter = thread::spawn({
        let outbox = Arc::clone(&outbox);
        move || {
            outbox.wait_for_room(100, LONG);
            outbox.unread()
        }
    });
    gate.open(200);
    assert!(waiter.join().unwrap() <= 100);
}

#[test]
fn a_waiting_thread_gives_up_when_the_client_reads_nothing() {
    let (gate, outbox) = outbox();
    outbox.send(vec![b'x'; 100]);
    assert!(!outbox.wait_for_room(10, SHORT));
    assert!(outbox.wait_for_room(1000, SHORT));
    gate.open(usize::MAX);
    assert!(outbox.wait_for_room(0, LONG));
}

#[test]
fn close_waits_for_a_slow_client_but_not_for_a_dead_one() {
    let (gate, outbox) = outbox();
    outbox.send(vec![b'x'; 100]);
    gate.wait_until(|inside| inside.waiting);
    gate.open(50);
    gate.wait_until(|inside| inside.waiting && inside.open_for == 0);
    assert!(!outbox.close(SHORT, LONG));
    assert_eq!(outbox.unread(), 0);
    outbox.wait_for_room(0, LONG);
    outbox.send(vec![b'x'; 100]);
    assert_eq!(outbox.unread(), 0);
    assert!(!outbox.broken());
    gate.open(usize::MAX);
}

#[test]
fn close_returns_after_its_limit_whatever_the_client_does() {
    let (_gate, outbox) = outbox();
    outbox.send(vec![b'x'; 100]);
    assert!(!outbox.close(LONG, SHORT));
}

#[test]
fn close_with_nothing_unread_returns_at_once() {
    let (gate, outbox) = outbox();
    assert!(outbox.close(LONG, LONG));
    assert!(outbox.close(LONG, LONG), "and stays what it was");
    gate.open(usize::MAX);
    outbox.send(b"late".to_vec());
    assert_eq!(gate.through(), "");
}

#[test]
fn a_closed_reader_releases_all_waiting_threads() {
    let (gate, outbox) = outbox();
    outbox.send(vec![b'x'; 100]);
    gate.wait_until(|inside| inside.waiting);
    outbox.send(vec![b'x'; 100]);
    gate.shut_permanently();
    outbox.wait_for_room(0, LONG);
    assert!(outbox.broken());
    outbox.send(vec![b'x'; 100]);
    assert_eq!(outbox.unread(), 0);
    assert!(!outbox.close(LONG, LONG));
}

#[test]
fn gathered_messages_make_one_write() {
    let (gate, outbox) = open_gate();
    outbox.gather();
    for message in ["1", "22", "333"] {
        outbox.send(message.into());
    }
    assert!(gate.writes().is_empty());
    outbox.flush();
    assert_eq!(gate.writes(), [gate.through().len()]);
    assert_eq!(gate.through().matches("Content-Length").count(), 3);
    outbox.send("4".into());
    assert_eq!(gate.writes().len(), 2);
}

#[test]
fn a_flush_writes_the_messages_of_all_gathering_threads() {
    let (gate, outbox) = open_gate();
    outbox.gather();
    outbox.send("reader".into());
    let other = outbox.clone();
    let gather = move || {
        other.gather();
        other.send("one".into());
        other.send("two".into());
    };
    thread::spawn(gather).join().unwrap();
    assert!(gate.writes().is_empty());
    outbox.flush();
    assert_eq!(gate.writes(), [gate.through().len()]);
    assert_eq!(gate.through().matches("Content-Length").count(), 3);
}

#[test]
fn a_message_of_another_thread_flushes_gathered_messages() {
    let (gate, outbox) = open_gate();
    outbox.gather();
    outbox.send("first".into());
    let other = outbox.clone();
    thread::spawn(move || other.send("second".into())).join().unwrap();
    assert_eq!(gate.writes().len(), 1);
    assert!(gate.through().ends_with("second"));
}

#[test]
fn gathered_messages_are_written_when_they_fill_a_write() {
    let (gate, outbox) = open_gate();
    outbox.gather();
    outbox.send(vec![b'x'; 60_000]);
    assert!(gate.writes().is_empty());
    outbox.send(vec![b'y'; 60_000]);
    gate.wait_until(|inside| inside.through.len() > 120_000);
}

fn open_gate() -> (Gate, Arc<Outbox>) {
    let gate = Gate::default();
    gate.open(usize::MAX);
    let outbox = Outbox::start(gate.clone());
    (gate, outbox)
}
