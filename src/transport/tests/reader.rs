//! What the reader reports for given bytes, in one piece and byte by byte.

use std::io::{self, Read};

use crate::limits::HEADERS;
use crate::transport::{FrameReader, Framing, Input};

pub(super) const LIMIT: usize = 200;

/// An [`Input`] that can be compared and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Frame(Vec<u8>),
    Malformed,
    Violation,
    NoProtocol,
    CutOff,
    LastLine(Vec<u8>),
    End,
}
use Seen::{CutOff, End, Malformed, NoProtocol, Violation};

pub(super) fn frame(text: impl AsRef<[u8]>) -> Seen {
    Seen::Frame(text.as_ref().to_vec())
}

fn last_line(text: &str) -> Seen {
    Seen::LastLine(text.as_bytes().to_vec())
}

impl From<Input> for Seen {
    fn from(input: Input) -> Self {
        match input {
            Input::Frame(frame) => Self::Frame(frame.into_bytes()),
            Input::Malformed => Malformed,
            Input::Violation => Violation,
            Input::NoProtocol => NoProtocol,
            Input::CutOff => CutOff,
            Input::LastLine(frame) => Self::LastLine(frame.into_bytes()),
            Input::End => End,
        }
    }
}

pub(super) fn read_all<R: Read>(input: R, limit: usize) -> Vec<Seen> {
    let mut reader = FrameReader::new(input, limit);
    let mut all = Vec::new();
    loop {
        let seen = Seen::from(reader.next().unwrap());
        let over = !matches!(seen, Seen::Frame(_) | Malformed);
        all.push(seen);
        if over {
            assert_eq!(Seen::from(reader.next().unwrap()), End, "nothing comes after the end");
            return all;
        }
    }
}

/// Returns one piece for each read, with an interruption before each.
pub(super) struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    interrupted: bool,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(bytes: &'a [u8], cuts: &[usize]) -> Self {
        let mut cuts: Vec<_> =
            cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let pieces = cuts.windows(2).rev().map(|ends| &bytes[ends[0]..ends[1]]).collect();
        Self { pieces, interrupted: false }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let Some(mut piece) = self.pieces.pop() else {
            return Ok(0);
        };
        let count = piece.read(into)?;
        if !piece.is_empty() {
            self.pieces.push(piece);
        }
        Ok(count)
    }
}

/// An input that stays open: reading past its bytes fails the test.
struct Open<'a>(&'a [u8]);

impl Read for Open<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("waits for more"));
        }
        self.0.read(into)
    }
}

#[track_caller]
fn check(input: impl AsRef<[u8]>, expected: &[Seen]) {
    let input = input.as_ref();
    assert_eq!(read_all(input, LIMIT), expected, "in one piece: {:?}", String::from_utf8_lossy(input));
    let every: Vec<_> = (0..input.len()).collect();
    assert_eq!(read_all(Pieces::new(input, &every), LIMIT), expected, "byte by byte");
}

/// As [`check`], but the reader must report the last result before more input comes.
#[track_caller]
fn check_at_once(input: impl AsRef<[u8]>, expected: &[Seen]) {
    let mut reader = FrameReader::new(Open(input.as_ref()), LIMIT);
    for expected in expected {
        assert_eq!(Seen::from(reader.next().unwrap()), *expected);
    }
}

fn headers(lines: &str) -> String {
    format!("{lines}\r\n\r\n{{}}")
}

#[test]
fn headers_are_accepted_in_every_spelling() {
    for lines in [
        "Content-Length: 2",
        "content-length: 2",
        "CONTENT-LENGTH:2",
        "Content-Length \t:\t 2 \t",
        "Content-Length: 002",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 2\r\nContent-Length: 02",
        "X-Other: a: b\r\nContent-Length: 2\r\nanother!#$%&'*+-.^_`|~:",
        "Content-Length-Of-It: 9\r\nContent-Length: 2",
        "Content-Length: 2\nX: y",
        "Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8",
        "Content-Type: application/vim-jsonrpc; charset=utf8\r\nContent-Length: 2",
        "content-type:a/b;CHARSET = \"UTF-8\"\r\nContent-Length: 2",
        "Content-Type: a/b; charset=\"utf8\"; q=1\r\nContent-Length: 2",
        "Content-Type: a/b; q=\"; charset=latin1\"\r\nContent-Length: 2",
        "Content-Type: charset\r\nContent-Length: 2",
        "Content-Type:\r\nContent-Length: 2",
    ] {
        check(headers(lines), &[frame("{}"), End]);
        check(headers(&lines.replace("\r\n", "\n")).replace("\r\n", "\n"), &[frame("{}"), End]);
        check(headers(lines).repeat(2), &[frame("{}"), frame("{}"), End]);
        check_at_once(headers(lines), &[frame("{}")]);
    }
}

