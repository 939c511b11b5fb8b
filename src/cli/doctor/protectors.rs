//! The protectors of the store's key. Each is asked without the user.

use crate::cli::look::shortened;
use crate::cli::operator::Operator;
use crate::cli::protector::id;
use crate::vault::{KeyReason, Kind, Protector, TestedProtector};

use super::{Check, Finding, Fix, own_command};

/// Asks each protector.
pub(super) fn check(operator: &Operator) -> Vec<Finding> {
    let check = Check::Protectors;
    let tested = match operator.vault().test_protectors() {
        Err(error) => return vec![check.error(error)],
        Ok(tested) => tested,
    };
    let mut findings = Vec::new();
    findings.extend(damaged_files(operator));
    if operator.vault().is_locked_by_marker() {
        let text =
            "the store is locked for every window, so no protector was asked; plugin-vault unlock opens it";
        findings.push(check.not_checked(text));
        return findings;
    }
    let opens = |(_, why): &TestedProtector| {
        why.is_none_or(|why| matches!(why, KeyReason::Locked | KeyReason::Deadline))
    };
    let count = tested.iter().filter(|tested| opens(tested)).count();
    for (protector, why) in &tested {
        if let Some(why) = why.filter(|why| *why != KeyReason::Locked) {
            findings.push(broken(operator, &tested, *protector, why, count > 0));
        }
    }
    if count == 1 && tested.len() == 1 {
        let kind = tested[0].0.kind.name();
        let what = format!("{kind} alone opens the store; if it is lost, so is the data");
        findings.push(check.warning(what).command(own_command(operator, "protector add passphrase")));
    }
    findings.extend(askpass(&tested));
    if findings.is_empty() {
        let names = tested.iter().map(|(one, why)| match why {
            None => format!("{} opens the store", one.kind.name()),
            Some(_) => format!("{} opens it once it is unlocked", one.kind.name()),
        });
        findings.push(check.good(names.collect::<Vec<_>>().join(", ")));
    }
    findings.push(stolen_disk(&tested));
    findings.push(keyring(operator, &tested));
    findings
}

fn damaged_files(operator: &Operator) -> Option<Finding> {
    let check = Check::Protectors;
    match operator.vault().damaged_protectors() {
        Err(error) => Some(check.error(error)),
        Ok((0, 0)) => None,
        Ok((0, _)) => {
            Some(check.warning("a protector file is damaged wholly, and opens nothing; the others do"))
        }
        Ok((_, _)) => {
            let finding = check.warning("one of the two copies in a protector file is damaged");
            Some(
                finding
                    .command(own_command(operator, "doctor --fix --only protectors"))
                    .fix(Fix::RepairProtectors),
            )
        }
    }
}

/// A protector that does not give the key, although nothing has to be unlocked.
fn broken(
    operator: &Operator,
    all: &[TestedProtector],
    one: Protector,
    why: KeyReason,
    others_open: bool,
) -> Finding {
    let kind = one.kind.name();
    let reason = match (one.kind, why) {
        (Kind::KeyFile, KeyReason::Missing) => {
            "its file is missing; put it back if you have a copy".to_owned()
        }
        (Kind::Command, KeyReason::ProgramMissing) => {
            "its program was not found; install it if you need it".to_owned()
        }
        (Kind::Command, KeyReason::Failed) => "its program failed; run it yourself to see why".to_owned(),
        (_, KeyReason::Deadline) => "it did not answer in time".to_owned(),
        (_, why) => why.name().to_owned(),
    };
    let is_only_of_its_kind = all.iter().filter(|(other, _)| other.kind == one.kind).count() == 1;
    let name = if is_only_of_its_kind { kind.to_owned() } else { shortened(&id(&one), 8) };
    let text = format!("{kind} does not open the store: {reason}");
    if others_open {
        let command = own_command(operator, &format!("protector remove {name}"));
        Check::Protectors.warning(text).command(command)
    } else {
        let text = format!("{text}; no other protector opens it, so restore a backup or put the store aside");
        Check::Protectors.bad(text).command(own_command(operator, "reset"))
    }
}

/// The program that asks for the passphrase, where one is needed.
fn askpass(tested: &[TestedProtector]) -> Option<Finding> {
    let needs = tested.iter().any(|(one, _)| one.kind == Kind::Passphrase);
    let program =
        std::env::var("PLUGIN_VAULT_ASKPASS").ok().filter(|program| !program.is_empty() && needs)?;
    if crate::protector::is_there(&program) {
        return None;
    }
    let what =
        "PLUGIN_VAULT_ASKPASS names a program that was not found, so no editor can ask for the passphrase";
    Some(Check::Protectors.bad(what).command("unset PLUGIN_VAULT_ASKPASS"))
}

/// Whether a thief of the disk could open the store.
fn stolen_disk(tested: &[TestedProtector]) -> Finding {
    let weak: Vec<_> = tested.iter().filter(|(one, _)| one.kind != Kind::Passphrase).collect();
    if weak.is_empty() {
        return Check::Protectors.good("they guard against a stolen disk");
    }
    let names: Vec<_> = weak.iter().map(|(one, _)| one.kind.name()).collect();
    let text = format!(
        "a stolen disk is only as safe as its own encryption, since {} opens the store; a passphrase alone would guard it",
        names.join(" or ")
    );
    Check::Protectors.good(text)
}

fn keyring(operator: &Operator, tested: &[TestedProtector]) -> Finding {
    let check = Check::Keyring;
    let own = tested.iter().find(|(one, _)| one.kind == Kind::Keyring);
    let test = || own_command(operator, "protector test keyring");
    match own {
        None => check.good("no protector uses it"),
        Some((_, None)) => check.good("it is there and unlocked"),
        Some(_) => match crate::protector::keyring_state() {
            Ok(()) => check.warning("it is there and unlocked, but does not give the key").command(test()),
            Err((KeyReason::Locked, why)) => check.warning(why).command(test()),
            Err((_, why)) => check.bad(why).command(test()),
        },
    }
}
