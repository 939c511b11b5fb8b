package io.github.pluginvault;

import com.google.gson.JsonObject;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseError;

/**
 * What plugin-vault answered instead of a result, or a failure of this library. Futures fail with
 * it. It holds no key and no value.
 */
public class VaultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kind of each error of this library. */
  private final String kind;

  private final transient JsonObject data;
  private final int code;

  VaultException(String kind, String message, int code, JsonObject data, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
    this.data = data;
  }

  VaultException(String kind, String message) {
    this(kind, message, 0, new JsonObject(), null);
  }

  /**
   * Returns the kind, for programs: those of docs/reference.md, and {@code programNotFound}, {@code
   * programUnsuitable}, {@code vaultEnded}, {@code outcomeUnknown}, {@code answerUnreadable},
   * {@code loginNeeded} and {@code closed}.
   */
  public String kind() {
    return kind;
  }

  /** Returns whether the same call may succeed later without any other change. */
  public boolean isRetryable() {
    return is("retryable");
  }

  /**
   * Returns the other members of the error, for example {@code revision} and {@code reason}.
   */
  public JsonObject data() {
    return data == null ? new JsonObject() : data.deepCopy();
  }

  int code() {
    return code;
  }

  boolean isAnyOf(String... kinds) {
    for (String each : kinds) {
      if (each.equals(kind)) {
        return true;
      }
    }
    return false;
  }

  private boolean is(String member) {
    return data != null && data.has(member) && data.get(member).getAsBoolean();
  }

  static VaultException of(ResponseError error) {
    JsonObject data = error.getData() instanceof JsonObject object ? object : new JsonObject();
    String kind = data.has("kind") ? data.get("kind").getAsString() : "internalError";
    return new VaultException(kind, error.getMessage(), error.getCode(), data, null);
  }

  static VaultException ended(String message, Throwable cause) {
    return new VaultException("vaultEnded", message, 0, new JsonObject(), cause);
  }

  static VaultException endedTooOften(int ends) {
    var data = new JsonObject();
    data.addProperty("retryable", true);
    String message =
        "plugin-vault ended "
            + ends
            + " times within a minute. It is started again when the minute is over.";
    return new VaultException("vaultEnded", message, 0, data, null);
  }

  static VaultException outcomeUnknown() {
    return new VaultException(
        "outcomeUnknown",
        "plugin-vault ended before it answered. The call may have been carried out. Read before you"
            + " write again.");
  }

  static VaultException unreadable() {
    var data = new JsonObject();
    data.addProperty("kind", "answerUnreadable");
    String message =
        "The answer is JSON that Gson does not read, for example nested too deep. The data is kept."
            + " Read it with another program.";
    return new VaultException("answerUnreadable", message, 0, data, null);
  }

  static VaultException closed() {
    return new VaultException("closed", "The vault was closed. Open another one.");
  }
}
