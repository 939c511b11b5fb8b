package io.github.pluginvault.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Compares an answer with the one that a case expects. */
final class Match {
  private final Case run;

  Match(Case run) {
    this.run = run;
  }

  void check(JsonElement actual, JsonElement expected, String where) {
    String shown = String.valueOf(actual);
    String wrong =
        where + ": " + shown.substring(0, Math.min(200, shown.length())) + " is not " + expected;
    if (expected.isJsonArray()) {
      Case.check(actual.isJsonArray(), wrong);
      List<JsonElement> given = actual.getAsJsonArray().asList();
      List<JsonElement> wanted = expected.getAsJsonArray().asList();
      Case.check(given.size() == wanted.size(), wrong);
      for (int at = 0; at < wanted.size(); at++) {
        check(given.get(at), wanted.get(at), where);
      }
    } else if (!expected.isJsonObject() || expected.getAsJsonObject().has("$repeat")) {
      Case.check(isSame(actual, run.fill(expected)), wrong);
    } else if (expected.getAsJsonObject().has("$any")) {
      Case.check(isAny(expected.getAsJsonObject().get("$any").getAsString(), actual), wrong);
    } else if (expected.getAsJsonObject().has("$above")) {
      JsonElement least = run.variable(expected.getAsJsonObject().get("$above").getAsString());
      Case.check(isWhole(actual, 1) && actual.getAsLong() > least.getAsLong(), wrong);
    } else {
      Case.check(actual.isJsonObject(), wrong);
      checkMembers(actual.getAsJsonObject(), expected.getAsJsonObject(), where, wrong);
    }
  }

  private void checkMembers(JsonObject actual, JsonObject expected, String where, String wrong) {
    var names = new HashSet<>(expected.keySet());
    boolean isOpen = names.remove("$more");
    Case.check(actual.keySet().containsAll(names), wrong);
    Case.check(isOpen || actual.size() == names.size(), wrong);
    for (String name : names) {
      check(actual.get(name), expected.get(name), where + ", " + name);
    }
  }

  void checkInAnyOrder(JsonElement actual, JsonElement expected) {
    var left = new ArrayList<>(actual.getAsJsonArray().asList());
    JsonArray wanted = expected.getAsJsonArray();
    Case.check(left.size() == wanted.size(), "the number of answers: " + actual);
    for (JsonElement each : wanted) {
      JsonElement found = null;
      for (JsonElement candidate : left) {
        try {
          check(candidate, each, "");
          found = candidate;
          break;
        } catch (AssertionError other) {
          continue;
        }
      }
      Case.check(found != null, each + " is not in " + left);
      left.remove(found);
    }
  }

  private static boolean isSame(JsonElement actual, JsonElement expected) {
    if (isNumber(actual) && isNumber(expected)) {
      return new BigDecimal(actual.getAsString())
              .compareTo(new BigDecimal(expected.getAsString()))
          == 0;
    }
    return actual.equals(expected);
  }

  private static boolean isNumber(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
  }

  private static boolean isWhole(JsonElement value, long least) {
    return isNumber(value)
        && value.getAsString().matches("[0-9]{1,16}")
        && value.getAsLong() >= least;
  }

  private static boolean isAny(String kind, JsonElement value) {
    boolean isText = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    String text = isText ? value.getAsString() : "";
    return switch (kind) {
      case "number" -> isWhole(value, 0);
      case "revision" -> isWhole(value, 1);
      case "text" -> !text.isEmpty();
      case "time" -> text.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
      case "key" -> text.matches("[0-9a-f]{40}");
      default -> throw new AssertionError("there is no kind " + kind);
    };
  }
}
