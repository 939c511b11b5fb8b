//! `setPersistentData`: stores an object, and replaces the one before.

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, LEASE_LOST, REVISION_CONFLICT, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Object, Revision};
use crate::vault::{Context, Name, Place, Set, Text, Timestamp};

use super::wire::Written;
use super::{Call, Outcome};

method! {
    /// Stores an object, and replaces the one that the record had before. The same text with the same expiry changes
    /// nothing and keeps the revision.
    "setPersistentData" => Written,
    positional {
        "context" => context: Context,
        /// The object to store.
        "data" => data: Object<'a>,
    }
    named {
        "workspaceFolder" => folder: Option<Place>,
        "name" => name: Option<Name>,
        "ifRevision" => if_revision: Option<Revision>,
        /// When the record expires; without it, never. With a time in the past, the record expires at once.
        "expiresAt" => expires_at: Option<Timestamp>,
        "lease" => lease: Option<Revision>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, FOLDER_ERRORS, WRITE_ERRORS, [REVISION_CONFLICT, LEASE_LOST]]
    examples [
        example("The user's record", json!(["user", {"theme": "dark"}]), json!({"revision": 2})),
        example(
            "A named record of one folder, which must not exist yet",
            json!({
                "context": "workspace", "workspaceFolder": "file:///home/me/project", "name": "session",
                "data": {"token": "abc"}, "ifRevision": 0, "expiresAt": "2099-01-01T00:00:00Z",
            }),
            json!({"revision": 2}),
        ),
        refusal(
            "Another client has written the record meanwhile",
            json!({"context": "user", "data": {"theme": "light"}, "ifRevision": 0}),
            "revisionConflict",
            json!({"revision": 2}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        wrong(
            "A misspelt parameter name",
            json!({"context": "user", "data": {}, "ifrevision": 0}),
            WrongParameter::unknown(2),
        ),
    ]
}

pub(super) async fn call(mut call: Call) -> Outcome {
    let set = {
        let params = Params::read(call.params.as_deref())?;
        let target = call.target(params.context, params.folder, params.name, params.handle).await?;
        Set {
            target,
            text: Text::of(&params.data.0, call.session.limits()),
            if_revision: params.if_revision.map(|revision| revision.0),
            expires_at: params.expires_at,
            lease: params.lease.map(|lease| lease.0),
        }
    };
    // The text is not held twice while the write waits.
    call.params = None;
    let written = call.session.write(set, &call.pending).await?;
    answer(&Written { revision: Revision(written.revision) })
}
