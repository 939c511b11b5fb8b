package io.github.pluginvault;

import static io.github.pluginvault.Place.USER;
import static io.github.pluginvault.World.check;
import static io.github.pluginvault.World.get;
import static io.github.pluginvault.World.json;
import static io.github.pluginvault.World.kill;
import static io.github.pluginvault.World.refused;
import static io.github.pluginvault.World.same;
import static io.github.pluginvault.World.signal;
import static io.github.pluginvault.World.until;

import io.github.pluginvault.Wire.DidChange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The life of a sidecar: restarts, unknown outcomes, the end, and who may block whom. */
final class LifeTests {
  private LifeTests() {}

  static void add(Map<String, Behaviour.Steps> tests) {
    tests.put("an unanswered write is unknown, and a read is repeated", LifeTests::unanswered);
    tests.put("five ends within a minute are enough", LifeTests::fiveEnds);
    tests.put("close answers earlier calls, and ends the process", LifeTests::close);
    tests.put("close kills a process that does not answer", LifeTests::closeStopped);
    tests.put("a stage of a caller may block and call again", LifeTests::blocking);
    tests.put("a listener may block, and gets its changes in order", LifeTests::listener);
    tests.put("cancelling says whether the call was carried out", LifeTests::cancel);
    tests.put("vaults share a process, and each closes for itself", LifeTests::shared);
    tests.put("a locked store is reported by each call, until it is unlocked", LifeTests::locked);
    tests.put("two processes change one record, and no change is lost", LifeTests::update);
    tests.put("a lease is renewed while it is open", LifeTests::lease);
    tests.put("a refresh of tokens ends before the vault is closed", LifeTests::refresh);
    tests.put("a JVM that ends stores what was set before", LifeTests::exit);
    tests.put("a JVM that is killed loses nothing, and leaves no process", LifeTests::killed);
  }

