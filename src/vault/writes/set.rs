//! Storing an object.

use crate::vault::draft::{Changes, Draft, Write};
use crate::vault::{Caller, Error, Target, Timestamp};

use super::{Current, Spot, Text};

/// Stores an object, and replaces the one that the record had before.
pub struct Set {
    /// The record to write.
    pub target: Target,
    /// The object to store.
    pub text: Text,
    /// The revision that the record must have; 0 if there must be none.
    pub if_revision: Option<u64>,
    /// The fencing token of a lease that must be live.
    pub lease: Option<u64>,
    /// When the record expires, if it does.
    pub expires_at: Option<Timestamp>,
}

/// The result of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// The record's revision.
    pub revision: u64,
}

impl Write for Set {
    type Outcome = Written;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.target.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Written, Option<Changes>), Error> {
        let mut spot = Spot::find(draft, &self.target)?;
        let text = self.text.get()?;
        spot.check_lease(draft, self.lease)?;
        spot.current.check_revision(self.if_revision)?;
        // The old record is not needed after this.
        let sealed = spot.current.take();
        if let (Some(access), Current::Live(head, _), Some(sealed)) = (&spot.access, &spot.current, sealed)
            && head.bytes == text.len() as u64
            && head.expires_at() == self.expires_at
            && sealed.open(&access.data).is_ok_and(|(_, stored)| stored == text)
        {
            return Ok((Written { revision: head.header.revision }, None));
        }
        spot.put(draft, &self.target.caller, text, self.expires_at)
    }
}
