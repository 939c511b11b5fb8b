//! One walk over a JSON text, into objects and past everything else.
//!
//! For whoever goes down several levels: with [`members`](super::members) each level costs a scan of all that is below
//! it, with this one every byte is looked at once. It must only be given what a parser has accepted: it looks for where
//! things end, not for whether they are right.

/// A place in a text. It stands at a value, or after one, or (inside an object) before a name.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A place in a text that a parser has accepted.
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where in the text this is.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes on to a later position, which is known to be the end of a value.
    pub(crate) fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    /// The text from a former position up to this one.
    pub(crate) fn text_since(&self, position: usize) -> &'a str {
        &self.text[position..self.at]
    }

    /// Whether the value that this stands at is an object.
    pub(crate) fn is_at_object(&self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Goes into the value, if it is an object, so that its names can be taken one after the other.
    pub(crate) fn enter_object(&mut self) -> bool {
        let is_object = self.is_at_object();
        if is_object {
            self.at += 1;
        }
        is_object
    }

    /// The next name of the object, with its quotes and escapes, having gone on to the value, which is to be taken
    /// before the next call. `None`, having left the object, if there are no more.
    pub(crate) fn next_name(&mut self) -> Option<&'a str> {
        self.skip(is_between);
        if self.peek() != Some(b'"') {
            self.at += 1;
            return None;
        }
        let name = self.take_value();
        self.skip(is_between);
        Some(name)
    }

    /// The text of the value, having gone past it.
    pub(crate) fn take_value(&mut self) -> &'a str {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek() {
                None => break,
                Some(b'"') => self.skip_string(),
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                }
                Some(_) if open > 0 => self.at += 1,
                Some(_) => self.skip(|byte| !is_between(byte) && !matches!(byte, b'}' | b']')),
            }
            if open == 0 {
                break;
            }
        }
        self.text_since(start)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, matches: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&matches) {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            self.skip(|byte| !matches!(byte, b'"' | b'\\'));
            match self.peek() {
                // The byte after a backslash is ASCII, and never the string's end.
                Some(b'\\') => self.at += 2,
                Some(_) => {
                    self.at += 1;
                    return;
                }
                None => return,
            }
        }
    }
}

/// Whether the byte stands between names and values, and never in one that is no string.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
}
