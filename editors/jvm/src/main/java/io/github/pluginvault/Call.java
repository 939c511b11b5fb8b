package io.github.pluginvault;

import com.google.gson.JsonElement;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A call, from the moment it is made. It ends with the outcome, on a thread that may block. */
final class Call<T> extends CompletableFuture<T> {
  final Sidecar sidecar;
  final Registration key;
  final String method;

  /** Encoded at once: what the caller changes after the call does not change the call. */
  private final String params;

  /** Converts the result, on the thread that reads, before any later message. */
  private final Function<JsonElement, T> read;

  volatile boolean isCancelRequested;
  Connection connection;
  String handle;
  String id;
  boolean isRepeated;

  Call(
      Sidecar sidecar,
      Registration key,
      String method,
      Params params,
      Function<JsonElement, T> read) {
    this.sidecar = sidecar;
    this.key = key;
    this.method = method;
    this.params = params.encode();
    this.read = read;
  }

  /** Returns the parameters, with the handle of the key. */
  String text() {
    if (key == null) {
      return params;
    }
    String comma = params.length() == 2 ? "" : ",";
    String handleText = Json.GSON.toJson(handle);
    return params.substring(0, params.length() - 1) + comma + "\"handle\":" + handleText + "}";
  }

  void succeed(JsonElement result) {
    T value;
    try {
      value = read.apply(result);
    } catch (RuntimeException unreadable) {
      fail(VaultException.unreadable());
      return;
    }
    sidecar.aside(() -> complete(value));
  }

  void fail(Throwable error) {
    boolean cancelled =
        isCancelRequested
            && error instanceof VaultException refused
            && refused.isAnyOf("requestCancelled");
    if (cancelled) {
      sidecar.aside(() -> super.cancel(false));
    } else {
      sidecar.aside(() -> completeExceptionally(error));
    }
  }

  /**
   * Asks plugin-vault to cancel the call. The future ends as the call really did: cancelled, or
   * with the result if it was too late.
   *
   * @return whether the call is cancelled already
   */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (!isDone()) {
      isCancelRequested = true;
      sidecar.post(
          () -> {
            if (connection != null && !isDone()) {
              connection.cancel(id);
            }
          });
    }
    return isCancelled();
  }
}
