// A key as the running vault knows it: got from the vault or from the caller, set, and its watch begun again.

import type { Connection } from './connection';
import type { Key, Methods } from './wire';

/** Whose data it is. Either the vault keeps the key of this installation of the plugin, or the caller has one. */
export type KeyOptions = KeptKey | OwnKey;

/** The same pair always gives the same key; made once, however many windows ask. */
export interface KeptKey {
  /** Like `publisher.name`. */
  plugin: string;
  /** Like `vscode`. */
  installation: string;
  apiKey?: undefined;
}

/** 40 hexadecimal digits, which the caller keeps. */
export interface OwnKey {
  apiKey: string;
  /** A key with which nothing was stored yet is refused with `apiKeyUnknown`. */
  mustExist?: boolean;
  plugin?: undefined;
  installation?: undefined;
}

/** What is known of a key, without the key. */
export type KeyDetails = Partial<Key>;

export interface Registered {
  connection: Connection;
  handle: string;
  details: KeyDetails;
  /** Whether the vault made the key just now. */
  created: boolean;
}

export async function register(connection: Connection, key: KeyOptions): Promise<Registered> {
  let params: Methods['setAPIKey']['params'];
  let created = false;
  if (key.apiKey === undefined) {
    const { plugin, installation } = key;
    // Without it the vault would make another key each time, and keep none.
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
