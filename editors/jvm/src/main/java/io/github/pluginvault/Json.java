package io.github.pluginvault;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** JSON texts that plugin-vault accepts and returns as they are. */
final class Json {
  /**
   * Converts between JSON and the records of {@link Wire}.
   */
  static final Gson GSON = new Gson();

  /** Gson 2.12 and later read 255 levels. An answer has two of its own. */
  private static final int MAX_DEPTH = 250;

  private Json() {}

  /**
   * Returns the text of a value, with all members that are null.
   *
   * @throws IllegalArgumentException if it has a number that JSON does not have, or too many levels
   */
  static String encode(JsonElement value) {
    if (!isShallow(value, MAX_DEPTH)) {
      throw new IllegalArgumentException(
          "The data is nested more than " + MAX_DEPTH + " levels deep, so it could not be read.");
    }
    var text = new StringWriter();
    try {
      // By itself, a writer neither escapes HTML nor accepts NaN.
      var writer = new JsonWriter(text);
      writer.setSerializeNulls(true);
      GSON.getAdapter(JsonElement.class).write(writer, value);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    } catch (IllegalArgumentException notFinite) {
      // Its own message has the number.
      throw new IllegalArgumentException("JSON has no such number as is in the data, like NaN.");
    }
    return escapeHalfPairs(text.toString());
  }

  private static boolean isShallow(JsonElement value, int levels) {
    if (value.isJsonArray()) {
      for (JsonElement each : value.getAsJsonArray()) {
        if (levels == 0 || !isShallow(each, levels - 1)) {
          return false;
        }
      }
    } else if (value.isJsonObject()) {
      for (var member : value.getAsJsonObject().entrySet()) {
        if (levels == 0 || !isShallow(member.getValue(), levels - 1)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Half of a surrogate pair has no form in UTF-8, but it has one in JSON. */
  private static String escapeHalfPairs(String text) {
    StringBuilder escaped = null;
    int copied = 0;
    for (int at = 0; at < text.length(); at++) {
      char unit = text.charAt(at);
      if (!Character.isSurrogate(unit)) {
        continue;
      }
      if (Character.isHighSurrogate(unit)
          && at + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(at + 1))) {
        at++;
        continue;
      }
      escaped = escaped == null ? new StringBuilder() : escaped;
      escaped.append(text, copied, at).append(String.format("\\u%04x", (int) unit));
      copied = at + 1;
    }
    return escaped == null ? text : escaped.append(text, copied, text.length()).toString();
  }
}
