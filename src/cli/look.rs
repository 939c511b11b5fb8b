//! How a subcommand shows things to a person: folders, times, sizes, signs, colours.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::SystemTime;

use crate::vault::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A text in which the user's home folder is `~`, also in commands for a shell.
pub(super) fn at_home(text: &str) -> String {
    let home = std::env::home_dir().filter(|home| home.is_absolute() && home.parent().is_some());
    home.and_then(|home| home.to_str().map(|home| with_home(text, home))).unwrap_or_else(|| text.to_owned())
}

fn with_home(text: &str, home: &str) -> String {
    // In quotes a shell does not replace the `~`, so the quotes begin after it.
    let text = text.replace(&format!("$'{home}/"), "~/$'").replace(&format!("'{home}/"), "~/'");
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(home) {
        let after = &rest[at + home.len()..];
        shown.push_str(&rest[..at]);
        // Another folder may begin with the same letters.
        shown.push_str(if after.is_empty() || after.starts_with(['/', ' ', ';', '\n']) { "~" } else { home });
        rest = after;
    }
    shown + rest
}

/// A folder, with `~` for the home folder.
pub(super) fn folder(path: &Path) -> String {
    at_home(&path.display().to_string())
}

/// A time relative to `now`, as people say it.
pub(super) fn relative(time: Timestamp, now: Timestamp) -> String {
    let seconds = time.millis().abs_diff(now.millis()) / 1_000;
    let (count, unit) = match seconds {
        0..MINUTE => return if time <= now { "just now".into() } else { "in a moment".into() },
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ if seconds < 60 * DAY => (seconds / DAY, "day"),
        _ if seconds < 730 * DAY => (seconds / (30 * DAY), "month"),
        _ => (seconds / (365 * DAY), "year"),
    };
    let amount = counted(count, unit);
    if time <= now { format!("{amount} ago") } else { format!("in {amount}") }
}

/// A time relative to now; empty if there is none.
pub(super) fn relative_or_none(time: Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| relative(time, Timestamp::now()))
}

/// The time of a file.
pub(super) fn time_of(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A number with its noun, which gets an `s` unless the number is 1.
pub(super) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A size in bytes, as people read it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    for number in 0..UNITS.len() {
        (rest, whole, unit) = (whole % 1_024, whole / 1_024, number);
        if whole < 1_024 {
            break;
        }
    }
    let tenth = rest * 10 / 1_024;
    if whole < 10 && tenth > 0 {
        format!("{whole}.{tenth} {}", UNITS[unit])
    } else {
        format!("{whole} {}", UNITS[unit])
    }
}

/// The shortest length at which all these ids differ, and at least eight letters.
pub(super) fn short_length<'i>(ids: impl IntoIterator<Item = &'i str>) -> usize {
    const SHORTEST: usize = 8;
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    let same = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let longest = ids.windows(2).map(|pair| same(pair[0], pair[1]) + 1).max().unwrap_or(0);
    longest.max(SHORTEST)
}

/// The beginning of an id.
pub(super) fn shortened(id: &str, length: usize) -> String {
    id.chars().take(length).collect()
}

/// The fewest letters that may stand for an id: fewer may be a mistake.
const FEWEST: usize = 4;

/// The one element whose id begins with `wanted`; `Err(true)` if there are several, `Err(false)` if there is none.
pub(super) fn by_prefix<T>(
    all: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> String,
    wanted: &str,
) -> Result<T, bool> {
    let wanted = wanted.to_ascii_lowercase();
    let mut found: Option<T> = None;
    for one in all {
        let own = id(&one).to_ascii_lowercase();
        if own == wanted {
            return Ok(one);
        }
        if wanted.len() >= FEWEST && own.starts_with(&wanted) && found.replace(one).is_some() {
            return Err(true);
        }
    }
    found.ok_or(false)
}

/// How a line is meant. The sign says it; colour only repeats it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
    /// Not known.
    Unknown,
}

impl Sign {
    /// The sign, in colour if stdout is a terminal that shows colours.
    pub(super) fn shown(self) -> String {
        let (sign, colour) = match self {
            Self::Good => ("✓", 32),
            Self::Warning => ("!", 33),
            Self::Bad => ("✗", 31),
            Self::Unknown => ("-", 2),
        };
        if has_colours() { format!("\u{1b}[{colour}m{sign}\u{1b}[0m") } else { sign.to_owned() }
    }
}

/// Whether stdout is a terminal that shows colours, and the user wants them: <https://no-color.org>.
fn has_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_folder_is_a_tilde_that_a_shell_replaces() {
        for (text, shown) in [
            ("chmod 600 '/home/me/a b/key'", "chmod 600 ~/'a b/key'"),
            ("'/home/me/x' and /home/me/y", "~/'x' and ~/y"),
            ("$'/home/me/\\x0a'", "~/$'\\x0a'"),
            ("/home/meow/x", "/home/meow/x"),
            ("/home/me", "~"),
            ("/home/me is open", "~ is open"),
        ] {
            assert_eq!(with_home(text, "/home/me"), shown);
        }
    }

    #[test]
    fn times_are_relative_in_the_largest_whole_unit() {
        let now = Timestamp::from_millis(1_000_000_000_000);
        let at =
            |seconds: i64| Timestamp::from_millis(now.millis().checked_add_signed(seconds * 1_000).unwrap());
        for (seconds, shown) in [
            (0, "just now"),
            (-59, "just now"),
            (-60, "1 minute ago"),
            (-7_300, "2 hours ago"),
            (-2 * 86_400, "2 days ago"),
            (-59 * 86_400, "59 days ago"),
            (-400 * 86_400, "13 months ago"),
            (-800 * 86_400, "2 years ago"),
            (30, "in a moment"),
            (3 * 86_400, "in 3 days"),
        ] {
            assert_eq!(relative(at(seconds), now), shown, "{seconds}");
        }
    }

    #[test]
    fn sizes_are_in_the_largest_whole_unit() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (20_480, "20 KiB"),
            (3 << 30, "3 GiB"),
            (5_000 << 40, "5000 TiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn ids_are_shortened_to_what_is_unique_and_found_in_that_form() {
        let ids = ["0123456789ab", "0123456789cd", "ffff456789ab"];
        assert_eq!(short_length(ids), 11);
        assert_eq!(short_length(["a1", "b1"]), 8);
        let find = |wanted| by_prefix(ids, |id| (*id).to_owned(), wanted);
        assert_eq!(find("0123456789A"), Ok(ids[0]));
        assert_eq!(find("ffff"), Ok(ids[2]));
        assert_eq!(find("fff"), Err(false));
        assert_eq!(find("0123"), Err(true));
        assert_eq!(find("5555"), Err(false));
        assert_eq!(find(""), Err(false));
    }
}
