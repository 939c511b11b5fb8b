//! Reads frames from a stream of bytes.
//!
//! Runs on the one thread that reads. Blocks only in the `read` of its input, and only if the bytes so far allow no
//! result: it reports a complete message, or a certain error, at once. The result depends on the bytes alone, never on
//! how they were split into reads. Must never look into a message, keep bytes that it skips, or trust a number from
//! outside.

use std::io::{self, Read};
use std::mem;

use super::frame::{Framing, Input};
use super::header::{self, Line};
use super::window::{Growing, Window};
use crate::limits::HEADERS;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the frames of `R`, one after another.
///
/// Invariant: after one of the inputs that end the connection, there is only [`Input::End`], and `R` is not read again.
pub struct FrameReader<R> {
    input: R,
    window: Window,
    max_message: usize,
    framing: Option<Framing>,
    state: State,
    /// Bytes since the last complete frame that belong to no frame.
    garbage: usize,
}

enum State {
    /// No byte has come; a byte-order mark may come first.
    Start,
    /// White space, then the first byte of a frame.
    Between,
    /// Lines of headers.
    Block(Block),
    /// The message itself.
    Body(Growing),
    /// A message in another charset, of which this many bytes are still to skip.
    Foreign(usize),
    /// Lines that are not headers, until one that is a length. They were reported.
    Garbage { line_start: bool },
    /// One message on each line.
    Line(Growing),
    /// The connection has ended.
    Over,
}

/// The headers of the current block so far.
#[derive(Default)]
struct Block {
    used: usize,
    length: Option<usize>,
    foreign: bool,
    /// It follows garbage directly. If its first line turns out not to be a header, the line belongs to the garbage.
    resumed: bool,
}

enum Step {
    Report(Input),
    /// The state has changed: run the next step.
    Again,
    /// The step needs more input.
    More,
}

impl<R: Read> FrameReader<R> {
    /// A reader of `input` that takes messages of up to `max_message` bytes.
    pub fn new(input: R, max_message: usize) -> Self {
        Self { input, window: Window::new(), max_message, framing: None, state: State::Start, garbage: 0 }
    }

