//! Reads a file of environment variables, as a shell or dotenv reads it: `NAME=VALUE`, `export NAME='VALUE'`, comments.

use std::ops::Range;

use crate::cli::operator::Failed;

/// A variable, and the lines that set it.
#[cfg_attr(test, derive(PartialEq, Eq, Debug))]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) line: Range<usize>,
}

/// The variables of a file.
///
/// # Errors
/// If a line is something else, for example a command of a shell.
pub(super) fn members(text: &str) -> Result<Vec<Variable>, Failed> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let line = text[at..].split_inclusive('\n').next().unwrap_or_default();
        let start = at;
        let trimmed = line.trim_start();
        if trimmed.trim().is_empty() || trimmed.starts_with('#') {
            at += line.len();
            continue;
        }
        let number = text[..at].matches('\n').count() + 1;
        let wrong =
            || Failed::wrong(format!("line {number} of the file is not NAME=VALUE; nothing was imported"));
        let assignment = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
        let (name, _) = assignment.split_once('=').ok_or_else(wrong)?;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        if name.is_empty() || !name.bytes().all(is_part) {
            return Err(wrong());
        }
        let value_at = at + line.len() - assignment.len() + name.len() + 1;
        let (value, length) = value(&text[value_at..]).ok_or_else(wrong)?;
        at = value_at + length;
        found.push(Variable { name: name.to_owned(), value, line: start..at });
    }
    Ok(found)
}

/// A value, and the length of the text up to the end of its line; `None` if a quote does not end.
fn value(text: &str) -> Option<(String, usize)> {
    let rest_of_line = |from: usize| text[from..].find('\n').map_or(text.len(), |end| from + end + 1);
    match text.as_bytes().first() {
        Some(b'\'') => {
            let end = 1 + text[1..].find('\'')?;
            Some((text[1..end].to_owned(), rest_of_line(end)))
        }
        Some(b'"') => {
            let (mut value, mut letters) = (String::new(), text.char_indices().skip(1));
            loop {
                match letters.next()? {
                    (end, '"') => return Some((value, rest_of_line(end))),
                    (_, '\\') => match letters.next()?.1 {
                        'n' => value.push('\n'),
                        'r' => value.push('\r'),
                        't' => value.push('\t'),
                        escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                        '\n' => {}
                        other => value.extend(['\\', other]),
                    },
                    (_, letter) => value.push(letter),
                }
            }
        }
        _ => {
            let end = rest_of_line(0);
            let line = text[..end].trim_end();
            // A comment begins with a # after a space.
            let comment =
                line.match_indices('#').find(|(at, _)| *at == 0 || line[..*at].ends_with([' ', '\t']));
            Some((line[..comment.map_or(line.len(), |(at, _)| at)].trim().to_owned(), end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        members(text).ok().unwrap().into_iter().map(|one| (one.name, one.value)).collect()
    }

    #[test]
    fn variables_are_read_as_a_shell_reads_them() {
        #[track_caller]
        fn check(text: &str, name: &str, value: &str) {
            assert_eq!(read(text), [(name.to_owned(), value.to_owned())]);
        }
        check("A=b", "A", "b");
        check("# c\n\n  export A = b\n".replace(" = ", "=").as_str(), "A", "b");
        check("A='b # $c'  # d\n", "A", "b # $c");
        check("A=\"b\\n\\\"c\\\" \\$d\"\n", "A", "b\n\"c\" $d");
        check("A=b#c # d\n", "A", "b#c");
        check("A=\n", "A", "");
        check("A=\"one\ntwo\"\n", "A", "one\ntwo");
        check("A=b\r\n", "A", "b");
        check("A=a=b=", "A", "a=b=");
        for wrong in ["A", "A B=c", "=c", "if true; then", "A=\"b", "A='b"] {
            assert!(members(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_its_lines_nothing_of_a_variable_is_left() {
        let text = "# keep\nA=1\nexport B=\"x\ny\" # z\n\nC='3'";
        let mut left = text.to_owned();
        for variable in members(text).ok().unwrap().into_iter().rev() {
            left.replace_range(variable.line, "");
        }
        assert_eq!(left, "# keep\n\n");
    }
}
