package io.github.pluginvault;

import io.github.pluginvault.Wire.Context;
import io.github.pluginvault.Wire.ListedRecord;

/**
 * Where a record is: {@link #USER} or {@link #WORKSPACE}, in a folder, under a name.
 *
 * @param context the record's context
 * @param folder the URI of a workspace folder, or null: the only open folder
 * @param name the record's name, or null: the record without a name
 * @param inherited whether a read returns the record of the nearest folder above, or the user's, if
 *     the folder has none
 */
public record Place(Context context, String folder, String name, boolean inherited) {
  /** The record of the user that has no name. */
  public static final Place USER = new Place(Context.USER, null, null, false);

  /** The record of the open workspace folder that has no name. */
  public static final Place WORKSPACE = new Place(Context.WORKSPACE, null, null, false);

  /** Returns the place of a listed record. */
  public static Place of(ListedRecord record) {
    return new Place(record.context(), record.workspaceFolder(), record.name(), false);
  }

  /** Returns the place in the workspace folder with this URI. The folder need not be open. */
  public Place in(String folder) {
    return new Place(context, folder, name, inherited);
  }

  /** Returns the place with this name. */
  public Place named(String name) {
    return new Place(context, folder, name, inherited);
  }

  /** Returns the place for reads that take what the folder inherits. Writes refuse it. */
  public Place orInherited() {
    return new Place(context, folder, name, true);
  }

  Params params() {
    return new Params()
        .add("context", context)
        .add("workspaceFolder", folder)
        .add("name", name)
        .add("inherit", inherited ? true : null);
  }

  /** Shows no data, since names and folders must not be logged. */
  @Override
  public String toString() {
    return "Place";
  }
}
