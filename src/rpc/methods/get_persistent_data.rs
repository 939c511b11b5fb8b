//! `getPersistentData`: the object, exactly as stored, or `null`.

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Object};
use crate::vault::{Context, GetInherited, GetRecord, Name, Place};

use super::{Call, Outcome};

method! {
    /// Returns the object byte for byte as it was stored, or `null` if there is no record.
    "getPersistentData" => Option<Object<'static>>,
    positional {
        "context" => context: Context,
    }
    named {
        "workspaceFolder" => folder: Option<Place>,
        "name" => name: Option<Name>,
        /// Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64,
        /// by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts
        /// as empty. A damaged record on the way fails with 4002.
        "inherit" => inherit: Option<bool>,
        /// Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20
        /// seconds old, and older while the server can't be reached. A store of one machine is always current.
        "fresh" => fresh: Option<bool>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, FOLDER_ERRORS, READ_ERRORS]
    examples [
        example("The user's record", json!(["user"]), json!({"theme": "dark"}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example(
            "A folder without a record of its own inherits the user's",
            json!({"context": "workspace", "workspaceFolder": "file:///home/me/project", "inherit": true}),
            json!({"theme": "dark"}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example("There is no such record", json!({"context": "workspace", "name": "session"}), json!(null)),
        refusal(
            "Not a folder's URI",
            json!({"context": "workspace", "workspaceFolder": "project"}),
            "workspaceFolderInvalid",
            json!({}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.refresh(params.fresh).await?;
    let target = call.target(params.context, params.folder, params.name, params.handle).await?;
    let found = if params.inherit == Some(true) {
        call.session.read(GetInherited(target), &call.pending).await?.map(|found| found.record)
    } else {
        call.session.read(GetRecord(target), &call.pending).await?
    };
    match found {
        // The text was checked when it was stored.
        Some(record) => Ok(record.text),
        None => answer(&None),
    }
}
