//! Case files: lines of `name: value`, then, in some folders, a line `---` and the input.

use std::fs;
use std::path::{Path, PathBuf};

/// One file, taken apart but not judged.
pub(crate) struct Case {
    /// The file's name, for reports.
    pub(crate) name: String,
    /// What stands above the input, in its order.
    pub(crate) lines: Vec<(String, String)>,
    /// The bytes to feed; empty where the file has no input.
    pub(crate) input: Vec<u8>,
}

/// Every case of a folder, by name.
pub(crate) fn folder(name: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "case"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there is no case in {name}");
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Case {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(file).unwrap();
    parse(&text, &name).unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
}

fn parse(text: &str, name: &str) -> Result<Case, String> {
    let mut case = Case { name: name.to_owned(), lines: Vec::new(), input: Vec::new() };
    let mut lines = text.lines();
    for line in lines.by_ref() {
        if line == "---" {
            break;
        }
        let (word, value) = line.split_once(':').unwrap_or((line, ""));
        case.lines.push((word.to_owned(), value.trim().to_owned()));
    }
    for line in lines {
        case.input.extend(input(line)?);
    }
    if case.lines.first().is_none_or(|(word, value)| word != "what" || value.is_empty()) {
        return Err("the first line says what the case is about".to_owned());
    }
    Ok(case)
}

/// One line of input: how it goes on the wire, and its text.
fn input(line: &str) -> Result<Vec<u8>, String> {
    let (word, text) = line.split_once(' ').ok_or("a line of input is a word, a blank, and text")?;
    let text = unescaped(text)?;
    match word {
        "bytes" => Ok(text),
        "line" => Ok([text.as_slice(), b"\n"].concat()),
        "frame" => Ok([format!("Content-Length: {}\r\n\r\n", text.len()).as_bytes(), &text].concat()),
        _ => Err(format!("'{word}' is no kind of input")),
    }
}

/// Text with `\r`, `\n`, `\t`, `\0`, `\\`, `\xHH`, and `\{N*text}` for the text N times.
pub(crate) fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let kind = escape.chars().next().ok_or("an escape ends too soon")?;
        rest = &escape[kind.len_utf8()..];
        match kind {
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            '0' => bytes.push(0),
            '\\' => bytes.push(b'\\'),
            'x' => {
                let digits = rest.get(..2).ok_or("two digits belong behind \\x")?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| "\\x takes hexadecimal digits")?);
                rest = &rest[2..];
            }
            '{' => {
                let (inside, behind) = rest.split_once('}').ok_or("a repetition does not end")?;
                let (times, what) = inside.split_once('*').ok_or("a repetition is \\{N*text}")?;
                let times: usize = times.parse().map_err(|_| "a repetition begins with a number")?;
                bytes.extend(unescaped(what)?.repeat(times));
                rest = behind;
            }
            _ => return Err(format!("'\\{kind}' is no escape")),
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

impl Case {
    /// The value of a line that has to be there, once.
    pub(crate) fn value(&self, word: &str) -> Result<&str, String> {
        self.optional(word)?.ok_or_else(|| format!("there is no '{word}'"))
    }

    /// The value of a line that may be there, once.
    pub(crate) fn optional(&self, word: &str) -> Result<Option<&str>, String> {
        let mut found = self.lines.iter().filter(|(name, _)| name == word).map(|(_, value)| value.as_str());
        let value = found.next();
        if found.next().is_some() { Err(format!("'{word}' stands twice")) } else { Ok(value) }
    }

    /// Fails for a line that no check reads.
    pub(crate) fn knows_only(&self, words: &[&str]) -> Result<(), String> {
        match self.lines.iter().find(|(word, _)| !words.contains(&word.as_str())) {
            Some((word, _)) => Err(format!("'{word}' is not known here")),
            None => Ok(()),
        }
    }
}

/// Runs every case and tells of all that fail, not of the first.
pub(crate) fn check_all(cases: &[Case], check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Err(failure) = check(case) {
                        failures.lock().unwrap().push(format!("{}: {failure}", case.name));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let count = failures.len();
    assert!(failures.is_empty(), "{count} of {} cases fail:\n{}", cases.len(), failures.join("\n"));
}

#[test]
fn a_case_comes_apart_as_it_is_written() {
    let case = parse("what: a case\nexit: 0\n---\nbytes a\\r\\x41\\{3*b\\n}\nframe \\\\u\nline x", "name")
        .ok()
        .unwrap();
    assert_eq!(case.value("exit"), Ok("0"));
    assert_eq!(case.input, b"a\rAb\nb\nb\nContent-Length: 2\r\n\r\n\\ux\n");
}

#[test]
fn what_the_runner_does_not_know_is_refused() {
    for text in ["exit: 0", "what: a\n---\nbytes \\q", "what: a\n---\nword a", "what: a\n---\nbytes \\{2*a"] {
        assert!(parse(text, "name").is_err(), "{text}");
    }
    let case = parse("what: a\nexti: 0\nexit: 1\nexit: 0", "name").ok().unwrap();
    assert!(case.knows_only(&["what", "exit"]).is_err());
    assert!(case.value("exit").is_err());
}
