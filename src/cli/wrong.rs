//! Describes why clap refuses a command line, and what the user may have meant.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use super::Arguments;

/// Describes the error without repeating an unexpected argument: it may be a key in the wrong place. A suggestion is
/// always a word of this program.
pub(super) fn about(error: &clap::Error, arguments: &[OsString]) -> String {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a subcommand is missing".into()
        }
        ErrorKind::InvalidSubcommand => {
            let typed =
                error.get(ContextKind::InvalidSubcommand).map(ToString::to_string).unwrap_or_default();
            with_suggestion("there is no such subcommand", &typed, &subcommands(arguments))
        }
        ErrorKind::UnknownArgument => match argument.split('=').next() {
            Some(flag) if flag.starts_with("--") => {
                with_suggestion(&format!("unexpected argument {flag}"), flag, &options(arguments))
            }
            _ => "unexpected argument".into(),
        },
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let about = format!("invalid value for {argument}");
            match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
                    format!("{about}; it is one of {}", valid.join(", "))
                }
                _ => about,
            }
        }
        _ => {
            let text = error.render().to_string();
            let about_it = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
            let about_it = about_it.collect::<Vec<_>>().join(" ");
            about_it.strip_prefix("error: ").unwrap_or(&about_it).to_owned()
        }
    }
}

fn with_suggestion(about: &str, typed: &str, words: &[String]) -> String {
    similar(typed, words).map_or(about.to_owned(), |word| format!("{about}; did you mean {word}?"))
}

/// The command that the words of a command line lead to, and the commands on the way.
fn path(arguments: &[OsString]) -> Vec<Command> {
    let mut path = vec![Arguments::command()];
    for word in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        if let Some(inner) = path.last().and_then(|command| command.find_subcommand(word)) {
            path.push(inner.clone());
        }
    }
    path
}

fn subcommands(arguments: &[OsString]) -> Vec<String> {
    let path = path(arguments);
    let inner = path.last().into_iter().flat_map(Command::get_subcommands);
    inner.map(|command| command.get_name().to_owned()).collect()
}

fn options(arguments: &[OsString]) -> Vec<String> {
    let path = path(arguments);
    let options = path.iter().flat_map(Command::get_arguments).filter_map(|argument| argument.get_long());
    options.map(|name| format!("--{name}")).collect()
}

/// The word that differs least from what was typed; `None` if all differ in more than a third of their letters.
fn similar<'w>(typed: &str, words: &'w [String]) -> Option<&'w str> {
    let near = |word: &&String| distance(typed, word) <= word.trim_start_matches('-').len().div_ceil(3);
    words.iter().filter(near).min_by_key(|word| distance(typed, word)).map(String::as_str)
}

/// How many letters have to be added, removed, replaced or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for at in 1..=one.len() {
        let mut row = vec![at];
        for to in 1..=other.len() {
            let replaced = usize::from(one[at - 1] != other[to - 1]);
            let mut least = (rows[at - 1][to] + 1).min(row[to - 1] + 1).min(rows[at - 1][to - 1] + replaced);
            if at > 1 && to > 1 && one[at - 1] == other[to - 2] && one[at - 2] == other[to - 1] {
                least = least.min(rows[at - 2][to - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_differs_in_few_letters() {
        let words =
            ["get", "set", "list", "delete", "--raw", "--expires-at", "--expires-in"].map(String::from);
        for (typed, expected) in [
            ("gett", Some("get")),
            ("lst", Some("list")),
            ("delet", Some("delete")),
            ("dleete", Some("delete")),
            ("--rwa", Some("--raw")),
            ("--expire-at", Some("--expires-at")),
            ("write", None),
            ("0123456789abcdef0123456789abcdef01234567", None),
            ("", None),
        ] {
            assert_eq!(similar(typed, &words), expected, "{typed}");
        }
    }
}
