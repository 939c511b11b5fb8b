package io.github.pluginvault;

import static io.github.pluginvault.World.check;
import static io.github.pluginvault.World.same;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What the README shows. The current folder is that of the binding. */
final class ReadmeTests {
  private ReadmeTests() {}

  static void add(Map<String, Behaviour.Steps> tests) {
    tests.put("the README shows the tested example", ReadmeTests::shown);
    tests.put("the example of the README runs", ReadmeTests::runs);
  }

  private static void shown(World world) throws Exception {
    String example = Files.readString(Path.of("src/test/java/example/Example.java"));
    String shown = "```java\n" + example.substring(example.indexOf("import")) + "```\n";
    check(Files.readString(Path.of("README.md")).contains(shown), "it shows another one");
  }

  private static void runs(World world) throws Exception {
    same(run(world), "null\n{\"token\":\"abc\",\"seen\":true}\n");
    same(run(world), "{\"token\":\"abc\"}\n{\"token\":\"abc\",\"seen\":true}\n");
  }

  private static String run(World world) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    var builder = new ProcessBuilder(java, "-cp", classes, "example.Example");
    builder.environment().put("PLUGIN_VAULT_DATA_DIR", world.top.resolve("data").toString());
    builder.environment().put("PLUGIN_VAULT_KEY_DIR", world.top.resolve("keys").toString());
    Process process = builder.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes());
    same(process.waitFor(), 0);
    return printed;
  }
}
