//! Asks the user before a change that the user may regret. A script agrees with `--yes`.

use std::io::Write as _;

use crate::protector::has_terminal;

use super::operator::Failed;

/// The longest answer that is read, in bytes.
const ANSWER: u64 = 64;

/// Whether the user agreed on the command line.
#[derive(clap::Args)]
pub(super) struct Consent {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
    /// Only show what would be lost
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// What a subcommand shows that was only tried.
pub(super) fn would_do(what: &str, as_json: bool) -> String {
    if as_json {
        serde_json::json!({"dryRun": true, "loss": what}).to_string()
    } else {
        format!("{what}; nothing was changed")
    }
}

/// The answer to a question.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Agreed {
    /// The user agrees.
    Yes,
    /// The user wants to see what would happen, and nothing may be changed.
    DryRun,
}

impl Consent {
    /// Whether the user only wants to see what would happen.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Shows what is about to happen, and asks the user to agree.
    ///
    /// # Errors
    /// If the user does not agree. The caller must change nothing then.
    pub(super) fn get(&self, what: &str, question: &str) -> Result<Agreed, Failed> {
        if self.dry_run {
            return Ok(Agreed::DryRun);
        }
        if self.yes {
            return Ok(Agreed::Yes);
        }
        if !has_terminal() {
            return Err(Failed::wrong(format!(
                "{what}; nothing was changed: run it again with --yes if that is what you want"
            )));
        }
        // A user who can't see the question will not agree.
        let _ = write!(std::io::stderr(), "{what}\n{question} [y/N] ");
        let mut answer = String::new();
        let read = std::io::BufRead::read_line(
            &mut std::io::BufReader::new(std::io::Read::take(std::io::stdin(), ANSWER)),
            &mut answer,
        );
        let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if read.is_ok() && is_yes { Ok(Agreed::Yes) } else { Err(Failed::new("nothing was changed".into())) }
    }
}
