// An in-memory vault for other people's tests: the same interface, no program, nothing on the disk.

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

/** A store. What is opened on it sees the same data, as windows of an editor do; a new one is empty. */
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

  /** Lets the next call that needs a key fail like this, whichever window it comes from. */
  failNext(kind: ErrorKind, data: Record<string, unknown> = {}): void {
    this.#failures.push(failure(kind, data));
  }

  /** From now on calls are refused with `keyUnavailable`, until a window calls `unlock`; any passphrase will do. */
  lock(): void {
    this.#state.locked = true;
  }

  /** Ends a window's vault, as a crash does: what is in flight ends as `outcomeUnknown`, and the next call goes on. */
  async crash(vault: Vault): Promise<void> {
    const connection = await vault.sidecar.connection();
    (connection as FakeClient).end();
    await connection.ended;
  }
}
