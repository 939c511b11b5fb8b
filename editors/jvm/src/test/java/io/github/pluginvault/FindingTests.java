package io.github.pluginvault;

import static io.github.pluginvault.World.check;
import static io.github.pluginvault.World.get;
import static io.github.pluginvault.World.refused;
import static io.github.pluginvault.World.same;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Which program is used, and what is said about one that can't be used. */
final class FindingTests {
  private FindingTests() {}

  static void add(Map<String, Behaviour.Steps> tests) {
    tests.put("the places are searched in their order", FindingTests::order);
    tests.put("a relative path is never used", FindingTests::relative);
    tests.put("the program starts in the home folder", FindingTests::home);
    tests.put("another program is ended and named with its last words", FindingTests::other);
    tests.put("a program of another version is not used", FindingTests::version);
    tests.put("a program that never answers is ended", FindingTests::silent);
  }

  private static void order(World world) throws Exception {
    Path setting = world.script("setting", "");
    Path variable = world.script("variable", "");
    Path packed = world.script("packed", "");
    Path bin = Files.createDirectory(world.top.resolve("bin"));
    Path onPath = Files.copy(packed, bin.resolve("plugin-vault"));
    onPath.toFile().setExecutable(true);
    var environment = Map.of("PLUGIN_VAULT_BIN", variable.toString(), "PATH", ":.:" + bin);
    var onlyPath = Map.of("PATH", ":.:" + bin);
    same(Program.find(setting, packed, environment), setting);
    same(Program.find(null, packed, environment), variable);
    same(Program.find(null, packed, onlyPath), packed);
    packed.toFile().setExecutable(false);
    same(Program.find(null, packed, onlyPath), onPath);
    onPath.toFile().setExecutable(false);
    Vault vault = world.vault(Key.of("a", "b"), world.options().environment(onlyPath));
    var error = refused("programNotFound", vault.get(Place.USER));
    check(error.getMessage().contains("Put it on PATH, or name it"), error.getMessage());
  }

  private static void relative(World world) throws Exception {
    for (String path : new String[] {"plugin-vault", "./plugin-vault", "/nowhere/plugin-vault"}) {
      String says = path.startsWith("/") ? "does not name a program" : "Use an absolute path";
      for (boolean isSetting : new boolean[] {true, false}) {
        try {
          var environment = Map.of("PLUGIN_VAULT_BIN", isSetting ? World.PROGRAM : path);
          Program.find(isSetting ? Path.of(path) : null, null, environment);
        } catch (VaultException error) {
          same(error.kind(), "programNotFound");
          check(error.getMessage().contains(says), error.getMessage());
          continue;
        }
        throw new AssertionError(path + " was used");
      }
    }
  }

  private static void home(World world) throws Exception {
    Vault vault = world.vault();
    get(vault.ready());
    Path folder = Path.of("/proc/" + vault.sidecar().pid().getAsLong() + "/cwd").toRealPath();
    same(folder.toString(), System.getProperty("user.home"));
    same(Program.workingFolder("relative"), new File("/"));
    same(Program.workingFolder("/nowhere"), new File("/"));
  }

  private static Vault with(World world, String script, long handshake) throws Exception {
    var options = world.options().program(world.script("other", script)).handshake(handshake);
    return world.vault(Key.of("a", "b"), options);
  }

  private static void other(World world) throws Exception {
    Vault ending = with(world, "echo 'no such option' >&2; exit 2", 10_000);
    var error = refused("vaultEnded", ending.get(Place.USER));
    check(error.getMessage().endsWith("It said: no such option"), error.getMessage());
    Vault talking = with(world, "echo hello; exec cat >/dev/null", 10_000);
    refused("vaultEnded", talking.ready());
  }

  private static void version(World world) throws Exception {
    String[][] table = {
      {"", "it is not plugin-vault. Name another program."},
      {"\"protocolVersion\":2", "it has protocol 2. Update the plugin."},
      {"\"protocolVersion\":0", "it has protocol 0. Update plugin-vault."}
    };
    for (String[] row : table) {
      String body =
          "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"capabilities\":{\"experimental\":"
              + "{\"pluginVault\":{"
              + row[0]
              + "}}}}}";
      String answer = "Content-Length: " + body.length() + "\\r\\n\\r\\n" + body;
      String script = "read line; printf '" + answer + "'; exec cat >/dev/null";
      Vault vault = with(world, script, 10_000);
      var error = refused("programUnsuitable", vault.ready());
      check(error.getMessage().endsWith(row[1]), error.getMessage());
    }
  }

  private static void silent(World world) throws Exception {
    Vault vault = with(world, "cat >/dev/null", 200);
    refused("vaultEnded", vault.ready());
  }
}
