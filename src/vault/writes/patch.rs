//! Changing members of an object, and leaving the others as they are.

use serde_json::value::RawValue;

use crate::store::Plant;
use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::merge::{check_depth, merge};
use crate::vault::{Error, Target};

use super::{Current, Spot, Written, check_size};

/// A merge patch (RFC 7396).
pub struct Patch {
    /// Where.
    pub target: Target,
    /// The patch.
    pub patch: MergePatch,
    /// The revision that the record must have; 0 for none.
    pub if_revision: Option<u64>,
    /// The token of the lease that must be live.
    pub lease: Option<u64>,
}

/// The text of a merge patch: a JSON object with no more levels than it may have.
pub struct MergePatch(Box<RawValue>);

impl MergePatch {
    /// Takes the text of an object.
    pub fn parse(object: &RawValue) -> Result<Self, Error> {
        check_depth(object).map_err(|_| Error::PatchTooDeep)?;
        Ok(Self(object.to_owned()))
    }
}

impl Write for Patch {
    type Outcome = Written;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Written, Option<Changes>), Error> {
        let spot = Spot::find(draft, &self.target)?;
        let (stored, expires_at) = match (&spot.access, &spot.current) {
            (Some(access), Current::Live(head, sealed)) => {
                let (_, text) = sealed.clone().open(&access.data)?;
                (Some(RawValue::from_string(text).map_err(|_| Error::RecordDamaged)?), head.expires_at())
            }
            (_, Current::Damaged) => return Err(Error::RecordDamaged),
            _ => (None, None),
        };
        let merged = merge(stored.as_deref(), &self.patch.0).map_err(|_| Error::PatchTooDeep)?;
        if let Some(text) = &merged {
            check_size(draft, text)?;
        }
        spot.check_lease(draft, self.lease)?;
        spot.current.check_revision(self.if_revision)?;
        let expires_at = expires_at.filter(|_| !Plant::LostEnd.is_there());
        match (merged, &spot.current) {
            (Some(text), _) => spot.put(draft, &self.target.caller, &text, expires_at),
            (None, Current::Live(head, _)) => Ok((Written { revision: head.header.revision }, None)),
            // Where nothing was, the merge always gives an object.
            (None, Current::Absent | Current::Damaged) => Err(Error::Internal),
        }
    }
}
