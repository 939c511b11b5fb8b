//! What a sound store contains: records and keys. Names of records are never shown.

use crate::cli::look::{counted, relative, short_length, shortened};
use crate::cli::operator::{Failed, Operator};
use crate::vault::sharing::{ServerState, SharingError, Standing, unfinished_join};
use crate::vault::{KeyState, KeySummary, Opened, RecordFacts, Timestamp};
use std::fmt::Write as _;
use std::path::Path;

use super::{Check, Finding, opened, own_command, quoted, store, unlocked};

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// A key that expires within this time, in milliseconds, is reported.
const SOON: u64 = 14 * DAY;
/// A key without a write in this time, in milliseconds, counts as unused.
const UNUSED: u64 = 182 * DAY;
/// A key without data counts as left over after this time, in milliseconds.
const EMPTY: u64 = 30 * DAY;
/// A clock that is behind by less than this, in milliseconds, may be that of another machine.
const CLOCK: u64 = 10 * 60 * 1_000;
/// Lines about keys at most.
const LINES: usize = 5;

/// Opens the store and looks at its contents.
pub(super) fn check(operator: &Operator) -> Vec<Finding> {
    let opened = match opened(operator) {
        Err(failed) => return vec![Check::Store.bad(failed.why)],
        Ok(opened) => opened,
    };
    let now = Timestamp::now();
    let mut findings = Vec::new();
    let facts = opened.record_facts();
    match &facts {
        Err(error) => findings.push(Check::Records.error(*error)),
        Ok(facts) => findings
            .push(records(*facts, operator.vault().status(Some(&opened)).map_or(0, |status| status.records))),
    }
    if unlocked(operator, &opened) {
        match opened.all_keys() {
            Err(error) => findings.push(Check::Keys.error(error)),
            Ok(all) => findings.extend(keys(operator, &all, now)),
        }
    } else {
        findings.push(Check::Keys.not_checked("the store is locked"));
    }
    findings.extend(server(operator, &opened));
    if let Ok(facts) = facts {
        findings.extend(store::old_backup(operator, facts.revision));
        findings.push(clock(facts, now));
    }
    findings
}

/// A join that was begun, also where there is no store yet.
pub(super) fn join(operator: &Operator) -> Option<Finding> {
    let check = Check::Server;
    match unfinished_join(&operator.config().keys) {
        Ok(url) => url.map(|url| {
            let text = format!(
                "this machine has begun to join the store at {url}, and is not approved yet or was interrupted; remote join \
                 shows the code again and goes on"
            );
            check.warning(text).command(own_command(operator, &format!("remote join {}", quoted(Path::new(&url)))))
        }),
        Err(error) => Some(check.bad(Failed::from(error).why)),
    }
}

/// Asks the server, if several machines share the store.
fn server(operator: &Operator, opened: &Opened) -> Option<Finding> {
    let check = Check::Server;
    let state = match opened.remote_state(operator.config()) {
        Ok(state) => state?,
        Err(error) => return Some(check.bad(Failed::from(error).why)),
    };
    Some(match state.server {
        Ok(ServerState { standing: Standing::Ahead, .. }) => {
            let text = "the server of the shared store has lost commits that it had confirmed, so nothing is written; \
                        choose with plugin-vault remote keep-server or keep-mine";
            check.bad(text)
        }
        Ok(_) => check.good(format!("several machines share the store, over {}", state.url)),
        Err(error) => {
            let why = Failed::from(SharingError::from(error)).why;
            check.warning(format!("the store is shared, so nothing can be written now: {why}"))
        }
    })
}

fn records(facts: RecordFacts, count: u64) -> Finding {
    let mut text = counted(count, "record");
    if facts.expired > 0 {
        let _ = write!(text, ", {} expired and to be removed", facts.expired);
    }
    if facts.restored > 0 {
        let _ = write!(
            text,
            "; {} came back from a backup and may be older than what was stored last",
            facts.restored
        );
        return Check::Records.warning(text);
    }
    Check::Records.good(text)
}

fn clock(facts: RecordFacts, now: Timestamp) -> Finding {
    match facts.last_write {
        Some(at) if at.millis() > now.millis() + CLOCK => {
            let what =
                format!("the clock is behind: the last write to the store is {} by it", relative(at, now));
            Check::Clock.bad(what).command("sudo timedatectl set-ntp true")
        }
        _ => Check::Clock.good("not behind the last write"),
    }
}

