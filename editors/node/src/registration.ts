// Registers a key with the running sidecar: gets it from the sidecar or from the caller, and sets it.

import type { Connection } from './connection';
import { VaultError } from './errors';
import type { Key, Methods } from './wire';

/** The key. Either plugin-vault keeps the key of this installation of the plugin, or the caller has one. */
export type KeyOptions = KeptKey | OwnKey;

/** A key that plugin-vault keeps. The same pair always gets the same key, in every window. */
export interface KeptKey {
  /** For example `publisher.name`. */
  plugin: string;
  /** For example `vscode`. */
  installation: string;
  apiKey?: undefined;
}

/** A key that the caller keeps: 40 hexadecimal digits. */
export interface OwnKey {
  apiKey: string;
  /** Refuses a key under which no data was stored yet, with `apiKeyUnknown`. */
  mustExist?: boolean;
  plugin?: undefined;
  installation?: undefined;
}

/** Information about a key, without the key itself. */
export type KeyDetails = Partial<Key>;

export interface Registered {
  connection: Connection;
  handle: string;
  details: KeyDetails;
  /** Whether this registration created the key. */
  created: boolean;
}

export async function register(connection: Connection, key: KeyOptions): Promise<Registered> {
  if (connection.relayHandle !== undefined) return registerRelayed(connection, connection.relayHandle, key);
  let params: Methods['setAPIKey']['params'];
  let created = false;
  if (key.apiKey === undefined) {
    const { plugin, installation } = key;
    // Without `installation` the sidecar would create another key each time, and keep none.
    if (!installation) throw new TypeError('openVault needs `plugin` and `installation`, or `apiKey`.');
    const issued = (await connection.request('issueAPIKey', { plugin, installation })) as Methods['issueAPIKey']['result'];
    params = { apiKey: issued.apiKey, mustExist: true };
    created = issued.created;
  } else {
    params = { apiKey: key.apiKey, mustExist: key.mustExist };
  }
  const answer = (await connection.request('setAPIKey', params)) as Methods['setAPIKey']['result'];
  const { handle, known: _, ...details } = answer;
  return { connection, handle, details, created };
}

/**
 * Uses the key of the relay. It has to be the plugin's: otherwise the secrets of two plugins would get into one place. The
 * installation does not count, since it is that of the user's own machine.
 */
async function registerRelayed(connection: Connection, handle: string, key: KeyOptions): Promise<Registered> {
  if (key.apiKey !== undefined) {
    throw new VaultError('notPermitted', 'A relay has a key of its own. Open the vault with `plugin` and not with `apiKey`.');
  }
  const listed = (await connection.request('listAPIKeys', { handle })) as Methods['listAPIKeys']['result'];
  const own = listed.find(({ current }) => current);
  if (own?.plugin !== undefined && own.plugin !== key.plugin) {
    const message = `The relay gives the data of ${own.plugin} and not of ${key.plugin}. Start a relay for ${key.plugin}.`;
    throw new VaultError('notPermitted', message);
  }
  const { current: _, ...details } = own ?? {};
  return { connection, handle, details, created: false };
}
