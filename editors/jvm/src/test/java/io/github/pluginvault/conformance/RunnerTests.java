package io.github.pluginvault.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.pluginvault.Key;
import io.github.pluginvault.Tokens;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Tests of the runner: a binding that answers wrongly must not pass. */
final class RunnerTests {
  /** What a step expects, what a binding answers, and whether that passes. */
  private static final String[][] TABLE = {
    {"{'answer': {'n': [1, null]}}", "{'n': [1, null]}", "passes"},
    {"{'answer': {'n': 1}}", "{'n': 2}", "fails"},
    {"{'answer': {'n': 1}}", "{'n': '1'}", "fails"},
    {"{'answer': {'n': 1}}", "{'n': true}", "fails"},
    {"{'answer': {'n': 1}}", "{'n': 1, 'm': 1}", "fails"},
    {"{'answer': {'n': 1, '$more': true}}", "{'n': 1, 'm': 1}", "passes"},
    {"{'answer': {'n': 1}}", "{}", "fails"},
    {"{'answer': {}}", "null", "fails"},
    {"{'answer': null}", "{}", "fails"},
    {"{'answer': {}}", "[]", "fails"},
    {"{'answer': [1, 2]}", "[1]", "fails"},
    {"{'unordered': true, 'answer': [1, 2]}", "[2, 1]", "passes"},
    {"{'unordered': true, 'answer': [1, 2]}", "[2, 2]", "fails"},
    {"{'answer': {'$any': 'revision'}}", "7", "passes"},
    {"{'answer': {'$any': 'revision'}}", "0", "fails"},
    {"{'answer': {'$any': 'time'}}", "'2001-02-03T04:05:06.000Z'", "passes"},
    {"{'answer': {'$any': 'time'}}", "'2001-02-03'", "fails"},
    {"{'error': 'storeFull'}", "null", "fails"},
    {"{'throws': 'mine'}", "null", "fails"},
    {"{'throws': 'mine'}", "error", "fails"},
    {"{'throws': 'the binding'}", "error", "passes"},
    {"{'begin': 'x'}", "null", "fails"}
  };

  private RunnerTests() {}

  static boolean run(PrintStream out) {
    boolean passes = true;
    for (String[] row : TABLE) {
      boolean isRight = passes(row[0], row[1]) == row[2].equals("passes");
      out.println((isRight ? "ok " : "WRONG ") + "runner: " + String.join(" ", row));
      passes &= isRight;
    }
    return passes;
  }

  private static boolean passes(String step, String answer) {
    JsonObject json = JsonParser.parseString("{'tier': 'core', 'name': 'a'}").getAsJsonObject();
    JsonObject call = JsonParser.parseString(step).getAsJsonObject();
    call.addProperty("call", "vault/status");
    json.add("steps", JsonParser.parseString("[" + call + "]"));
    try {
      return Case.run(json, new Fake(answer));
    } catch (Exception | AssertionError wrong) {
      return false;
    }
  }

  /** A binding that always gives one answer. */
  private record Fake(String answer) implements Host, Host.Window {
    @Override
    public boolean offers(JsonObject step) {
      return true;
    }

    @Override
    public Store store(String passphrase) {
      return new Store(Path.of("/"), null);
    }

    @Override
    public Window open(
        Key key, Store store, List<String> folders, Consumer<JsonElement> notice) {
      return this;
    }

    @Override
    public CompletableFuture<JsonElement> call(String method, JsonObject params) {
      if (answer.equals("error")) {
        return CompletableFuture.failedFuture(new IllegalStateException("an error of the binding"));
      }
      JsonElement json = JsonParser.parseString(answer);
      return CompletableFuture.completedFuture(json == JsonNull.INSTANCE ? null : json);
    }

    @Override
    public Tokens tokens(String name, Tokens.Refresh refresh, Predicate<JsonObject> isFresh) {
      return null;
    }

    @Override
    public void folders(List<String> uris) {}

    @Override
    public void kill() {}

    @Override
    public void close() {}
  }
}
