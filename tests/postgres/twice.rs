//! Answers that arrive twice, which no TCP connection does, but a proxy or a pooler with a fault might.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use plugin_vault::remote::{Appended, Commit, Log as _, PlacedRow, Position, PostgresLog, RemoteError};

use crate::replica::Replica;
use crate::server::{Server, Shared, server, soon};

/// A proxy before the server that gives each answer of the log twice, the second time a little later. Returns its port.
fn doubling() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) =
                (client.unwrap(), TcpStream::connect(("127.0.0.1", server().port())).unwrap());
            carry(&client, &server);
        }
    });
    port
}

fn carry(client: &TcpStream, server: &TcpStream) {
    let is_in_use = Arc::new(AtomicBool::new(false));
    let (used, mut from, mut to) =
        (is_in_use.clone(), client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            // The login is before.
            let is_call = bytes[..length].windows(13).any(|word| word == b"plugin_vault.");
            used.fetch_or(is_call, Ordering::SeqCst);
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let answer = bytes[..length].to_vec();
            if to.write_all(&answer).is_err() {
                break;
            }
            if is_in_use.load(Ordering::SeqCst) {
                let mut late = to.try_clone().unwrap();
                thread::spawn(move || {
                    thread::sleep(Duration::from_micros(300));
                    // The connection may have ended.
                    let _ = late.write_all(&answer);
                });
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[test]
fn an_answer_that_arrives_twice_is_not_taken_for_that_of_the_next_request() {
    let shared = Shared::new();
    let url = Server::url_at("127.0.0.1", doubling(), "app", &shared.database, "");
    let mut writer = Replica::new(shared.log());
    let mut reader = Replica::new(PostgresLog::new(url, shared.machine()));
    for value in 0..60 {
        writer.write(value % 5, value);
        // Two requests at once, so that the second copy of one answer meets the next request.
        let head = reader.log.head(0, &soon()).map(|head| head.revision);
        assert!(head.is_err() || head == Ok(u64::from(value) + 1), "{head:?}");
        // It may fail, and must not take less than there is.
        if reader.try_catch_up().is_ok() {
            assert_eq!(reader.rows(), writer.rows());
        }
    }
    let mut direct = Replica::new(shared.log());
    direct.try_catch_up().unwrap();
    assert_eq!(direct.rows(), writer.rows());
}

#[test]
fn a_refusal_that_arrives_twice_is_not_taken_for_the_answer_of_the_next_request() {
    let shared = Shared::with_quota(1_000);
    let url = Server::url_at("127.0.0.1", doubling(), "app", &shared.database, "");
    let mut log = PostgresLog::new(url, shared.machine());
    let mut at = Position::default();
    for number in 1..20_u128 {
        let write_id = number.to_be_bytes();
        let mut append = |bytes| {
            let rows = [PlacedRow { table: 3, key: vec![1; 32], value: Some(vec![1; bytes]) }];
            let commit = Commit { position: &at, write_id: &write_id, revision: at.turn + 1, rows: &rows };
            log.append(&commit, &soon())
        };
        // An earlier request without an answer may arrive meanwhile.
        let refused = append(2_000);
        assert!(matches!(refused, Err(_) | Ok(Appended::Conflict)), "{refused:?}");
        let accepted = append(10);
        let expected = [Ok(Appended::Done), Ok(Appended::Conflict), Err(RemoteError::Unanswered)];
        assert!(expected.contains(&accepted), "number {number}: {accepted:?}");
        at = shared.log().head(0, &soon()).unwrap().position;
    }
}
