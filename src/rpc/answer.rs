//! Answers as text: exactly `jsonrpc`, `id`, and one of `result` and `error`.

use jsonrpsee::MethodResponse;
use jsonrpsee::types::{ErrorObjectOwned, Id as PlaceholderId};
use serde_json::value::RawValue;

use super::error::Error;
use super::methods::ResultText;

/// The id that `jsonrpsee` gets. It knows fewer ids than JSON has (none like 1.5 or 2^64), so the client's own text
/// takes its place in the answer.
pub(super) const PLACEHOLDER: PlaceholderId<'static> = PlaceholderId::Number(0);
const HEAD: &str = r#"{"jsonrpc":"2.0","id":0,"#;

/// A method's answer, with the client's id: its [`ResultText`], or else the text that `jsonrpsee` wrote.
pub(super) fn of_method(id: &RawValue, mut response: MethodResponse) -> Vec<u8> {
    if let Some(ResultText(result)) = response.extensions_mut().remove() {
        return with_id(id.get(), &["\"result\":", &result, "}"]);
    }
    let text = response.into_json();
    let rest = text.get().strip_prefix(HEAD).expect("jsonrpsee writes version and id first");
    with_id(id.get(), &[rest])
}

/// The answer for an error. Its id is `null` if the request's id is not known.
pub(super) fn of_error(id: Option<&RawValue>, error: Error) -> Vec<u8> {
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
