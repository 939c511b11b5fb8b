package io.github.pluginvault;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs the tests that are named in it, each in a world of its own. */
final class Behaviour {
  private Behaviour() {}

  /** A test. */
  interface Steps {
    void run(World world) throws Exception;
  }

  /** Runs all tests, or those with a word in their names. */
  public static void main(String[] arguments) {
    Map<String, Steps> tests = new LinkedHashMap<>();
    FindingTests.add(tests);
    LifeTests.add(tests);
    RelayTests.add(tests);
    DataTests.add(tests);
    ReadmeTests.add(tests);
    boolean passes = true;
    for (var test : tests.entrySet()) {
      if (!Arrays.stream(arguments).allMatch(test.getKey()::contains)) {
        continue;
      }
      try (var world = new World()) {
        test.getValue().run(world);
      } catch (Exception | AssertionError error) {
        passes = false;
        System.out.println("WRONG " + test.getKey());
        error.printStackTrace(System.out);
        continue;
      }
      System.out.println("ok " + test.getKey());
    }
    System.exit(passes ? 0 : 1);
  }
}
