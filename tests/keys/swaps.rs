//! A person who can write the files puts each sealed value in the place of each other one, with the checksum that
//! belongs there: as a whole row, and as what is sealed in it behind the head that belongs there. What reads that place
//! is refused, and no key ever gets the data of another one.

use std::fs;

use serde_json::{Value, json};

use crate::disk::{CHANGES, Disk, KEY_INDEX, KEYS, RECORDS, protectors};
use crate::server::{Answer, Home, Server, with};

mod place;

use place::{At, Part, Place};

/// The names of a record's readers, and of a list's.
fn record(key: usize, address: usize) -> String {
    format!("key {key} reads {address}")
}

fn addresses() -> [Value; 3] {
    [
        json!({"context": "user"}),
        json!({"context": "user", "name": "n"}),
        json!({"context": "workspace", "workspaceFolder": "file:///a"}),
    ]
}

/// Two namespaces, each with an owner's and a shared key and three records; one of the owners has rotated.
struct Victims {
    home: Home,
    server: Server,
    /// Owner, shared, owner, shared.
    keys: [Value; 4],
    handles: [Value; 4],
    rotated_away: Value,
}

impl Victims {
    fn new() -> Self {
        let home = Home::new();
        let mut server = home.server();
        let (first, handle) = server.issue("a.b");
        let (second, other) = server.issue("c.d");
        let mut all = [first.clone(), Value::Null, second, Value::Null];
        for (owner, handle) in [(0, &handle), (2, &other)] {
            for (number, mut params) in addresses().into_iter().enumerate() {
                params["data"] = json!({"owner": owner, "number": number});
                server.ok("setPersistentData", with(handle, params));
            }
            all[owner + 1] = server.ok("shareAPIKey", with(handle, json!({})));
        }
        all[0] = server.ok("rotateAPIKey", with(&handle, json!({})));
        let keys = all.map(|key| key["apiKey"].clone());
        let handles = keys.each_ref().map(|key| server.handle_of(key));
        Self { home, server, keys, handles, rotated_away: first["apiKey"].clone() }
    }

    /// Everything that can be asked for, by name.
    fn look(&mut self) -> Vec<(String, Answer)> {
        let mut asked = Vec::new();
        for (key, handle) in self.handles.iter().enumerate() {
            for (number, address) in addresses().into_iter().enumerate() {
                let id = self.server.begin("getPersistentRecord", with(handle, address));
                asked.push((record(key, number), id));
            }
            let list = self.server.begin("listPersistentData", with(handle, json!({})));
            asked.push((format!("key {key} lists"), list));
            let keys = self.server.begin("listAPIKeys", with(handle, json!({})));
            asked.push((format!("key {key} lists keys"), keys));
        }
        let old = self.server.begin("setAPIKey", json!([self.rotated_away]));
        asked.push(("the old key is set".to_owned(), old));
        asked.into_iter().map(|(name, id)| (name, self.server.answer(id))).collect()
    }

    fn places(&self, disk: &Disk) -> Vec<Place> {
        let slots = self.keys.each_ref().map(|key| disk.slot(key).id());
        let reads_all = |key: usize| {
            let mut names: Vec<_> = (0..3).map(|number| record(key, number)).collect();
            names.extend([format!("key {key} lists"), format!("key {key} lists keys")]);
            names
        };
        let mut places = Vec::new();
        let others = Vec::new;
        for (id, content) in protectors(&self.home.data()) {
            let path = self.home.data().join("protectors").join(base16ct::lower::encode_string(&id));
            let at = At::Protector(path, id);
            places.push(Place { at, content, readers: Vec::new(), others: others() });
        }
        // The table of keys says the same, so nothing is refused for a list that is not what was written.
        for (name, content) in disk.rows(KEY_INDEX).into_iter().filter(|(name, _)| name[0] == 3) {
            places.push(Place {
                at: At::Row(KEY_INDEX, name),
                content,
                readers: Vec::new(),
                others: others(),
            });
        }
        for (slot, content) in disk.rows(KEYS) {
            let others = [0, 2].map(|owner| format!("key {owner} lists keys")).into();
            let readers = match slots.iter().position(|known| known.0 == *slot) {
                Some(key) => reads_all(key),
                None => vec!["the old key is set".to_owned()],
            };
            places.push(Place { at: At::Row(KEYS, slot), content, readers, others });
        }
        for (id, content) in disk.rows(RECORDS) {
            let mut readers = Vec::new();
            for (key, api_key) in self.keys.iter().enumerate() {
                let keys = disk.data_keys(api_key);
                for (number, address) in encoded_addresses().iter().enumerate() {
                    if keys.record_id(address).0 == *id {
                        readers.extend([record(key, number), format!("key {key} lists")]);
                    }
                }
            }
            assert_eq!(readers.len(), 4);
            places.push(Place { at: At::Row(RECORDS, id), content, readers, others: others() });
        }
        for (revision, content) in disk.rows(CHANGES) {
            places.push(Place {
                at: At::Row(CHANGES, revision),
                content,
                readers: Vec::new(),
                others: others(),
            });
        }
        for (key, slot) in slots.iter().enumerate() {
            let path = self.home.data().join("slots").join(slot.to_text());
            let content = fs::read(&path).unwrap();
            places.push(Place { at: At::Slot(path), content, readers: reads_all(key), others: others() });
        }
        places
    }

