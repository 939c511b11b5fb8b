//! How a method says what it takes and what it gives: once, for the parser, for the answer's type and for the schema.

/// Declares a method. Makes of it
/// - `SPEC`, its name and those of its parameters;
/// - `Params`, with one field a parameter, and `Params::read`, which reads them in this order;
/// - `answer`, which takes the type of the result and no other;
/// - with the feature `schema`, `describe`: all of it as data, with the comments as descriptions.
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
