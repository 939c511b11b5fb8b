//! Several copies of the program: `doctor` names those of another version.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::sick::Sick;

#[test]
fn a_variable_that_names_no_program() {
    let mut sick = Sick::filled();
    sick.set("PLUGIN_VAULT_BIN", sick.user("gone/plugin-vault"));
    sick.is_cured("program", "failed", "PLUGIN_VAULT_BIN names", false);
}

#[test]
fn a_copy_of_the_program_for_another_system() {
    // The first has no head that this processor knows, the second a loader that is not there.
    for content in ["\x7fELF of another processor", "#!/nowhere/loader\n"] {
        let mut sick = Sick::filled();
        let copy = sick.user("copy/plugin-vault");
        fs::create_dir(copy.parent().unwrap()).unwrap();
        fs::write(&copy, content).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        sick.set("PLUGIN_VAULT_BIN", &copy);
        let why = "it is built for another C library or processor";
        let command = sick.is_cured("program", "warning", why, false);
        assert!(command.starts_with("cp -f "), "{command}");
    }
}

#[test]
fn an_older_copy_of_the_program() {
    let mut sick = Sick::filled();
    let old = sick.home.program("old", "plugin-vault 0.0.1");
    let copy = sick.user("copy/plugin-vault");
    fs::create_dir(copy.parent().unwrap()).unwrap();
    fs::rename(old, &copy).unwrap();
    sick.set("PLUGIN_VAULT_BIN", &copy);
    let command = sick.is_cured("program", "warning", "of version 0.0.1", false);
    assert!(command.starts_with("cp -f "), "{command}");
}

/// Gives an extension a packed copy of another version.
fn pack(sick: &Sick, folder: &str) {
    let old = sick.home.program("old", "plugin-vault 0.0.1");
    fs::create_dir_all(sick.user(folder)).unwrap();
    fs::rename(old, sick.user(folder).join("plugin-vault")).unwrap();
}

#[test]
fn an_older_copy_in_an_extension() {
    for editor in [".vscode", ".vscode-server", ".cursor"] {
        let sick = Sick::filled();
        pack(&sick, &format!("{editor}/extensions/me.notes-1.0.0/bin"));
        let command = sick.is_cured("program", "warning", "an editor's extension leads to ~/", false);
        assert!(command.starts_with("cp -f "), "{command}");
    }
}

#[test]
fn an_older_copy_that_an_editor_s_setting_names() {
    let sick = Sick::filled();
    pack(&sick, "old");
    let settings = sick.user(".config/Code/User");
    fs::create_dir_all(&settings).unwrap();
    let path = sick.user("old/plugin-vault");
    let text = format!("{{\n  // The sidecar.\n  \"pluginVault.path\": \"{}\",\n}}\n", path.display());
    fs::write(settings.join("settings.json"), text).unwrap();
    let command = sick.is_cured(
        "program",
        "warning",
        "pluginVault.path leads to ~/'old/plugin-vault' of version 0.0.1",
        false,
    );
    assert!(command.starts_with("cp -f "), "{command}");
}
