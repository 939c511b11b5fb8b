//! `movePersistentData`: moves a folder's records when the folder has moved; all of them, or none.

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, TARGET_EXISTS, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Move, Place};

use super::wire::Moved;
use super::{Call, Outcome};

method! {
    /// Moves all records of one folder to another folder, or none of them. Each moved record takes two revisions.
    /// Records keep their `createdAt` and their expiry.
    "movePersistentData" => Moved,
    positional {
        /// The folder that the records are in.
        "from" => from: Place,
        /// The folder that the records move to. The call fails with 2005 if this folder already has one of them.
        "to" => to: Place,
    }
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, FOLDER_ERRORS, WRITE_ERRORS, [TARGET_EXISTS]]
    examples [
        example(
            "A project was renamed",
            json!(["file:///home/me/project", "file:///home/me/renamed"]),
            json!({"moved": 1, "revision": 4}),
        )
        .after("setPersistentData", json!({"context": "workspace", "data": {"theme": "dark"}})),
        refusal(
            "The target already has such a record",
            json!({"from": "file:///home/me/project", "to": "file:///home/me/renamed"}),
            "targetExists",
            json!({}),
        )
        .after("setPersistentData", json!({"context": "workspace", "data": {"theme": "dark"}}))
        .after(
            "setPersistentData",
            json!({"context": "workspace", "workspaceFolder": "file:///home/me/renamed", "data": {}}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let folders = Move { from: params.from, to: params.to, caller };
    let moved = call.session.write(folders, &call.pending).await?;
    answer(&Moved { moved: moved.moved, revision: Revision(moved.revision) })
}
