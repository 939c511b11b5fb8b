package io.github.pluginvault;

import java.util.Objects;

/**
 * The key of a vault.
 *
 * @param plugin the plugin whose key plugin-vault keeps, as {@code publisher.name}; or null
 * @param installation the installation of the plugin, for example the name of the editor
 * @param apiKey the key that the caller keeps, 40 hexadecimal digits; or null
 * @param mustExist whether a key of the caller's under which nothing is stored is refused
 */
public record Key(String plugin, String installation, String apiKey, boolean mustExist) {
  /** Returns the key that plugin-vault keeps: the same pair always finds the same data. */
  public static Key of(String plugin, String installation) {
    Objects.requireNonNull(plugin, "plugin");
    return new Key(plugin, Objects.requireNonNull(installation, "installation"), null, true);
  }

  /** Returns a key that the caller keeps. */
  public static Key ofCaller(String apiKey) {
    return new Key(null, null, Objects.requireNonNull(apiKey, "apiKey"), false);
  }

  /** Returns the same key, which is refused if nothing is stored under it. */
  public Key existing() {
    return new Key(plugin, installation, apiKey, true);
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "Key";
  }
}
