//! The rules for parameters, one line for each rule. The reason and the message of `invalidParams` come from the rule.
//! A message names the parameter and the rule, and never contains a caller's value.

use serde::Serialize;

use crate::limits;

/// Which parameter: one of our names, or a position from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(untagged)]
pub(crate) enum Parameter {
    Named(&'static str),
    At(usize),
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reason {
    /// The method has no parameter with that name, or at that position.
    Unknown,
    /// The call has the parameter twice.
    Duplicate,
    /// The call lacks a parameter that the method needs.
    Missing,
    /// The value has the wrong JSON type.
    WrongType,
    /// The value has the right JSON type, but is not allowed.
    OutOfRange,
}

impl Reason {
    /// The name of the reason in `data.reason`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::Missing => "missing",
            Self::WrongType => "wrongType",
            Self::OutOfRange => "outOfRange",
        }
    }
}

macro_rules! rules {
    ($($rule:ident = $reason:ident, $text:literal $(, $value:expr)*;)*) => {
        /// What a parameter has to be.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Rule {
            /// A number of milliseconds, from the first to the second.
            Milliseconds(u64, u64),
            $(#[doc = $text] $rule,)*
        }

        impl Rule {
            /// Every rule, with every range of milliseconds.
            #[cfg(any(test, feature = "schema"))]
            pub(in crate::rpc) const ALL: &[Self] = &[
                $(Self::$rule,)*
                Self::Milliseconds(limits::LEASE_MILLIS.0, limits::LEASE_MILLIS.1),
                Self::Milliseconds(0, limits::LEASE_WAIT_MILLIS),
            ];

            /// What is wrong with a parameter that breaks the rule.
            pub(crate) const fn reason(self) -> Reason {
                match self {
                    Self::Milliseconds(..) => Reason::OutOfRange,
                    $(Self::$rule => Reason::$reason,)*
                }
            }

            /// The rule, as the rest of a sentence about the parameter.
            fn text(self) -> String {
                match self {
                    Self::Milliseconds(least, most) => format!("must be from {least} to {most} milliseconds"),
                    $(Self::$rule => format!($text $(, $value)*),)*
                }
            }
        }
    };
}

rules! {
    Unknown = Unknown, "is not one of the method's; positions begin at 0";
    Duplicate = Duplicate, "must be there only once";
    Missing = Missing, "must be there";
    String = WrongType, "must be a string";
    Boolean = WrongType, "must be `true` or `false`";
    Number = WrongType, "must be a number";
    WholeNumber = WrongType, "must be a whole number";
    Object = WrongType, "must be an object";
    Array = WrongType, "must be an array";
    Unicode = OutOfRange, "must not have one half of a surrogate pair";
    SafeInteger = OutOfRange, "must be a whole number from 0 to {}", limits::REVISION;
    PageSize = OutOfRange, "must be a whole number from 1 to {}", limits::LIST_PAGE;
    Name = OutOfRange, "must have 1 to {} bytes of UTF-8", limits::NAME;
    Context = OutOfRange, "must be \"user\" or \"workspace\"";
    Time = OutOfRange, "must be an RFC 3339 date and time from 1970 on, such as \"2030-01-31T12:00:00Z\"";
    Uri = OutOfRange, "must have at most {} bytes", limits::URI;
    NoFolder = OutOfRange, "must be absent in the context \"user\"";
    PatchDepth = OutOfRange, "must have at most {} levels", limits::PATCH_DEPTH;
    Passphrase = OutOfRange, "must have 1 to 65536 bytes of UTF-8, and no control characters";
    OwnerExpiry = OutOfRange, "must not be later than the expiry of the owner's key";
    NewKey = OutOfRange, "must be a key that was never used";
    Members = OutOfRange, "must not have a member twice";
    EntryType = WrongType, "must have strings for `context`, `workspaceFolder` and `name`, as an entry of a list has";
    Entry = OutOfRange, "must have the `context`, `workspaceFolder` and `name` of an entry of a list";
    ScopeMembers = OutOfRange, "must have no members but `contexts`, `readOnly` and `workspaceFolders`";
    ScopeReadOnly = WrongType, "must have `true` or `false` for `readOnly`";
    ScopeLists = WrongType, "must have arrays of strings for `contexts` and `workspaceFolders`";
    ScopeLength = OutOfRange, "must have at most {} elements in each array", limits::SCOPE_FOLDERS;
    ScopeContexts = OutOfRange, "must have only \"user\" and \"workspace\" in `contexts`";
}

/// A parameter, and the rule that it breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WrongParameter {
    pub(crate) parameter: Parameter,
    pub(crate) rule: Rule,
}

impl WrongParameter {
    /// A parameter that the method has.
    pub(crate) const fn named(name: &'static str, rule: Rule) -> Self {
        Self { parameter: Parameter::Named(name), rule }
    }

    /// A parameter that the method does not have.
    pub(crate) const fn unknown(position: usize) -> Self {
        Self { parameter: Parameter::At(position), rule: Rule::Unknown }
    }

    /// The message of the error, as clients get it.
    pub(crate) fn message(self) -> String {
        match self.parameter {
            Parameter::Named(name) => format!("`{name}` {}.", self.rule.text()),
            Parameter::At(position) => format!("The parameter at position {position} {}.", self.rule.text()),
        }
    }
}

#[cfg(feature = "schema")]
impl Rule {
    /// The message, with `{parameter}` in the place of the parameter.
    pub(in crate::rpc) fn template(self) -> String {
        let begin =
            if self == Self::Unknown { "The parameter at position {parameter}" } else { "`{parameter}`" };
        format!("{begin} {}.", self.text())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_message_of_its_own_with_the_parameter() {
        let mut seen = BTreeSet::new();
        for rule in Rule::ALL {
            let message = WrongParameter::named("ifRevision", *rule).message();
            assert!(message.starts_with("`ifRevision` ") && message.ends_with('.'), "{message}");
            assert!(!message.contains("  ") && !message.contains(".."), "{message}");
            assert!(seen.insert(message));
        }
    }

    #[test]
    fn messages_name_the_parameter_and_the_rule() {
        #[track_caller]
        fn check(wrong: WrongParameter, message: &str) {
            assert_eq!(wrong.message(), message);
        }
        check(
            WrongParameter::named("context", Rule::Context),
            "`context` must be \"user\" or \"workspace\".",
        );
        check(WrongParameter::named("ifRevision", Rule::WholeNumber), "`ifRevision` must be a whole number.");
        check(WrongParameter::named("name", Rule::Name), "`name` must have 1 to 256 bytes of UTF-8.");
        check(
            WrongParameter::named("ttlMs", Rule::Milliseconds(100, 600_000)),
            "`ttlMs` must be from 100 to 600000 milliseconds.",
        );
        check(
            WrongParameter::unknown(3),
            "The parameter at position 3 is not one of the method's; positions begin at 0.",
        );
    }
}
