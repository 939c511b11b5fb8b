//! `sealed/`: what lies on the disk in format 1, against values that another implementation computed.
//!
//! Sealing takes its nonces from the operating system, so our code is asked to open what the other sealed, and
//! to refuse what differs from that in one bit.

use plugin_vault::crypto::{
    ApiKey, DataKey, DataKeys, NamespaceId, ProtectorKey, ProtectorKeys, RecordId, SlotId, StoreId, StoreKey,
    StoreKeys,
};
use plugin_vault::rows::StoredRecord;
use plugin_vault::store::SLOT_HEADER;

use crate::case::{self, Case};
use crate::store;

type Outcomes = Vec<String>;

/// One kind of case: what it gives, what comes of it, and how. `None` where our code refuses.
struct Kind {
    name: &'static str,
    given: &'static [&'static str],
    outcomes: &'static [&'static str],
    run: fn(&Given<'_>) -> Option<Outcomes>,
}

const KINDS: &[Kind] = &[
    Kind { name: "api key", given: &["text"], outcomes: &["canonical"], run: api_key },
    Kind {
        name: "slot id",
        given: &["store-id", "store-key", "api-key"],
        outcomes: &["slot-id"],
        run: |given| Some(vec![given.store_keys().slot(&given.api_key()).id().to_text()]),
    },
    Kind {
        name: "record id",
        given: &["store-id", "data-key", "namespace-id", "address"],
        outcomes: &["record-id"],
        run: |given| Some(vec![hex(&given.data_keys().record_id(&given.bytes("address")).0)]),
    },
    Kind {
        name: "lease id",
        given: &["store-id", "data-key", "namespace-id", "lease-name"],
        outcomes: &["lease-id"],
        run: |given| Some(vec![hex(&given.data_keys().lease_id(given.text("lease-name")).0)]),
    },
    Kind {
        name: "commitment",
        given: &["store-id", "protector-key"],
        outcomes: &["commitment"],
        run: |given| Some(vec![hex(&given.protector_keys().commitment())]),
    },
    Kind {
        name: "protector wrap",
        given: &["store-id", "protector-key", "row-id", "header", "wrapped"],
        outcomes: &["opened-store-key"],
        run: protector_wrap,
    },
    Kind {
        name: "protector row",
        given: &["store-id", "protector-key", "row-id", "row"],
        outcomes: &["opens"],
        run: protector_row,
    },
    Kind {
        name: "protector file",
        given: &["store-id", "protector-key", "row-id", "first-block", "second-block"],
        outcomes: &["opens"],
        run: protector_file,
    },
    Kind {
        name: "slot file",
        given: &["store-id", "store-key", "api-key", "file"],
        outcomes: &["opened-data-key", "opened-namespace-id"],
        run: slot_file,
    },
    Kind {
        name: "key row",
        given: &["store-id", "store-key", "slot-id", "header", "sealed"],
        outcomes: &["text"],
        run: key_row,
    },
    Kind {
        name: "record",
        given: &["store-id", "data-key", "namespace-id", "record-id", "row"],
        outcomes: &["revision", "created-at", "updated-at", "expires-at", "opened-head", "text"],
        run: record,
    },
    Kind {
        name: "change",
        given: &["store-id", "data-key", "namespace-id", "revision", "header", "sealed"],
        outcomes: &["opened"],
        run: change,
    },
    Kind {
        name: "checksum",
        given: &["table", "key", "value"],
        outcomes: &["checksum"],
        // A value is put into a store; what stands behind it in the file is its checksum.
        run: |given| {
            let (key, value) = (given.bytes("key"), given.bytes("value"));
            Some(vec![hex(&store::bytes_behind(given.text("table"), &key, &value))])
        },
    },
];

/// What a case gives.
pub(crate) struct Given<'c>(&'c Case);

