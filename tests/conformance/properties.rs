//! Properties of sealing that hold for every text, header and key.

use plugin_vault::crypto::{
    ApiKey, AssociatedData, Cipher, DataKey, DataKeys, NamespaceId, NotAuthentic, Place, RecordId, StoreId,
    StoreKey, StoreKeys,
};
use proptest::prelude::*;

/// What a sealed value is longer by than its padded text: the nonce and the tag.
const AROUND: usize = 12 + 16;
const STEP: usize = 64;

const PLACES: [Place; 6] =
    [Place::Meta, Place::Keys, Place::RecordAddress, Place::RecordData, Place::Changes, Place::Slot];

fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..=longest)
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

fn data_keys(store: [u8; 16], namespace: [u8; 16], key: [u8; 32]) -> DataKeys {
    DataKeys::derive(StoreId(store), NamespaceId(namespace), &DataKey::from_slice(&key).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_sealed_opens_at_its_place(
        key: [u8; 32], store: [u8; 16], place in 0..PLACES.len(),
        name in bytes(511), header in bytes(64), text in bytes(1_000),
    ) {
        let data = AssociatedData::new(StoreId(store), PLACES[place], &name, &header);
        let cipher = Cipher::new(&key);
        prop_assert_eq!(cipher.open(&data, &cipher.seal(&data, &text)), Ok(text));
    }

    #[test]
    fn any_flipped_bit_of_a_sealed_value_is_noticed(
        key: [u8; 32], text in bytes(200), at: prop::sample::Index,
    ) {
        let data = AssociatedData::new(StoreId([1; 16]), Place::RecordData, b"name", b"header");
        let cipher = Cipher::new(&key);
        let mut sealed = cipher.seal(&data, &text);
        let bit = at.index(sealed.len() * 8);
        flip(&mut sealed, bit);
        prop_assert_eq!(cipher.open(&data, &sealed), Err(NotAuthentic));
    }

    #[test]
    fn a_sealed_value_of_another_length_is_noticed(
        text in bytes(200), less: prop::sample::Index, more in bytes(130),
    ) {
        let data = AssociatedData::new(StoreId([1; 16]), Place::RecordData, b"name", b"header");
        let cipher = Cipher::new(&[2; 32]);
        let sealed = cipher.seal(&data, &text);
        prop_assert_eq!(cipher.open(&data, &sealed[..less.index(sealed.len())]), Err(NotAuthentic));
        if !more.is_empty() {
            prop_assert_eq!(cipher.open(&data, &[sealed, more].concat()), Err(NotAuthentic));
        }
    }

    #[test]
    fn any_flipped_bit_of_what_a_value_is_bound_to_is_noticed(
        key: [u8; 32], name in bytes(40), header in bytes(40), text in bytes(100), at: prop::sample::Index,
    ) {
        let store = [3; 16];
        let data = |store: &[u8], name: &[u8], header: &[u8]| {
            AssociatedData::new(StoreId(store.try_into().unwrap()), Place::Keys, name, header)
        };
        let mut all = [&store[..], &name, &header, &key].concat();
        flip(&mut all, at.index((store.len() + name.len() + header.len() + key.len()) * 8));
        let (other_store, rest) = all.split_at(store.len());
        let (other_name, rest) = rest.split_at(name.len());
        let (other_header, other_key) = rest.split_at(header.len());
        let sealed = Cipher::new(&key).seal(&data(&store, &name, &header), &text);
        let other = Cipher::new(other_key.try_into().unwrap());
        let opened = other.open(&data(other_store, other_name, other_header), &sealed);
        prop_assert_eq!(opened, Err(NotAuthentic));
    }

    #[test]
    fn a_value_does_not_open_at_another_place(
        sealed in 0..PLACES.len(), opened in 0..PLACES.len(), text in bytes(100),
    ) {
        prop_assume!(sealed != opened);
        let data = |place: usize| AssociatedData::new(StoreId([1; 16]), PLACES[place], b"name", b"header");
        let cipher = Cipher::new(&[7; 32]);
        prop_assert_eq!(cipher.open(&data(opened), &cipher.seal(&data(sealed), &text)), Err(NotAuthentic));
    }

    #[test]
    fn bytes_that_move_between_key_and_header_are_noticed(
        both in bytes(60), cut: prop::sample::Index, other: prop::sample::Index,
    ) {
        let (cut, other) = (cut.index(both.len() + 1), other.index(both.len() + 1));
        prop_assume!(cut != other);
        let store = StoreId([1; 16]);
        let data = |cut: usize| AssociatedData::new(store, Place::Meta, &both[..cut], &both[cut..]);
        let cipher = Cipher::new(&[4; 32]);
        prop_assert_eq!(cipher.open(&data(other), &cipher.seal(&data(cut), b"text")), Err(NotAuthentic));
    }

    #[test]
    fn a_sealed_length_tells_steps_of_64_only(text in bytes(400)) {
        let data = AssociatedData::new(StoreId([1; 16]), Place::RecordData, b"", b"");
        let padded = Cipher::new(&[5; 32]).seal(&data, &text).len() - AROUND;
        prop_assert_eq!(padded % STEP, 0);
        prop_assert!(padded >= text.len() + 4 && padded < text.len() + 4 + STEP);
    }

    #[test]
    fn the_same_text_never_seals_to_the_same_bytes(text in bytes(100)) {
        let data = AssociatedData::new(StoreId([1; 16]), Place::RecordData, b"", b"");
        let cipher = Cipher::new(&[6; 32]);
        prop_assert_ne!(cipher.seal(&data, &text), cipher.seal(&data, &text));
    }

    #[test]
    fn an_address_does_not_open_as_data_nor_data_as_an_address(
        key: [u8; 32], id: [u8; 32], header: [u8; 34], text in bytes(100),
    ) {
        let keys = data_keys([1; 16], [2; 16], key);
        let id = RecordId(id);
        let address = keys.seal_address(id, &header, &text);
        let record = keys.seal_record(id, &header, &text);
        prop_assert_eq!(keys.open_record(id, &header, address.clone(), 0), Err(NotAuthentic));
        prop_assert_eq!(keys.open_address(id, &header, &record), Err(NotAuthentic));
        prop_assert_eq!(keys.open_address(id, &header, &address), Ok(text.clone()));
        prop_assert_eq!(keys.open_record(id, &header, record.clone(), 0), Ok(text));
    }

    #[test]
    fn a_change_opens_at_its_own_revision_only(key: [u8; 32], revision: u64, other: u64, text in bytes(100)) {
        prop_assume!(revision != other);
        let keys = data_keys([1; 16], [2; 16], key);
        let sealed = keys.seal_change(revision, b"header", &text);
        prop_assert_eq!(keys.open_change(other, b"header", &sealed), Err(NotAuthentic));
        prop_assert_eq!(keys.open_change(revision, b"header", &sealed), Ok(text));
    }

    #[test]
    fn a_slot_opens_with_its_own_key_only(
        store_key: [u8; 32], key: [u8; 20], data_key: [u8; 32], at: prop::sample::Index,
    ) {
        let mut other = key;
        flip(&mut other, at.index(160));
        let keys = StoreKeys::derive(StoreId([1; 16]), StoreKey::from_slice(&store_key).unwrap());
        let slot = |key: &[u8; 20]| keys.slot(&ApiKey::parse(&base16ct::lower::encode_string(key)).unwrap());
        let inside = DataKey::from_slice(&data_key).unwrap();
        let wrapped = slot(&key).wrap(b"header", NamespaceId([9; 16]), &inside);
        prop_assert!(slot(&other).unwrap(b"header", &wrapped).is_err());
        prop_assert_ne!(slot(&other).id(), slot(&key).id());
        let (namespace, opened) = slot(&key).unwrap(b"header", &wrapped).unwrap();
        prop_assert_eq!((namespace, opened.expose()), (NamespaceId([9; 16]), &data_key));
    }

    #[test]
    fn an_api_key_is_forty_hexadecimal_digits(text in "\\PC{0,50}|[0-9a-fA-F]{38,42}|[0-9a-gA-G]{40}") {
        let is_key = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match ApiKey::parse(&text) {
            Ok(key) => prop_assert!(is_key && *key.to_text() == text.to_lowercase()),
            Err(_) => prop_assert!(!is_key),
        }
    }
}
