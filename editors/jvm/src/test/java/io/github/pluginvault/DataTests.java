package io.github.pluginvault;

import static io.github.pluginvault.Place.USER;
import static io.github.pluginvault.World.check;
import static io.github.pluginvault.World.get;
import static io.github.pluginvault.World.json;
import static io.github.pluginvault.World.refused;
import static io.github.pluginvault.World.same;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Map;

/** What data may be, and where it must not appear. */
final class DataTests {
  private DataTests() {}

  static void add(Map<String, Behaviour.Steps> tests) {
    tests.put("what JSON does not have is refused before it is sent", DataTests::invalid);
    tests.put("numbers keep their digits, and texts their characters", DataTests::exact);
    tests.put("an answer that Gson does not read is an error of one call", DataTests::deep);
    tests.put("nothing shows a key, a name or a folder", DataTests::shown);
  }

  private static void invalid(World world) throws Exception {
    Vault vault = world.vault();
    for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      var data = new JsonObject();
      data.addProperty("n", number);
      refusedAtOnce(vault, data);
    }
    var deep = new JsonArray();
    for (int n = 0; n < 249; n++) {
      var outer = new JsonArray();
      outer.add(deep);
      deep = outer;
    }
    var data = new JsonObject();
    data.add("deep", deep);
    refusedAtOnce(vault, data);
    data.add("deep", deep.get(0));
    get(vault.set(USER, data));
    same(get(vault.get(USER)), data);
  }

  private static void refusedAtOnce(Vault vault, JsonObject data) {
    try {
      vault.set(USER, data);
    } catch (IllegalArgumentException expected) {
      return;
    }
    throw new AssertionError("it was sent");
  }

  private static void exact(World world) throws Exception {
    Vault vault = world.vault();
    String text =
        "{\"b\":9007199254740993,\"a\":3.14159265358979312,\"n\":null,\"h\":\"<a>&=\","
            + "\"e\":1e+100,\"pair\":\"🦀\",\"\":{}}";
    JsonObject data = json(text);
    String odd = (char) 0xd800 + "x" + (char) 0xdc00 + (char) 0;
    data.addProperty("odd", odd);
    long revision = get(vault.set(USER, data)).revision();
    JsonObject read = get(vault.get(USER));
    same(read.toString(), data.toString());
    same(read.get("odd").getAsString(), odd);
    same(get(vault.set(USER, read)).revision(), revision);
  }

  private static void deep(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.set(USER.named("other"), json("{'n':1}")));
    String issue =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"issueAPIKey\",\"params\":{\"plugin\":\""
            + world.plugin
            + "\",\"installation\":\"test\"}}\n";
    var issued = json(world.run(issue)).getAsJsonObject("result");
    String calls =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"setAPIKey\",\"params\":{\"apiKey\":"
            + issued.get("apiKey")
            + "}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"setPersistentData\",\"params\":"
            + "{\"context\":\"user\",\"data\":{\"d\":"
            + "[".repeat(1200)
            + "]".repeat(1200)
            + "}}}\n";
    check(!world.run(calls).contains("error"), "it is stored");
    final long pid = vault.sidecar().pid().getAsLong();
    refused("answerUnreadable", vault.get(USER));
    refused("answerUnreadable", vault.getRecord(USER));
    same(get(vault.get(USER.named("other"))), json("{'n':1}"));
    same(vault.sidecar().pid().getAsLong(), pid);
  }

  private static void shown(World world) throws Exception {
    Vault vault = world.vault();
    String name = world.word();
    get(vault.set(USER.named(name), json("{'n':1}")));
    var key = get(vault.shareKey(Sharing.ALL.label(name)));
    check(key.apiKey().length() == 40, "there is a key");
    same(key.toString(), "NewKey");
    same(Key.ofCaller(key.apiKey()).toString(), "Key");
    same(get(vault.list(Listing.ALL)).get(0).toString(), "ListedRecord");
    same(USER.named(name).toString(), "Place");
    var error = refused("revisionConflict", vault.set(USER.named(name), json("{}"), stale()));
    check(!(error + "" + error.data()).contains(name), "an error has a name");
  }

  private static WriteOptions stale() {
    return WriteOptions.NONE.ifRevision(0);
  }
}
