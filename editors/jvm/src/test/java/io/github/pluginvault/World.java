package io.github.pluginvault;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The store of one test, and what is checked at its end: no process, no secret in any file. */
final class World implements AutoCloseable {
  static final String PROGRAM = System.getenv("PLUGIN_VAULT_BIN");

  /** Seconds after which a test has failed. */
  private static final long LIMIT = 60;

  final Path top;
  final String plugin;
  private final List<String> words = new ArrayList<>();
  private final List<Vault> vaults = new ArrayList<>();

  World() throws Exception {
    top = Files.createTempDirectory("vault-jvm-").toRealPath();
    plugin = word();
  }

  /** Returns a random word that must not be in any file. */
  String word() {
    String word = "canary" + UUID.randomUUID().toString().replace("-", "");
    words.add(word);
    return word;
  }

  SidecarOptions options() {
    return new SidecarOptions().dataDir(top.resolve("data")).keyDir(top.resolve("keys"));
  }

  Vault vault() {
    return vault(Key.of(plugin, "test"), options());
  }

  Vault vault(Key key, SidecarOptions options) {
    return keep(Vault.open(key, options));
  }

  Vault keep(Vault vault) {
    vaults.add(vault);
    return vault;
  }

  /** Writes a program, which the shell runs. */
  Path script(String name, String text) throws Exception {
    Path path = Files.writeString(top.resolve(name), "#!/bin/sh\n" + text + "\n");
    path.toFile().setExecutable(true);
    return path;
  }

  /** Runs plugin-vault with an input, and returns what it prints. */
  String run(String input, String... arguments) throws Exception {
    var command = new ArrayList<String>(List.of(PROGRAM));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--data-dir", top.resolve("data").toString()));
    command.addAll(List.of("--key-dir", top.resolve("keys").toString()));
    Path output = top.resolve("output");
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    Process process = builder.redirectOutput(output.toFile()).start();
    try (var stdin = process.outputWriter()) {
      stdin.write(input);
    }
    check(process.waitFor() == 0, Files.readString(output));
    String printed = Files.readString(output);
    Files.delete(output);
    return printed;
  }

  /** Replaces the key file by a passphrase, and returns that. */
  String lock() throws Exception {
    String passphrase = word();
    run(passphrase + "\n", "protector", "add", "passphrase", "--new-passphrase-fd", "0");
    run(
        passphrase + "\n",
        "protector",
        "remove",
        "key-file",
        "--passphrase-fd",
        "0",
        "--yes");
    return passphrase;
  }

  List<Long> processes() {
    return ProcessHandle.allProcesses()
        .filter(each -> each.info().commandLine().orElse("").contains(top.toString()))
        .map(ProcessHandle::pid)
        .toList();
  }

  @Override
  public void close() throws IOException {
    for (Vault vault : vaults) {
      vault.closeAsync().orTimeout(LIMIT, TimeUnit.SECONDS).join();
    }
    check(processes().isEmpty(), "a process is left");
    List<Path> files;
    try (var found = Files.walk(top)) {
      files = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      if (Files.isRegularFile(file)) {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        for (String word : words) {
          String encoded = Base64.getEncoder().encodeToString(word.getBytes()).substring(0, 40);
          boolean isThere = content.contains(word) || content.contains(encoded);
          check(!isThere, "a secret is in " + file.getFileName());
        }
      }
      Files.delete(file);
    }
  }

  static void signal(String signal, long pid) throws Exception {
    check(new ProcessBuilder("kill", "-" + signal, "" + pid).start().waitFor() == 0, "kill");
  }

  static void kill(Vault vault) throws Exception {
    long pid = vault.sidecar().pid().getAsLong();
    signal("KILL", pid);
    until(() -> vault.sidecar().pid().orElse(0) != pid);
  }

  /** Waits for what another thread or process does. */
  static void until(BooleanSupplier condition) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT);
    while (!condition.getAsBoolean()) {
      check(System.nanoTime() < limit, "it never happened");
      Thread.yield();
    }
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    try {
      return future.get(LIMIT, TimeUnit.SECONDS);
    } catch (ExecutionException error) {
      throw error.getCause() instanceof Exception cause ? cause : error;
    }
  }

  /** Returns the error of a call, which has to be of this kind. */
  static VaultException refused(String kind, CompletableFuture<?> future) throws Exception {
    Object result;
    try {
      result = get(future);
    } catch (VaultException error) {
      check(error.kind().equals(kind), error.kind() + " is not " + kind);
      return error;
    }
    throw new AssertionError("the answer was " + result);
  }

  static JsonObject json(String text) {
    return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
  }

  static void same(Object actual, Object expected) {
    check(Objects.equals(actual, expected), actual + ", not " + expected);
  }

  static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
