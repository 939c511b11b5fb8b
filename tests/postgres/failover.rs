//! Servers that fail and are replaced: a standby that takes over, and a backup that is put back.

use std::sync::mpsc;
use std::time::Duration;

use plugin_vault::remote::{
    self, Appended, Commit, Deadline, Log as _, Machine, NotCaughtUp, Position, PostgresLog, RemoteError,
    WriteId,
};

use crate::replica::Replica;
use crate::server::{Server, soon};

const STORE: [u8; 16] = [1; 16];
const TOKEN: [u8; 32] = [2; 32];

fn log(server: &Server) -> PostgresLog {
    PostgresLog::new(server.url("app", "postgres"), Machine { store: STORE, token: TOKEN })
}

/// A server with the schema and one empty store.
fn server_with_a_store() -> Server {
    let server = Server::start();
    let url = server.url("owner", "postgres");
    remote::install(&url, &soon()).unwrap();
    let machine = Machine { store: STORE, token: TOKEN };
    remote::create(&url, &machine, b"label", 1 << 20, &soon()).unwrap();
    server
}

fn id(turn: u64) -> WriteId {
    u128::from(turn).to_be_bytes()
}

fn append(log: &mut PostgresLog, at: &Position, deadline: &Deadline) -> Result<Appended, RemoteError> {
    let turn = at.turn + 1;
    let commit = Commit { position: at, write_id: &id(turn), revision: turn, rows: &[] };
    remote::append(log, &commit, deadline)
}

/// Waits until a question to the server has the answer `t`.
fn wait_until(server: &Server, question: &str) {
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    while server.psql("postgres", question) != "t" {
        assert!(std::time::Instant::now() < deadline, "{question}");
    }
}

#[test]
fn a_synchronous_standby_that_takes_over_has_every_answered_commit() {
    let primary = server_with_a_store();
    let standby = primary.copied(true);
    primary.psql("postgres", "alter system set synchronous_standby_names = '*'");
    primary.psql("postgres", "select pg_reload_conf()");
    wait_until(&primary, "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'");
    let (answered, answers) = mpsc::channel();
    let mut writer = log(&primary);
    let written = std::thread::spawn(move || {
        let mut at = Position::default();
        // The first request without an answer is the last one.
        while append(&mut writer, &at, &Deadline::within(Duration::from_secs(5))) == Ok(Appended::Done) {
            at = Position { turn: at.turn + 1, write_id: id(at.turn + 1) };
            answered.send(at).unwrap();
        }
        at
    });
    assert!(answers.iter().nth(20).is_some());
    primary.kill();
    let last = written.join().unwrap();
    standby.psql("postgres", "alter system reset synchronous_standby_names");
    standby.psql("postgres", "select pg_promote(true, 60)");
    standby.psql("postgres", "select pg_reload_conf()");
    let mut log = log(&standby);
    let head = log.head(last.turn, &soon()).unwrap();
    assert_eq!(head.then, Some(last.write_id), "the last answered commit is there");
    // The request without an answer, again: whether it was done or not, it is done once.
    assert_eq!(append(&mut log, &last, &soon()), Ok(Appended::Done));
    assert_eq!(log.head(0, &soon()).unwrap().position.turn, last.turn + 1);
}

#[test]
fn a_backup_of_the_server_that_is_put_back_is_noticed_by_a_replica_that_was_ahead() {
    let server = server_with_a_store();
    let mut replica = Replica::new(log(&server));
    replica.write(1, 1);
    let old = server.copied(false);
    replica.write(2, 2);
    let before = replica.rows();
    replica.log = log(&old);
    let mut went_back = |turns: u64| {
        let noticed = replica.try_catch_up();
        assert_eq!(noticed, Err(NotCaughtUp::Remote(RemoteError::WentBack)), "{turns} turns");
        assert_eq!(replica.rows(), before, "the replica keeps what it has");
    };
    went_back(1);
    // Another machine goes on from the old state.
    let mut other = Replica::new(log(&old));
    other.try_catch_up().unwrap();
    for turns in 2..4 {
        other.write(3, u8::try_from(turns).unwrap());
        went_back(turns);
    }
}
