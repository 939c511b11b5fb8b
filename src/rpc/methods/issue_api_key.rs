//! `issueAPIKey`: a new namespace's owner key, or the one that the vault keeps for this plugin's installation.

use crate::rpc::error::{API_KEY_REVOKED, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::vault::{Issue, Issued, Name, Timestamp};

use super::shape::{IssuedKey, NewKey};
use super::{Call, Outcome};

method! {
    /// A new namespace's owner key. With `installation` the vault keeps it: the same pair always gives the same key, made
    /// once however many processes ask; also one that has expired, with its `expiresAt`. If none is found while a key's
    /// row is damaged the answer is 4002: it may be that one.
    "issueAPIKey" => IssuedKey<'_>,
    positional {
        /// What the user installed, like `publisher.name`: a claim, not a proof.
        "plugin" => plugin: Name,
    }
    named {
        /// Which installation of it, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself.
        "installation" => installation: Option<Name>,
        /// What the key is called in lists.
        "label" => label: Option<Name>,
        /// When the key ends; without it, never.
        "expiresAt" => expires_at: Option<Timestamp>,
    }
    errors [WRITE_ERRORS, [API_KEY_REVOKED]]
    examples [
        example(
            "The key of this editor's installation, kept by the vault",
            json!({"plugin": "acme.notes", "installation": "vscode"}),
            json!({
                "apiKey": "89abcdef0123456789abcdef0123456789abcdef", "created": true,
                "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "plugin": "acme.notes", "installation": "vscode",
                "issuedAt": "2030-01-01T00:00:00.000Z", "owner": true,
            }),
        ),
        refusal(
            "No plugin",
            json!({"installation": "vscode"}),
            "invalidParams",
            json!({"parameter": "plugin", "reason": "missing"}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let issue = {
        let params = Params::read(call.params.as_deref())?;
        let Params { plugin, installation, label, expires_at, .. } = params;
        Issue { plugin, installation, label, expires_at }
    };
    if let Some(installation) = &issue.installation
        && !call.session.has_pending_writes()
    {
        // Most calls find a key that is there: they need no lock.
        let opened = call.session.opened(&call.pending).await?;
        if let Some(kept) = opened.kept(&issue.plugin, installation)? {
            return shape(kept);
        }
    }
    shape(call.session.write(issue, &call.pending).await?)
}

fn shape(issued: Issued) -> Outcome {
    answer(&IssuedKey { created: issued.created, key: NewKey::new(&issued.api_key, issued.info) })
}
