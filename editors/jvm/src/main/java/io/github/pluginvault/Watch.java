package io.github.pluginvault;

import io.github.pluginvault.Wire.DidChange;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A watch that {@code vault.watch} has begun. The listener gets one change after another, on a
 * thread of the library that it may block.
 */
public final class Watch implements AutoCloseable {
  private final Sidecar sidecar;
  private final Registration key;
  private final Consumer<DidChange> listener;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
  private long begun;
  private long reported;
  private volatile long revision;
  private volatile boolean isClosed;

  Watch(Sidecar sidecar, Registration key, Consumer<DidChange> listener) {
    this.sidecar = sidecar;
    this.key = key;
    this.listener = listener;
  }

  synchronized void begin(long from) {
    begun = from;
    reported = from;
    revision = from;
  }

  synchronized long reported() {
    return reported;
  }

  synchronized void report(DidChange change) {
    if (change.ended() == null && change.revision() <= reported) {
      return;
    }
    reported = Math.max(reported, change.revision());
    last = last.handleAsync((nothing, failed) -> tell(change), sidecar::aside);
  }

  private Void tell(DidChange change) {
    if (!isClosed) {
      revision = Math.max(revision, change.revision());
      listener.accept(change);
    }
    return null;
  }

  /** Returns the revision from which it watches: the listener gets every change after it. */
  public synchronized long since() {
    return begun;
  }

  /**
   * Returns the revision up to which the listener has the changes. A later watch can begin there.
   */
  public long revision() {
    return revision;
  }

  /** Ends it. The listener is not called any more. */
  @Override
  public void close() {
    isClosed = true;
    key.watchers.remove(this);
    sidecar.post(() -> sidecar.unwatch(key));
  }
}