impl Given<'_> {
    pub(crate) fn text(&self, word: &str) -> &str {
        self.0.value(word).unwrap()
    }

    pub(crate) fn bytes(&self, word: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(self.text(word)).unwrap()
    }

    fn array<const N: usize>(&self, word: &str) -> [u8; N] {
        self.bytes(word).try_into().unwrap()
    }

    fn store(&self) -> StoreId {
        StoreId(self.array("store-id"))
    }

    fn store_keys(&self) -> StoreKeys {
        StoreKeys::derive(self.store(), StoreKey::from_slice(&self.bytes("store-key")).unwrap())
    }

    fn protector_key(&self) -> ProtectorKey {
        ProtectorKey::from_slice(&self.bytes("protector-key")).unwrap()
    }

    fn protector_keys(&self) -> ProtectorKeys {
        ProtectorKeys::derive(self.store(), &self.protector_key())
    }

    fn data_keys(&self) -> DataKeys {
        let key = DataKey::from_slice(&self.bytes("data-key")).unwrap();
        DataKeys::derive(self.store(), NamespaceId(self.array("namespace-id")), &key)
    }

    fn api_key(&self) -> ApiKey {
        ApiKey::parse(self.text("api-key")).ok().unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn api_key(given: &Given<'_>) -> Option<Outcomes> {
    let key = ApiKey::parse(given.text("text")).ok()?;
    Some(vec![key.to_text().to_string()])
}

fn protector_wrap(given: &Given<'_>) -> Option<Outcomes> {
    let (row, header) = (given.bytes("row-id"), given.bytes("header"));
    let key = given.protector_keys().unwrap(&row, &header, &given.bytes("wrapped")).ok()?;
    Some(vec![hex(key.expose())])
}

/// The whole way: the program opens a store in which this row lies, with a key file of this key.
fn protector_row(given: &Given<'_>) -> Option<Outcomes> {
    let key = store::key_file(given.protector_key().expose());
    let protector = &store::Protector::Row(&given.bytes("row"));
    let opens = store::opens(given.array("store-id"), &key, given.array("row-id"), protector);
    opens.then(|| vec!["yes".to_owned()])
}

/// The same, with the whole file.
fn protector_file(given: &Given<'_>) -> Option<Outcomes> {
    let key = store::key_file(given.protector_key().expose());
    let file = [given.bytes("first-block"), given.bytes("second-block")].concat();
    let protector = &store::Protector::File(&file);
    let opens = store::opens(given.array("store-id"), &key, given.array("row-id"), protector);
    opens.then(|| vec!["yes".to_owned()])
}

fn slot_file(given: &Given<'_>) -> Option<Outcomes> {
    let file = given.bytes("file");
    let wrapped = file.strip_prefix(SLOT_HEADER)?;
    let slot = given.store_keys().slot(&given.api_key());
    let (namespace, key) = slot.unwrap(SLOT_HEADER, wrapped).ok()?;
    Some(vec![hex(key.expose()), hex(&namespace.0)])
}

fn key_row(given: &Given<'_>) -> Option<Outcomes> {
    let slot = SlotId(given.array("slot-id"));
    let sealed = given.bytes("sealed");
    let text = given.store_keys().open_key_row(slot, &given.bytes("header"), &sealed).ok()?;
    Some(vec![hex(&text)])
}

fn record(given: &Given<'_>) -> Option<Outcomes> {
    let (row, keys, id) = (given.bytes("row"), given.data_keys(), RecordId(given.array("record-id")));
    let stored = StoredRecord::decode(&row)?;
    let bound = stored.header.encode();
    let head = keys.open_address(id, &bound, stored.address).ok()?;
    let text = keys.open_record(id, &bound, stored.data.to_vec(), 0).ok()?;
    assert_eq!(stored.encode(), row);
    let header = stored.header;
    let numbers = [header.revision, header.created_at, header.updated_at, header.expires_at];
    Some(numbers.iter().map(u64::to_string).chain([hex(&head), hex(&text)]).collect())
}

fn change(given: &Given<'_>) -> Option<Outcomes> {
    let revision = given.text("revision").parse().unwrap();
    let sealed = given.bytes("sealed");
    Some(vec![hex(&given.data_keys().open_change(revision, &given.bytes("header"), &sealed).ok()?)])
}

fn check(case: &Case) -> Result<(), String> {
    let wanted = case.value("kind")?;
    let kind = KINDS.iter().find(|kind| kind.name == wanted);
    let kind = kind.ok_or_else(|| format!("'{wanted}' is no kind of case"))?;
    let refused = match case.optional("refused")? {
        None => false,
        Some("yes") => true,
        Some(other) => return Err(format!("'refused' is yes or absent, not '{other}'")),
    };
    let known = ["what", "kind", "refused"].iter().chain(kind.given);
    let known: Vec<&str> = known.chain(kind.outcomes.iter().filter(|_| !refused)).copied().collect();
    case.knows_only(&known)?;
    match ((kind.run)(&Given(case)), refused) {
        (None, true) => Ok(()),
        (None, false) => Err("it is refused".to_owned()),
        (Some(_), true) => Err("it is not refused".to_owned()),
        (Some(outcomes), false) => {
            for (word, outcome) in kind.outcomes.iter().zip(outcomes) {
                let expected = case.value(word)?;
                if expected != outcome {
                    return Err(format!("{word} is {outcome}, not {expected}"));
                }
            }
            Ok(())
        }
    }
}

#[test]
fn sealed_values_open_or_are_refused_as_another_implementation_says() {
    let cases = case::folder("sealed");
    for kind in KINDS {
        assert!(
            cases.iter().any(|case| case.value("kind") == Ok(kind.name)),
            "no case is about {}",
            kind.name
        );
    }
    case::check_all(&cases, check);
}
