package io.github.pluginvault.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.pluginvault.Key;
import io.github.pluginvault.VaultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Runs one case of editors/conformance, whose README explains the cases. */
final class Case {
  /** Seconds that a step may take. */
  private static final long LIMIT = 60;

  private static final List<String> TIERS =
      List.of("core", "changes", "leases", "keys", "inherit", "lock", "tokens");

  private final JsonObject json;
  private final Host host;
  private final Host.Store store;
  private final String plugin = "conformance." + UUID.randomUUID();
  private final Map<String, JsonElement> variables = new ConcurrentHashMap<>();
  private final Map<String, Host.Window> windows = new ConcurrentHashMap<>();
  private final Map<String, BlockingQueue<JsonElement>> notices = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<JsonElement>> begun = new ConcurrentHashMap<>();
  private final TokenSteps tokens = new TokenSteps(this);

  Case(JsonObject json, Host host) throws Exception {
    this.json = json;
    this.host = host;
    this.store = host.store(text(json, "passphrase", null));
    for (int n = 1; n <= 2; n++) {
      String key = UUID.randomUUID().toString().replace("-", "") + "01234567";
      variables.put("key" + n, new JsonPrimitive(key));
      variables.put("folder" + n, new JsonPrimitive("file:///conformance/folder%20" + n));
    }
    variables.put("KEY1", new JsonPrimitive(variables.get("key1").getAsString().toUpperCase()));
  }

  /** Returns all cases, in the order of their files. */
  static List<JsonObject> load(Path folder) throws Exception {
    var cases = new ArrayList<JsonObject>();
    for (String tier : TIERS) {
      String text = Files.readString(folder.resolve(tier + ".json"));
      for (JsonElement each : JsonParser.parseString(text).getAsJsonArray()) {
        each.getAsJsonObject().addProperty("tier", tier);
        cases.add(each.getAsJsonObject());
      }
    }
    return cases;
  }

  static String title(JsonObject json) {
    return json.get("tier").getAsString() + ": " + json.get("name").getAsString();
  }

  /** Runs a case. Returns whether the binding offers it, and throws what is wrong. */
  static boolean run(JsonObject json, Host host) throws Exception {
    if (!isOffered(json.getAsJsonArray("steps"), host)) {
      return false;
    }
    var run = new Case(json, host);
    try {
      for (JsonElement step : json.getAsJsonArray("steps")) {
        try {
          run.step(step.getAsJsonObject());
        } catch (Exception | AssertionError error) {
          String text = step.toString();
          throw new AssertionError(
              text.substring(0, Math.min(200, text.length())) + ": " + error, error);
        }
      }
      check(run.begun.isEmpty(), "a call that was begun is not ended");
      run.tokens.checkAllHappened();
    } finally {
      run.windows.values().forEach(Host.Window::close);
    }
    return true;
  }

