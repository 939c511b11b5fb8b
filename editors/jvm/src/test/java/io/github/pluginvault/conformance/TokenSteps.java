package io.github.pluginvault.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.pluginvault.Tokens;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/** The steps of a case that call tokens. A window has one object for each name. */
final class TokenSteps {
  private final Case run;
  private final Map<String, Tokens> objects = new ConcurrentHashMap<>();
  private final Map<String, Queue<JsonObject>> expected = new ConcurrentHashMap<>();
  private volatile Throwable fault;

  TokenSteps(Case run) {
    this.run = run;
  }

  CompletableFuture<JsonElement> call(
      Host.Window window, String in, JsonObject step, JsonObject params) {
    String name = Case.text(params, "name", "oauth");
    String about = in + " " + name;
    Queue<JsonObject> script =
        expected.computeIfAbsent(about, any -> new ConcurrentLinkedQueue<>());
    Tokens tokens =
        objects.computeIfAbsent(
            about, any -> window.tokens(name, spent -> refresh(script, spent), freshness()));
    if (step.has("refresh")) {
      step.getAsJsonArray("refresh").forEach(each -> script.add(each.getAsJsonObject()));
    }
    return switch (step.get("call").getAsString()) {
      case "tokens.set" -> tokens.set(params.getAsJsonObject("tokens")).thenApply(done -> null);
      case "tokens.clear" -> tokens.clear().thenApply(done -> null);
      default -> tokens.get(params.getAsJsonObject("rejected")).thenApply(found -> found);
    };
  }

  private Predicate<JsonObject> freshness() {
    if (!run.json().has("fresh")) {
      return null;
    }
    var fresh = run.json().getAsJsonArray("fresh");
    return tokens -> fresh.contains(tokens.get("accessToken"));
  }

  /** The caller's refresh function: does what the step says for this refresh. */
  private JsonObject refresh(Queue<JsonObject> script, JsonObject spent) throws Exception {
    JsonObject entry = script.poll();
    try {
      Case.check(entry != null, "the step does not expect this refresh");
      if (entry.has("gets")) {
        new Match(run).check(spent, entry.get("gets"), "the tokens that are refreshed");
      }
      if (entry.has("during")) {
        for (JsonElement step : entry.getAsJsonArray("during")) {
          run.step(step.getAsJsonObject());
        }
      }
    } catch (Exception | AssertionError error) {
      fault = error;
      throw error;
    }
    if (entry.has("fails")) {
      throw new IllegalStateException(entry.get("fails").getAsString());
    }
    JsonElement gives = run.fill(entry.get("gives"));
    return gives.isJsonNull() ? null : gives.getAsJsonObject();
  }

  /** A fault that was found during a refresh, where the binding may have hidden it. */
  void checkFault() {
    if (fault != null) {
      throw new AssertionError(fault.toString(), fault);
    }
  }

  void checkAllHappened() {
    checkFault();
    expected.values().forEach(script -> Case.check(script.isEmpty(), "a refresh is missing"));
  }
}
