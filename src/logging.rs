//! Writes log lines on a thread of its own. The sidecar drops lines rather than wait: many clients never read the
//! stderr of a server, and would hang together with it.
//!
//! Only the lines of this program pass, at every level: those of `jsonrpsee` quote what callers send.

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

/// The message for a system that refuses to start a thread.
pub const NO_THREAD: &str = "the system refuses to start another thread; end other programs of this user, or raise \
    the limit on processes (ulimit -u, or the limit of the container)";

/// How many lines may wait for the thread; more are dropped.
const LINES: usize = 1_024;
/// How long the process waits for the last lines when it ends.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Sends lines to the log, and notices to the user who reads stderr.
#[derive(Clone)]
pub struct Log(SyncSender<Line>);

enum Line {
    /// For the log.
    Log(Vec<u8>),
    /// A message for the user who started the process, at any level.
    Notice(String),
    /// Answers when all lines before it are written.
    Flush(Sender<()>),
}

/// Which lines are logged, in the syntax of `RUST_LOG`: levels and targets.
pub type Filter = Targets;

/// The level without `--log` and `RUST_LOG`.
pub const USUAL_LEVEL: LevelFilter = LevelFilter::WARN;

/// The filter of `RUST_LOG`. The variable is often meant for another program. So a part counts only if it is a level,
/// or a level of a target; and a part that names targets of other programs changes nothing for this one.
pub fn filter_of_environment(given: &str) -> Filter {
    let mut filter = Targets::new().with_default(USUAL_LEVEL);
    for part in parts(given) {
        if let Ok(level) = part.parse::<LevelFilter>() {
            filter = filter.with_default(level);
        } else if let Ok(targets) = part.parse::<Targets>() {
            // A part that names no target would mean all of them.
            filter = filter.with_targets(targets.into_iter().filter(|(target, _)| !target.is_empty()));
        }
    }
    filter
}

/// The parts of a filter, separated by commas outside of brackets.
fn parts(given: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let ends = move |letter: char| {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    given.split(ends).map(str::trim).filter(|part| !part.is_empty())
}

/// Why logging could not start.
#[derive(Debug)]
pub enum NoLog {
    /// The log file can't be opened.
    File(io::Error),
    /// The system refused to start the thread.
    Thread(io::Error),
}

/// Starts logging, to `file` if there is one and otherwise to stderr.
///
/// # Errors
/// [`NoLog`] if the file can't be opened or the thread does not start.
pub fn start(filter: Filter, file: Option<&Path>) -> Result<Log, NoLog> {
    let file = file.map(files::append).transpose().map_err(NoLog::File)?;
    let (lines, received) = sync_channel(LINES);
    let writer = std::thread::Builder::new().name("log".into()).spawn(move || write(&received, file));
    writer.map_err(NoLog::Thread)?;
    let log = Log(lines);
    let own = filter_fn(|metadata| metadata.target().starts_with(env!("CARGO_CRATE_NAME")));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    // A process has one log; a second start keeps the first.
    let _ = tracing_subscriber::registry().with(lines.with_filter(own).with_filter(filter)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Logs the place of the panic and not its message, which may contain a caller's data.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("plugin-vault has a fault at {place}; please report it");
    }));
    Ok(log)
}

impl Log {
    /// Writes one line to stderr, for the user who started the process, and also to the log file if there is one.
    pub fn notice(&self, sentence: &str) {
        self.line(format!("plugin-vault: {sentence}"));
    }

    /// As [`Self::notice`], for a line that is complete.
    pub fn line(&self, line: String) {
        let _ = self.0.try_send(Line::Notice(line + "\n"));
    }

    /// Waits until all lines are written, at most 500 ms.
    pub fn flush(&self) {
        let (written, done) = channel();
        if self.0.try_send(Line::Flush(written)).is_ok() {
            let _ = done.recv_timeout(LAST_LINES);
        }
    }
}

fn write(lines: &Receiver<Line>, mut file: Option<File>) {
    // A write error is ignored: no reader would see a line about it.
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
    fn unknown_parts_of_the_environment_are_ignored() {
        for (given, level) in [
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
            let filter = filter_of_environment(given);
            let passes = |level| filter.would_enable("plugin_vault::store", &level);
            let all = [
                (tracing::Level::ERROR, Level::ERROR),
                (tracing::Level::WARN, Level::WARN),
                (tracing::Level::INFO, Level::INFO),
                (tracing::Level::DEBUG, Level::DEBUG),
                (tracing::Level::TRACE, Level::TRACE),
            ];
            for (one, as_filter) in all {
                assert_eq!(passes(one), as_filter <= level, "{given:?}: {one}");
            }
        }
    }
}
