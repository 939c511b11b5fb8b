//! Replaces values in a stream of bytes by `***`, also where a value arrives in pieces.

use zeroize::Zeroizing;

const MASK: &[u8] = b"***";

/// The values that must not be shown, the longest first. An empty value hides nothing.
#[derive(Clone, Default)]
pub(super) struct Values(Vec<Zeroizing<Vec<u8>>>);

/// One stream, and the end of it that may be the beginning of a value.
pub(super) struct Mask {
    values: Values,
    held: Zeroizing<Vec<u8>>,
}

impl Values {
    pub(super) fn new<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let mut values: Vec<_> =
            values.filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.to_vec())).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Mask {
    pub(super) fn new(values: Values) -> Self {
        Self { values, held: Zeroizing::default() }
    }

    /// Takes the next bytes of the stream, and returns those that can be shown.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let (mut shown, mut at) = (Vec::with_capacity(self.held.len()), 0);
        while at < self.held.len() {
            let rest = &self.held[at..];
            let mut values = self.values.0.iter().filter(|value| value[0] == rest[0]);
            // The longest value that fits counts, so a longer one may have to come whole first.
            match values.find(|value| rest.starts_with(value) || value.starts_with(rest)) {
                Some(value) if rest.starts_with(value) => {
                    shown.extend_from_slice(MASK);
                    at += value.len();
                }
                Some(_) => break,
                None => {
                    shown.push(rest[0]);
                    at += 1;
                }
            }
        }
        self.held.drain(..at);
        shown
    }

    /// The bytes that were held back, at the end of the stream: no longer value follows them.
    pub(super) fn end(mut self) -> Vec<u8> {
        let (mut shown, mut rest) = (Vec::new(), self.held.as_slice());
        while let Some(first) = rest.first() {
            let found = self.values.0.iter().find(|value| rest.starts_with(value));
            match found {
                Some(_) => shown.extend_from_slice(MASK),
                None => shown.push(*first),
            }
            rest = &rest[found.map_or(1, |value| value.len())..];
        }
        self.held.clear();
        shown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(values: &[&str], pieces: &[&[u8]]) -> String {
        let mut mask = Mask::new(Values::new(values.iter().map(|value| value.as_bytes())));
        let mut shown: Vec<u8> = pieces.iter().flat_map(|piece| mask.take(piece)).collect();
        shown.extend(mask.end());
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn a_value_is_replaced_wherever_the_stream_is_cut() {
        #[track_caller]
        fn check(values: &[&str], text: &str, expected: &str) {
            for cut in 0..=text.len() {
                let (before, after) = text.as_bytes().split_at(cut);
                assert_eq!(masked(values, &[before, after]), expected, "{cut}");
            }
            let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
            assert_eq!(masked(values, &bytes), expected);
        }
        check(&["secret"], "a secret, secretsecret, secre", "a ***, ******, secre");
        check(&["aab"], "aaab aaa", "a*** aaa");
        check(&["ab", "abcd"], "abcd abc ab", "*** ***c ***");
        check(&["two\nlines"], "x\ntwo\nlines\n", "x\n***\n");
        check(&[""], "nothing", "nothing");
        check(&[], "nothing", "nothing");
    }

    proptest! {
        #[test]
        fn no_value_is_left_and_all_else_is_there(text in "[ab]{0,40}", value in "[ab]{3,5}", cuts in proptest::collection::vec(1..7_usize, 0..40)) {
            let (mut pieces, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            pieces.push(rest);
            prop_assert_eq!(masked(&[&value], &pieces), text.replace(&value, "***"));
        }
    }

    #[test]
    fn only_what_may_become_a_value_is_held_back() {
        let mut mask = Mask::new(Values::new([&b"secret"[..]].into_iter()));
        assert_eq!(mask.take(b"a prompt: "), b"a prompt: ");
        assert_eq!(mask.take(b"se"), b"");
        assert_eq!(mask.take(b"e"), b"see");
        assert!(mask.end().is_empty());
    }
}
