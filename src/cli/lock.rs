//! `plugin-vault lock` and `plugin-vault unlock`: for every window at once.

use serde_json::json;

use crate::vault::{Kind, Locking};

use super::failed::Failed;
use super::operator::{Answer, Operator};
use super::question::Question;

/// Locks the store. Needs no key, and asks nothing.
pub(super) fn lock(operator: &Operator, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    match operator.vault().lock(&opened)? {
        Locking::Locked => {}
        Locking::NoStore => return Err(Failed::no_store()),
        Locking::KeyFile => {
            return Err(Failed::new(
                "the store can't be locked, because every process of yours can read its key file, and it has no other \
                 protector; nothing was changed: run plugin-vault protector add passphrase, then plugin-vault \
                 protector remove key-file"
                    .into(),
            ));
        }
    }
    let has_key_file = opened.protectors()?.iter().any(|one| one.kind == Kind::KeyFile);
    let text = if has_key_file {
        "the store is locked, but unlock asks for nothing while it has a key file: run plugin-vault protector remove \
         key-file if it should ask"
    } else {
        "the store is locked for every window, until plugin-vault unlock"
    };
    Ok(if as_json { json!({"locked": true}).to_string() } else { text.into() }.into())
}

/// Unlocks the store, and asks the user if necessary.
pub(super) fn unlock(operator: &Operator, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    let question = Question::begin();
    if opened.unlock_for_user(operator.config(), &operator.mode(question.deadline()))? {
        operator.vault().announce();
    }
    drop(question);
    let protector = operator.vault().status(Some(&opened))?.protector;
    let has_key_file = protector == Some(Kind::KeyFile.name());
    let for_all = has_key_file || opened.shares_key();
    if as_json {
        return Ok(json!({"locked": false, "protector": protector, "forAllWindows": for_all})
            .to_string()
            .into());
    }
    let text = if has_key_file {
        "the store is unlocked; its key file opens it"
    } else if for_all {
        "the store is unlocked for the windows of this login session; those of another login ask for themselves"
    } else {
        "the store is unlocked, but no keyring of the kernel shares its key in this login session: each window has to \
         be unlocked for itself"
    };
    Ok(text.to_owned().into())
}