#[test]
fn blanks_between_frames_and_a_byte_order_mark_are_skipped() {
    let one = headers("Content-Length: 2");
    check(format!("\u{feff}{one}"), &[frame("{}"), End]);
    check(format!("\u{feff}\r\n\n \t{one}\r\n\r\n\n{one}\n "), &[frame("{}"), frame("{}"), End]);
    check("\u{feff}\n[]\n\r\n  \n{}\n", &[frame("[]"), frame("{}"), End]);
    check("\u{feff}", &[End]);
    check("", &[End]);
    check(" \r\n", &[End]);
    check(b"\xEF\xBB", &[Malformed, End]);
    check(format!("{one}\u{feff}\n{one}"), &[frame("{}"), Malformed, frame("{}"), End]);
}

#[test]
fn a_message_is_any_run_of_bytes() {
    check("Content-Length: 0\r\n\r\n", &[frame(""), End]);
    check_at_once("Content-Length: 0\r\n\r\n", &[frame("")]);
    check(b"Content-Length: 3\r\n\r\n\xFF\r\n", &[frame(b"\xFF\r\n"), End]);
    check(format!("Content-Length: {LIMIT}\r\n\r\n{}", "x".repeat(LIMIT)), &[frame("x".repeat(LIMIT)), End]);
}

#[test]
fn an_invalid_length_ends_the_connection_at_once() {
    for value in [
        "201",
        "2147483648",
        "1000000000000",
        "99999999999999999999999999",
        "-1",
        "+2",
        "2x",
        "2 2",
        "2,2",
        "",
    ] {
        check_at_once(format!("Content-Length: {value}\r\n"), &[Violation]);
        check(format!("Content-Length: {value}\r\n\r\n{{}}"), &[Violation]);
    }
    check_at_once("Content-Length: 2\r\nContent-Length: 3\r\n", &[Violation]);
    check_at_once("Content-Length: \u{0662}\n", &[Violation]);
}

