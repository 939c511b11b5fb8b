package io.github.pluginvault;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import io.github.pluginvault.Wire.Deleted;
import io.github.pluginvault.Wire.DidChange;
import io.github.pluginvault.Wire.Leased;
import io.github.pluginvault.Wire.ListedKey;
import io.github.pluginvault.Wire.ListedRecord;
import io.github.pluginvault.Wire.Locked;
import io.github.pluginvault.Wire.Moved;
import io.github.pluginvault.Wire.NewKey;
import io.github.pluginvault.Wire.PersistentRecord;
import io.github.pluginvault.Wire.Released;
import io.github.pluginvault.Wire.Renewed;
import io.github.pluginvault.Wire.RevokedKey;
import io.github.pluginvault.Wire.Status;
import io.github.pluginvault.Wire.Unlocked;
import io.github.pluginvault.Wire.Written;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The data of one key. Any number of threads may use it.
 *
 * <p>Each method is one of docs/reference.md. It makes its call at once and never blocks, so calls
 * are carried out in their order. Its future ends on a thread of the library, which a stage that
 * depends on it may block. Errors are {@link VaultException}s. Cancelling the future cancels the
 * call; the future then ends as the call really did.
 */
public final class Vault implements AutoCloseable {
  /** Codes from here on are errors of the store, not of the key. */
  private static final int STORE = 4001;

  private final Sidecar sidecar;
  private final boolean ownsSidecar;
  private final Registration key;
  private volatile boolean isClosed;

  private Vault(Key key, Sidecar sidecar, boolean ownsSidecar) {
    this.key = new Registration(key);
    this.sidecar = sidecar;
    this.ownsSidecar = ownsSidecar;
    sidecar.add(this.key);
    // Starts the process now, so that the first call need not wait for that.
    sidecar.call(this.key, null, new Params(), nothing -> null);
  }

  /**
   * Opens the data of a plugin's installation, with a process of its own. The same pair always
   * finds the same data.
   *
   * @param plugin the plugin, as {@code publisher.name}
   * @param installation for example the name of the editor
   */
  public static Vault open(String plugin, String installation) {
    return new Vault(Key.of(plugin, installation), new Sidecar(new SidecarOptions()), true);
  }

  /** Opens the data of a key, with a process of its own. */
  public static Vault open(Key key, SidecarOptions options) {
    return new Vault(key, new Sidecar(options), true);
  }

  /** Opens the data of a key, with a process that other vaults use too. */
  public static Vault open(Key key, Sidecar sidecar) {
    return new Vault(key, sidecar, false);
  }

  /**
   * Ends when the process runs and the key is set. It fails if the program can't be used or the key
   * is refused. It does not fail if the store is locked or can't be opened now: then each call
   * fails with that error, and tries again.
   */
  public CompletableFuture<Void> ready() {
    return this.<Void>call(key, null, new Params(), nothing -> null)
        .exceptionally(
            error -> {
              if (error instanceof VaultException refused && refused.code() >= STORE) {
                return null;
              }
              throw new CompletionException(error);
            });
  }

  /** Returns the process of this vault. */
  public Sidecar sidecar() {
    return sidecar;
  }

  /**
   * Ends its watches, and the process if it has one of its own. Earlier calls are still answered,
   * and a refresh of tokens that is running has two seconds to store its result.
   */
  public CompletableFuture<Void> closeAsync() {
    if (ownsSidecar) {
      return sidecar.closeAsync().whenComplete((nothing, error) -> isClosed = true);
    }
    return CompletableFuture.allOf(key.refreshes.toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, Connection.SHUTDOWN, TimeUnit.MILLISECONDS)
        .thenRun(
            () -> {
              isClosed = true;
              sidecar.forget(key);
            });
  }

  /** Ends it, and waits for that: some seconds at most. Not for a thread of a window. */
  @Override
  public void close() {
    closeAsync().join();
  }

  private <T> CompletableFuture<T> call(
      Registration key, String method, Params params, Function<JsonElement, T> read) {
    return isClosed
        ? CompletableFuture.failedFuture(VaultException.closed())
        : sidecar.call(key, method, params, read);
  }

  private <T> CompletableFuture<T> call(String method, Params params, Class<T> type) {
    return call(key, method, params, result -> Json.GSON.fromJson(result, type));
  }

