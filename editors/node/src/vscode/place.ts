// Where the secrets of this window are kept, as seen from the user. Moves depend on it, and the warning about containers.

import { existsSync, readFileSync } from 'node:fs';

import { VaultError } from '../errors';
import { isOnTheRoot } from './mounts';

/**
 * - `own`: on the machine on which the editor keeps its own secrets, for all windows.
 * - `remote`: on another machine, or on a volume of a container. The other windows of the user don't see them.
 * - `container`: inside a container, where a rebuild deletes them.
 */
export type SecretsPlace = 'own' | 'remote' | 'container';

/** The members of a status that decide. With `relay` the store is on the other machine of a relay, and `dataDir` is a folder there. */
export interface StoreStatus {
  dataDir: string;
  relay?: boolean;
}

/** Where secrets live in a window with this `vscode.env.remoteName`. A relay ends on the user's own machine. */
export function secretsPlace(remoteName: string | undefined, { dataDir, relay }: StoreStatus): SecretsPlace {
  if (relay) return 'own';
  if (isInContainer(remoteName) && isOnTheRoot(dataDir, mounts())) return 'container';
  return remoteName === undefined ? 'own' : 'remote';
}

function isInContainer(remoteName: string | undefined): boolean {
  const remote = ['dev-container', 'attached-container', 'codespaces'].includes(remoteName ?? '');
  // Files that Docker and Podman create, and a variable that most others set.
  const marked = ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path));
  return remote || marked || Boolean(process.env.container);
}

export function notDurable(): VaultError {
  return new VaultError(
    'notDurable',
    'Nothing was moved, because the store is inside this container, where a rebuild deletes it. ' +
      'Set PLUGIN_VAULT_DATA_DIR and PLUGIN_VAULT_KEY_DIR to folders on a volume, and move again.',
  );
}

function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