#[test]
fn lines_that_are_not_headers_are_reported_once_and_skipped() {
    let one = headers("Content-Length: 2");
    check_at_once("stray print\n", &[Malformed]);
    check(format!("stray print\nanother\n\n\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("{one}stray print\ncontent-LENGTH: 2\n\n[]"), &[frame("{}"), Malformed, frame("[]"), End]);
    check(format!("word\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!(": 2\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("Content-Length: 9\r\n{{}}\r\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("Content-Length: 9\r\n X: folded\r\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("a b\nX: y\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("a b\nContent-Length 2\nContent-Len\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("a b\nContent-Length: 2\nc d\n{one}"), &[Malformed, Malformed, frame("{}"), End]);
    check(format!("a b\nc {one}\n{one}"), &[Malformed, frame("{}"), End]);
    check("a b", &[Malformed, End]);
    check("a b\nContent-L", &[Malformed, End]);
    check("a b\nContent-Length x", &[Malformed, End]);
}

#[test]
fn a_block_without_a_length_is_reported_once_with_what_follows_it() {
    let one = headers("Content-Length: 2");
    check_at_once("Content-Type: a/b\r\n\r\n", &[Malformed]);
    check(format!("X: y\n\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("X: y\n\n{{\"a\":1}}\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("X: y\n\nX: y\n\n{one}"), &[Malformed, frame("{}"), End]);
}

#[test]
fn a_message_in_another_charset_is_skipped() {
    let one = headers("Content-Length: 2");
    for charset in ["latin1", "utf-16", "utf-8x", "\"utf-8", ""] {
        let foreign = format!("Content-Type: a/b; charset={charset}\r\nContent-Length: 4\r\n\r\n{{\n}}\n");
        check_at_once(&foreign, &[Malformed]);
        check(format!("{foreign}{one}"), &[Malformed, frame("{}"), End]);
        check(&foreign[..foreign.len() - 1], &[CutOff]);
    }
    check(format!("Content-Type: a/b; charset=latin1\r\n\r\n{one}"), &[Malformed, frame("{}"), End]);
    check(format!("Content-Length: 0\nContent-Type: a;charset=x\n\n{one}"), &[Malformed, frame("{}"), End]);
}

#[test]
fn input_that_ends_in_the_middle_of_a_frame_is_cut_off() {
    let one = headers("Content-Length: 2");
    for end in 1..one.len() {
        check(&one[..end], &[CutOff]);
        check(format!("{one}\r\n{}", &one[..end]), &[frame("{}"), CutOff]);
    }
}

#[test]
fn headers_end_at_their_limit() {
    let rest = "\r\nContent-Length: 2\r\n\r\n";
    let longest = format!("X: {}{rest}", "y".repeat(HEADERS - rest.len() - 3));
    assert_eq!(longest.len(), HEADERS);
    check(format!("{longest}{{}}"), &[frame("{}"), End]);
    check(format!("X{longest}{{}}"), &[Violation]);
    check_at_once(format!("X: {}", "y".repeat(HEADERS)), &[Violation]);
    check_at_once(format!("Content-Length: 2\n{}", "y".repeat(HEADERS)), &[Violation]);
    check_at_once(format!("Content-Length: 2\n{}", "X: y\n".repeat(HEADERS / 5)), &[Violation]);
}

#[test]
fn input_that_is_not_protocol_ends_the_connection() {
    let one = headers("Content-Length: 2");
    let line = "a line that is no header, and 64 bytes long with its line feed.\n";
    let most = line.repeat(HEADERS / line.len());
    assert_eq!(most.len(), HEADERS);
    check(format!("{most}{one}{most}{one}"), &[Malformed, frame("{}"), Malformed, frame("{}"), End]);
    check_at_once(format!("{most}{line}"), &[Malformed, NoProtocol]);
    check_at_once("x".repeat(HEADERS + 1), &[Malformed, NoProtocol]);
    check_at_once("\0".repeat(HEADERS + 1), &[Malformed, NoProtocol]);
    check_at_once(format!("GET / HTTP/1.1\n\n{}", "X: y\n\n".repeat(HEADERS / 6)), &[Malformed, NoProtocol]);
    // Blocks that are refused one by one count together.
    let fallen = "Content-Length: 2\na b\n";
    let mut expected = vec![Malformed; HEADERS / fallen.len() + 1];
    expected.push(NoProtocol);
    check_at_once(fallen.repeat(HEADERS / fallen.len() + 2), &expected);
}

#[test]
fn the_first_byte_selects_lines_as_messages() {
    check("{}\n[1]\r\nstray\n", &[frame("{}"), frame("[1]"), frame("stray"), End]);
    check_at_once("[]\n", &[frame("[]")]);
    check(" {} \n", &[frame("{} "), End]);
    check("{}\n\n \n", &[frame("{}"), End]);
    check("{}\n{\"a\"", &[frame("{}"), last_line("{\"a\"")]);
    check("{}\r", &[last_line("{}")]);
    check("{}\nContent-Length: 2\n", &[frame("{}"), frame("Content-Length: 2"), End]);
}

#[test]
fn a_line_ends_at_the_limit_of_a_message() {
    let longest = format!("[{}]", "1".repeat(LIMIT - 2));
    check(format!("{longest}\n{longest}\r\n"), &[frame(&longest), frame(&longest), End]);
    check(&longest, &[last_line(&longest)]);
    check_at_once(format!("{longest} "), &[Violation]);
    check_at_once(format!("{longest}\r "), &[Violation]);
    check_at_once(format!("{longest}\r\r"), &[Violation]);
}

#[test]
fn the_framing_is_known_with_the_first_byte_and_kept() {
    let framings = |input: &str| {
        let mut reader = FrameReader::new(input.as_bytes(), LIMIT);
        let before = reader.framing();
        reader.next().unwrap();
        (before, reader.framing())
    };
    assert_eq!(framings("\u{feff} \n{}\nContent"), (None, Some(Framing::Lines)));
    assert_eq!(framings("x\n{}"), (None, Some(Framing::Headers)));
    assert_eq!(framings(" \n"), (None, None));
}

#[test]
fn a_frame_that_came_complete_takes_one_read() {
    let one = headers("Content-Length: 2");
    let mut reader = FrameReader::new(Pieces::new(one.as_bytes(), &[]), LIMIT);
    assert_eq!(Seen::from(reader.next().unwrap()), frame("{}"));
}

#[test]
fn an_error_of_the_input_loses_nothing() {
    struct Fails<'a>(Open<'a>, &'a [u8]);
    impl Read for Fails<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let result = self.0.read(into);
            if result.is_err() {
                self.0 = Open(self.1);
            }
            result
        }
    }
    for at in 0..21 {
        let (first, rest) = b"Content-Length: 3\n\n{ }".split_at(at);
        let mut reader = FrameReader::new(Fails(Open(first), rest), LIMIT);
        assert!(reader.next().is_err());
        assert_eq!(Seen::from(reader.next().unwrap()), frame("{ }"));
    }
}

#[test]
fn a_long_message_grows_to_its_length() {
    let body: Vec<u8> = (0..=250).cycle().take(1_000_003).collect();
    let mut input = b"Content-Length: 1000003\r\n\r\n".to_vec();
    input.extend_from_slice(&body);
    input.extend_from_slice(b"Content-Length: 2\r\n\r\n{}");
    let expected = [frame(&body), frame("{}"), End];
    assert_eq!(read_all(&input[..], 1_000_003), expected);
    assert_eq!(read_all(Pieces::new(&input, &[1, 28, 40, 70_000, 65_000, 999_999]), 1_000_003), expected);

    let line = format!("[{}]\n", "1".repeat(1_000_000));
    assert_eq!(read_all(line.as_bytes(), 1_000_002), [frame(line.trim_end()), End]);
    assert_eq!(read_all(line.as_bytes(), 1_000_001), [Violation]);
}
