//! `patchPersistentData`: changes members of an object and leaves the others as they are (RFC 7396), atomically.

use crate::rpc::error::{FOLDER_ERRORS, KEY_ERRORS, LEASE_LOST, REVISION_CONFLICT, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Context, MergePatch, Name, Patch, Place};

use super::wire::Written;
use super::{Call, Outcome};

method! {
    /// Changes members of an object atomically, by a merge patch (RFC 7396). If there is no record, the patch is
    /// applied to `{}`. Members that the patch does not touch keep their text. The record keeps its expiry.
    "patchPersistentData" => Written,
    positional {
        "context" => context: Context,
        /// The changes.
        "patch" => patch: MergePatch<'a>,
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
        example(
            "One member is changed, and one is removed",
            json!(["user", {"theme": "light", "legacy": null}]),
            json!({"revision": 3}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark", "legacy": 1}})),
        wrong(
            "The patch is not an object",
            json!({"context": "user", "patch": []}),
            WrongParameter::named("patch", Rule::Object),
        ),
    ]
}

pub(super) async fn call(mut call: Call) -> Outcome {
    let patch = {
        let params = Params::read(call.params.as_deref())?;
        let target = call.target(params.context, params.folder, params.name, params.handle).await?;
        Patch {
            target,
            patch: params.patch.text(call.session.limits()),
            if_revision: params.if_revision.map(|revision| revision.0),
            lease: params.lease.map(|lease| lease.0),
        }
    };
    // The text is not held twice while the write waits.
    call.params = None;
    let written = call.session.write(patch, &call.pending).await?;
    answer(&Written { revision: Revision(written.revision) })
}
