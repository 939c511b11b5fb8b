//! Real pipes, sockets and files, also after another process has changed them.

use std::io::{Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use crate::transport::stdio::StdoutWriter;
use crate::transport::{FrameReader, Input, Outbox, Output};

const LONG: Duration = Duration::from_mins(1);

fn writer(to: impl Into<OwnedFd>) -> StdoutWriter {
    StdoutWriter::new(to.into()).unwrap()
}

fn would_block(result: std::io::Result<usize>) -> bool {
    result.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

fn set_nonblocking(on: impl AsFd) {
    let flags = rustix::fs::fcntl_getfl(&on).unwrap();
    rustix::fs::fcntl_setfl(&on, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
}

/// Writes without blocking until the output is full.
fn fill(writer: &mut StdoutWriter, piece: usize) -> usize {
    let mut sum = 0;
    loop {
        match writer.try_write(&vec![b'x'; piece]) {
            Ok(count) => sum += count,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                return sum;
            }
        }
    }
}

#[test]
fn a_pipe_is_written_to_without_waiting_until_it_is_full() {
    let check = |mut from: std::io::PipeReader, mut writer: StdoutWriter, piece| {
        let sum = fill(&mut writer, piece);
        assert!(sum > 0);
        drop(writer);
        let mut all = Vec::new();
        from.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), sum);
    };
    let (from, to) = std::io::pipe().unwrap();
    let mut asking = writer(to).polling_first();
    assert!(would_block(asking.try_write(&[b'x'; 5000])), "more than a pipe is sure to take");
    check(from, asking, 300);
    let (from, to) = std::io::pipe().unwrap();
    check(from, writer(to), if cfg!(target_os = "linux") { 60_000 } else { 300 });
}

#[test]
fn a_pipe_that_is_opened_again_still_blocks_for_other_processes() {
    let (_from, to) = std::io::pipe().unwrap();
    let _writer = writer(to.try_clone().unwrap());
    assert!(!rustix::fs::fcntl_getfl(&to).unwrap().contains(rustix::fs::OFlags::NONBLOCK));
}

#[test]
fn a_socket_is_written_to_without_waiting_until_it_is_full() {
    let (mut from, to) = UnixStream::pair().unwrap();
    let mut writer = writer(to);
    let sum = fill(&mut writer, 60_000);
    drop(writer);
    let mut all = Vec::new();
    from.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), sum);
}

#[test]
fn a_file_takes_everything_at_once() {
    let mut file = tempfile::tempfile().unwrap();
    let outbox = Outbox::start(writer(file.try_clone().unwrap()));
    outbox.send(vec![b'x'; 10_000]);
    assert_eq!(outbox.unread(), 0);
    file.rewind().unwrap();
    let mut all = String::new();
    file.read_to_string(&mut all).unwrap();
    assert!(all.starts_with("Content-Length: 10000\r\n\r\nxxx"));
}

#[test]
fn every_frame_arrives_over_every_kind_of_end() {
    fn check(from: impl Read + Send, to: impl Into<OwnedFd>) {
        let outbox = Outbox::start(writer(to));
        thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut reader = FrameReader::new(from, 1 << 20);
                let mut lengths = Vec::new();
                while let Input::Frame(frame) = reader.next().unwrap() {
                    lengths.push(frame.as_ref().len());
                }
                lengths
            });
            let lengths: Vec<_> = (0..300).map(|count| count * count * 7 % 200_000).collect();
            for &length in &lengths {
                outbox.send(vec![b'x'; length]);
            }
            assert!(outbox.close(LONG, LONG));
            assert_eq!(reading.join().unwrap(), lengths);
        });
    }
    let (from, to) = std::io::pipe().unwrap();
    check(from, to);
    let (from, to) = UnixStream::pair().unwrap();
    check(from, to);
    let (from, to) = std::io::pipe().unwrap();
    set_nonblocking(&to);
    check(from, to);
    let (from, to) = UnixStream::pair().unwrap();
    to.set_nonblocking(true).unwrap();
    check(from, to);
}

#[test]
fn a_reader_that_is_gone_breaks_the_outbox_at_the_first_send() {
    let (from, to) = std::io::pipe().unwrap();
    drop(from);
    let outbox = Outbox::start(writer(to));
    outbox.send(b"{}".to_vec());
    assert!(outbox.broken());

    let (from, to) = UnixStream::pair().unwrap();
    drop(from);
    let outbox = Outbox::start(writer(to));
    outbox.send(b"{}".to_vec());
    assert!(outbox.broken());
}

#[test]
fn a_non_blocking_input_is_waited_for() {
    let (from, to) = std::io::pipe().unwrap();
    set_nonblocking(&from);
    let from: &'static OwnedFd = Box::leak(Box::new(from.into()));
    let reading = thread::spawn(move || {
        let input: BorrowedFd<'static> = from.as_fd();
        let mut reader = FrameReader::new(crate::transport::stdio::StdinReader(input), 100);
        matches!(reader.next().unwrap(), Input::Frame(_)) && matches!(reader.next().unwrap(), Input::End)
    });
    let outbox = Outbox::start(writer(to));
    outbox.send(b"{}".to_vec());
    assert!(outbox.close(LONG, LONG));
    assert!(reading.join().unwrap());
}
