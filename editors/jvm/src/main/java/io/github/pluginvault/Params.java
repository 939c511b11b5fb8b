package io.github.pluginvault;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** The parameters of a call. Those without a value are left out. */
final class Params {
  private final JsonObject object = new JsonObject();

  Params add(String name, Object value) {
    if (value instanceof JsonElement element) {
      object.add(name, element);
    } else if (value != null) {
      object.add(name, Json.GSON.toJsonTree(value));
    }
    return this;
  }

  JsonObject object() {
    return object;
  }

  String encode() {
    return Json.encode(object);
  }
}
