package io.github.pluginvault;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Finds the program, and the folder in which it starts.
 *
 * <p>The current folder may be a project of another author, so no program is taken from there or
 * started there.
 */
final class Program {
  private static final String NAME =
      File.separatorChar == '\\' ? "plugin-vault.exe" : "plugin-vault";

  private Program() {}

  /** Returns the caller's setting, PLUGIN_VAULT_BIN, the packed copy, or the first one on PATH. */
  static Path find(Path setting, Path packed, Map<String, String> environment) {
    if (setting != null) {
      return named(setting.toString(), "The setting `program`");
    }
    String variable = environment.getOrDefault("PLUGIN_VAULT_BIN", "");
    if (!variable.isEmpty()) {
      return named(variable, "PLUGIN_VAULT_BIN");
    }
    if (packed != null && packed.isAbsolute() && isProgram(packed)) {
      return packed;
    }
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      try {
        // An empty or relative entry means the current folder.
        Path program = Path.of(folder).resolve(NAME);
        if (program.isAbsolute() && isProgram(program)) {
          return program;
        }
      } catch (InvalidPathException notOnThisSystem) {
        continue;
      }
    }
    throw new VaultException(
        "programNotFound",
        "plugin-vault is not installed. Put it on PATH, or name it in PLUGIN_VAULT_BIN or in the"
            + " setting `program`.");
  }

  /** Returns the user's home folder, or the root if there is none. */
  static File workingFolder(String home) {
    var folder = new File(home);
    return folder.isAbsolute() && folder.isDirectory() ? folder : File.listRoots()[0];
  }

  private static Path named(String text, String by) {
    Path path;
    try {
      path = Path.of(text);
    } catch (InvalidPathException wrong) {
      throw new VaultException("programNotFound", by + " is not a path. Correct it or remove it.");
    }
    if (!path.isAbsolute()) {
      throw new VaultException(
          "programNotFound",
          by + " is a path that depends on the current folder. Use an absolute path.");
    }
    if (!isProgram(path)) {
      throw new VaultException(
          "programNotFound", by + " does not name a program. Correct it or remove it.");
    }
    return path;
  }

  private static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }
}
