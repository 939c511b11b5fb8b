package io.github.pluginvault;

import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
import java.util.List;

/**
 * The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
 *
 * <p>{@code UPDATE=1 cargo test --features schema --test schema} writes it.
 */
public final class Wire {
  private Wire() {}

  /**
   * Part of an answer.
   *
   * @param experimental see the reference
   * @param workspace see the reference
   */
  public record Capabilities(Experimental experimental, WorkspaceCapabilities workspace) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Capabilities";
    }
  }

  /**
   * {@code user} has one set of records, {@code workspace} has one for each workspace folder.
   */
  public enum Context {
    /**
     * {@code user}.
     */
    @SerializedName("user")
    USER,

    /**
     * {@code workspace}.
     */
    @SerializedName("workspace")
    WORKSPACE;
  }

  /**
   * The result of a removal.
   *
   * @param deleted Whether there was a record
   * @param revision The revision of the removal; 0 if there was no record
   */
  public record Deleted(boolean deleted, long revision) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Deleted";
    }
  }

  /**
   * A change notice.
   *
   * @param handle The watch that this notice belongs to
   * @param revision The record's revision now
   * @param context The record's context; or null
   * @param deleted Whether the record was deleted; or null
   * @param name The record's name; absent for the unnamed record of its context; or null
   * @param workspaceFolder The record's folder; absent for the context {@code user}; or null
   * @param resync Marks this kind of notice; or null
   * @param ended Why the watch ends; or null
   */
  public record DidChange(
      String handle,
      long revision,
      Context context,
      Boolean deleted,
      String name,
      String workspaceFolder,
      Boolean resync,
      WatchEnd ended) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "DidChange";
    }
  }

  /**
   * Part of an answer.
   *
   * @param pluginVault see the reference
   */
  public record Experimental(VaultCapabilities pluginVault) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Experimental";
    }
  }

  /**
   * Part of an answer.
   *
   * @param changeNotifications see the reference
   * @param supported see the reference
   */
  public record FolderCapabilities(boolean changeNotifications, boolean supported) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "FolderCapabilities";
    }
  }

  /**
   * Where an inherited record was found.
   *
   * @param context The record's context
   * @param workspaceFolder The record's folder; absent for the context {@code user}; or null
   */
  public record FoundIn(Context context, String workspaceFolder) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "FoundIn";
    }
  }

  /**
   * The capabilities and the version of the sidecar.
   *
   * @param capabilities see the reference
   * @param serverInfo see the reference
   */
  public record Initialized(Capabilities capabilities, ServerInfo serverInfo) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Initialized";
    }
  }

  /**
   * A key that this call issued, or that the store keeps.
   *
   * @param apiKey The key itself
   * @param created Whether this call issued the key
   * @param keyId The id of the key, for {@code revokeAPIKey}
   * @param owner Whether it is the owner key of its namespace
   * @param expiresAt When the key expires; absent if it never does; or null
   * @param installation The installation that the store keeps the key for; or null
   * @param issuedAt When plugin-vault issued the key; absent for a key that it did not issue; or
   *     null
   * @param label The name of the key in lists; or null
   * @param plugin The plugin that the key was issued for; or null
   * @param scope What the key may do, if that is less than what its owner may do; or null
   */
  public record IssuedKey(
      String apiKey,
      boolean created,
      String keyId,
      boolean owner,
      String expiresAt,
      String installation,
      String issuedAt,
      String label,
      String plugin,
      Scope scope) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "IssuedKey";
    }
  }

  /**
   * The answer of {@code setAPIKey}.
   *
   * @param handle Names the key on this connection from now on
   * @param expiresAt When the key expires; absent if it never does; or null
   * @param installation The installation that the store keeps the key for; or null
   * @param issuedAt When plugin-vault issued the key; absent for a key that it did not issue; or
   *     null
   * @param keyId The id of the key, for {@code revokeAPIKey}; or null
   * @param known Whether anything was stored with the key, or the key was issued in this store; or
   *     null
   * @param label The name of the key in lists; or null
   * @param owner Whether it is the owner key of its namespace; or null
   * @param plugin The plugin that the key was issued for; or null
   * @param scope What the key may do, if that is less than what its owner may do; or null
   */
  public record KeySet(
      String handle,
      String expiresAt,
      String installation,
      String issuedAt,
      String keyId,
      Boolean known,
      String label,
      Boolean owner,
      String plugin,
      Scope scope) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "KeySet";
    }
  }

  /**
   * A lease that was acquired.
   *
   * @param expiresAt When the lease expires if it is not renewed
   * @param lease The fencing token: a number that only increases
   */
  public record Leased(String expiresAt, long lease) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Leased";
    }
  }

  /**
   * A key in the answer of {@code listAPIKeys}.
   *
   * @param current Whether it is the caller's own key
   * @param keyId The id of the key, for {@code revokeAPIKey}
   * @param owner Whether it is the owner key of its namespace
   * @param expiresAt When the key expires; absent if it never does; or null
   * @param installation The installation that the store keeps the key for; or null
   * @param issuedAt When plugin-vault issued the key; absent for a key that it did not issue; or
   *     null
   * @param label The name of the key in lists; or null
   * @param plugin The plugin that the key was issued for; or null
   * @param scope What the key may do, if that is less than what its owner may do; or null
   */
  public record ListedKey(
      boolean current,
      String keyId,
      boolean owner,
      String expiresAt,
      String installation,
      String issuedAt,
      String label,
      String plugin,
      Scope scope) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "ListedKey";
    }
  }

  /**
   * A record in the answer of {@code listPersistentData}.
   *
   * @param bytes The length of the record's text, in bytes
   * @param context The record's context
   * @param createdAt When the record was first written
   * @param revision The revision of the last change
   * @param updatedAt When the record was last written
   * @param expiresAt When the record expires; absent if it never does; or null
   * @param name The record's name; absent for the unnamed record of its context; or null
   * @param workspaceFolder The record's folder; absent for the context {@code user}; or null
   */
  public record ListedRecord(
      long bytes,
      Context context,
      String createdAt,
      long revision,
      String updatedAt,
      String expiresAt,
      String name,
      String workspaceFolder) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "ListedRecord";
    }
  }

  /**
   * Whether the store is locked.
   *
   * @param locked Whether the store is locked now
   * @param reason Why the store can't be locked; absent if it is locked; or null
   */
  public record Locked(boolean locked, NotLockable reason) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Locked";
    }
  }

  /**
   * The result of a move.
   *
   * @param moved How many records were moved
   * @param revision The last of their revisions; 0 if no record was moved
   */
  public record Moved(long moved, long revision) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Moved";
    }
  }

  /**
   * A key and its description, for the caller that asked for it.
   *
   * @param apiKey The key itself
   * @param keyId The id of the key, for {@code revokeAPIKey}
   * @param owner Whether it is the owner key of its namespace
   * @param expiresAt When the key expires; absent if it never does; or null
   * @param installation The installation that the store keeps the key for; or null
   * @param issuedAt When plugin-vault issued the key; absent for a key that it did not issue; or
   *     null
   * @param label The name of the key in lists; or null
   * @param plugin The plugin that the key was issued for; or null
   * @param scope What the key may do, if that is less than what its owner may do; or null
   */
  public record NewKey(
      String apiKey,
      String keyId,
      boolean owner,
      String expiresAt,
      String installation,
      String issuedAt,
      String label,
      String plugin,
      Scope scope) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "NewKey";
    }
  }

  /** Why a store can't be locked. */
  public enum NotLockable {
    /**
     * {@code noStore}.
     */
    @SerializedName("noStore")
    NO_STORE,

    /**
     * {@code keyFile}.
     */
    @SerializedName("keyFile")
    KEY_FILE;
  }

  /**
   * A record with its revision and its dates.
   *
   * @param createdAt When the record was first written
   * @param data The stored object, byte for byte
   * @param revision The revision of the last change
   * @param updatedAt When the record was last written
   * @param expiresAt When the record expires; absent if it never does; or null
   * @param foundIn Where the record was found; present with {@code inherit}; or null
   * @param restored Present if the record came back from a backup, by a repair or by {@code
   *     plugin-vault restore}, and has not been written since. It may not be what was stored last.
   *     A token in it may be spent; or null
   */
  public record PersistentRecord(
      String createdAt,
      JsonObject data,
      long revision,
      String updatedAt,
      String expiresAt,
      FoundIn foundIn,
      Boolean restored) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "PersistentRecord";
    }
  }

  /** A kind of protector: a way to get the store key. */
  public enum Protector {
    /**
     * {@code key-file}.
     */
    @SerializedName("key-file")
    KEY_FILE,

    /**
     * {@code keyring}.
     */
    @SerializedName("keyring")
    KEYRING,

    /**
     * {@code passphrase}.
     */
    @SerializedName("passphrase")
    PASSPHRASE,

    /**
     * {@code command}.
     */
    @SerializedName("command")
    COMMAND;
  }

  /**
   * What the protectors guard against.
   *
   * @param copiesOfTheDataFolder An attacker who has a copy of the data folder and nothing else
   * @param otherUsers Other users of the machine; {@code false} if others may read the key file
   * @param stolenDisk An attacker who has the disk
   */
  public record Protects(boolean copiesOfTheDataFolder, boolean otherUsers, boolean stolenDisk) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Protects";
    }
  }

  /**
   * The key that a relay has bound the connection to.
   *
   * @param handle The handle of that key. A call may leave it out
   */
  public record Relayed(String handle) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Relayed";
    }
  }

  /**
   * A lease that was released.
   *
   * @param released see the reference
   */
  public record Released(boolean released) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Released";
    }
  }

  /**
   * How a store that several machines share is connected to its server.
   *
   * @param state How this machine and the server are to each other
   * @param asOf When the server last confirmed what this machine holds, by the server's clock;
   *     absent if that is not known; or null
   */
  public record Remote(String state, String asOf) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Remote";
    }
  }

  /**
   * A lease that was renewed.
   *
   * @param expiresAt When the lease expires if it is not renewed again
   */
  public record Renewed(String expiresAt) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Renewed";
    }
  }

  /**
   * What a repair of a damaged store did.
   *
   * @param at When the repair took place
   * @param kept How many records were intact
   * @param lost How many records were not intact; absent if this can't be known; or null
   * @param quarantine The folder with the damaged file; or null
   * @param restoredFrom When the backup was taken that the repair restored; absent if it restored
   *     none; or null
   */
  public record Repaired(String at, long kept, Long lost, String quarantine, String restoredFrom) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Repaired";
    }
  }

  /**
   * A key that was revoked.
   *
   * @param revoked see the reference
   * @param destroyed Whether it was an owner key, so that its namespace was destroyed with all
   *     records and shared keys
   */
  public record RevokedKey(boolean revoked, boolean destroyed) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "RevokedKey";
    }
  }

  /**
   * What a shared key may do, if that is less than what its owner may do.
   *
   * @param contexts The contexts that the key may use. If absent: all, or only {@code workspace} if
   *     {@code workspaceFolders} is present; or null
   * @param machine The machine that has the folders, where several machines share the store; absent
   *     for the machine without a name; or null
   * @param readOnly Whether the key may only read; or null
   * @param workspaceFolders The folders that the key may use; if absent, all; or null
   */
  public record Scope(
      List<Context> contexts,
      String machine,
      Boolean readOnly,
      List<String> workspaceFolders) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Scope";
    }
  }

  /**
   * Part of an answer.
   *
   * @param name see the reference
   * @param version The version of plugin-vault
   */
  public record ServerInfo(String name, String version) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "ServerInfo";
    }
  }

  /**
   * The state of the store and of its protection.
   *
   * @param bytes The size of the store on the disk, in bytes. 0 through a relay
   * @param dataDir The folder where the store is, or would be
   * @param formatVersion The version of the disk format
   * @param keyAvailable Whether methods that need data work now
   * @param locked Whether the store was locked, with {@code vault/lock} or {@code plugin-vault
   *     lock}. Then only {@code vault/unlock} gets its key
   * @param protectors All protectors that can open the store
   * @param protects What all protectors together guard against, as they are set up now. A member is
   *     also {@code false} if this can't be known
   * @param records The number of records, of all plugins. 0 through a relay
   * @param protector The protector that opened the store; or null
   * @param relay Present and {@code true} through a relay: the store is then on the machine of the
   *     relay, and {@code dataDir} is a folder there; or null
   * @param remote The state of a store that several machines share; absent for a store of one
   *     machine; or null
   * @param repaired What the last repair of a damaged store did; absent if there was none, and
   *     through a relay; or null
   * @param storeId The id of the store; absent if there is no store yet; or null
   */
  public record Status(
      long bytes,
      String dataDir,
      long formatVersion,
      boolean keyAvailable,
      boolean locked,
      List<Protector> protectors,
      Protects protects,
      long records,
      Protector protector,
      Boolean relay,
      Remote remote,
      Repaired repaired,
      String storeId) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Status";
    }
  }

  /**
   * Whether the store key is available.
   *
   * @param keyAvailable Whether methods that need data work now; {@code false} if there is no store
   *     yet
   */
  public record Unlocked(boolean keyAvailable) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Unlocked";
    }
  }

  /**
   * Part of an answer.
   *
   * @param maxDataBytes The length of the longest object that can be stored, in bytes of JSON text
   * @param protocolVersion The version of this contract. A client that needs a later version
   *     reports that and does not go on
   * @param relay Present if the connection comes through {@code plugin-vault relay}, which has
   *     bound it to one key; or null
   */
  public record VaultCapabilities(long maxDataBytes, long protocolVersion, Relayed relay) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "VaultCapabilities";
    }
  }

  /**
   * The state of a watch.
   *
   * @param revision The revision up to which the client has its notices
   * @param watching Whether the client gets change notices from now on
   */
  public record Watch(long revision, boolean watching) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Watch";
    }
  }

  /** Why a watch ends. */
  public enum WatchEnd {
    /**
     * {@code apiKeyRevoked}.
     */
    @SerializedName("apiKeyRevoked")
    API_KEY_REVOKED,

    /**
     * {@code apiKeyExpired}.
     */
    @SerializedName("apiKeyExpired")
    API_KEY_EXPIRED;
  }

  /**
   * Part of an answer.
   *
   * @param workspaceFolders see the reference
   */
  public record WorkspaceCapabilities(FolderCapabilities workspaceFolders) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "WorkspaceCapabilities";
    }
  }

  /**
   * The result of a write.
   *
   * @param revision The record's revision now
   */
  public record Written(long revision) {
    /** Shows no data. */
    @Override
    public String toString() {
      return "Written";
    }
  }
}