  private <T> CompletableFuture<List<T>> callList(String method, Params params, Class<T> type) {
    var listType = TypeToken.getParameterized(List.class, type).getType();
    return call(key, method, params, result -> Json.GSON.<List<T>>fromJson(result, listType));
  }

  // --- Records

  /** Reads the object, or null if there is none. */
  public CompletableFuture<JsonObject> get(Place place) {
    return call("getPersistentData", place.params(), JsonObject.class);
  }

  /** Reads the object with its revision and dates, or null if there is none. */
  public CompletableFuture<PersistentRecord> getRecord(Place place) {
    return call("getPersistentRecord", place.params(), PersistentRecord.class);
  }

  /** Stores an object, which is on the disk when the future ends. */
  public CompletableFuture<Written> set(Place place, JsonObject data) {
    return set(place, data, WriteOptions.NONE);
  }

  /** Stores an object, with conditions. */
  public CompletableFuture<Written> set(Place place, JsonObject data, WriteOptions options) {
    Params params = options.addTo(place.params().add("data", data));
    return call("setPersistentData", params, Written.class);
  }

  /** Changes members and leaves the others as they are: a merge patch, RFC 7396. */
  public CompletableFuture<Written> patch(Place place, JsonObject patch) {
    return patch(place, patch, WriteOptions.NONE);
  }

  /** Changes members, with conditions. */
  public CompletableFuture<Written> patch(Place place, JsonObject patch, WriteOptions options) {
    Params params = options.addTo(place.params().add("patch", patch));
    return call("patchPersistentData", params, Written.class);
  }

  /** Removes a record. */
  public CompletableFuture<Deleted> delete(Place place) {
    return delete(place, WriteOptions.NONE);
  }

  /** Removes a record, with conditions. */
  public CompletableFuture<Deleted> delete(Place place, WriteOptions options) {
    return call("deletePersistentData", options.addTo(place.params()), Deleted.class);
  }

  /** Lists the places of records, with sizes and dates, without their data. */
  public CompletableFuture<List<ListedRecord>> list(Listing listing) {
    return callList("listPersistentData", listing.params(), ListedRecord.class);
  }

  /** Moves all records of one folder to another, or none of them. */
  public CompletableFuture<Moved> move(String fromFolder, String toFolder) {
    Params params = new Params().add("from", fromFolder).add("to", toFolder);
    return call("movePersistentData", params, Moved.class);
  }

  /**
   * Reads a record, changes it, and stores it if it has not changed meanwhile; otherwise again. The
   * expiry date stays the same.
   *
   * @param change gets the object, or an empty one if there is none, and returns the object to
   *     store, which may be the same; or null to leave the record. It may be called more than once,
   *     on a thread of the library.
   * @return what is stored then
   */
  public CompletableFuture<JsonObject> update(Place place, UnaryOperator<JsonObject> change) {
    return work(() -> Update.run(this, place, change));
  }

  // --- Changes by others: another process, another editor, the command line

  /** Begins to report each change once, in order, also after the sidecar was restarted. */
  public CompletableFuture<Watch> watch(Consumer<DidChange> listener) {
    return watch(listener, null);
  }

  /** Begins to report each change after a revision. */
  public CompletableFuture<Watch> watch(Consumer<DidChange> listener, long since) {
    return watch(listener, Long.valueOf(since));
  }

  private CompletableFuture<Watch> watch(Consumer<DidChange> listener, Long since) {
    var watch = new Watch(sidecar, key, listener);
    return call(
        key,
        "watchPersistentData",
        new Params().add("since", since),
        answer -> {
          long now = answer.getAsJsonObject().get("revision").getAsLong();
          watch.begin(since == null ? now : since);
          key.watchers.add(watch);
          return watch;
        });
  }

  // --- Leases: one process at a time

  /**
   * Acquires a lease and renews it until it is closed. While another process holds it, waits for
   * that long and then fails with {@code leaseHeld}. The lease is free within a second when this
   * process ends; {@code ttl} is for a process that stops.
   */
  public CompletableFuture<Lease> lease(String name, Duration ttl, Duration wait) {
    return work(() -> Lease.acquire(this, name, ttl, wait));
  }

