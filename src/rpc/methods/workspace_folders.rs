//! `workspace/didChangeWorkspaceFolders`: folders were opened and closed. A notification.

use serde_json::value::RawValue;

use crate::json;
use crate::session::{OpenFolder, Session};

use super::initialize::folder;

pub(in crate::rpc) const NAME: &str = "workspace/didChangeWorkspaceFolders";

/// A notification has no answer, so an event that can't be read changes nothing. Each element of its lists is a folder.
pub(super) fn change(session: &Session, params: Option<&RawValue>) {
    let Some(event) = params.and_then(|params| member(params, "event")) else { return };
    session.change_folders(&folders(event, "removed"), folders(event, "added"));
}

fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    json::members(object)?.into_iter().find(|member| member.is(name)).map(|member| member.value)
}

fn folders(event: &RawValue, name: &str) -> Vec<OpenFolder> {
    let list = member(event, name).and_then(json::elements).unwrap_or_default();
    list.into_iter().map(folder).collect()
}
