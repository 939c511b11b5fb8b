package io.github.pluginvault;

import io.github.pluginvault.Wire.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** How a sidecar is started. Each method changes these options and returns them. */
public final class SidecarOptions {
  Path program;
  Path packed;
  private Path connect;
  private Path dataDir;
  private Path keyDir;
  private boolean isTemporary;
  List<String> workspaceFolders = List.of();
  Consumer<Status> onStatus;
  Map<String, String> environment = System.getenv();
  long handshake = 10_000;

  /** Sets the program's absolute path. */
  public SidecarOptions program(Path program) {
    this.program = program;
    return this;
  }

  /** Sets the absolute path of a copy of the program that the plugin contains. */
  public SidecarOptions packed(Path packed) {
    this.packed = packed;
    return this;
  }

  /**
   * Sets the socket of {@code plugin-vault relay}, when the store is on another machine or outside
   * of the container. By default that of the environment variable {@code PLUGIN_VAULT_CONNECT}. A
   * relay is for one plugin.
   */
  public SidecarOptions connect(Path socket) {
    connect = socket;
    return this;
  }

  /** Sets the folder of the store. */
  public SidecarOptions dataDir(Path dataDir) {
    this.dataDir = dataDir;
    return this;
  }

  /** Sets the folder of the store's key file. */
  public SidecarOptions keyDir(Path keyDir) {
    this.keyDir = keyDir;
    return this;
  }

  /** Uses a store of its own, which is deleted at the end. */
  public SidecarOptions temporary() {
    isTemporary = true;
    return this;
  }

  /** Sets the URIs of the open workspace folders. */
  public SidecarOptions workspaceFolders(List<String> uris) {
    workspaceFolders = List.copyOf(uris);
    return this;
  }

  /** Sets what gets the state of the store when any process has unlocked or repaired it. */
  public SidecarOptions onStatus(Consumer<Status> listener) {
    onStatus = listener;
    return this;
  }

  /** For tests: replaces the environment in which the program is searched. */
  SidecarOptions environment(Map<String, String> variables) {
    environment = Map.copyOf(variables);
    return this;
  }

  /** For tests: the milliseconds in which a program has to answer first. */
  SidecarOptions handshake(long milliseconds) {
    handshake = milliseconds;
    return this;
  }

  List<String> arguments() {
    var arguments = new ArrayList<String>(List.of("--stdio"));
    // The sidecar starts in another folder.
    if (connect != null) {
      arguments.addAll(List.of("--connect", connect.toAbsolutePath().toString()));
    }
    if (dataDir != null) {
      arguments.addAll(List.of("--data-dir", dataDir.toAbsolutePath().toString()));
    }
    if (keyDir != null) {
      arguments.addAll(List.of("--key-dir", keyDir.toAbsolutePath().toString()));
    }
    if (isTemporary) {
      arguments.add("--temporary");
    }
    return arguments;
  }
}
