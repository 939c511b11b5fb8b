package io.github.pluginvault.conformance;

import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs all cases in this host, and writes their outcomes for the table of bindings. */
public final class Suite {
  /** Cases wait for leases and dates, so some run at a time. */
  private static final int AT_A_TIME = 4;

  private Suite() {}

  /**
   * Runs the cases.
   *
   * @param name the binding's name in the table
   * @param cases the folder of the cases
   * @param top an empty folder
   * @return whether all pass
   */
  public static boolean run(String name, Path cases, Path top, PrintStream out) throws Exception {
    Host host = new Binding(top, System.getenv("PLUGIN_VAULT_BIN"));
    List<JsonObject> all = Case.load(cases);
    Map<String, String> outcomes = new TreeMap<>();
    ExecutorService threads = Executors.newFixedThreadPool(AT_A_TIME);
    List<Future<Boolean>> runs =
        all.stream().map(each -> threads.submit(() -> Case.run(each, host))).toList();
    threads.shutdown();
    boolean passes = true;
    for (int at = 0; at < runs.size(); at++) {
      String title = Case.title(all.get(at));
      try {
        outcomes.put(title, runs.get(at).get() ? "passed" : "not offered");
        out.println("ok " + title);
      } catch (Exception error) {
        passes = false;
        outcomes.put(title, "failed");
        out.println("WRONG " + title + ": " + error.getCause());
      }
    }
    keep(name, outcomes);
    return passes;
  }

  private static void keep(String name, Map<String, String> outcomes) throws Exception {
    String folder = System.getenv("CONFORMANCE_OUTCOMES");
    if (folder == null) {
      return;
    }
    var kept = new JsonObject();
    var json = new JsonObject();
    outcomes.forEach(json::addProperty);
    kept.addProperty("name", name);
    kept.add("outcomes", json);
    Files.createDirectories(Path.of(folder));
    Path file = Path.of(folder, name.replaceAll("[/, ]+", "-") + ".json");
    Files.writeString(file, kept.toString());
  }

  /**
   * Runs them in plain Java: {@code Suite NAME CASES TOP}.
   */
  public static void main(String[] arguments) throws Exception {
    boolean isRunnerRight = RunnerTests.run(System.out);
    boolean passes =
        run(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]), System.out);
    System.exit(passes && isRunnerRight ? 0 : 1);
  }
}
