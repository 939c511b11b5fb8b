//! Describes why clap refuses a command line.

use clap::error::{ContextKind, ErrorKind};

/// Describes the error without repeating an unexpected argument: it may be a key in the wrong place.
pub(super) fn about(error: &clap::Error) -> String {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a subcommand is missing".into()
        }
        ErrorKind::InvalidSubcommand => "there is no such subcommand".into(),
        ErrorKind::UnknownArgument => match argument.split('=').next() {
            Some(flag) if flag.starts_with("--") => format!("unexpected argument {flag}"),
            _ => "unexpected argument".into(),
        },
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("invalid value for {argument}"),
        _ => {
            let text = error.render().to_string();
            let about_it = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
            let about_it = about_it.collect::<Vec<_>>().join(" ");
            about_it.strip_prefix("error: ").unwrap_or(&about_it).to_owned()
        }
    }
}
