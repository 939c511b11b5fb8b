package io.github.pluginvault;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.pluginvault.Wire.PersistentRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Tokens that change with each use: all processes of the user share one login, and one of them at a
 * time refreshes it. The rules, and the losses that they prevent, are in docs/recipes.md.
 */
public final class Tokens {
  private static final Duration LEASE = Duration.ofSeconds(60);

  /** Milliseconds between two reads that look for the successor of refused tokens. */
  private static final long PAUSE = 200;

  private final Vault vault;
  private final Registration key;
  private final Place place;
  private final Refresh refresh;
  private Predicate<JsonObject> isFresh = Tokens::expiresLater;
  private int reads = 300;

  /** The runs that overlapping calls share, by the tokens that were rejected. */
  private Map<JsonElement, CompletableFuture<JsonObject>> running = new HashMap<>();

  private volatile JsonObject refused;

  /** Whether a successor of the refused tokens was looked for in vain. */
  private volatile boolean isInVain;

  Tokens(Vault vault, Registration key, String name, Refresh refresh) {
    this.vault = vault;
    this.key = key;
    this.place = Place.USER.named(name);
    this.refresh = refresh;
  }

  /** Asks the server for new tokens. */
  @FunctionalInterface
  public interface Refresh {
    /**
     * Returns the new tokens, or null only if the server refuses the old ones. Runs on a thread
     * that it may block. The old tokens are spent when the server answers, so it must not wait for
     * anything after that. Any error that it throws reaches the caller of {@code get}, and changes
     * nothing.
     */
    JsonObject refresh(JsonObject tokens) throws Exception;
  }

  /**
   * Sets which tokens are used without a refresh. By default, those whose {@code expiresAt}, in
   * milliseconds since 1970, is in the future.
   */
  public Tokens freshIf(Predicate<JsonObject> isFresh) {
    this.isFresh = isFresh;
    return this;
  }

  /**
   * Sets how often the record is read again after the server refused the stored tokens, every 200
   * ms; 300 by default. Another process may be about to store their successor.
   */
  public Tokens reads(int reads) {
    this.reads = reads;
    return this;
  }

  /**
   * Returns tokens that are valid now: the stored ones, or new ones. Fails with {@link
   * LoginNeededException} if there are none. Calls that overlap share one refresh.
   */
  public CompletableFuture<JsonObject> get() {
    return get(null);
  }

  /** Returns tokens other than those that the service has just rejected. */
  public CompletableFuture<JsonObject> get(JsonObject rejected) {
    JsonObject copy = rejected == null ? null : rejected.deepCopy();
    JsonElement about = copy == null ? JsonNull.INSTANCE : copy;
    synchronized (this) {
      var runs = running;
      CompletableFuture<JsonObject> run = runs.get(about);
      if (run == null) {
        run = vault.work(() -> find(copy));
        runs.put(about, run);
        run.whenComplete((tokens, error) -> remove(runs, about));
      }
      return run.thenApply(JsonObject::deepCopy);
    }
  }

  private synchronized void remove(Map<JsonElement, ?> runs, JsonElement about) {
    runs.remove(about);
  }

  /** Stores the tokens of a new login. A refresh that is running does not undo it. */
  public CompletableFuture<Void> set(JsonObject tokens) {
    return vault.set(place, tokens).handle((written, error) -> forgetRuns(error));
  }

  /** Deletes the tokens: the user logs out. A refresh that is running does not undo it. */
  public CompletableFuture<Void> clear() {
    return vault.delete(place).handle((deleted, error) -> forgetRuns(error));
  }

  /** Lets a later call start a run of its own. */
  private synchronized Void forgetRuns(Throwable error) {
    running = new HashMap<>();
    if (error instanceof RuntimeException failed) {
      throw failed;
    }
    return null;
  }

