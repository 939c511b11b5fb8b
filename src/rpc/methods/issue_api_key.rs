//! `issueAPIKey`: the owner key of a new namespace, or the key that the store keeps for this plugin's installation.

use crate::rpc::error::{API_KEY_REVOKED, NOT_PERMITTED, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::vault::{Issue, Issued, Name, Timestamp};

use super::wire::{IssuedKey, NewKey};
use super::{Call, Outcome};

method! {
    /// Issues the owner key of a new namespace. With `installation`, the store keeps the key: the same pair of
    /// `plugin` and `installation` always gives the same key, issued once however many processes ask. A key that has
    /// expired is returned too, with its `expiresAt`. If no key is found while the row of some key is damaged, the
    /// call fails with 4002, because the damaged row may be the one that is asked for.
    "issueAPIKey" => IssuedKey<'_>,
    positional {
        /// What the user installed, like `publisher.name`. It is a claim, not a proof.
        "plugin" => plugin: Name,
    }
    named {
        /// Which installation of the plugin, like `vscode` or `nvim-work`. Without it, the caller keeps the key
        /// itself.
        "installation" => installation: Option<Name>,
        /// The name of the key in lists.
        "label" => label: Option<Name>,
        /// When the key expires; without it, never.
        "expiresAt" => expires_at: Option<Timestamp>,
    }
    errors [WRITE_ERRORS, [API_KEY_REVOKED, NOT_PERMITTED]]
    examples [
        example(
            "The key of this editor's installation, kept by the store",
            json!({"plugin": "acme.notes", "installation": "vscode"}),
            json!({
                "apiKey": "89abcdef0123456789abcdef0123456789abcdef", "created": true,
                "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "plugin": "acme.notes", "installation": "vscode",
                "issuedAt": "2030-01-01T00:00:00.000Z", "owner": true,
            }),
        ),
        wrong(
            "The plugin is missing",
            json!({"installation": "vscode"}),
            WrongParameter::named("plugin", Rule::Missing),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let issue = {
        let params = Params::read(call.params.as_deref())?;
        call.not_through_a_relay()?;
        let Params { plugin, installation, label, expires_at, .. } = params;
        Issue { plugin, installation, label, expires_at }
    };
    if let Some(installation) = &issue.installation
        && !call.session.has_pending_writes()
    {
        // Most calls find an existing key, and need no lock.
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
