//! The kinds of values on the wire: how each is read from a parameter, written into a result and described in the
//! schema. Each has one place, so that the three can't differ.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json::{self, Kind, Whole};
use crate::limits;
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Context, MergePatch, Name, Passphrase, Place, Timestamp};

use super::rules::{Rule, WrongParameter};

/// A type that a parameter may have: how its values are read.
pub(super) trait Argument<'a>: Sized {
    /// Reads the value of the parameter `name`.
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter>;

    /// The value of an absent parameter; `None` if the parameter is required.
    fn absent() -> Option<Self> {
        None
    }
}

/// A parameter that may be absent; `null` means that it is.
impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        (json::kind(value) != Kind::Null).then(|| T::read(name, value)).transpose()
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// The schema of a type: its name there, a description, and the JSON Schema of its values.
macro_rules! schema {
    ($type:ty, $name:expr, $description:expr, $schema:tt) => {
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = schemars::json_schema!($schema);
                schema.insert("description".into(), $description.into());
                schema
            }
        }
    };
}
pub(super) use schema;

/// A text of a kind that only results have.
macro_rules! text {
    ($type:ident, $description:literal, $schema:tt) => {
        #[doc = $description]
        #[derive(Serialize)]
        #[serde(transparent)]
        pub(super) struct $type(pub(super) Cow<'static, str>);
        schema!($type, stringify!($type), $description, $schema);
    };
}

text!(StoreId, "The id of a store.", {"type": "string", "pattern": "^[0-9a-f]{32}$"});
text!(Path, "A path on this machine.", {"type": "string", "minLength": 1});
text!(Protector, "A kind of protector: a way to get the store key.",
    {"type": "string", "enum": ["key-file", "keyring", "passphrase", "command"]});

pub(super) fn string<'a>(name: &'static str, value: &'a RawValue) -> Result<Cow<'a, str>, WrongParameter> {
    match json::kind(value) {
        // One half of a surrogate pair is not a character.
        Kind::String => json::string(value).ok_or(WrongParameter::named(name, Rule::Unicode)),
        _ => Err(WrongParameter::named(name, Rule::String)),
    }
}

/// 0 to 2^53 − 1: a number that every JSON reader keeps exactly.
fn number(name: &'static str, value: &RawValue) -> Result<u64, WrongParameter> {
    match json::whole(value) {
        Whole::Fits(number) if number <= limits::REVISION => Ok(number),
        Whole::Fits(_) | Whole::OutOfRange => Err(WrongParameter::named(name, Rule::SafeInteger)),
        Whole::No => Err(WrongParameter::named(name, Rule::WholeNumber)),
    }
}

/// A revision, or a fencing token, which comes from the same counter.
#[derive(Clone, Copy, Serialize)]
#[serde(transparent)]
pub(super) struct Revision(pub(super) u64);

impl<'a> Argument<'a> for Revision {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        number(name, value).map(Self)
    }
}

schema!(Revision, "Revision",
    "A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist.",
    {"type": "integer", "minimum": 0, "maximum": limits::REVISION});

/// A span of time in milliseconds, with both limits.
pub(super) struct Millis<const LEAST: u64, const MOST: u64>(pub(super) Duration);

pub(super) type LeaseLength = Millis<{ limits::LEASE_MILLIS.0 }, { limits::LEASE_MILLIS.1 }>;
pub(super) type LeaseWait = Millis<0, { limits::LEASE_WAIT_MILLIS }>;
pub(super) type UnlockWait = Millis<0, { limits::UNLOCK_WAIT_MILLIS }>;

impl<'a, const LEAST: u64, const MOST: u64> Argument<'a> for Millis<LEAST, MOST> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let millis = number(name, value)?;
        let fits = (LEAST..=MOST).contains(&millis);
        fits.then_some(Self(Duration::from_millis(millis)))
            .ok_or(WrongParameter::named(name, Rule::Milliseconds(LEAST, MOST)))
    }
}

#[cfg(feature = "schema")]
impl<const LEAST: u64, const MOST: u64> schemars::JsonSchema for Millis<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Millis{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": LEAST, "maximum": MOST, "x-unit": "milliseconds"})
    }
}

impl<'a> Argument<'a> for bool {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        match value.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(WrongParameter::named(name, Rule::Boolean)),
        }
    }
}

/// Always `true`; a member that is absent stands for `false`.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct True(bool);

impl True {
    pub(super) const TRUE: Self = Self(true);

    pub(super) fn when(it_is: bool) -> Option<Self> {
        it_is.then_some(Self::TRUE)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for True {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "True".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "boolean", "const": true})
    }
}

