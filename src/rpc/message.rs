//! The envelope: what kind of message a text is. Strict, since a message that is taken for another kind gets no
//! answer, and a client waits for ever.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{self, Kind};

use super::methods;

/// A request's id, as its client wrote it.
pub(super) type Id = Box<RawValue>;

/// What was in a frame.
pub(super) enum Incoming<'a> {
    One(Message<'a>),
    Batch(Vec<&'a RawValue>),
}

/// One message.
pub(super) enum Message<'a> {
    Request {
        id: Id,
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    },
    Notification {
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    },
    /// To be ignored: we ask nothing.
    Response,
    /// No message; its id, if it has one that can be given back.
    Invalid(Option<Id>),
}

impl Message<'_> {
    /// Whether it asks to be told of changes.
    pub(super) fn is_watch(&self) -> bool {
        matches!(self, Self::Request { method, .. } if method == methods::WATCH)
    }
}

/// `None` if the bytes are not JSON in UTF-8.
pub(super) fn parse(bytes: &[u8]) -> Option<Incoming<'_>> {
    // What kind of text it is shows before it is read, so that a long one is read once.
    let text = str::from_utf8(bytes).ok()?.trim_matches(json::is_blank);
    if let Some(members) = json::members_in(text) {
        return Some(Incoming::One(Message::of(&members)));
    }
    if let Some(elements) = json::elements_in(text) {
        return Some(Incoming::Batch(elements));
    }
    json::parse(bytes).map(|_| Incoming::One(Message::Invalid(None)))
}

#[derive(Default)]
struct Envelope<'a> {
    version: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    answers: bool,
}

impl<'a> Message<'a> {
    /// Takes an element of a batch, or all of a frame, for a message.
    pub(super) fn parse(text: &'a RawValue) -> Self {
        json::members(text).map_or(Self::Invalid(None), |members| Self::of(&members))
    }

    fn of(members: &[json::Member<'a>]) -> Self {
        let mut envelope = Envelope::default();
        let (mut ids, mut twice, mut others) = (0, false, Vec::new());
        for member in members {
            let place = match &*member.name_bytes() {
                b"jsonrpc" => &mut envelope.version,
                b"id" => {
                    ids += 1;
                    &mut envelope.id
                }
                b"method" => &mut envelope.method,
                b"params" => &mut envelope.params,
                name => {
                    envelope.answers |= matches!(name, b"result" | b"error");
                    others.push(*member);
                    continue;
                }
            };
            twice |= place.replace(member.value).is_some();
        }
        twice |= json::has_duplicates(&others).is_some();
        if envelope.answers && envelope.method.is_none() {
            return Self::Response;
        }
        // Two ids: neither can be said to be the request's.
        let id = envelope.id.filter(|id| ids == 1 && is_id(id)).map(ToOwned::to_owned);
        let is_version = |text: &RawValue| json::string(text).as_deref() == Some("2.0");
        let wrong_id = envelope.id.is_some() && id.is_none();
        let params = envelope.params.filter(|params| json::kind(params) != Kind::Null);
        let wrong_params =
            params.is_some_and(|params| !matches!(json::kind(params), Kind::Object | Kind::Array));
        match envelope.method.and_then(method) {
            Some(method)
                if !twice && !wrong_id && !wrong_params && envelope.version.is_some_and(is_version) =>
            {
                match id {
                    Some(id) => Self::Request { id, method, params },
                    None => Self::Notification { method, params },
                }
            }
            _ => Self::Invalid(id),
        }
    }
}

/// A method's name. One that no text can hold (half a surrogate pair) is a name all the same, though not of ours.
fn method(text: &RawValue) -> Option<Cow<'_, str>> {
    match json::kind(text) {
        Kind::String => Some(json::string(text).unwrap_or_default()),
        _ => None,
    }
}

fn is_id(text: &RawValue) -> bool {
    matches!(json::kind(text), Kind::String | Kind::Number | Kind::Null)
}
