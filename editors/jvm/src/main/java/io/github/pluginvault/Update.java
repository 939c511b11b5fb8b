package io.github.pluginvault;

import com.google.gson.JsonObject;
import io.github.pluginvault.Wire.PersistentRecord;
import java.util.function.UnaryOperator;

/** Reads a record, changes it, and stores it if it has not changed meanwhile. */
final class Update {
  private Update() {}

  static JsonObject run(Vault vault, Place place, UnaryOperator<JsonObject> change) {
    while (true) {
      PersistentRecord record = Vault.await(vault.getRecord(place));
      JsonObject before = record == null ? new JsonObject() : record.data();
      JsonObject data = change.apply(before.deepCopy());
      if (data == null || data.equals(before)) {
        return before;
      }
      long revision = record == null ? 0 : record.revision();
      WriteOptions options = WriteOptions.NONE.ifRevision(revision);
      if (record != null && record.expiresAt() != null) {
        options = options.expiresAt(record.expiresAt());
      }
      try {
        Vault.await(vault.set(place, data, options));
        return data;
      } catch (VaultException error) {
        if (error.isAnyOf("revisionConflict")) {
          continue;
        }
        // The sidecar has ended. If the revision is unchanged, it wrote nothing and never will.
        if (!error.isAnyOf("outcomeUnknown")) {
          throw error;
        }
        PersistentRecord now = Vault.await(vault.getRecord(place));
        if ((now == null ? 0 : now.revision()) != revision) {
          throw error;
        }
      }
    }
  }
}
