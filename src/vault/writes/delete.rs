//! Removing a record.

use crate::rows::Table;
use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::{Caller, Error, Target};

use super::{Current, Spot, tell};

/// Removes a record.
pub struct Delete {
    /// The record to remove.
    pub target: Target,
    /// The revision that the record must have; 0 if there must be none.
    pub if_revision: Option<u64>,
    /// The fencing token of a lease that must be live.
    pub lease: Option<u64>,
}

/// The result of a delete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deleted {
    /// Whether there was a record.
    pub deleted: bool,
    /// The revision of the deletion; 0 if there was no record.
    pub revision: u64,
}

impl Write for Delete {
    type Outcome = Deleted;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.target.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Deleted, Option<Changes>), Error> {
        let spot = Spot::find(draft, &self.target)?;
        spot.check_lease(draft, self.lease)?;
        spot.current.check_revision(self.if_revision)?;
        let (Some(access), Current::Live(..) | Current::Damaged) = (&spot.access, &spot.current) else {
            return Ok((Deleted { deleted: false, revision: 0 }, None));
        };
        let mut changes = draft.changes();
        let revision = changes.next_revision()?;
        let id = access.data.record_id(&spot.address.encode());
        changes.delete(Table::Records, &id.0);
        tell(&mut changes, &access.data, &self.target.caller, revision, &spot.address, true);
        Ok((Deleted { deleted: true, revision }, Some(changes)))
    }
}
