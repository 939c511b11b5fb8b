package io.github.pluginvault;

import io.github.pluginvault.Wire.IssuedKey;
import io.github.pluginvault.Wire.KeySet;
import io.github.pluginvault.Wire.ListedKey;
import java.util.Arrays;
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

  /** Sets the key, or takes that of a relay, and continues its watch. */
  void register(Connection with) {
    isCreated = false;
    handle = with.relayHandle() == null ? set(with) : relayed(with);
    watchers.resume(with, handle, isCreated);
    connection = with;
  }

  private String set(Connection with) {
    String text = apiKey;
    if (isKept()) {
      Params who =
          new Params().add("plugin", key.plugin()).add("installation", key.installation());
      var issued = Json.GSON.fromJson(with.ask("issueAPIKey", who, 0), IssuedKey.class);
      isCreated = issued.created();
      text = issued.apiKey();
    }
    Params params = new Params().add("apiKey", text).add("mustExist", key.mustExist());
    return Json.GSON.fromJson(with.ask("setAPIKey", params, 0), KeySet.class).handle();
  }

  /**
   * Returns the relay's handle. Its key has to be the plugin's: otherwise the secrets of two
   * plugins would get into one place. The installation does not count, since it is that of the
   * user's own machine.
   */
  private String relayed(Connection with) {
    if (!isKept()) {
      throw new VaultException(
          "notPermitted",
          "A relay has a key of its own. Open the vault with `Key.of` and not with"
              + " `Key.ofCaller`.");
    }
    Params params = new Params().add("handle", with.relayHandle());
    var listed = Json.GSON.fromJson(with.ask("listAPIKeys", params, 0), ListedKey[].class);
    var own = Arrays.stream(listed).filter(ListedKey::current).findFirst();
    String mine = key.plugin();
    String plugin = own.map(ListedKey::plugin).orElse(mine);
    if (!plugin.equals(mine)) {
      String message = "The relay gives the data of %s and not of %s. Start a relay for %s.";
      throw new VaultException("notPermitted", message.formatted(plugin, mine, mine));
    }
    return with.relayHandle();
  }

  /** Takes the key that replaced this one, unless plugin-vault keeps it. */
  void replace(String newKey) {
    if (!isKept()) {
      apiKey = newKey;
    }
  }
}
