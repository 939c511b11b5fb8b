//! A record that is imported, and where its values are in the source.

use std::ops::Range;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::cli::operator::Failed;
use crate::cli::pointer::Pointer;
use crate::cli::reference::Reference;
use crate::vault::{Error, Place, Timestamp};

/// A record of the source.
pub(super) struct Planned {
    pub(super) reference: Reference,
    pub(super) place: Place,
    pub(super) text: Box<RawValue>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) values: Values,
}

/// Where the values of a record are in the source.
pub(super) enum Values {
    /// In these bytes.
    Bytes(Vec<Range<usize>>),
    /// In this element of a JSON text.
    Element(Pointer),
}

impl Planned {
    /// A record for the context `user` that does not expire.
    pub(super) fn new(
        reference: Reference,
        object: Map<String, Value>,
        values: Values,
    ) -> Result<Self, Failed> {
        let text = serde_json::value::to_raw_value(&Value::Object(object)).map_err(|_| Error::Internal)?;
        Ok(Self { reference, place: Place::User, text, expires_at: None, values })
    }

    pub(super) fn has_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Timestamp::now())
    }
}
