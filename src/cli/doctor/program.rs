//! The program: several copies of it, or several versions, among those that editors and shells start.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process;

use super::{Check, Finding, quoted};

const NAME: &str = "plugin-vault";
/// How long a copy may take to say its version.
const LONGEST: Duration = Duration::from_secs(2);
/// Where editors keep extensions, below the home folder. Each may have a packed copy of the program.
const EXTENSIONS: [&str; 6] = [
    ".vscode/extensions",
    ".vscode-insiders/extensions",
    ".vscode-server/extensions",
    ".vscode-oss/extensions",
    ".cursor/extensions",
    ".windsurf/extensions",
];
/// The settings of editors, below the folder of settings.
const SETTINGS: [&str; 5] = ["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf"];

/// A copy of the program, and who names it.
struct Copy {
    path: PathBuf,
    named_by: &'static str,
}

/// Looks for copies of the program.
pub(super) fn check() -> Vec<Finding> {
    let check = Check::Program;
    let mut findings = Vec::new();
    if let Some(set) = std::env::var_os("PLUGIN_VAULT_BIN").filter(|set| !set.is_empty())
        && !process::is_program(Path::new(&set))
    {
        let what = format!(
            "PLUGIN_VAULT_BIN names {}, which is no program, so no editor starts one",
            quoted(Path::new(&set))
        );
        findings.push(check.bad(what).command("unset PLUGIN_VAULT_BIN"));
    }
    let Some(own) = own_path() else {
        findings.push(check.not_checked("the path of this program is not known"));
        return findings;
    };
    let mut others = BTreeMap::new();
    for copy in copies() {
        if let Ok(real) = fs::canonicalize(&copy.path)
            && real != own
        {
            others.entry(real).or_insert(copy);
        }
    }
    for (real, copy) in &others {
        findings.extend(compared(&own, real, copy));
    }
    if findings.is_empty() {
        let more = if others.is_empty() {
            String::new()
        } else {
            format!("; {} more, of the same version", others.len())
        };
        findings.push(check.good(format!("{NAME} {} in {}{more}", env!("CARGO_PKG_VERSION"), own.display())));
    }
    findings
}

/// The program as a shell finds it: its name if `PATH` leads to this copy, otherwise its path.
pub(super) fn name() -> String {
    let own = own_path();
    let first = process::in_path(NAME).next().and_then(|path| fs::canonicalize(path).ok());
    match own {
        Some(own) if first.as_ref() != Some(&own) => quoted(&own),
        _ => NAME.to_owned(),
    }
}

fn own_path() -> Option<PathBuf> {
    std::env::current_exe().and_then(fs::canonicalize).ok()
}

/// A finding if another copy has another version. The command puts the newer one in the place of the older one.
fn compared(own: &Path, real: &Path, copy: &Copy) -> Option<Finding> {
    let ours = env!("CARGO_PKG_VERSION");
    let (path, named_by) = (quoted(&copy.path), copy.named_by);
    let theirs = match version(real) {
        Ok(theirs) => theirs,
        Err(no_version) => {
            let why = match no_version {
                NoVersion::Unsuitable => {
                    "which can't run here: it is built for another C library or processor"
                }
                NoVersion::NotSaid => "which does not say its version",
            };
            let what = format!("{named_by} leads to {path}, {why}");
            let command = format!("cp -f {} {}", quoted(own), quoted(real));
            return Some(Check::Program.warning(what).command(command));
        }
    };
    if theirs == ours {
        return None;
    }
    let (newer, older) = if numbers(&theirs) > numbers(ours) { (real, own) } else { (own, real) };
    let what = format!("{named_by} leads to {path} of version {theirs}, and this is {ours}");
    Some(Check::Program.warning(what).command(format!("cp -f {} {}", quoted(newer), quoted(older))))
}

/// The version as numbers, for a comparison. A part that is no number counts as 0.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0)).collect()
}

fn copies() -> impl Iterator<Item = Copy> {
    let set =
        std::env::var_os("PLUGIN_VAULT_BIN").map(PathBuf::from).filter(|path| process::is_program(path));
    let named = |named_by: &'static str| move |path: PathBuf| Copy { path, named_by };
    (settings().into_iter().map(named("an editor's setting pluginVault.path")))
        .chain(set.into_iter().map(named("PLUGIN_VAULT_BIN")))
        .chain(packed().into_iter().map(named("an editor's extension")))
        .chain(process::in_path(NAME).map(named("PATH")))
}

/// The programs that editors' settings name.
fn settings() -> Vec<PathBuf> {
    let Some(folder) = dirs::config_dir() else { return Vec::new() };
    let files = SETTINGS.iter().map(|editor| folder.join(editor).join("User/settings.json"));
    let named = files.filter_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        let (_, rest) = text.split_once("\"pluginVault.path\"")?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        let mut texts = serde_json::Deserializer::from_str(value).into_iter::<String>();
        texts.next()?.ok().map(PathBuf::from)
    });
    named.filter(|path| process::is_program(path)).collect()
}

/// The copies in the extensions of editors.
fn packed() -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir().filter(|home| home.is_absolute()) else { return Vec::new() };
    let folders = EXTENSIONS.iter().filter_map(|folder| fs::read_dir(home.join(folder)).ok());
    let extensions = folders.flatten().flatten().map(|entry| entry.path());
    let copies = extensions.flat_map(|extension| {
        let packed = format!("bin/{}-{}", node_platform(), node_processor());
        ["bin", &packed].map(|folder| extension.join(folder).join(NAME))
    });
    copies.filter(|path| process::is_program(path)).collect()
}

/// The system as Node names it, which names the folder of a packed copy.
fn node_platform() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    }
}

fn node_processor() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Why the version of a copy is not known.
enum NoVersion {
    /// The system can't execute the file: it is for another processor, or its C library is not there.
    Unsuitable,
    /// It is not this program, or takes too long.
    NotSaid,
}

/// The version that a copy says.
fn version(path: &Path) -> Result<String, NoVersion> {
    let mut command = Command::new(path);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    match command.spawn() {
        Ok(child) => said(child).ok_or(NoVersion::NotSaid),
        Err(error) if process::is_unsuitable(&error) => Err(NoVersion::Unsuitable),
        Err(_) => Err(NoVersion::NotSaid),
    }
}

/// The version that a started copy says.
fn said(mut child: Child) -> Option<String> {
    let end = Instant::now() + LONGEST;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    child.stdout.take()?.take(256).read_to_string(&mut text).ok()?;
    let version = text.lines().next()?.strip_prefix(NAME)?.trim();
    let is_version = version.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-+".contains(letter));
    (is_version && !version.is_empty()).then(|| version.to_owned())
}
