// An in-memory store for the tests of extensions: the same interface, no program, nothing on the disk.

import { VaultError } from './errors';
import { FakeClient } from './fake/client';
import { failure } from './fake/failure';
import { State } from './fake/state';
import type { KeyOptions } from './registration';
import { Sidecar } from './sidecar';
import type { Vault } from './vault';
import type { ErrorKind } from './wire';

export interface FakeOptions {
  /** URIs of the open folders. */
  workspaceFolders?: readonly string[];
}

/** A store, empty at first. All vaults that are opened on it share its data, as windows of an editor do. */
export class FakeStore {
  #state = new State();
  #failures: VaultError[] = [];

  /** Like `openVault`, on this store. */
  async openVault(options: KeyOptions & FakeOptions): Promise<Vault> {
    return this.openSidecar(options).open(options, true);
  }

  /** Like `openSidecar`, on this store. */
  openSidecar({ workspaceFolders = [] }: FakeOptions = {}): Sidecar {
    return new Sidecar(async (folders, notice) => {
      return new FakeClient(this.#state, folders, notice, this.#failures);
    }, workspaceFolders);
  }

  /** Makes the next call that needs a key fail with this error, from any window. */
  failNext(kind: ErrorKind, data: Record<string, unknown> = {}): void {
    this.#failures.push(failure(kind, data));
  }

  /** Locks the store: calls are refused with `keyUnavailable` until a window calls `unlock`, with any passphrase. */
  lock(): void {
    this.#state.lock();
  }

  /** Ends a window's sidecar, as a crash does: calls in flight end as `outcomeUnknown`, and the next call works. */
  async crash(vault: Vault): Promise<void> {
    const connection = await vault.sidecar.connection();
    (connection as FakeClient).end();
    await connection.ended;
  }
}