  /** Acquires a lease that the caller renews and releases. */
  public CompletableFuture<Leased> acquireLease(String name, Duration ttl, Duration wait) {
    Params params = new Params().add("name", name).add("ttlMs", ttl.toMillis());
    return call("acquireLease", params.add("waitMs", wait.toMillis()), Leased.class);
  }

  /** Renews a lease for its whole length, from now on. */
  public CompletableFuture<Renewed> renewLease(String name, long lease) {
    Params params = new Params().add("name", name).add("lease", lease);
    return call("renewLease", params, Renewed.class);
  }

  /** Releases a lease. */
  public CompletableFuture<Released> releaseLease(String name, long lease) {
    Params params = new Params().add("name", name).add("lease", lease);
    return call("releaseLease", params, Released.class);
  }

  // --- Tokens that are used once

  /** Returns tokens that are stored under a name, and refreshed by one process at a time. */
  public Tokens tokens(String name, Tokens.Refresh refresh) {
    return new Tokens(this, key, name, refresh);
  }

  // --- The key

  /** Issues another key for the same data. */
  public CompletableFuture<NewKey> shareKey(Sharing sharing) {
    return call("shareAPIKey", sharing.params(), NewKey.class);
  }

  /** Lists the keys for this data, without the keys themselves. */
  public CompletableFuture<List<ListedKey>> listKeys() {
    return callList("listAPIKeys", new Params(), ListedKey.class);
  }

  /** Replaces this key. */
  public CompletableFuture<NewKey> rotateKey() {
    return rotateKey(null);
  }

  /** Replaces this key by one that the caller has saved before. */
  public CompletableFuture<NewKey> rotateKey(String newKey) {
    return call(
        key,
        "rotateAPIKey",
        new Params().add("apiKey", newKey),
        result -> {
          var rotated = Json.GSON.fromJson(result, NewKey.class);
          key.replace(rotated.apiKey());
          return rotated;
        });
  }

  /** Revokes this key. Revoking the owner's key destroys all of its data. */
  public CompletableFuture<RevokedKey> revokeKey() {
    return revokeKey(null);
  }

  /** Revokes a key that this one has shared. */
  public CompletableFuture<RevokedKey> revokeKey(String keyId) {
    return call("revokeAPIKey", new Params().add("keyId", keyId), RevokedKey.class);
  }

  // --- The store

  /** Returns the state of the store. Never asks a person, and creates no store. */
  public CompletableFuture<Status> status() {
    return call(null, "vault/status", new Params(), read(Status.class));
  }

  /** Unlocks the store for this process by asking a person. Returns whether it is unlocked. */
  public CompletableFuture<Boolean> unlock(Duration timeout) {
    return unlock(new Params().add("timeoutMs", timeout.toMillis()));
  }

  /** Unlocks the store for this process. Returns whether it is unlocked. */
  public CompletableFuture<Boolean> unlock(String passphrase) {
    return unlock(new Params().add("passphrase", passphrase));
  }

  private CompletableFuture<Boolean> unlock(Params params) {
    return call(
        null,
        "vault/unlock",
        params,
        result -> Json.GSON.fromJson(result, Unlocked.class).keyAvailable());
  }

  /** Locks the store for every process. */
  public CompletableFuture<Locked> lock() {
    return call(null, "vault/lock", new Params(), read(Locked.class));
  }

  private static <T> Function<JsonElement, T> read(Class<T> type) {
    return result -> Json.GSON.fromJson(result, type);
  }

  // --- Work of several calls, on a thread of the library

  /** Something that waits for calls. */
  interface Work<T> {
    T run() throws Exception;
  }

  <T> CompletableFuture<T> work(Work<T> work) {
    if (isClosed) {
      return CompletableFuture.failedFuture(VaultException.closed());
    }
    var result = new CompletableFuture<T>();
    sidecar.aside(
        () -> {
          try {
            result.complete(work.run());
          } catch (Throwable error) {
            result.completeExceptionally(error);
          }
        });
    return result;
  }

  /** Waits for a call. Its error is thrown as it is. */
  static <T> T await(CompletableFuture<T> call) {
    try {
      return call.join();
    } catch (CompletionException error) {
      if (error.getCause() instanceof VaultException refused) {
        throw refused;
      }
      throw error;
    }
  }
}
