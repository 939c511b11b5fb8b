//! `listPersistentData`: what the caller has stored, without the data.

use serde_json::value::RawValue;

use crate::json::{self, Kind};
use crate::limits;
use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, READ_ERRORS, Reason, Rule, WrongParameter};
use crate::rpc::params::method;
use crate::rpc::values::Argument;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{After, Context, Entry, ListRecords, Name, Place};

use super::wire::ListedRecord;
use super::{Call, FOLDER, Outcome};

method! {
    /// Lists the records in the key's namespace and scope, without their data. The order is always the same, and says
    /// nothing about the records.
    ///
    /// If the list is longer than a message may be, the call fails with 2002, and `data.limit` is that length in
    /// bytes. Ask for such a list in pages: pass `limit`, and pass the last entry of one page as `after` of the next.
    /// A page with fewer entries than `limit` is the last one. Each page shows the store at its own moment. A record
    /// that exists all the time is in one of the pages.
    "listPersistentData" => Vec<ListedRecord>,
    positional {}
    named {
        /// Only records of this context.
        "context" => context: Option<Context>,
        /// Only records of this folder.
        "workspaceFolder" => folder: Option<Place>,
        /// The most entries to return, from 1 to 1,000; without it, all.
        "limit" => limit: Option<PageSize>,
        /// Only records that follow this one in the order. The record itself need not exist any more.
        "after" => after: Option<ListedBefore>,
        /// Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20
        /// seconds old, and older while the server can't be reached. A store of one machine is always current.
        "fresh" => fresh: Option<bool>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, FOLDER_ERRORS, READ_ERRORS]
    examples [
        example(
            "One record",
            json!({}),
            json!([{
                "context": "user", "name": "session", "revision": 2, "bytes": 16,
                "createdAt": "2030-01-01T00:00:00.000Z", "updatedAt": "2030-01-01T00:00:00.000Z",
            }]),
        )
        .after("setPersistentData", json!({"context": "user", "name": "session", "data": {"theme": "dark"}})),
        example(
            "The page after the last record is empty",
            json!({"limit": 100, "after": {"context": "user", "name": "session"}}),
            json!([]),
        )
        .after("setPersistentData", json!({"context": "user", "name": "session", "data": {"theme": "dark"}})),
        wrong(
            "The context user has no folders",
            json!({"context": "user", "workspaceFolder": "file:///home/me/project"}),
            WrongParameter::named("workspaceFolder", Rule::NoFolder),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.refresh(params.fresh).await?;
    if params.folder.is_some() && params.context == Some(Context::User) {
        return Err(WrongParameter::named(FOLDER, Rule::NoFolder).into());
    }
    let caller = call.caller(params.handle).await?;
    let most = call.session.limits().message;
    let list = ListRecords {
        caller,
        context: params.context,
        place: params.folder,
        after: params.after.map(|after| after.0),
        limit: params.limit.map(|limit| limit.0),
        most,
    };
    let entries = call.session.read(list, &call.pending).await?;
    call.fits(answer(&entries.into_iter().map(listed).collect())?)
}

/// The most entries of a page.
struct PageSize(usize);

impl<'a> Argument<'a> for PageSize {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let page_limit = WrongParameter::named(name, Rule::PageSize);
        let Revision(count) = Revision::read(name, value).map_err(|wrong| match wrong.rule.reason() {
            Reason::WrongType => wrong,
            _ => page_limit,
        })?;
        match usize::try_from(count) {
            Ok(size) if (1..=limits::LIST_PAGE).contains(&count) => Ok(Self(size)),
            _ => Err(page_limit),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PageSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PageSize".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": 1, "maximum": limits::LIST_PAGE})
    }
}

/// The record after which a page begins. An entry of a list names it; the other members of the entry are ignored.
struct ListedBefore(After);

impl<'a> Argument<'a> for ListedBefore {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let wrong = |rule| WrongParameter::named(name, rule);
        let members = json::members(value).ok_or(wrong(Rule::Object))?;
        if json::has_duplicates(&members).is_some() {
            return Err(wrong(Rule::Members));
        }
        let inside = |one: WrongParameter| match one.rule.reason() {
            Reason::WrongType => wrong(Rule::EntryType),
            _ => wrong(Rule::Entry),
        };
        let stated = |wanted: &str| {
            let member = members.iter().find(|member| member.is(wanted))?;
            Some(member.value).filter(|value| json::kind(value) != Kind::Null)
        };
        let context =
            stated("context").map(|value| Context::read(name, value)).transpose().map_err(inside)?;
        let folder = stated(FOLDER).map(|value| Place::read(name, value)).transpose().map_err(inside)?;
        let record = stated("name").map(|value| Name::read(name, value)).transpose().map_err(inside)?;
        let place = match (context, folder) {
            (Some(Context::User), None) => Place::User,
            (Some(Context::Workspace), Some(place)) => place,
            _ => return Err(wrong(Rule::Entry)),
        };
        Ok(Self(After { place, name: record }))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ListedBefore {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ListedBefore".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "Names a record, as an entry of a list does. The other members of an entry may be present too.",
            "required": ["context"],
            "properties": {
                "context": generator.subschema_for::<Context>(),
                "workspaceFolder": generator.subschema_for::<crate::vault::folder::WorkspaceFolder>(),
                "name": generator.subschema_for::<Name>(),
            },
        })
    }
}

fn listed(entry: Entry) -> ListedRecord {
    ListedRecord {
        context: entry.address.context(),
        workspace_folder: entry.address.folder,
        name: entry.address.name,
        revision: Revision(entry.revision),
        created_at: entry.created_at,
        updated_at: entry.updated_at,
        expires_at: entry.expires_at,
        bytes: entry.bytes,
    }
}
