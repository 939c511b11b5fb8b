//! Asking before something that a person may regret. A script agrees with `--yes`.

use std::io::Write as _;

use crate::protector::has_terminal;

use super::operator::Failed;

/// The longest answer that is looked at.
const ANSWER: u64 = 64;

/// Whether somebody agreed beforehand.
#[derive(clap::Args)]
pub(super) struct Consent {
    /// Do not ask, go on
    #[arg(long)]
    yes: bool,
}

impl Consent {
    /// Shows what is about to happen, and asks for agreement.
    ///
    /// # Errors
    /// Without it: nothing may be changed then.
    pub(super) fn get(&self, what: &str, question: &str) -> Result<(), Failed> {
        if self.yes {
            return Ok(());
        }
        if !has_terminal() {
            return Err(Failed(format!(
                "{what}; nothing was changed: run it again with --yes if that is what you want"
            )));
        }
        // Who does not see it will not say yes.
        let _ = write!(std::io::stderr(), "{what}\n{question} [y/N] ");
        let mut answer = String::new();
        let read = std::io::BufRead::read_line(
            &mut std::io::BufReader::new(std::io::Read::take(std::io::stdin(), ANSWER)),
            &mut answer,
        );
        let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if read.is_ok() && is_yes { Ok(()) } else { Err(Failed("nothing was changed".into())) }
    }
}
