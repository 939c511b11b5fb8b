//! `plugin-vault run`: starts a program with values of the store, passes signals to it, and ends with its exit code.
//!
//! The values reach the program in its environment or through a descriptor. This process reads them, closes the store,
//! and only then starts the program. It waits for the program, because it replaces the values in its output.

mod mask;
mod streams;

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

use zeroize::Zeroizing;

use crate::process::{self, ReservedDescriptor};
use crate::vault::Place;

use super::get::text_of;
use super::operator::{Answer, Failed, Operator};
use super::record;
use super::reference::Reference;
use super::through::Through;
use mask::Values;
use streams::{Descriptor, Streams};

/// Exit code: the program is not executable.
const NOT_EXECUTABLE: u8 = 126;
/// Exit code: the program was not found.
const NOT_FOUND: u8 = 127;

#[derive(clap::Args)]
pub(super) struct RunCommand {
    /// Give the program a value in this environment variable
    #[arg(long, value_name = "VAR=REF")]
    env: Vec<String>,
    /// Give the program a value through this descriptor, which no other process can read
    #[arg(long, value_name = "N=REF")]
    fd: Vec<String>,
    /// Do not replace the values by *** in the output of the program
    #[arg(long)]
    no_mask: bool,
    /// The program and its arguments, after --
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

/// A variable or a descriptor of the program, and the value for it.
struct Given<T> {
    to: T,
    value: Zeroizing<String>,
}

/// Reads the values, closes the store, and runs the program.
pub(super) fn run(operator: Operator, command: &RunCommand) -> Result<Answer, Failed> {
    run_with(command, |wanted| {
        let opened = operator.required()?;
        let read = |reference: Reference| {
            let selected = record::find(&opened, reference, Place::User)?;
            Ok(selected.value(&opened)?.1)
        };
        let read = values_of(wanted, read);
        drop(opened);
        drop(operator);
        read
    })
}

/// The same with values from the other end of a relay.
pub(super) fn through(mut relay: Through, command: &RunCommand) -> Result<Answer, Failed> {
    run_with(command, |wanted| {
        values_of(wanted, |reference| {
            relay.check(&reference)?;
            let found =
                relay.read(&Place::User, reference.name.as_deref(), &[])?.ok_or_else(record::nothing)?;
            Ok(record::value_in(reference.member.as_ref(), &found.record)?.to_owned())
        })
    })
}

/// What the program wants, and then what it is given.
struct Wanted {
    variables: Vec<(String, Reference)>,
    descriptors: Vec<(ReservedDescriptor, Reference)>,
}

struct All {
    variables: Vec<Given<String>>,
    descriptors: Vec<Given<ReservedDescriptor>>,
}

fn values_of(
    wanted: Wanted,
    mut read: impl FnMut(Reference) -> Result<String, Failed>,
) -> Result<All, Failed> {
    let variables = values(&mut read, wanted.variables)?;
    Ok(All { variables, descriptors: values(&mut read, wanted.descriptors)? })
}

fn run_with(
    command: &RunCommand,
    read: impl FnOnce(Wanted) -> Result<All, Failed>,
) -> Result<Answer, Failed> {
    let variables = pairs(&command.env, "--env takes VAR=REF, like TOKEN=me.github#/token", |name| {
        (!name.is_empty() && !name.contains('\0')).then(|| name.to_owned())
    })?;
    let descriptors =
        pairs(&command.fd, "--fd takes N=REF with N from 3 on, like 3=me.github#/token", |number| {
            Descriptor::parse(number)
        })?;
    let descriptors: Vec<_> = descriptors
        .into_iter()
        .map(|(number, reference)| Ok((number.reserve()?, reference)))
        .collect::<Result<_, Failed>>()?;
    let All { variables, descriptors } = read(Wanted { variables, descriptors })?;
    if variables.iter().any(|given| given.value.contains('\0')) {
        return Err(Failed::new("a value contains a zero byte, so no variable can hold it; use --fd".into()));
    }
    let all = variables.iter().map(|given| &given.value).chain(descriptors.iter().map(|given| &given.value));
    let masked =
        if command.no_mask { Values::default() } else { Values::new(all.map(|value| value.as_bytes())) };
    let code = start(command, &variables, descriptors, masked)?;
    if code == 0 { Ok(Answer::shown_already()) } else { Err(Failed::quiet(code)) }
}

/// Splits each `TO=REF`.
fn pairs<T>(
    given: &[String],
    form: &str,
    to: impl Fn(&str) -> Option<T>,
) -> Result<Vec<(T, Reference)>, Failed> {
    let pair = |text: &String| {
        let (name, reference) = text.split_once('=').ok_or_else(|| Failed::wrong(form))?;
        Ok((to(name).ok_or_else(|| Failed::wrong(form))?, Reference::parse(reference)?))
    };
    given.iter().map(pair).collect()
}

fn values<T>(
    read: &mut impl FnMut(Reference) -> Result<String, Failed>,
    wanted: Vec<(T, Reference)>,
) -> Result<Vec<Given<T>>, Failed> {
    let value = |(to, reference): (T, Reference)| {
        let shown = reference.to_string();
        let read = read(reference).map(Zeroizing::new).and_then(|value| text_of(&value));
        Ok(Given { to, value: read.map_err(|failed| failed.explained(|why| format!("{shown}: {why}")))? })
    };
    wanted.into_iter().map(value).collect()
}

fn start(
    command: &RunCommand,
    variables: &[Given<String>],
    descriptors: Vec<Given<ReservedDescriptor>>,
    masked: Values,
) -> Result<u8, Failed> {
    let (name, arguments) =
        command.program.split_first().ok_or_else(|| Failed::wrong("a program is missing"))?;
    let mut program = Command::new(name);
    program.args(arguments);
    let is_ours = |name: &OsString| name.to_string_lossy().starts_with("PLUGIN_VAULT_");
    std::env::vars_os().map(|(name, _)| name).filter(is_ours).for_each(|name| {
        program.env_remove(name);
    });
    program.envs(variables.iter().map(|given| (&given.to, given.value.as_str())));
    let mut streams = Streams::new(&mut program, masked).map_err(|error| not_started(&error))?;
    for Given { to, value } in descriptors {
        streams.give(to, value).map_err(|error| not_started(&error))?;
    }
    let signals = process::catch_signals().map_err(|error| not_started(&error))?;
    process::restore_umask();
    let child = match program.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(refuse(name, &error)),
    };
    drop(program);
    streams.begin();
    let status = process::wait_and_forward(signals, child)
        .map_err(|error| Failed::new(format!("the program can't be waited for: {error}")))?;
    streams.end();
    Ok(u8::try_from(process::exit_code(status)).unwrap_or(u8::MAX))
}

fn not_started(error: &io::Error) -> Failed {
    Failed::new(format!("the program was not started: {error}"))
}

/// Says why the program did not start, in the words of a shell, and returns a shell's exit code.
fn refuse(name: &OsStr, error: &io::Error) -> u8 {
    use std::io::Write as _;
    let name = super::visible::visible(&name.to_string_lossy());
    let (code, why) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, "was not found, or the program that interprets it".to_owned()),
        _ => (NOT_EXECUTABLE, format!("could not be started: {error}")),
    };
    let _ = writeln!(io::stderr(), "plugin-vault: the program {name} {why}");
    code
}
