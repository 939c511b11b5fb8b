//! `frames/` and `jsonrpc/`: bytes in, answers and an exit code out, however the bytes are cut and carried.

use crate::case::{self, Case};
use crate::expect::{self, Expected, Framing};
use crate::harness::contract::Conversation;
use crate::process::{self, Way};

/// Stands in inputs for what is the caller's alone: no log line and no error may have it.
const CANARY: &str = "CANARY";
const WORDS: &[&str] = &["what", "arguments", "exit", "answer", "answer-like", "no answer", "raw"];

/// What a case asks for.
struct Wanted {
    exit: i32,
    answers: Vec<Expected>,
    /// The output, byte for byte.
    raw: Option<Vec<u8>>,
}

fn wanted(case: &Case) -> Result<Wanted, String> {
    case.knows_only(WORDS)?;
    let exit = case.value("exit")?.parse().map_err(|_| "an exit code is a number")?;
    let mut answers = Vec::new();
    for (word, value) in &case.lines {
        match word.as_str() {
            "answer" => answers.push(Expected::Exact(value.clone())),
            "answer-like" => answers.push(Expected::Like(value.clone())),
            _ => {}
        }
    }
    // What asks for more comes first, so that it is not left with what another could have had.
    answers.sort_by_key(|expected| matches!(expected, Expected::Like(_)));
    let raw = case.optional("raw")?.map(case::unescaped).transpose()?;
    let silent = case.optional("no answer")?.is_some();
    if [!answers.is_empty(), raw.is_some(), silent].into_iter().filter(|said| *said).count() != 1 {
        return Err("a case says what is answered, in one of the ways to say it".to_owned());
    }
    Ok(Wanted { exit, answers, raw })
}

fn check(case: &Case) -> Result<(), String> {
    let wanted = wanted(case)?;
    let arguments: Vec<&str> = case.optional("arguments")?.unwrap_or_default().split_whitespace().collect();
    for way in Way::all() {
        let outcome = process::run(&arguments, &case.input, *way);
        outcome
            .and_then(|outcome| judge(case, &wanted, &outcome))
            .map_err(|why| format!("{way:?}: {why}"))?;
    }
    Ok(())
}

fn judge(case: &Case, wanted: &Wanted, outcome: &process::Outcome) -> Result<(), String> {
    let messages = Framing::of(&case.input).messages(&outcome.stdout)?;
    messages.iter().try_for_each(|message| expect::shape(message, CANARY))?;
    let mut conversation = Conversation::default();
    // What is no frame is answered with the id `null`.
    let sent = Framing::of(&case.input).messages(&case.input).unwrap_or_default();
    for message in &sent {
        conversation.sent(message);
    }
    for message in &messages {
        conversation.heard(message);
    }
    match &wanted.raw {
        Some(raw) if *raw != outcome.stdout => {
            return Err(format!("the output is {:?}", String::from_utf8_lossy(&outcome.stdout)));
        }
        Some(_) => {}
        None => expect::all(&wanted.answers, &messages)?,
    }
    let log = String::from_utf8_lossy(&outcome.stderr);
    if log.to_uppercase().contains(CANARY) {
        return Err(format!("stderr tells what was sent: {log}"));
    }
    if log.contains("has a fault") {
        return Err(format!("something panicked: {log}"));
    }
    if outcome.exit != Some(wanted.exit) {
        return Err(format!("the exit code is {:?}, not {}; stderr: {log}", outcome.exit, wanted.exit));
    }
    if wanted.exit != 0 && log.trim().is_empty() {
        return Err("stderr does not say why the exit code is not 0".to_owned());
    }
    Ok(())
}

#[test]
fn frames_are_taken_and_answered_as_their_cases_say() {
    case::check_all(&case::folder("frames"), check);
}

#[test]
fn messages_are_taken_and_answered_as_json_rpc_says() {
    case::check_all(&case::folder("jsonrpc"), check);
}
