package io.github.pluginvault;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * The watches of a key: any number of them on one watch of the sidecar, which continues when the
 * sidecar was restarted. Held by the thread that reads and by the worker.
 */
final class Watchers {
  private final List<Watch> all = new ArrayList<>();

  synchronized boolean isEmpty() {
    return all.isEmpty();
  }

  /** Adds a watch when it was answered: earlier notices are not for it. */
  synchronized void add(Watch watch) {
    all.add(watch);
  }

  synchronized void remove(Watch watch) {
    all.remove(watch);
  }

  synchronized void clear() {
    all.clear();
  }

  /** Watches again, from the lowest revision. With a key that was just created, from now. */
  void resume(Connection connection, String handle, boolean isCreated) {
    long since;
    synchronized (this) {
      if (all.isEmpty()) {
        return;
      }
      since = all.stream().mapToLong(Watch::reported).min().getAsLong();
    }
    Params params = new Params().add("handle", handle).add("since", isCreated ? null : since);
    var answer = connection.ask("watchPersistentData", params, 0).getAsJsonObject();
    if (isCreated) {
      answer.remove("watching");
      answer.addProperty("resync", true);
      report(answer);
    }
  }

  /** Reports that the key is no longer valid. */
  void end(String reason) {
    var notice = new JsonObject();
    synchronized (this) {
      long last = all.stream().mapToLong(Watch::reported).max().orElse(0);
      notice.addProperty("revision", last);
    }
    notice.addProperty("ended", reason);
    report(notice);
  }

  /** Reports a change to each watch once, also if another watch began earlier. */
  void report(JsonObject notice) {
    List<Watch> watches;
    synchronized (this) {
      watches = List.copyOf(all);
    }
    var change = Json.GSON.fromJson(notice, Wire.DidChange.class);
    watches.forEach(watch -> watch.report(change));
  }
}
