//! Which record a caller means, and by what right.

use std::sync::Arc;

use super::access::Access;
use super::key_row::Use;
use super::{Address, Caller, Error, Name, Place};

/// A record as a caller names it; nothing of it has been checked against the store.
#[derive(Clone)]
pub struct Target {
    /// Who calls.
    pub caller: Caller,
    /// The context and folder.
    pub place: Place,
    /// The record's name, if it has one.
    pub name: Option<Name>,
}

impl Target {
    /// The address, once the key is known to be good: the folder is checked before the scope.
    pub(super) fn address(&self, access: Option<&Arc<Access>>, wanted: Use) -> Result<Address, Error> {
        let address = Address { folder: self.place.folder()?.cloned(), name: self.name.clone() };
        if let Some(access) = access {
            access.row.permit(&address, wanted)?;
        }
        Ok(address)
    }
}
