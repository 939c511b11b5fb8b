package io.github.pluginvault;

import io.github.pluginvault.Wire.IssuedKey;
import io.github.pluginvault.Wire.KeySet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** A key, and the process that knows it. Held by the sidecar's worker, apart from the watchers. */
final class Registration {
  final Key key;
  final Watchers watchers = new Watchers();

  /** Refreshes of tokens that are running. The vault is not closed during them. */
  final Set<CompletableFuture<Void>> refreshes = ConcurrentHashMap.newKeySet();

  Connection connection;
  volatile String handle = "";

  /** Whether plugin-vault created the key when it was last set. */
  boolean isCreated;

  /**
   * The key that the caller keeps, which {@code rotateKey} replaces.
   */
  private volatile String apiKey;

  Registration(Key key) {
    this.key = key;
    this.apiKey = key.apiKey();
  }

  boolean isKept() {
    return key.plugin() != null;
  }

  /** Sets the key, and continues its watch. */
  void register(Connection with) {
    isCreated = false;
    String text = apiKey;
    if (isKept()) {
      Params who =
          new Params().add("plugin", key.plugin()).add("installation", key.installation());
      var issued = Json.GSON.fromJson(with.ask("issueAPIKey", who, 0), IssuedKey.class);
      isCreated = issued.created();
      text = issued.apiKey();
    }
    Params params = new Params().add("apiKey", text).add("mustExist", key.mustExist());
    handle = Json.GSON.fromJson(with.ask("setAPIKey", params, 0), KeySet.class).handle();
    watchers.resume(with, handle, isCreated);
    connection = with;
  }

  /** Takes the key that replaced this one, unless plugin-vault keeps it. */
  void replace(String newKey) {
    if (!isKept()) {
      apiKey = newKey;
    }
  }
}
