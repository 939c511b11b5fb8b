package io.github.pluginvault;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
      JsonObject issued = with.ask("issueAPIKey", who, 0).getAsJsonObject();
      isCreated = issued.get("created").getAsBoolean();
      text = issued.get("apiKey").getAsString();
    }
    Params params = new Params().add("apiKey", text).add("mustExist", key.mustExist());
    handle = member(with.ask("setAPIKey", params, 0), "handle").getAsString();
    watchers.resume(with, handle, isCreated);
    connection = with;
  }

  /** Takes the key that replaced this one, unless plugin-vault keeps it. */
  void replace(String newKey) {
    if (!isKept()) {
      apiKey = newKey;
    }
  }

  private static JsonElement member(JsonElement object, String name) {
    return object.getAsJsonObject().get(name);
  }
}
