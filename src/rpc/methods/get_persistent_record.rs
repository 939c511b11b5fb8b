//! `getPersistentRecord`: the object with its revision and its dates, or `null`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Object, Revision, True};
use crate::vault::{
    Address, Context, DamagedPart, Error, GetInherited, GetRecord, Name, Place, Record as Found,
};

use super::wire::{FoundIn, Record};
use super::{Call, Outcome};

method! {
    /// Returns the object with its revision and its dates, or `null` if there is no record.
    "getPersistentRecord" => Option<Record>,
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
        example(
            "With the revision that a later write passes as ifRevision",
            json!({"context": "user"}),
            json!({
                "data": {"theme": "dark"}, "revision": 2,
                "createdAt": "2030-01-01T00:00:00.000Z", "updatedAt": "2030-01-01T00:00:00.000Z",
            }),
        )
        .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example(
            "A folder inherits the record of the folder above it",
            json!({"context": "workspace", "workspaceFolder": "file:///home/me/project/part", "inherit": true}),
            json!({
                "data": {"theme": "dark"}, "revision": 2,
                "createdAt": "2030-01-01T00:00:00.000Z", "updatedAt": "2030-01-01T00:00:00.000Z",
                "foundIn": {"context": "workspace", "workspaceFolder": "file:///home/me/project"},
            }),
        )
        .after(
            "setPersistentData",
            json!({
                "context": "workspace", "workspaceFolder": "file:///home/me/project", "data": {"theme": "dark"},
            }),
        ),
        example("There is no such record", json!(["user"]), json!(null)),
        wrong(
            "There is no such context",
            json!({"context": "project"}),
            WrongParameter::named("context", Rule::Context),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.refresh(params.fresh).await?;
    let target = call.target(params.context, params.folder, params.name, params.handle).await?;
    let record = if params.inherit == Some(true) {
        let found = call.session.read(GetInherited(target), &call.pending).await?;
        found.map(|found| shape(found.record, Some(found.address)))
    } else {
        call.session.read(GetRecord(target), &call.pending).await?.map(|found| shape(found, None))
    };
    answer(&record.transpose()?)
}

fn shape(found: Found, address: Option<Address>) -> Result<Record, Error> {
    Ok(Record {
        data: Object(Cow::Owned(
            RawValue::from_string(found.text).map_err(|_| Error::RecordDamaged(DamagedPart::Record))?,
        )),
        revision: Revision(found.revision),
        created_at: found.created_at,
        updated_at: found.updated_at,
        expires_at: found.expires_at,
        restored: True::when(found.restored),
        found_in: address
            .map(|address| FoundIn { context: address.context(), workspace_folder: address.folder }),
    })
}
