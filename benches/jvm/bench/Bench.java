package bench;

import com.google.gson.JsonObject;
import io.github.pluginvault.Key;
import io.github.pluginvault.Place;
import io.github.pluginvault.SidecarOptions;
import io.github.pluginvault.Vault;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.PBEKeySpec;
import org.eclipse.equinox.app.IApplication;
import org.eclipse.equinox.app.IApplicationContext;
import org.eclipse.equinox.security.storage.ISecurePreferences;
import org.eclipse.equinox.security.storage.SecurePreferencesFactory;
import org.eclipse.equinox.security.storage.provider.IProviderHints;

/** Measures the library beside Eclipse's secure storage, inside Eclipse's platform. */
public final class Bench implements IApplication {
  private static final int WARM_UP = 200;
  private static final String VALUE = "x".repeat(160);

  /** Something to measure. It gets the number of the round. */
  private interface Call {
    void make(int round) throws Exception;
  }

  @Override
  public Object start(IApplicationContext context) throws Exception {
    String[] arguments =
        (String[]) context.getArguments().get(IApplicationContext.APPLICATION_ARGS);
    Path top = Path.of(arguments[0]);
    final int rounds = Integer.parseInt(arguments[1]);
    var options = new SidecarOptions().dataDir(top.resolve("data")).keyDir(top.resolve("keys"));
    try (var vault = Vault.open(Key.of("bench.notes", "eclipse"), options);
        var disk = FileChannel.open(top.resolve("appended"), StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      Map<String, Call> calls = calls(vault, secureStorage(top), disk);
      Map<String, List<Double>> times = new LinkedHashMap<>();
      for (int round = 0; round < WARM_UP + rounds; round++) {
        // Each call once in each round, so that all of them meet the same load.
        for (var call : calls.entrySet()) {
          long start = System.nanoTime();
          call.getValue().make(round);
          double passed = (System.nanoTime() - start) / 1e6;
          if (round >= WARM_UP) {
            times.computeIfAbsent(call.getKey(), any -> new ArrayList<>()).add(passed);
          }
        }
      }
      Files.writeString(top.resolve("table"), table(times));
    }
    return EXIT_OK;
  }

  private static ISecurePreferences secureStorage(Path top) throws Exception {
    // The password is known, so that no keyring is asked.
    var options = new LinkedHashMap<String, Object>();
    options.put(IProviderHints.DEFAULT_PASSWORD, new PBEKeySpec("0123456789".toCharArray()));
    options.put(IProviderHints.PROMPT_USER, false);
    var file = top.resolve("secure_storage").toUri().toURL();
    return SecurePreferencesFactory.open(file, options).node("bench");
  }

  private static Map<String, Call> calls(
      Vault vault, ISecurePreferences secure, FileChannel disk) {
    Map<String, Call> calls = new LinkedHashMap<>();
    calls.put(
        "`vault.set`, on the disk",
        round -> {
          var data = new JsonObject();
          data.addProperty("value", VALUE + round);
          vault.set(Place.USER, data).get();
        });
    calls.put(
        "secure storage: `put` and `flush`",
        round -> {
          secure.put("value", VALUE + round, true);
          secure.flush();
        });
    calls.put(
        "append of 200 bytes with `fdatasync`",
        round -> {
          disk.write(ByteBuffer.allocate(200));
          disk.force(false);
        });
    calls.put("`vault.get`", round -> vault.get(Place.USER).get());
    calls.put("secure storage: `get`", round -> secure.get("value", null));
    return calls;
  }

  private static String table(Map<String, List<Double>> times) {
    var table = new StringBuilder();
    times.forEach(
        (name, all) -> {
          all.sort(null);
          double median = all.get(all.size() / 2);
          double slow = all.get(all.size() * 99 / 100);
          table.append(String.format("| %s | %.3f | %.2f |%n", name, median, slow));
        });
    return table.toString();
  }

  @Override
  public void stop() {}
}
