//! Log lines, on a thread of their own: they are dropped rather than waited for, since many clients never read what a
//! server writes to stderr, and would hang with it.
//!
//! Only this program's own lines pass, at every level: those of `jsonrpsee` quote what callers send.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::files;

/// What to do where the system starts no thread.
pub const NO_THREAD: &str = "the system starts no further thread: end other programs of this user, or raise the limit \
    on processes (ulimit -u, or that of the container)";

/// Lines that may wait to be written.
const LINES: usize = 1_024;
/// How long the end of the process waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(500);

/// The way to the log and to the person who reads stderr.
#[derive(Clone)]
pub struct Log(SyncSender<Line>);

enum Line {
    /// For the log.
    Log(Vec<u8>),
    /// For whoever started the process, whatever the level.
    Notice(String),
    /// Tells when all before it is written.
    Flush(Sender<()>),
}

/// Which lines are wanted: `RUST_LOG`'s syntax of levels and targets.
pub type Filter = Targets;

/// The filter where nothing is said.
pub const USUAL_LEVEL: LevelFilter = LevelFilter::WARN;

/// The filter that `RUST_LOG` asks for. The variable is often meant for another program, so that its parts count only as
/// far as they are levels, or levels of targets, and a part that names other programs' targets changes nothing for this one.
pub fn filter_of_environment(said: &str) -> Filter {
    let mut filter = Targets::new().with_default(USUAL_LEVEL);
    for part in parts(said) {
        if let Ok(level) = part.parse::<LevelFilter>() {
            filter = filter.with_default(level);
        } else if let Ok(targets) = part.parse::<Targets>() {
            // A part that names no target would mean all of them.
            filter = filter.with_targets(targets.into_iter().filter(|(target, _)| !target.is_empty()));
        }
    }
    filter
}

/// The parts of a filter: what stands between commas that are not inside of brackets.
fn parts(said: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let ends = move |letter: char| {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    said.split(ends).map(str::trim).filter(|part| !part.is_empty())
}

/// Why there is no log.
#[derive(Debug)]
pub enum NoLog {
    /// Its file can't be written.
    File(io::Error),
    /// The system starts no thread for it.
    Thread(io::Error),
}

/// Starts logging. `file` takes the lines in the place of stderr.
pub fn start(filter: Filter, file: Option<&Path>) -> Result<Log, NoLog> {
    let file = file.map(files::append).transpose().map_err(NoLog::File)?;
    let (lines, received) = sync_channel(LINES);
    let writer = std::thread::Builder::new().name("log".into()).spawn(move || write(&received, file));
    writer.map_err(NoLog::Thread)?;
    let log = Log(lines);
    let own = filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    // There is one log a process; a second start keeps the first.
    let _ = tracing_subscriber::registry().with(lines.with_filter(own).with_filter(filter)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Where, and not what: what a panic says may be a caller's.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("plugin-vault has a fault at {place}; please report it");
    }));
    Ok(log)
}

impl Log {
    /// Says something to whoever started the process, in one line.
    pub fn notice(&self, sentence: &str) {
        let _ = self.0.try_send(Line::Notice(format!("plugin-vault: {sentence}\n")));
    }

    /// Waits until all is written, but not for long.
    pub fn flush(&self) {
        let (written, done) = channel();
        if self.0.try_send(Line::Flush(written)).is_ok() {
            let _ = done.recv_timeout(LAST_LINES);
        }
    }
}

fn write(lines: &Receiver<Line>, mut file: Option<File>) {
    // A line that can't be written is one that nobody reads.
    for line in lines {
        match line {
            Line::Log(line) => {
                let _ = match &mut file {
                    Some(file) => file.write_all(&line),
                    None => io::stderr().write_all(&line),
                };
            }
            Line::Notice(line) => {
                let _ = io::stderr().write_all(line.as_bytes());
                if let Some(file) = &mut file {
                    let _ = file.write_all(line.as_bytes());
                }
            }
            Line::Flush(written) => {
                let _ = written.send(());
            }
        }
    }
}

impl Write for Log {
    /// One event is one write.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(Line::Log(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter as Level;

    use super::*;

    #[test]
    fn the_environment_counts_as_far_as_it_is_understood() {
        for (said, level) in [
            ("", Level::WARN),
            ("debug", Level::DEBUG),
            ("off", Level::OFF),
            ("info,my_app[request{id=7}]=debug", Level::INFO),
            ("my_app[request{id=7,user=me}]=debug,error", Level::ERROR),
            ("my_app=trace", Level::WARN),
            ("my_app[{", Level::WARN),
            ("a=b=c,,=,[,{}", Level::WARN),
            ("plugin_vault=debug,other=trace", Level::DEBUG),
            ("off,plugin_vault=info", Level::INFO),
            ("info/some regex, with (commas", Level::WARN),
            ("[span]=info,debug", Level::DEBUG),
            ("\u{1f511}=\0, trace ", Level::TRACE),
        ] {
            let filter = filter_of_environment(said);
            let passes = |level| filter.would_enable("plugin_vault::store", &level);
            let all = [
                (tracing::Level::ERROR, Level::ERROR),
                (tracing::Level::WARN, Level::WARN),
                (tracing::Level::INFO, Level::INFO),
                (tracing::Level::DEBUG, Level::DEBUG),
                (tracing::Level::TRACE, Level::TRACE),
            ];
            for (one, as_filter) in all {
                assert_eq!(passes(one), as_filter <= level, "{said:?}: {one}");
            }
        }
    }
}
