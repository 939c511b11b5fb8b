//! `deletePersistentData`: removes a record.

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, LEASE_LOST, REVISION_CONFLICT, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Context, Delete, Name, Place};

use super::wire::Deleted;
use super::{Call, Outcome};

method! {
    /// Removes a record. If there is no such record, the result is `{"deleted": false, "revision": 0}`, unless
    /// `ifRevision` demands one.
    "deletePersistentData" => Deleted,
    positional {
        "context" => context: Context,
    }
    named {
        "workspaceFolder" => folder: Option<Place>,
        "name" => name: Option<Name>,
        "ifRevision" => if_revision: Option<Revision>,
        "lease" => lease: Option<Revision>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, FOLDER_ERRORS, WRITE_ERRORS, [REVISION_CONFLICT, LEASE_LOST]]
    examples [
        example("The record exists", json!({"context": "user"}), json!({"deleted": true, "revision": 3}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example("There is no such record", json!({"context": "user"}), json!({"deleted": false, "revision": 0})),
        refusal(
            "Another client has written the record meanwhile",
            json!({"context": "user", "ifRevision": 4}),
            "revisionConflict",
            json!({"revision": 2}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let target = call.target(params.context, params.folder, params.name, params.handle).await?;
    let if_revision = params.if_revision.map(|revision| revision.0);
    let delete = Delete { target, if_revision, lease: params.lease.map(|lease| lease.0) };
    let done = call.session.write(delete, &call.pending).await?;
    answer(&Deleted { deleted: done.deleted, revision: Revision(done.revision) })
}