  private static void unanswered(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.set(USER, json("{'n':1}")));
    long pid = vault.sidecar().pid().getAsLong();
    signal("STOP", pid);
    var write = vault.set(USER, json("{'n':2}"));
    var read = vault.get(USER);
    signal("KILL", pid);
    refused("outcomeUnknown", write);
    int stored = get(read).get("n").getAsInt();
    check(stored == 1 || stored == 2, "" + stored);
  }

  private static void fiveEnds(World world) throws Exception {
    Vault vault = world.vault();
    for (int n = 0; n < 5; n++) {
      get(vault.status());
      kill(vault);
    }
    check(refused("vaultEnded", vault.status()).isRetryable(), "it is retryable");
  }

  private static void close(World world) throws Exception {
    Vault vault = world.vault();
    var writes = new ArrayList<CompletableFuture<?>>();
    for (int n = 0; n < 50; n++) {
      writes.add(vault.set(USER, json("{'n':" + n + "}")));
    }
    vault.close();
    for (var write : writes) {
      get(write);
    }
    same(world.processes(), List.of());
    refused("closed", vault.get(USER));
    vault.close();
  }

  private static void closeStopped(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.ready());
    signal("STOP", vault.sidecar().pid().getAsLong());
    // More than a pipe holds, so that the worker is blocked.
    var write = vault.set(USER, json("{'much':'" + "x".repeat(500_000) + "'}"));
    long start = System.nanoTime();
    get(vault.closeAsync());
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    check(seconds < 10, "it took " + seconds + " s");
    check(write.isCompletedExceptionally(), "the write has an end");
    same(world.processes(), List.of());
  }

  private static void blocking(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.set(USER, json("{'n':1}")));
    var chains = new ArrayList<CompletableFuture<?>>();
    for (int n = 0; n < 20; n++) {
      chains.add(vault.get(USER).thenApply(found -> vault.get(USER).join()));
    }
    for (var chain : chains) {
      get(chain);
    }
  }

  private static void listener(World world) throws Exception {
    Vault vault = world.vault();
    Vault writer = world.vault();
    var seen = new LinkedBlockingQueue<Long>();
    var watch =
        get(
            vault.watch(
                change -> {
                  vault.get(USER).join();
                  seen.add(change.revision());
                }));
    var revisions = new ArrayList<Long>();
    for (int n = 0; n < 20; n++) {
      revisions.add(get(writer.set(USER, json("{'n':" + n + "}"))).revision());
    }
    for (Long revision : revisions) {
      same(seen.poll(60, TimeUnit.SECONDS), revision);
    }
    same(watch.revision(), revisions.get(19));
    watch.close();
    kill(vault);
    get(vault.get(USER));
    same(seen.size(), 0);
  }

  private static void cancel(World world) throws Exception {
    Vault vault = world.vault();
    Vault holder = world.vault();
    Duration minute = Duration.ofSeconds(60);
    get(holder.acquireLease("x", minute, Duration.ZERO));
    var waiting = vault.acquireLease("x", minute, minute);
    get(vault.status());
    waiting.cancel(true);
    until(waiting::isDone);
    check(waiting.isCancelled(), "it is cancelled");
    var written = vault.set(USER, json("{'n':1}"));
    get(written);
    check(!written.cancel(true) && !written.isCancelled(), "it was too late");
    var calls = new ArrayList<CompletableFuture<?>>();
    for (int n = 0; n < 20; n++) {
      var call = vault.set(USER.named("n" + n), json("{}"));
      call.cancel(true);
      calls.add(call);
    }
    for (int n = 0; n < 20; n++) {
      until(calls.get(n)::isDone);
      boolean isStored = get(vault.get(USER.named("n" + n))) != null;
      same(calls.get(n).isCancelled(), !isStored);
    }
  }

  private static void shared(World world) throws Exception {
    var sidecar = new Sidecar(world.options());
    Vault one = world.keep(Vault.open(Key.of(world.plugin, "test"), sidecar));
    Vault other = world.keep(Vault.open(Key.of(world.word(), "test"), sidecar));
    get(one.set(USER, json("{'n':1}")));
    same(get(other.get(USER)), null);
    same(world.processes().size(), 1);
    var changes = new LinkedBlockingQueue<DidChange>();
    get(one.watch(changes::add));
    other.close();
    refused("closed", other.get(USER));
    Vault writer = world.vault();
    long revision = get(writer.set(USER, json("{'n':2}"))).revision();
    same(changes.poll(60, TimeUnit.SECONDS).revision(), revision);
    sidecar.close();
    refused("closed", one.get(USER));
  }

  private static void locked(World world) throws Exception {
    get(world.vault().set(USER, json("{'n':1}")));
    final String passphrase = world.lock();
    Vault vault = world.vault();
    get(vault.ready());
    for (int n = 0; n < 2; n++) {
      var error = refused("keyUnavailable", vault.get(USER));
      same(error.data().get("reason").getAsString(), "locked");
    }
    refused("keyUnavailable", vault.unlock("wrong"));
    same(get(vault.unlock(passphrase)), true);
    same(get(vault.get(USER)), json("{'n':1}"));
  }

  private static void update(World world) throws Exception {
    var runs = new ArrayList<CompletableFuture<?>>();
    Vault one = world.vault();
    Vault other = world.vault();
    for (int n = 0; n < 20; n++) {
      for (Vault vault : List.of(one, other)) {
        runs.add(
            vault.update(
                USER,
                data -> {
                  int before = data.has("n") ? data.get("n").getAsInt() : 0;
                  data.addProperty("n", before + 1);
                  return data;
                }));
      }
    }
    for (var run : runs) {
      get(run);
    }
    same(get(one.get(USER)), json("{'n':40}"));
    same(get(one.update(USER, data -> null)), json("{'n':40}"));
  }

  private static void lease(World world) throws Exception {
    Vault holder = world.vault();
    Vault other = world.vault();
    Duration second = Duration.ofSeconds(1);
    try (Lease lease = get(holder.lease("x", second, Duration.ZERO))) {
      get(holder.set(USER, json("{'n':1}"), WriteOptions.NONE.lease(lease.token())));
      refused("leaseHeld", other.acquireLease("x", second, Duration.ofSeconds(3)));
      check(!lease.isLost(), "it is held");
      kill(holder);
      get(other.acquireLease("x", Duration.ofSeconds(60), second));
      until(lease::isLost);
    }
  }

  private static void refresh(World world) throws Exception {
    Vault vault = world.vault();
    var isAsked = new CompletableFuture<Void>();
    var answer = new CompletableFuture<String>();
    Tokens tokens =
        vault.tokens(
            "oauth",
            spent -> {
              isAsked.complete(null);
              return json("{'accessToken':'a2','refreshToken':'" + answer.get() + "'}");
            });
    get(tokens.set(json("{'accessToken':'a1','refreshToken':'r1'}")));
    var refreshed = tokens.get();
    get(isAsked);
    var closed = vault.closeAsync();
    answer.complete("r2");
    get(refreshed);
    get(closed);
    var stored = get(world.vault().get(USER.named("oauth")));
    same(stored.get("refreshToken").getAsString(), "r2");
  }

  /** Starts another JVM that writes until it is told to end. */
  private static Process writer(World world, String how) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            world.top.toString(),
            world.plugin,
            how)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static void exit(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.set(USER, json("{'n':0}")));
    same(writer(world, "exit").waitFor(), 0);
    same(get(vault.get(USER)), json("{'n':50}"));
  }

  private static void killed(World world) throws Exception {
    Process process = writer(world, "go on");
    int answered = 0;
    try (var lines = process.inputReader()) {
      while (answered < 20) {
        answered = Integer.parseInt(lines.readLine());
      }
      // `destroyForcibly` would close the streams.
      signal("KILL", process.pid());
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answered = Integer.parseInt(line);
      }
    }
    until(() -> world.processes().isEmpty());
    int stored = get(world.vault().get(USER)).get("n").getAsInt();
    check(stored >= answered, stored + " is stored, and " + answered + " was answered");
  }

  /** The other JVM. */
  static final class Writer {
    private Writer() {}

    /** Writes numbers, and prints each one that was answered. */
    public static void main(String[] arguments) throws Exception {
      Path top = Path.of(arguments[0]);
      var options = new SidecarOptions().dataDir(top.resolve("data")).keyDir(top.resolve("keys"));
      Vault vault = Vault.open(Key.of(arguments[1], "test"), options);
      if (arguments[2].equals("exit")) {
        // The sidecar has not started yet when the program ends.
        for (int n = 1; n <= 50; n++) {
          vault.set(USER, json("{'n':" + n + "}"));
        }
        System.exit(0);
      }
      for (int n = 1; true; n++) {
        get(vault.set(USER, json("{'n':" + n + "}")));
        System.out.println(n);
      }
    }
  }
}