    /// The framing of the client, once its first byte has come.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Waits for the next input. After an error it may be called again; nothing is lost.
    ///
    /// # Errors
    /// Those of the `read` of its input.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator's `None` could not carry how the input ended, and an error does not end it"
    )]
    pub fn next(&mut self) -> io::Result<Input> {
        loop {
            // A step that does not set a new state ends the connection.
            let step = match mem::replace(&mut self.state, State::Over) {
                State::Start => self.start(),
                State::Between => self.between(),
                State::Block(block) => self.block(block),
                State::Body(body) => self.body(body),
                State::Foreign(left) => self.foreign(left),
                State::Garbage { line_start } => self.garbage(line_start),
                State::Line(text) => self.line(text),
                State::Over => Step::Report(Input::End),
            };
            match step {
                Step::Report(input) => return Ok(input),
                Step::Again => {}
                Step::More => match &mut self.state {
                    State::Body(body) => self.window.fill_directly(body, &mut self.input)?,
                    _ => self.window.fill(&mut self.input)?,
                },
            }
        }
    }

    fn then(&mut self, state: State, step: Step) -> Step {
        self.state = state;
        step
    }

    /// Keeps `state` and asks for more input; reports `at_end` if the input has ended.
    fn more(&mut self, state: State, at_end: Input) -> Step {
        if self.window.ended { Step::Report(at_end) } else { self.then(state, Step::More) }
    }

    fn start(&mut self) -> Step {
        let data = self.window.data();
        if data.starts_with(BYTE_ORDER_MARK) {
            self.window.consume(BYTE_ORDER_MARK.len());
        } else if BYTE_ORDER_MARK.starts_with(data) && !self.window.ended {
            return self.then(State::Start, Step::More);
        }
        self.then(State::Between, Step::Again)
    }

    fn between(&mut self) -> Step {
        let data = self.window.data();
        let blanks = data.len() - data.trim_ascii_start().len();
        self.window.consume(blanks);
        let Some(&first) = self.window.data().first() else {
            return self.more(State::Between, Input::End);
        };
        let found = if matches!(first, b'{' | b'[') { Framing::Lines } else { Framing::Headers };
        let state = match self.framing.get_or_insert(found) {
            Framing::Headers => State::Block(Block::default()),
            Framing::Lines => State::Line(Growing::new(self.max_message.saturating_add(1))),
        };
        self.then(state, Step::Again)
    }

    fn block(&mut self, mut block: Block) -> Step {
        let room = HEADERS - block.used;
        let Some(count) = self.window.line(room) else {
            return self.part_of_a_header(block, room);
        };
        match header::parse(&self.window.data()[..count]) {
            Line::Blank => {
                self.window.consume(count);
                return self.end_of_block(&block, count);
            }
            Line::Unfinished | Line::Garbage => return self.no_header(&block),
            Line::Length(value) => match header::parse_length(value, self.max_message) {
                Some(length) if block.length.is_none_or(|before| before == length) => {
                    block.length = Some(length);
                }
                _ => return Step::Report(Input::Violation),
            },
            Line::Type { foreign } => block.foreign |= foreign,
            Line::Other => {}
        }
        block.used += count;
        self.window.consume(count);
        self.then(State::Block(block), Step::Again)
    }

    /// An incomplete line, which must not be longer than `room`.
    fn part_of_a_header(&mut self, block: Block, room: usize) -> Step {
        let data = self.window.data();
        let too_long = data.len() > room;
        if !too_long && !self.window.ended {
            return self.then(State::Block(block), Step::More);
        }
        match header::parse(&data[..data.len().min(room)]) {
            Line::Garbage if !too_long || block.used == 0 => self.no_header(&block),
            Line::Unfinished if too_long && block.used == 0 => self.no_header(&block),
            _ if too_long => Step::Report(Input::Violation),
            _ => Step::Report(Input::CutOff),
        }
    }

    /// The next line is not a header, so the whole block that contains it is garbage.
    fn no_header(&mut self, block: &Block) -> Step {
        self.garbage += block.used;
        let known = block.resumed && block.used == 0;
        let step = if known { Step::Again } else { Step::Report(Input::Malformed) };
        self.then(State::Garbage { line_start: false }, step)
    }

    fn end_of_block(&mut self, block: &Block, last_line: usize) -> Step {
        match block.length {
            Some(left) if block.foreign => self.then(State::Foreign(left), Step::Again),
            Some(length) => self.then(State::Body(Growing::new(length)), Step::Again),
            None => {
                // A body of unknown length may follow: it is skipped line by line.
                self.garbage += block.used + last_line;
                self.then(State::Garbage { line_start: true }, Step::Report(Input::Malformed))
            }
        }
    }

    fn body(&mut self, mut body: Growing) -> Step {
        let data = self.window.data();
        let part = data.len().min(body.missing());
        body.push(&data[..part]);
        self.window.consume(part);
        if body.missing() > 0 {
            return self.more(State::Body(body), Input::CutOff);
        }
        self.garbage = 0;
        self.then(State::Between, Step::Report(Input::Frame(body.finish(0))))
    }

    fn foreign(&mut self, left: usize) -> Step {
        let part = self.window.data().len().min(left);
        self.window.consume(part);
        if left > part {
            return self.more(State::Foreign(left - part), Input::CutOff);
        }
        self.garbage = 0;
        self.then(State::Between, Step::Report(Input::Malformed))
    }

    fn garbage(&mut self, line_start: bool) -> Step {
        if self.garbage > HEADERS {
            return Step::Report(Input::NoProtocol);
        }
        let name = header::CONTENT_LENGTH;
        let data = self.window.data();
        if line_start {
            let known = data.len().min(name.len());
            if data[..known].eq_ignore_ascii_case(&name[..known]) {
                if known < name.len() {
                    return self.more(State::Garbage { line_start }, Input::End);
                }
                let block = Block { resumed: true, ..Block::default() };
                return self.then(State::Block(block), Step::Again);
            }
        }
        if data.is_empty() {
            return self.more(State::Garbage { line_start }, Input::End);
        }
        let held = data.len();
        let line = self.window.line(held);
        let count = line.unwrap_or(held);
        self.window.consume(count);
        self.garbage += count;
        self.then(State::Garbage { line_start: line.is_some() }, Step::Again)
    }

    fn line(&mut self, mut text: Growing) -> Step {
        let held = self.window.data().len();
        let line = self.window.line(held);
        let part = &self.window.data()[..line.map_or(held, |count| count - 1)];
        // One more byte fits if it may be the first half of the line break.
        let fits = part.len() <= text.missing();
        let last = part.last().or_else(|| text.data().last()).copied();
        let longest = fits && part.len() == text.missing();
        if !fits || (longest && last != Some(b'\r')) {
            return Step::Report(Input::Violation);
        }
        text.push(part);
        let count = line.unwrap_or(held);
        self.window.consume(count);
        if line.is_none() && !self.window.ended {
            return self.then(State::Line(text), Step::More);
        }
        let less = usize::from(last == Some(b'\r'));
        let frame = text.finish(less);
        if line.is_some() {
            self.then(State::Between, Step::Report(Input::Frame(frame)))
        } else {
            Step::Report(Input::LastLine(frame))
        }
    }
}
