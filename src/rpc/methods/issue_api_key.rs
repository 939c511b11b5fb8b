//! `issueAPIKey`: a new namespace's owner key, or the one that the vault keeps for this plugin's installation.

use crate::rpc::params::Spec;
use crate::vault::{Issue, Issued};

use super::shape::IssuedKey;
use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "issueAPIKey",
    positional: &["plugin"],
    named: &["installation", "label", "expiresAt"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let issue = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        Issue {
            plugin: arguments.required_name("plugin")?,
            installation: arguments.name("installation")?,
            label: arguments.name("label")?,
            expires_at: arguments.time("expiresAt")?,
        }
    };
    if let Some(installation) = &issue.installation
        && !call.session.has_pending_writes()
    {
        // Most calls find a key that is there: they need no lock.
        let opened = call.session.opened(&call.cancel).await?;
        if let Some(kept) = opened.kept(&issue.plugin, installation)? {
            return answer(kept);
        }
    }
    answer(call.session.write(None, issue, &call.cancel).await?)
}

fn answer(issued: Issued) -> Outcome {
    result(&IssuedKey::new(&issued.api_key, Some(issued.created), issued.info))
}