    /// What no call reads in this release: change notices are opened here, and the protector's row by a process
    /// that has just been started.
    fn read_the_rest(&self, disk: &Disk, place: &Place, content: &[u8]) -> Option<i64> {
        match &place.at {
            At::Row(CHANGES, revision) => {
                let revision = u64::from_be_bytes(revision.as_slice().try_into().unwrap());
                let opens = content.len() > 33
                    && self.keys.iter().any(|key| {
                        let keys = disk.data_keys(key);
                        keys.open_change(revision, &content[..33], &content[33..]).is_ok()
                    });
                assert!(!opens, "a change notice opens where it does not belong");
                None
            }
            At::Protector(..) => {
                let mut server = self.home.server();
                let read = server.handle_of(&self.keys[0]);
                let code = server.code("listPersistentData", with(&read, json!({})));
                assert_eq!(server.code("issueAPIKey", json!(["e.f"])), code);
                // A script that never had its store says so in the end.
                assert_eq!(server.finish().code, Some(3));
                Some(code)
            }
            At::Row(..) | At::Slot(_) => None,
        }
    }
}

/// As `docs/format.md` says.
fn encoded_addresses() -> [Vec<u8>; 3] {
    let encode = |context: u8, folder: &str, name: &str| {
        let mut bytes = vec![context];
        for part in ["", folder, name] {
            bytes.extend_from_slice(&u16::try_from(part.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    };
    [encode(1, "", ""), encode(1, "", "n"), encode(2, "file:///a", "")]
}

/// Whether a reader of a record has no need of the part that is not what it was: a list opens no data, and the data is
/// bound to its place without the address that lies beside it.
fn spares(place: &Place, part: Option<&Part>, is_list: bool) -> bool {
    matches!(place.at, At::Row(RECORDS, _)) && part.is_some_and(|part| part.is_data == is_list)
}

/// Puts `content` there, looks at everything, and puts back what belongs there.
fn check(
    victims: &mut Victims,
    disk: &Disk,
    healthy: &[(String, Answer)],
    place: &Place,
    content: &[u8],
    part: Option<&Part>,
    what: &str,
) {
    assert_ne!(content, place.content, "{what}: nothing was swapped");
    place.put(disk, content);
    for ((name, before), (_, after)) in healthy.iter().zip(victims.look()) {
        let must_fail = place.readers.contains(name) && !spares(place, part, name.ends_with("lists"));
        match after {
            Err(refused) if refused.code == 4002 || refused.code == 1004 => {
                let is_as_before = before.as_ref().is_err_and(|before| before.code == refused.code);
                let may_fail = must_fail || is_as_before;
                assert!(may_fail, "{what}: {name} was refused with {refused:?}");
            }
            Err(refused) => panic!("{what}: {name} was refused with {refused:?}"),
            Ok(_) if must_fail => panic!("{what}: {name} went well"),
            Ok(found) if place.others.contains(name) => {
                let all = before.as_ref().unwrap().as_array().unwrap();
                let found = found.as_array().unwrap();
                assert!(found.iter().all(|key| all.contains(key)), "{what}: {name} was given something else");
                assert!(found.len() + 1 >= all.len(), "{what}: {name} misses more than one");
            }
            Ok(found) => assert_eq!(Ok(found), *before, "{what}: {name} was given something else"),
        }
    }
    if let Some(code) = victims.read_the_rest(disk, place, content) {
        assert_eq!(code, 4001, "{what}");
    }
    place.put(disk, &place.content);
}

#[test]
fn no_sealed_value_is_good_in_the_place_of_another() {
    let mut victims = Victims::new();
    let disk = Disk::open(&victims.home.data(), &victims.home.keys());
    let places = victims.places(&disk);
    // A protector, two lists of keys, five rows of keys, six records and their notices, four slots.
    assert_eq!(places.len(), 1 + 2 + 5 + 6 + 6 + 4);
    let parts_of = |(place, found): (usize, &Place)| {
        let parts = found.parts().into_iter();
        parts.map(move |(range, is_data)| Part { place, range, is_data }).collect::<Vec<_>>()
    };
    let parts: Vec<_> = places.iter().enumerate().flat_map(parts_of).collect();
    assert_eq!(parts.len(), places.len() + 6);
    let healthy = victims.look();
    for (name, answer) in &healthy {
        assert_eq!(answer.is_ok(), name != "the old key is set", "{name}: {answer:?}");
    }
    for (at, place) in places.iter().enumerate() {
        for (from, source) in places.iter().enumerate() {
            // What begins like no slot file is another matter.
            let fits = !matches!(place.at, At::Slot(_)) || matches!(source.at, At::Slot(_));
            if from != at && fits {
                let what = format!("row {from} at {at}");
                check(&mut victims, &disk, &healthy, place, &source.content, None, &what);
            }
        }
    }
    for (at, part) in parts.iter().enumerate() {
        let place = &places[part.place];
        for (from, source) in parts.iter().enumerate() {
            if from != at {
                let sealed = &places[source.place].content[source.range.clone()];
                let content = place.with_part(part, sealed);
                let what = format!("part {from} at {at}");
                check(&mut victims, &disk, &healthy, place, &content, Some(part), &what);
            }
        }
    }
    // All is as it was.
    assert_eq!(victims.look(), healthy);
    disk.close();
}

/// One file is damaged, and nothing is known of any other.
#[test]
fn a_slot_file_that_is_none_is_a_damaged_value_and_no_damaged_store() {
    let mut victims = Victims::new();
    let disk = Disk::open(&victims.home.data(), &victims.home.keys());
    let places = victims.places(&disk);
    let healthy = victims.look();
    let place = places.iter().find(|place| matches!(place.at, At::Slot(_))).unwrap();
    let (mut other_head, mut other_generation) = (place.content.clone(), place.content.clone());
    other_head[7] += 1;
    other_generation[8] += 1;
    let contents: [(&str, &[u8]); 5] = [
        ("another head", &other_head),
        ("another generation of the data key", &other_generation),
        ("the beginning", &place.content[..50]),
        ("a part of the head", &place.content[..4]),
        ("no slot file", b"something else"),
    ];
    for (what, content) in contents {
        check(&mut victims, &disk, &healthy, place, content, None, what);
    }
    disk.close();
}

#[test]
fn no_record_has_the_dates_or_the_revision_of_another() {
    let mut victims = Victims::new();
    let disk = Disk::open(&victims.home.data(), &victims.home.keys());
    let places = victims.places(&disk);
    let healthy = victims.look();
    let records: Vec<_> = places.iter().filter(|place| matches!(place.at, At::Row(RECORDS, _))).collect();
    for place in &records {
        for source in &records {
            // Revision, created, updated, end; each alone, and all of them.
            for field in [2..10, 10..18, 18..26, 26..34, 0..34] {
                let mut content = place.content.clone();
                content[field.clone()].copy_from_slice(&source.content[field.clone()]);
                if content != place.content {
                    let what = format!("head {field:?}");
                    check(&mut victims, &disk, &healthy, place, &content, None, &what);
                }
            }
        }
    }
    disk.close();
}

#[test]
fn a_store_with_the_same_api_key_gives_nothing_to_another_store() {
    let (mut one, mut two) = (Victims::new(), Victims::new());
    let key = one.keys[2].clone();
    // The same key owns a namespace here too.
    let handle = two.server.handle_of(&key);
    let ours = json!({"context": "user", "data": {"ours": true}});
    two.server.ok("setPersistentData", with(&handle, ours));
    let theirs = Disk::open(&one.home.data(), &one.home.keys());
    let disk = Disk::open(&two.home.data(), &two.home.keys());
    let slot = |home: &Home, disk: &Disk| home.data().join("slots").join(disk.slot(&key).id().to_text());
    let foreign = fs::read(slot(&one.home, &theirs)).unwrap();
    let path = slot(&two.home, &disk);
    let own = fs::read(&path).unwrap();
    let place = Place { at: At::Slot(path), content: own, readers: Vec::new(), others: Vec::new() };
    place.put(&disk, &foreign);
    let read = with(&handle, json!({"context": "user"}));
    assert_eq!(two.server.code("getPersistentData", &read), 4002);
    place.put(&disk, &place.content);
    let id = disk.slot(&key).id().0;
    let (_, own) = disk.rows(KEYS).into_iter().find(|(slot, _)| *slot == id).unwrap();
    let id_there = theirs.slot(&key).id().0;
    let (_, foreign) = theirs.rows(KEYS).into_iter().find(|(slot, _)| *slot == id_there).unwrap();
    disk.put(&[(KEYS, &id, &foreign)]);
    assert_eq!(two.server.code("getPersistentData", &read), 4002);
    disk.put(&[(KEYS, &id, &own)]);
    assert_eq!(two.server.ok("getPersistentData", &read), json!({"ours": true}));
    assert!(one.look().iter().filter(|(_, answer)| answer.is_err()).count() == 1);
    disk.close();
    theirs.close();
}
