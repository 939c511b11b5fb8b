//! A server that does not keep to its functions: what it forges or moves is not read, and what it can do all the same.

use std::path::Path;

use serde_json::{Value, json};

use crate::forensic::bytes_below;
use crate::machines::{Shared, fails, object, store};

/// The row of the record that was written last.
const LAST: &str =
    "tab = 3 and key = (select key from plugin_vault.rows where tab = 3 order by turn desc limit 1)";

/// Makes a commit that sets the value of one row, as only the owner of the tables can.
fn commit(shared: &Shared, row: &str, value: &str) {
    shared.psql(&format!(
        "with new as (update plugin_vault.stores set turn = turn + 1, write_id = decode(md5(random()::text), 'hex') \
           returning id, turn, write_id), \
         noted as (insert into plugin_vault.commits select id, turn % 256, turn, write_id from new \
           on conflict (store, slot) do update set turn = excluded.turn, write_id = excluded.write_id) \
         update plugin_vault.rows r set turn = new.turn, value = {value} from new where r.store = new.id and {row}"
    ));
}

/// The key of the row of the record that was written last, and its value, as SQL.
fn last(shared: &Shared) -> (String, String) {
    let part = |name: &str| {
        let digits =
            shared.psql(&format!("select encode({name}, 'hex') from plugin_vault.rows where {LAST}"));
        format!("'\\x{digits}'::bytea")
    };
    (format!("tab = 3 and key = {}", part("key")), part("value"))
}

#[test]
fn a_value_that_the_server_has_changed_or_moved_is_damaged_and_is_not_read() {
    let shared = Shared::pushed();
    let (app, sealed) = last(&shared);
    commit(
        &shared,
        &app,
        &format!("set_byte({sealed}, length({sealed}) - 1, get_byte({sealed}, length({sealed}) - 1) # 1)"),
    );
    fails(&shared.first, &["get", "me.app"], 6, "damaged");
    commit(&shared, &app, &sealed);
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    store(&shared.first, "me.other");
    let (other, moved) = last(&shared);
    assert_ne!(other, app);
    commit(&shared, &app, &moved);
    fails(&shared.first, &["get", "me.app"], 6, "damaged");
}

#[test]
fn an_older_value_that_the_server_puts_back_and_a_row_that_it_takes_away_are_taken() {
    let shared = Shared::pushed();
    let (app, older) = last(&shared);
    let newer = store(&shared.first, "me.app");
    assert_eq!(object(&shared.first, "me.app"), newer);
    commit(&shared, &app, &older);
    assert_eq!(object(&shared.first, "me.app"), shared.object);
    commit(&shared, &app, "null");
    fails(&shared.first, &["get", "me.app"], 4, "");
}

#[test]
fn a_server_sees_which_rows_belong_together_their_revisions_and_their_sizes_in_steps() {
    let shared = Shared::pushed();
    let key = shared.first.key();
    let mut client = shared.first.client_with(&key);
    let mut write = |name: &str, fill: usize| {
        let data = json!({"fill": "-".repeat(fill)});
        let answer = client.ok("setPersistentData", json!({"context": "user", "name": name, "data": data}));
        let length = format!("select octet_length(value) from plugin_vault.rows where {LAST}");
        (answer["revision"].as_u64().unwrap(), shared.psql(&length).parse::<u64>().unwrap())
    };
    let (short, longer, longest) = (write("a", 1), write("b", 20), write("c", 20 + 64));
    assert_eq!((short.1, longer.1 + 64), (longer.1, longest.1));
    assert_eq!(shared.psql("select revision from plugin_vault.stores"), longest.0.to_string());
    let together = "select string_agg(n::text, ',' order by n) from (select count(*) as n from plugin_vault.rows \
                    where tab = 3 group by substr(key, 1, 16)) of_namespace";
    assert_eq!(shared.psql(together), "1,3");
}

#[test]
fn a_server_has_the_slot_of_a_key_that_was_revoked_in_its_log() {
    let shared = Shared::pushed_to_its_own_server();
    let mut client = shared.first.client();
    let issued = client.ok("issueAPIKey", json!({"plugin": "a.b"}));
    shared.first.keep_key(issued["apiKey"].as_str().unwrap());
    let handle = client.ok("setAPIKey", json!([issued["apiKey"]]))["handle"].clone();
    client.ok("setPersistentData", json!({"context": "user", "data": {}, "handle": handle}));
    let slot = |what: &str| {
        let key_id = issued["keyId"].as_str().unwrap();
        shared.psql(&format!("select {what} from plugin_vault.rows where tab = 7 and key = '\\x{key_id}'"))
    };
    let wrapped = base16ct::lower::decode_vec(slot("encode(value, 'hex')")).unwrap();
    assert!(wrapped.len() > 32);
    assert_eq!(client.ok("revokeAPIKey", json!({"handle": handle}))["destroyed"], Value::Bool(true));
    assert_eq!(slot("value is null"), "t");
    // No machine has it any more.
    let (on_the_server, here) = (below(&shared.server().folder), below(shared.first.root()));
    let has = |bytes: &[u8]| bytes.windows(wrapped.len()).any(|window| window == wrapped);
    assert!(!has(&here));
    assert!(has(&on_the_server));
}

fn below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    bytes_below(folder, &mut all);
    all
}
