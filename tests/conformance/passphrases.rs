//! `passphrases/`: what is a passphrase and in which form it is used, against cases that another implementation computed.

use plugin_vault::protector::{Passphrase, PassphraseError};

use crate::case::{self, Case};

/// The bytes of a line: hexadecimal digits, or `N*` before digits that stand N times.
fn bytes(text: &str) -> Vec<u8> {
    let (times, digits) = text.split_once('*').unwrap_or(("1", text));
    base16ct::lower::decode_vec(digits).unwrap().repeat(times.parse().unwrap())
}

fn refusal(error: PassphraseError) -> &'static str {
    match error {
        PassphraseError::Empty => "empty",
        PassphraseError::TooLong => "too long",
        PassphraseError::NotUtf8 => "not UTF-8",
        PassphraseError::ControlCharacter => "control character",
    }
}

fn check(case: &Case) -> Result<(), String> {
    case.knows_only(&["what", "given", "prepared", "refused"])?;
    let outcome = Passphrase::new(&bytes(case.value("given")?));
    match (case.optional("prepared")?, case.optional("refused")?, outcome) {
        (Some(expected), None, Ok(said)) if bytes(expected) == said.expose().as_bytes() => Ok(()),
        (Some(_), None, Ok(said)) => Err(format!("another text comes of it: {:?}", said.expose())),
        (Some(_), None, Err(error)) => Err(format!("it is refused: {}", refusal(error))),
        (None, Some(expected), Err(error)) if expected == refusal(error) => Ok(()),
        (None, Some(_), Err(error)) => Err(format!("it is refused for another reason: {}", refusal(error))),
        (None, Some(_), Ok(_)) => Err("it is not refused".to_owned()),
        _ => Err("a case has an outcome, 'prepared' or 'refused'".to_owned()),
    }
}

#[test]
fn passphrases_are_prepared_or_refused_as_another_implementation_says() {
    let cases = case::folder("passphrases");
    for word in ["empty", "too long", "not UTF-8", "control character"] {
        let met = cases.iter().any(|case| case.optional("refused") == Ok(Some(word)));
        assert!(met, "no case is refused because it is {word}");
    }
    case::check_all(&cases, check);
}

/// What is prepared is not changed by being prepared again, so it does not matter how often it is.
#[test]
fn a_prepared_passphrase_is_prepared() {
    for case in case::folder("passphrases") {
        let Ok(said) = Passphrase::new(&bytes(case.value("given").unwrap())) else { continue };
        // A second byte-order mark is a letter of the passphrase.
        if !said.expose().starts_with('\u{feff}') && said.expose().len() <= Passphrase::LONGEST {
            let again = Passphrase::new(said.expose().as_bytes()).ok().unwrap();
            assert_eq!(again.expose(), said.expose(), "{}", case.name);
        }
    }
}
