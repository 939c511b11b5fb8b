//! Parses the arguments, starts logging, runs the task and turns its result into an exit code.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use plugin_vault::cli::output::{self, Lost};
use plugin_vault::cli::{self, Operation, Outcome, Parsed, Run, Task};
use plugin_vault::logging::{self, Log, NoLog};
use plugin_vault::process;
use plugin_vault::server::{self, NoServer, Options};

/// Exit code: the task failed, or its answer could not be written.
const FAILED: u8 = 1;
/// Exit code: the command line is wrong.
const WRONG_ARGUMENTS: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(Parsed::Run(run)) => run_task(*run),
        Ok(Parsed::Show(text)) => match output::write(&text) {
            // A reader that closes the pipe has read enough.
            Ok(()) | Err(Lost::ReaderGone) => ExitCode::SUCCESS,
            Err(Lost::Failed(error)) => refuse(&not_written(&error), FAILED),
        },
        Err(line) => end_with(&line, WRONG_ARGUMENTS),
    }
}

fn run_task(run: Run) -> ExitCode {
    // This must run before any thread starts.
    process::restore_signals();
    let log = match logging::start(run.filter, run.log_file.as_deref()) {
        Ok(log) => log,
        Err(NoLog::File(error)) => {
            let reason = format!("the log can't be written: {error}; see --log-file");
            return refuse(&reason, WRONG_ARGUMENTS);
        }
        Err(NoLog::Thread(error)) => return refuse(&no_thread(&error), FAILED),
    };
    process::harden();
    // The panic hook logs a panic. That line has to be written before the process ends.
    let done = catch_unwind(AssertUnwindSafe(|| match run.task {
        Task::Serve(options, bound) => serve(*options, bound, &log),
        Task::Connect(socket) => match cli::connect::run(&socket) {
            Ok(()) => 0,
            Err((line, code)) => {
                log.line(line);
                code
            }
        },
        Task::Operate(operation) => operate(*operation, &log),
    }));
    let code = done.unwrap_or(FAILED);
    drop(run.temporary);
    log.flush();
    ExitCode::from(code)
}

fn serve(mut options: Options, bound: Option<u32>, log: &Log) -> u8 {
    if let Some(descriptor) = bound {
        match cli::bound_key(descriptor) {
            Ok(key) => options.bound = Some(key),
            Err(line) => {
                log.line(line);
                return WRONG_ARGUMENTS;
            }
        }
    }
    match server::serve(options) {
        Ok(ending) => {
            // How the client of a relay ends says nothing to the relay's user.
            if let Some(notice) = ending.notice().filter(|_| bound.is_none()) {
                log.notice(notice);
            }
            ending.code()
        }
        Err(error) => {
            log.notice(&match error {
                NoServer::Streams(error) => format!("stdin and stdout can't be used: {error}"),
                NoServer::Thread(error) => no_thread(&error),
            });
            FAILED
        }
    }
}

fn operate(operation: Operation, log: &Log) -> u8 {
    let Outcome { shown, failed } = operation.run();
    let lost = shown.and_then(|shown| output::write(&(shown + "\n")).err());
    let (line, code) = failed.unwrap_or_default();
    if !line.is_empty() {
        log.line(line);
    }
    if let Some(Lost::Failed(error)) = &lost {
        log.notice(&not_written(error));
    }
    if lost.is_some() { code.max(FAILED) } else { code }
}

fn not_written(error: &io::Error) -> String {
    format!("the answer could not be written to stdout: {error}")
}

fn no_thread(error: &io::Error) -> String {
    format!("{}: {error}", logging::NO_THREAD)
}

fn refuse(reason: &str, code: u8) -> ExitCode {
    end_with(&format!("plugin-vault: {reason}"), code)
}

fn end_with(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{line}");
    ExitCode::from(code)
}
