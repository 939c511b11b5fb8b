//! Changes members of an object, and leaves the others as they are.

use serde_json::value::RawValue;

use crate::faults::Fault;
use crate::limits::Limits;
use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::merge::{check_depth, merge};
use crate::vault::{Caller, Error, Target};

use super::{Current, Spot, Text, Written, check_size};

/// A merge patch (RFC 7396).
pub struct Patch {
    /// The record to change.
    pub target: Target,
    /// The text of the patch, which is a [`MergePatch`]. It may be as long as a stored object may be.
    pub patch: Text,
    /// The revision that the record must have; 0 if there must be none.
    pub if_revision: Option<u64>,
    /// The fencing token of a lease that must be live.
    pub lease: Option<u64>,
}

/// A merge patch: a JSON object with at most [`crate::limits::PATCH_DEPTH`] levels.
pub struct MergePatch<'a>(&'a RawValue);

impl<'a> MergePatch<'a> {
    /// Accepts an object that does not have too many levels.
    pub fn parse(object: &'a RawValue) -> Result<Self, Error> {
        check_depth(object.get()).map_err(|_| Error::PatchTooDeep)?;
        Ok(Self(object))
    }

    /// Its text, for a write.
    pub fn text(&self, limits: &Limits) -> Text {
        Text::of(self.0, limits)
    }
}

impl Write for Patch {
    type Outcome = Written;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.target.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Written, Option<Changes>), Error> {
        let mut spot = Spot::find(draft, &self.target)?;
        let patch = self.patch.get()?;
        let sealed = spot.current.take();
        let (stored, expires_at) = match (&spot.access, &spot.current, sealed) {
            (Some(access), Current::Live(head, _), Some(sealed)) => {
                (Some(sealed.open(&access.data)?.1), head.expires_at())
            }
            (_, Current::Damaged, _) => return Err(Error::RECORD_DAMAGED),
            _ => (None, None),
        };
        // The stored text was checked when it was stored, so only the depth can be wrong.
        let merged = merge(stored.as_deref(), patch).map_err(|_| Error::PatchTooDeep)?;
        drop(stored);
        if let Some(text) = &merged {
            check_size(draft.opened.limits(), text)?;
        }
        spot.check_lease(draft, self.lease)?;
        spot.current.check_revision(self.if_revision)?;
        let expires_at = expires_at.filter(|_| !Fault::LostEnd.is_injected());
        match (merged, &spot.current) {
            (Some(text), _) => spot.put(draft, &self.target.caller, &text, expires_at),
            (None, Current::Live(head, _)) => Ok((Written { revision: head.header.revision }, None)),
            // Without a stored record, the merge always gives an object.
            (None, Current::Absent | Current::Damaged) => Err(Error::Internal),
        }
    }
}
