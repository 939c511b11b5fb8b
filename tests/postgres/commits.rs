//! Commits on a real server: their condition, their ids, pages, quotas, what is forgotten.

use plugin_vault::remote::{
    self, Appended, Commit, Log as _, PlacedRow, Position, PostgresLog, RemoteError, WriteId,
};

use crate::server::{Shared, soon};

fn record(key: u8, value: Option<Vec<u8>>) -> PlacedRow {
    PlacedRow { table: 3, key: vec![key; 32], value }
}

fn byte(number: u64) -> u8 {
    number.try_into().unwrap()
}

fn id(number: u64) -> WriteId {
    u128::from(number).to_be_bytes()
}

fn try_append(
    log: &mut PostgresLog,
    at: Position,
    number: u64,
    rows: &[PlacedRow],
) -> Result<Appended, RemoteError> {
    let commit = Commit { position: &at, write_id: &id(number), revision: at.turn + 1, rows };
    log.append(&commit, &soon())
}

/// Appends at `at`, and returns the position after it.
fn append(log: &mut PostgresLog, at: Position, number: u64, rows: &[PlacedRow]) -> Position {
    assert_eq!(try_append(log, at, number, rows), Ok(Appended::Done));
    Position { turn: at.turn + 1, write_id: id(number) }
}

#[test]
fn a_commit_is_conditional_on_the_number_and_the_id_of_the_head() {
    let shared = Shared::new();
    let mut log = shared.log();
    let first = append(&mut log, Position::default(), 1, &[record(1, Some(vec![1; 9]))]);
    // The same request again, under its id and under another.
    assert_eq!(try_append(&mut log, Position::default(), 1, &[]), Ok(Appended::Done));
    assert_eq!(try_append(&mut log, Position::default(), 2, &[]), Ok(Appended::Conflict));
    // The right number on another history.
    let other = Position { turn: 1, write_id: id(7) };
    assert_eq!(try_append(&mut log, other, 3, &[]), Ok(Appended::Conflict));
    let head = log.head(1, &soon()).unwrap();
    assert_eq!((head.position, head.revision, head.then), (first, 1, Some(first.write_id)));
    assert_eq!(shared.psql("select count(*) from plugin_vault.rows"), "1");
}

#[test]
fn an_old_id_is_told_apart_from_a_conflict_as_long_as_256_commits() {
    let shared = Shared::new();
    let mut log = shared.log();
    let mut at = append(&mut log, Position::default(), 1, &[]);
    for number in 2..=256 {
        at = append(&mut log, at, number, &[]);
    }
    assert_eq!(try_append(&mut log, Position::default(), 1, &[]), Ok(Appended::Done));
    assert_eq!(try_append(&mut log, Position::default(), 999, &[]), Ok(Appended::Conflict));
    append(&mut log, at, 257, &[]);
    assert_eq!(try_append(&mut log, Position::default(), 1, &[]), Ok(Appended::Forgotten));
    let head = log.head(1, &soon()).unwrap();
    assert_eq!((head.position.turn, head.then), (257, None));
}

#[test]
fn pages_have_every_row_once_in_the_order_of_its_last_commit() {
    let shared = Shared::new();
    let mut log = shared.log();
    let many: Vec<_> = (0..5_000_u32)
        .map(|key| PlacedRow {
            table: 3,
            key: [key.to_be_bytes().as_slice(), &[0; 28]].concat(),
            value: Some(vec![7; 60]),
        })
        .collect();
    let at = append(&mut log, Position::default(), 1, &many);
    let at = append(&mut log, at, 2, &[record(200, Some(vec![1; 6 << 20]))]);
    let at =
        append(&mut log, at, 3, &[record(201, None), PlacedRow { table: 2, key: vec![9; 16], value: None }]);
    let (mut read, mut pages) = (Vec::new(), 0);
    let mut behind = (0, 0, Vec::new());
    loop {
        let page = log.since(1, (behind.0, behind.1, &behind.2), &soon()).unwrap();
        assert_eq!((page.head.position, page.head.then), (at, Some(id(1))));
        pages += 1;
        if let Some((turn, row)) = page.rows.last() {
            behind = (*turn, row.table, row.key.clone());
        }
        read.extend(page.rows);
        if page.is_last {
            break;
        }
    }
    assert!(pages > 2, "{pages}");
    let (turns, rows): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    assert!(turns[..5_000].iter().all(|turn| *turn == 1));
    assert_eq!(turns[5_000..], [2, 3, 3]);
    assert_eq!(rows[..5_000], many);
    assert_eq!(rows[5_000].value.as_ref().unwrap().len(), 6 << 20);
    assert_eq!((rows[5_001].table, rows[5_002].table), (2, 3));
    assert_eq!((&rows[5_001].value, &rows[5_002].value), (&None, &None));
}