impl<'a> Argument<'a> for Name {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        Self::parse(&string(name, value)?).ok_or(WrongParameter::named(name, Rule::Name))
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

schema!(Name, "Name", "1 to 256 bytes of UTF-8, compared byte for byte.",
    {"type": "string", "minLength": 1, "maxLength": limits::NAME, "x-maxBytes": limits::NAME});

impl<'a> Argument<'a> for Context {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        Self::parse(&string(name, value)?).ok_or(WrongParameter::named(name, Rule::Context))
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

schema!(Context, "Context", "`user` has one set of records, `workspace` has one for each workspace folder.",
    {"type": "string", "enum": [Context::User.name(), Context::Workspace.name()]});

impl<'a> Argument<'a> for Timestamp {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        Self::parse(&string(name, value)?).ok_or(WrongParameter::named(name, Rule::Time))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

schema!(Timestamp, "Time",
    "An RFC 3339 date and time, from 1970 on. A parameter may have any offset from UTC; results are in UTC with milliseconds.",
    {"type": "string", "format": "date-time"});

/// A folder that a parameter names. An error of the folder is reported only after an error of the key.
impl<'a> Argument<'a> for Place {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let text = string(name, value)?;
        if text.len() > limits::URI {
            return Err(WrongParameter::named(name, Rule::Uri));
        }
        Ok(WorkspaceFolder::parse(&text).map_or(Self::FolderInvalid, Self::Workspace))
    }
}

impl Serialize for WorkspaceFolder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

#[cfg(feature = "schema")]
const FOLDER: &str = "The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in \
lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that \
RFC 3986 does not define is kept as it is. Symbolic links are not followed.";
schema!(Place, "WorkspaceFolder", FOLDER,
    {"type": "string", "maxLength": limits::URI, "x-maxBytes": limits::URI});
schema!(WorkspaceFolder, "WorkspaceFolder", FOLDER,
    {"type": "string", "maxLength": limits::URI, "x-maxBytes": limits::URI});

/// A JSON object, as its text.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Object<'a>(pub(super) Cow<'a, RawValue>);

impl<'a> Argument<'a> for Object<'a> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let is_object = json::kind(value) == Kind::Object;
        is_object.then_some(Self(Cow::Borrowed(value))).ok_or(WrongParameter::named(name, Rule::Object))
    }
}

schema!(Object<'_>, "JsonObject",
    "A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of \
    `initialize`, 8 MiB by default.",
    {"type": "object", "additionalProperties": true});

impl<'a> Argument<'a> for MergePatch<'a> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        match json::kind(value) {
            Kind::Object => Self::parse(value).map_err(|_| WrongParameter::named(name, Rule::PatchDepth)),
            _ => Err(WrongParameter::named(name, Rule::Object)),
        }
    }
}

schema!(MergePatch<'_>, "MergePatch",
    "A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, \
    and is no longer than an object that can be stored.",
    {"type": "object", "additionalProperties": true});

/// The handle that [`crate::session::Session::accept_key`] returned.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Handle<'a>(pub(super) Cow<'a, str>);

impl<'a> Argument<'a> for Handle<'a> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        string(name, value).map(Self)
    }
}

schema!(Handle<'_>, "Handle", "Names a key on the connection where `setAPIKey` returned it.", {"type": "string"});

/// An API key, as the client wrote it. An invalid key is reported only after the errors of all other parameters.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct KeyText<'a>(pub(super) Cow<'a, str>);

impl<'a> Argument<'a> for KeyText<'a> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        string(name, value).map(Self)
    }
}

schema!(KeyText<'_>, "APIKey", "40 hexadecimal digits. They give access to the data: keep them secret.",
    {"type": "string", "pattern": "^[0-9A-Fa-f]{40}$", "x-secret": true});

/// The id of a key.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct KeyId<'a>(pub(super) Cow<'a, str>);

impl<'a> Argument<'a> for KeyId<'a> {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        string(name, value).map(Self)
    }
}

schema!(KeyId<'_>, "KeyId", "Names a key and reveals nothing about it: 32 hexadecimal digits.", {"type": "string"});

impl<'a> Argument<'a> for Passphrase {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let said = Zeroizing::new(string(name, value)?.into_owned());
        Self::new(said.as_bytes()).map_err(|_| WrongParameter::named(name, Rule::Passphrase))
    }
}

schema!(Passphrase, "Passphrase",
    "A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading \
    byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that \
    the passphrase opens the store however it was typed. The result must not be empty.",
    {"type": "string", "minLength": 1, "maxLength": 65_536, "x-secret": true});
