package io.github.pluginvault;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;

/**
 * A lease that {@code vault.lease} has acquired. It is renewed until it is closed.
 */
public final class Lease implements AutoCloseable {
  private final Vault vault;
  private final String name;
  private final long token;
  private final ScheduledFuture<?> renewal;
  private volatile boolean isLost;

  private Lease(Vault vault, String name, long token, Duration ttl) {
    this.vault = vault;
    this.name = name;
    this.token = token;
    renewal = vault.sidecar().every(Math.max(1, ttl.toMillis() / 3), this::renew);
  }

  static Lease acquire(Vault vault, String name, Duration ttl, Duration wait) {
    long deadline = System.nanoTime() + wait.toNanos();
    while (true) {
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      try {
        long token = Vault.await(vault.acquireLease(name, ttl, left)).lease();
        return new Lease(vault, name, token, ttl);
      } catch (VaultException error) {
        // A lease ends with the process that acquired it. So none is held.
        if (!error.isAnyOf("outcomeUnknown")) {
          throw error;
        }
      }
    }
  }

  private void renew() {
    vault
        .renewLease(name, token)
        .whenComplete(
            (renewed, error) -> {
              // Any other error may not occur at the next renewal.
              if (error instanceof VaultException refused
                  && refused.isAnyOf("leaseLost", "closed")) {
                isLost = true;
                renewal.cancel(false);
              }
            });
  }

  /**
   * Returns the fencing token, for {@code WriteOptions.lease}.
   */
  public long token() {
    return token;
  }

  /** Returns whether the lease was found to be lost. Then stop the work. */
  public boolean isLost() {
    return isLost;
  }

  /** Releases it, if it is still held. If that fails, the lease expires. */
  public CompletableFuture<Void> release() {
    renewal.cancel(false);
    return vault.releaseLease(name, token).handle((released, error) -> null);
  }

  /** Releases it, and waits for that. */
  @Override
  public void close() {
    release().join();
  }
}