fn keys(operator: &Operator, all: &[KeySummary], now: Timestamp) -> Vec<Finding> {
    let check = Check::Keys;
    let length = short_length(all.iter().map(|key| key.info.key_id.as_str()));
    let mut findings = Vec::new();
    for key in all {
        let id = shortened(&key.info.key_id, length);
        let Some((finding, command)) = about(key, now) else { continue };
        findings.push(match command {
            Some(command) => finding.command(own_command(operator, &format!("key {command} {id}"))),
            None => finding,
        });
    }
    if findings.len() > LINES {
        let more = findings.split_off(LINES).len();
        findings.push(check.warning(format!("{more} more")).command(own_command(operator, "key list")));
    }
    if findings.is_empty() {
        findings.push(check.good(counted(all.len() as u64, "key")));
    }
    findings
}

/// A finding about a key, and the subcommand of `key` that puts it right.
fn about(key: &KeySummary, now: Timestamp) -> Option<(Finding, Option<&'static str>)> {
    let check = Check::Keys;
    let is_older = |at: Option<Timestamp>, than: u64| at.is_some_and(|at| at.millis() + than < now.millis());
    match (key.state, key.info.expires_at) {
        (KeyState::Damaged, _) => {
            return Some((
                check.bad("a key is damaged and opens nothing; restore a backup that you keep"),
                None,
            ));
        }
        (KeyState::Expired, Some(at)) => {
            return Some((check.warning(format!("a key expired {}", relative(at, now))), Some("extend")));
        }
        (KeyState::Live, Some(at)) if at.millis() < now.millis() + SOON => {
            return Some((check.warning(format!("a key expires {}", relative(at, now))), Some("extend")));
        }
        _ => {}
    }
    if key.info.owner && key.records == 0 && is_older(key.info.issued_at, EMPTY) {
        return Some((check.warning("a key has no data"), Some("revoke")));
    }
    if key.info.owner && is_older(key.last_write, UNUSED) {
        let at = key.last_write.map_or(String::new(), |at| relative(at, now));
        return Some((check.warning(format!("the last write with a key was {at}")), Some("revoke")));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::vault::KeyInfo;

    use super::*;

    const NOW: u64 = 1_000 * DAY;

    fn key(state: KeyState, expires_in: Option<u64>, issued: u64, written: Option<u64>) -> KeySummary {
        let ago = |days: u64| Timestamp::from_millis(NOW - days * DAY);
        KeySummary {
            info: KeyInfo {
                key_id: "0123456789abcdef0123456789abcdef".into(),
                plugin: None,
                installation: None,
                label: None,
                issued_at: Some(ago(issued)),
                expires_at: expires_in.map(|days| Timestamp::from_millis(NOW + days * DAY)),
                scope: None,
                owner: true,
            },
            state,
            records: u64::from(written.is_some()),
            bytes: 0,
            last_write: written.map(ago),
        }
    }

    #[test]
    fn keys_that_end_soon_are_unused_or_have_no_data_are_found() {
        let found = |key: KeySummary| {
            about(&key, Timestamp::from_millis(NOW)).map(|(finding, command)| (finding.text, command))
        };
        assert_eq!(found(key(KeyState::Live, None, 900, Some(10))), None);
        assert_eq!(found(key(KeyState::Live, Some(15), 900, Some(10))), None);
        let soon = found(key(KeyState::Live, Some(3), 900, Some(10))).unwrap();
        assert_eq!(soon, ("a key expires in 3 days".into(), Some("extend")));
        assert_eq!(found(key(KeyState::Live, None, 29, None)), None);
        assert_eq!(found(key(KeyState::Live, None, 31, None)).unwrap().1, Some("revoke"));
        assert_eq!(found(key(KeyState::Live, None, 900, Some(181))), None);
        assert!(found(key(KeyState::Live, None, 900, Some(200))).unwrap().0.contains("6 months ago"));
        assert_eq!(found(key(KeyState::Damaged, None, 1, None)).unwrap().1, None);
    }

    #[test]
    fn a_clock_behind_the_last_write_is_found() {
        let now = Timestamp::from_millis(NOW);
        let at = |millis: u64| RecordFacts {
            last_write: Some(Timestamp::from_millis(millis)),
            ..RecordFacts::default()
        };
        assert_eq!(clock(at(NOW + CLOCK), now).level, super::super::Level::Ok);
        let behind = clock(at(NOW + 2 * DAY), now);
        assert!(
            behind.level == super::super::Level::Failed && behind.text.contains("in 2 days"),
            "{}",
            behind.text
        );
    }
}