  private static boolean isOffered(JsonArray steps, Host host) {
    for (JsonElement each : steps) {
      JsonObject step = each.getAsJsonObject();
      if (!host.offers(step)) {
        return false;
      }
      if (step.has("refresh")) {
        for (JsonElement refresh : step.getAsJsonArray("refresh")) {
          JsonElement during = refresh.getAsJsonObject().get("during");
          if (during != null && !isOffered(during.getAsJsonArray(), host)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  JsonObject json() {
    return json;
  }

  void step(JsonObject step) throws Exception {
    String name = text(step, "in", "a");
    if (step.has("open")) {
      open(step);
    } else if (step.has("close")) {
      window(step.get("close").getAsString()).close();
    } else if (step.has("kill")) {
      window(step.get("kill").getAsString()).kill();
    } else if (step.has("folders")) {
      var uris = fill(step.get("folders")).getAsJsonArray();
      window(name).folders(uris.asList().stream().map(JsonElement::getAsString).toList());
    } else if (step.has("notice")) {
      window(name);
      JsonElement notice = notices.get(name).poll(LIMIT, TimeUnit.SECONDS);
      check(notice != null, "no notice came");
      new Match(this).check(notice, step.get("notice"), "the notice");
    } else if (step.has("cancel")) {
      begun.get(step.get("cancel").getAsString()).cancel(true);
    } else if (step.has("end")) {
      settle(step, begun.remove(step.get("end").getAsString()));
    } else {
      call(step, name);
    }
  }

  private void call(JsonObject step, String name) throws Exception {
    String method = step.get("call").getAsString();
    JsonElement with = step.has("with") ? fill(step.get("with")) : new JsonObject();
    JsonObject params = with.getAsJsonObject();
    Host.Window window = window(name);
    CompletableFuture<JsonElement> answer =
        method.startsWith("tokens.")
            ? tokens.call(window, name, step, params)
            : window.call(method, params);
    if (!step.has("begin")) {
      settle(step, answer);
      return;
    }
    begun.put(step.get("begin").getAsString(), answer);
    if (step.has("spoil")) {
      JsonObject data = params.getAsJsonObject("data");
      List.copyOf(data.keySet()).forEach(member -> data.addProperty(member, "spoilt"));
    }
  }

  private void open(JsonObject step) throws Exception {
    JsonElement as = step.has("as") ? step.get("as") : new JsonPrimitive("the same");
    try {
      open(step.get("open").getAsString(), as);
    } catch (VaultException error) {
      checkError(step, error);
      return;
    }
    check(!step.has("error"), "an error was expected");
  }

  private Host.Window open(String name, JsonElement as) throws Exception {
    Key key;
    if (as.isJsonObject()) {
      JsonObject given = fill(as).getAsJsonObject();
      key = Key.ofCaller(given.get("apiKey").getAsString());
      key = given.has("mustExist") && given.get("mustExist").getAsBoolean() ? key.existing() : key;
    } else {
      String how = as.getAsString();
      key =
          Key.of(
              how.equals("another plugin") ? plugin + ".another" : plugin,
              how.equals("another installation") ? "another" : "conformance");
    }
    int count = json.has("folders") ? json.get("folders").getAsInt() : 1;
    var folders = new ArrayList<String>();
    for (int n = 1; n <= count; n++) {
      folders.add(variables.get("folder" + n).getAsString());
    }
    var queue = new LinkedBlockingQueue<JsonElement>();
    notices.put(name, queue);
    Host.Window window = host.open(key, store, folders, queue::add);
    windows.put(name, window);
    return window;
  }

  Host.Window window(String name) throws Exception {
    Host.Window window = windows.get(name);
    return window != null ? window : open(name, new JsonPrimitive("the same"));
  }

  private void settle(JsonObject step, CompletableFuture<JsonElement> outcome) throws Exception {
    JsonElement answer;
    try {
      answer = outcome.get(LIMIT, TimeUnit.SECONDS);
    } catch (CancellationException cancelled) {
      checkKind(step, "requestCancelled");
      return;
    } catch (ExecutionException error) {
      tokens.checkFault();
      if (error.getCause() instanceof VaultException refused) {
        checkError(step, refused);
      } else {
        String message = String.valueOf(error.getCause());
        check(step.has("throws"), message);
        check(message.contains(step.get("throws").getAsString()), message);
      }
      return;
    }
    tokens.checkFault();
    answer = answer == null ? JsonNull.INSTANCE : answer;
    check(!step.has("error") && !step.has("throws"), "an error was expected, not " + answer);
    if (step.has("unordered")) {
      new Match(this).checkInAnyOrder(answer, step.get("answer"));
    } else if (step.has("answer")) {
      new Match(this).check(answer, step.get("answer"), "the answer");
    }
    if (step.has("save")) {
      for (var each : step.getAsJsonObject("save").entrySet()) {
        variables.put(
            each.getValue().getAsString(), answer.getAsJsonObject().get(each.getKey()));
      }
    }
  }

  private static void checkKind(JsonObject step, String kind) {
    check(step.has("error") && step.get("error").getAsString().equals(kind), kind);
  }

  private void checkError(JsonObject step, VaultException error) {
    if (!step.has("error")) {
      throw error;
    }
    JsonElement wanted = step.get("error");
    var expected = new JsonObject();
    if (wanted.isJsonObject()) {
      expected = wanted.getAsJsonObject().deepCopy();
    } else {
      expected.add("kind", wanted);
    }
    JsonObject data =
        expected.has("data") ? expected.getAsJsonObject("data").deepCopy() : new JsonObject();
    data.addProperty("$more", true);
    expected.add("data", data);
    expected.addProperty("$more", true);
    var actual = new JsonObject();
    actual.addProperty("kind", error.kind());
    actual.addProperty("retryable", error.isRetryable());
    actual.add("data", error.data());
    new Match(this).check(actual, expected, "the error");
  }

  JsonElement variable(String name) {
    check(variables.containsKey(name), "nothing was saved as " + name);
    return variables.get(name);
  }

  /** Replaces the variables and the long texts in the parameters of a step. */
  JsonElement fill(JsonElement value) {
    if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isString()) {
      String text = value.getAsString();
      boolean isVariable = text.matches("\\$\\{\\w+\\}");
      return isVariable ? variable(text.substring(2, text.length() - 1)).deepCopy() : value;
    }
    if (value.isJsonArray()) {
      var filled = new JsonArray();
      value.getAsJsonArray().forEach(each -> filled.add(fill(each)));
      return filled;
    }
    if (value.isJsonObject()) {
      JsonObject object = value.getAsJsonObject();
      if (object.has("$repeat")) {
        JsonArray repeat = object.getAsJsonArray("$repeat");
        return new JsonPrimitive(repeat.get(0).getAsString().repeat(repeat.get(1).getAsInt()));
      }
      var filled = new JsonObject();
      object.entrySet().forEach(each -> filled.add(each.getKey(), fill(each.getValue())));
      return filled;
    }
    return value;
  }

  static String text(JsonObject object, String name, String otherwise) {
    return object.has(name) ? object.get(name).getAsString() : otherwise;
  }

  static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
