//! A server as a child process, and the two ways to load it: one request after another, and many in flight.
//!
//! The client has to cost as little as the floor does: one thread, one buffer, frames found but not parsed.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropping this closes its input and waits for its end.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    read: Vec<u8>,
    start: usize,
    end: usize,
    out: Vec<u8>,
}

impl Server {
    /// Starts a program.
    pub(crate) fn spawn(line: &[OsString]) -> io::Result<Self> {
        let (program, arguments) = line.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(|| io::Error::other("the child has no stdout"))?;
        Ok(Self { child, input, output, read: vec![0; 256 * 1024], start: 0, end: 0, out: Vec::new() })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request's body as one frame.
    pub(crate) fn send(&mut self, body: &[u8]) -> io::Result<()> {
        self.out.clear();
        frame(&mut self.out, body);
        self.flush()
    }

    /// Sends several bodies in one write.
    pub(crate) fn send_all(&mut self, bodies: &[&[u8]]) -> io::Result<()> {
        self.out.clear();
        for body in bodies {
            frame(&mut self.out, body);
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().expect("the input is open until the end").write_all(&self.out)
    }

    /// The body of the next frame.
    pub(crate) fn receive(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some((head, length)) = header(&self.read[self.start..self.end])? {
                let body = self.start + head..self.start + head + length;
                if body.end <= self.end {
                    self.start = body.end;
                    return Ok(&self.read[body]);
                }
                self.make_room(head + length);
            }
            self.fill()?;
        }
    }

    fn make_room(&mut self, frame: usize) {
        if self.start + frame > self.read.len() {
            self.read.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            self.read.resize(frame.max(self.read.len()), 0);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.read.len() {
            self.make_room(self.end - self.start + 1);
        }
        match self.output.read(&mut self.read[self.end..])? {
            0 => Err(io::Error::other("the server has ended")),
            count => {
                self.end += count;
                Ok(())
            }
        }
    }

    /// A request and its answer.
    pub(crate) fn call(&mut self, body: &[u8]) -> io::Result<&[u8]> {
        self.send(body)?;
        self.receive()
    }

    /// Calls `count` times, one at a time, and returns how long each call took.
    pub(crate) fn latencies(
        &mut self,
        count: usize,
        mut request: impl FnMut(&mut Vec<u8>),
    ) -> io::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(count);
        let mut body = Vec::new();
        for _ in 0..count {
            body.clear();
            request(&mut body);
            self.out.clear();
            frame(&mut self.out, &body);
            let began = Instant::now();
            self.flush()?;
            let answer = self.receive()?;
            took.push(began.elapsed());
            check(answer)?;
        }
        Ok(took)
    }

    /// Calls `count` times with `window` requests in flight, and returns how long all calls took together.
    pub(crate) fn pump(
        &mut self,
        count: usize,
        window: usize,
        mut request: impl FnMut(&mut Vec<u8>),
    ) -> io::Result<Duration> {
        let began = Instant::now();
        let (mut sent, mut answered) = (0, 0);
        let mut body = Vec::new();
        while answered < count {
            self.out.clear();
            while sent < count && sent - answered < window {
                body.clear();
                request(&mut body);
                frame(&mut self.out, &body);
                sent += 1;
            }
            if !self.out.is_empty() {
                self.flush()?;
            }
            check(self.receive()?)?;
            answered += 1;
            // Answers that came with it are taken before anything more is sent.
            while self.has_frame()? {
                check(self.receive()?)?;
                answered += 1;
            }
        }
        Ok(began.elapsed())
    }

    fn has_frame(&self) -> io::Result<bool> {
        let held = &self.read[self.start..self.end];
        Ok(header(held)?.is_some_and(|(head, length)| head + length <= held.len()))
    }

    /// Closes the input, and waits for the end.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.input = None;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn frame(out: &mut Vec<u8>, body: &[u8]) {
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
}

/// The lengths of the headers and of the body, once the headers are whole.
fn header(held: &[u8]) -> io::Result<Option<(usize, usize)>> {
    const LENGTH: &[u8] = b"Content-Length: ";
    let wrong = || io::Error::other("the server's frame has another header");
    let Some(end) = held.iter().take(64).position(|byte| *byte == b'\r') else {
        return if held.len() < 64 { Ok(None) } else { Err(wrong()) };
    };
    if held.len() < end + 4 {
        return Ok(None);
    }
    let digits = held[..end].strip_prefix(LENGTH).ok_or_else(wrong)?;
    let length = digits.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    Ok(Some((end + 4, length)))
}

/// Fails for an error, because errors alone would make the fastest server of all.
fn check(answer: &[u8]) -> io::Result<()> {
    let start = &answer[..answer.len().min(64)];
    if start.windows(7).any(|part| part == b"\"error\"") {
        return Err(io::Error::other(format!("an error for an answer: {}", String::from_utf8_lossy(answer))));
    }
    Ok(())
}
