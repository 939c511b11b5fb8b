//! Parameters: by name or by position, each read once, with a reason for each refusal and nothing of the caller's in
//! it. A name that a method does not have is refused: a misspelt `ifRevision` must not become a blind write.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::json::{self, Kind};
use crate::limits;
use crate::session::Session;
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Caller, Context, Name, Place, Target, Timestamp};

use super::error::{Error, Parameter, Reason};

/// What a method is called, and what parameters it has.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// Those that may go by position, in that order.
    pub(super) positional: &'static [&'static str],
    /// Those that go by name only.
    pub(super) named: &'static [&'static str],
    /// Whether names that it does not have are ignored, as the Language Server Protocol asks.
    pub(super) lenient: bool,
}

/// What names a record, besides the context.
pub(super) const FOLDER: &str = "workspaceFolder";

/// The parameters of one call.
pub(super) struct Arguments<'a> {
    spec: &'static Spec,
    values: Vec<Option<&'a RawValue>>,
}

impl Spec {
    fn position(&self, is: impl Fn(&str) -> bool) -> Option<usize> {
        self.positional.iter().chain(self.named).position(|name| is(name))
    }

    fn name_at(&self, position: usize) -> &'static str {
        self.positional.iter().chain(self.named).nth(position).expect("a position of this method's")
    }

    /// Sorts a call's parameters.
    pub(super) fn arguments<'a>(&'static self, params: Option<&'a RawValue>) -> Result<Arguments<'a>, Error> {
        let values = vec![None; self.positional.len() + self.named.len()];
        let mut arguments = Arguments { spec: self, values };
        let Some(params) = params else { return Ok(arguments) };
        if let Some(members) = json::members(params) {
            arguments.take_members(&members)?;
        } else if let Some(elements) = json::elements(params) {
            arguments.take_elements(&elements)?;
        } else {
            // The envelope has refused it already.
            return Err(Error::InvalidRequest);
        }
        Ok(arguments)
    }
}

impl<'a> Arguments<'a> {
    fn take_members(&mut self, members: &[json::Member<'a>]) -> Result<(), Error> {
        for (at, member) in members.iter().enumerate() {
            match self.spec.position(|name| member.is(name)) {
                Some(position) => {
                    if self.values[position].replace(member.value).is_some() {
                        let name = self.spec.name_at(position);
                        return Err(Error::InvalidParams(Parameter::Named(name), Reason::Duplicate));
                    }
                }
                None if self.spec.lenient => {}
                None => return Err(Error::InvalidParams(Parameter::At(at), Reason::Unknown)),
            }
        }
        Ok(())
    }

    /// `null` at the end is what some clients send for nothing.
    fn take_elements(&mut self, elements: &[&'a RawValue]) -> Result<(), Error> {
        for (at, value) in elements.iter().enumerate() {
            if json::kind(value) == Kind::Null {
                continue;
            }
            if at >= self.spec.positional.len() {
                return Err(Error::InvalidParams(Parameter::At(at), Reason::Unknown));
            }
            self.values[at] = Some(value);
        }
        Ok(())
    }

    fn stated(&self, name: &'static str) -> Option<&'a RawValue> {
        let position = self.spec.position(|known| known == name).expect("a parameter of this method's");
        self.values[position]
    }

    /// A parameter that may be absent; `null` means that it is.
    pub(super) fn optional(&self, name: &'static str) -> Option<&'a RawValue> {
        self.stated(name).filter(|value| json::kind(value) != Kind::Null)
    }

    /// A parameter that has to be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&'a RawValue, Error> {
        self.stated(name).ok_or(Error::InvalidParams(Parameter::Named(name), Reason::Missing))
    }

    /// A JSON object, as text.
    pub(super) fn object(&self, name: &'static str) -> Result<&'a RawValue, Error> {
        let value = self.required(name)?;
        if json::kind(value) == Kind::Object { Ok(value) } else { Err(wrong_type(name)) }
    }

    /// A string.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Error> {
        self.optional(name).map(|value| string(name, value)).transpose()
    }

    /// A string that has to be there.
    pub(super) fn required_text(&self, name: &'static str) -> Result<Cow<'a, str>, Error> {
        string(name, self.required(name)?)
    }

    /// 1 to 256 bytes.
    pub(super) fn name(&self, name: &'static str) -> Result<Option<Name>, Error> {
        let text = self.text(name)?;
        text.map(|text| Name::parse(&text).ok_or(out_of_range(name))).transpose()
    }

    /// 1 to 256 bytes that have to be there.
    pub(super) fn required_name(&self, name: &'static str) -> Result<Name, Error> {
        Name::parse(&self.required_text(name)?).ok_or(out_of_range(name))
    }

    /// `true` or `false`; `false` if absent.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        match self.optional(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong_type(name)),
        }
    }

    /// 0 to 2^53 − 1.
    pub(super) fn revision(&self, name: &'static str) -> Result<Option<u64>, Error> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        match json::unsigned(value) {
            Some(revision) if revision <= limits::REVISION => Ok(Some(revision)),
            Some(_) => Err(out_of_range(name)),
            None if is_integer(value) => Err(out_of_range(name)),
            None => Err(wrong_type(name)),
        }
    }

    /// 0 to 2^53 − 1, and it has to be there.
    pub(super) fn required_revision(&self, name: &'static str) -> Result<u64, Error> {
        self.required(name)?;
        self.revision(name)?.ok_or(wrong_type(name))
    }

    /// A number of milliseconds, up to `most`.
    pub(super) fn millis(&self, name: &'static str, most: Duration) -> Result<Option<u64>, Error> {
        match self.revision(name)? {
            Some(millis) if u128::from(millis) > most.as_millis() => Err(out_of_range(name)),
            millis => Ok(millis),
        }
    }

    /// An RFC 3339 date and time.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Error> {
        let text = self.text(name)?;
        text.map(|text| Timestamp::parse(&text).ok_or(out_of_range(name))).transpose()
    }

