package io.github.pluginvault;

import java.time.Instant;

/**
 * Conditions of a write, for example {@code WriteOptions.NONE.ifRevision(revision)}.
 *
 * @param ifRevision the record's revision that the write expects, 0 if there is no record; or null
 * @param expiresAt when the record expires, as in RFC 3339, or null; for {@code set} only
 * @param lease the token of a lease that the write expects to be held, or null
 */
public record WriteOptions(Long ifRevision, String expiresAt, Long lease) {
  /** No condition. */
  public static final WriteOptions NONE = new WriteOptions(null, null, null);

  /**
   * Adds a revision: with another one, the write is refused with {@code revisionConflict}.
   */
  public WriteOptions ifRevision(long revision) {
    return new WriteOptions(revision, expiresAt, lease);
  }

  /** Adds an expiry date. */
  public WriteOptions expiresAt(Instant time) {
    return expiresAt(time.toString());
  }

  /** Adds an expiry date, as in RFC 3339. */
  public WriteOptions expiresAt(String time) {
    return new WriteOptions(ifRevision, time, lease);
  }

  /**
   * Adds a lease: when it is lost, the write is refused with {@code leaseLost}.
   */
  public WriteOptions lease(long token) {
    return new WriteOptions(ifRevision, expiresAt, token);
  }

  Params addTo(Params params) {
    return params.add("ifRevision", ifRevision).add("expiresAt", expiresAt).add("lease", lease);
  }
}
