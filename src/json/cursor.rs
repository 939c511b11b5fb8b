//! Walks once over a JSON text, into objects and past everything else.
//!
//! For code that goes down several levels: with [`members`](super::members) each level costs a scan of everything below
//! it; the cursor reads every byte once. It must only be given text that a parser has accepted: it finds where values
//! end, and does not check whether they are valid.

/// A position in a text: at a value, after one, or (inside an object) before a name.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at byte `at` of a text that a parser has accepted.
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The byte position in the text.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Moves to a later position, which must be the end of a value.
    pub(crate) fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    /// The text from an earlier position up to this one.
    pub(crate) fn text_since(&self, position: usize) -> &'a str {
        &self.text[position..self.at]
    }

    /// Whether the value at this position is an object.
    pub(crate) fn is_at_object(&self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Enters the value, if it is an object, so that [`Self::next_name`] gives its names. Returns whether it is one.
    pub(crate) fn enter_object(&mut self) -> bool {
        let is_object = self.is_at_object();
        if is_object {
            self.at += 1;
        }
        is_object
    }

    /// The next name of the object, with its quotes and escapes. Moves to the value, which the caller must take before
    /// the next call. `None` after the last name; the cursor has left the object then.
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

    /// The text of the value. Moves past it.
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

/// Whether the byte separates names and values. Outside of strings, no name or value contains it.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
}