  private JsonObject find(JsonObject rejected) throws Exception {
    int looks = 0;
    while (true) {
      PersistentRecord record = Vault.await(vault.getRecord(place));
      if (record == null) {
        throw new LoginNeededException("missing");
      }
      JsonObject stored = record.data();
      if (isUsable(stored, rejected)) {
        return stored;
      }
      if (isSame(stored, refused)) {
        // The process that has spent these tokens stores their successor, if it still runs.
        if (isInVain || looks == reads) {
          isInVain = true;
          throw new LoginNeededException("refused");
        }
        looks++;
        pause(PAUSE);
        continue;
      }
      JsonObject tokens = refreshStored(rejected);
      if (tokens != null) {
        return tokens;
      }
    }
  }

  /** Returns the tokens after a refresh, or null if the record has to be read again. */
  private JsonObject refreshStored(JsonObject rejected) throws Exception {
    Lease lease;
    try {
      lease = Lease.acquire(vault, place.name(), LEASE, LEASE);
    } catch (VaultException error) {
      if (error.isAnyOf("leaseHeld")) {
        return null;
      }
      throw error;
    }
    var held = new CompletableFuture<Void>();
    try (lease) {
      // In most cases, the process that held the lease has refreshed them.
      PersistentRecord record = Vault.await(vault.getRecord(place));
      if (record == null || isUsable(record.data(), rejected) || isSame(record.data(), refused)) {
        return null;
      }
      // From the server's answer on, the only valid tokens are here. The vault is not closed before
      // they are stored.
      key.refreshes.add(held);
      JsonObject tokens = refresh.refresh(record.data().deepCopy());
      if (tokens != null) {
        return store(record, tokens, lease.token());
      }
      refused = record.data();
      isInVain = false;
      return null;
    } finally {
      key.refreshes.remove(held);
      held.complete(null);
    }
  }

  /**
   * Stores the successor of spent tokens, unless newer ones are stored. Returns those that are
   * stored then.
   */
  private JsonObject store(PersistentRecord spent, JsonObject tokens, long lease) {
    WriteOptions options = WriteOptions.NONE.ifRevision(spent.revision()).lease(lease);
    for (int tries = 0; true; tries++) {
      try {
        if (tries > 0) {
          PersistentRecord now = Vault.await(vault.getRecord(place));
          if (now == null) {
            throw new LoginNeededException("missing");
          }
          if (!isSame(now.data(), spent.data())) {
            // Newer ones; or ours, and the answer was lost.
            return now.data();
          }
          // No other process has got further, and none can: the lease is not needed.
          options = WriteOptions.NONE.ifRevision(now.revision());
        }
        Vault.await(vault.set(place, tokens, options));
        return tokens;
      } catch (VaultException error) {
        boolean isSlow = error.isRetryable() || error.isAnyOf("storeFailed");
        if (!isSlow && !error.isAnyOf("leaseLost", "revisionConflict", "outcomeUnknown")) {
          throw error;
        }
        if (isSlow) {
          pause(Math.min(50L * tries, 5_000));
        }
      }
    }
  }

  private static void pause(long milliseconds) {
    var passed = new CompletableFuture<Void>();
    passed.completeOnTimeout(null, milliseconds, TimeUnit.MILLISECONDS).join();
  }

  private boolean isUsable(JsonObject stored, JsonObject rejected) {
    return !stored.equals(rejected) && isFresh.test(stored.deepCopy());
  }

  /** Returns whether these are the same tokens: those with one refresh token. */
  private static boolean isSame(JsonObject stored, JsonObject other) {
    if (other != null && stored.has("refreshToken") && other.has("refreshToken")) {
      return stored.get("refreshToken").equals(other.get("refreshToken"));
    }
    return stored.equals(other);
  }

  private static boolean expiresLater(JsonObject tokens) {
    JsonElement expiresAt = tokens.get("expiresAt");
    return expiresAt != null
        && expiresAt.isJsonPrimitive()
        && expiresAt.getAsJsonPrimitive().isNumber()
        && expiresAt.getAsDouble() > System.currentTimeMillis();
  }
}
