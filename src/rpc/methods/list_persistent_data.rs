//! `listPersistentData`: what the caller has stored, without the data.

use crate::rpc::declare::method;
use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::out_of_range;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Context, Entry, ListRecords, Place};

use super::shape::ListedRecord;
use super::{Call, FOLDER, Outcome};

method! {
    /// What is stored in the key's namespace and scope, without the data.
    "listPersistentData" => Vec<ListedRecord>,
    positional {}
    named {
        /// Only records of this context.
        "context" => context: Option<Context>,
        /// Only records of this folder.
        "workspaceFolder" => folder: Option<Place>,
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
        refusal(
            "The context user has no folders",
            json!({"context": "user", "workspaceFolder": "file:///home/me/project"}),
            "invalidParams",
            json!({"parameter": "workspaceFolder", "reason": "outOfRange"}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    if params.folder.is_some() && params.context == Some(Context::User) {
        return Err(out_of_range(FOLDER));
    }
    let caller = call.caller(params.handle).await?;
    let list = ListRecords { caller, context: params.context, place: params.folder };
    let entries = call.session.read(list, &call.cancel).await?;
    answer(&entries.into_iter().map(listed).collect())
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
