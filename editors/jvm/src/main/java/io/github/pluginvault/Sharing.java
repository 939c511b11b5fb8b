package io.github.pluginvault;

import io.github.pluginvault.Wire.Scope;
import java.time.Instant;

/**
 * What a shared key may do, for example {@code Sharing.ALL.label("backup")}.
 *
 * @param label a text for lists of keys, or null
 * @param expiresAt when the key expires, as in RFC 3339, or null
 * @param scope what it gives access to, or null: everything
 */
public record Sharing(String label, String expiresAt, Scope scope) {
  /** A key without a limit. */
  public static final Sharing ALL = new Sharing(null, null, null);

  /** Adds a label. */
  public Sharing label(String label) {
    return new Sharing(label, expiresAt, scope);
  }

  /** Adds an expiry date. */
  public Sharing expiresAt(Instant time) {
    return expiresAt(time.toString());
  }

  /** Adds an expiry date, as in RFC 3339. */
  public Sharing expiresAt(String time) {
    return new Sharing(label, time, scope);
  }

  /** Adds a scope. */
  public Sharing scope(Scope scope) {
    return new Sharing(label, expiresAt, scope);
  }

  Params params() {
    return new Params().add("label", label).add("expiresAt", expiresAt).add("scope", scope);
  }

  /** Shows no data. */
  @Override
  public String toString() {
    return "Sharing";
  }
}
