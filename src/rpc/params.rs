//! How a method declares its parameters and its result, once, for the parser, for the type of the answer and for the
//! schema; and how its parameters are read.
//!
//! Parameters come by name or by position. Each is read once. Each refusal has a reason, and contains nothing of the
//! caller's. A name that a method does not have is refused: a misspelt `ifRevision` must not become a blind write.

use serde_json::value::RawValue;

use crate::json::{self, Kind};

use super::error::{Error, NotARequest};
use super::rules::{Rule, WrongParameter};
use super::values::Argument;

/// Declares a method. The macro generates
/// - `SPEC`, the name of the method and the names of its parameters;
/// - `Params`, with one field for each parameter, and `Params::read`, which reads them in this order;
/// - `answer`, which accepts only the type of the result;
/// - with the feature `schema`, `describe`: the declaration as data, with the comments as descriptions.
macro_rules! method {
    (
        $(#[doc = $doc:literal])*
        $name:literal => $result:ty,
        $(lenient $lenient:literal,)?
        positional { $($(#[doc = $first_doc:literal])* $first_name:literal => $first:ident: $first_type:ty,)* }
        named { $($(#[doc = $other_doc:literal])* $other_name:literal => $other:ident: $other_type:ty,)* }
        errors [$($errors:expr),* $(,)?]
        examples [$($example:expr),* $(,)?]
    ) => {
        pub(in crate::rpc) const SPEC: crate::rpc::params::Spec = crate::rpc::params::Spec {
            name: $name,
            positional: &[$($first_name),*],
            named: &[$($other_name),*],
            lenient: false $(|| $lenient)?,
        };

        #[allow(dead_code, reason = "only the schema says which")]
        const ERRORS: &[&[crate::rpc::error::Code]] = &[$(&$errors),*];

        struct Params<'a> {
            $($first: $first_type,)*
            $($other: $other_type,)*
            _text: std::marker::PhantomData<&'a serde_json::value::RawValue>,
        }

        impl<'a> Params<'a> {
            #[allow(unused_mut, unused_variables, reason = "some methods have none")]
            fn read(params: Option<&'a serde_json::value::RawValue>) -> Result<Self, crate::rpc::error::Error> {
                let mut arguments = SPEC.arguments(params)?;
                Ok(Self {
                    $($first: arguments.take()?,)*
                    $($other: arguments.take()?,)*
                    _text: std::marker::PhantomData,
                })
            }
        }

        #[allow(dead_code, reason = "where a result goes out as text that is there already")]
        fn answer(value: &$result) -> super::Outcome {
            super::result(value)
        }

        #[cfg(feature = "schema")]
        #[allow(clippy::extra_unused_lifetimes, reason = "the parameters' types may name it")]
        pub(in crate::rpc) fn describe<'a>(
            generator: &mut schemars::SchemaGenerator,
        ) -> crate::rpc::contract::Method {
            #[allow(unused_imports, reason = "some methods need only one of them")]
            use crate::rpc::contract::{Method, Parameter, example, refusal, wrong};
            #[allow(unused_imports, reason = "some methods need only one of them")]
            use crate::rpc::error::{Rule, WrongParameter};
            #[allow(unused_imports, reason = "an example may need none")]
            use serde_json::json;
            Method {
                name: $name,
                description: &[$($doc),*],
                positional: SPEC.positional.len(),
                lenient: SPEC.lenient,
                params: vec![
                    $(Parameter::of::<$first_type>($first_name, &[$($first_doc),*], generator),)*
                    $(Parameter::of::<$other_type>($other_name, &[$($other_doc),*], generator),)*
                ],
                result: generator.subschema_for::<$result>(),
                errors: ERRORS.concat(),
                examples: vec![$($example),*],
            }
        }
    };
}
pub(super) use method;

/// The name of a method, and the names of its parameters.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// The parameters that may be passed by position, in that order.
    pub(super) positional: &'static [&'static str],
    /// The parameters that may be passed by name only.
    pub(super) named: &'static [&'static str],
    /// Whether the method ignores names that it does not have, as the Language Server Protocol demands.
    pub(super) lenient: bool,
}

/// The parameters of one call, in the method's order.
pub(super) struct Arguments<'a> {
    spec: &'static Spec,
    values: Vec<Option<&'a RawValue>>,
    /// How many parameters were taken.
    taken: usize,
}

impl Spec {
    fn position(&self, is: impl Fn(&str) -> bool) -> Option<usize> {
        self.positional.iter().chain(self.named).position(|name| is(name))
    }

    fn name_at(&self, position: usize) -> &'static str {
        self.positional.iter().chain(self.named).nth(position).expect("a position of this method's")
    }

    /// Sorts a call's parameters into the order of the declaration.
    pub(super) fn arguments<'a>(&'static self, params: Option<&'a RawValue>) -> Result<Arguments<'a>, Error> {
        let values = vec![None; self.positional.len() + self.named.len()];
        let mut arguments = Arguments { spec: self, values, taken: 0 };
        let Some(params) = params else { return Ok(arguments) };
        if let Some(members) = json::members(params) {
            arguments.sort_members(&members)?;
        } else if let Some(elements) = json::elements(params) {
            arguments.sort_elements(&elements)?;
        } else {
            // The envelope has already refused such a message.
            return Err(Error::InvalidRequest(NotARequest::Message));
        }
        Ok(arguments)
    }
}

impl<'a> Arguments<'a> {
    fn sort_members(&mut self, members: &[json::Member<'a>]) -> Result<(), WrongParameter> {
        for (at, member) in members.iter().enumerate() {
            let given = member.name_bytes();
            match self.spec.position(|name| *given == *name.as_bytes()) {
                Some(position) => {
                    if self.values[position].replace(member.value).is_some() {
                        return Err(WrongParameter::named(self.spec.name_at(position), Rule::Duplicate));
                    }
                }
                None if self.spec.lenient => {}
                None => return Err(WrongParameter::unknown(at)),
            }
        }
        Ok(())
    }

    /// A `null` counts as absent: some clients send it at the end for parameters that they omit.
    fn sort_elements(&mut self, elements: &[&'a RawValue]) -> Result<(), WrongParameter> {
        for (at, value) in elements.iter().enumerate() {
            if json::kind(value) == Kind::Null {
                continue;
            }
            if at >= self.spec.positional.len() {
                return Err(WrongParameter::unknown(at));
            }
            self.values[at] = Some(value);
        }
        Ok(())
    }

    /// Reads the next parameter, in the order of the declaration.
    pub(super) fn take<T: Argument<'a>>(&mut self) -> Result<T, WrongParameter> {
        let name = self.spec.name_at(self.taken);
        let value = self.values[self.taken];
        self.taken += 1;
        match value {
            Some(value) => T::read(name, value),
            None => T::absent().ok_or(WrongParameter::named(name, Rule::Missing)),
        }
    }
}
