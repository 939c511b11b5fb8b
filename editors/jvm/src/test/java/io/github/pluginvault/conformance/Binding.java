package io.github.pluginvault.conformance;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.pluginvault.Key;
import io.github.pluginvault.Listing;
import io.github.pluginvault.Place;
import io.github.pluginvault.Sharing;
import io.github.pluginvault.Sidecar;
import io.github.pluginvault.SidecarOptions;
import io.github.pluginvault.Tokens;
import io.github.pluginvault.Vault;
import io.github.pluginvault.VaultException;
import io.github.pluginvault.Watch;
import io.github.pluginvault.Wire.Context;
import io.github.pluginvault.Wire.DidChange;
import io.github.pluginvault.Wire.PersistentRecord;
import io.github.pluginvault.Wire.Scope;
import io.github.pluginvault.WriteOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The library as the runner of the cases calls it. */
final class Binding implements Host {
  private static final Gson GSON = new Gson();


  private final Path top;
  private final String program;
  private int stores;

  Binding(Path top, String program) {
    this.top = top;
    this.program = program;
  }

  @Override
  public boolean offers(JsonObject step) {
    // The types of the library know two contexts, and objects as data.
    JsonObject with = step.has("with") ? step.getAsJsonObject("with") : new JsonObject();
    boolean hasContext =
        !with.has("context") || GSON.fromJson(with.get("context"), Context.class) != null;
    return hasContext && (!with.has("data") || isObject(with.get("data")));
  }

  private static boolean isObject(JsonElement data) {
    // Or a variable.
    return data.isJsonObject() || data.toString().startsWith("\"${");
  }

  @Override
  public synchronized Store store(String passphrase) throws Exception {
    if (passphrase == null) {
      return new Store(top.resolve("store"), null);
    }
    var store = new Store(top.resolve("store-" + ++stores), passphrase);
    try (Vault vault = Vault.open(Key.of("conformance", "conformance"), options(store))) {
      vault.set(Place.USER, new JsonObject()).get();
    }
    protector(store, "add", "passphrase", "--new-passphrase-fd", "0");
    protector(store, "remove", "key-file", "--passphrase-fd", "0", "--yes");
    return store;
  }

