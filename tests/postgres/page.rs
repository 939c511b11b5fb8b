//! `docs/several-machines.md`: each command of the page runs, on the machine that its block names, and prints what the page
//! shows.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};

use crate::harness::Home;
use crate::machines::store;
use crate::server::server;

const PAGE: &str = include_str!("../../docs/several-machines.md");
/// The server of the page.
const URL: &str = "postgres://me@db.example/vault";
/// What the page leaves out.
const ANY: char = '…';

/// A command, and the lines that it prints.
struct Command {
    /// The number of the machine.
    machine: usize,
    /// Whether the data folder of the machine is lost before.
    is_lost: bool,
    words: Vec<String>,
    output: Vec<String>,
}

/// The commands of the page's blocks, in order.
fn commands() -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    let (mut is_code, mut machine, mut is_lost) = (false, 0, false);
    for line in PAGE.lines() {
        match line {
            "```sh" => is_code = true,
            "```" => is_code = false,
            _ if !is_code => {}
            "# first machine" => machine = 0,
            "# second machine" => machine = 1,
            "# third machine" => machine = 2,
            "# the data folder is lost" => is_lost = true,
            _ => {
                if let Some(output) = line.strip_prefix("# → ") {
                    found.last_mut().unwrap().output.push(output.to_owned());
                    continue;
                }
                let mut words = line.split(' ').map(str::to_owned);
                assert_eq!(words.next().as_deref(), Some("plugin-vault"), "{line}");
                let is_lost = std::mem::take(&mut is_lost);
                found.push(Command { machine, is_lost, words: words.collect(), output: Vec::new() });
            }
        }
    }
    found
}

/// Whether a line is the one that the page shows.
fn is_like(shown: &str, line: &str) -> bool {
    let mut parts = shown.split(ANY);
    let first = parts.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let at =
            if is_last { rest.ends_with(part).then(|| rest.len() - part.len()) } else { rest.find(part) };
        let Some(at) = at else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[track_caller]
fn check(command: &Command, printed: &str) {
    let lines: Vec<_> = printed.lines().collect();
    let is_shown = lines.len() == command.output.len()
        && command.output.iter().zip(&lines).all(|(shown, line)| is_like(shown, line));
    assert!(is_shown, "{:?} printed {printed:?}, and the page shows {:?}", command.words, command.output);
}

struct Join {
    command: Command,
    child: Child,
    output: BufReader<ChildStdout>,
    code: String,
}

#[test]
fn each_command_of_the_page_prints_what_the_page_shows() {
    let homes: [Home; 3] = std::array::from_fn(|_| Home::new());
    store(&homes[0], "me.app");
    let url = format!("postgres://owner@127.0.0.1:{}/{}", server().port(), server().database());
    let mut join: Option<Join> = None;
    let mut count = 0;
    for command in commands() {
        count += 1;
        let home = &homes[command.machine];
        if command.is_lost {
            std::fs::remove_dir_all(home.data()).unwrap();
        }
        let code = join.as_ref().map_or("", |join| &join.code);
        let word = |word: &String| if word.contains(ANY) { code.to_owned() } else { word.replace(URL, &url) };
        let words: Vec<_> = command.words.iter().map(word).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        if words[1] == "join" {
            let mut started = home.start().usual_log().arguments(&words).command();
            started.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::from(home.stderr_file()));
            let mut child = started.spawn().unwrap();
            let (mut output, mut code) = (BufReader::new(child.stdout.take().unwrap()), String::new());
            output.read_line(&mut code).unwrap();
            join = Some(Join { command, child, output, code: code.trim().to_owned() });
            continue;
        }
        let ran = home.run(&words, "");
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.said);
        check(&command, &ran.shown.replace(&url, URL));
        if words[1] == "approve"
            && let Some(Join { command, mut child, mut output, code }) = join.take()
        {
            let mut printed = code + "\n";
            output.read_to_string(&mut printed).unwrap();
            assert!(child.wait().unwrap().success());
            check(&command, &printed);
        }
    }
    assert!(count >= 8 && join.is_none(), "the page has all of its commands");
}

#[test]
fn three_dots_stand_for_any_text() {
    for (shown, line, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…", "abc", true),
        ("a…c", "abc", true),
        ("a…c", "abcd", false),
        ("a…c…e", "abcde", true),
        ("a…c…e", "abdde", false),
        ("…", "", true),
    ] {
        assert_eq!(is_like(shown, line), expected, "{shown} {line}");
    }
}
