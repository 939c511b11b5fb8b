//! The record that a caller names, and the check of the caller's rights.

use std::sync::Arc;

use super::access::Access;
use super::key_row::Use;
use super::{Address, Caller, Error, Name, Place};

/// A record as a caller names it, not yet checked against the store.
#[derive(Clone)]
pub struct Target {
    /// The caller and its key.
    pub caller: Caller,
    /// The context and folder.
    pub place: Place,
    /// The record's name, if it has one.
    pub name: Option<Name>,
}

impl Target {
    /// The address, after the key was accepted. Checks the folder before the scope.
    pub(super) fn address(&self, access: Option<&Arc<Access>>, wanted: Use) -> Result<Address, Error> {
        let address = Address { folder: self.place.folder()?.cloned(), name: self.name.clone() };
        if let Some(access) = access {
            access.row.permit(&address, wanted)?;
        }
        Ok(address)
    }
}
