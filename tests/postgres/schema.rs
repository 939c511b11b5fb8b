//! The schema: installed, again, beside a newer one; and who may do what.

use std::path::Path;

use plugin_vault::remote::{self, Commit, Log as _, Machine, Position, PostgresLog, Refused, RemoteError};

use crate::server::{Shared, server, soon};

#[test]
fn it_may_be_installed_again_and_keeps_everything() {
    let shared = Shared::new();
    let before = shared.log().head(0, &soon()).unwrap();
    remote::install(&server().url("owner", &shared.database), &soon()).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/postgres/vault.sql");
    server().psql_file(&shared.database, &file);
    let after = shared.log().head(0, &soon()).unwrap();
    assert_eq!((after.position, after.revision), (before.position, before.revision));
}

#[test]
fn a_newer_schema_is_left_as_it_is() {
    let shared = Shared::new();
    shared.psql("update plugin_vault.version set number = 3");
    shared.psql(
        "create or replace function plugin_vault.clock() returns bigint language sql as 'select 7::bigint'",
    );
    let refused = remote::install(&server().url("owner", &shared.database), &soon());
    assert_eq!(refused, Err(RemoteError::TooNew));
    assert_eq!(shared.psql("select plugin_vault.clock()"), "7");
    assert_eq!(shared.psql("select number from plugin_vault.version"), "3");
}

#[test]
fn the_first_version_is_upgraded_and_its_machines_stay() {
    let shared = Shared::new();
    // What the first version did not have, and what it had instead.
    shared.psql(
        "update plugin_vault.version set number = 1; \
         alter table plugin_vault.devices drop column sealed_key; \
         drop index plugin_vault.devices_by_token; \
         drop function plugin_vault.admit, plugin_vault.create, plugin_vault.joined, plugin_vault.settle, \
             plugin_vault.machines, plugin_vault.remove, plugin_vault.discard; \
         create function plugin_vault.admit(bytea, bytea, bytea, bytea) returns void language sql as 'select'; \
         create function plugin_vault.create(bytea, bytea, bytea, bigint, integer) returns void language sql as 'select'",
    );
    let mut log = shared.log();
    assert_eq!(log.machines(&soon()), Err(RemoteError::NotInstalled));
    remote::install(&server().url("owner", &shared.database), &soon()).unwrap();
    assert_eq!(shared.log().machines(&soon()).unwrap().len(), 1);
    assert_eq!(shared.psql("select number from plugin_vault.version"), "2");
    let functions = "select count(*) from pg_proc where pronamespace = 'plugin_vault'::regnamespace \
                     and proname in ('admit', 'create')";
    assert_eq!(shared.psql(functions), "2");
}

#[test]
fn two_installations_at_one_time_are_one() {
    let database = server().database();
    let url = server().url("owner", &database);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| remote::install(&url, &soon()))).collect();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
    assert_eq!(server().psql(&database, "select count(*) from plugin_vault.version"), "1");
}

#[test]
fn a_database_without_the_schema_says_so() {
    let database = server().database();
    let machine = || Machine { store: [1; 16], token: [2; 32] };
    let mut log = PostgresLog::new(server().url("app", &database), machine());
    assert_eq!(log.head(0, &soon()), Err(RemoteError::NotInstalled));
    let created = remote::create(&server().url("owner", &database), &machine(), b"", 1, &soon());
    assert_eq!(created, Err(RemoteError::NotInstalled));
}

#[test]
fn a_login_role_sees_no_table_and_may_not_create_or_destroy() {
    let shared = Shared::new();
    let refused = RemoteError::Refused(Refused::Permission);
    let app = server().url("app", &shared.database);
    let machine = Machine { store: [9; 16], token: [9; 32] };
    assert_eq!(remote::create(&app, &machine, b"", 1, &soon()), Err(refused));
    assert_eq!(remote::install(&app, &soon()), Err(refused));
    for table in ["version", "stores", "devices", "rows", "commits"] {
        for right in ["select", "insert", "update", "delete", "truncate"] {
            let sql = format!("select has_table_privilege('app', 'plugin_vault.{table}', '{right}')");
            assert_eq!(shared.psql(&sql), "f", "{table} {right}");
        }
    }
    let allowed = "select string_agg(proname, ' ' order by proname) from pg_proc \
                   where pronamespace = 'plugin_vault'::regnamespace and has_function_privilege('app', oid, 'execute')";
    assert_eq!(shared.psql(allowed), "admit append discard head joined machines remove settle since");
    // A function runs with the rights of its owner, so it must not find anything by a path of the caller.
    // The two that only other functions call have the path of those.
    let without_path = "select string_agg(proname, ' ' order by proname) from pg_proc \
                        where pronamespace = 'plugin_vault'::regnamespace \
                        and (prosecdef and 'search_path=pg_catalog, pg_temp' = any(proconfig)) is not true";
    assert_eq!(shared.psql(without_path), "authorize clock");
}

#[test]
fn a_wrong_token_and_a_store_that_is_not_there_get_the_same_answer() {
    let shared = Shared::new();
    for (store, token) in [([1; 16], [3; 32]), ([4; 16], [2; 32])] {
        let refused = RemoteError::Refused(Refused::Machine);
        let url = server().url("app", &shared.database);
        let mut log = PostgresLog::new(url, Machine { store, token });
        assert_eq!(log.head(0, &soon()), Err(refused));
        assert_eq!(log.since(0, (0, 0, &[]), &soon()), Err(refused));
        let position = Position::default();
        let commit = Commit { position: &position, write_id: &[1; 16], revision: 1, rows: &[] };
        assert_eq!(log.append(&commit, &soon()), Err(refused));
    }
}

#[test]
fn a_machine_that_is_admitted_may_use_the_store_and_the_server_keeps_only_the_hash() {
    let shared = Shared::new();
    shared.psql(
        "select plugin_vault.admit(decode(repeat('02', 32), 'hex'), decode(repeat('01', 16), 'hex'), \
         sha256(decode(repeat('05', 32), 'hex')), 'label', null)",
    );
    let url = server().url("app", &shared.database);
    let mut log = PostgresLog::new(url, Machine { store: shared.store, token: [5; 32] });
    assert_eq!(log.head(0, &soon()).unwrap().position, Position::default());
    let tokens =
        "select count(*) from plugin_vault.devices where token_hash = decode(repeat('05', 32), 'hex')";
    assert_eq!(shared.psql(tokens), "0");
}

#[test]
fn a_destroyed_store_leaves_no_row() {
    let shared = Shared::new();
    let position = Position::default();
    let row = plugin_vault::remote::PlacedRow { table: 3, key: vec![1; 32], value: Some(vec![1; 50]) };
    let commit = Commit { position: &position, write_id: &[1; 16], revision: 1, rows: &[row] };
    shared.log().append(&commit, &soon()).unwrap();
    assert_eq!(shared.psql("select plugin_vault.destroy(decode(repeat('01', 16), 'hex'))"), "t");
    for table in ["stores", "devices", "rows", "commits"] {
        assert_eq!(shared.psql(&format!("select count(*) from plugin_vault.{table}")), "0", "{table}");
    }
}
