package io.github.pluginvault;

import io.github.pluginvault.Wire.Context;

/**
 * Which records to list, for example {@code Listing.ALL.context(Context.USER)}.
 *
 * @param context only the records of this context, or null
 * @param folder only the records of the folder with this URI, or null
 * @param limit at most so many, or null
 * @param after only those behind this one, to get the next page, or null
 */
public record Listing(Context context, String folder, Integer limit, Place after) {
  /** All records. */
  public static final Listing ALL = new Listing(null, null, null, null);

  /** Selects a context. */
  public Listing context(Context context) {
    return new Listing(context, folder, limit, after);
  }

  /** Selects a workspace folder. */
  public Listing folder(String folder) {
    return new Listing(context, folder, limit, after);
  }

  /** Sets the length of a page. */
  public Listing limit(int limit) {
    return new Listing(context, folder, limit, after);
  }

  /** Continues behind the last record of a page. */
  public Listing after(Place after) {
    return new Listing(context, folder, limit, after);
  }

  Params params() {
    return new Params()
        .add("context", context)
        .add("workspaceFolder", folder)
        .add("limit", limit)
        .add("after", after == null ? null : after.params().object());
  }

  /** Shows no data. */
  @Override
  public String toString() {
    return "Listing";
  }
}
