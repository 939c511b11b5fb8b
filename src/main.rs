//! Arguments, logging, exit code; hands over at once.

use std::io::Write as _;
use std::process::ExitCode;

use plugin_vault::cli::{self, Operation, Outcome, Parsed, Run, Task, Wrong};
use plugin_vault::logging::{self, Log};
use plugin_vault::server::{self, Options};

/// The command line is wrong.
const WRONG_ARGUMENTS: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(Parsed::Run(run)) => run_task(*run),
        Ok(Parsed::Show(text)) => {
            // Whoever asked for help and does not read it needs none.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Wrong(reason)) => refuse(&reason),
    }
}

fn run_task(run: Run) -> ExitCode {
    let log = match logging::start(run.filter, run.log_file.as_deref()) {
        Ok(log) => log,
        Err(error) => return refuse(&format!("the log can't be written: {error}; see --log-file")),
    };
    server::harden();
    let code = match run.task {
        Task::Serve(options) => serve(options, &log),
        Task::Operate(operation) => operate(operation, &log),
    };
    drop(run.temporary);
    log.flush();
    ExitCode::from(code)
}

fn serve(options: Options, log: &Log) -> u8 {
    match server::serve(options) {
        Ok(ending) => {
            if let Some(notice) = ending.notice() {
                log.notice(notice);
            }
            ending.code()
        }
        Err(error) => {
            log.notice(&format!("stdin and stdout can't be used: {error}"));
            1
        }
    }
}

fn operate(operation: Operation, log: &Log) -> u8 {
    let Outcome { shown, failed } = operation.run();
    let is_shown = shown.is_none_or(|shown| writeln!(std::io::stdout(), "{shown}").is_ok());
    if let Some(reason) = &failed {
        log.notice(reason);
    }
    // Whoever closes the pipe has read enough.
    u8::from(failed.is_some() || !is_shown)
}

fn refuse(reason: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "plugin-vault: {reason}");
    ExitCode::from(WRONG_ARGUMENTS)
}
