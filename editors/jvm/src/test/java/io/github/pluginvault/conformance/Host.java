package io.github.pluginvault.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.pluginvault.Key;
import io.github.pluginvault.Tokens;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Connects the runner of the cases to a binding. */
interface Host {
  /** Returns whether the binding has what a step needs. */
  boolean offers(JsonObject step);

  /** Returns where the store of a case is. */
  Store store(String passphrase) throws Exception;

  /** Opens a window: a process of its own. */
  Window open(Key key, Store store, List<String> folders, Consumer<JsonElement> notice)
      throws Exception;

  /** The folder of a store, and the passphrase that opens it, or null. */
  record Store(java.nio.file.Path folder, String passphrase) {}

  /** A window with a vault. */
  interface Window {
    CompletableFuture<JsonElement> call(String method, JsonObject params);

    Tokens tokens(String name, Tokens.Refresh refresh, Predicate<JsonObject> isFresh);

    void folders(List<String> uris);

    void kill() throws Exception;

    void close();
  }
}
