//! Pulls frames out of a stream of bytes.
//!
//! Runs on the one thread that reads; waits nowhere but in the `read` of its input, and there only if what it has is no
//! answer yet: what is whole, or wrong for certain, is told at once. What it tells depends on the bytes alone, never on
//! how they were cut into reads. Must never look into a message, hold what it skips, or take a number on trust.

use std::io::{self, Read};
use std::mem;

use super::frame::{Framing, Input};
use super::header::{self, Line};
use super::window::{Growing, Window};
use crate::limits::HEADERS;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes the frames out of `R`, one after another.
///
/// Invariant: after one of the inputs that end the connection, there is only [`Input::End`], and `R` is not read again.
pub struct FrameReader<R> {
    input: R,
    window: Window,
    max_message: usize,
    framing: Option<Framing>,
    state: State,
    /// Bytes since the last whole frame that turned out to belong to none.
    garbage: usize,
}

enum State {
    /// Nothing has come; a byte-order mark may.
    Start,
    /// White space, then the first byte of a frame.
    Between,
    /// Lines of headers.
    Block(Block),
    /// The message itself.
    Body(Growing),
    /// A message in another charset: this many bytes to pass over.
    Foreign(usize),
    /// Lines that are no header, until one that is a length. They were reported.
    Garbage { line_start: bool },
    /// One message a line.
    Line(Growing),
    /// Nothing more comes.
    Over,
}

/// What the headers read so far say.
#[derive(Default)]
struct Block {
    used: usize,
    length: Option<usize>,
    foreign: bool,
    /// It comes right after garbage, to which its first line still belongs if that is no header after all.
    resumed: bool,
}

enum Step {
    Tell(Input),
    /// The state has moved on: look again.
    Again,
    /// It takes more input to say.
    More,
}

impl<R: Read> FrameReader<R> {
    /// A reader of `input` that takes messages of up to `max_message` bytes.
    pub fn new(input: R, max_message: usize) -> Self {
        Self { input, window: Window::new(), max_message, framing: None, state: State::Start, garbage: 0 }
    }

    /// The framing that the other side speaks, once it has said anything at all.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Waits for the next thing to come. After an error it may be called again; nothing is lost.
    #[allow(
        clippy::should_implement_trait,
        reason = "the end of the input is told, and an error does not end it"
    )]
    pub fn next(&mut self) -> io::Result<Input> {
        loop {
            // A step that does not set a new state has ended the connection.
            let step = match mem::replace(&mut self.state, State::Over) {
                State::Start => self.start(),
                State::Between => self.between(),
                State::Block(block) => self.block(block),
                State::Body(body) => self.body(body),
                State::Foreign(left) => self.foreign(left),
                State::Garbage { line_start } => self.garbage(line_start),
                State::Line(text) => self.line(text),
                State::Over => Step::Tell(Input::End),
            };
            match step {
                Step::Tell(input) => return Ok(input),
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

    /// Waits in `state`, unless nothing can come any more.
    fn more(&mut self, state: State, at_end: Input) -> Step {
        if self.window.ended { Step::Tell(at_end) } else { self.then(state, Step::More) }
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
        let told = if matches!(first, b'{' | b'[') { Framing::Lines } else { Framing::Headers };
        let state = match self.framing.get_or_insert(told) {
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
                _ => return Step::Tell(Input::Violation),
            },
            Line::Type { foreign } => block.foreign |= foreign,
            Line::Other => {}
        }
        block.used += count;
        self.window.consume(count);
        self.then(State::Block(block), Step::Again)
    }

    /// A line that has not come to its end, and must not be longer than `room`.
    fn part_of_a_header(&mut self, block: Block, room: usize) -> Step {
        let data = self.window.data();
        let too_long = data.len() > room;
        if !too_long && !self.window.ended {
            return self.then(State::Block(block), Step::More);
        }
        match header::parse(&data[..data.len().min(room)]) {
            Line::Garbage if !too_long || block.used == 0 => self.no_header(&block),
            Line::Unfinished if too_long && block.used == 0 => self.no_header(&block),
            _ if too_long => Step::Tell(Input::Violation),
            _ => Step::Tell(Input::CutOff),
        }
    }

    /// The line that comes next is no header; with it falls the block that it stands in.
    fn no_header(&mut self, block: &Block) -> Step {
        self.garbage += block.used;
        let known = block.resumed && block.used == 0;
        let step = if known { Step::Again } else { Step::Tell(Input::Malformed) };
        self.then(State::Garbage { line_start: false }, step)
    }

    fn end_of_block(&mut self, block: &Block, last_line: usize) -> Step {
        match block.length {
            Some(left) if block.foreign => self.then(State::Foreign(left), Step::Again),
            Some(length) => self.then(State::Body(Growing::new(length)), Step::Again),
            None => {
                // A body may follow, of which nobody knows the end: it is passed over line by line.
                self.garbage += block.used + last_line;
                self.then(State::Garbage { line_start: true }, Step::Tell(Input::Malformed))
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
        self.then(State::Between, Step::Tell(Input::Frame(body.finish(0))))
    }

    fn foreign(&mut self, left: usize) -> Step {
        let part = self.window.data().len().min(left);
        self.window.consume(part);
        if left > part {
            return self.more(State::Foreign(left - part), Input::CutOff);
        }
        self.garbage = 0;
        self.then(State::Between, Step::Tell(Input::Malformed))
    }

    fn garbage(&mut self, line_start: bool) -> Step {
        if self.garbage > HEADERS {
            return Step::Tell(Input::NoProtocol);
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
        // One byte more is taken if it may be the first half of the line break.
        let fits = part.len() <= text.missing();
        let last = part.last().or_else(|| text.data().last()).copied();
        let longest = fits && part.len() == text.missing();
        if !fits || (longest && last != Some(b'\r')) {
            return Step::Tell(Input::Violation);
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
            self.then(State::Between, Step::Tell(Input::Frame(frame)))
        } else {
            Step::Tell(Input::LastLine(frame))
        }
    }
}