    /// `"user"` or `"workspace"`.
    pub(super) fn context(&self, name: &'static str) -> Result<Option<Context>, Error> {
        let text = self.text(name)?;
        text.map(|text| Context::parse(&text).ok_or(out_of_range(name))).transpose()
    }

    /// A folder, settled by what is open now.
    pub(super) fn folder(&self, name: &'static str) -> Result<Option<Place>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if text.len() > limits::URI {
            return Err(out_of_range(name));
        }
        Ok(Some(WorkspaceFolder::parse(&text).map_or(Place::FolderInvalid, Place::Workspace)))
    }

    /// Who calls. After all other parameters: they are checked first.
    pub(super) async fn caller(&self, session: &Session) -> Result<Caller, Error> {
        let handle = self.text("handle")?;
        Ok(session.caller(handle.as_deref()).await?)
    }

    /// The record that `context`, `workspaceFolder` and `name` mean now, and who calls.
    pub(super) async fn target(&self, session: &Session) -> Result<Target, Error> {
        // A required parameter that is null has the wrong type, and is not missing.
        let context = Context::parse(&self.required_text("context")?).ok_or(out_of_range("context"))?;
        let place = match (context, self.folder(FOLDER)?) {
            (Context::User, None) => Place::User,
            (Context::User, Some(_)) => return Err(out_of_range(FOLDER)),
            (Context::Workspace, Some(place)) => place,
            (Context::Workspace, None) => session.only_folder(),
        };
        let name = self.name("name")?;
        Ok(Target { caller: self.caller(session).await?, place, name })
    }
}

fn string<'a>(name: &'static str, value: &'a RawValue) -> Result<Cow<'a, str>, Error> {
    match json::kind(value) {
        // Half a surrogate pair stands for no character.
        Kind::String => json::string(value).ok_or(out_of_range(name)),
        _ => Err(wrong_type(name)),
    }
}

fn is_integer(value: &RawValue) -> bool {
    json::kind(value) == Kind::Number && !value.get().contains(['.', 'e', 'E'])
}

pub(super) fn wrong_type(name: &'static str) -> Error {
    Error::InvalidParams(Parameter::Named(name), Reason::WrongType)
}

pub(super) fn out_of_range(name: &'static str) -> Error {
    Error::InvalidParams(Parameter::Named(name), Reason::OutOfRange)
}
