package io.github.pluginvault;

import static io.github.pluginvault.Place.USER;
import static io.github.pluginvault.World.check;
import static io.github.pluginvault.World.get;
import static io.github.pluginvault.World.json;
import static io.github.pluginvault.World.refused;
import static io.github.pluginvault.World.same;
import static io.github.pluginvault.World.signal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A store at the other end of a relay: the key, the end of a connection, watches. */
final class RelayTests {
  private RelayTests() {}

  static void add(Map<String, Behaviour.Steps> tests) {
    tests.put("a client of a relay has the plugin's data on the user's machine", RelayTests::data);
    tests.put("the variable names the socket of a relay", RelayTests::variable);
    tests.put("a relay refuses another plugin and a key of the caller's", RelayTests::wrong);
    tests.put("when a relay is gone, a write is unknown, and a watch goes on", RelayTests::gone);
  }

  /** A relay for the plugin of a world, as on the user's own machine. */
  private static final class Relay implements AutoCloseable {
    final Path socket;
    private final Process process;

    Relay(World world) throws Exception {
      Path folder = world.top.resolve("sockets");
      if (!Files.isDirectory(folder)) {
        var mode = PosixFilePermissions.fromString("rwx------");
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(mode));
      }
      socket = folder.resolve("relay");
      process =
          new ProcessBuilder(
                  World.PROGRAM,
                  "relay",
                  world.plugin,
                  "--listen",
                  socket.toString(),
                  "--data-dir",
                  world.top.resolve("data").toString(),
                  "--key-dir",
                  world.top.resolve("keys").toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      check(process.inputReader().readLine() != null, "the relay listens");
    }

    /** Ends it, and waits for that: it ends its sidecars first. */
    @Override
    public void close() {
      process.destroy();
      process.onExit().join();
    }
  }

  /** A client that knows the socket, and no store. */
  private static Vault connect(World world, Relay relay, Key key) {
    return world.vault(key, new SidecarOptions().connect(relay.socket));
  }

  private static void data(World world) throws Exception {
    Vault local = world.vault();
    get(local.set(USER, json("{'n':1}")));
    try (var relay = new Relay(world);
        Vault remote = connect(world, relay, Key.of(world.plugin, "remote"))) {
      same(get(remote.get(USER)), json("{'n':1}"));
      get(remote.set(USER, json("{'n':2}")));
      same(get(local.get(USER)), json("{'n':2}"));
      var own = get(remote.listKeys()).stream().filter(Wire.ListedKey::current).findFirst().get();
      check(own.plugin().equals(world.plugin) && !own.owner(), "it is a key that was shared");
      Wire.Status status = get(remote.status());
      same(status.relay(), true);
      same(status.dataDir(), world.top.resolve("data").toString());
      var error = refused("notPermitted", remote.rotateKey());
      same(error.data().get("reason").getAsString(), "relay");
    }
  }

  private static void variable(World world) throws Exception {
    get(world.vault().ready());
    try (var relay = new Relay(world)) {
      var java =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Remote.class.getName(),
                  world.plugin)
              .redirectError(ProcessBuilder.Redirect.INHERIT);
      java.environment().put("PLUGIN_VAULT_CONNECT", relay.socket.toString());
      same(java.start().waitFor(), 0);
    }
    same(get(world.vault().get(USER)), json("{'by':'remote'}"));
  }

  private static void wrong(World world) throws Exception {
    get(world.vault().ready());
    try (var relay = new Relay(world)) {
      try (Vault other = connect(world, relay, Key.of("another", "remote"))) {
        var error = refused("notPermitted", other.ready());
        check(error.getMessage().endsWith("Start a relay for another."), error.getMessage());
      }
      try (Vault own = connect(world, relay, Key.ofCaller("0123456789".repeat(4)))) {
        var error = refused("notPermitted", own.get(USER));
        check(error.getMessage().contains("a key of its own"), error.getMessage());
      }
    }
  }

  private static void gone(World world) throws Exception {
    Vault local = world.vault();
    get(local.set(USER, json("{'n':1}")));
    var relay = new Relay(world);
    final Vault remote = connect(world, relay, Key.of(world.plugin, "remote"));
    final var seen = new LinkedBlockingQueue<Long>();
    final CompletableFuture<?> write;
    final long pid;
    try (relay) {
      get(remote.watch(change -> seen.add(change.revision())));
      // The carrier stands still, so that nothing can answer.
      pid = remote.sidecar().pid().getAsLong();
      signal("STOP", pid);
      write = remote.set(USER, json("{'n':2}"));
    }
    // Changed while nothing was connected.
    Long changed = get(local.set(USER, json("{'n':3}"))).revision();
    try (var next = new Relay(world)) {
      same(next.socket, relay.socket);
      signal("CONT", pid);
      refused("outcomeUnknown", write);
      same(seen.poll(60, TimeUnit.SECONDS), changed);
      same(get(remote.get(USER)), json("{'n':3}"));
      remote.close();
    }
  }

  /** The other JVM, which has no setting. */
  static final class Remote {
    private Remote() {}

    /** Stores an object. */
    public static void main(String[] arguments) throws Exception {
      try (Vault vault = Vault.open(arguments[0], "remote")) {
        get(vault.set(USER, json("{'by':'remote'}")));
      }
    }
  }
}