  private void protector(Store store, String... arguments) throws Exception {
    var command = new ArrayList<String>(List.of(program, "protector"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--data-dir", store.folder().resolve("data").toString()));
    command.addAll(List.of("--key-dir", store.folder().resolve("keys").toString()));
    Path log = Files.createTempFile(top, "protector", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try (var input = process.outputWriter()) {
      input.write(store.passphrase() + "\n");
    }
    Case.check(process.waitFor() == 0, Files.readString(log));
  }

  private SidecarOptions options(Store store) {
    return new SidecarOptions()
        .program(Path.of(program))
        .dataDir(store.folder().resolve("data"))
        .keyDir(store.folder().resolve("keys"));
  }

  @Override
  public Window open(Key key, Store store, List<String> folders, Consumer<JsonElement> notice)
      throws Exception {
    Vault vault = Vault.open(key, options(store).workspaceFolders(folders));
    try {
      vault.ready().get();
      // Where processes share no keyring, each has to be unlocked for itself.
      if (store.passphrase() != null && !Boolean.TRUE.equals(vault.status().get().locked())) {
        vault.unlock(store.passphrase()).get();
      }
    } catch (ExecutionException error) {
      vault.close();
      throw error.getCause() instanceof VaultException refused ? refused : error;
    }
    return new VaultWindow(vault, notice);
  }

  /** A vault with a process of its own. */
  private static final class VaultWindow implements Window {
    private final Vault vault;
    private final Consumer<JsonElement> notice;
    private Watch watch;

    VaultWindow(Vault vault, Consumer<JsonElement> notice) {
      this.vault = vault;
      this.notice = notice;
    }

    @Override
    public CompletableFuture<JsonElement> call(String method, JsonObject params) {
      var given = new Given(params);
      CompletableFuture<?> call = call(method, given);
      given.checkAllTaken();
      return new Answer(call);
    }

    private CompletableFuture<?> call(String method, Given given) {
      return switch (method) {
        case "setPersistentData" ->
            vault.set(given.place(), given.object("data"), given.writeOptions());
        case "getPersistentData" -> vault.get(given.place());
        case "getPersistentRecord" -> vault.getRecord(given.place());
        case "patchPersistentData" ->
            vault.patch(given.place(), given.object("patch"), given.writeOptions());
        case "deletePersistentData" -> vault.delete(given.place(), given.writeOptions());
        case "listPersistentData" -> vault.list(given.listing());
        case "movePersistentData" -> vault.move(given.text("from"), given.text("to"));
        case "watchPersistentData" -> watch(given.number("since"));
        case "unwatchPersistentData" -> unwatch();
        case "acquireLease" ->
            vault.acquireLease(given.text("name"), given.time("ttlMs"), given.time("waitMs"));
        case "renewLease" -> vault.renewLease(given.text("name"), given.number("lease"));
        case "releaseLease" -> vault.releaseLease(given.text("name"), given.number("lease"));
        case "shareAPIKey" -> vault.shareKey(given.sharing());
        case "listAPIKeys" -> vault.listKeys();
        case "rotateAPIKey" -> vault.rotateKey(given.text("apiKey"));
        case "revokeAPIKey" -> vault.revokeKey(given.text("keyId"));
        case "vault/status" -> vault.status();
        case "vault/lock" -> vault.lock();
        case "vault/unlock" ->
            vault.unlock(given.text("passphrase")).thenApply(VaultWindow::unlocked);
        default -> throw new AssertionError("the library has no " + method);
      };
    }

    private static JsonObject unlocked(boolean available) {
      var answer = new JsonObject();
      answer.addProperty("keyAvailable", available);
      return answer;
    }

    private CompletableFuture<JsonObject> watch(Long since) {
      Consumer<DidChange> listener = change -> notice.accept(withoutHandle(change));
      var began = since == null ? vault.watch(listener) : vault.watch(listener, since);
      return began.thenApply(
          begun -> {
            watch = begun;
            return watching(true, begun.since());
          });
    }

    private CompletableFuture<JsonObject> unwatch() {
      watch.close();
      return CompletableFuture.completedFuture(watching(false, watch.revision()));
    }

    private static JsonObject watching(boolean watching, long revision) {
      var answer = new JsonObject();
      answer.addProperty("watching", watching);
      answer.addProperty("revision", revision);
      return answer;
    }

    private static JsonObject withoutHandle(DidChange change) {
      JsonObject notice = GSON.toJsonTree(change).getAsJsonObject();
      notice.remove("handle");
      return notice;
    }

    @Override
    public Tokens tokens(String name, Tokens.Refresh refresh, Predicate<JsonObject> isFresh) {
      Tokens tokens = vault.tokens(name, refresh).reads(3);
      return isFresh == null ? tokens : tokens.freshIf(isFresh);
    }

    @Override
    public void folders(List<String> uris) {
      vault.sidecar().setWorkspaceFolders(uris);
    }

    @Override
    public void kill() throws Exception {
      Sidecar sidecar = vault.sidecar();
      long killed = sidecar.pid().getAsLong();
      ProcessHandle.of(killed).ifPresent(ProcessHandle::destroyForcibly);
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (sidecar.pid().isPresent() && sidecar.pid().getAsLong() == killed) {
        Case.check(System.nanoTime() < limit, "the end was not noticed");
        Thread.yield();
      }
    }

    @Override
    public void close() {
      vault.close();
    }
  }

  /** A call whose result is JSON. To cancel it cancels the call. */
  private static final class Answer extends CompletableFuture<JsonElement> {
    private final CompletableFuture<?> call;

    Answer(CompletableFuture<?> call) {
      this.call = call;
      call.whenComplete(
          (result, error) -> {
            if (error == null) {
              complete(json(result));
            } else {
              completeExceptionally(error);
            }
          });
    }

    private static JsonElement json(Object result) {
      if (result instanceof JsonElement element) {
        return element;
      }
      JsonElement json = GSON.toJsonTree(result);
      if (result instanceof PersistentRecord stored) {
        // With its members that are null.
        json.getAsJsonObject().add("data", stored.data());
      }
      return json;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return call.cancel(mayInterruptIfRunning);
    }
  }

  /** The parameters of a step. Each is taken once. */
  private static final class Given {
    private final JsonObject params;
    private final Set<String> left;

    Given(JsonObject params) {
      this.params = params;
      this.left = new HashSet<>(params.keySet());
    }

    void checkAllTaken() {
      Case.check(left.isEmpty(), "the library has no parameters " + left);
    }

    private JsonElement take(String name) {
      left.remove(name);
      return params.get(name);
    }

    String text(String name) {
      JsonElement value = take(name);
      return value == null ? null : value.getAsString();
    }

    Long number(String name) {
      JsonElement value = take(name);
      return value == null ? null : value.getAsLong();
    }

    Duration time(String name) {
      Long milliseconds = number(name);
      return Duration.ofMillis(milliseconds == null ? 0 : milliseconds);
    }

    JsonObject object(String name) {
      return take(name).getAsJsonObject();
    }

    Place place() {
      JsonElement inherit = take("inherit");
      Context context = GSON.fromJson(take("context"), Context.class);
      boolean isInherited = inherit != null && inherit.getAsBoolean();
      return new Place(context, text("workspaceFolder"), text("name"), isInherited);
    }

    WriteOptions writeOptions() {
      return new WriteOptions(number("ifRevision"), text("expiresAt"), number("lease"));
    }

    Listing listing() {
      Long limit = number("limit");
      JsonElement after = take("after");
      return new Listing(
          GSON.fromJson(take("context"), Context.class),
          text("workspaceFolder"),
          limit == null ? null : limit.intValue(),
          after == null ? null : new Given(after.getAsJsonObject()).place());
    }

    Sharing sharing() {
      Scope scope = GSON.fromJson(take("scope"), Scope.class);
      return new Sharing(text("label"), text("expiresAt"), scope);
    }
  }
}
