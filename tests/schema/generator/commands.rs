//! Markdown: `docs/commands.md`, from the same definition as `--help` and the man pages.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// The text above the commands.
const HEAD: &str = r"# Commands

The commands of `plugin-vault` for people, scripts and other programs. They use the same store, keys and scopes as the sidecar,
which `plugin-vault serve` starts ([protocol.md](protocol.md)). This page is generated from the definition of the command line:
change `src/cli/`, then run `UPDATE=1 cargo test --features schema --test schema`. `plugin-vault man DIR` writes the same as man
pages, and `plugin-vault completions SHELL` prints completions.

<!-- code of this page: tested by src/cli/help.rs -->

## Naming a record

`PLUGIN[/INSTALLATION][:NAME][#/MEMBER]`, for example `me.github`, `me.github/vscode:session`, `me.github#/token`.

- PLUGIN and INSTALLATION end at the first `/`, `:` or `#/`. NAME runs to the last `#/`, so that `me.app:https://h/p#x` is the
  record `https://h/p#x`. Write `%2F`, `%3A`, `%23` and `%25` for `/`, `:`, `#` and `%` where they would end a part; any other `%`
  stands for itself.
- `#/MEMBER` is a JSON pointer (RFC 6901) into the object: `#/accounts/0/token`. In a name, `~1` stands for `/` and `~0` for `~`.
- Without INSTALLATION it is the only one that the plugin has. If it has several, the command names them. If it has none, `set`
  makes `default`.
- `--plugin`, `--installation`, `--name` and `--member` say the same in parts, without escapes.
- `--workspace=URI` means the record of a workspace folder, `--workspace` that of the current folder.

The key is the one that the store keeps for the installation. `--key-fd N` names a descriptor with another key. `get` and `list`
never make a key or a store.

## Values

- A value is never an argument, and never in the environment of `plugin-vault`. `set`, `patch` and `import -` read it from stdin.
  At a terminal they ask for it and do not show it.
- `set --raw` stores text as the string of a member. The line end after a single line is not part of it. A text of several lines,
  such as a private key, stays as it is.
- `get` prints what is stored, byte for byte. `get --raw` prints a string without its quotes, and without a line end unless stdout is a terminal.
- `run` passes values in environment variables or, better, through descriptors, which other processes can't read. Where the output
  of the program is no terminal, `run` replaces the values in it by `***`. `--no-mask` turns that off. The program does not get
  the variables `PLUGIN_VAULT_*`. It can't write core dumps, since they would have the values in them.
- `export` writes values in plain text: into a file that only you may read, or to a program, such as `age`. It never writes to a terminal.

## Exit codes

| code | meaning | kinds with `--json` |
|---|---|---|
| 0 | done | |
| 1 | not done | `failed`, and most kinds of [reference.md](reference.md#errors) |
| 2 | the command line is wrong, or `--yes` is missing | `wrongArguments` |
| 3 | there is no store yet | `noStore` |
| 4 | nothing is stored there | `nothingStored`, `apiKeyUnknown` |
| 5 | the store is locked, or a key is not available | `keyUnavailable` |
| 6 | damaged or refused | `recordDamaged`, `storeDamaged`, `storeRefused`, `notPermitted`, … |
| 7 | the server of a shared store can't be reached | `storeUnreachable` |

A command that fails writes one line to stderr that says what happened, why, and what to do. With `--json` that line is an object
with `kind`, `exitCode` and `message`, and `reason` where the kind has several causes
([schema](../schema/cli/error.schema.json)). The other shapes of `--json` are in [schema/cli](../schema/README.md#the-command-line).

`serve` ends as [protocol.md](protocol.md) says, the helpers as their protocols say, and `run` with the code of the program: 127 if it
was not found, 126 if it could not be started, 128 and the signal's number if a signal ended it.

Commands that destroy something name it and ask at a terminal. Without a terminal they need `--yes`.
";

/// The whole page.
pub(crate) fn page(root: &Command) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Commands\n\n| command | |\n|---|---|\n");
    let mut sections = String::new();
    each(root, "plugin-vault", &mut page, &mut sections);
    page.push_str("\n## Common options\n\nEvery command has these.\n\n");
    page.push_str(&options(root, true));
    page.push('\n');
    page.push_str(sections.trim_end());
    page.push('\n');
    page
}

fn each(command: &Command, path: &str, table: &mut String, sections: &mut String) {
    let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
    if inner.is_empty() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let anchor = path.replace(' ', "-");
        let _ = writeln!(table, "| [`{path}`](#{anchor}) | {} |", escaped(&about));
        let _ = write!(sections, "\n## {path}\n\n{about}.\n\n```text\n{}\n```\n\n", usage(command, path));
        let own = options(command, false);
        if !own.is_empty() {
            let _ = writeln!(sections, "{own}");
        }
        if let Some(examples) = command.get_after_help() {
            let examples = examples.to_string();
            let lines: Vec<_> = examples.lines().skip(1).map(str::trim).collect();
            let _ = writeln!(sections, "```sh\n{}\n```", lines.join("\n"));
        }
    }
    for command in inner {
        each(command, &format!("{path} {}", command.get_name()), table, sections);
    }
}

fn usage(command: &Command, path: &str) -> String {
    let positional = command.get_positionals().map(|argument| {
        let name = shown(argument);
        if argument.is_last_set() {
            format!("-- {name}")
        } else if argument.is_required_set() {
            name
        } else {
            format!("[{name}]")
        }
    });
    let words: Vec<_> = std::iter::once(format!("{path} [OPTIONS]")).chain(positional).collect();
    words.join(" ")
}

/// The values of an argument, as the user writes them.
fn shown(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<_> = names.iter().map(|name| (*name).to_string()).collect();
    let many = if argument.is_last_set() { "…" } else { "" };
    format!("{}{many}", names.join(" "))
}

/// The arguments and options of a command, or those that every command has.
fn options(command: &Command, common: bool) -> String {
    let is_wanted = |argument: &&Arg| {
        !argument.is_hide_set()
            && argument.get_id() != "help"
            && argument.get_id() != "version"
            && argument.is_global_set() == common
    };
    let mut rows = String::new();
    for argument in command.get_arguments().filter(is_wanted) {
        let name = match argument.get_long() {
            None => shown(argument),
            Some(long) => {
                let short = argument.get_short().map_or(String::new(), |short| format!("-{short}, "));
                let takes = argument.get_action().takes_values();
                let optional = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
                let value = match (takes, optional) {
                    (false, _) => String::new(),
                    (true, true) => format!("[={}]", shown(argument)),
                    (true, false) => format!(" {}", shown(argument)),
                };
                format!("{short}--{long}{value}")
            }
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(rows, "| `{}` | {}{} |", name.replace('|', "\\|"), escaped(&help), values(argument));
    }
    if rows.is_empty() { rows } else { format!("| argument | |\n|---|---|\n{rows}") }
}

/// The values that an argument may have, and the one that it has without the user.
fn values(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let possible = argument.get_possible_values();
    let names: Vec<_> = possible.iter().map(|value| format!("`{}`", value.get_name())).collect();
    let usual = argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    let mut text = String::new();
    if !names.is_empty() {
        let _ = write!(text, ": {}", names.join(", "));
    }
    if let Some(usual) = usual {
        let _ = write!(text, " (default: `{usual}`)");
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
