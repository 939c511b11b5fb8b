//! Logins, TLS, and servers that can't be reached.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use plugin_vault::remote::{
    self, Appended, Commit, Deadline, Head, Log as _, Password, Position, PostgresLog, Refused, RemoteError,
    ServerUrl,
};

use crate::proxy::{Loses, Proxy};
use crate::server::{PASSWORD, Server, Shared, server, soon};

fn head(shared: &Shared, url: ServerUrl) -> Result<Head, RemoteError> {
    PostgresLog::new(url, shared.machine()).head(0, &soon())
}

#[track_caller]
fn check(shared: &Shared, url: ServerUrl, expected: Result<(), RemoteError>) {
    assert_eq!(head(shared, url).map(drop), expected);
}

fn password(password: &[u8]) -> Password {
    password.to_vec().into()
}

#[test]
fn a_password_is_not_shown_or_goes_through_tls() {
    let shared = Shared::new();
    let refused = Err(RemoteError::Refused(Refused::Login));
    for user in ["scram", "md5"] {
        let url = server().url(user, &shared.database);
        check(&shared, url.clone().with_password(password(PASSWORD)), Ok(()));
        check(&shared, url.with_password(password(b"wrong")), refused);
    }
    let root = format!("?sslmode=verify-full&sslrootcert={}", root().display());
    let secured = server().url_with("clear", &shared.database, &root);
    check(&shared, secured.clone().with_password(password(PASSWORD)), Ok(()));
    check(&shared, secured.with_password(password(b"wrong")), refused);
    let plain = server().url("clear", &shared.database).with_password(password(PASSWORD));
    check(&shared, plain, refused);
    check(&shared, server().url("stranger", &shared.database), refused);
    check(&shared, server().url("app", "no_such_database"), refused);
}

fn root() -> std::path::PathBuf {
    server().folder.join("data/server.crt")
}

#[test]
fn tls_needs_a_certificate_that_is_trusted_and_has_the_name() {
    let shared = Shared::new();
    let refused = Err(RemoteError::Refused(Refused::Certificate));
    let trusted = format!("?sslmode=verify-full&sslrootcert={}", root().display());
    check(&shared, server().url_with("app", &shared.database, &trusted), Ok(()));
    // The system's certificates do not have this one.
    check(&shared, server().url_with("app", &shared.database, "?sslmode=verify-full"), refused);
    let other_name = Server::url_at("localhost", server().port(), "app", &shared.database, &trusted);
    check(&shared, other_name, refused);
    let no_file =
        server().url_with("app", &shared.database, "?sslmode=verify-full&sslrootcert=/no/such/file");
    check(&shared, no_file, refused);
}

/// A server that answers each connection in one way, and its port.
fn listener(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            client.read_exact(&mut [0; 8]).unwrap();
            client.write_all(answer).unwrap();
            // Reads on, so that the connection stays open.
            thread::spawn(move || std::io::copy(&mut client, &mut std::io::sink()));
        }
    });
    port
}

#[test]
fn a_server_without_tls_gets_no_login_where_tls_is_required() {
    let shared = Shared::new();
    for (answer, expected) in [(b"N".as_slice(), Refused::NoTls), (b"SE", Refused::NoTls)] {
        let url = Server::url_at("127.0.0.1", listener(answer), "app", "db", "?sslmode=verify-full");
        check(&shared, url, Err(RemoteError::Refused(expected)));
    }
}

#[test]
fn a_server_that_is_not_there_or_does_not_answer_is_unreachable_by_the_deadline() {
    let shared = Shared::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(&shared, Server::url_at("127.0.0.1", free, "app", "db", ""), Err(RemoteError::Unreachable));
    check(&shared, Server::url_at("no-such-host.invalid", 1, "app", "db", ""), Err(RemoteError::Unreachable));
    let silent = Server::url_at("127.0.0.1", listener(b""), "app", "db", "");
    let (began, wait) = (Instant::now(), Duration::from_millis(200));
    let unanswered = PostgresLog::new(silent, shared.machine()).head(0, &Deadline::within(wait));
    assert_eq!(unanswered, Err(RemoteError::Unreachable));
    assert!(began.elapsed() >= wait && began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_name_is_resolved() {
    let shared = Shared::new();
    check(&shared, Server::url_at("localhost", server().port(), "app", &shared.database, ""), Ok(()));
}

#[test]
fn a_commit_whose_request_or_answers_are_lost_is_done_once() {
    const LOSSES: &[Loses] = &[Loses::Request, Loses::Answer, Loses::Answer, Loses::Request];
    let shared = Shared::new();
    let proxy = Proxy::start(LOSSES);
    let url = Server::url_at("127.0.0.1", proxy.port, "app", &shared.database, "");
    let mut log = PostgresLog::new(url, shared.machine());
    let position = Position::default();
    let commit = Commit { position: &position, write_id: &[7; 16], revision: 1, rows: &[] };
    assert_eq!(remote::append(&mut log, &commit, &soon()), Ok(Appended::Done));
    assert_eq!(proxy.connections.load(Ordering::SeqCst), LOSSES.len() + 1);
    let head = log.head(0, &soon()).unwrap();
    assert_eq!(head.position, Position { turn: 1, write_id: [7; 16] });
}

#[test]
fn a_connection_that_the_server_has_ended_is_replaced() {
    let shared = Shared::new();
    let mut log = shared.log();
    log.head(0, &soon()).unwrap();
    shared.psql(
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity \
         where application_name = 'plugin-vault' and datname = current_database()",
    );
    log.head(0, &soon()).unwrap();
}
