//! The envelope, in both directions: what kind of message a text is, and an answer as text. The parser is strict, because
//! a message that is taken for another kind gets no answer, and its client waits for ever. An answer has exactly
//! `jsonrpc`, `id`, and one of `result` and `error`.

use std::borrow::Cow;

use jsonrpsee::MethodResponse;
use jsonrpsee::types::{ErrorObjectOwned, Id as PlaceholderId};
use serde_json::value::RawValue;

use crate::json::{self, Faulty, FaultyMember, Kind};
use crate::limits;
use crate::session::Id;

use super::error::Error;
use super::methods::{self, ResultText};

/// The id that `jsonrpsee` gets. It knows fewer ids than JSON has (none like 1.5 or 2^64), so the client's own text
/// takes its place in the answer.
pub(super) const PLACEHOLDER: PlaceholderId<'static> = PlaceholderId::Number(0);

/// The content of a frame.
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
    /// A response. It is ignored, because plugin-vault sends no requests.
    Response,
    /// Not a message, with its id if an answer can repeat it.
    Invalid(Option<Id>),
}

impl Message<'_> {
    /// Whether it is a request to watch for changes.
    pub(super) fn is_watch(&self) -> bool {
        matches!(self, Self::Request { method, .. } if method == methods::WATCH)
    }
}

/// `None` if the bytes are not JSON in UTF-8.
pub(super) fn parse(bytes: &[u8]) -> Option<Incoming<'_>> {
    // The kind of the text is known before it is parsed, so that a long text is parsed only once.
    let text = str::from_utf8(bytes).ok()?.trim_matches(json::is_blank);
    if let Some(members) = json::members_in(text) {
        return Some(Incoming::One(Message::of(&members)));
    }
    if let Some(elements) = json::elements_in(text) {
        return Some(Incoming::Batch(elements));
    }
    json::parse(bytes).map(|_| Incoming::One(Message::Invalid(None)))
}

/// The id of a request whose text is not JSON, so that the client's call ends. It is the id at the top level, if that
/// ends before the fault. It is never an id that may belong to another request. A second `id` gives none. Neither does
/// `result` or `error` without `method`, because these make the message a response. Neither does a cancellation in the
/// form that has the id of the request to be cancelled.
pub(super) fn id_in_faulty(bytes: &[u8]) -> Option<Id> {
    let text = Faulty::new(bytes);
    let members = text.members();
    let all = |name: &'static str| members.iter().filter(move |member| member.is(name));
    let answers = all("result").chain(all("error")).next().is_some();
    if answers && all("method").next().is_none() {
        return None;
    }
    let is_cancel = |value: &RawValue| json::string(value).as_deref() == Some(methods::CANCEL);
    if all("method").filter_map(FaultyMember::value).any(is_cancel) {
        return None;
    }
    let mut ids = all("id");
    let (Some(id), None) = (ids.next(), ids.next()) else { return None };
    id.value().filter(|id| is_id(id)).map(ToOwned::to_owned)
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
    /// Parses an element of a batch, or a whole frame, as a message.
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
        // With more members than are kept, it is not known whether the message has one twice.
        twice |= members.len() > json::MOST || json::has_duplicates(&others).is_some();
        if envelope.answers && envelope.method.is_none() {
            return Self::Response;
        }
        // With two ids, it is not known which one is the request's.
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

/// A method's name. A name that no text can hold (half a surrogate pair) is a name as well, although no method has it.
fn method(text: &RawValue) -> Option<Cow<'_, str>> {
    match json::kind(text) {
        Kind::String => Some(json::string(text).unwrap_or_default()),
        _ => None,
    }
}

/// The answer repeats the id, so its length is limited.
fn is_id(text: &RawValue) -> bool {
    matches!(json::kind(text), Kind::String | Kind::Number | Kind::Null) && text.get().len() <= limits::ID
}

/// A method's answer, with the client's id: its [`ResultText`], or else the text that `jsonrpsee` wrote.
pub(super) fn answer(id: &RawValue, mut response: MethodResponse) -> Vec<u8> {
    const HEAD: &str = r#"{"jsonrpc":"2.0","id":0,"#;
    if let Some(ResultText(result)) = response.extensions_mut().remove() {
        return with_id(id.get(), &["\"result\":", &result, "}"]);
    }
    let text = response.into_json();
    let rest = text.get().strip_prefix(HEAD).expect("jsonrpsee writes version and id first");
    with_id(id.get(), &[rest])
}

/// The answer for an error. Its id is `null` if the request's id is not known.
pub(super) fn refusal(id: Option<&RawValue>, error: Error) -> Vec<u8> {
    let error =
        serde_json::to_string(&ErrorObjectOwned::from(error)).expect("an error is made of texts and numbers");
    with_id(id.map_or("null", RawValue::get), &["\"error\":", &error, "}"])
}

fn with_id(id: &str, rest: &[&str]) -> Vec<u8> {
    const BEGINNING: &str = r#"{"jsonrpc":"2.0","id":"#;
    let length = BEGINNING.len() + id.len() + 1 + rest.iter().map(|part| part.len()).sum::<usize>();
    let mut text = Vec::with_capacity(length);
    for part in [BEGINNING, id, ","].iter().chain(rest) {
        text.extend_from_slice(part.as_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faulty_request_is_known_by_its_own_id_alone() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(id_in_faulty(text.as_bytes()).as_deref().map(RawValue::get), expected, "{text}");
        }
        check(r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":NaN}}"#, Some("1"));
        check(r#"{"params":{"id":9,"x":NaN},"method":"m","id":"\u0041"}"#, Some(r#""\u0041""#));
        check(r#"{"\u0069d":1.50,"method":"m","params":[1,]}"#, Some("1.50"));
        check(r#"{"id":1"#, None);
        check(r#"{"id":null,"method":"m",}"#, Some("null"));
        check(r#"{"id":[1],"method":"m",}"#, None);
        check(r#"{"id":true,"method":"m",}"#, None);
        check(r#"{"id":NaN,"method":"m"}"#, None);
        check(r#"{"method":"m","params":{"id":9},}"#, None);
        check(r#"{"method":"m","params":"\"id\":9",}"#, None);
        check(r#"{"ID":1,"method":"m",}"#, None);
        check(r#"[{"id":1,"method":"m"},NaN]"#, None);
        // With two ids, it is not known which one is the request's.
        check(r#"{"id":1,"method":"m","id":2,}"#, None);
        check(r#"{"id":1,"method":"m","\u0069d":"#, None);
        check(r#"{"id":1,"id":NaN,"method":"m"}"#, None);
        // Responses: the client would take an answer with their id for the answer to a request of its own.
        check(r#"{"id":1,"result":NaN}"#, None);
        check(r#"{"id":1,"error":{"code":1,"message":""#, None);
        check(r#"{"result":NaN,"id":1}"#, None);
        check(r#"{"id":1,"method":"m","result":NaN}"#, Some("1"));
        check(r#"{"id":1,"method":"$/cancelRequest",}"#, None);
        check(r#"{"id":1,"method":"\u0024/cancelRequest",}"#, None);
        check(r#"{"id":1,"method":"$/cancelReq"#, Some("1"));
    }
}
