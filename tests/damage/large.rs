//! A store that is too large for every row to be checked at each opening: its structure is checked all the same, unless it
//! is as the last process left it.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Home;
use crate::random::Random;
use crate::store::{Server, set};

const MEBIBYTE: usize = 1 << 20;
/// Large values, which make the store large, and small ones, which make its trees wide.
const LARGE: usize = 10;
const SMALL: usize = 1_500;

/// What a page's header says of its kind.
const BRANCH: u16 = 1;
const LEAF: u16 = 2;

fn value(record: usize) -> Value {
    if record < LARGE {
        json!({"record": record, "text": "x".repeat(7 * MEBIBYTE)})
    } else {
        json!({"record": record, "text": "y".repeat(300 + record % 900)})
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap())
}

/// Puts another number into one field of the header of a page of the trees, or of one of its nodes.
fn harm(file: &mut [u8], page_size: usize, chance: &mut Random) {
    let is_tree = |page: &[u8], number: usize| {
        let own = u64::from_ne_bytes(page[..8].try_into().unwrap());
        own == number as u64 && matches!(u16_at(page, 10), BRANCH | LEAF)
    };
    let pages: Vec<_> = file
        .chunks(page_size)
        .enumerate()
        .skip(2)
        .filter(|(number, page)| is_tree(page, *number))
        .map(|(number, _)| number)
        .collect();
    let page = pages[chance.below(pages.len())] * page_size;
    // Its number, its kind, its bounds; or of a node the length of its value, its kind, the length of its key.
    let (at, length) = match chance.below(7) {
        0 => (0, 8),
        1 => (10, 2),
        2 => (12, 2),
        3 => (14, 2),
        field => {
            let nodes = (usize::from(u16_at(file, page + 12)) - 16) / 2;
            let node = usize::from(u16_at(file, page + 16 + 2 * chance.below(nodes)));
            [(node, 4), (node + 4, 2), (node + 6, 2)][field - 4]
        }
    };
    let field = &mut file[page + at..page + at + length];
    let before = field.to_vec();
    while field == before {
        let number = [0, 1, 0xFF, 0xFFFF, u64::MAX, chance.next()][chance.below(6)];
        field.copy_from_slice(&number.to_ne_bytes()[..length]);
    }
}

/// Each copy was closed in an orderly way, and one field of a header was changed since.
pub(crate) fn one_field_changed_after_an_orderly_end(copies: u64, seed: u64) {
    let made = Home::new();
    let mut server = Server::start(&made);
    for record in 0..LARGE + SMALL {
        set(&mut server, record, &value(record));
    }
    assert_eq!(server.end(), None);
    let whole = fs::read(made.data().join("data.mdb")).unwrap();
    assert!(whole.len() > 64 * MEBIBYTE);
    let header = fs::read_to_string(made.data().join("header")).unwrap();
    let page_size: usize = header.split_ascii_whitespace().last().unwrap().parse().unwrap();
    let mut repaired = 0;
    for number in 0..copies {
        let place = made.copied();
        let mut data = whole.clone();
        harm(&mut data, page_size, &mut Random(seed.wrapping_add(number)));
        fs::write(place.data().join("data.mdb"), data).unwrap();

        let mut server = Server::start(&place);
        for record in LARGE..LARGE + SMALL {
            server.send("getPersistentRecord", &server.address(record));
        }
        let answers: Vec<_> = (0..SMALL).map_while(|_| server.answer()).collect();
        assert_eq!(answers.len(), SMALL, "copy {number} of seed {seed}: the process has ended");
        server.send("vault/status", &Value::Null);
        let status = server.answer().unwrap_or_default()["result"].clone();
        repaired += u64::from(!status["repaired"].is_null());
        let mut write = server.address(LARGE);
        write["data"] = value(LARGE);
        server.send("setPersistentData", &write);
        assert!(
            server.answer().is_some(),
            "copy {number} of seed {seed}: the process has ended over a write"
        );
        assert_eq!(server.end(), None, "copy {number} of seed {seed}");
        for (record, answer) in (LARGE..).zip(&answers) {
            let data = &answer["result"]["data"];
            assert!(
                data.is_null() || *data == value(record),
                "copy {number} of seed {seed}: record {record}"
            );
        }
    }
    assert!(repaired > 0, "none of the changes was noticed");
}