#[test]
fn a_store_at_its_quota_refuses_what_grows_and_lets_rows_be_removed() {
    let shared = Shared::with_quota(1_000);
    let mut log = shared.log();
    let at = append(&mut log, Position::default(), 1, &[record(1, Some(vec![1; 900]))]);
    assert_eq!(try_append(&mut log, at, 2, &[record(2, Some(vec![1; 100]))]), Err(RemoteError::Full));
    assert_eq!(log.head(0, &soon()).unwrap().position, at, "nothing of it was done");
    let at = append(&mut log, at, 3, &[record(1, Some(vec![1; 400]))]);
    let at = append(&mut log, at, 4, &[record(2, Some(vec![1; 100]))]);
    append(&mut log, at, 5, &[record(1, None), record(2, None)]);
    assert_eq!(shared.psql("select bytes from plugin_vault.stores"), "0");
}

#[test]
fn what_is_gone_is_remembered_for_256_commits_and_1000_change_notices_are_kept() {
    let shared = Shared::new();
    let mut log = shared.log();
    let mut at = append(&mut log, Position::default(), 1, &[record(1, Some(vec![1; 50]))]);
    at = append(&mut log, at, 2, &[record(1, None)]);
    let gone = "select count(*) from plugin_vault.rows where value is null";
    for number in 3..=257 {
        let change =
            PlacedRow { table: 5, key: (at.turn + 1).to_be_bytes().to_vec(), value: Some(vec![1; 9]) };
        at = append(&mut log, at, number, &[change]);
    }
    assert_eq!(shared.psql(gone), "1");
    append(&mut log, at, 258, &[]);
    assert_eq!(shared.psql(gone), "0");
    // Revisions may leave gaps: here a store that was restored.
    let at = log.head(0, &soon()).unwrap().position;
    let change = PlacedRow { table: 5, key: 1_100_u64.to_be_bytes().to_vec(), value: Some(vec![1; 9]) };
    let commit = Commit { position: &at, write_id: &id(300), revision: 1_100, rows: &[change] };
    assert_eq!(log.append(&commit, &soon()), Ok(Appended::Done));
    assert_eq!(log.head(0, &soon()).unwrap().forgotten, 100);
    let oldest = "select encode(key, 'hex') from plugin_vault.rows where tab = 5 order by key limit 1";
    assert_eq!(shared.psql(oldest), "0000000000000065");
}

#[test]
fn machines_that_write_at_one_time_lose_no_commit() {
    const MACHINES: u64 = 4;
    const EACH: u64 = 15;
    let shared = &Shared::new();
    std::thread::scope(|scope| {
        for machine in 0..MACHINES {
            scope.spawn(move || {
                let mut log = shared.log();
                for number in 0..EACH {
                    // Each decision has an id of its own.
                    for attempt in 0_u64.. {
                        let at = log.head(0, &soon()).unwrap().position;
                        let id = id(machine << 40 | number << 20 | attempt);
                        let row = PlacedRow {
                            table: 4,
                            key: [[byte(machine); 16], [byte(number); 16]].concat(),
                            value: Some(vec![1]),
                        };
                        let commit =
                            Commit { position: &at, write_id: &id, revision: at.turn + 1, rows: &[row] };
                        match remote::append(&mut log, &commit, &soon()).unwrap() {
                            Appended::Done => break,
                            Appended::Conflict => {}
                            Appended::Forgotten => panic!("the first request is never forgotten"),
                        }
                    }
                }
            });
        }
    });
    let head = shared.log().head(0, &soon()).unwrap();
    assert_eq!((head.position.turn, head.revision), (MACHINES * EACH, MACHINES * EACH));
    assert_eq!(shared.psql("select count(*) from plugin_vault.rows"), (MACHINES * EACH).to_string());
}

#[test]
fn a_default_of_the_server_does_not_weaken_a_commit() {
    let shared = Shared::new();
    for weak in ["off", "local", "remote_write"] {
        shared.psql(&format!("alter role app set synchronous_commit = {weak}"));
        // What a function sets is seen by what the same transaction runs later, here a trigger at its end.
        shared.psql(
            "create table if not exists public.seen (setting text); \
             create or replace function public.note() returns trigger language plpgsql security definer as \
             $$ begin insert into public.seen values (current_setting('synchronous_commit')); return null; end $$; \
             drop trigger if exists note on plugin_vault.commits; truncate public.seen; \
             create constraint trigger note after insert or update on plugin_vault.commits \
             deferrable initially deferred for each row execute function public.note()",
        );
        let mut log = shared.log();
        let at = log.head(0, &soon()).unwrap().position;
        append(&mut log, at, at.turn + 1, &[]);
        assert_eq!(shared.psql("select setting from public.seen"), "on", "{weak}");
    }
    shared.psql("alter role app reset synchronous_commit");
}

#[test]
fn an_empty_commit_and_the_clock() {
    let shared = Shared::new();
    let mut log = shared.log();
    append(&mut log, Position::default(), 1, &[]);
    let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let clock = log.head(0, &soon()).unwrap().clock;
    assert!(now.abs_diff(clock) < 60_000, "{now} {clock}");
    let page = log.since(0, (0, 0, &[]), &soon()).unwrap();
    assert!(page.rows.is_empty() && page.is_last);
}
