package io.github.pluginvault;

import com.google.gson.JsonObject;

/** No tokens are stored, or the server no longer accepts them: ask the user to log in. */
public final class LoginNeededException extends VaultException {
  private static final long serialVersionUID = 1L;

  LoginNeededException(String reason) {
    super("loginNeeded", message(reason), 0, details(reason), null);
  }

  private static String message(String reason) {
    String why =
        reason.equals("missing")
            ? "No tokens are stored."
            : "The server refused the stored tokens, which are kept.";
    return why + " Please log in again.";
  }

  private static JsonObject details(String reason) {
    var data = new JsonObject();
    data.addProperty("kind", "loginNeeded");
    data.addProperty("reason", reason);
    return data;
  }
}
